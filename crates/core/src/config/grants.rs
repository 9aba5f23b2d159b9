//! What a hook may touch. The default is nothing. REQ-WASM-1

use super::SecretName;
use super::check_env;
use crate::invalid::Findings;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Whether a granted directory may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write.
    Write,
}

/// One directory of the host, seen by the hook under a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DirectoryGrant {
    /// Absolute path on the host, at or below a media root.
    #[schema(example = "/media/luts")]
    pub host: String,
    /// Absolute path that the hook sees.
    #[schema(example = "/luts")]
    pub guest: String,
    /// Whether it may be changed.
    pub access: Access,
}

/// What a wasm hook may touch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PluginGrants {
    /// Directories below the media roots.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<DirectoryGrant>,
    /// The directory of `segment_path`, at `/segment`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Access>,
    /// Hosts that it may call over HTTP: `tracker.example.com`,
    /// `*.studio.lan:8443`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub http: Vec<String>,
    /// Environment values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Secrets, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
}

impl PluginGrants {
    pub(super) fn check(&self, findings: &mut Findings) {
        check_directories(findings, &self.directories, self.segment);
        for (i, host) in self.http.iter().enumerate() {
            findings.require(
                is_host_pattern(host),
                format!("/grants/http/{i}"),
                "must be a host name, perhaps beginning with '*.' and perhaps with ':port'; no scheme, no path",
            );
        }
        check_env(findings, "/grants/env", &self.env);
        let mut seen = BTreeSet::new();
        for (i, name) in self.secrets.iter().enumerate() {
            findings.require(
                seen.insert(name),
                format!("/grants/secrets/{i}"),
                "is named twice",
            );
        }
    }
}

/// What a confined script may touch beyond its work directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptGrants {
    /// Directories below the media roots.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<DirectoryGrant>,
    /// The directory of `segment_path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<Access>,
    /// Whether it may open sockets.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub network: bool,
}

impl ScriptGrants {
    pub(super) fn check(&self, findings: &mut Findings) {
        check_directories(findings, &self.directories, None);
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn check_directories(
    findings: &mut Findings,
    directories: &[DirectoryGrant],
    segment: Option<Access>,
) {
    let mut guests = BTreeSet::new();
    if segment.is_some() {
        guests.insert("/segment");
    }
    findings.require(
        directories.len() <= 64,
        "/grants/directories",
        "must have at most 64 entries",
    );
    for (i, grant) in directories.iter().enumerate() {
        let at = format!("/grants/directories/{i}");
        findings.require(
            is_plain_absolute(&grant.host),
            format!("{at}/host"),
            "must be an absolute path without '.', '..' or NUL",
        );
        findings.require(
            is_plain_absolute(&grant.guest) && grant.guest != "/",
            format!("{at}/guest"),
            "must be an absolute path below '/', without '.', '..' or NUL",
        );
        findings.require(
            guests.insert(&grant.guest),
            format!("{at}/guest"),
            "is taken by another grant",
        );
    }
}

fn is_plain_absolute(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains('\0')
        && !path.split('/').any(|part| part == "." || part == "..")
}

fn is_host_pattern(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let host = host.strip_prefix("*.").unwrap_or(host);
    let named = !host.is_empty()
        && host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    named && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

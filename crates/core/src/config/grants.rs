//! What a hook may touch. The default is nothing. REQ-WASM-1

use super::check_env;
use super::{ENTRIES_MAX, HostPattern, SecretName};
use crate::invalid::{Findings, pointer_token};
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
    /// Hosts that it may call over HTTP: `tracker.example.com` (the scheme's
    /// default port), `*.studio.lan:8443`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["tracker.example.com"]))]
    pub http: Vec<HostPattern>,
    /// Secrets that Stagehook puts into the headers of requests to these hosts,
    /// wherever the plugin wrote `{{secret:NAME}}` in a value. The plugin never
    /// sees them. The hosts are among those of `http`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Vec<String>>)]
    pub http_secrets: BTreeMap<SecretName, Vec<HostPattern>>,
    /// Environment values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Secrets that it may read, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
}

impl PluginGrants {
    pub(super) fn check(&self, findings: &mut Findings) {
        check_directories(findings, &self.directories, self.segment);
        self.check_http(findings);
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

    fn check_http(&self, findings: &mut Findings) {
        let mut check_entries = |pointer: &str, entries: usize| {
            findings.require(
                entries <= ENTRIES_MAX,
                pointer,
                format!("must have at most {ENTRIES_MAX} entries"),
            );
        };
        check_entries("/grants/http", self.http.len());
        check_entries("/grants/http_secrets", self.http_secrets.len());
        for (name, hosts) in &self.http_secrets {
            let at = format!("/grants/http_secrets/{}", pointer_token(name.as_str()));
            findings.require(
                (1..=ENTRIES_MAX).contains(&hosts.len()),
                at.clone(),
                format!("must name 1 to {ENTRIES_MAX} hosts that the secret is sent to"),
            );
            for (i, host) in hosts.iter().enumerate() {
                findings.require(
                    self.http.iter().any(|granted| granted.covers(host)),
                    format!("{at}/{i}"),
                    "is not granted: name it in grants.http too",
                );
            }
        }
    }

    /// The names of all secrets that are granted, each with the JSON pointer of
    /// the grant, below the config.
    pub(super) fn secrets(&self) -> Vec<(String, &SecretName)> {
        let read = self.secrets.iter().enumerate();
        let sent = self.http_secrets.keys();
        read.map(|(i, name)| (format!("/grants/secrets/{i}"), name))
            .chain(sent.map(|name| {
                let key = pointer_token(name.as_str());
                (format!("/grants/http_secrets/{key}"), name)
            }))
            .collect()
    }
}

/// Where a sandbox has something already.
const TAKEN_IN_SANDBOX: [&str; 14] = [
    "/.stagehook",
    "/bin",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/opt",
    "/proc",
    "/sbin",
    "/sys",
    "/usr",
    "/work",
];

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
        check_directories(findings, &self.directories, self.segment);
        for (i, grant) in self.directories.iter().enumerate() {
            let at = format!("/grants/directories/{i}/guest");
            findings.require(
                !TAKEN_IN_SANDBOX
                    .iter()
                    .any(|taken| is_at_or_below(&grant.guest, taken)),
                at.clone(),
                format!(
                    "must not be in a place of the sandbox's own: {}",
                    TAKEN_IN_SANDBOX.join(", ")
                ),
            );
            // The place of the inner one would have to be made in the outer one,
            // which is a directory of the host.
            let segment = self.segment.map(|_| "/segment");
            let is_nested = self
                .directories
                .iter()
                .map(|outer| outer.guest.as_str())
                .chain(segment)
                .any(|outer| grant.guest != outer && is_at_or_below(&grant.guest, outer));
            findings.require(!is_nested, at, "lies within another grant");
        }
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

fn is_at_or_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_plain_absolute(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains('\0')
        && !path.split('/').any(|part| part == "." || part == "..")
}

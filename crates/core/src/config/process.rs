//! Configs of shell and Python scripts.

use super::{
    Requirements, Retry, ScriptGrants, ScriptLimits, check_args, check_env, check_timeout, delivery,
};
use crate::delivery::{OrderKey, RateLimit};
use crate::invalid::{Findings, Invalid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// A relative path below a script root: no `..`, no absolute path. REQ-SCR-7
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "grading/color_grade.sh")]
pub struct ScriptPath(String);

/// The text is no relative path below a script root.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be a relative path below a scripts directory, without '.', '..' or NUL, of at most 1024 bytes, 255 of each name"
)]
pub struct InvalidScriptPath;

impl ScriptPath {
    /// The path, relative to the script root it is found below.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder it is in, `""` for a path without one, and its name there.
    pub fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or(("", &self.0))
    }
}

impl FromStr for ScriptPath {
    type Err = InvalidScriptPath;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        path.to_owned().try_into()
    }
}

impl TryFrom<String> for ScriptPath {
    type Error = InvalidScriptPath;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        let plain = !path.is_empty()
            && path.len() <= 1024
            && !path.starts_with('/')
            && !path.contains('\0')
            && !path.contains('\\')
            && path
                .split('/')
                .all(|part| (1..=255).contains(&part.len()) && part != "." && part != "..");
        if plain {
            Ok(Self(path))
        } else {
            Err(InvalidScriptPath)
        }
    }
}

impl From<ScriptPath> for String {
    fn from(path: ScriptPath) -> Self {
        path.0
    }
}

impl fmt::Display for ScriptPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a script is kept from the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sandbox {
    /// Sees the system read-only, its work directory, and what is granted.
    #[default]
    Confined,
    /// Runs like any process of the server's user; needs an administrator.
    Trusted,
}

/// Config of a shell hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShellConfig {
    /// The script: one that was pushed under this path, or else one below a
    /// scripts directory.
    pub script_path: ScriptPath,
    /// Its arguments, as a vector; no shell ever sees them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment beside Stagehook's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// How long it may take, in seconds; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// What it may touch beyond its work directory.
    #[serde(default, skip_serializing_if = "ScriptGrants::is_empty")]
    pub grants: ScriptGrants,
    /// How much it may use.
    #[serde(default, skip_serializing_if = "ScriptLimits::is_empty")]
    pub limits: ScriptLimits,
    /// How deliveries of events are retried; without meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Attempts at deliveries at once, 1 to 256; 16 by default, and without
    /// meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 256)]
    pub concurrency: Option<u32>,
    /// How fast deliveries begin, retries counted, whichever server begins them;
    /// without a bound by default. For event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// What deliveries have in common that are made one after the other, in the
    /// order of their events: `job_id`, or a JSON pointer into the data. For
    /// event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "/shot/id")]
    pub order_key: Option<OrderKey>,
    /// How it is kept from the host.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sandbox: Sandbox,
}

/// Config of a Python hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PythonConfig {
    /// The script: one that was pushed under this path, or else one below a
    /// scripts directory.
    pub script_path: ScriptPath,
    /// The virtual environment it runs in, by name, below `<data dir>/venvs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venv: Option<String>,
    /// What an environment is built from when the hook is saved; without these
    /// and `venv`, the script's inline metadata (PEP 723). Excludes `venv`.
    #[serde(default, skip_serializing_if = "Requirements::is_empty")]
    pub requirements: Requirements,
    /// Its arguments, as a vector.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment beside Stagehook's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// How long it may take, in seconds; 30 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// What it may touch beyond its work directory.
    #[serde(default, skip_serializing_if = "ScriptGrants::is_empty")]
    pub grants: ScriptGrants,
    /// How much it may use.
    #[serde(default, skip_serializing_if = "ScriptLimits::is_empty")]
    pub limits: ScriptLimits,
    /// How deliveries of events are retried; without meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Attempts at deliveries at once, 1 to 256; 16 by default, and without
    /// meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 256)]
    pub concurrency: Option<u32>,
    /// How fast deliveries begin, retries counted, whichever server begins them;
    /// without a bound by default. For event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// What deliveries have in common that are made one after the other, in the
    /// order of their events: `job_id`, or a JSON pointer into the data. For
    /// event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "/shot/id")]
    pub order_key: Option<OrderKey>,
    /// How it is kept from the host.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sandbox: Sandbox,
    /// Whether runs may be forked from an interpreter that is kept with what the
    /// script imports; not with `grants.segment`, nor for a trusted hook.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_default(sandbox: &Sandbox) -> bool {
    *sandbox == Sandbox::default()
}

impl ShellConfig {
    pub(super) fn checked(self) -> Result<Self, Invalid> {
        let mut findings = Findings::default();
        check_args(&mut findings, &self.args);
        check_env(&mut findings, "/env", &self.env);
        check_timeout(&mut findings, "/timeout_seconds", self.timeout_seconds);
        self.grants.check(&mut findings);
        self.limits.check(&mut findings);
        delivery::check(&mut findings, self.retry, self.concurrency, self.rate_limit);
        findings.finish().map(|()| self)
    }
}

impl PythonConfig {
    pub(super) fn checked(self) -> Result<Self, Invalid> {
        let mut findings = Findings::default();
        check_args(&mut findings, &self.args);
        check_env(&mut findings, "/env", &self.env);
        check_timeout(&mut findings, "/timeout_seconds", self.timeout_seconds);
        self.grants.check(&mut findings);
        self.limits.check(&mut findings);
        delivery::check(&mut findings, self.retry, self.concurrency, self.rate_limit);
        if let Some(venv) = &self.venv {
            let named = (1..=64).contains(&venv.len())
                && venv
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            findings.require(
                named,
                "/venv",
                "must be the name of an environment: 1 to 64 letters, digits, '_' or '-'",
            );
            findings.require(
                self.requirements.is_empty(),
                "/requirements",
                "cannot be given together with venv",
            );
        }
        self.requirements.check(&mut findings);
        findings.require(
            !self.warm || self.sandbox == Sandbox::Confined,
            "/warm",
            "cannot be given to a trusted hook: runs are kept apart by the sandbox. Leave out one \
             of warm and sandbox",
        );
        findings.require(
            !self.warm || self.grants.segment.is_none(),
            "/warm",
            "cannot be given together with grants.segment, which is another directory in each \
             run: grant a directory instead that holds the segments (grants.directories)",
        );
        findings.finish().map(|()| self)
    }
}

//! What each hook type may be configured with. REQ-MOD-5
//!
//! A config is parsed once, when the hook is saved, into one of these types;
//! an unknown or ill-typed key is an error that names its JSON pointer.

mod delivery;
mod grants;
mod host_pattern;
mod limits;
mod process;
mod requirements;
mod script_limits;
mod wasm;
mod webhook;

pub use delivery::Retry;
pub use grants::{Access, DirectoryGrant, PluginGrants, ScriptGrants};
pub use host_pattern::{HostPattern, InvalidHostPattern};
pub use limits::{LimitRange, Limits, LimitsInForce};
pub use process::{PythonConfig, Sandbox, ScriptPath, ShellConfig};
pub use requirements::{InvalidRequirement, Requirement, Requirements};
pub use script_limits::{ScriptLimitRange, ScriptLimits, ScriptLimitsInForce};
pub use wasm::{InvalidPluginRef, PinnedPlugin, PluginRef, WasmConfig};
pub use webhook::{Auth, Method, SecretName, WebhookConfig};

use crate::delivery::{DeliveryPolicy, OrderKey};
use crate::invalid::{Findings, Invalid, from_value, pointer_token};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use utoipa::ToSchema;

/// Longest value of an environment variable, in characters. REQ-SCR-2
pub const ENV_VALUE_MAX: usize = 4096;
/// Most entries of `args`, `env` or `headers`.
pub const ENTRIES_MAX: usize = 256;
/// Longest timeout, in seconds.
pub const TIMEOUT_MAX_SECONDS: u32 = 86_400;

/// The kinds of hooks. REQ-MOD-1
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HookType {
    /// A shell script.
    Shell,
    /// A Python script.
    Python,
    /// An HTTP request.
    Webhook,
    /// A sandboxed WebAssembly component.
    Wasm,
}

impl HookType {
    /// The name used in JSON and in SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Python => "python",
            Self::Webhook => "webhook",
            Self::Wasm => "wasm",
        }
    }
}

impl fmt::Display for HookType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names none of the hook types.
#[derive(Debug, thiserror::Error)]
#[error("must be one of shell, python, webhook, wasm")]
pub struct UnknownHookType;

impl FromStr for HookType {
    type Err = UnknownHookType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "shell" => Ok(Self::Shell),
            "python" => Ok(Self::Python),
            "webhook" => Ok(Self::Webhook),
            "wasm" => Ok(Self::Wasm),
            _ => Err(UnknownHookType),
        }
    }
}

/// A hook's configuration; its variant is the hook's type.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum HookConfig {
    /// Of a shell script.
    Shell(ShellConfig),
    /// Of a Python script.
    Python(PythonConfig),
    /// Of an HTTP request.
    Webhook(WebhookConfig),
    /// Of a WebAssembly component.
    Wasm(WasmConfig),
}

impl HookConfig {
    /// Reads and checks the config of a hook of this type. Pointers in the
    /// errors begin with `/config`.
    pub fn parse(hook_type: HookType, config: Value) -> Result<Self, Invalid> {
        if !config.is_object() {
            return Err(Invalid::one("/config", "must be an object"));
        }
        let parsed = match hook_type {
            HookType::Shell => from_value::<ShellConfig>(config)
                .and_then(ShellConfig::checked)
                .map(Self::Shell),
            HookType::Python => from_value::<PythonConfig>(config)
                .and_then(PythonConfig::checked)
                .map(Self::Python),
            HookType::Webhook => WebhookConfig::parse(config).map(Self::Webhook),
            HookType::Wasm => from_value::<WasmConfig>(config)
                .and_then(WasmConfig::checked)
                .map(Self::Wasm),
        };
        parsed.map_err(|invalid| invalid.below("/config"))
    }

    /// The type of the hook.
    pub const fn hook_type(&self) -> HookType {
        match self {
            Self::Shell(_) => HookType::Shell,
            Self::Python(_) => HookType::Python,
            Self::Webhook(_) => HookType::Webhook,
            Self::Wasm(_) => HookType::Wasm,
        }
    }

    /// Whether it is a script that is not kept from the host.
    pub fn is_trusted(&self) -> bool {
        match self {
            Self::Shell(config) => config.sandbox == Sandbox::Trusted,
            Self::Python(config) => config.sandbox == Sandbox::Trusted,
            Self::Webhook(_) | Self::Wasm(_) => false,
        }
    }

    /// The script that it runs, where it runs one.
    pub fn script_path(&self) -> Option<&ScriptPath> {
        match self {
            Self::Shell(config) => Some(&config.script_path),
            Self::Python(config) => Some(&config.script_path),
            Self::Webhook(_) | Self::Wasm(_) => None,
        }
    }

    /// How long one execution may take: 30 s by default, 10 s for a webhook.
    /// REQ-MOD-6
    pub fn timeout(&self) -> Duration {
        let (seconds, default) = match self {
            Self::Shell(config) => (config.timeout_seconds, 30),
            Self::Python(config) => (config.timeout_seconds, 30),
            Self::Webhook(config) => (config.timeout_seconds, 10),
            Self::Wasm(config) => (config.limits.timeout_seconds, 30),
        };
        Duration::from_secs(u64::from(seconds.unwrap_or(default)))
    }

    /// How deliveries of events to the hook are made; without meaning for a
    /// stage's hook.
    pub fn delivery(&self) -> DeliveryPolicy {
        let (retry, concurrency, rate_limit) = match self {
            Self::Shell(config) => (config.retry, config.concurrency, config.rate_limit),
            Self::Python(config) => (config.retry, config.concurrency, config.rate_limit),
            Self::Webhook(config) => (config.retry, config.concurrency, config.rate_limit),
            Self::Wasm(config) => (config.retry, config.concurrency, config.rate_limit),
        };
        delivery::policy(retry, concurrency, rate_limit)
    }

    /// Which deliveries to the hook are made one after the other.
    pub const fn order_key(&self) -> Option<&OrderKey> {
        match self {
            Self::Shell(config) => config.order_key.as_ref(),
            Self::Python(config) => config.order_key.as_ref(),
            Self::Webhook(config) => config.order_key.as_ref(),
            Self::Wasm(config) => config.order_key.as_ref(),
        }
    }

    /// The names of the secrets the hook refers to, each with the JSON pointer
    /// of the reference.
    pub fn secrets(&self) -> Vec<(String, &SecretName)> {
        match self {
            Self::Shell(_) | Self::Python(_) => Vec::new(),
            Self::Webhook(config) => config.secrets(),
            Self::Wasm(config) => config
                .grants
                .secrets()
                .into_iter()
                .map(|(pointer, name)| (format!("/config{pointer}"), name))
                .collect(),
        }
    }
}

fn check_timeout(findings: &mut Findings, pointer: &str, seconds: Option<u32>) {
    if let Some(seconds) = seconds {
        findings.require(
            (1..=TIMEOUT_MAX_SECONDS).contains(&seconds),
            pointer,
            format!("must be between 1 and {TIMEOUT_MAX_SECONDS} seconds"),
        );
    }
}

fn check_args(findings: &mut Findings, args: &[String]) {
    findings.require(
        args.len() <= ENTRIES_MAX,
        "/args",
        format!("must have at most {ENTRIES_MAX} entries"),
    );
    for (i, arg) in args.iter().enumerate() {
        findings.require(
            !arg.contains('\0'),
            format!("/args/{i}"),
            "must not contain NUL characters",
        );
        findings.require(
            arg.chars().count() <= ENV_VALUE_MAX,
            format!("/args/{i}"),
            format!("must be at most {ENV_VALUE_MAX} characters"),
        );
    }
}

fn check_env(findings: &mut Findings, at: &str, env: &BTreeMap<String, String>) {
    findings.require(
        env.len() <= ENTRIES_MAX,
        at,
        format!("must have at most {ENTRIES_MAX} entries"),
    );
    for (name, value) in env {
        let pointer = format!("{at}/{}", pointer_token(name));
        let mut letters = name.bytes();
        let named = letters
            .next()
            .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.len() <= 128;
        findings.require(
            named,
            pointer.clone(),
            "is no name of an environment variable: letters, digits and '_', not beginning with a digit",
        );
        let set_by_stagehook = matches!(name.as_str(), "PATH" | "HOME" | "TMPDIR" | "LANG")
            || name.starts_with("STAGEHOOK_");
        findings.require(
            !set_by_stagehook,
            pointer.clone(),
            "is reserved: PATH, HOME, TMPDIR, LANG and STAGEHOOK_* are set by Stagehook",
        );
        // With these, what runs would no longer be the script that was named.
        let runs_something_else = matches!(
            name.as_str(),
            "BASH_ENV"
                | "ENV"
                | "SHELLOPTS"
                | "BASHOPTS"
                | "PS4"
                | "PYTHONSTARTUP"
                | "PYTHONHOME"
                | "PYTHONWARNINGS"
                | "PYTHONINSPECT"
                | "PERL5OPT"
                | "RUBYOPT"
                | "NODE_OPTIONS"
                | "GCONV_PATH"
        ) || name.starts_with("LD_");
        findings.require(
            !runs_something_else,
            pointer.clone(),
            "is reserved: it would have the interpreter run something before the script",
        );
        findings.require(
            !value.contains('\0'),
            pointer.clone(),
            "must not contain NUL characters",
        );
        findings.require(
            value.chars().count() <= ENV_VALUE_MAX,
            pointer,
            format!("must be at most {ENV_VALUE_MAX} characters"),
        );
    }
}

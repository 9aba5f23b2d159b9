//! The server's sandbox without a server: what `plugin run` and `plugin bench`
//! have in common.

mod cache;
mod ready;
mod runner;

pub(super) use ready::Ready;
pub(super) use runner::runner;

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Map, Value, json};
use stagehook_core::config::{HookConfig, HookType, SecretName, WasmConfig};
use stagehook_core::contract::HookInput;
use stagehook_core::digest::Digest;
use stagehook_core::ids::ExecutionId;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{RecordingHeader, WasmRunner};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a component is run with. Everything is optional.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// What the plugin is told, laid over a sample: a file, JSON, or - for stdin
    #[arg(long, value_name = "FILE|JSON|-")]
    pub(super) input: Option<String>,
    /// Settings of the hook: a file or JSON
    #[arg(long, value_name = "FILE|JSON")]
    pub(super) settings: Option<String>,
    /// What it may touch, as in a hook's config: a file or JSON
    #[arg(long, value_name = "FILE|JSON")]
    pub(super) grants: Option<String>,
    /// How much it may use, as in a hook's config: a file or JSON
    #[arg(long, value_name = "FILE|JSON")]
    pub(super) limits: Option<String>,
    /// The media file; its directory can be read unless --grants says otherwise
    #[arg(long, value_name = "PATH")]
    pub(super) segment: Option<PathBuf>,
    /// A directory below which others can be granted [default: those that are
    /// granted]
    #[arg(long = "media-root", value_name = "DIR")]
    pub(super) media_roots: Vec<PathBuf>,
    /// Give the secret NAME, which is in the environment variable ENVVAR; the
    /// plugin may read it unless --grants has it sent to hosts alone
    #[arg(long = "secret", value_name = "NAME=ENVVAR")]
    pub(super) secrets: Vec<String>,
    /// Let the plugin's requests reach private addresses
    #[arg(long)]
    pub(super) allow_private_network: bool,
}

/// What a component is run with, read and checked.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) config: WasmConfig,
    pub(super) input: HookInput,
    pub(super) secrets: Vec<(SecretName, String)>,
    pub(super) media_roots: Vec<PathBuf>,
    pub(super) allow_private_network: bool,
    /// Whether no server has held the settings against the plugin yet.
    are_settings_new: bool,
}

impl SandboxArgs {
    /// Puts the input and the config together; over `logged`, the input of an
    /// execution that a server logged, where there is one.
    pub(super) fn prepare(
        &self,
        digest: Digest,
        logged: Option<Value>,
    ) -> anyhow::Result<Prepared> {
        let secrets = self.read_secrets()?;
        let are_settings_new = logged.is_none() || self.settings.is_some();
        let mut input = match logged {
            Some(logged) => logged,
            None => sample()?,
        };
        if let Some(given) = &self.input {
            let given = read_object(given, "--input")?;
            overlay(&mut input, given);
        }
        if let Some(segment) = &self.segment {
            if !segment.exists() {
                bail!("there is no {}", segment.display());
            }
            let segment = std::path::absolute(segment)
                .with_context(|| format!("cannot find {}", segment.display()))?;
            let Some(segment) = segment.to_str() else {
                bail!("the path of the segment is not UTF-8");
            };
            input["segment_path"] = json!(segment);
        }
        let config = self.config(digest, &input, &secrets)?;
        input["hook_config"] = serde_json::to_value(&config)?;
        let timeout = HookConfig::Wasm(config.clone()).timeout();
        input["deadline_ms"] = json!(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        let input: HookInput = serde_path_to_error::deserialize(&input)
            .map_err(|error| anyhow::anyhow!("the input: {}: {}", error.path(), error.inner()))?;
        let media_roots = if self.media_roots.is_empty() {
            granted_directories(&config, input.segment_path.as_deref())
        } else {
            self.media_roots.clone()
        };
        Ok(Prepared {
            config,
            input,
            secrets,
            media_roots,
            allow_private_network: self.allow_private_network,
            are_settings_new,
        })
    }

    fn config(
        &self,
        digest: Digest,
        input: &Value,
        secrets: &[(SecretName, String)],
    ) -> anyhow::Result<WasmConfig> {
        let mut config = json!({"plugin": digest.to_string()});
        let logged = &input["hook_config"];
        for (key, given) in [
            ("settings", &self.settings),
            ("grants", &self.grants),
            ("limits", &self.limits),
        ] {
            if let Some(given) = given {
                config[key] = read_object(given, &format!("--{key}"))?.into();
            } else if let Some(logged) = logged.get(key) {
                config[key] = logged.clone();
            }
        }
        let grants = entry(&mut config, "grants")?;
        if self.segment.is_some() && self.grants.is_none() {
            grants.entry("segment").or_insert(json!("read"));
        }
        for (name, _) in secrets {
            grant_secret(grants, name)?;
        }
        match HookConfig::parse(HookType::Wasm, config).context("the hook's config is not valid")? {
            HookConfig::Wasm(config) => Ok(config),
            _ => bail!("the hook's config is of another type"),
        }
    }

    fn read_secrets(&self) -> anyhow::Result<Vec<(SecretName, String)>> {
        let mut names = BTreeSet::new();
        self.secrets
            .iter()
            .map(|given| {
                let (name, variable) = given
                    .split_once('=')
                    .with_context(|| format!("--secret must be NAME=ENVVAR, not '{given}'"))?;
                let name: SecretName = name
                    .to_owned()
                    .try_into()
                    .map_err(|error| anyhow::anyhow!("--secret {name}: the name {error}"))?;
                if !names.insert(name.as_str().to_owned()) {
                    bail!("--secret {} is given twice", name.as_str());
                }
                let value = std::env::var(variable)
                    .with_context(|| format!("--secret {given}: {variable} cannot be read"))?;
                if value.is_empty() {
                    bail!("--secret {given}: {variable} is empty");
                }
                Ok((name, value))
            })
            .collect()
    }
}

impl Prepared {
    /// What a recording was made with. Nothing of the host is needed.
    pub(super) fn recorded(header: &RecordingHeader) -> Self {
        Self {
            config: header.config.clone(),
            input: header.input.clone(),
            secrets: Vec::new(),
            media_roots: Vec::new(),
            allow_private_network: false,
            are_settings_new: false,
        }
    }

    /// The runner that a server would have, with a pool for so many calls at
    /// once.
    pub(super) fn runner(&self, concurrency: u32) -> anyhow::Result<WasmRunner> {
        runner(
            &self.media_roots,
            self.allow_private_network,
            concurrency,
            self.secrets
                .iter()
                .map(|(name, value)| (Secrets::variable_of(name), value.clone())),
        )
    }
}

/// Reads a component.
pub(super) fn read_component(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// JSON inline, in a file, or (`-`) from stdin.
pub(super) fn read_object(given: &str, what: &str) -> anyhow::Result<Map<String, Value>> {
    let is_inline = given.trim_start().starts_with(['{', '[']) || given == "-";
    if is_inline || given.starts_with('@') {
        crate::document::read_object(given, what)
    } else {
        crate::document::read_object(&format!("@{given}"), what)
    }
}

/// A stage of a job, as a server would tell it.
fn sample() -> anyhow::Result<Value> {
    Ok(json!({
        "schema": stagehook_core::contract::SCHEMA,
        "execution_id": serde_json::to_value(ExecutionId::generate())?,
        "hook": {"id": 1, "name": "sample", "version": 1, "source": "studio"},
        "job": {"id": 1, "project_id": 1, "scene_type_id": 1, "external_ref": "shot_010"},
        "trigger": {"hook_point": "post_segment"},
        "segment_path": null,
        "metadata": {},
        "scene_context": {},
        "attempt": 1,
        "dry_run": false,
        "previous_results": [],
        "inherited": null,
    }))
}

/// What was given replaces what is there, key by key; objects within are merged.
fn overlay(base: &mut Value, given: Map<String, Value>) {
    let Value::Object(base) = base else {
        return;
    };
    for (key, value) in given {
        match (base.get_mut(&key), value) {
            // A trigger is either a stage or an event, never a mixture.
            (Some(under @ Value::Object(_)), Value::Object(value)) if key != "trigger" => {
                overlay(under, value);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn entry<'a>(config: &'a mut Value, key: &str) -> anyhow::Result<&'a mut Map<String, Value>> {
    if config.get(key).is_none() {
        config[key] = json!({});
    }
    config[key]
        .as_object_mut()
        .with_context(|| format!("{key} must be a JSON object"))
}

/// Lets the plugin read a secret, unless it is sent to hosts without being
/// shown.
fn grant_secret(grants: &mut Map<String, Value>, name: &SecretName) -> anyhow::Result<()> {
    if grants
        .get("http_secrets")
        .is_some_and(|sent| sent.get(name.as_str()).is_some())
    {
        return Ok(());
    }
    let readable = grants
        .entry("secrets")
        .or_insert_with(|| json!([]))
        .as_array_mut()
        .context("grants.secrets must be an array")?;
    let name = json!(name.as_str());
    if !readable.contains(&name) {
        readable.push(name);
    }
    Ok(())
}

/// The directories that the grants open: what has to be a media root for them.
fn granted_directories(config: &WasmConfig, segment: Option<&str>) -> Vec<PathBuf> {
    let of_segment = segment
        .filter(|_| config.grants.segment.is_some())
        .and_then(|segment| Path::new(segment).parent())
        .map(Path::to_owned);
    config
        .grants
        .directories
        .iter()
        .map(|directory| PathBuf::from(&directory.host))
        .chain(of_segment)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|directory| directory.is_dir())
        .collect()
}

//! How the server is to run, and where each value comes from.
//!
//! Flags beat `STAGEHOOK_*` variables, these beat the configuration file, and
//! that beats the defaults. Each layer is a [`Layer`] of the same values, all
//! optional; [`Settings`] is what comes out.

mod environment;
mod file;
mod keep;
mod keys;
mod redact;
mod secret_keys;

use clap::{Args, ValueEnum};
use environment::Variables;
use keep::Keep;
use secret_keys::KeySettings;
use serde::Deserialize;
use stagehook_core::signature::TrustedKey;
use stagehook_engine::Retention;
use stagehook_runners::process::Confinement;
use std::fmt;
use std::path::{Path, PathBuf};

/// How scripts are kept from the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Sandbox {
    /// Hooks run in a bubblewrap sandbox; without one they are refused
    Bubblewrap,
    /// Hooks run like any process of the server's user
    Off,
}

/// How the server's own log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

impl Sandbox {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Bubblewrap => "bubblewrap",
            Self::Off => "off",
        }
    }
}

impl LogFormat {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// The values of one layer; also the keys of the configuration file.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Layer {
    /// Address to serve on; port 0 picks a free one [env: `STAGEHOOK_LISTEN`] [default: 127.0.0.1:7878]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Directory of the server's own files [env: `STAGEHOOK_DATA_DIR`] [default: ./stagehook-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/DATABASE` [env: `DATABASE_URL`] [default: a file in the data directory]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Directory of scripts; can be repeated [env: `STAGEHOOK_SCRIPTS_DIRS`, ':' between] [default: scripts in the data directory]
    #[arg(long = "scripts-dir", value_name = "DIR")]
    scripts_dirs: Option<Vec<PathBuf>>,
    /// Directory below which hooks can be granted directories; can be repeated [env: `STAGEHOOK_MEDIA_ROOTS`, ':' between] [default: none]
    #[arg(long = "media-root", value_name = "DIR")]
    media_roots: Option<Vec<PathBuf>>,
    /// How scripts are kept from the host [env: `STAGEHOOK_SANDBOX`] [default: bubblewrap]
    #[arg(long, value_enum)]
    sandbox: Option<Sandbox>,
    /// Let webhooks and plugins reach private addresses [env: `STAGEHOOK_ALLOW_PRIVATE_NETWORK`] [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_private_network: Option<bool>,
    /// Most compiled code of plugins that is kept in the data directory, in MiB; 0 for none [env: `STAGEHOOK_PLUGIN_CACHE_MIB`] [default: 2048]
    #[arg(long, value_name = "MIB")]
    plugin_cache_mib: Option<u64>,
    /// Public key whose signatures of plugins count, as NAME=BASE64; can be repeated [env: `STAGEHOOK_TRUSTED_KEYS`, ',' between] [default: none]
    #[arg(long = "trusted-key", value_name = "NAME=KEY")]
    #[serde(deserialize_with = "keys::listed")]
    trusted_keys: Option<Vec<TrustedKey>>,
    /// Take and run plugins only that a trusted key signed [env: `STAGEHOOK_REQUIRE_SIGNED_PLUGINS`] [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_signed_plugins: Option<bool>,
    /// How long events are kept, with their deliveries: 30d, 12h, or off for ever [env: `STAGEHOOK_KEEP_EVENTS`] [default: off]
    #[arg(long, value_name = "TIME")]
    keep_events: Option<Keep>,
    /// How long deliveries are kept that are over [env: `STAGEHOOK_KEEP_DELIVERIES`] [default: off]
    #[arg(long, value_name = "TIME")]
    keep_deliveries: Option<Keep>,
    /// How long logs of executions are kept [env: `STAGEHOOK_KEEP_LOGS`] [default: off]
    #[arg(long, value_name = "TIME")]
    keep_logs: Option<Keep>,
    /// How the server's log on stderr is written [env: `STAGEHOOK_LOG_FORMAT`] [default: text]
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
}

/// The flags of `serve`, `config` and `migrate`.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Configuration file [env: `STAGEHOOK_CONFIG`] [default: stagehook.toml, where there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    layer: Layer,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Variable(&'static str),
    File(PathBuf),
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    pub(crate) source: Source,
}

/// What the server runs with. Paths are absolute.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: Sourced<String>,
    pub(crate) data_dir: Sourced<PathBuf>,
    pub(crate) database_url: Sourced<String>,
    pub(crate) scripts_dirs: Sourced<Vec<PathBuf>>,
    pub(crate) media_roots: Sourced<Vec<PathBuf>>,
    pub(crate) sandbox: Sourced<Sandbox>,
    pub(crate) allow_private_network: Sourced<bool>,
    pub(crate) plugin_cache_mib: Sourced<u64>,
    pub(crate) trusted_keys: Sourced<Vec<TrustedKey>>,
    pub(crate) require_signed_plugins: Sourced<bool>,
    pub(crate) keep_events: Sourced<Keep>,
    pub(crate) keep_deliveries: Sourced<Keep>,
    pub(crate) keep_logs: Sourced<Keep>,
    pub(crate) log_format: Sourced<LogFormat>,
    /// The keys of stored secrets.
    pub(crate) secret_keys: KeySettings,
    /// The administrator's token; none: one is made at the first start.
    pub(crate) admin_token: Option<String>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    /// The configuration file says something that is not understood.
    #[error("the configuration file {} is wrong at {key}: {detail}", path.display())]
    File {
        path: PathBuf,
        key: String,
        detail: String,
    },
    /// A variable says something that is not understood.
    #[error("the environment variable {name} {detail}")]
    Variable { name: &'static str, detail: String },
    /// Signed plugins are required, and no signature could ever count.
    #[error(
        "plugins have to be signed ({set_by}), and no key is trusted: name one with --trusted-key"
    )]
    NoTrustedKey { set_by: Source },
    /// Two keys have one name.
    #[error("the trusted key '{name}' is named twice ({set_by}): give each key its own name")]
    KeyTwice { name: String, set_by: Source },
    /// The current directory is gone.
    #[error("the current directory cannot be found out: {0}")]
    CurrentDirectory(#[source] std::io::Error),
}

impl Settings {
    /// Puts the layers together: these flags, this process's environment, the
    /// configuration file.
    pub(crate) fn load(flags: Flags) -> Result<Self, SettingsError> {
        let here = std::env::current_dir().map_err(SettingsError::CurrentDirectory)?;
        let variables = environment::Variables::of_this_process();
        let file = file::read(flags.config, &variables, &here)?;
        let mut layers = Layers {
            flags: flags.layer.based_on(&here),
            environment: variables.layer()?.based_on(&here),
            file: None,
        };
        if let Some((path, layer)) = file {
            // What a file says is meant from where the file is.
            let base = path.parent().unwrap_or(&here).to_owned();
            layers.file = Some((path, layer.based_on(&base)));
        }
        let settings = Self::from_layers(layers, &here, &variables)?;
        keys::check(&settings.trusted_keys, &settings.require_signed_plugins)?;
        Ok(settings)
    }

    fn from_layers(
        mut layers: Layers,
        here: &Path,
        variables: &Variables,
    ) -> Result<Self, SettingsError> {
        let data_dir = layers.take(
            "--data-dir",
            "STAGEHOOK_DATA_DIR",
            |layer| layer.data_dir.take(),
            || here.join("stagehook-data"),
        );
        let database = data_dir.value.join("stagehook.db");
        let scripts = data_dir.value.join("scripts");
        Ok(Self {
            secret_keys: KeySettings::read(variables, &data_dir.value, here)?,
            admin_token: variables.admin_token()?,
            listen: layers.take(
                "--listen",
                "STAGEHOOK_LISTEN",
                |layer| layer.listen.take(),
                || "127.0.0.1:7878".to_owned(),
            ),
            database_url: layers.take(
                "--database-url",
                "DATABASE_URL",
                |layer| layer.database_url.take(),
                || format!("sqlite://{}", database.display()),
            ),
            scripts_dirs: layers.take(
                "--scripts-dir",
                "STAGEHOOK_SCRIPTS_DIRS",
                |layer| layer.scripts_dirs.take(),
                || vec![scripts],
            ),
            media_roots: layers.take(
                "--media-root",
                "STAGEHOOK_MEDIA_ROOTS",
                |layer| layer.media_roots.take(),
                Vec::new,
            ),
            sandbox: layers.take(
                "--sandbox",
                "STAGEHOOK_SANDBOX",
                |layer| layer.sandbox.take(),
                || Sandbox::Bubblewrap,
            ),
            allow_private_network: layers.take(
                "--allow-private-network",
                "STAGEHOOK_ALLOW_PRIVATE_NETWORK",
                |layer| layer.allow_private_network.take(),
                || false,
            ),
            plugin_cache_mib: layers.take(
                "--plugin-cache-mib",
                "STAGEHOOK_PLUGIN_CACHE_MIB",
                |layer| layer.plugin_cache_mib.take(),
                || 2048,
            ),
            trusted_keys: layers.take(
                "--trusted-key",
                "STAGEHOOK_TRUSTED_KEYS",
                |layer| layer.trusted_keys.take(),
                Vec::new,
            ),
            require_signed_plugins: layers.take(
                "--require-signed-plugins",
                "STAGEHOOK_REQUIRE_SIGNED_PLUGINS",
                |layer| layer.require_signed_plugins.take(),
                || false,
            ),
            keep_events: layers.take(
                "--keep-events",
                "STAGEHOOK_KEEP_EVENTS",
                |layer| layer.keep_events.take(),
                || Keep::Forever,
            ),
            keep_deliveries: layers.take(
                "--keep-deliveries",
                "STAGEHOOK_KEEP_DELIVERIES",
                |layer| layer.keep_deliveries.take(),
                || Keep::Forever,
            ),
            keep_logs: layers.take(
                "--keep-logs",
                "STAGEHOOK_KEEP_LOGS",
                |layer| layer.keep_logs.take(),
                || Keep::Forever,
            ),
            log_format: layers.take(
                "--log-format",
                "STAGEHOOK_LOG_FORMAT",
                |layer| layer.log_format.take(),
                || LogFormat::Text,
            ),
            data_dir,
        })
    }

    /// How scripts are to be confined.
    pub(crate) fn confinement(&self) -> Confinement {
        match self.sandbox.value {
            Sandbox::Bubblewrap => Confinement::Bubblewrap,
            Sandbox::Off => Confinement::Off,
        }
    }

    /// How long things are kept.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            events: self.keep_events.value.duration(),
            deliveries: self.keep_deliveries.value.duration(),
            logs: self.keep_logs.value.duration(),
        }
    }

    /// Every setting as (name, value, source), without secrets.
    pub(crate) fn shown(&self) -> Vec<(&'static str, String, String)> {
        let paths = |paths: &[PathBuf]| {
            let paths: Vec<_> = paths
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            paths.join(":")
        };
        let (token, token_source) = match &self.admin_token {
            Some(_) => (
                "(set)".to_owned(),
                Source::Variable("STAGEHOOK_ADMIN_TOKEN"),
            ),
            None => ("(made at the first start)".to_owned(), Source::Default),
        };
        let (secrets_key, secrets_key_source) = self.secret_keys.shown();
        vec![
            (
                "listen",
                self.listen.value.clone(),
                self.listen.source.to_string(),
            ),
            (
                "data_dir",
                self.data_dir.value.display().to_string(),
                self.data_dir.source.to_string(),
            ),
            (
                "database_url",
                redact::url(&self.database_url.value),
                self.database_url.source.to_string(),
            ),
            (
                "scripts_dirs",
                paths(&self.scripts_dirs.value),
                self.scripts_dirs.source.to_string(),
            ),
            (
                "media_roots",
                paths(&self.media_roots.value),
                self.media_roots.source.to_string(),
            ),
            (
                "sandbox",
                self.sandbox.value.as_str().to_owned(),
                self.sandbox.source.to_string(),
            ),
            (
                "allow_private_network",
                self.allow_private_network.value.to_string(),
                self.allow_private_network.source.to_string(),
            ),
            (
                "plugin_cache_mib",
                self.plugin_cache_mib.value.to_string(),
                self.plugin_cache_mib.source.to_string(),
            ),
            (
                "trusted_keys",
                keys::shown(&self.trusted_keys.value),
                self.trusted_keys.source.to_string(),
            ),
            (
                "require_signed_plugins",
                self.require_signed_plugins.value.to_string(),
                self.require_signed_plugins.source.to_string(),
            ),
            (
                "keep_events",
                self.keep_events.value.to_string(),
                self.keep_events.source.to_string(),
            ),
            (
                "keep_deliveries",
                self.keep_deliveries.value.to_string(),
                self.keep_deliveries.source.to_string(),
            ),
            (
                "keep_logs",
                self.keep_logs.value.to_string(),
                self.keep_logs.source.to_string(),
            ),
            (
                "log_format",
                self.log_format.value.as_str().to_owned(),
                self.log_format.source.to_string(),
            ),
            ("secrets_key", secrets_key, secrets_key_source),
            ("admin_token", token, token_source.to_string()),
        ]
    }
}

impl Layer {
    /// The same, with relative paths meant from this directory.
    fn based_on(mut self, base: &Path) -> Self {
        let absolute = |path: PathBuf| base.join(path);
        self.data_dir = self.data_dir.map(absolute);
        for list in [&mut self.scripts_dirs, &mut self.media_roots] {
            *list = list
                .take()
                .map(|paths| paths.into_iter().map(absolute).collect());
        }
        self
    }
}

struct Layers {
    flags: Layer,
    environment: Layer,
    file: Option<(PathBuf, Layer)>,
}

impl Layers {
    fn take<T>(
        &mut self,
        flag: &'static str,
        variable: &'static str,
        mut pick: impl FnMut(&mut Layer) -> Option<T>,
        default: impl FnOnce() -> T,
    ) -> Sourced<T> {
        if let Some(value) = pick(&mut self.flags) {
            return Sourced {
                value,
                source: Source::Flag(flag),
            };
        }
        if let Some(value) = pick(&mut self.environment) {
            return Sourced {
                value,
                source: Source::Variable(variable),
            };
        }
        if let Some((path, layer)) = &mut self.file
            && let Some(value) = pick(layer)
        {
            return Sourced {
                value,
                source: Source::File(path.clone()),
            };
        }
        Sourced {
            value: default(),
            source: Source::Default,
        }
    }
}

//! Puts the crates together, and takes them apart again in the right order.

mod admin_token;
pub(crate) mod data_dir;
pub(crate) mod logging;
mod sign_in;
mod signals;

use crate::output;
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use data_dir::DataDir;
use stagehook_api::ApiSettings;
use stagehook_core::signature::SignaturePolicy;
use stagehook_engine::{Engine, EngineSettings, Progress};
use stagehook_runners::process::{ProcessRunner, ProcessSettings};
use stagehook_runners::wasm::{CacheSettings, Compiler, WasmRunner, WasmSettings};
use stagehook_runners::webhook::{WebhookRunner, WebhookSettings};
use stagehook_runners::{NetworkPolicy, Runners, Secrets};
use stagehook_store::{Store, StoreOptions};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long hooks at work may take to end by themselves once the server is to
/// stop. Supervisors of containers kill what is still there after 10 s.
const GRACE: Duration = Duration::from_secs(8);
/// How long a client may take to read the last answers once no hook runs any
/// more.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// Serves until a signal says to stop; then takes nothing new, lets what runs
/// come to its end, and closes the database. REQ-OPS-5
pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    // Listened for from the start: a signal that comes early is kept.
    let mut signals = signals::Signals::listen().context("signals cannot be listened for")?;
    let data_dir = DataDir::open(&settings.data_dir.value)?;
    let listen = &settings.listen.value;
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen} ({})", settings.listen.source))?;
    let address = listener
        .local_addr()
        .context("the address cannot be found out")?;

    let store = open_store(&settings).await?;
    for version in store
        .migrate()
        .await
        .context("the database cannot be migrated")?
    {
        tracing::info!(version, "applied a migration");
    }
    let secrets = Arc::new(secrets_of_this_process());
    let engine_settings = EngineSettings {
        shutdown_grace: GRACE,
        signatures: SignaturePolicy {
            trusted: settings.trusted_keys.value.clone(),
            required: settings.require_signed_plugins.value,
        },
        secret_keys: Arc::new(settings.secret_keys.open()?),
        retention: settings.retention(),
        ..EngineSettings::new(data_dir.node())
    };
    let progress = Progress::new(engine_settings.clock.clone());
    let runners = runners(&settings, &secrets, &progress)?;
    let engine = Engine::start(store.clone(), runners, secrets, progress, engine_settings)
        .await
        .context("the engine cannot be started")?;

    // Last, so that a start that fails has shown no token.
    let made = admin_token::ensure(&store, settings.admin_token.as_deref()).await?;
    if let Some(made) = &made {
        output::line(&format!("admin token: {}", made.reveal()))?;
    }
    let link = sign_in::link(address, made.as_ref());
    output::line(&format!("sign in at {link}"))?;
    let shutdown = CancellationToken::new();
    let api = stagehook_api::serve(
        listener,
        Arc::clone(&engine),
        ApiSettings::default(),
        shutdown.clone(),
    );
    tokio::pin!(api);
    output::line(&format!("listening on http://{address}"))?;
    tracing::info!(%address, node = %data_dir.node(), "serving");

    let mut served = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping");
            None
        }
        result = &mut api => Some(result),
    };
    shutdown.cancel();
    let stopping = async {
        // A caller that waits for a stage is answered when the engine ends it,
        // so both go on at once.
        let engine_stopped = CancellationToken::new();
        let engine_stops = async {
            engine.shutdown().await;
            engine_stopped.cancel();
        };
        let last_answers = async {
            if served.is_none() {
                let late = async {
                    engine_stopped.cancelled().await;
                    tokio::time::sleep(LAST_ANSWERS).await;
                };
                served = tokio::select! {
                    result = &mut api => Some(result),
                    () = late => None,
                };
            }
        };
        tokio::join!(engine_stops, last_answers);
    };
    tokio::select! {
        () = stopping => {}
        signal = signals.next() => tracing::warn!(signal, "stopping at once"),
    }
    store.close().await;
    tracing::info!("stopped");
    drop(data_dir);
    match served {
        Some(result) => result.context("serving ended"),
        None => Ok(()),
    }
}

/// Connects to the database.
pub(crate) async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    Store::open(&settings.database_url.value, StoreOptions::default())
        .await
        .with_context(|| {
            format!(
                "the database cannot be opened ({})",
                settings.database_url.source
            )
        })
}

fn runners(
    settings: &Settings,
    secrets: &Arc<Secrets>,
    progress: &Progress,
) -> anyhow::Result<Runners> {
    let data_dir = &settings.data_dir.value;
    let scripts_dirs = directories("scripts directory", &settings.scripts_dirs.value, data_dir)?;
    let media_roots = directories("media root", &settings.media_roots.value, data_dir)?;
    let mut hidden = vec![data_dir.clone()];
    hidden.extend(scripts_dirs.iter().cloned());
    let process = ProcessSettings {
        script_roots: scripts_dirs,
        hidden,
        media_roots: media_roots.clone(),
        confinement: settings.confinement(),
        listener: Some(Arc::new(progress.clone())),
        ..ProcessSettings::in_directory(data_dir)
    };
    let webhook = WebhookSettings {
        network: NetworkPolicy {
            allow_private: settings.allow_private_network.value,
        },
        ..WebhookSettings::new(Arc::clone(secrets))
    };
    let webhook = WebhookRunner::new(webhook).context("webhooks cannot be sent")?;
    let wasm = WasmSettings {
        media_roots,
        egress: Some(webhook.egress()),
        compiler: compiler()?,
        cache: plugin_cache(settings),
        ..WasmSettings::default()
    };
    Ok(Runners {
        process: ProcessRunner::new(process).context("scripts cannot be run")?,
        webhook,
        wasm: WasmRunner::new(wasm, Secrets::clone(secrets)).context("plugins cannot be run")?,
    })
}

/// Where compiled plugins are kept, if they are.
fn plugin_cache(settings: &Settings) -> Option<CacheSettings> {
    let mib = settings.plugin_cache_mib.value;
    (mib > 0).then(|| CacheSettings {
        directory: settings.data_dir.value.join("cache"),
        max_bytes: mib.saturating_mul(1 << 20),
    })
}

/// Compiles plugins in a child process: this very program.
pub(crate) fn compiler() -> anyhow::Result<Compiler> {
    Ok(Compiler::Process {
        program: this_program()?,
        arguments: vec![OsString::from("compile-component")],
    })
}

/// Directories that exist. One below the data directory is made; one elsewhere
/// that is missing is a mistake.
fn directories(what: &str, paths: &[PathBuf], data_dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    for path in paths {
        if path.starts_with(data_dir) {
            data_dir::create(path)?;
        } else if !path.is_dir() {
            bail!("the {what} {} is no directory", path.display());
        }
    }
    Ok(paths.to_vec())
}

/// This very program, also after its file was replaced by a newer version.
fn this_program() -> anyhow::Result<PathBuf> {
    let program = PathBuf::from("/proc/self/exe");
    if program.exists() {
        return Ok(program);
    }
    std::env::current_exe().context("the path of this program cannot be found out")
}

fn secrets_of_this_process() -> Secrets {
    Secrets::from_env(
        std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }),
    )
}

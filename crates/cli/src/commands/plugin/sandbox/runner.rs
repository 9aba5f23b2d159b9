//! The runner that commands have: the server's.

use super::cache;
use crate::server;
use anyhow::{Context as _, bail};
use stagehook_runners::wasm::{WasmRunner, WasmSettings};
use stagehook_runners::{Egress, NetworkPolicy, Secrets};
use std::path::PathBuf;

/// The server's runner, with its limits and its compiler, and the user's own
/// cache of compiled plugins.
pub(in crate::commands::plugin) fn runner(
    media_roots: &[PathBuf],
    allow_private_network: bool,
    concurrency: u32,
    secrets: impl IntoIterator<Item = (String, String)>,
) -> anyhow::Result<WasmRunner> {
    for root in media_roots {
        if !root.is_dir() {
            bail!("the media root {} is no directory", root.display());
        }
    }
    let network = NetworkPolicy {
        allow_private: allow_private_network,
    };
    let egress = Egress::new(network, concat!("stagehook/", env!("CARGO_PKG_VERSION")))
        .context("there is no way out over HTTP")?;
    let settings = WasmSettings {
        egress: Some(egress),
        media_roots: media_roots.to_vec(),
        max_concurrent: concurrency,
        compiler: server::compiler()?,
        cache: cache::of_user(),
        ..WasmSettings::default()
    };
    WasmRunner::new(settings, Secrets::from_env(secrets)).context("plugins cannot be run")
}

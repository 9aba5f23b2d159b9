//! From what a hook's config grants to what a guest can reach. REQ-WASM-1

use crate::media_roots::{MediaRoots, Refusal};
use stagehook_core::config::{Access, PluginGrants};
use std::os::fd::AsRawFd;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// What was granted.
pub(super) struct Granted {
    pub(super) wasi: WasiCtxBuilder,
    /// The media file, as the guest sees it.
    pub(super) segment_path: Option<String>,
}

/// Whether giving these touches the file system.
pub(super) fn blocks(grants: &PluginGrants) -> bool {
    grants.segment.is_some() || !grants.directories.is_empty()
}

/// Opens what is granted, as far as it is below the roots.
pub(super) fn grant(
    roots: &MediaRoots,
    grants: &PluginGrants,
    segment_path: Option<&str>,
) -> Result<Granted, Refusal> {
    let mut wasi = WasiCtxBuilder::new();
    for (name, value) in &grants.env {
        wasi.env(name, value);
    }
    let granted = roots.grant(&grants.directories, grants.segment, segment_path)?;
    for directory in granted.directories {
        let permissions = match directory.access {
            Access::Read => FsPerms::ReadOnly,
            Access::Write => FsPerms::ReadWrite,
        };
        // The directory that was opened just now, whatever its path has become
        // since.
        let opened = format!("/proc/self/fd/{}", directory.dir.as_raw_fd());
        wasi.preopened_dir(opened, directory.guest, permissions)
            .map_err(|error| Refusal(format!("a granted directory cannot be opened: {error}")))?;
    }
    Ok(Granted {
        wasi,
        segment_path: granted.segment_path,
    })
}

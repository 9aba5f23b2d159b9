//! Where the commands of a user keep compiled plugins, so that a component is
//! compiled once and not by each command.

use crate::server::data_dir;
use anyhow::{Context as _, bail};
use stagehook_runners::wasm::CacheSettings;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Most compiled code that is kept, in bytes: some dozen builds of a plugin in
/// JavaScript or Python.
const MAX_BYTES: u64 = 1 << 30;

/// The cache of this user; none where there is no home, or where it cannot be
/// used: then plugins are compiled by each command.
pub(super) fn of_user() -> Option<CacheSettings> {
    let directory = directory()?;
    if let Err(error) = claim(&directory) {
        tracing::warn!("compiled plugins are not kept: {error:#}");
        return None;
    }
    Some(CacheSettings {
        directory,
        max_bytes: MAX_BYTES,
    })
}

fn directory() -> Option<PathBuf> {
    // A relative path counts as none (XDG Base Directory Specification).
    let of_variable = |name| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let caches = of_variable("XDG_CACHE_HOME")
        .or_else(|| of_variable("HOME").map(|home| home.join(".cache")))?;
    Some(caches.join("stagehook"))
}

/// Makes the directory, or what is there this user's alone.
fn claim(directory: &Path) -> anyhow::Result<()> {
    data_dir::create(directory)?;
    let shown = directory.display();
    let metadata = fs::metadata(directory).with_context(|| format!("{shown} cannot be read"))?;
    // `sudo` may leave another user's home in the environment.
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        bail!("{shown} belongs to another user");
    }
    if metadata.mode() & 0o077 != 0 {
        fs::set_permissions(directory, Permissions::from_mode(0o700))
            .with_context(|| format!("{shown} cannot be closed to others"))?;
    }
    Ok(())
}

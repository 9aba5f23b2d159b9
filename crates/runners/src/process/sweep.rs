//! What hooks left behind when the server itself was killed.
//!
//! A server that dies at once ends nothing. When the next one starts on the
//! same work root (which one server alone uses), every process whose home is a
//! run below it is such a remnant: it is ended before any hook runs, so that a
//! resumed job does not meet the hook that was cut off still at work on the
//! same media. A daemon that cleared its environment is not found.

use super::{procfs, warm, work_dir};
use rustix::process::{Signal, kill_process};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// How often it is looked again for what was started meanwhile.
const ROUNDS: usize = 10;

/// Ends what is left of earlier runs and removes their directories.
pub(super) fn sweep(work_root: &Path) -> io::Result<()> {
    let mut home = b"HOME=".to_vec();
    home.extend_from_slice(work_root.join(work_dir::PREFIX).as_os_str().as_bytes());
    let mut ended = 0;
    for _ in 0..ROUNDS {
        let mut found = false;
        for pid in procfs::all() {
            let remnant = procfs::has_variable_beginning(pid, &home)
                && procfs::Stat::of(pid).is_some_and(|stat| !stat.zombie);
            if remnant && kill_process(pid, Signal::KILL).is_ok() {
                found = true;
                ended += 1;
            }
        }
        if !found {
            break;
        }
    }
    if ended > 0 {
        tracing::warn!(
            ended,
            "ended processes that hooks of an earlier server left behind"
        );
    }
    for entry in fs::read_dir(work_root)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_left = [work_dir::PREFIX, warm::PREFIX]
            .iter()
            .any(|prefix| name.as_bytes().starts_with(prefix.as_bytes()));
        if is_left && let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, "the directory of an earlier run could not be removed");
        }
    }
    Ok(())
}

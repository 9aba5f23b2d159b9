//! What an attack leaves behind.

use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;

/// A number of seconds to sleep that nobody else sleeps.
pub(super) fn mark() -> String {
    let random = RandomState::new().hash_one(()) % 1_000_000_000;
    format!("300.{random:09}")
}

/// The command lines of the processes on this machine that have the mark among
/// their arguments or in their environment. Zombies have neither.
pub(super) fn processes(mark: &str) -> Vec<String> {
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| {
        let text = |name: &str| {
            let bytes = fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let line = text("cmdline");
        let is_own = entry.file_name().to_str() == Some(&std::process::id().to_string());
        (!is_own && (line.contains(mark) || text("environ").contains(mark))).then_some(line)
    })
    .collect()
}

/// The work directories that are still there.
pub(super) fn directories(work_root: &Path) -> Vec<String> {
    fs::read_dir(work_root)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("run-"))
        .collect()
}

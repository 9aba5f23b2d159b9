//! What an attack leaves behind.

use stagehook_runners::process::Confinement;
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

/// The work directories that are still there. Without a sandbox one may be kept
/// for another run, with nothing in it but what every run finds.
pub(super) fn directories(work_root: &Path, confinement: Confinement) -> Vec<String> {
    let is_spare = |name: &str| {
        let there = names(&work_root.join(name));
        confinement == Confinement::Off && there == [".stagehook", "input.json"]
    };
    let mut left = names(work_root);
    left.retain(|name| name.starts_with("run-") && !is_spare(name));
    left
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

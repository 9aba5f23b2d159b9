//! What `/proc` tells about processes. Everything here may be gone a moment
//! later, so nothing is an error: what cannot be read is not there.

use rustix::process::Pid;
use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// Most descendants that are listed at once; the next round finds the rest.
pub(super) const DESCENDANTS_MAX: usize = 10_000;

/// One process at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stat {
    /// Whether it ended and waits to be reaped.
    pub(super) zombie: bool,
    /// Its process group.
    pub(super) group: i32,
    /// Its session.
    pub(super) session: i32,
    /// When it began, in ticks since boot: with the pid it is never reused.
    pub(super) started: u64,
    /// Processor time of it and of the children it waited for, in ticks.
    pub(super) cpu_ticks: u64,
    /// Its threads.
    pub(super) threads: u32,
    parent: i32,
}

impl Stat {
    pub(super) fn of(pid: Pid) -> Option<Self> {
        let text = fs::read(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
        // The name is in parentheses and may hold anything, these included.
        let end = text.iter().rposition(|&byte| byte == b')')?;
        let text = std::str::from_utf8(text.get(end + 2..)?).ok()?;
        let fields: Vec<&str> = text.split(' ').collect();
        Some(Self {
            zombie: matches!(*fields.first()?, "Z" | "X"),
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
            cpu_ticks: fields
                .get(11..15)?
                .iter()
                .map(|ticks| ticks.parse::<u64>().unwrap_or(0))
                .sum(),
            threads: fields.get(17)?.parse().ok()?,
        })
    }
}

/// The number that a process has here, of which this is a descriptor; none once
/// it was reaped.
pub(super) fn pid_of(pidfd: &OwnedFd) -> Option<Pid> {
    let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    let pid = text.lines().find_map(|line| line.strip_prefix("Pid:"))?;
    Pid::from_raw(pid.trim().parse().ok().filter(|&pid| pid > 0)?)
}

/// The processes that this process's main thread is the parent of.
///
/// The kernel hands orphans to the first living thread of a subreaper, which
/// is the main thread; what other threads started is not listed, so in the
/// ordinary case this is one small read.
pub(super) fn adopted() -> Vec<Pid> {
    let own = rustix::process::getpid();
    match fs::read_to_string(format!("/proc/self/task/{}/children", own.as_raw_pid())) {
        Ok(pids) => parse(&pids),
        // Kernels built without that file.
        Err(_) => all()
            .into_iter()
            .filter(|&pid| Stat::of(pid).is_some_and(|stat| stat.parent == own.as_raw_pid()))
            .collect(),
    }
}

/// The children of a process that has one thread.
pub(super) fn children(pid: Pid) -> Vec<Pid> {
    let pid = pid.as_raw_pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    parse(&children.unwrap_or_default())
}

/// The living processes that descend from this one, up to so many.
pub(super) fn descendants(pid: Pid, most: usize) -> Vec<Pid> {
    let mut found = Vec::new();
    let mut next = vec![pid];
    while let Some(pid) = next.pop() {
        let tasks = fs::read_dir(format!("/proc/{}/task", pid.as_raw_pid()));
        for task in tasks.into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in parse(&children) {
                if found.len() == most {
                    return found;
                }
                found.push(child);
                next.push(child);
            }
        }
    }
    found
}

/// Memory that a process has taken, in bytes: what it has in common with others
/// is counted with all of them. What it maps of files is not its own.
pub(super) fn taken_memory_bytes(pid: Pid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_pid())).ok()?;
    Some(bytes_of(&text, "RssAnon:")? + bytes_of(&text, "RssShmem:")?)
}

/// Memory that a process has taken, in bytes, with its share of what it has in
/// common with others. Takes the kernel a while.
pub(super) fn share_of_memory_bytes(pid: Pid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", pid.as_raw_pid())).ok()?;
    let anonymous = bytes_of(&text, "Pss_Anon:").or_else(|| bytes_of(&text, "Pss:"))?;
    let shared_memory = bytes_of(&text, "Pss_Shmem:").unwrap_or(0);
    Some(anonymous + shared_memory)
}

fn bytes_of(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// Whether a process was started with this entry (`NAME=value`) in its
/// environment; `None` when that cannot be read.
pub(super) fn has_variable(pid: Pid, entry: &str) -> Option<bool> {
    let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_pid())).ok()?;
    Some(
        environment
            .split(|&byte| byte == 0)
            .any(|variable| variable == entry.as_bytes()),
    )
}

/// Whether a process was started with a variable that begins so.
pub(super) fn has_variable_beginning(pid: Pid, start: &[u8]) -> bool {
    let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_pid())).unwrap_or_default();
    environment
        .split(|&byte| byte == 0)
        .any(|variable| variable.starts_with(start))
}

/// Whether a process runs this very program, as a child does that was not yet
/// told what to run.
pub(super) fn is_this_program(pid: Pid) -> bool {
    let program = |of: &str| fs::read_link(format!("/proc/{of}/exe")).ok();
    let theirs: Option<PathBuf> = program(&pid.as_raw_pid().to_string());
    theirs.is_some() && theirs == program("self")
}

/// Every process there is.
pub(super) fn all() -> Vec<Pid> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let pid = std::str::from_utf8(name.as_bytes()).ok()?.parse().ok()?;
            Pid::from_raw(pid)
        })
        .collect()
}

fn parse(pids: &str) -> Vec<Pid> {
    pids.split_ascii_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect()
}

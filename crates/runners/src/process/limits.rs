//! The limits that the kernel itself holds a script to.
//!
//! These are for each process and not for a tree of them, so they are a
//! backstop: what counts over all processes is watched by the `watchdog`, which
//! also knows what to call a breach. Sizes of files alone are left to the
//! kernel.

use super::procfs;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use stagehook_core::config::ScriptLimitsInForce;
use std::collections::BTreeSet;
use std::ffi::OsString;

/// What one process may have beyond the limit of all of them, so that the
/// watchdog sees the breach before the process is refused anything.
const ROOM_BYTES: u64 = 4 << 30;
const ROOM_SECONDS: u64 = 1;

/// Resources by their numbers in the system, with their limits.
fn of(limits: &ScriptLimitsInForce) -> [(Resource, u32, u64); 6] {
    [
        (Resource::Core, libc::RLIMIT_CORE, 0),
        (
            Resource::Cpu,
            libc::RLIMIT_CPU,
            limits.cpu.as_secs() + ROOM_SECONDS,
        ),
        (
            Resource::Data,
            libc::RLIMIT_DATA,
            limits.memory_bytes.saturating_mul(2) + ROOM_BYTES,
        ),
        (Resource::Fsize, libc::RLIMIT_FSIZE, limits.file_bytes),
        (
            Resource::Nofile,
            libc::RLIMIT_NOFILE,
            u64::from(limits.open_files),
        ),
        (
            Resource::Nproc,
            libc::RLIMIT_NPROC,
            u64::from(limits.processes) * 2,
        ),
    ]
}

/// As `sandbox-init` is told.
pub(super) fn as_args(limits: &ScriptLimitsInForce) -> impl Iterator<Item = OsString> {
    of(limits)
        .into_iter()
        .map(|(_, number, limit)| format!("{number}={limit}").into())
}

/// Sets the limits of a process that was just started, and of those that it has
/// already started itself; what these start later inherits them.
///
/// Without a sandbox nothing runs between the server and the program that could
/// set them, and a server of gigabytes cannot fork itself for that. How many
/// processes there may be is not among them: without a user namespace of its
/// own, a script would be counted together with everything of the server's user.
pub(super) fn set(pid: Pid, limits: &ScriptLimitsInForce) {
    let mut limited = BTreeSet::new();
    let mut fresh = vec![pid];
    // A fork bomb would have us here forever; the watchdog ends it.
    let most = limits.processes as usize;
    while !fresh.is_empty() && limited.len() <= most {
        for pid in fresh {
            set_of_one(pid, limits);
            limited.insert(pid.as_raw_pid());
        }
        fresh = procfs::descendants(pid, most);
        fresh.retain(|pid| !limited.contains(&pid.as_raw_pid()));
    }
}

fn set_of_one(pid: Pid, limits: &ScriptLimitsInForce) {
    for (resource, number, limit) in of(limits) {
        if number == libc::RLIMIT_NPROC {
            continue;
        }
        let hard = rustix::process::getrlimit(resource).maximum;
        let limit = Some(hard.map_or(limit, |hard| limit.min(hard)));
        let wanted = Rlimit {
            current: limit,
            maximum: limit,
        };
        // It may have ended already.
        if let Err(error) = prlimit(Some(pid), resource, wanted)
            && error != rustix::io::Errno::SRCH
        {
            tracing::warn!(%error, ?resource, "a limit of a hook could not be set");
        }
    }
}

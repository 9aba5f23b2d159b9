//! The limits that the kernel itself holds a script to.
//!
//! These are for each process and not for a tree of them, so they are a
//! backstop: what counts over all processes is watched by the `watchdog`, which
//! also knows what to call a breach. Sizes of files alone are left to the
//! kernel.

use super::cgroup::ControlGroups;
use rustix::process::Resource;
use stagehook_core::config::ScriptLimitsInForce;
use std::ffi::OsString;

/// What one process may have beyond the limit of all of them, so that the
/// watchdog sees the breach before the process is refused anything.
const ROOM_BYTES: u64 = 4 << 30;
const ROOM_SECONDS: u64 = 1;

/// What holds all processes of a script together to their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLimit {
    /// The kernel, in a control group of each run; the watchdog looks as well.
    ControlGroups,
    /// The watchdog alone: no control group can be made.
    Watchdog,
}

impl MemoryLimit {
    /// What a server that was started here would have: tries it out.
    pub fn probe() -> Self {
        Self::by(ControlGroups::make().as_deref())
    }

    pub(super) fn by(groups: Option<&ControlGroups>) -> Self {
        match groups {
            Some(groups) if groups.count_memory() => Self::ControlGroups,
            _ => Self::Watchdog,
        }
    }

    /// The name used in health.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ControlGroups => "control groups",
            Self::Watchdog => "watchdog",
        }
    }
}

/// How much of one thing each process may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct KernelLimit {
    /// By its number in the system, see getrlimit(2).
    pub(super) resource: libc::__rlimit_resource_t,
    /// In the resource's own unit.
    pub(super) most: u64,
}

/// Resources by their numbers in the system, with their limits.
fn of(limits: &ScriptLimitsInForce) -> [(Resource, libc::__rlimit_resource_t, u64); 6] {
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

/// As `sandbox-init` is told, which sets them within the sandbox.
pub(super) fn as_args(limits: &ScriptLimitsInForce) -> impl Iterator<Item = OsString> {
    of(limits)
        .into_iter()
        .map(|(_, number, limit)| format!("{number}={limit}").into())
}

/// As a warm run sets them itself.
pub(super) fn as_numbers(limits: &ScriptLimitsInForce) -> [(u32, u64); 6] {
    of(limits).map(|(_, number, limit)| (number, limit))
}

/// As `sandbox-init` is told for an interpreter that runs are forked from: it has
/// what each of them may have, but for what adds up over them.
pub(super) fn as_args_of_template(limits: &ScriptLimitsInForce) -> impl Iterator<Item = OsString> {
    of(limits)
        .into_iter()
        .filter(|(_, number, _)| ![libc::RLIMIT_CPU, libc::RLIMIT_NPROC].contains(number))
        .map(|(_, number, limit)| format!("{number}={limit}").into())
}

/// Of a program without a sandbox; never above what this process itself may
/// have.
///
/// How many processes there may be is not among them: without a user namespace
/// of its own, a script would be counted together with everything of the
/// server's user.
pub(super) fn unconfined(limits: &ScriptLimitsInForce) -> Vec<KernelLimit> {
    of(limits)
        .into_iter()
        .filter(|(resource, ..)| *resource != Resource::Nproc)
        .map(|(resource, number, limit)| {
            let hard = rustix::process::getrlimit(resource).maximum;
            KernelLimit {
                resource: number,
                most: hard.map_or(limit, |hard| limit.min(hard)),
            }
        })
        .collect()
}

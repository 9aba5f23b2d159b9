//! The few calls that no safe crate offers.
#![expect(
    unsafe_code,
    reason = "wait4, getrusage and close_range have no safe wrapper, and tokio none to watch a descriptor"
)]

use rustix::process::Pid;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// What is known of a process that ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    /// How it ended.
    pub(super) status: ExitStatus,
    /// Processor time of it and of every descendant that was waited for.
    pub(super) cpu: Duration,
    /// Most memory that one of them had resident.
    pub(super) peak_memory_bytes: u64,
}

/// Reaps a child; `None` while it runs.
pub(super) fn reap(child: Pid) -> io::Result<Option<Reaped>> {
    let mut status = 0;
    // SAFETY: an all-zero rusage is a valid value of this plain C struct.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live locals of the right type.
    let pid = unsafe {
        libc::wait4(
            child.as_raw_pid(),
            &raw mut status,
            libc::WNOHANG,
            &raw mut usage,
        )
    };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(None),
        _ => Ok(Some(Reaped {
            status: ExitStatus::from_raw(status),
            cpu: duration(usage.ru_utime) + duration(usage.ru_stime),
            peak_memory_bytes: kib(usage.ru_maxrss),
        })),
    }
}

/// Watches a descriptor for the moment when it can be read. Must be called
/// within the async runtime.
pub(super) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is owned, so it stays open and the same until the
    // `AsyncFd` is dropped, and `OwnedFd` always answers with its own number.
    let watched = unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) };
    watched.map_err(io::Error::from)
}

/// Most memory that this process itself ever had resident.
pub(super) fn own_peak_memory_bytes() -> u64 {
    // SAFETY: an all-zero rusage is a valid value of this plain C struct.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live local of the right type.
    match unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) } {
        0 => kib(usage.ru_maxrss),
        _ => u64::MAX,
    }
}

/// Marks every descriptor but 0, 1 and 2 so that no child inherits it. What
/// this process opens is marked anyway; this is for what it was started with.
pub(super) fn keep_descriptors_from_children() -> io::Result<()> {
    const CLOEXEC: libc::c_uint = libc::CLOSE_RANGE_CLOEXEC as libc::c_uint;
    // SAFETY: the call takes three integers and only sets flags.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, CLOEXEC) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Time of a processor that the kernel counts in ticks.
pub(super) fn of_ticks(ticks: u64) -> Duration {
    // SAFETY: the call takes an integer alone.
    let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    let per_second = u64::try_from(per_second).ok().filter(|&ticks| ticks > 0);
    Duration::from_millis(ticks * 1_000 / per_second.unwrap_or(100))
}

fn kib(value: libc::c_long) -> u64 {
    u64::try_from(value).unwrap_or(0) * 1024
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(micros)
}

//! What the end of a process means.

use super::supervise::{End, Ended};
use super::sys::{Reaped, own_peak_memory_bytes};
use stagehook_core::contract::{HookResult, InvalidResult};
use stagehook_core::execution::{Execution, ExecutionStatus, Usage};
use stagehook_core::verdict::outcome;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

/// What a cancelled run says.
pub(super) const CANCELLED: &str = "cancelled";
/// The exit code of a hook that failed and may be tried again (`EX_TEMPFAIL`).
const TRY_AGAIN: i32 = 75;

/// The record of a process that has ended.
pub(super) fn execution(
    ended: Ended,
    result: Result<Option<HookResult>, InvalidResult>,
    timeout: Duration,
    duration: Duration,
) -> Execution {
    let usage = usage(&ended);
    let mut execution = Execution {
        status: ExecutionStatus::Passed,
        stdout: ended.stdout.into_text(),
        stderr: ended.stderr.into_text(),
        result: None,
        exit_code: None,
        error: None,
        retryable: false,
        duration,
        usage,
    };
    match ended.end {
        End::Deadline => {
            execution.status = ExecutionStatus::TimedOut;
            execution.error = Some(format!("timed out after {} s", timeout.as_secs_f64()));
            execution.retryable = true;
        }
        End::Cancelled => {
            execution.status = ExecutionStatus::Cancelled;
            execution.error = Some(CANCELLED.to_owned());
        }
        End::OfItsOwn => of_its_own(&mut execution, ended.leader, result),
    }
    execution
}

fn of_its_own(
    execution: &mut Execution,
    leader: Option<Reaped>,
    result: Result<Option<HookResult>, InvalidResult>,
) {
    let Some(status) = leader.map(|leader| leader.status) else {
        execution.status = ExecutionStatus::HostError;
        execution.error = Some("how the script ended is not known".to_owned());
        return;
    };
    if let Some(signal) = status.signal() {
        execution.status = ExecutionStatus::Killed;
        execution.error = Some(format!("killed by {}", signal_name(signal)));
        return;
    }
    execution.exit_code = status.code();
    execution.retryable = status.code() == Some(TRY_AGAIN);
    let failure = match status.code() {
        Some(0) => None,
        Some(code) => Some(format!("exited with status {code}")),
        None => Some("ended without an exit status".to_owned()),
    };
    let outcome = outcome(failure, result);
    execution.status = outcome.status;
    execution.result = outcome.result;
    execution.error = outcome.error;
}

fn usage(ended: &Ended) -> Usage {
    // A process starts out sharing the server's memory and is charged with the
    // server's peak until its own is higher, so what is not above that peak
    // was not measured.
    let peak_memory_bytes = ended
        .leader
        .map(|leader| leader.peak_memory_bytes)
        .filter(|&peak| peak > own_peak_memory_bytes());
    Usage {
        cpu_ms: ended
            .leader
            .map(|leader| u64::try_from(leader.cpu.as_millis()).unwrap_or(u64::MAX)),
        peak_memory_bytes,
        stdout_dropped_bytes: ended.stdout.dropped(),
        stderr_dropped_bytes: ended.stderr.dropped(),
        ..Usage::default()
    }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

//! What the end of a process means.

use super::report::Report;
use super::supervise::{End, Ended};
use super::sys::own_peak_memory_bytes;
use stagehook_core::config::ScriptLimitsInForce;
use stagehook_core::contract::{HookResult, InvalidResult};
use stagehook_core::execution::{Execution, ExecutionStatus, Usage};
use stagehook_core::verdict::outcome;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

/// What a cancelled run says.
pub(super) const CANCELLED: &str = "cancelled";
/// The exit code of a hook that failed and may be tried again (`EX_TEMPFAIL`).
const TRY_AGAIN: i32 = 75;

/// The record of a script that has ended. `report` is that of its sandbox, if
/// it had one.
pub(super) fn execution(
    ended: Ended,
    report: Option<Report>,
    result: Result<Option<HookResult>, InvalidResult>,
    limits: &ScriptLimitsInForce,
    timeout: Duration,
) -> Execution {
    let usage = usage(&ended, report.as_ref());
    let mut execution = Execution {
        status: ExecutionStatus::Passed,
        stdout: ended.stdout.into_text(),
        stderr: ended.stderr.into_text(),
        result: None,
        exit_code: None,
        error: None,
        retryable: false,
        retry_after: None,
        duration: Duration::ZERO,
        usage,
        script: None,
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
        End::Breach(breach) => {
            let (status, error) = breach.told(limits);
            execution.status = status;
            execution.error = Some(error);
        }
        End::OfItsOwn => {
            let leader = ended.leader.map(|leader| leader.status);
            match report {
                None => of_its_own(&mut execution, leader, result, limits),
                Some(Report::Ended(reported)) => {
                    of_its_own(&mut execution, Some(reported.status), result, limits);
                }
                Some(Report::NotStarted(error)) => not_started(&mut execution, &error),
                Some(Report::Nothing) => without_report(&mut execution, leader),
            }
        }
    }
    execution
}

/// The sandbox was there, and the interpreter was not.
fn not_started(execution: &mut Execution, error: &std::io::Error) {
    execution.status = ExecutionStatus::HostError;
    execution.error = Some(match error.raw_os_error() {
        Some(libc::E2BIG) => {
            "the arguments and the environment together are larger than the system allows"
                .to_owned()
        }
        Some(libc::ENOENT) => "the interpreter does not exist in the sandbox: it has to be in \
             /usr, /opt or a virtual environment of this server"
            .to_owned(),
        _ => format!("the interpreter could not be started in the sandbox: {error}"),
    });
}

/// Bubblewrap ended without its child having said anything; or, where there is
/// no bubblewrap, the first process of a run that was forked within a sandbox and
/// was all set up.
fn without_report(execution: &mut Execution, bubblewrap: Option<ExitStatus>) {
    /// How bubblewrap tells of a child that was ended by this signal.
    const KILLED: i32 = 128 + libc::SIGKILL;
    if bubblewrap.is_none_or(|status| status.code() == Some(KILLED)) {
        execution.status = ExecutionStatus::Killed;
        execution.error = Some(format!("killed by {}", signal_name(libc::SIGKILL)));
        return;
    }
    // What it says names paths of the host.
    tracing::error!(
        said = execution.stderr.trim_end(),
        "a sandbox could not be set up"
    );
    execution.stderr.clear();
    execution.status = ExecutionStatus::HostError;
    execution.error =
        Some("the sandbox could not be set up; the log of the server says why".to_owned());
}

fn of_its_own(
    execution: &mut Execution,
    status: Option<ExitStatus>,
    result: Result<Option<HookResult>, InvalidResult>,
    limits: &ScriptLimitsInForce,
) {
    let Some(status) = status else {
        execution.status = ExecutionStatus::HostError;
        execution.error = Some("how the script ended is not known".to_owned());
        return;
    };
    if let Some(error) = limit_of_the_kernel(status, limits) {
        execution.status = ExecutionStatus::LimitExceeded;
        execution.error = Some(error);
        execution.exit_code = status.code();
        return;
    }
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

/// The limit that the kernel ended it for, if it did; also where the program
/// that was ended was one that a shell had started, and the shell says so.
fn limit_of_the_kernel(status: ExitStatus, limits: &ScriptLimitsInForce) -> Option<String> {
    let signal = status.signal().or_else(|| status.code()?.checked_sub(128));
    match signal? {
        libc::SIGXFSZ => Some(format!(
            "file size: a file of more than the {} MiB that are allowed (limits.file_size_mib)",
            limits.file_bytes >> 20
        )),
        libc::SIGXCPU => Some(format!(
            "processor time: more than the {} s that are allowed (limits.cpu_seconds)",
            limits.cpu.as_secs()
        )),
        _ => None,
    }
}

fn usage(ended: &Ended, report: Option<&Report>) -> Usage {
    // Of a process that is not ours to wait for, its report tells.
    let (cpu, peak_memory_bytes) = match (ended.leader, report) {
        (Some(leader), _) => {
            // A process starts out sharing the server's memory and is charged
            // with the server's peak until its own is higher, so what is not
            // above that peak was not measured.
            let peak = Some(leader.peak_memory_bytes);
            let measured = peak.filter(|&peak| peak > own_peak_memory_bytes());
            (Some(leader.cpu), measured)
        }
        (None, Some(Report::Ended(reported))) => {
            (Some(reported.cpu), Some(reported.peak_memory_bytes))
        }
        (None, Some(_)) => (Some(Duration::ZERO), None),
        (None, None) => (None, None),
    };
    let seen_peak = Some(ended.seen.peak_memory_bytes).filter(|&peak| peak > 0);
    Usage {
        // The kernel adds up what was waited for; of what was killed it does
        // not, but that was seen before.
        cpu_ms: cpu.map(|cpu| {
            let cpu = cpu.max(ended.seen.cpu);
            u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX)
        }),
        peak_memory_bytes: peak_memory_bytes.max(seen_peak),
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

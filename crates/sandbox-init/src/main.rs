//! The first process of a script's sandbox. REQ-SCR-5, REQ-SCR-6
//!
//! ```text
//! sandbox-init RESOURCE=LIMIT... -- PROGRAM [ARGUMENT...]
//! sandbox-init --adopt PID
//! ```
//!
//! Bubblewrap starts it as process 1 of the sandbox's own pid namespace. It
//! sets resource limits (numbers of the system, as in `getrlimit(2)`), starts
//! the program, passes TERM on to every process of the sandbox, and says on
//! descriptor 3 how the program ended, in one line:
//!
//! | line | meaning |
//! | --- | --- |
//! | `exit 3` | it exited with this status |
//! | `signal 9` | it was ended by this signal |
//! | `error 2` | it could not be started, for this reason (`errno`) |
//!
//! After that come the processor time of the program, in microseconds, and the
//! most memory that it had resident, in KiB: of it and of all that it waited for,
//! or that was left to this process.
//!
//! With `--adopt` the program is there already, as a child of this process that
//! waits for it: a run of a warm script, whose limits are set.
//!
//! With its own end the kernel ends whatever is left in the sandbox. It ends
//! too when nobody reads descriptor 3 any more: the server is gone.
//!
//! This is compiled by the build script of `stagehook-runners`, by `rustc`
//! alone and without any crate, linked statically: it is started for every
//! confined hook, and must cost next to nothing. Hence the calls of the C
//! library below.

#![expect(
    unsafe_code,
    reason = "no crate is at hand to wrap the calls of the C library"
)]

use std::env;
use std::ffi::{OsString, c_int, c_long, c_short, c_uint, c_ulong};
use std::fs::File;
use std::io::{self, Write as _};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// Where the end is reported.
const REPORT: c_int = 3;

const PR_SET_DUMPABLE: c_int = 4;
const F_SETFD: c_int = 2;
const FD_CLOEXEC: c_int = 1;
const SIG_BLOCK: c_int = 0;
const SIG_SETMASK: c_int = 2;
const SIGTERM: c_int = 15;
const SIGCHLD: c_int = 17;
const WNOHANG: c_int = 1;
const RUSAGE_CHILDREN: c_int = -1;
const POLLIN: c_short = 1;
const SFD_NONBLOCK_CLOEXEC: c_int = 0o2_004_000;

/// As large as the C library's, and aligned as well.
#[repr(C)]
struct SignalSet([c_ulong; 128 / size_of::<c_ulong>()]);

#[repr(C)]
struct Limit {
    soft: u64,
    hard: u64,
}

#[repr(C)]
struct Poll {
    descriptor: c_int,
    events: c_short,
    happened: c_short,
}

/// `struct rusage`.
#[repr(C)]
struct Usage {
    /// Seconds and microseconds in the program, and in the kernel for it.
    times: [c_long; 4],
    /// In KiB.
    peak_memory: c_long,
    rest: [c_long; 13],
}

unsafe extern "C" {
    fn prctl(option: c_int, ...) -> c_int;
    fn fcntl(descriptor: c_int, command: c_int, ...) -> c_int;
    fn close_range(first: c_uint, last: c_uint, flags: c_uint) -> c_int;
    fn getrlimit64(resource: c_int, limit: *mut Limit) -> c_int;
    fn setrlimit64(resource: c_int, limit: *const Limit) -> c_int;
    fn sigemptyset(set: *mut SignalSet) -> c_int;
    fn sigaddset(set: *mut SignalSet, signal: c_int) -> c_int;
    fn sigprocmask(how: c_int, set: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn signalfd(descriptor: c_int, set: *const SignalSet, flags: c_int) -> c_int;
    fn poll(descriptors: *mut Poll, count: c_ulong, timeout: c_int) -> c_int;
    fn read(descriptor: c_int, buffer: *mut u8, bytes: usize) -> isize;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn getrusage(who: c_int, usage: *mut Usage) -> c_int;
}

fn main() -> ExitCode {
    // Elsewhere, passing a signal on to "every process" would be just that.
    if std::process::id() != 1 {
        return ExitCode::from(2);
    }
    // SAFETY: descriptor 3 was opened for us, and nothing else in here uses it.
    let mut report = ManuallyDrop::new(unsafe { File::from_raw_fd(REPORT) });
    let line = match run() {
        Ok(Some(status)) => {
            // See wait(2): the signal is in the lowest seven bits, the exit
            // status in the next eight.
            let ended = match status & 0x7f {
                0 => format!("exit {}", status >> 8 & 0xff),
                signal => format!("signal {signal}"),
            };
            format!("{ended}{}\n", used())
        }
        Ok(None) => return ExitCode::FAILURE,
        Err(error) => format!("error {}\n", error.raw_os_error().unwrap_or_default()),
    };
    // Where nobody reads it any more, nobody needs it.
    let _ = report.write_all(line.as_bytes());
    ExitCode::SUCCESS
}

/// Runs the program to its end: its wait status, or `None` where the server is
/// gone.
fn run() -> io::Result<Option<c_int>> {
    hide()?;
    let mut args = env::args_os().skip(1).peekable();
    if args.next_if(|arg| arg == "--adopt").is_some() {
        return wait(adopted(args.next())?, watch_signals()?);
    }
    for limit in args.by_ref().take_while(|arg| arg != "--") {
        set_limit(&limit)?;
    }
    let program = args.next().ok_or(io::ErrorKind::InvalidInput)?;
    // Before the program starts, so that its end is not missed.
    let signals = watch_signals()?;
    let mut command = Command::new(program);
    command.args(args);
    // SAFETY: it makes two calls that may be made after a fork.
    unsafe { command.pre_exec(hear_signals) };
    let child = command.spawn()?;
    let child = c_int::try_from(child.id()).map_err(io::Error::other)?;
    wait(child, signals)
}

/// The program that is there already.
fn adopted(pid: Option<OsString>) -> io::Result<c_int> {
    let pid = pid.and_then(|pid| pid.to_str()?.parse().ok());
    Ok(pid.ok_or(io::ErrorKind::InvalidInput)?)
}

/// Waits for the program's end, as `run` tells of it.
fn wait(child: c_int, signals: c_int) -> io::Result<Option<c_int>> {
    loop {
        // One that was adopted may have ended before.
        if let Some(status) = reap(child) {
            return Ok(Some(status));
        }
        if !wait_for_signal(signals)? {
            return Ok(None);
        }
    }
}

/// What all that was waited for has used, with a space before each number;
/// nothing where that is not known.
fn used() -> String {
    let mut usage = Usage {
        times: [0; _],
        peak_memory: 0,
        rest: [0; _],
    };
    // SAFETY: the pointer is to a live local of the type that is expected.
    if unsafe { getrusage(RUSAGE_CHILDREN, &raw mut usage) } < 0 {
        return String::new();
    }
    let [seconds, micros, more_seconds, more_micros] = usage.times;
    let micros = (seconds + more_seconds) * 1_000_000 + micros + more_micros;
    format!(" {micros} {}", usage.peak_memory)
}

/// Lets no other process of the sandbox look into this one, and nothing of what
/// it holds get to the program. One that waits to be adopted goes on when
/// the last of these calls closes what it waits for.
fn hide() -> io::Result<()> {
    // SAFETY: these calls take integers alone.
    unsafe {
        check(prctl(PR_SET_DUMPABLE, 0 as c_ulong))?;
        check(fcntl(REPORT, F_SETFD, FD_CLOEXEC))?;
        check(close_range(4, c_uint::MAX, 0))?;
    }
    Ok(())
}

/// `RESOURCE=LIMIT`; never above what this process itself may have.
fn set_limit(limit: &OsString) -> io::Result<()> {
    let parsed = limit.to_str().and_then(|text| {
        let (resource, limit) = text.split_once('=')?;
        Some((resource.parse().ok()?, limit.parse::<u64>().ok()?))
    });
    let (resource, limit): (c_int, u64) = parsed.ok_or(io::ErrorKind::InvalidInput)?;
    let mut now = Limit { soft: 0, hard: 0 };
    // SAFETY: the pointers are to a live local of the type that is expected.
    unsafe {
        check(getrlimit64(resource, &raw mut now))?;
        let limit = limit.min(now.hard);
        let wanted = Limit {
            soft: limit,
            hard: limit,
        };
        check(setrlimit64(resource, &raw const wanted))?;
    }
    Ok(())
}

/// A descriptor that tells of TERM and of ended children, which no longer
/// interrupt this process.
fn watch_signals() -> io::Result<c_int> {
    let mut set = SignalSet([0; _]);
    // SAFETY: the pointers are to live locals, as large as the C library wants
    // them; no old mask is asked for.
    unsafe {
        check(sigemptyset(&raw mut set))?;
        check(sigaddset(&raw mut set, SIGTERM))?;
        check(sigaddset(&raw mut set, SIGCHLD))?;
        check(sigprocmask(SIG_BLOCK, &raw const set, std::ptr::null_mut()))?;
        check(signalfd(-1, &raw const set, SFD_NONBLOCK_CLOEXEC))
    }
}

/// Makes the program hear what this process does not: it would inherit that.
fn hear_signals() -> io::Result<()> {
    let mut none = SignalSet([0; _]);
    // SAFETY: the pointers are to a live local, as large as the C library wants
    // it; no old mask is asked for.
    unsafe {
        check(sigemptyset(&raw mut none))?;
        check(sigprocmask(
            SIG_SETMASK,
            &raw const none,
            std::ptr::null_mut(),
        ))?;
    }
    Ok(())
}

/// Waits for signals, and passes TERM on. False: the server is gone.
fn wait_for_signal(signals: c_int) -> io::Result<bool> {
    /// Of `struct signalfd_siginfo`, whose first field is the signal.
    const INFO_BYTES: usize = 128;
    let mut wanted = [
        Poll {
            descriptor: signals,
            events: POLLIN,
            happened: 0,
        },
        // Asked for nothing: an error, which is what a pipe without a reader
        // has, is told unasked.
        Poll {
            descriptor: REPORT,
            events: 0,
            happened: 0,
        },
    ];
    // SAFETY: the pointer is to as many live entries as is said.
    check(unsafe { poll(wanted.as_mut_ptr(), wanted.len() as c_ulong, -1) })?;
    if wanted[1].happened != 0 {
        return Ok(false);
    }
    let mut info = [0_u8; INFO_BYTES];
    // SAFETY: the pointer is to as many live bytes as is said.
    while unsafe { read(signals, info.as_mut_ptr(), INFO_BYTES) } == INFO_BYTES.cast_signed() {
        let signal = c_int::from_ne_bytes([info[0], info[1], info[2], info[3]]);
        if signal == SIGTERM {
            // SAFETY: this takes integers alone. From process 1 it reaches every
            // process of the namespace but itself.
            unsafe { kill(-1, SIGTERM) };
        }
    }
    Ok(true)
}

/// Reaps what has ended: the wait status of the program, once it is among them.
fn reap(program: c_int) -> Option<c_int> {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live local.
        match unsafe { waitpid(-1, &raw mut status, WNOHANG) } {
            pid if pid == program => return Some(status),
            pid if pid > 0 => {}
            _ => return None,
        }
    }
}

fn check(answer: c_int) -> io::Result<c_int> {
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(answer)
    }
}

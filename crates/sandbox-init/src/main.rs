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
//! alone and without any crate, neither the standard library nor that of C: it
//! is started for every confined hook, and must cost next to nothing. Setting
//! up a C library alone took longer than all of the below.

#![cfg_attr(panic = "abort", no_std, no_main, no_builtins)]
#![cfg_attr(
    not(panic = "abort"),
    expect(
        dead_code,
        reason = "cargo only looks it over, as a program that does nothing"
    )
)]
#![expect(
    unsafe_code,
    reason = "no crate is at hand to wrap the calls of the kernel"
)]

mod kernel;

use core::ffi::{CStr, c_char, c_int, c_short, c_uint};
use kernel::{Errno, Limit, Poll, Signals};

/// Where the end is reported.
const REPORT: c_int = 3;

const PR_SET_DUMPABLE: c_int = 4;
const F_SETFD: c_int = 2;
const FD_CLOEXEC: c_int = 1;
const EINVAL: Errno = 22;
const SIGTERM: c_int = 15;
const SIGCHLD: c_int = 17;
const POLLIN: c_short = 1;
const SFD_NONBLOCK_CLOEXEC: c_int = 0o2_004_000;

#[cfg(not(panic = "abort"))]
fn main() {}

/// Strings of C, and after them a null pointer.
type Strings<'a> = &'a [*const c_char];

/// From the beginning to the end; the exit status. `variables` end with a null
/// pointer.
fn live(args: Strings<'_>, variables: *const *const c_char) -> c_int {
    // Elsewhere, passing a signal on to "every process" would be just that.
    if kernel::getpid() != 1 {
        return 2;
    }
    let mut line = Line::default();
    match run(args.get(1..).unwrap_or_default(), variables) {
        Ok(Some(status)) => {
            // See wait(2): the signal is in the lowest seven bits, the exit
            // status in the next eight.
            match status & 0x7f {
                0 => line.say(b"exit", status >> 8 & 0xff),
                signal => line.say(b"signal", signal),
            }
            line.say_used();
        }
        Ok(None) => return 1,
        Err(error) => line.say(b"error", error),
    }
    // Where nobody reads it any more, nobody needs it.
    let _ = line.report();
    0
}

/// Runs the program to its end: its wait status, or `None` where the server is
/// gone.
fn run(args: Strings<'_>, variables: *const *const c_char) -> Result<Option<c_int>, Errno> {
    hide()?;
    if let [first, pid, ..] = args
        && text(*first) == b"--adopt"
    {
        let pid = number(text(*pid)).and_then(|pid| pid.try_into().ok());
        return wait(pid.ok_or(EINVAL)?, watch_signals()?);
    }
    let (limits, program) = split(args).ok_or(EINVAL)?;
    for &limit in limits {
        set_limit(text(limit))?;
    }
    // Before the program starts, so that its end is not missed.
    let signals = watch_signals()?;
    wait(start(program, variables)?, signals)
}

/// The limits, and the program with its arguments.
fn split(args: Strings<'_>) -> Option<(Strings<'_>, Strings<'_>)> {
    let end = args.iter().position(|&arg| text(arg) == b"--")?;
    let (limits, program) = (args.get(..end)?, args.get(end + 1..)?);
    (!program.is_empty()).then_some((limits, program))
}

/// Starts the program, and answers with its number once it is the program.
fn start(program: Strings<'_>, variables: *const *const c_char) -> Result<c_int, Errno> {
    let [failed, fails] = kernel::pipe()?;
    let pid = kernel::fork()?;
    if pid == 0 {
        // It would inherit what this process does not hear.
        let error = match kernel::block(0) {
            // SAFETY: the arguments are at the end of those of this program, and so
            // end as they do.
            Ok(_) => unsafe { kernel::execve(program[0], program.as_ptr(), variables) },
            Err(error) => error,
        };
        let _ = kernel::write(fails, &error.to_ne_bytes());
        kernel::exit(127);
    }
    // The program has no such descriptor: that is the end of the pipe.
    let c_uint_of = |descriptor: c_int| descriptor.cast_unsigned();
    kernel::close_range(c_uint_of(fails), c_uint_of(fails))?;
    let mut error = [0; size_of::<Errno>()];
    let read = kernel::read(failed, &mut error)?;
    kernel::close_range(c_uint_of(failed), c_uint_of(failed))?;
    if read > 0 {
        return Err(Errno::from_ne_bytes(error));
    }
    Ok(pid)
}

/// Waits for the program's end, as `run` tells of it.
fn wait(child: c_int, signals: c_int) -> Result<Option<c_int>, Errno> {
    loop {
        // One that was adopted may have ended before.
        while let Some((pid, status)) = kernel::reap() {
            if pid == child {
                return Ok(Some(status));
            }
        }
        if !wait_for_signal(signals)? {
            return Ok(None);
        }
    }
}

/// Lets no other process of the sandbox look into this one, and nothing of what
/// it holds get to the program. One that waits to be adopted goes on when
/// the last of these calls closes what it waits for.
fn hide() -> Result<(), Errno> {
    kernel::prctl(PR_SET_DUMPABLE, 0)?;
    kernel::fcntl(REPORT, F_SETFD, FD_CLOEXEC)?;
    kernel::close_range(4, c_uint::MAX)?;
    Ok(())
}

/// `RESOURCE=LIMIT`; never above what this process itself may have.
fn set_limit(limit: &[u8]) -> Result<(), Errno> {
    let parsed = limit.iter().position(|&byte| byte == b'=').and_then(|at| {
        let resource = number(limit.get(..at)?)?.try_into().ok()?;
        Some((resource, number(limit.get(at + 1..)?)?))
    });
    let (resource, limit) = parsed.ok_or(EINVAL)?;
    let limit = limit.min(kernel::prlimit(resource, None)?.hard);
    let wanted = Limit {
        soft: limit,
        hard: limit,
    };
    kernel::prlimit(resource, Some(&wanted))?;
    Ok(())
}

/// A descriptor that tells of TERM and of ended children, which no longer
/// interrupt this process.
fn watch_signals() -> Result<c_int, Errno> {
    const WATCHED: Signals = 1 << (SIGTERM - 1) | 1 << (SIGCHLD - 1);
    kernel::block(WATCHED)?;
    kernel::signalfd(WATCHED, SFD_NONBLOCK_CLOEXEC)
}

/// Waits for signals, and passes TERM on. False: the server is gone.
fn wait_for_signal(signals: c_int) -> Result<bool, Errno> {
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
    kernel::poll(&mut wanted)?;
    if wanted[1].happened != 0 {
        return Ok(false);
    }
    let mut info = [0; INFO_BYTES];
    while kernel::read(signals, &mut info) == Ok(INFO_BYTES) {
        let signal = c_int::from_ne_bytes([info[0], info[1], info[2], info[3]]);
        if signal == SIGTERM {
            // From process 1 it reaches every process of the namespace but itself.
            let _ = kernel::kill(-1, SIGTERM);
        }
    }
    Ok(true)
}

/// What a string of C says.
fn text<'a>(string: *const c_char) -> &'a [u8] {
    // SAFETY: arguments are there, as strings of C, as long as the program is.
    unsafe { CStr::from_ptr(string) }.to_bytes()
}

/// A number that is written in digits.
fn number(digits: &[u8]) -> Option<u64> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

/// The line that is reported.
struct Line {
    bytes: [u8; 128],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            bytes: [0; _],
            length: 0,
        }
    }
}

impl Line {
    fn say(&mut self, word: &[u8], number: c_int) {
        self.push(word);
        self.say_number(number.unsigned_abs().into());
    }

    /// What all that was waited for has used; nothing where that is not known.
    fn say_used(&mut self) {
        let Ok(usage) = kernel::usage_of_children() else {
            return;
        };
        let [seconds, micros, more_seconds, more_micros] = usage.times;
        let micros = (seconds + more_seconds) * 1_000_000 + micros + more_micros;
        self.say_number(micros.unsigned_abs());
        self.say_number(usage.peak_memory.unsigned_abs());
    }

    fn say_number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut first = digits.len();
        loop {
            first -= 1;
            let digit = (number % 10) as u8;
            digits[first] = b'0' + digit;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.push(b" ");
        self.push(&digits[first..]);
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if let Some(room) = self.bytes.get_mut(self.length..end) {
            room.copy_from_slice(bytes);
            self.length = end;
        }
    }

    fn report(&mut self) -> Result<c_int, Errno> {
        self.push(b"\n");
        kernel::write(REPORT, &self.bytes[..self.length])
    }
}

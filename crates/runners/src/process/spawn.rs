//! Starts a program as it is to be: with the descriptors that it is to have and
//! no others, within its limits, counted from its first moment.
//!
//! The standard library starts a program by `posix_spawn`, which does not copy
//! the server's page tables, but hands it three descriptors at most and sets no
//! limits. A sandbox needs its directories too, and making these inheritable in
//! the server itself would leak them into whatever else is started at that
//! moment; limits that are set after the start are too late for a program that
//! is quick. So this does what `posix_spawn` does, and a little more: a child
//! that borrows the server's memory and stops the thread that made it (`vfork`)
//! makes a handful of system calls, and becomes the program.

#![expect(
    unsafe_code,
    reason = "a child that borrows our memory has no safe wrapper"
)]

use super::limits::KernelLimit;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// The number that the first of the further descriptors gets.
pub(super) const FIRST_DESCRIPTOR: RawFd = 3;
/// Above all numbers that a program is given.
const ABOVE: RawFd = 200;
/// More than the child's few calls need.
const STACK_BYTES: usize = 64 << 10;
/// Signals of the system.
const SIGNALS: c_int = 64;

/// As a stack has to be aligned.
#[derive(Clone, Copy)]
#[repr(align(16))]
struct Aligned(#[expect(dead_code, reason = "it is memory")] [u8; 16]);

/// A program to be started.
#[derive(Debug)]
pub(super) struct Program {
    /// Absolute.
    pub(super) path: PathBuf,
    pub(super) args: Vec<OsString>,
    /// Its whole environment.
    pub(super) variables: BTreeMap<String, OsString>,
    /// Where it starts.
    pub(super) directory: PathBuf,
    /// What it reads instead of a pipe of ours.
    pub(super) stdin: Option<OwnedFd>,
    /// What it has as descriptors 3, 4, …
    pub(super) descriptors: Vec<OwnedFd>,
    /// What the kernel holds it to from its first moment.
    pub(super) limits: Vec<KernelLimit>,
    /// Where it enters the control groups that it is in from its first moment.
    pub(super) groups: Vec<OwnedFd>,
}

/// A program that was started, leader of a session and a process group of its
/// own, with our ends of its pipes.
#[derive(Debug)]
pub(super) struct Spawned {
    pub(super) pid: Pid,
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

impl Program {
    /// A program without arguments, environment or further descriptors.
    pub(super) fn new(path: impl Into<PathBuf>, directory: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            args: Vec::new(),
            variables: BTreeMap::new(),
            directory: directory.into(),
            stdin: None,
            descriptors: Vec::new(),
            limits: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Adds arguments.
    pub(super) fn args<A: Into<OsString>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a descriptor, and answers with the number it will have.
    pub(super) fn descriptor(&mut self, descriptor: OwnedFd) -> RawFd {
        self.descriptors.push(descriptor);
        FIRST_DESCRIPTOR + c_int::try_from(self.descriptors.len()).unwrap_or(c_int::MAX) - 1
    }

    /// Starts it. Its signals are as a program expects them.
    pub(super) fn spawn(self) -> io::Result<Spawned> {
        let path = c_string(self.path.as_os_str())?;
        let directory = c_string(self.directory.as_os_str())?;
        let mut args = vec![path.clone()];
        for arg in &self.args {
            args.push(c_string(arg)?);
        }
        let mut variables = Vec::with_capacity(self.variables.len());
        for (name, value) in &self.variables {
            let mut entry = OsString::from(name);
            entry.push("=");
            entry.push(value);
            variables.push(CString::new(entry.into_vec())?);
        }
        let [stdin, stdout, stderr] = [pipe()?, pipe()?, pipe()?];
        let mut theirs = vec![self.stdin.unwrap_or(stdin.0), stdout.1, stderr.1];
        theirs.extend(self.descriptors);
        // Out of the way of the numbers that they are copied to.
        let theirs = theirs
            .iter()
            .map(|descriptor| rustix::io::fcntl_dupfd_cloexec(descriptor, ABOVE))
            .collect::<Result<Vec<_>, _>>()?;

        let pid = Start {
            path: &path,
            directory: &directory,
            args: &pointers(&args),
            variables: &pointers(&variables),
            descriptors: &theirs,
            limits: &self.limits,
            groups: &self.groups,
            error: 0,
        }
        .run()?;
        Ok(Spawned {
            pid,
            stdin: stdin.1,
            stdout: stdout.0,
            stderr: stderr.0,
        })
    }
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings
        .iter()
        .map(|string| string.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

/// The end to read, and the end to write.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), writer.into()))
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

/// All that the child needs, made before there is a child: it must not allocate.
struct Start<'a> {
    path: &'a CStr,
    directory: &'a CStr,
    /// Arrays of strings that end with a null pointer.
    args: &'a [*const c_char],
    variables: &'a [*const c_char],
    /// What becomes descriptors 0, 1, 2, …
    descriptors: &'a [OwnedFd],
    limits: &'a [KernelLimit],
    /// Where it writes itself into its control groups.
    groups: &'a [OwnedFd],
    /// Why it did not become the program; 0 if it did.
    error: c_int,
}

impl Start<'_> {
    /// Starts the program. This thread goes on when it has started, or could
    /// not be.
    fn run(mut self) -> io::Result<Pid> {
        const FLAGS: c_int = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
        let mut stack = vec![MaybeUninit::<Aligned>::uninit(); STACK_BYTES / size_of::<Aligned>()];
        let top = stack.as_mut_ptr_range().end;
        let start = (&raw mut self).cast();
        // SAFETY: the child runs on a stack of its own and borrows the rest of
        // our memory, while this thread waits in here (CLONE_VFORK). Of that
        // memory it writes `self.error` and this thread's `errno`. No signal
        // reaches this thread, and so none the child, before the child has left
        // none of our handlers in force.
        let pid = unsafe {
            let mut all = MaybeUninit::uninit();
            let mut before = MaybeUninit::uninit();
            libc::sigfillset(all.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr());
            let pid = libc::clone(become_program, top.cast(), FLAGS, start);
            // Before it is lost by the next call.
            let error = io::Error::last_os_error();
            libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
            if pid < 0 {
                return Err(error);
            }
            pid
        };
        let pid =
            Pid::from_raw(pid).ok_or_else(|| io::Error::other("a process without a number"))?;
        // SAFETY: the child wrote it through a pointer, which the compiler may
        // not know of.
        match unsafe { (&raw const self.error).read_volatile() } {
            0 => Ok(pid),
            error => {
                let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED);
                Err(io::Error::from_raw_os_error(error))
            }
        }
    }

    /// Makes of the child what the program is to find. Everything in here must
    /// be allowed after `vfork`.
    ///
    /// It gets a session of its own: in the server's it could type into the
    /// terminal that the server was started from, and its processes would be
    /// scheduled as the server's own are: a fork bomb would leave the server no
    /// time to end it.
    ///
    /// # Safety
    ///
    /// Only for the child.
    unsafe fn prepare(&self) -> Result<(), c_int> {
        // SAFETY: system calls on integers and on pointers to live values.
        unsafe {
            // What is ignored stays so, beside SIGPIPE, which the Rust runtime
            // ignores and a program does not expect to be.
            for signal in 1..=SIGNALS {
                let mut action = MaybeUninit::<libc::sigaction>::zeroed();
                let read = libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
                let handled = match action.assume_init_ref().sa_sigaction {
                    libc::SIG_DFL => false,
                    libc::SIG_IGN => signal == libc::SIGPIPE,
                    _ => true,
                };
                if read == 0 && handled {
                    action.assume_init_mut().sa_sigaction = libc::SIG_DFL;
                    libc::sigaction(signal, action.as_ptr(), std::ptr::null_mut());
                }
            }
            done(libc::setsid())?;
            for group in self.groups {
                // "0" is whoever writes it. One that was removed meanwhile is
                // no reason not to start.
                libc::write(group.as_raw_fd(), c"0".as_ptr().cast(), 1);
            }
            for limit in self.limits {
                let wanted = libc::rlimit64 {
                    rlim_cur: limit.most,
                    rlim_max: limit.most,
                };
                done(libc::prlimit64(
                    0,
                    limit.resource,
                    &raw const wanted,
                    std::ptr::null_mut(),
                ))?;
            }
            for (number, descriptor) in (0..).zip(self.descriptors) {
                done(libc::dup2(descriptor.as_raw_fd(), number))?;
            }
            done(libc::chdir(self.directory.as_ptr()))?;
            let mut none = MaybeUninit::uninit();
            libc::sigemptyset(none.as_mut_ptr());
            done(libc::sigprocmask(
                libc::SIG_SETMASK,
                none.as_ptr(),
                std::ptr::null_mut(),
            ))
        }
    }
}

/// Where the child begins: its end is that of the program, or of the attempt.
extern "C" fn become_program(start: *mut c_void) -> c_int {
    // SAFETY: this is the child of `Start::run`, which handed over itself and
    // waits.
    unsafe {
        let start = start.cast::<Start<'_>>();
        let error = match (*start).prepare() {
            Ok(()) => {
                libc::execve(
                    (*start).path.as_ptr(),
                    (*start).args.as_ptr(),
                    (*start).variables.as_ptr(),
                );
                *libc::__errno_location()
            }
            Err(error) => error,
        };
        (&raw mut (*start).error).write_volatile(error);
        libc::_exit(127)
    }
}

/// The error of a call that answers with -1.
///
/// # Safety
///
/// None; it reads this thread's `errno`.
unsafe fn done(answer: c_int) -> Result<(), c_int> {
    if answer < 0 {
        // SAFETY: the pointer is this thread's own.
        return Err(unsafe { *libc::__errno_location() });
    }
    Ok(())
}

//! Starts a program with the descriptors that it is to have, and no others.
//!
//! The standard library starts a program by `posix_spawn`, which does not copy
//! the server's page tables, but hands it three descriptors at most; a sandbox
//! needs its directories too. Making these inheritable in the server itself
//! would leak them into whatever else is started at that moment.

#![expect(
    unsafe_code,
    reason = "posix_spawn with descriptors has no safe wrapper"
)]

use rustix::process::Pid;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// The number that the first of the further descriptors gets.
pub(super) const FIRST_DESCRIPTOR: RawFd = 3;
/// Above all numbers that a program is given.
const ABOVE: RawFd = 200;

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
    /// What it has as descriptors 3, 4, …
    pub(super) descriptors: Vec<OwnedFd>,
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
            descriptors: Vec::new(),
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
        let mut theirs = vec![stdin.0, stdout.1, stderr.1];
        theirs.extend(self.descriptors);
        // Out of the way of the numbers that they are copied to.
        let theirs = theirs
            .iter()
            .map(|descriptor| rustix::io::fcntl_dupfd_cloexec(descriptor, ABOVE))
            .collect::<Result<Vec<_>, _>>()?;

        let mut actions = Actions::new()?;
        for (number, descriptor) in (0..).zip(&theirs) {
            actions.duplicate(descriptor.as_raw_fd(), number)?;
        }
        actions.change_directory(&directory)?;
        let attributes = Attributes::of_a_session_of_its_own()?;
        let pid = spawn(&path, &actions, &attributes, &args, &variables)?;
        Ok(Spawned {
            pid,
            stdin: stdin.1,
            stdout: stdout.0,
            stderr: stderr.0,
        })
    }
}

/// The end to read, and the end to write.
fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    Ok((reader.into(), writer.into()))
}

fn c_string(text: &OsStr) -> io::Result<CString> {
    Ok(CString::new(text.as_bytes())?)
}

fn spawn(
    path: &CStr,
    actions: &Actions,
    attributes: &Attributes,
    args: &[CString],
    variables: &[CString],
) -> io::Result<Pid> {
    let args = pointers(args);
    let variables = pointers(variables);
    let mut pid = 0;
    // SAFETY: all pointers are to live values: two arrays of NUL-terminated
    // strings that end with a null pointer, and initialized objects of the
    // types that are expected.
    check(unsafe {
        libc::posix_spawn(
            &raw mut pid,
            path.as_ptr(),
            &raw const actions.0,
            &raw const attributes.0,
            args.as_ptr(),
            variables.as_ptr(),
        )
    })?;
    Pid::from_raw(pid).ok_or_else(|| io::Error::other("a process without a number"))
}

fn pointers(strings: &[CString]) -> Vec<*mut c_char> {
    strings
        .iter()
        .map(|string| string.as_ptr().cast_mut())
        .chain([std::ptr::null_mut()])
        .collect()
}

/// What the new process does before it becomes the program.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    fn new() -> io::Result<Self> {
        let mut actions = MaybeUninit::uninit();
        // SAFETY: the call initializes what the pointer is to, or fails.
        unsafe {
            check(libc::posix_spawn_file_actions_init(actions.as_mut_ptr()))?;
            Ok(Self(actions.assume_init()))
        }
    }

    fn duplicate(&mut self, descriptor: RawFd, number: RawFd) -> io::Result<()> {
        // SAFETY: the object was initialized; the numbers are only noted here.
        check(unsafe {
            libc::posix_spawn_file_actions_adddup2(&raw mut self.0, descriptor, number)
        })
    }

    fn change_directory(&mut self, directory: &CStr) -> io::Result<()> {
        // SAFETY: the object was initialized, and the string is copied.
        check(unsafe {
            libc::posix_spawn_file_actions_addchdir_np(&raw mut self.0, directory.as_ptr())
        })
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        // SAFETY: the object was initialized and is not used again.
        unsafe { libc::posix_spawn_file_actions_destroy(&raw mut self.0) };
    }
}

/// What the new process is like.
struct Attributes(libc::posix_spawnattr_t);

impl Attributes {
    /// In a session of its own, no signal blocked, and SIGPIPE, which the server
    /// ignores, in its default.
    ///
    /// In the server's session it could type into the terminal that the server
    /// was started from, and its processes would be scheduled as the server's
    /// own are: a fork bomb would leave the server no time to end it.
    fn of_a_session_of_its_own() -> io::Result<Self> {
        const FLAGS: c_int = libc::POSIX_SPAWN_SETSID as c_int
            | libc::POSIX_SPAWN_SETSIGMASK
            | libc::POSIX_SPAWN_SETSIGDEF;
        let mut attributes = MaybeUninit::uninit();
        let mut set = MaybeUninit::uninit();
        // SAFETY: the calls initialize what their pointers are to, or fail;
        // nothing is used that was not initialized before.
        unsafe {
            check(libc::posix_spawnattr_init(attributes.as_mut_ptr()))?;
            let mut attributes = Self(attributes.assume_init());
            let flags = libc::c_short::try_from(FLAGS).unwrap_or_default();
            check(libc::posix_spawnattr_setflags(&raw mut attributes.0, flags))?;
            libc::sigemptyset(set.as_mut_ptr());
            check(libc::posix_spawnattr_setsigmask(
                &raw mut attributes.0,
                set.as_ptr(),
            ))?;
            libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
            check(libc::posix_spawnattr_setsigdefault(
                &raw mut attributes.0,
                set.as_ptr(),
            ))?;
            Ok(attributes)
        }
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the object was initialized and is not used again.
        unsafe { libc::posix_spawnattr_destroy(&raw mut self.0) };
    }
}

/// These calls answer with the error itself.
fn check(answer: c_int) -> io::Result<()> {
    match answer {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

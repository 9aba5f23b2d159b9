//! An environment on the disk.
//!
//! It is opened below its directory in one step (see `script`), so a symbolic
//! link does not lead out, and a sandbox gets what was opened. The interpreter
//! itself may be a link to anywhere: most environments have theirs from the
//! system.

use super::super::script::leads_out;
use super::lock::Lock;
use super::{EnvironmentError, InterpreterFault};
use crate::HostBroken;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Mode};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// In a managed environment: locked as long as it is in use, and touched.
pub(super) const STAMP: &str = "used";
/// In a managed environment: what is in it.
pub(super) const LOCK: &str = "requirements.lock";
/// How old the stamp may be before it is touched: often enough to tell what is
/// not used any more, and not a write for every run.
const TOUCHED_EVERY: Duration = Duration::from_hours(1);

const BIN: &str = "bin";
const PYTHON: &str = "python";

/// An environment that has an interpreter. A managed one is not collected as
/// long as this is there.
#[derive(Debug)]
pub(in super::super) struct Environment {
    path: PathBuf,
    directory: Dir,
    /// Locked; none for a named one, which nobody collects.
    used: Option<File>,
}

/// Why there is none.
enum Fault {
    Missing,
    LeadsOut,
    Interpreter(InterpreterFault),
}

impl Environment {
    /// One that an administrator made.
    pub(super) fn named(venvs: &Path, name: &str) -> Result<Self, EnvironmentError> {
        let opened = open(venvs, name)
            .map_err(|error| HostBroken::new("cannot open a Python environment", error))?;
        opened.map_err(|fault| match fault {
            Fault::Missing => EnvironmentError::Unknown(name.to_owned()),
            Fault::LeadsOut => EnvironmentError::LeadsOut(name.to_owned()),
            Fault::Interpreter(fault) => EnvironmentError::Broken {
                name: name.to_owned(),
                fault,
            },
        })
    }

    /// One that was built here, if it is there and whole.
    pub(super) fn managed(managed: &Path, key: &str) -> Result<Option<Self>, HostBroken> {
        let opened = open(managed, key)
            .map_err(|error| HostBroken::new("cannot open a managed environment", error))?;
        let Ok(environment) = opened else {
            return Ok(None);
        };
        let Ok(stamp) = environment.directory.open(STAMP) else {
            return Ok(None);
        };
        let stamp = stamp.into_std();
        // Who collects it has it locked until it is gone, or found in use. A
        // file system that has no locks is no reason not to run.
        let _ = stamp.lock_shared();
        if stamp.metadata().is_ok_and(|stamp| stamp.nlink() == 0) {
            return Ok(None);
        }
        if age(&stamp).is_none_or(|age| age > TOUCHED_EVERY) {
            // Of another user, at worst; then it is collected too early.
            let _ = stamp.set_modified(SystemTime::now());
        }
        Ok(Some(Self {
            used: Some(stamp),
            ..environment
        }))
    }

    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was built here, of what a hook wanted; otherwise an
    /// administrator made it.
    pub(in super::super) fn is_managed(&self) -> bool {
        self.used.is_some()
    }

    /// The directory, opened.
    pub(in super::super) fn directory(&self) -> io::Result<Dir> {
        self.directory.try_clone()
    }

    pub(super) fn interpreter(&self) -> PathBuf {
        interpreter_of(&self.path)
    }

    /// What is in it, if it was built here.
    pub(super) fn lock(&self) -> Option<Lock> {
        Lock::parse(&self.directory.read_to_string(LOCK).ok()?)
    }
}

pub(super) fn interpreter_of(environment: &Path) -> PathBuf {
    environment.join(BIN).join(PYTHON)
}

/// How long ago a file was modified; none where that is in the future.
pub(super) fn age(file: &File) -> Option<Duration> {
    let modified = file.metadata().and_then(|file| file.modified()).ok()?;
    SystemTime::now().duration_since(modified).ok()
}

fn open(parent: &Path, name: &str) -> io::Result<Result<Environment, Fault>> {
    let parent_directory = match Dir::open_ambient_dir(parent, ambient_authority()) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Err(Fault::Missing)),
        Err(error) => return Err(error),
    };
    let below = |directory: &Dir, name: &str| match directory.open_dir(name) {
        Ok(directory) => Ok(Ok(directory)),
        Err(error) if leads_out(&error) => Ok(Err(Fault::LeadsOut)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(Err(Fault::Missing)),
            io::ErrorKind::NotADirectory => Ok(Err(Fault::Interpreter(InterpreterFault::Missing))),
            _ => Err(error),
        },
    };
    let directory = match below(&parent_directory, name)? {
        Ok(directory) => directory,
        Err(fault) => return Ok(Err(fault)),
    };
    let bin = match below(&directory, BIN)? {
        Ok(bin) => bin,
        Err(Fault::Missing) => {
            return Ok(Err(Fault::Interpreter(InterpreterFault::Missing)));
        }
        Err(fault) => return Ok(Err(fault)),
    };
    Ok(check_interpreter(&bin, Path::new(PYTHON))
        .map_err(Fault::Interpreter)
        .map(|()| Environment {
            path: parent.join(name),
            directory,
            used: None,
        }))
}

/// Whether a program can be run; links are followed, wherever they lead.
pub(super) fn check_interpreter(at: impl AsFd, path: &Path) -> Result<(), InterpreterFault> {
    let Ok(program) = rustix::fs::statat(&at, path, AtFlags::empty()) else {
        return match rustix::fs::statat(&at, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Err(InterpreterFault::Dangling),
            Err(_) => Err(InterpreterFault::Missing),
        };
    };
    let executable = Mode::XUSR | Mode::XGRP | Mode::XOTH;
    match FileType::from_raw_mode(program.st_mode) {
        FileType::Directory => Err(InterpreterFault::Directory),
        FileType::RegularFile if Mode::from_raw_mode(program.st_mode).intersects(executable) => {
            Ok(())
        }
        _ => Err(InterpreterFault::NotExecutable),
    }
}

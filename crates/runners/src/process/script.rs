//! Finding a script below the script roots. REQ-SCR-7
//!
//! The path is opened below a root with `openat2`'s `RESOLVE_BENEATH` (through
//! cap-std): the kernel itself refuses `..` and symlinks that lead out, in one
//! step that nothing can be swapped into. What was opened is read, and *that*
//! is run, from a private copy: an interpreter that opened the path once more
//! could be shown another file.

use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use stagehook_core::config::ScriptPath;
use stagehook_core::digest::Digest;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Largest script, in bytes.
const SCRIPT_MAX_BYTES: u64 = 16 << 20;

/// A script that was found.
#[derive(Debug)]
pub(super) struct Script {
    /// Its file name.
    pub(super) name: String,
    /// What it says.
    pub(super) content: Vec<u8>,
    /// The digest of that, as it was found.
    pub(super) digest: Digest,
    /// What it may import or source.
    pub(super) beside: Beside,
}

/// What lies beside a script.
#[derive(Debug)]
pub(super) enum Beside {
    /// The directory it was found in, by its name and opened.
    Directory(PathBuf, OwnedFd),
    /// What was brought with it, by names without a `/`.
    Brought(Vec<(String, Bytes)>),
}

/// Why a script cannot be run; the text names it as it was configured.
#[derive(Debug, thiserror::Error)]
#[error("the script {path} {fault}")]
pub(super) struct ScriptError {
    pub(super) path: ScriptPath,
    pub(super) fault: Fault,
}

/// What is wrong with a file below the script roots.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("does not exist below any scripts directory")]
    Missing,
    #[error("leads out of the scripts directory by a symbolic link")]
    LeadsOut,
    #[error("is a directory")]
    Directory,
    #[error("is not a regular file")]
    NotAFile,
    #[error("is larger than {max} MiB", max = SCRIPT_MAX_BYTES >> 20)]
    TooLarge,
    #[error("cannot be read: {0}")]
    Unreadable(io::ErrorKind),
}

/// Reads a script, from the first root that has it.
pub(super) fn read(roots: &[PathBuf], path: &ScriptPath) -> Result<Script, ScriptError> {
    let Found {
        root,
        directory,
        file,
    } = open(roots, path)?;
    let mut content = Vec::new();
    file.take(SCRIPT_MAX_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(|error| unreadable(path, &error))?;
    if content.len() as u64 > SCRIPT_MAX_BYTES {
        return Err(error(path, Fault::TooLarge));
    }
    let relative = Path::new(path.as_str());
    let beside = parent(relative);
    let opened = directory
        .open_dir(if beside.as_os_str().is_empty() {
            Path::new(".")
        } else {
            beside
        })
        .map_err(|error| unreadable(path, &error))?;
    let digest = Digest::of(&content);
    Ok(Script {
        name: relative
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        content,
        digest,
        beside: Beside::Directory(root.join(beside), opened.into()),
    })
}

fn parent(relative: &Path) -> &Path {
    relative.parent().unwrap_or(Path::new(""))
}

/// What would be wrong with this path whatever is deployed later; a script
/// that is missing is not.
pub(super) fn check(roots: &[PathBuf], path: &ScriptPath) -> Result<(), ScriptError> {
    match open(roots, path) {
        Err(error) if error.fault.stays() => Err(error),
        _ => Ok(()),
    }
}

impl Fault {
    /// Whether it is wrong whatever is deployed later.
    fn stays(&self) -> bool {
        matches!(self, Self::LeadsOut | Self::Directory | Self::NotAFile)
    }
}

/// A script below the first root that has it.
struct Found<'a> {
    root: &'a Path,
    /// That root, opened.
    directory: Dir,
    file: cap_std::fs::File,
}

fn open<'a>(roots: &'a [PathBuf], path: &ScriptPath) -> Result<Found<'a>, ScriptError> {
    let fault = |fault| error(path, fault);
    let mut options = OpenOptions::new();
    // Opening a FIFO without this would wait for a writer.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    for root in roots {
        // Opened anew each time: a deployment may replace the directory.
        let Ok(directory) = Dir::open_ambient_dir(root, ambient_authority()) else {
            continue;
        };
        let file = match directory.open_with(path.as_str(), &options) {
            Ok(file) => file,
            Err(error) if is_missing(&error) => continue,
            Err(error) if leads_out(&error) => {
                return Err(fault(Fault::LeadsOut));
            }
            Err(error) => return Err(unreadable(path, &error)),
        };
        let kind = file
            .metadata()
            .map_err(|error| unreadable(path, &error))?
            .file_type();
        if kind.is_dir() {
            return Err(fault(Fault::Directory));
        }
        if !kind.is_file() {
            return Err(fault(Fault::NotAFile));
        }
        return Ok(Found {
            root,
            directory,
            file,
        });
    }
    Err(fault(Fault::Missing))
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// How cap-std reports a path that escapes: an error of its own (without a
/// code of the system), or `EXDEV` of the kernel.
pub(super) fn leads_out(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EXDEV)
        || (error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none())
}

fn unreadable(path: &ScriptPath, reason: &io::Error) -> ScriptError {
    error(path, Fault::Unreadable(reason.kind()))
}

fn error(path: &ScriptPath, fault: Fault) -> ScriptError {
    ScriptError {
        path: path.clone(),
        fault,
    }
}

//! The private directory of one run: its home, its temporary files, its input
//! and its result.

use super::script::{Beside, Script};
use rustix::fs::{Mode, OFlags};
use stagehook_core::contract::{HookResult, InvalidResult, RESULT_MAX_BYTES};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// The name of the input's file.
pub(super) const INPUT: &str = "input.json";
/// The name of the result's file.
pub(super) const RESULT: &str = "result.json";
/// How names of these directories begin.
pub(super) const PREFIX: &str = "run-";
/// Where the script's copy lies, and what was brought with it, apart from what
/// the script itself writes.
pub(super) const OWN: &str = ".stagehook";

/// The directory. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct WorkDir {
    path: PathBuf,
    /// Held, so that the result is read from here whatever the script does to
    /// the path.
    directory: OwnedFd,
}

impl WorkDir {
    /// Makes a fresh directory, mode 0700, below the work root.
    pub(super) fn create(work_root: &Path) -> io::Result<Self> {
        let attempt = || {
            tempfile::Builder::new()
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(work_root)
        };
        let made = attempt().or_else(|error| {
            // Something may have tidied up the work root.
            if error.kind() == io::ErrorKind::NotFound {
                fs::create_dir_all(work_root)?;
                attempt()
            } else {
                Err(error)
            }
        })?;
        let directory = rustix::fs::open(
            made.path(),
            OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        Ok(Self {
            path: made.keep(),
            directory,
        })
    }

    /// Writes what the script is told, the script itself, and what was brought
    /// with it; answers where the script is, from here.
    pub(super) fn fill(&self, input_json: &[u8], script: &Script) -> io::Result<PathBuf> {
        fs::write(self.path.join(INPUT), input_json)?;
        let own = self.path.join(OWN);
        DirBuilder::new().mode(0o700).create(&own)?;
        if let Beside::Brought(files) = &script.beside {
            for (name, content) in files {
                fs::write(own.join(name), content)?;
            }
        }
        fs::write(own.join(&script.name), &script.content)?;
        Ok(Path::new(OWN).join(&script.name))
    }

    /// The directory, opened.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        self.directory.try_clone()
    }

    /// The directory itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The result that the script left; an absent or empty file is none.
    ///
    /// The script chose what lies there: a link or a device is not followed,
    /// a FIFO is not waited for, and no more than the limit is read.
    pub(super) fn result(&self) -> Result<Option<HookResult>, InvalidResult> {
        let unreadable = |reason: &str| {
            InvalidResult::Malformed(format!("the file STAGEHOOK_RESULT_FILE {reason}"))
        };
        let opened = rustix::fs::openat(
            &self.directory,
            RESULT,
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        );
        let file = match opened {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(rustix::io::Errno::LOOP) => return Err(unreadable("is a symbolic link")),
            Err(_) => return Err(unreadable("cannot be opened")),
        };
        let metadata = file.metadata().map_err(|_| unreadable("cannot be read"))?;
        if !metadata.is_file() {
            return Err(unreadable("is not a regular file"));
        }
        if metadata.len() > RESULT_MAX_BYTES as u64 {
            return Err(InvalidResult::TooLarge {
                actual: metadata.len(),
            });
        }
        let mut json = Vec::new();
        file.take(RESULT_MAX_BYTES as u64 + 1)
            .read_to_end(&mut json)
            .map_err(|_| unreadable("cannot be read"))?;
        if json.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        HookResult::parse(&json).map(Some)
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        let removed = fs::remove_dir_all(&self.path).or_else(|_| {
            // A script may have taken its own permissions away.
            open_up(&self.path);
            fs::remove_dir_all(&self.path)
        });
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "a work directory could not be removed");
        }
    }
}

fn open_up(directory: &Path) {
    let _ = fs::set_permissions(directory, Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

//! The private directory of one run: its home, its temporary files, its input
//! and its result.

use super::script::{Beside, Script};
use rustix::fs::{Dir, FileType, Mode, OFlags};
use stagehook_core::contract::{HookResult, InvalidResult, RESULT_MAX_BYTES};
use std::ffi::CStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
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
/// How a directory is opened to look into it.
pub(super) const OPEN_DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::RDONLY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
/// How deep below it directories are opened up that a script has closed.
const OPENED_UP_DEPTH: usize = 64;

/// The directory. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct WorkDir {
    path: PathBuf,
    /// Held, so that the result is read from here whatever the script, or the
    /// template that it was forked from, does to the path.
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
        let directory = rustix::fs::open(made.path(), OPEN_DIRECTORY, Mode::empty())?;
        Ok(Self {
            path: made.keep(),
            directory,
        })
    }

    /// Writes what the script is told, the script itself, and what was brought
    /// with it, also over what was there before; answers where the script is, from
    /// here. Before anybody else sees the directory.
    pub(super) fn fill(&self, input_json: &[u8], script: &Script) -> io::Result<PathBuf> {
        match rustix::fs::mkdirat(&self.directory, OWN, Mode::RWXU) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        for (path, content) in contents(input_json, script) {
            self.put(&path, content)?;
        }
        Ok(Path::new(OWN).join(&script.name))
    }

    fn put(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o666);
        let mut file = File::from(rustix::fs::openat(&self.directory, path, flags, mode)?);
        file.write_all(content)?;
        // Not emptied before: file systems take that for a file that is replaced,
        // and write it to the disk at once.
        if file.metadata()?.len() > content.len() as u64 {
            file.set_len(content.len() as u64)?;
        }
        Ok(())
    }

    /// Moves it into another directory of the same file system, whatever lies
    /// there: a link in its place is not followed.
    pub(super) fn move_to(&mut self, parent: &Path) -> io::Result<()> {
        let name = self.path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let path = parent.join(name);
        fs::rename(&self.path, &path)?;
        self.path = path;
        Ok(())
    }

    /// The directory, opened.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        self.directory.try_clone()
    }

    /// The directory, as it was opened when it was made.
    pub(super) fn directory(&self) -> &OwnedFd {
        &self.directory
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
        // This follows no link, neither here nor below.
        let removed = fs::remove_dir_all(&self.path).or_else(|_| {
            // A script may have taken its own permissions away.
            let _ = rustix::fs::fchmod(&self.directory, Mode::RWXU);
            let _ = open_up(&self.directory, OPENED_UP_DEPTH);
            fs::remove_dir_all(&self.path)
        });
        if let Err(error) = removed
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "a work directory could not be removed");
        }
    }
}

/// What the server writes into a work directory, by its path from there.
pub(super) fn contents<'a>(
    input_json: &'a [u8],
    script: &'a Script,
) -> impl Iterator<Item = (PathBuf, &'a [u8])> {
    let brought: &[_] = match &script.beside {
        Beside::Brought(files) => files,
        Beside::Directory(..) => &[],
    };
    let beside = brought
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_ref()));
    let own = beside.chain([(script.name.as_str(), script.content.as_slice())]);
    let own = own.map(|(name, content)| (Path::new(OWN).join(name), content));
    [(PathBuf::from(INPUT), input_json)].into_iter().chain(own)
}

/// Lets the directories below this one be looked into and emptied.
///
/// Others may write here meanwhile: a link that takes a directory's place must
/// not have the server change what it leads to.
fn open_up(directory: impl AsFd, depth: usize) -> io::Result<()> {
    if depth == 0 {
        return Ok(());
    }
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..")
            || !matches!(entry.file_type(), FileType::Directory | FileType::Unknown)
        {
            continue;
        }
        let Ok(opened) = open_closed(&directory, name) else {
            continue;
        };
        let _ = open_up(opened, depth - 1);
    }
    Ok(())
}

/// Opens a directory that may have taken its permissions away, and gives them
/// back. No link is followed.
fn open_closed(parent: impl AsFd, name: &CStr) -> io::Result<OwnedFd> {
    // Needs no permission of the directory itself; nor do its permissions change
    // by this descriptor, only by the name that the system has for it.
    let place = rustix::fs::openat(
        parent,
        name,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let same = format!("/proc/self/fd/{}", place.as_raw_fd());
    fs::set_permissions(&same, Permissions::from_mode(0o700))?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(&place, ".", flags, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    fn close(path: &Path) {
        fs::set_permissions(path, Permissions::from_mode(0o100)).unwrap();
    }

    #[test]
    fn opening_up_reaches_what_is_below_and_nothing_that_a_link_leads_to() {
        let root = tempfile::tempdir().unwrap();
        let victim = root.path().join("victim");
        fs::create_dir_all(victim.join("inner")).unwrap();
        let mut work = WorkDir::create(root.path()).unwrap();
        let below = work.path().join("below");
        fs::create_dir_all(below.join("closed")).unwrap();
        symlink(&victim, work.path().join("link")).unwrap();
        for path in [
            &below.join("closed"),
            &below,
            &victim.join("inner"),
            &victim,
        ] {
            close(path);
        }
        open_up(&work.directory, OPENED_UP_DEPTH).unwrap();
        assert_eq!(mode(&below), 0o700);
        assert_eq!(mode(&below.join("closed")), 0o700);
        // It takes the place of a directory that was seen.
        assert!(open_closed(&work.directory, c"link").is_err());
        // It takes the place of the whole.
        let parent = root.path().join("parent");
        fs::create_dir(&parent).unwrap();
        work.move_to(&parent).unwrap();
        fs::rename(work.path(), parent.join("elsewhere")).unwrap();
        symlink(&victim, work.path()).unwrap();
        drop(work);
        assert_eq!(mode(&victim), 0o100);
        fs::set_permissions(&victim, Permissions::from_mode(0o700)).unwrap();
        assert_eq!(mode(&victim.join("inner")), 0o100);
    }
}

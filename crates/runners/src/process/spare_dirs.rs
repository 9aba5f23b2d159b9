//! Work directories that are used again.
//!
//! To make a directory with what a script finds in it, and to remove it, takes a
//! file system as long as the script itself, and longer the more was removed just
//! before. So that of a run without a sandbox is kept for a later one of a script
//! with the same name, if the run has left it as it was: nothing in it but what
//! the server put there, and that by its inode, mode, owner, links and attributes.
//! What the files say is written anew for each run.
//!
//! That of a confined run never is: whoever it passed the opened directory on to,
//! through a socket in a directory that they share, would look into the run of
//! another hook. Without a sandbox everything of the server's user is within reach
//! anyway, as it is while a run lasts.

use super::script::Script;
use super::work_dir::{self, INPUT, OWN, RESULT, WorkDir};
use rustix::fs::{AtFlags, Dir, IFlags, Stat, ioctl_getflags, llistxattr, statat, unlinkat};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many are kept.
const KEPT_MAX: usize = 32;
/// How much may be in one that is kept.
const KEPT_BYTES: u64 = 1 << 20;
/// More names of attributes than a file has that is left alone.
const ATTRIBUTES_BYTES: usize = 1 << 10;

/// The directories. They are removed when this is dropped.
#[derive(Debug, Default)]
pub(super) struct SpareDirs(Mutex<Vec<(WorkDir, Made)>>);

/// What the server has made of a work directory.
#[derive(Debug)]
pub(super) struct Made {
    /// Its files, by their paths within it.
    files: Vec<PathBuf>,
    /// Of the directory, its own directory, and the files.
    marks: Vec<Mark>,
    attributes: Attributes,
}

/// What would be different about a file that was changed or replaced.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    mode: u32,
    owner: (u32, u32),
    links: u64,
    bytes: i64,
    /// Not of the directory in which a script leaves its result.
    changed: Option<(i64, u64)>,
}

/// What scripts rarely touch: names of extended attributes, and flags of the
/// directory.
#[derive(Debug, PartialEq, Eq)]
struct Attributes(Vec<Vec<u8>>, Option<IFlags>);

impl SpareDirs {
    /// A work directory with what a run is told, made or used again; answers also
    /// where its script is from there.
    pub(super) fn filled(
        &self,
        work_root: &Path,
        input_json: &[u8],
        script: &Script,
    ) -> io::Result<(WorkDir, Made, PathBuf)> {
        let files: Vec<_> = work_dir::contents(input_json, script)
            .map(|(path, _)| path)
            .collect();
        // One that cannot be used is removed.
        if let Some((work, made)) = self.take(&files)
            && marks(&work, &files).is_ok_and(|marks| marks == made.marks)
            && let Ok(copy) = work.fill(input_json, script)
        {
            let marks = marks(&work, &files)?;
            return Ok((work, Made { marks, ..made }, copy));
        }
        let work = WorkDir::create(work_root)?;
        let copy = work.fill(input_json, script)?;
        let made = Made {
            marks: marks(&work, &files)?,
            attributes: attributes(&work, &files)?,
            files,
        };
        Ok((work, made, copy))
    }

    fn take(&self, files: &[PathBuf]) -> Option<(WorkDir, Made)> {
        let mut kept = self.lock();
        let place = kept.iter().rposition(|(_, made)| made.files == files)?;
        Some(kept.swap_remove(place))
    }

    /// Keeps the directory of a run that has ended, of which no process is left, or
    /// removes it.
    pub(super) fn keep(&self, work: WorkDir, made: Made) {
        if made.is_small() && made.was_left_alone(&work).unwrap_or(false) {
            let mut kept = self.lock();
            let one_too_many = (kept.len() == KEPT_MAX).then(|| kept.remove(0));
            kept.push((work, made));
            drop(kept);
            drop(one_too_many);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(WorkDir, Made)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Made {
    fn is_small(&self) -> bool {
        let bytes = self.marks.iter().map(|mark| mark.bytes.unsigned_abs());
        bytes.sum::<u64>() <= KEPT_BYTES
    }

    /// Whether nothing is there but what was made, and the result, which goes.
    fn was_left_alone(&self, work: &WorkDir) -> io::Result<bool> {
        let directory = work.directory();
        for entry in Dir::read_from(directory)? {
            match entry?.file_name().to_bytes() {
                b"." | b".." => {}
                name if name == INPUT.as_bytes() || name == OWN.as_bytes() => {}
                name if name == RESULT.as_bytes() => {
                    unlinkat(directory, RESULT, AtFlags::empty())?;
                }
                _ => return Ok(false),
            }
        }
        if self.marks != marks(work, &self.files)?
            || self.attributes != attributes(work, &self.files)?
        {
            return Ok(false);
        }
        let own = rustix::fs::openat(
            directory,
            OWN,
            work_dir::OPEN_DIRECTORY,
            rustix::fs::Mode::empty(),
        )?;
        // The files are there, as their marks say, and this is all that is.
        let there = Dir::read_from(own)?.count();
        let expected = self.files.iter().filter(|file| file.starts_with(OWN));
        Ok(there == expected.count() + [".", ".."].len())
    }
}

/// Of the directory by the path that it has for scripts, and of what is below.
fn marks(work: &WorkDir, files: &[PathBuf]) -> io::Result<Vec<Mark>> {
    let directory = work.directory();
    let mut marks = vec![Mark {
        // A result has come and gone.
        changed: None,
        bytes: 0,
        ..mark(rustix::fs::CWD, work.path())?
    }];
    marks.push(mark(directory, Path::new(OWN))?);
    for file in files {
        marks.push(mark(directory, file)?);
    }
    Ok(marks)
}

fn mark(directory: impl AsFd, path: &Path) -> io::Result<Mark> {
    let Stat {
        st_dev,
        st_ino,
        st_mode,
        st_uid,
        st_gid,
        st_nlink,
        st_size,
        st_ctime,
        st_ctime_nsec,
        ..
    } = statat(directory, path, AtFlags::SYMLINK_NOFOLLOW)?;
    #[expect(clippy::useless_conversion, reason = "their types differ by platform")]
    Ok(Mark {
        device: st_dev.into(),
        inode: st_ino.into(),
        mode: st_mode,
        owner: (st_uid, st_gid),
        links: st_nlink.into(),
        bytes: st_size.into(),
        changed: Some((st_ctime.into(), st_ctime_nsec.into())),
    })
}

fn attributes(work: &WorkDir, files: &[PathBuf]) -> io::Result<Attributes> {
    let own = [PathBuf::new(), OWN.into()];
    let names = own.iter().chain(files).map(|path| {
        let mut names = vec![0; ATTRIBUTES_BYTES];
        // Where there are none at all, there is nothing to tell.
        let bytes = match llistxattr(work.path().join(path), &mut names[..]) {
            Err(rustix::io::Errno::OPNOTSUPP) => 0,
            read => read?,
        };
        names.truncate(bytes);
        io::Result::Ok(names)
    });
    let names = names.collect::<io::Result<_>>()?;
    Ok(Attributes(names, ioctl_getflags(work.directory()).ok()))
}

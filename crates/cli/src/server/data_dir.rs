//! The directory of the server's own files: one server at a time, readable by
//! its owner alone.

use anyhow::{Context as _, bail};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use stagehook_core::ids::NodeId;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The data directory, locked until it is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    node: NodeId,
    /// The lock is held as long as this is open, however the process ends.
    _lock: File,
}

impl DataDir {
    /// Makes it where it is missing, and locks it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        create(path)?;
        let lock = lock(path)?;
        let node = node_id(path)?;
        Ok(Self { node, _lock: lock })
    }

    /// Which server this is; the same after a restart.
    pub(crate) const fn node(&self) -> NodeId {
        self.node
    }
}

/// Makes a directory, readable by its owner alone. One that exists is left as
/// it is.
pub(crate) fn create(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the directory {} cannot be made", path.display()))
}

fn lock(directory: &Path) -> anyhow::Result<File> {
    let path = directory.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("the lock file {} cannot be opened", path.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => String::new(),
                pid => format!(" (process {pid})"),
            };
            bail!(
                "another server{holder} uses the data directory {}: stop it, or choose another one with --data-dir",
                directory.display()
            );
        }
        Err(error) => {
            return Err(error)
                .with_context(|| format!("the lock file {} cannot be locked", path.display()));
        }
    }
    // For people only: what counts is the lock.
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    written.with_context(|| format!("the lock file {} cannot be written", path.display()))?;
    Ok(file)
}

fn node_id(directory: &Path) -> anyhow::Result<NodeId> {
    let path = directory.join("node-id");
    match fs::read_to_string(&path) {
        Ok(text) => text.trim().parse().map_err(|_| {
            anyhow::anyhow!(
                "{} holds no UUID: restore it, or delete it to begin as a new server",
                path.display()
            )
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let node = NodeId::generate();
            write_whole(directory, &path, &format!("{node}\n"))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(node)
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Writes a file that is there whole or not at all.
fn write_whole(directory: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    File::open(directory)?.sync_all()
}

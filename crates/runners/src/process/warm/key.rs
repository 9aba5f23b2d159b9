//! What a template is good for.

use super::super::bubblewrap::View;
use super::super::python;
use super::super::script::{Beside, Script};
use rustix::fs::{Mode, OFlags};
use stagehook_core::config::{Access, ScriptLimitsInForce, ScriptPath};
use stagehook_core::digest::Digest;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// Most names that lie beside a script; with more it is not kept warm.
const NAMES_MAX: usize = 2_000;

/// A file or directory, whatever it is called.
type Inode = (u64, u64);

/// Everything that runs have in common that can be forked from one template: a
/// run that differs in any of it needs another.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Key {
    path: ScriptPath,
    digest: Digest,
    /// The names that lie beside the script: it finds its modules there first.
    /// What these say is read by each run.
    beside: BTreeSet<String>,
    directory: Option<Inode>,
    program: PathBuf,
    /// The very file, which an upgrade replaces.
    interpreter: Option<Inode>,
    env: BTreeMap<String, String>,
    network: bool,
    /// Where each is seen, what may be done with it, and which it is: another may
    /// have its name today.
    granted: Vec<(String, bool, Inode)>,
    limits: ScriptLimitsInForce,
}

impl Key {
    /// That of a run. What is opened for it is looked at, not named.
    ///
    /// # Errors
    ///
    /// Something that lies beside the script, or is granted, cannot be looked at.
    pub(in super::super) fn new(
        path: &ScriptPath,
        script: &Script,
        python: &python::Interpreter,
        view: &View,
        env: &BTreeMap<String, String>,
        limits: &ScriptLimitsInForce,
    ) -> io::Result<Self> {
        let granted = view.directories.iter().map(|granted| {
            let write = granted.access == Access::Write;
            Ok((granted.guest.clone(), write, inode(&granted.dir)?))
        });
        let interpreter = std::fs::metadata(&python.program).ok();
        Ok(Self {
            path: path.clone(),
            digest: script.digest,
            beside: names_beside(script)?,
            directory: view.beside.as_ref().map(inode).transpose()?,
            program: python.program.clone(),
            interpreter: interpreter.map(|file| (file.dev(), file.ino())),
            env: env.clone(),
            network: view.network,
            granted: granted.collect::<io::Result<_>>()?,
            limits: *limits,
        })
    }

    /// The names of modules that lie beside the script.
    pub(in super::super) fn beside(&self) -> Vec<String> {
        self.beside.iter().cloned().collect()
    }

    /// The script, for people.
    pub(super) fn script(&self) -> &ScriptPath {
        &self.path
    }
}

fn inode(file: impl AsFd) -> io::Result<Inode> {
    let stat = rustix::fs::fstat(file)?;
    Ok((stat.st_dev, stat.st_ino))
}

/// What could be imported from beside a script: names of files up to their first
/// point, and of directories.
fn names_beside(script: &Script) -> io::Result<BTreeSet<String>> {
    let mut names = BTreeSet::from([module(&script.name)]);
    match &script.beside {
        Beside::Brought(files) => names.extend(files.iter().map(|(name, _)| module(name))),
        Beside::Directory(_, directory) => {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = rustix::fs::openat(directory, ".", flags, Mode::empty())?;
            for entry in rustix::fs::Dir::new(directory)? {
                names.insert(module(&entry?.file_name().to_string_lossy()));
                if names.len() > NAMES_MAX {
                    return Err(io::Error::other("too much lies beside the script"));
                }
            }
        }
    }
    // Of hidden files, and of the directory itself.
    names.remove("");
    Ok(names)
}

fn module(name: &str) -> String {
    name.split('.').next().unwrap_or_default().to_owned()
}

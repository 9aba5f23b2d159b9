//! Compiled code, kept on disk so that it need not be compiled again.
//!
//! ```text
//! <cache>/key                                  see `cache_key`
//! <cache>/plugins/<engine>/<component digest>  see `sealed`
//! ```
//!
//! Nothing that is found there is believed: a file is read whole, its
//! authentication code is checked, and the very bytes that were checked are
//! loaded. Whatever is wrong with a file or with the disk, the plugin is
//! compiled as if there were no cache.

use super::cache_key;
use super::compile::Compiled;
use super::sealed::{Authenticated, HEADER_BYTES, Key, Subject};
use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, DirEntry, File, OpenOptions, OpenOptionsExt as _,
};
use sha2::{Digest as _, Sha256};
use stagehook_core::digest::Digest;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::FileTimes;
use std::hash::{Hash as _, Hasher};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};
use wasmtime::Engine;

const PLUGINS: &str = "plugins";
/// A use is noted this much later at most: often enough to know what was not
/// used for the longest time.
const NOTED_EVERY: Duration = Duration::from_mins(5);
/// A file that is still partial after this time was left by a server that died.
const PARTIAL_FOR: Duration = Duration::from_mins(10);
const PARTIAL: &str = ".partial";

/// Where compiled code is kept.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// A directory of this server alone; made where it is missing.
    pub directory: PathBuf,
    /// Most bytes that are kept; what was not used for the longest time goes.
    pub max_bytes: u64,
}

/// Compiled code, kept on disk.
#[derive(Debug)]
pub(super) struct DiskCache {
    plugins: Dir,
    key: Key,
    compatibility: [u8; 32],
    /// The folder of engines like this one.
    folder: String,
    max_bytes: u64,
    tidied: AtomicBool,
}

/// What was found of a plugin.
pub(super) enum Found {
    /// Its compiled code.
    Code(Authenticated),
    /// Nothing.
    Nothing,
    /// Something that is not what this server kept of it.
    Rejected,
}

impl DiskCache {
    /// Opens the cache for engines like this one.
    pub(super) fn open(settings: &CacheSettings, engine: &Engine) -> Result<Self> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.directory)?;
        let cache = Dir::open_ambient_dir(&settings.directory, ambient_authority())?;
        let key = cache_key::of(&cache)?;
        make_directory(&cache, PLUGINS)?;
        let compatibility = compatibility(engine);
        let folder = compatibility
            .iter()
            .take(16)
            .copied()
            .fold(String::new(), hex);
        Ok(Self {
            plugins: cache.open_dir(PLUGINS)?,
            key,
            compatibility,
            folder,
            max_bytes: settings.max_bytes,
            tidied: AtomicBool::new(false),
        })
    }

    fn subject<'a>(&'a self, component: &'a Digest) -> Subject<'a> {
        Subject {
            compatibility: &self.compatibility,
            component,
        }
    }

    fn path(&self, component: &Digest) -> String {
        let start = format!("{}/", self.folder);
        component.as_bytes().iter().copied().fold(start, hex)
    }

    /// What is kept of this component. Takes as long as reading it does.
    pub(super) fn find(&self, component: &Digest) -> Found {
        let path = self.path(component);
        let (file, bytes) = match self.read(&path) {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
            Err(error) => {
                tracing::warn!(%component, %error, "compiled code in the cache cannot be read: it is compiled again");
                self.discard(&path);
                return Found::Rejected;
            }
        };
        match self.key.open(self.subject(component), bytes) {
            Ok(authenticated) => {
                if let Err(error) = note_use(file) {
                    tracing::debug!(%component, %error, "the use of compiled code cannot be noted");
                }
                Found::Code(authenticated)
            }
            Err(error) => {
                tracing::warn!(%component, %error, "compiled code in the cache is not what was kept: it is compiled again");
                self.discard(&path);
                Found::Rejected
            }
        }
    }

    fn read(&self, path: &str) -> Result<(File, Vec<u8>)> {
        let mut options = OpenOptions::new();
        // Neither a link nor a pipe somebody put there.
        options
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let mut file = self.plugins.open_with(path, &options)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(Error::other("it is no file"));
        }
        let most = self.max_bytes.saturating_add(HEADER_BYTES as u64);
        if metadata.len() > most {
            return Err(Error::other("it is larger than the whole cache may be"));
        }
        let length = usize::try_from(metadata.len()).map_err(Error::other)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length)?;
        // One that grows meanwhile is not authentic anyway.
        (&mut file).take(metadata.len()).read_to_end(&mut bytes)?;
        Ok((file, bytes))
    }

    /// Keeps compiled code, and pushes out what was not used for the longest
    /// time. What is in memory counts as used now, although nobody reads its
    /// file. What cannot be kept is compiled again the next time.
    pub(super) fn keep(&self, component: &Digest, compiled: &Compiled, in_memory: &[Digest]) {
        if let Err(error) = self.write(component, compiled.code()) {
            tracing::warn!(%component, %error, "compiled code cannot be kept in the cache");
        }
        if let Err(error) = self.tidy(in_memory) {
            tracing::warn!(%error, "the cache of compiled code cannot be tidied");
        }
    }

    fn write(&self, component: &Digest, code: &[u8]) -> Result<()> {
        let header = self.key.seal(self.subject(component), code);
        if (header.len() + code.len()) as u64 > self.max_bytes {
            return Err(Error::other("it is larger than the whole cache may be"));
        }
        make_directory(&self.plugins, &self.folder)?;
        let path = self.path(component);
        // Servers in containers may all be process 1, on one shared directory.
        let partial = format!("{path}.{:016x}{PARTIAL}", rand::random::<u64>());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = self.plugins.open_with(&partial, &options)?;
        // Not synced: a file that a power cut leaves half is not authentic.
        let written = file
            .write_all(&header)
            .and_then(|()| file.write_all(code))
            .and_then(|()| self.plugins.rename(&partial, &self.plugins, &path));
        if written.is_err() {
            self.discard(&partial);
        }
        written
    }

    /// Removes what is in the way; what cannot be removed is not believed
    /// either.
    fn discard(&self, path: &str) {
        let removed = match self.plugins.symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.plugins.remove_dir_all(path),
            _ => self.plugins.remove_file(path),
        };
        if let Err(error) = removed
            && error.kind() != ErrorKind::NotFound
        {
            tracing::debug!(%error, "a file of the cache cannot be removed");
        }
    }

    /// Makes the cache as small as it must be.
    fn tidy(&self, in_memory: &[Digest]) -> Result<()> {
        if !self.tidied.swap(true, Ordering::Relaxed) {
            self.remove_other_engines()?;
        }
        let now = SystemTime::now();
        let in_memory: HashSet<String> = in_memory.iter().map(|of| self.path(of)).collect();
        let mut kept = Vec::new();
        let mut bytes = 0_u64;
        for entry in self.plugins.read_dir(&self.folder)? {
            let entry = entry?;
            let Some(path) = self.path_of(&entry) else {
                continue;
            };
            let metadata = match entry.metadata() {
                Ok(metadata) => metadata,
                // Another server was first.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let used = metadata
                .modified()
                .map_or(now, cap_std::time::SystemTime::into_std);
            let age = now.duration_since(used).unwrap_or_default();
            if path.ends_with(PARTIAL) && age > PARTIAL_FOR {
                self.discard(&path);
                continue;
            }
            bytes += metadata.len();
            kept.push((in_memory.contains(&path), used, metadata.len(), path));
        }
        if bytes <= self.max_bytes {
            return Ok(());
        }
        kept.sort_unstable();
        for (_, _, length, path) in kept {
            if bytes <= self.max_bytes {
                break;
            }
            tracing::debug!("pushed compiled code out of the cache");
            self.discard(&path);
            bytes -= length;
        }
        Ok(())
    }

    fn path_of(&self, entry: &DirEntry) -> Option<String> {
        let name = entry.file_name().into_string().ok()?;
        Some(format!("{}/{name}", self.folder))
    }

    /// No engine like these comes back: they were of other versions.
    fn remove_other_engines(&self) -> Result<()> {
        for entry in self.plugins.entries()? {
            let Ok(name) = entry?.file_name().into_string() else {
                continue;
            };
            if name != self.folder && is_folder_of_engine(&name) {
                tracing::debug!("removed compiled code of another engine from the cache");
                self.discard(&name);
            }
        }
        Ok(())
    }
}

fn make_directory(parent: &Dir, name: &str) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    match parent.create_dir_with(name, &builder) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn note_use(file: File) -> Result<()> {
    let now = SystemTime::now();
    let file = file.into_std();
    let noted = file.metadata()?.modified()?;
    match now.duration_since(noted) {
        Ok(age) if age < NOTED_EVERY => Ok(()),
        _ => file.set_times(FileTimes::new().set_modified(now)),
    }
}

fn is_folder_of_engine(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn hex(mut text: String, byte: u8) -> String {
    let _ = write!(text, "{byte:02x}");
    text
}

/// What an engine and compiled code must have in common: the version of
/// wasmtime, the features and tunables, the processor.
fn compatibility(engine: &Engine) -> [u8; 32] {
    struct Sha(Sha256);

    impl Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        /// Not asked for: 8 bytes are too few to build upon.
        fn finish(&self) -> u64 {
            0
        }
    }

    let mut hasher = Sha(Sha256::new_with_prefix(b"stagehook compiled plugin"));
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

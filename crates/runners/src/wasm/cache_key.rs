//! The key that authenticates what the cache keeps: 32 random bytes in a file
//! that its owner alone may read.

use super::sealed::{KEY_BYTES, Key};
use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};

const NAME: &str = "key";
const ATTEMPTS: usize = 8;

/// The key of the cache in this directory; made where there is none. Servers
/// that come at the same time get the same key.
///
/// A file that is no key, or that others could have read, is replaced, and
/// what was kept under it is no longer believed.
pub(super) fn of(cache: &Dir) -> Result<Key> {
    for _ in 0..ATTEMPTS {
        match read(cache)? {
            Found::Key(key) => return Ok(key),
            Found::Nothing => {}
            Found::Unfit(why) => {
                tracing::warn!(
                    "the key of the plugin cache (the file `key` in its directory) {why}: it is \
                     replaced, and plugins are compiled again"
                );
                remove(cache, NAME)?;
            }
        }
        make(cache)?;
    }
    Err(Error::other(
        "the key of the plugin cache is changed again and again by somebody else",
    ))
}

enum Found {
    Key(Key),
    Nothing,
    Unfit(String),
}

fn read(cache: &Dir) -> Result<Found> {
    let mut options = OpenOptions::new();
    // Neither a link nor a pipe somebody put there.
    options
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let unfit = |why: &str| Ok(Found::Unfit(why.to_owned()));
    let file = match cache.open_with(NAME, &options) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return unfit(&format!("cannot be opened ({error})")),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return unfit("is no file");
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return unfit("belongs to another user");
    }
    if metadata.mode() & 0o077 != 0 {
        return unfit("could be read or written by others");
    }
    let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    match <[u8; KEY_BYTES]>::try_from(bytes) {
        Ok(key) => Ok(Found::Key(Key::new(key))),
        Err(_) => unfit("does not have 32 bytes"),
    }
}

/// Makes a key, unless somebody else was first. It is whole before it has its
/// name.
fn make(cache: &Dir) -> Result<()> {
    let mut key = [0_u8; KEY_BYTES];
    let mut partial = [0_u8; 8];
    SysRng
        .try_fill_bytes(&mut key)
        .and_then(|()| SysRng.try_fill_bytes(&mut partial))
        .map_err(Error::other)?;
    let partial = format!("{NAME}.{:016x}.partial", u64::from_le_bytes(partial));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = cache.open_with(&partial, &options)?;
    let made = file.write_all(&key).and_then(|()| file.sync_all());
    let made = made.and_then(|()| match cache.hard_link(&partial, cache, NAME) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    remove(cache, &partial)?;
    made
}

fn remove(cache: &Dir, name: &str) -> Result<()> {
    let removed = match cache.symlink_metadata(name) {
        Ok(metadata) if metadata.is_dir() => cache.remove_dir_all(name),
        _ => cache.remove_file(name),
    };
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasm::sealed::Subject;
    use cap_std::ambient_authority;
    use stagehook_core::digest::Digest;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    fn directory() -> (tempfile::TempDir, Dir) {
        let directory = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(directory.path(), ambient_authority()).unwrap();
        (directory, dir)
    }

    /// What tells keys apart.
    fn print(key: &Key) -> Vec<u8> {
        let subject = Subject {
            compatibility: &[0; 32],
            component: &Digest::of(b""),
        };
        key.seal(subject, b"").to_vec()
    }

    #[test]
    fn the_key_stays_and_only_its_owner_reads_it() {
        let (directory, dir) = directory();
        let key = print(&of(&dir).unwrap());
        assert_eq!(print(&of(&dir).unwrap()), key);
        let metadata = fs::metadata(directory.path().join(NAME)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(metadata.len(), 32);
        let left = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, 1, "a partial file was left");
    }

    #[test]
    fn whoever_comes_at_the_same_time_gets_the_same_key() {
        for _ in 0..20 {
            let (directory, _) = directory();
            let path = directory.path();
            let start = std::sync::Barrier::new(8);
            let start = &start;
            let keys: Vec<_> = std::thread::scope(|scope| {
                let all: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(move || {
                            let dir = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
                            start.wait();
                            print(&of(&dir).unwrap())
                        })
                    })
                    .collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }

    #[test]
    fn what_is_no_key_or_was_open_to_others_is_replaced() {
        let (directory, dir) = directory();
        let path = directory.path().join(NAME);
        let known = [7_u8; 32];
        let given = print(&Key::new(known));
        let put = |bytes: &[u8], mode: u32| {
            let _ = fs::remove_file(&path);
            fs::write(&path, bytes).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        };
        put(&known, 0o600);
        assert_eq!(print(&of(&dir).unwrap()), given, "a right one stays");
        for (bytes, mode) in [
            (&known[..], 0o644),
            (&known, 0o640),
            (&known, 0o602),
            (&known[..31], 0o600),
            (&[7; 33], 0o600),
            (b"", 0o600),
        ] {
            put(bytes, mode);
            let made = print(&of(&dir).unwrap());
            assert_ne!(made, given, "{} bytes, mode {mode:o}", bytes.len());
            assert_eq!(print(&of(&dir).unwrap()), made);
        }
        // Somebody else's file, by a link.
        let elsewhere = directory.path().join("elsewhere");
        fs::write(&elsewhere, known).unwrap();
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o600)).unwrap();
        fs::remove_file(&path).unwrap();
        symlink("elsewhere", &path).unwrap();
        assert_ne!(print(&of(&dir).unwrap()), given);
        assert_eq!(fs::read(&elsewhere).unwrap(), known, "it was not touched");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(print(&of(&dir).unwrap()), print(&of(&dir).unwrap()));
        // A pipe without a writer is not waited for.
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        assert_eq!(print(&of(&dir).unwrap()), print(&of(&dir).unwrap()));
    }
}

//! The file that holds the key of secrets: one line of base64, for its owner
//! alone.

use super::KeyError;
use stagehook_core::secret::SecretKey;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Most bytes that are read: a key has 44.
const MAX_BYTES: u64 = 256;
/// The permissions of everybody but the owner.
const OF_OTHERS: u32 = 0o077;

/// The key in a file; none where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<SecretKey>, KeyError> {
    let failed = |source| failed(path, "read", source);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Of what was opened, so that it is what is read.
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & OF_OTHERS != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = String::new();
    match file.take(MAX_BYTES).read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(KeyError::Invalid(path.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    }
    text.parse()
        .map(Some)
        .map_err(|_| KeyError::Invalid(path.to_owned()))
}

/// Makes the file of a new key. It is on the disk when this returns: what is
/// encrypted with it would be lost without it.
pub(super) fn make(path: &Path, bytes: &[u8; 32]) -> Result<SecretKey, KeyError> {
    write(path, &SecretKey::encode(bytes)).map_err(|source| failed(path, "written", source))?;
    Ok(SecretKey::from_bytes(bytes))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let partial = path.with_extension("key-partial");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    // One that was left behind may have been anybody's.
    file.set_permissions(Permissions::from_mode(0o600))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    // Never over another key, whoever put it there.
    let linked = std::fs::hard_link(&partial, path);
    std::fs::remove_file(&partial)?;
    linked?;
    let directory = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn failed(path: &Path, doing: &'static str, source: io::Error) -> KeyError {
    KeyError::Io {
        path: path.to_owned(),
        doing,
        source,
    }
}

//! The keys of this server: one that encrypts, and others that still open.

use super::key_file;
use rand::TryRng as _;
use rand::rngs::SysRng;
use stagehook_core::config::SecretName;
use stagehook_core::secret::{KeyId, Sealed, SecretKey, SecretValue, Unreadable};
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The keys of this server.
#[derive(Debug, Default)]
pub struct SecretKeys {
    current: Mutex<Option<SecretKey>>,
    /// Where the current one is, or will be.
    file: Option<PathBuf>,
    /// Those that were current once.
    old: Vec<SecretKey>,
}

/// Why there is no key to encrypt with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// None was given, and there is no place for one.
    #[error("this server has no key for secrets")]
    None,
    /// The file is not one that could be trusted.
    #[error(
        "the key of secrets in {} can be read by others (its mode is {mode:o}): make it private \
         with `chmod 600`, and if others may have read it, replace the key",
        .path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds no key.
    #[error("the file {} holds no key of secrets: it must hold 32 random bytes in base64, and \
             nothing else", .0.display())]
    Invalid(PathBuf),
    /// The file cannot be read or written.
    #[error("the key of secrets in {} cannot be {doing}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
}

impl SecretKeys {
    /// Keys of which this one encrypts.
    pub fn given(key: SecretKey) -> Self {
        Self {
            current: Mutex::new(Some(key)),
            ..Self::default()
        }
    }

    /// The key in this file; where there is no such file, one is made and written
    /// there once one is needed.
    ///
    /// # Errors
    /// [`KeyError`]: there is a file, and it cannot be used.
    pub fn in_file(path: PathBuf) -> Result<Self, KeyError> {
        Ok(Self {
            current: Mutex::new(key_file::read(&path)?),
            file: Some(path),
            old: Vec::new(),
        })
    }

    /// And these, which open what was encrypted before.
    #[must_use]
    pub fn with_old(mut self, old: Vec<SecretKey>) -> Self {
        self.old = old;
        self
    }

    /// The key that encrypts, if there is one yet.
    pub fn current(&self) -> Option<KeyId> {
        self.lock().as_ref().map(SecretKey::id)
    }

    /// The key that encrypts, made now if there is none yet. Touches the disk.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn current_or_new(&self) -> Result<KeyId, KeyError> {
        self.with_current(SecretKey::id)
    }

    /// Whether what this key encrypted can be read here.
    pub fn knows(&self, id: KeyId) -> bool {
        self.current() == Some(id) || self.old.iter().any(|old| old.id() == id)
    }

    /// Encrypts a value with the current key, made now if there is none yet.
    /// Touches the disk.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn seal(&self, name: &SecretName, value: &SecretValue) -> Result<Sealed, KeyError> {
        let nonce = random()?;
        self.with_current(|key| key.seal(name, value, nonce))
    }

    /// Takes a value out, with whichever key it needs.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn open(&self, name: &SecretName, sealed: &Sealed) -> Result<SecretValue, Unreadable> {
        let current = self.lock();
        current
            .iter()
            .chain(&self.old)
            .find(|key| key.id() == sealed.key_id)
            .ok_or(Unreadable::UnknownKey(sealed.key_id))?
            .open(name, sealed)
    }

    fn with_current<T>(&self, with: impl FnOnce(&SecretKey) -> T) -> Result<T, KeyError> {
        let mut current = self.lock();
        if let Some(key) = &*current {
            return Ok(with(key));
        }
        let path = self.file.as_ref().ok_or(KeyError::None)?;
        // Somebody may have put one there since the start.
        let key = match key_file::read(path)? {
            Some(key) => key,
            None => key_file::make(path, &random()?)?,
        };
        Ok(with(current.insert(key)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SecretKey>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| KeyError::Random(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{KeyError, SecretKeys};
    use stagehook_core::config::SecretName;
    use stagehook_core::secret::{SecretKey, SecretValue, Unreadable};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    fn name() -> SecretName {
        "token".to_owned().try_into().unwrap()
    }

    fn value() -> SecretValue {
        "canary".to_owned().try_into().unwrap()
    }

    fn mode(path: &std::path::Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_key_is_made_when_one_is_needed_and_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.key");
        let keys = SecretKeys::in_file(path.clone()).unwrap();
        assert!(keys.current().is_none() && !path.exists());
        let sealed = keys.seal(&name(), &value()).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(keys.current(), Some(sealed.key_id));
        let again = keys.seal(&name(), &value()).unwrap();
        assert_ne!(again.nonce, sealed.nonce);
        assert_ne!(again.ciphertext, sealed.ciphertext);

        let later = SecretKeys::in_file(path.clone()).unwrap();
        assert_eq!(later.open(&name(), &sealed), Ok(value()));
        let text = fs::read_to_string(&path).unwrap();
        assert!(!format!("{later:?}").contains(text.trim()));
        // Nothing else is left there.
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_old_key_opens_and_does_not_encrypt() {
        let key = |byte| SecretKey::from_bytes(&[byte; 32]);
        let sealed = SecretKeys::given(key(1)).seal(&name(), &value()).unwrap();
        let alone = SecretKeys::given(key(2));
        let missing = Err(Unreadable::UnknownKey(key(1).id()));
        assert_eq!(alone.open(&name(), &sealed), missing);
        assert!(!alone.knows(key(1).id()));
        let both = SecretKeys::given(key(2)).with_old(vec![key(3), key(1)]);
        assert_eq!(both.open(&name(), &sealed), Ok(value()));
        assert!(both.knows(key(1).id()) && both.knows(key(2).id()));
        let sealed = both.seal(&name(), &value()).unwrap();
        assert_eq!(sealed.key_id, key(2).id());
        let none = SecretKeys::default().seal(&name(), &value());
        assert!(matches!(none, Err(KeyError::None)));
    }

    #[test]
    fn a_file_that_others_can_read_or_that_holds_no_key_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secrets.key");
        let good = SecretKey::encode(&std::array::from_fn(|at| u8::try_from(at).unwrap()));
        for (mode, text, fits) in [
            (0o600, good.clone(), true),
            (0o400, format!("{good}\n"), true),
            (0o640, good.clone(), false),
            (0o604, good.clone(), false),
            (0o620, good.clone(), false),
            (0o600, String::new(), false),
            (0o600, good[..20].to_owned(), false),
            (0o600, format!("{good}{good}"), false),
            (0o600, "x".repeat(1 << 20), false),
        ] {
            let _ = fs::remove_file(&path);
            fs::write(&path, &text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let opened = SecretKeys::in_file(path.clone());
            assert_eq!(opened.is_ok(), fits, "{mode:o} {opened:?}");
            if let Err(error) = opened {
                let said = error.to_string();
                assert!(said.contains("secrets.key"), "{said}");
                assert!(!said.contains(&good[..20]), "{said}");
            }
            // What was there stays.
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}

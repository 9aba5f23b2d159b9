//! Encrypting values, and taking them out again: XChaCha20-Poly1305.

use super::SecretValue;
use crate::config::SecretName;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// What the digest of a key begins with, so that it is the digest of nothing
/// else.
const ID_CONTEXT: &[u8] = b"stagehook secrets key/1\0";
/// What every value is bound to beside its key and its name.
const VALUE_CONTEXT: &str = "stagehook secret/1";

/// Which key: the first 8 bytes of a digest of it, in hexadecimal. Says nothing
/// about the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(into = "String")]
#[schema(value_type = String, example = "9f86d081884c7d65")]
pub struct KeyId([u8; 8]);

/// The text is no id of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no key id: 16 lower-case hexadecimal digits")]
pub struct InvalidKeyId;

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.to_string()
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 16 || !text.bytes().all(|b| b"0123456789abcdef".contains(&b)) {
            return Err(InvalidKeyId);
        }
        u64::from_str_radix(text, 16)
            .map(|id| Self(id.to_be_bytes()))
            .map_err(|_| InvalidKeyId)
    }
}

/// A value, encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The key that opens it.
    pub key_id: KeyId,
    /// Random, and never used twice.
    pub nonce: [u8; 24],
    /// The value, encrypted, and its tag.
    pub ciphertext: Vec<u8>,
}

/// Why a value cannot be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The key is not here.
    #[error(
        "it is encrypted with the key {0}, which this server does not have: give that key in \
         STAGEHOOK_SECRETS_OLD_KEY, or set the secret again"
    )]
    UnknownKey(KeyId),
    /// The key is here, but this is not what was encrypted with it.
    #[error(
        "what the database holds is not what was encrypted with the key {0} under this name: it \
         was damaged or altered, so set the secret again"
    )]
    Altered(KeyId),
}

/// A key that encrypts values. Never shown, and wiped from memory when dropped.
#[derive(Clone)]
pub struct SecretKey {
    id: KeyId,
    cipher: XChaCha20Poly1305,
}

/// The text is no key. Does not say what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 random bytes in base64 (`openssl rand -base64 32` makes some)")]
pub struct InvalidSecretKey;

impl SecretKey {
    /// The key of these bytes, which have to be random.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let digest = Sha256::new_with_prefix(ID_CONTEXT).chain_update(bytes);
        let digest: [u8; 32] = digest.finalize().into();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self {
            id: KeyId(id),
            cipher: XChaCha20Poly1305::new(&Key::from(*bytes)),
        }
    }

    /// How these bytes are written as a key.
    pub fn encode(bytes: &[u8; 32]) -> String {
        BASE64.encode(bytes)
    }

    /// Which key it is.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// Encrypts the value of the secret of this name. `nonce` has to be random.
    pub fn seal(&self, name: &SecretName, value: &SecretValue, nonce: [u8; 24]) -> Sealed {
        let payload = Payload {
            msg: value.reveal().as_bytes(),
            aad: &bound_to(self.id, name),
        };
        Sealed {
            key_id: self.id,
            nonce,
            ciphertext: self.encrypted(payload, nonce),
        }
    }

    fn encrypted(&self, payload: Payload<'_, '_>, nonce: [u8; 24]) -> Vec<u8> {
        #[expect(
            clippy::expect_used,
            reason = "it takes values of up to 256 GiB, and ours have 64 KiB"
        )]
        let ciphertext = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a short value");
        ciphertext
    }

    /// Takes the value of the secret of this name out.
    ///
    /// # Errors
    /// [`Unreadable`]: it was encrypted with another key, under another name, or
    /// is no longer what was encrypted.
    pub fn open(&self, name: &SecretName, sealed: &Sealed) -> Result<SecretValue, Unreadable> {
        if sealed.key_id != self.id {
            return Err(Unreadable::UnknownKey(sealed.key_id));
        }
        let payload = Payload {
            msg: &sealed.ciphertext,
            aad: &bound_to(self.id, name),
        };
        self.cipher
            .decrypt(&XNonce::from(sealed.nonce), payload)
            .ok()
            .and_then(|value| String::from_utf8(value).ok())
            .and_then(|value| SecretValue::try_from(value).ok())
            .ok_or(Unreadable::Altered(self.id))
    }
}

impl FromStr for SecretKey {
    type Err = InvalidSecretKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| InvalidSecretKey)?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| InvalidSecretKey)?;
        // What somebody left as a placeholder.
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(InvalidSecretKey);
        }
        Ok(Self::from_bytes(&bytes))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

/// Neither a name nor an id holds a NUL.
fn bound_to(key: KeyId, name: &SecretName) -> Vec<u8> {
    format!("{VALUE_CONTEXT}\0{key}\0{name}").into_bytes()
}

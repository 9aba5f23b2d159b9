//! Compiled code as it is kept on disk: with a message authentication code.
//!
//! ```text
//! offset  bytes
//!      0      8  magic, the last byte of which is the version of this layout
//!      8     32  HMAC-SHA256 of all that follows, by the key of this server:
//!                  the magic, the engine's compatibility hash (32 bytes), the
//!                  component's digest (32 bytes), the code
//!     40      …  the code
//! ```
//!
//! Everything before the code has a fixed length, so that no two different
//! files have the same input of the code.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use stagehook_core::digest::Digest;
use std::fmt;

const MAGIC: [u8; 8] = *b"SHKCODE\x01";
const MAC_BYTES: usize = 32;
/// What is before the code.
pub(super) const HEADER_BYTES: usize = MAGIC.len() + MAC_BYTES;
pub(super) const KEY_BYTES: usize = 32;

/// What keeps others from making compiled code for this server.
pub(super) struct Key([u8; KEY_BYTES]);

/// Which code is meant: of this component, for engines like this.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) compatibility: &'a [u8; 32],
    pub(super) component: &'a Digest,
}

/// The bytes of a file whose code was sealed with our key for what was asked.
/// Only [`Key::open`] makes one, and nobody changes it.
pub(super) struct Authenticated {
    file: Vec<u8>,
}

/// The file is not what this server wrote for what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAuthentic {
    #[error("it is shorter than its header")]
    Short,
    #[error("it does not begin like compiled code of this version")]
    Magic,
    #[error("its authentication code is wrong")]
    Mac,
}

impl Key {
    pub(super) const fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    fn mac(&self, subject: Subject<'_>, code: &[u8]) -> Hmac<Sha256> {
        // HMAC fills a shorter key up with zeros to the block of its hash.
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(&MAGIC);
        mac.update(subject.compatibility);
        mac.update(subject.component.as_bytes());
        mac.update(code);
        mac
    }

    /// What to write before this code.
    pub(super) fn seal(&self, subject: Subject<'_>, code: &[u8]) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        let (magic, mac) = header.split_at_mut(MAGIC.len());
        magic.copy_from_slice(&MAGIC);
        mac.copy_from_slice(&self.mac(subject, code).finalize().into_bytes());
        header
    }

    /// Takes the bytes of a file, and gives them back only if they are what
    /// [`seal`](Self::seal) made for the same subject.
    pub(super) fn open(
        &self,
        subject: Subject<'_>,
        file: Vec<u8>,
    ) -> Result<Authenticated, NotAuthentic> {
        let (header, code) = file
            .split_at_checked(HEADER_BYTES)
            .ok_or(NotAuthentic::Short)?;
        let (magic, mac) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(NotAuthentic::Magic);
        }
        self.mac(subject, code)
            .verify_slice(mac)
            .map_err(|_| NotAuthentic::Mac)?;
        Ok(Authenticated { file })
    }
}

impl Authenticated {
    /// The code.
    pub(super) fn code(&self) -> &[u8] {
        // It was opened, so that it is longer than its header.
        self.file.get(HEADER_BYTES..).unwrap_or_default()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(key: &Key, subject: Subject<'_>, code: &[u8]) -> Vec<u8> {
        [&key.seal(subject, code)[..], code].concat()
    }

    #[test]
    fn what_was_sealed_is_opened_for_the_same_subject_and_key_alone() {
        let (key, other_key) = (Key::new([1; 32]), Key::new([2; 32]));
        let component = Digest::of(b"component");
        let subject = Subject {
            compatibility: &[7; 32],
            component: &component,
        };
        let file = sealed(&key, subject, b"code");
        assert_eq!(key.open(subject, file.clone()).unwrap().code(), b"code");
        assert_eq!(
            other_key.open(subject, file.clone()).err(),
            Some(NotAuthentic::Mac)
        );
        let other_component = Subject {
            component: &Digest::of(b"other"),
            ..subject
        };
        assert!(key.open(other_component, file.clone()).is_err());
        let other_engine = Subject {
            compatibility: &[8; 32],
            ..subject
        };
        assert!(key.open(other_engine, file).is_err());
    }

    #[test]
    fn no_byte_may_be_another_one_and_none_missing_or_added() {
        let key = Key::new([1; 32]);
        let component = Digest::of(b"component");
        let subject = Subject {
            compatibility: &[7; 32],
            component: &component,
        };
        let file = sealed(&key, subject, b"some code");
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut spoilt = file.clone();
                spoilt[at] ^= 1 << bit;
                assert!(key.open(subject, spoilt).is_err(), "byte {at}, bit {bit}");
            }
        }
        for length in 0..file.len() {
            assert!(
                key.open(subject, file[..length].to_vec()).is_err(),
                "{length}"
            );
        }
        let longer = [&file[..], b"\0"].concat();
        assert!(key.open(subject, longer).is_err());
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Key::new([65; 32])), "Key");
    }
}

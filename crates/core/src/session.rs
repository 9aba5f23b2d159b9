//! Sessions of people who signed in with a token. REQ-API-5
//!
//! A browser keeps the session's [key](SessionKey) in a cookie that no script can
//! read. Browsers send cookies by themselves, so whoever changes something has to
//! repeat a second text, which is derived from the key and which only a page of
//! this server was ever told.

use crate::digest::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;

/// How long a session lasts; being used makes it no longer.
pub const LASTS: TimeDelta = TimeDelta::days(30);
/// Most sessions of one token; the oldest goes when another one begins.
pub const PER_TOKEN_MAX: i64 = 20;

/// What the text that changes repeat is derived for, and nothing else is.
const CSRF_CONTEXT: &[u8] = b"stagehook csrf/1\0";

/// What a session is known by: 32 random bytes, written in base64 as
/// URLs have it. Never shown, also not by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionKey([u8; 32]);

/// The text is no key of a session. Does not say what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes in base64")]
pub struct InvalidSessionKey;

impl SessionKey {
    /// The key that is made of these random bytes.
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key itself, for the cookie.
    pub fn reveal(&self) -> String {
        BASE64.encode(self.0)
    }

    /// What the store knows it by.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// The text that every change has to repeat. Says nothing about the key.
    pub fn csrf_token(&self) -> String {
        BASE64.encode(self.csrf().finalize().into_bytes())
    }

    /// Whether this is that text; how long it takes says nothing about it.
    pub fn is_csrf_token(&self, text: &str) -> bool {
        BASE64
            .decode(text)
            .is_ok_and(|sent| self.csrf().verify_slice(&sent).is_ok())
    }

    fn csrf(&self) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length");
        mac.update(CSRF_CONTEXT);
        mac
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

impl FromStr for SessionKey {
    type Err = InvalidSessionKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = BASE64.decode(text).ok();
        bytes
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(InvalidSessionKey)
    }
}

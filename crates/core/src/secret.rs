//! Secrets that are kept encrypted: their values, and what may be shown of them.
//!
//! A value is encrypted under a [`SecretKey`] and bound to the secret's name. Who
//! reads the database without the key learns names, times and how long values
//! are; who writes to it can take a secret away or put an older value of the same
//! secret back, but cannot make one up, nor pass one secret off as another.

mod key;

pub use key::{InvalidSecretKey, KeyId, Sealed, SecretKey, Unreadable};

use crate::config::SecretName;
use crate::ids::HookId;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// Longest value, in bytes.
pub const SECRET_MAX_BYTES: usize = 64 * 1024;
/// How long a value that was replaced still signs, unless said otherwise, in
/// seconds: a day.
pub const OVERLAP_DEFAULT_SECONDS: u32 = 86_400;
/// The longest that it may, in seconds: thirty days.
pub const OVERLAP_MAX_SECONDS: u32 = 30 * 86_400;

/// What is secret. Never shown, also not by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(String);

/// The text cannot be the value of a secret. Does not say what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {SECRET_MAX_BYTES} bytes long, not {0}")]
pub struct InvalidSecretValue(usize);

impl SecretValue {
    /// The value itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretValue {
    type Error = InvalidSecretValue;

    fn try_from(value: String) -> Result<Self, Self::Error> {
        if (1..=SECRET_MAX_BYTES).contains(&value.len()) {
            Ok(Self(value))
        } else {
            Err(InvalidSecretValue(value.len()))
        }
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue(..)")
    }
}

/// A stored secret, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Secret {
    /// What configs call it.
    pub name: SecretName,
    /// The key under which its value is encrypted.
    pub key_id: KeyId,
    /// Until when the value before this one still signs webhooks; `null` where
    /// there is none.
    pub previous_until: Option<DateTime<Utc>>,
    /// When it was stored first.
    pub created_at: DateTime<Utc>,
    /// When its value was set last.
    pub updated_at: DateTime<Utc>,
    /// Who set it.
    pub updated_by: String,
}

/// A hook whose config names a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SecretUse {
    /// The hook.
    pub hook_id: HookId,
    /// Its name.
    pub hook_name: String,
}

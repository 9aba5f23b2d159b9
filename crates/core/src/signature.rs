//! Signatures of plugins: Ed25519 (RFC 8032) over a component's digest.
//!
//! What is signed is the ASCII text `sha256:<64 hex digits>`, so that a
//! signature can be made and checked with any tool that knows Ed25519.

use crate::digest::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// The signature of a component; written in base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct PluginSignature([u8; 64]);

/// The text is no signature.
#[derive(Debug, thiserror::Error)]
#[error("must be an Ed25519 signature: 64 bytes in base64")]
pub struct InvalidSignature;

impl PluginSignature {
    /// Wraps the 64 bytes of a signature.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }
}

/// What a signature of this component signs.
pub fn signed_text(digest: &Digest) -> String {
    digest.to_string()
}

impl FromStr for PluginSignature {
    type Err = InvalidSignature;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = STANDARD.decode(text).map_err(|_| InvalidSignature)?;
        bytes.try_into().map(Self).map_err(|_| InvalidSignature)
    }
}

impl TryFrom<String> for PluginSignature {
    type Error = InvalidSignature;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PluginSignature> for String {
    fn from(signature: PluginSignature) -> Self {
        signature.to_string()
    }
}

impl fmt::Display for PluginSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

/// A public key and what the operator calls it; written `NAME=BASE64`.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedKey {
    name: String,
    key: VerifyingKey,
}

/// The text is no trusted key.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTrustedKey {
    /// There is no name.
    #[error("must be NAME=KEY: a name of 1 to 64 letters, digits, '.', '_' or '-', and the key")]
    Name,
    /// The key is none.
    #[error("the key of '{0}' must be an Ed25519 public key: 32 bytes in base64")]
    Key(String),
    /// A key that makes signatures worthless.
    #[error("the key of '{0}' is weak: anybody can sign for it")]
    Weak(String),
}

impl TrustedKey {
    /// What the operator calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it made this signature of this component.
    pub fn made(&self, signature: &PluginSignature, digest: &Digest) -> bool {
        let signature = Signature::from_bytes(&signature.0);
        self.key
            .verify_strict(signed_text(digest).as_bytes(), &signature)
            .is_ok()
    }
}

impl FromStr for TrustedKey {
    type Err = InvalidTrustedKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, key) = text.split_once('=').ok_or(InvalidTrustedKey::Name)?;
        let named = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !named {
            return Err(InvalidTrustedKey::Name);
        }
        let no_key = || InvalidTrustedKey::Key(name.to_owned());
        let bytes: [u8; 32] = STANDARD
            .decode(key)
            .map_err(|_| no_key())?
            .try_into()
            .map_err(|_| no_key())?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| no_key())?;
        if key.is_weak() {
            return Err(InvalidTrustedKey::Weak(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, STANDARD.encode(self.key.as_bytes()))
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the operator decides about signatures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignaturePolicy {
    /// The keys whose signatures count.
    pub trusted: Vec<TrustedKey>,
    /// Whether plugins without a signature are neither taken nor run.
    pub required: bool,
}

/// Why a plugin is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unaccepted {
    /// It has no signature, and has to have one.
    #[error(
        "it is not signed, and this server takes and runs signed plugins alone: sign it with a \
         key that this server trusts (--trusted-key)"
    )]
    Unsigned,
    /// No key that is trusted made the signature.
    #[error(
        "no key that this server trusts made its signature: sign these very bytes with a trusted \
         key (--trusted-key)"
    )]
    Untrusted,
}

impl SignaturePolicy {
    /// Whose signature it is; `None` when it is not signed and need not be.
    ///
    /// # Errors
    /// [`Unaccepted`].
    pub fn signer(
        &self,
        digest: &Digest,
        signature: Option<&PluginSignature>,
    ) -> Result<Option<&TrustedKey>, Unaccepted> {
        let Some(signature) = signature else {
            return if self.required {
                Err(Unaccepted::Unsigned)
            } else {
                Ok(None)
            };
        };
        self.trusted
            .iter()
            .find(|key| key.made(signature, digest))
            .map(Some)
            .ok_or(Unaccepted::Untrusted)
    }
}

//! Signatures of bodies, made and checked. REQ-EVT-5
//!
//! Two forms, both HMAC-SHA256 with the hook's secret:
//!
//! * `X-Stagehook-Signature: sha256=<hex>` over the body;
//! * `webhook-signature: v1,<base64>` over `<id>.<timestamp>.<body>`, as
//!   Standard Webhooks has it. It also proves when the message was sent, so it
//!   is the one that stops a replay. While a stored secret is replaced, the header
//!   has two of them, the new value's first, with a space between.
//!
//! A secret that begins with `whsec_` is the key in base64, as Standard
//! Webhooks writes keys; any other is the key itself. Both forms use that key.

mod check;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
pub use check::{Received, Refusal, Report, TOLERANCE_SECONDS};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;

/// How Standard Webhooks marks a key in base64.
const KEY_PREFIX: &str = "whsec_";
const BODY_PREFIX: &str = "sha256=";
const MESSAGE_PREFIX: &str = "v1,";

/// A key that signs and checks.
#[derive(Clone)]
pub struct Key(Vec<u8>);

/// The secret begins with `whsec_`, and what follows is no base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("begins with whsec_, but what follows is no base64")]
pub struct InvalidKey;

impl Key {
    /// The key of a secret.
    pub fn of_secret(secret: &str) -> Result<Self, InvalidKey> {
        match secret.strip_prefix(KEY_PREFIX) {
            Some(encoded) => match BASE64.decode(encoded) {
                Ok(key) if !key.is_empty() => Ok(Self(key)),
                _ => Err(InvalidKey),
            },
            None => Ok(Self(secret.as_bytes().to_vec())),
        }
    }

    /// The value of `X-Stagehook-Signature`: of the body alone.
    pub fn sign(&self, body: &[u8]) -> String {
        let mut signature = BODY_PREFIX.to_owned();
        for byte in self.mac(&[body]).finalize().into_bytes() {
            use fmt::Write as _;
            let _ = write!(signature, "{byte:02x}");
        }
        signature
    }

    /// Whether this is the value of `X-Stagehook-Signature` for the body. In
    /// constant time.
    pub fn verify(&self, body: &[u8], signature: &str) -> bool {
        signature
            .strip_prefix(BODY_PREFIX)
            .and_then(from_hex)
            .is_some_and(|tag| self.mac(&[body]).verify_slice(&tag).is_ok())
    }

    /// The value of `webhook-signature`: of the message with its id and its
    /// time (seconds since 1970).
    pub fn sign_message(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let tag = self.message_mac(id, timestamp, body).finalize();
        format!("{MESSAGE_PREFIX}{}", BASE64.encode(tag.into_bytes()))
    }

    /// Whether one of the signatures in a `webhook-signature` header (they are
    /// separated by spaces) is that of the message. In constant time. Whether
    /// the time is recent is the caller's to judge.
    pub fn verify_message(&self, id: &str, timestamp: i64, body: &[u8], signatures: &str) -> bool {
        signatures
            .split(' ')
            .filter_map(|signature| BASE64.decode(signature.strip_prefix(MESSAGE_PREFIX)?).ok())
            .any(|tag| {
                self.message_mac(id, timestamp, body)
                    .verify_slice(&tag)
                    .is_ok()
            })
    }

    fn message_mac(&self, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
        self.mac(&[
            id.as_bytes(),
            b".",
            timestamp.to_string().as_bytes(),
            b".",
            body,
        ])
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length");
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
        .collect()
}

//! What is wrong with a webhook whose signature does not fit, for people who
//! write receivers.

use super::{BODY_PREFIX, Key, MESSAGE_PREFIX, from_hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// How far a message's time may be from now, unless somebody says otherwise: what
/// Standard Webhooks recommends.
pub const TOLERANCE_SECONDS: u32 = 300;
/// Bytes of every signature.
const SIGNATURE_BYTES: usize = 32;

/// What a receiver got, as far as it is signed; headers as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Received<'a> {
    /// `webhook-id`
    pub id: Option<&'a str>,
    /// `webhook-timestamp`
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`
    pub signatures: Option<&'a str>,
    /// `X-Stagehook-Signature`
    pub body_signature: Option<&'a str>,
    /// The body, byte by byte.
    pub body: &'a [u8],
}

/// Why a signature is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The three headers of Standard Webhooks belong together.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// The time is none.
    #[error("the header webhook-timestamp is no number of seconds since 1970")]
    NoTime,
    /// The header is there, and says nothing.
    #[error("there is no signature in the header")]
    Empty,
    /// It is not written as such signatures are.
    #[error("the signature does not begin with '{0}'")]
    Unmarked(&'static str),
    /// What follows is not encoded as it has to be.
    #[error("what follows '{0}' is no {1}: it was changed on its way")]
    NotEncoded(&'static str, &'static str),
    /// It is too short or too long.
    #[error(
        "the signature has {0} bytes instead of {SIGNATURE_BYTES}: it was truncated or extended on \
         its way"
    )]
    Length(usize),
    /// It is a signature, of something else or by somebody else.
    #[error(
        "the signature was made with another secret, or of {0}: these cannot be told apart. Check \
         the bytes as they came, before anything reads them as JSON"
    )]
    Different(&'static str),
    /// The signature is good, and the message old.
    #[error(
        "the message is genuine, but was sent {age} s ago, which is {} s more than is tolerated: \
         somebody may have kept it and sent it again",
        .age - i64::from(*.tolerance)
    )]
    TooOld {
        /// In seconds.
        age: i64,
        /// In seconds.
        tolerance: u32,
    },
    /// The signature is good, and the message not sent yet.
    #[error(
        "the message is genuine, but will be sent in {ahead} s, which is {} s more than is \
         tolerated: the clock of the sender or of the receiver is wrong",
        .ahead - i64::from(*.tolerance)
    )]
    TooNew {
        /// In seconds.
        ahead: i64,
        /// In seconds.
        tolerance: u32,
    },
}

/// What each form of signature says; `None` where it is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The three headers of Standard Webhooks; how many seconds ago the message
    /// was sent.
    pub message: Option<Result<i64, Refusal>>,
    /// `X-Stagehook-Signature`
    pub body: Option<Result<(), Refusal>>,
}

impl Report {
    /// Whether the message is to be believed. Where the headers of Standard
    /// Webhooks are there, they decide: the other one proves no time, and during
    /// the replacement of a secret it is made with the new one alone.
    pub fn is_verified(&self) -> bool {
        match (&self.message, &self.body) {
            (Some(message), _) => message.is_ok(),
            (None, Some(body)) => body.is_ok(),
            (None, None) => false,
        }
    }
}

impl Key {
    /// Checks what was received, at this time (seconds since 1970). In constant
    /// time as far as the key is concerned.
    pub fn check(&self, received: &Received<'_>, now: i64, tolerance: u32) -> Report {
        let Received {
            id,
            timestamp,
            signatures,
            ..
        } = received;
        let any = id.is_some() || timestamp.is_some() || signatures.is_some();
        Report {
            message: any.then(|| self.check_message(received, now, tolerance)),
            body: received
                .body_signature
                .map(|signature| self.check_body(received.body, signature.trim())),
        }
    }

    fn check_message(
        &self,
        received: &Received<'_>,
        now: i64,
        tolerance: u32,
    ) -> Result<i64, Refusal> {
        let id = received.id.ok_or(Refusal::Missing("webhook-id"))?;
        let timestamp = received
            .timestamp
            .ok_or(Refusal::Missing("webhook-timestamp"))?;
        let signatures = received
            .signatures
            .ok_or(Refusal::Missing("webhook-signature"))?
            .trim();
        let timestamp = seconds(timestamp.trim()).ok_or(Refusal::NoTime)?;
        if !self.verify_message(id.trim(), timestamp, received.body, signatures) {
            return Err(why_not(signatures));
        }
        let age = now.saturating_sub(timestamp);
        if age > i64::from(tolerance) {
            return Err(Refusal::TooOld { age, tolerance });
        }
        if age < -i64::from(tolerance) {
            let ahead = age.saturating_neg();
            return Err(Refusal::TooNew { ahead, tolerance });
        }
        Ok(age)
    }

    fn check_body(&self, body: &[u8], signature: &str) -> Result<(), Refusal> {
        if self.verify(body, signature) {
            return Ok(());
        }
        if signature.is_empty() {
            return Err(Refusal::Empty);
        }
        let hex = signature
            .strip_prefix(BODY_PREFIX)
            .ok_or(Refusal::Unmarked(BODY_PREFIX))?;
        let tag = from_hex(hex).ok_or(Refusal::NotEncoded(BODY_PREFIX, "hex"))?;
        Err(wrong(tag.len(), "another body"))
    }
}

/// What is wrong with signatures of which none is good: with the one that is
/// closest to being one.
fn why_not(signatures: &str) -> Refusal {
    if signatures.is_empty() {
        return Refusal::Empty;
    }
    let marked = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix(MESSAGE_PREFIX));
    let refusals = marked.map(|encoded| match BASE64.decode(encoded) {
        Ok(tag) => wrong(tag.len(), "another id, time or body"),
        Err(_) => Refusal::NotEncoded(MESSAGE_PREFIX, "base64"),
    });
    let closeness = |refusal: &Refusal| match refusal {
        Refusal::Different(_) => 2,
        Refusal::Length(_) => 1,
        _ => 0,
    };
    refusals
        .max_by_key(closeness)
        .unwrap_or(Refusal::Unmarked(MESSAGE_PREFIX))
}

fn wrong(bytes: usize, of: &'static str) -> Refusal {
    if bytes == SIGNATURE_BYTES {
        Refusal::Different(of)
    } else {
        Refusal::Length(bytes)
    }
}

/// Seconds since 1970, written with nothing but digits.
fn seconds(text: &str) -> Option<i64> {
    let is_number = (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

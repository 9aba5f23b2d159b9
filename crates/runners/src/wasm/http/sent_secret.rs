//! Secrets that a guest sends and never sees.

use crate::NoSecret;
use http::HeaderValue;
use stagehook_core::config::{HostPattern, SecretName};

/// What a name of a secret stands between.
pub(super) const OPENING: &str = "{{secret:";
const CLOSING: &[u8] = b"}}";

/// A secret, and where it may be sent.
pub(in crate::wasm) struct SentSecret {
    pub(in crate::wasm) name: SecretName,
    /// Its value, or why there is none.
    pub(in crate::wasm) value: Result<String, NoSecret>,
    pub(in crate::wasm) hosts: Vec<HostPattern>,
}

/// Puts secrets in where a header's value names them. What is put in is not
/// looked at again.
pub(super) fn fill<'a>(
    value: &HeaderValue,
    secret: impl Fn(&[u8]) -> Result<&'a str, String>,
) -> Result<HeaderValue, String> {
    let mut rest = value.as_bytes();
    let mut filled = Vec::new();
    let mut is_filled = false;
    while let Some(at) = find(rest, OPENING.as_bytes()) {
        filled.extend_from_slice(&rest[..at]);
        let named = &rest[at + OPENING.len()..];
        let end = find(named, CLOSING).ok_or("a secret's name is not closed by }}")?;
        filled.extend_from_slice(secret(&named[..end])?.as_bytes());
        rest = &named[end + CLOSING.len()..];
        is_filled = true;
    }
    if !is_filled {
        return Ok(value.clone());
    }
    filled.extend_from_slice(rest);
    let mut filled = HeaderValue::from_bytes(&filled)
        .map_err(|_| "the secret holds characters that no header may hold")?;
    filled.set_sensitive(true);
    Ok(filled)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(value: &str) -> Result<String, String> {
        let value = HeaderValue::from_str(value).unwrap();
        let filled = fill(&value, |name| match name {
            b"a" => Ok("one"),
            b"nested" => Ok("{{secret:a}}"),
            b"lines" => Ok("one\r\nhost: evil"),
            _ => Err("unknown".to_owned()),
        })?;
        Ok(filled.to_str().unwrap().to_owned())
    }

    #[test]
    fn each_place_is_filled_once() {
        assert_eq!(filled("Bearer {{secret:a}}").unwrap(), "Bearer one");
        assert_eq!(filled("{{secret:a}}{{secret:a}}!").unwrap(), "oneone!");
        assert_eq!(filled("{{secret:nested}}").unwrap(), "{{secret:a}}");
        assert_eq!(filled("{{a}} {secret:a}").unwrap(), "{{a}} {secret:a}");
    }

    #[test]
    fn what_cannot_be_filled_is_refused() {
        for wrong in [
            "{{secret:b}}",
            "{{secret:a",
            "{{secret: a}}",
            "{{secret:lines}}",
            "{{secret:a}} {{secret:}}",
        ] {
            assert!(filled(wrong).is_err(), "{wrong}");
        }
    }
}

//! Takes secrets out of what is kept.

use memchr::memmem;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What stands where a secret was.
const REDACTED: &[u8] = b"[redacted]";
/// Shorter values are left alone: they occur everywhere.
const REDACTED_MIN_BYTES: usize = 4;

/// Takes secrets out of what is kept: as they are, and as JSON writes them.
/// Values shorter than four bytes are left alone: they occur everywhere.
///
/// A text that is to be cut is redacted **before** it is cut; where that cannot
/// be, [`piece`](Self::piece) also takes out what a cut left of a secret.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Arc<[Vec<u8>]>);

/// Where a piece was cut out of something longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Nowhere,
    AtStart,
    AtEnd,
}

impl Redactor {
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let long = |value: &&str| value.len() >= REDACTED_MIN_BYTES;
        let mut forms: Vec<_> = values.into_iter().filter(long).flat_map(forms).collect();
        forms.sort_unstable();
        forms.dedup();
        Self(forms.into())
    }

    /// A text without secrets.
    pub(crate) fn redact(&self, text: String) -> String {
        if self.0.is_empty() {
            return text;
        }
        let (redacted, _) = self.piece(text.as_bytes(), Cut::Nowhere);
        // A secret begins and ends between characters.
        String::from_utf8_lossy(&redacted).into_owned()
    }

    /// A piece without secrets, and without what the cut left of one, which is
    /// dropped: with how many bytes were.
    pub(crate) fn piece(&self, piece: &[u8], cut: Cut) -> (Vec<u8>, usize) {
        let (mut redacted, mut dropped, mut from) = (Vec::new(), 0, 0);
        for secret in self.secrets_in(piece, cut) {
            redacted.extend_from_slice(&piece[from..secret.start]);
            from = secret.end;
            match cut {
                Cut::AtStart if secret.start == 0 => dropped += secret.len(),
                Cut::AtEnd if secret.end == piece.len() => dropped += secret.len(),
                _ => redacted.extend_from_slice(REDACTED),
            }
        }
        redacted.extend_from_slice(&piece[from..]);
        (redacted, dropped)
    }

    /// Where secrets are, in order. Those that overlap are one.
    fn secrets_in(&self, piece: &[u8], cut: Cut) -> Vec<Range<usize>> {
        let mut found: Vec<_> = self
            .0
            .iter()
            .flat_map(|secret| whole(piece, secret).chain(part(piece, secret, cut)))
            .collect();
        found.sort_unstable_by_key(|range| range.start);
        found.dedup_by(|next, last| {
            let overlaps = next.start < last.end;
            if overlaps {
                last.end = last.end.max(next.end);
            }
            overlaps
        });
        found
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

/// A secret as it is, and as JSON writes it.
fn forms(value: &str) -> Vec<Vec<u8>> {
    let json = serde_json::Value::from(value).to_string();
    let json = &json[1..json.len() - 1];
    [value, json]
        .map(str::to_owned)
        .into_iter()
        // Some write a slash in JSON with a backslash before it.
        .chain([json.replace('/', "\\/")])
        .map(String::into_bytes)
        .collect()
}

/// Where a secret is, also where it overlaps itself.
fn whole<'a>(piece: &'a [u8], secret: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let finder = memmem::Finder::new(secret);
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + finder.find(&piece[from..])?;
        from = start + 1;
        Some(start..start + secret.len())
    })
}

/// What a cut left of a secret.
fn part(piece: &[u8], secret: &[u8], cut: Cut) -> Option<Range<usize>> {
    let shorter = || (1..secret.len().min(piece.len() + 1)).rev();
    match cut {
        Cut::Nowhere => None,
        Cut::AtStart => shorter()
            .find(|length| piece.starts_with(&secret[secret.len() - length..]))
            .map(|length| 0..length),
        Cut::AtEnd => shorter()
            .find(|length| piece.ends_with(&secret[..*length]))
            .map(|length| piece.len() - length..piece.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, Redactor};

    fn redacted(secrets: &[&str], text: &str) -> String {
        Redactor::new(secrets.iter().copied()).redact(text.to_owned())
    }

    #[test]
    fn every_form_of_a_secret_is_redacted_and_no_rest_of_a_longer_one_is_left() {
        assert_eq!(
            redacted(
                &["abcd", "abcd-efgh", "q\"uote", "xyz", "a/bc"],
                r#"abcd-efgh abcd q"uote "q\"uote" xyz a\/bc"#,
            ),
            r#"[redacted] [redacted] [redacted] "[redacted]" xyz [redacted]"#
        );
    }

    #[test]
    fn of_secrets_that_overlap_nothing_is_left() {
        assert_eq!(
            redacted(&["abcdef", "defghi"], "<abcdefghi>"),
            "<[redacted]>"
        );
        assert_eq!(redacted(&["abab"], "<ababab>"), "<[redacted]>");
        assert_eq!(redacted(&["abcd"], "abcdabcd"), "[redacted][redacted]");
        assert_eq!(redacted(&["größe"], "die größe!"), "die [redacted]!");
    }

    #[test]
    fn what_a_cut_left_of_a_secret_is_dropped() {
        let redactor = Redactor::new(["token-1234", "4-and-on"]);
        let piece = |piece: &str, cut| {
            let (redacted, dropped) = redactor.piece(piece.as_bytes(), cut);
            (String::from_utf8(redacted).unwrap(), dropped)
        };
        assert_eq!(piece("a token-12", Cut::AtEnd), ("a ".to_owned(), 8));
        assert_eq!(piece("1234 a", Cut::AtStart), (" a".to_owned(), 4));
        // A whole one within what is left of another, or beside it.
        assert_eq!(
            piece("a token-1234-an", Cut::AtEnd),
            ("a ".to_owned(), 13),
            "both go"
        );
        assert_eq!(
            piece("token-1234 to", Cut::AtEnd),
            ("[redacted] ".to_owned(), 2)
        );
        // Nothing was cut there.
        assert_eq!(piece("1234 a", Cut::AtEnd), ("1234 a".to_owned(), 0));
        assert_eq!(piece("oken", Cut::AtEnd), ("oken".to_owned(), 0));
    }
}

//! Output of any length in bounded memory: the beginning and the end are
//! kept, what was between them is counted. REQ-SCR-4

use crate::secrets::{Cut, Redactor};
use std::collections::VecDeque;
use std::fmt::Write as _;

/// What is kept of one stream.
#[derive(Debug)]
pub(crate) struct Kept {
    head: Vec<u8>,
    head_bytes: usize,
    tail: VecDeque<u8>,
    tail_bytes: usize,
    dropped: u64,
}

impl Kept {
    /// Keeps at most `bytes`, half from the beginning and half from the end.
    pub(crate) fn new(bytes: usize) -> Self {
        let head_bytes = bytes.div_ceil(2);
        Self {
            head: Vec::new(),
            head_bytes,
            tail: VecDeque::new(),
            tail_bytes: bytes - head_bytes,
            dropped: 0,
        }
    }

    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let to_head = bytes.len().min(self.head_bytes - self.head.len());
        let (head, rest) = bytes.split_at(to_head);
        self.head.extend_from_slice(head);
        // Of a piece longer than the tail only its own end can stay.
        let (skipped, rest) = rest.split_at(rest.len().saturating_sub(self.tail_bytes));
        let overflow = (self.tail.len() + rest.len()).saturating_sub(self.tail_bytes);
        self.tail.drain(..overflow);
        self.tail.extend(rest);
        self.dropped += (skipped.len() + overflow) as u64;
    }

    /// Counts bytes that were seen and thrown away.
    pub(crate) fn drop_bytes(&mut self, count: u64) {
        self.dropped += count;
    }

    /// How many bytes were dropped; `None` when there were none.
    pub(crate) fn dropped(&self) -> Option<u64> {
        (self.dropped > 0).then_some(self.dropped)
    }

    /// The same without secrets, and without what is left of one where bytes
    /// were dropped.
    pub(crate) fn redacted(self, redactor: &Redactor) -> Self {
        let Self {
            mut head,
            tail,
            dropped,
            ..
        } = self;
        let mut tail = Vec::from(tail);
        let mut of_secrets = 0;
        if dropped == 0 {
            head.append(&mut tail);
            (head, _) = redactor.piece(&head, Cut::Nowhere);
        } else {
            let (before, after);
            (head, before) = redactor.piece(&head, Cut::AtEnd);
            (tail, after) = redactor.piece(&tail, Cut::AtStart);
            of_secrets = before + after;
        }
        Self {
            head_bytes: head.len(),
            head,
            tail_bytes: tail.len(),
            tail: tail.into(),
            dropped: dropped + of_secrets as u64,
        }
    }

    /// The text, with a line that tells how much is missing and where.
    ///
    /// Bytes that are no UTF-8 become U+FFFD, and so does NUL, which
    /// PostgreSQL cannot keep in a text.
    pub(crate) fn into_text(self) -> String {
        let mut bytes = self.head;
        if self.dropped == 0 {
            bytes.extend(self.tail);
            return text(&bytes);
        }
        let mut all = text(&bytes);
        let _ = write!(all, "\n[... {} bytes dropped ...]\n", self.dropped);
        all.push_str(&text(&Vec::from(self.tail)));
        all
    }
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;
    use crate::secrets::Redactor;
    use proptest::prelude::*;

    #[test]
    fn short_output_is_kept_whole() {
        let mut kept = Kept::new(8);
        kept.push(b"abc");
        kept.push(b"defgh");
        assert_eq!(kept.dropped(), None);
        assert_eq!(kept.into_text(), "abcdefgh");
    }

    #[test]
    fn of_long_output_both_ends_are_kept_and_the_rest_is_counted() {
        let mut kept = Kept::new(8);
        for piece in ["ab", "cdefghijkl", "m", "nop"] {
            kept.push(piece.as_bytes());
        }
        assert_eq!(kept.dropped(), Some(8));
        assert_eq!(kept.into_text(), "abcd\n[... 8 bytes dropped ...]\nmnop");
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        let mut kept = Kept::new(64);
        kept.push(b"a\xff\0z");
        assert_eq!(kept.into_text(), "a\u{fffd}\u{fffd}z");
    }

    #[test]
    fn no_part_of_a_secret_is_left_wherever_the_cut_goes_through() {
        const SECRET: &str = "hunter2/größe";
        let redactor = Redactor::new([SECRET]);
        for before in 0..60 {
            for after in 0..60 {
                let printed = format!("{}{SECRET}{}", ".".repeat(before), ".".repeat(after));
                let mut kept = Kept::new(32);
                kept.push(printed.as_bytes());
                let kept = kept.redacted(&redactor);
                let dropped = kept.dropped().unwrap_or_default();
                let text = kept.into_text();
                let rest = text
                    .replace(&format!("\n[... {dropped} bytes dropped ...]\n"), "")
                    .replace("[redacted]", "")
                    .replace('.', "");
                assert_eq!(rest, "", "{before}, {after}: {text}");
            }
        }
    }

    proptest! {
        #[test]
        fn however_it_is_cut_into_pieces_the_same_is_kept(
            pieces in prop::collection::vec(prop::collection::vec(b'a'..=b'z', 0..40), 0..20),
            bytes in 0usize..60,
        ) {
            let all: Vec<u8> = pieces.concat();
            let mut kept = Kept::new(bytes);
            for piece in &pieces {
                kept.push(piece);
            }
            prop_assert!(kept.head.len() + kept.tail.len() <= bytes);
            prop_assert_eq!(kept.dropped.try_into(), Ok(all.len().saturating_sub(bytes)));
            prop_assert!(all.starts_with(&kept.head));
            let tail: Vec<u8> = kept.tail.iter().copied().collect();
            prop_assert!(all.ends_with(&tail));
            prop_assert_eq!(kept.head.len() + tail.len(), all.len().min(bytes));
        }
    }
}

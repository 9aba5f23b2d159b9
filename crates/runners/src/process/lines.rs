//! From what comes through a pipe to the lines that a listener hears.

/// Longest line that is told in one piece, in bytes.
const LINE_BYTES: usize = 4 << 10;

/// Hears lines, without their ends.
pub(super) type Hear<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// One stream of one run.
pub(super) struct Lines<'a> {
    hear: Option<Hear<'a>>,
    /// The beginning of a line.
    open: Vec<u8>,
    /// What may still be told, in bytes.
    left: usize,
}

impl<'a> Lines<'a> {
    /// At most `bytes` of the stream are told, if somebody hears them.
    pub(super) fn new(hear: Option<Hear<'a>>, bytes: usize) -> Self {
        Self {
            hear,
            open: Vec::new(),
            left: bytes,
        }
    }

    /// Something was printed.
    pub(super) fn push(&mut self, mut printed: &[u8]) {
        while self.hear.is_some() && !printed.is_empty() {
            let room = LINE_BYTES - self.open.len();
            let window = &printed[..printed.len().min(room)];
            let end = window.iter().position(|&byte| byte == b'\n');
            let (line, rest) = printed.split_at(end.unwrap_or(window.len()));
            self.open.extend_from_slice(line);
            printed = if end.is_some() { &rest[1..] } else { rest };
            if end.is_some() || self.open.len() == LINE_BYTES {
                self.tell();
            }
        }
    }

    /// Nothing more comes: what is left is a line without an end.
    pub(super) fn finish(mut self) {
        if self.hear.is_some() && !self.open.is_empty() {
            self.tell();
        }
    }

    fn tell(&mut self) {
        let Some(hear) = self.hear else { return };
        let line = String::from_utf8_lossy(&self.open);
        if let Some(left) = self.left.checked_sub(line.len() + 1) {
            self.left = left;
            hear(&line);
        } else {
            hear("… (the log has the rest)");
            self.hear = None;
        }
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES, Lines};
    use rstest::rstest;
    use std::sync::Mutex;

    fn heard(pieces: &[impl AsRef<[u8]>], bytes: usize) -> Vec<String> {
        let heard = Mutex::new(Vec::new());
        let hear = |line: &str| heard.lock().unwrap().push(line.to_owned());
        let mut lines = Lines::new(Some(&hear), bytes);
        for piece in pieces {
            lines.push(piece.as_ref());
        }
        lines.finish();
        heard.into_inner().unwrap()
    }

    #[rstest]
    #[case::whole(&["one\ntwo\n"], &["one", "two"])]
    #[case::in_pieces(&["o", "ne\nt", "wo\n"], &["one", "two"])]
    #[case::without_an_end(&["one\ntwo"], &["one", "two"])]
    #[case::empty_ones(&["\n\na"], &["", "", "a"])]
    fn tells_lines(#[case] pieces: &[&str], #[case] expected: &[&str]) {
        assert_eq!(heard(pieces, 1_000), expected);
    }

    #[test]
    fn what_is_no_text_is_told_as_text() {
        assert_eq!(heard(&[b"a\xff\n"], 1_000), ["a\u{fffd}"]);
    }

    #[test]
    fn a_line_without_an_end_is_told_in_pieces() {
        let heard = heard(&[[b'x'; LINE_BYTES * 2 + 1]], 1 << 20);
        let lengths: Vec<_> = heard.iter().map(String::len).collect();
        assert_eq!(lengths, [LINE_BYTES, LINE_BYTES, 1]);
    }

    #[test]
    fn no_more_is_told_than_is_kept() {
        let flood = b"0123456789\n".repeat(1_000);
        let heard = heard(&[&flood], 25);
        assert_eq!(heard.len(), 3);
        assert_eq!(heard[2], "… (the log has the rest)");
    }
}

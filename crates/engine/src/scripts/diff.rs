//! What changed between two versions of a script.

use super::Script;
use crate::blocking::blocking;
use crate::engine::Engine;
use crate::error::EngineError;
use similar::{Algorithm, TextDiff};
use stagehook_core::config::ScriptPath;
use std::time::{Duration, Instant};

/// Longer than this, a comparison goes on with what is found quickly, which may
/// show more changes than there are.
const PATIENCE: Duration = Duration::from_millis(500);

/// What changed between two versions of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptDiff {
    /// As `diff -u` writes it; empty where nothing changed.
    pub text: String,
}

impl Engine {
    /// Compares two versions of a script: the newest one with the one before it,
    /// where none is named.
    pub async fn script_diff(
        &self,
        path: &ScriptPath,
        from: Option<i64>,
        to: Option<i64>,
    ) -> Result<ScriptDiff, EngineError> {
        let to = match to {
            Some(to) => self.script(path, Some(to)).await?,
            None => self.newest_ever(path).await?,
        };
        let from = match from {
            None if to.version.version == 1 => None,
            None => Some(self.script(path, Some(to.version.version - 1)).await?),
            Some(from) => Some(self.script(path, Some(from)).await?),
        };
        let text = blocking(move || text(from.as_ref(), &to)).await?;
        Ok(ScriptDiff { text })
    }

    /// The newest version, also of a deleted script.
    async fn newest_ever(&self, path: &ScriptPath) -> Result<Script, EngineError> {
        let newest = stagehook_core::page::PageRequest {
            limit: 1,
            cursor: None,
        };
        let versions = self.store.script_versions(path, newest).await?;
        let version = versions.items.first().map(|version| version.version);
        self.script(path, version).await
    }
}

/// A script without a version before it is compared with nothing.
fn text(from: Option<&Script>, to: &Script) -> String {
    let old = from.map(|from| &*from.content).unwrap_or_default();
    let new = &*to.content;
    let name = |script: &Script| format!("{} {}", script.version.path, script.version.version);
    let names = (from.map_or_else(|| "/dev/null".to_owned(), name), name(to));
    if old == new {
        return String::new();
    }
    let (Ok(old), Ok(new)) = (str::from_utf8(old), str::from_utf8(new)) else {
        return format!("Binary files {} and {} differ\n", names.0, names.1);
    };
    if old.contains('\0') || new.contains('\0') {
        return format!("Binary files {} and {} differ\n", names.0, names.1);
    }
    TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .deadline(Instant::now() + PATIENCE)
        .diff_lines(old, new)
        .unified_diff()
        .header(&names.0, &names.1)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, Script, text};
    use bytes::Bytes;
    use chrono::DateTime;
    use stagehook_core::digest::Digest;
    use stagehook_core::script::{SCRIPT_MAX_BYTES, ScriptVersion};
    use std::time::Instant;

    fn script(version: i64, content: impl Into<Bytes>) -> Script {
        let content = content.into();
        Script {
            version: ScriptVersion {
                path: "qc/a.sh".parse().unwrap(),
                version,
                digest: Digest::of(&content),
                size_bytes: 0,
                created_by: "boris".to_owned(),
                created_at: DateTime::UNIX_EPOCH,
            },
            content,
        }
    }

    #[test]
    fn says_it_as_diff_does() {
        let changed = "--- qc/a.sh 1\n+++ qc/a.sh 2\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
        let no_newline = "--- qc/a.sh 1\n+++ qc/a.sh 2\n@@ -1 +1 @@\n-a\n\
                          \\ No newline at end of file\n+a\n";
        let binary = "Binary files qc/a.sh 1 and qc/a.sh 2 differ\n";
        for (old, new, says) in [
            ("a\nb\nc\n", "a\nB\nc\n", changed),
            ("a", "a\n", no_newline),
            ("a\n", "a\n", ""),
            ("a\n", "a\0", binary),
        ] {
            assert_eq!(text(Some(&script(1, old)), &script(2, new)), says);
        }
    }

    #[test]
    fn what_is_no_text_is_binary_and_the_first_version_is_all_new() {
        let first = text(None, &script(1, "a\n"));
        assert_eq!(first, "--- /dev/null\n+++ qc/a.sh 1\n@@ -0,0 +1 @@\n+a\n");
        let binary = text(None, &script(1, &b"\xff"[..]));
        assert_eq!(binary, "Binary files /dev/null and qc/a.sh 1 differ\n");
    }

    /// Half a million lines on both sides, none of which are the same.
    #[test]
    fn the_worst_that_can_be_pushed_is_compared_soon() {
        let lines = |letters: [char; 2]| -> String {
            let mut seed = 1_u64;
            let letter = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                letters[usize::from(seed >> 63 == 1)]
            };
            let letters = std::iter::repeat_with(letter).take(SCRIPT_MAX_BYTES / 2);
            letters.flat_map(|letter| [letter, '\n']).collect()
        };
        let began = Instant::now();
        text(
            Some(&script(1, lines(['a', 'b']))),
            &script(2, lines(['b', 'c'])),
        );
        assert!(began.elapsed() < PATIENCE * 40, "{:?}", began.elapsed());
    }
}

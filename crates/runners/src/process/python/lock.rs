//! What was resolved: each package by version, with the hashes of its files.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A requirements file of nothing but lines `name==version --hash=… …`, as an
/// installer takes it that is to check hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lock(String);

impl Lock {
    /// Reads one, as uv writes it or as we do; `None` if there is anything else
    /// in it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lock = String::new();
        for line in text.replace("\\\n", " ").lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                None => continue,
                Some(comment) if comment.starts_with('#') => continue,
                Some(pin) if is_pin(pin) => lock.push_str(pin),
                Some(_) => return None,
            }
            let before = lock.len();
            for hash in words {
                if !is_hash(hash) {
                    return None;
                }
                lock.push(' ');
                lock.push_str(hash);
            }
            if lock.len() == before {
                return None;
            }
            lock.push('\n');
        }
        Some(Self(lock))
    }

    /// Reads what pip reports of an installation that it would do.
    pub(super) fn of_pip_report(report: &[u8]) -> Option<Self> {
        let report: Report = serde_json::from_slice(report).ok()?;
        let mut text = String::new();
        for package in report.install {
            let Metadata { name, version } = package.metadata;
            let hash = package.download_info.archive_info?.sha256()?;
            let _ = writeln!(text, "{name}=={version} --hash=sha256:{hash}");
        }
        Self::parse(&text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

fn is_pin(word: &str) -> bool {
    let plain = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.+![],".contains(&b))
    };
    word.split_once("==")
        .is_some_and(|(name, version)| plain(name) && plain(version))
}

fn is_hash(word: &str) -> bool {
    word.strip_prefix("--hash=")
        .and_then(|hash| hash.split_once(':'))
        .is_some_and(|(algorithm, digest)| {
            algorithm.bytes().all(|b| b.is_ascii_alphanumeric())
                && digest.len() >= 64
                && digest.bytes().all(|b| b.is_ascii_hexdigit())
        })
}

/// The part of pip's installation report (version 1) that is of use.
#[derive(Deserialize)]
struct Report {
    install: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    metadata: Metadata,
    download_info: DownloadInfo,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct DownloadInfo {
    archive_info: Option<ArchiveInfo>,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    #[serde(default)]
    hashes: BTreeMap<String, String>,
    /// Before pip 23.1: `sha256=…`.
    hash: Option<String>,
}

impl ArchiveInfo {
    fn sha256(mut self) -> Option<String> {
        let older = self
            .hash
            .and_then(|hash| hash.strip_prefix("sha256=").map(str::to_owned));
        self.hashes.remove("sha256").or(older)
    }
}

#[cfg(test)]
mod tests {
    use super::Lock;
    use rstest::rstest;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn what_either_installer_resolved_is_kept_in_one_form() {
        let of_uv = format!(
            "# made by uv\nlooks==1.0 \\\n    --hash=sha256:{A} \\\n    --hash=sha256:{B}\n\
             some-tables==2.1+cpu \\\n    --hash=sha256:{B}\n"
        );
        let lock = Lock::parse(&of_uv).unwrap();
        let expected = format!(
            "looks==1.0 --hash=sha256:{A} --hash=sha256:{B}\n\
             some-tables==2.1+cpu --hash=sha256:{B}\n"
        );
        assert_eq!(lock.as_str(), expected);
        assert_eq!(Lock::parse(&expected), Some(lock));

        let of_pip = format!(
            r#"{{"version": "1", "install": [
                {{"metadata": {{"name": "looks", "version": "1.0"}},
                  "download_info": {{"url": "https://x/", "archive_info": {{"hash": "sha256={A}"}}}}}},
                {{"metadata": {{"name": "tables", "version": "2.1"}},
                  "download_info": {{"url": "https://x/", "archive_info": {{"hashes": {{"sha256": "{B}"}}}}}}}}
            ]}}"#
        );
        let lock = Lock::of_pip_report(of_pip.as_bytes()).unwrap();
        let expected = format!("looks==1.0 --hash=sha256:{A}\ntables==2.1 --hash=sha256:{B}\n");
        assert_eq!(lock.into_text(), expected);
    }

    #[rstest]
    #[case::option("--index-url=https://example.com\n")]
    #[case::without_a_hash("looks==1.0\n")]
    #[case::without_a_version(&format!("looks --hash=sha256:{A}\n"))]
    #[case::address(&format!("looks @ https://example.com/ --hash=sha256:{A}\n"))]
    #[case::option_after_the_hash(&format!("looks==1.0 --hash=sha256:{A} --pre\n"))]
    #[case::short_hash("looks==1.0 --hash=sha256:aaaa\n")]
    fn what_is_no_lock_is_not_taken_for_one(#[case] text: &str) {
        assert_eq!(Lock::parse(text), None);
    }
}

//! The directories below which hooks can be granted others.

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use stagehook_core::config::{Access, DirectoryGrant};
use stagehook_core::invalid::Findings;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a hook sees the directory of the segment.
const SEGMENT: &str = "/segment";

/// A grant that cannot be given. For people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

/// A directory that was granted, opened.
#[derive(Debug)]
pub(crate) struct GrantedDirectory {
    pub(crate) dir: Dir,
    /// Where the hook sees it.
    pub(crate) guest: String,
    pub(crate) access: Access,
}

/// What was granted.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) directories: Vec<GrantedDirectory>,
    /// The media file, as the hook sees it; none where its directory is not
    /// granted as such.
    pub(crate) segment_path: Option<String>,
}

/// One directory below which others can be granted.
#[derive(Debug)]
struct Root {
    /// As the operator named it.
    given: PathBuf,
    /// Without symbolic links.
    path: PathBuf,
    dir: Dir,
}

/// The directories below which others can be granted.
#[derive(Debug, Default)]
pub(crate) struct MediaRoots(Vec<Root>);

impl MediaRoots {
    pub(crate) fn open(roots: &[PathBuf]) -> std::io::Result<Self> {
        roots
            .iter()
            .map(|root| {
                let path = fs::canonicalize(root)?;
                let dir = Dir::open_ambient_dir(&path, ambient_authority())?;
                Ok(Root {
                    given: root.clone(),
                    path,
                    dir,
                })
            })
            .collect::<std::io::Result<_>>()
            .map(Self)
    }

    /// Finds the grants that can never be given here. A directory need not exist
    /// yet; whether it is really below a root is decided when it is opened.
    pub(crate) fn check(
        &self,
        findings: &mut Findings,
        directories: &[DirectoryGrant],
        segment: Option<Access>,
    ) {
        for (i, directory) in directories.iter().enumerate() {
            let host = Path::new(&directory.host);
            let is_below =
                |root: &Root| host.starts_with(&root.given) || host.starts_with(&root.path);
            findings.require(
                self.0.iter().any(is_below),
                format!("/config/grants/directories/{i}/host"),
                "must be at or below a media root of this server (--media-root)",
            );
        }
        findings.require(
            segment.is_none() || !self.0.is_empty(),
            "/config/grants/segment",
            "cannot be given: this server has no media root (--media-root)",
        );
    }

    /// Opens what is granted, as far as it is at or below the roots.
    pub(crate) fn grant(
        &self,
        directories: &[DirectoryGrant],
        segment: Option<Access>,
        segment_path: Option<&str>,
    ) -> Result<Granted, Refusal> {
        let mut granted = Granted {
            directories: Vec::with_capacity(directories.len() + 1),
            segment_path: None,
        };
        for (i, directory) in directories.iter().enumerate() {
            let host = &directory.host;
            let dir = self
                .open_below(Path::new(host))
                .map_err(|reason| Refusal(format!("grants.directories[{i}]: {host} {reason}")))?;
            granted.directories.push(GrantedDirectory {
                dir,
                guest: directory.guest.clone(),
                access: directory.access,
            });
        }
        if let (Some(access), Some(path)) = (segment, segment_path) {
            let (dir, name) = self.open_segment(path).map_err(|reason| {
                Refusal(format!("grants.segment: the directory of {path} {reason}"))
            })?;
            granted.directories.push(GrantedDirectory {
                dir,
                guest: SEGMENT.to_owned(),
                access,
            });
            granted.segment_path = Some(format!("{SEGMENT}/{name}"));
        }
        Ok(granted)
    }

    fn open_segment<'a>(&self, path: &'a str) -> Result<(Dir, &'a str), &'static str> {
        let path = Path::new(path);
        let name = path.file_name().and_then(|name| name.to_str());
        let (Some(directory), Some(name)) = (path.parent(), name) else {
            return Err("cannot be told: the path names no file");
        };
        Ok((self.open_below(directory)?, name))
    }

    /// Opens a directory at or below a root. A path that leads out by symbolic
    /// links is not below it, and a link that is put there between our look and
    /// our opening is refused by the opening itself.
    ///
    /// The same is answered for what does not exist and for what is elsewhere,
    /// so that nobody learns what there is on this host.
    fn open_below(&self, host: &Path) -> Result<Dir, &'static str> {
        const NOT_BELOW: &str = "is no directory at or below a media root of this server";
        if !host.is_absolute() {
            return Err(NOT_BELOW);
        }
        let path = fs::canonicalize(host).map_err(|_| NOT_BELOW)?;
        for root in &self.0 {
            let Ok(below) = path.strip_prefix(&root.path) else {
                continue;
            };
            let below = if below.as_os_str().is_empty() {
                Path::new(".")
            } else {
                below
            };
            return root.dir.open_dir(below).map_err(|_| NOT_BELOW);
        }
        Err(NOT_BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_what_is_really_below_a_root_is_opened() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("job/shots")).unwrap();
        fs::write(root.path().join("job/file"), "").unwrap();
        symlink(outside.path(), root.path().join("out")).unwrap();
        symlink(root.path().join("job"), root.path().join("in")).unwrap();
        let roots = MediaRoots::open(&[root.path().to_owned()]).unwrap();

        for below in ["", "job", "job/shots", "in/shots", "job/../job"] {
            assert!(
                roots.open_below(&root.path().join(below)).is_ok(),
                "{below}"
            );
        }
        for elsewhere in ["out", "job/file", "missing", "..", "out/.."] {
            let path = root.path().join(elsewhere);
            assert!(roots.open_below(&path).is_err(), "{elsewhere}");
        }
        for absolute in [
            Path::new("/"),
            Path::new("/etc"),
            outside.path(),
            Path::new("job"),
        ] {
            assert!(
                roots.open_below(absolute).is_err(),
                "{}",
                absolute.display()
            );
        }
    }

    #[test]
    fn without_roots_nothing_can_be_granted() {
        let roots = MediaRoots::default();
        assert!(roots.open_below(Path::new("/")).is_err());
    }
}

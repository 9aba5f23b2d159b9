//! From what a hook's config grants to what a guest can reach. REQ-WASM-1

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use stagehook_core::config::{Access, PluginGrants};
use std::fs;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// Where the directory of the segment is seen.
const SEGMENT: &str = "/segment";

/// A grant that cannot be given. For people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) String);

/// What was granted.
pub(super) struct Granted {
    pub(super) wasi: WasiCtxBuilder,
    /// The media file, as the guest sees it.
    pub(super) segment_path: Option<String>,
}

/// One directory below which others can be granted.
#[derive(Debug)]
struct Root {
    path: PathBuf,
    dir: Dir,
}

/// The directories below which others can be granted.
#[derive(Debug, Default)]
pub(super) struct MediaRoots(Vec<Root>);

impl MediaRoots {
    pub(super) fn open(roots: &[PathBuf]) -> std::io::Result<Self> {
        roots
            .iter()
            .map(|root| {
                let path = fs::canonicalize(root)?;
                let dir = Dir::open_ambient_dir(&path, ambient_authority())?;
                Ok(Root { path, dir })
            })
            .collect::<std::io::Result<_>>()
            .map(Self)
    }

    /// Whether [`grant`](Self::grant) touches the file system.
    pub(super) fn blocks(grants: &PluginGrants) -> bool {
        grants.segment.is_some() || !grants.directories.is_empty()
    }

    pub(super) fn grant(
        &self,
        grants: &PluginGrants,
        segment_path: Option<&str>,
    ) -> Result<Granted, Refusal> {
        let mut wasi = WasiCtxBuilder::new();
        for (name, value) in &grants.env {
            wasi.env(name, value);
        }
        for (i, directory) in grants.directories.iter().enumerate() {
            self.preopen(
                &mut wasi,
                Path::new(&directory.host),
                &directory.guest,
                directory.access,
            )
            .map_err(|reason| {
                Refusal(format!(
                    "grants.directories[{i}]: {} {reason}",
                    directory.host
                ))
            })?;
        }
        let segment_path = match (grants.segment, segment_path) {
            (Some(access), Some(path)) => Some(
                self.preopen_segment(&mut wasi, path, access)
                    .map_err(|reason| {
                        Refusal(format!("grants.segment: the directory of {path} {reason}"))
                    })?,
            ),
            _ => None,
        };
        Ok(Granted { wasi, segment_path })
    }

    fn preopen_segment(
        &self,
        wasi: &mut WasiCtxBuilder,
        path: &str,
        access: Access,
    ) -> Result<String, &'static str> {
        let path = Path::new(path);
        let name = path.file_name().and_then(|name| name.to_str());
        let (Some(directory), Some(name)) = (path.parent(), name) else {
            return Err("cannot be told: the path names no file");
        };
        self.preopen(wasi, directory, SEGMENT, access)?;
        Ok(format!("{SEGMENT}/{name}"))
    }

    fn preopen(
        &self,
        wasi: &mut WasiCtxBuilder,
        host: &Path,
        guest: &str,
        access: Access,
    ) -> Result<(), &'static str> {
        let dir = self.open_below(host)?;
        let permissions = match access {
            Access::Read => FsPerms::ReadOnly,
            Access::Write => FsPerms::ReadWrite,
        };
        // The directory that was opened just now, whatever its path has become
        // since.
        let opened = format!("/proc/self/fd/{}", dir.as_raw_fd());
        wasi.preopened_dir(opened, guest, permissions)
            .map_err(|_| "cannot be opened")?;
        Ok(())
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

//! The hierarchies of control groups, and where in them this server may make its
//! own.
//!
//! In the first version of the interface each controller may have a hierarchy to
//! itself, and a run is then in a group of each. In the second there is one for
//! all, where a group with processes of its own hands no controllers down: the
//! server steps aside into a group below, but only where the group it is in was
//! handed over to it (`Delegate=yes` in a unit of systemd, or a container's own).
//! Elsewhere the group belongs to somebody else, and stays as it is.

use super::controller::{Controller, Count, FIRST, SECOND};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const MOUNT: &str = "/sys/fs/cgroup";
/// Where controllers are handed down.
const HANDED_DOWN: &str = "cgroup.subtree_control";
/// What a process is moved by.
const PROCESSES: &str = "cgroup.procs";
/// Where a server steps aside, below the directory of its groups.
const SERVER: &str = "server";
/// How systemd marks groups that it has handed over; the one is for all to read,
/// the other is older.
const MARKS: [&str; 2] = ["user.delegate", "trusted.delegate"];

/// The group that this process is in, of one hierarchy.
#[derive(Debug, PartialEq, Eq)]
struct Own {
    group: PathBuf,
    controllers: Vec<&'static Controller>,
    is_second: bool,
    /// Whether its path, as this process sees it, is that of the topmost.
    is_top: bool,
}

/// A directory for a server's groups, in one hierarchy. Removed when this is
/// dropped, with the groups in it.
#[derive(Debug)]
pub(super) struct Hierarchy {
    path: PathBuf,
    controllers: Vec<&'static Controller>,
    /// The group that the server stepped aside from.
    left: Option<PathBuf>,
}

impl Hierarchy {
    /// Makes a directory of this name in each hierarchy that counts something, and
    /// where that can be done.
    pub(super) fn make_all(prefix: &str, name: &str) -> Vec<Self> {
        let told = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = Own::all(&told, Path::new(MOUNT));
        own.into_iter()
            .filter_map(|own| {
                sweep(&own.group, prefix);
                Self::make(own, name)
            })
            .collect()
    }

    fn make(own: Own, name: &str) -> Option<Self> {
        let path = own.group.join(name);
        fs::create_dir(&path).ok()?;
        // Not before: dropping it removes what is there.
        let mut made = Self {
            path,
            controllers: own.controllers,
            left: None,
        };
        if own.is_second {
            // The topmost of the machine alone may have processes, too.
            let is_bound = own.group.join("cgroup.type").exists();
            if is_bound {
                let is_own = own.is_top || is_handed_over(&own.group);
                if !is_own {
                    return None;
                }
                made.step_aside(&own.group)?;
            }
            let path = &made.path;
            made.controllers.retain(|controller| {
                let add = format!("+{}", controller.name);
                [&own.group, path]
                    .iter()
                    .all(|group| fs::write(group.join(HANDED_DOWN), &add).is_ok())
            });
        }
        made.keep_what_works().ok()?;
        (!made.controllers.is_empty()).then_some(made)
    }

    /// One controller that an old kernel has in part does not cost the other.
    fn keep_what_works(&mut self) -> io::Result<()> {
        let tried = self.path.join("tried");
        fs::create_dir(&tried)?;
        self.controllers
            .retain(|of| Count::begin(of, &tried).is_ok());
        fs::remove_dir(&tried)
    }

    /// Moves this process out of the way.
    fn step_aside(&mut self, from: &Path) -> Option<()> {
        let aside = self.path.join(SERVER);
        fs::create_dir(&aside).ok()?;
        // "0" is whoever writes it.
        fs::write(aside.join(PROCESSES), "0").ok()?;
        self.left = Some(from.to_owned());
        Some(())
    }

    /// Where groups of runs are made.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it counts.
    pub(super) fn controllers(&self) -> &[&'static Controller] {
        &self.controllers
    }
}

impl Drop for Hierarchy {
    fn drop(&mut self) {
        if let Some(left) = &self.left {
            for controller in &self.controllers {
                let remove = format!("-{}", controller.name);
                for group in [&self.path, left] {
                    let _ = fs::write(group.join(HANDED_DOWN), &remove);
                }
            }
            let _ = fs::write(left.join(PROCESSES), "0");
        }
        remove(&self.path);
    }
}

impl Own {
    /// Those that this process is in, as `/proc/self/cgroup` tells, if they count
    /// something that is of interest.
    fn all(told: &str, mount: &Path) -> Vec<Self> {
        let own = told.lines().filter_map(|line| Self::of(line, mount));
        own.filter(|own| !own.controllers.is_empty()).collect()
    }

    /// `4:memory:/user` of the first version, `0::/user` of the second.
    fn of(line: &str, mount: &Path) -> Option<Self> {
        let mut fields = line.splitn(3, ':').skip(1);
        let (names, path) = (fields.next()?, fields.next()?);
        let is_second = names.is_empty();
        let group = mount.join(names).join(path.trim_start_matches('/'));
        let (known, counted) = if is_second {
            let counted = fs::read_to_string(group.join("cgroup.controllers"));
            (&SECOND, counted.unwrap_or_default().replace(' ', ","))
        } else {
            (&FIRST, names.to_owned())
        };
        let is_counted = |of: &&Controller| counted.trim().split(',').any(|name| name == of.name);
        Some(Self {
            controllers: known.iter().filter(is_counted).collect(),
            is_second,
            is_top: path == "/",
            group,
        })
    }
}

/// Whether systemd has handed a group over to who is in it.
fn is_handed_over(group: &Path) -> bool {
    let mut said = [0; 1];
    MARKS.iter().any(|mark| {
        let read = rustix::fs::getxattr(group, *mark, &mut said);
        matches!(read, Ok(1)) && said == *b"1"
    })
}

/// Removes the groups of servers that are gone: their names begin so, and then
/// comes the server's pid. One with processes stays.
fn sweep(above: &Path, prefix: &str) {
    for group in fs::read_dir(above).into_iter().flatten().flatten() {
        let name = group.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_prefix(prefix)?.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            remove(&group.path());
        }
    }
}

fn remove(group: &Path) {
    for below in fs::read_dir(group).into_iter().flatten().flatten() {
        if below.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = fs::remove_dir(below.path());
        }
    }
    let _ = fs::remove_dir(group);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tempfile::TempDir;

    #[rstest]
    #[case::first(
        "9:name=systemd:/\n8:pids:/user\n4:memory:/user/it\n2:cpu,cpuacct:/\n0::/\n",
        &[("pids/user", "pids"), ("memory/user/it", "memory")]
    )]
    #[case::first_in_one("3:memory,pids:/\n", &[("memory,pids/", "pids memory")])]
    #[case::second("0::/a.slice/b.service\n", &[("a.slice/b.service", "pids memory")])]
    #[case::both("8:pids:/\n0::/memory.only\n", &[("pids/", "pids"), ("memory.only", "memory")])]
    #[case::none("0::/nothing\n", &[])]
    #[case::none("", &[])]
    fn what_counts_is_found_in_either_version(
        #[case] told: &str,
        #[case] expected: &[(&str, &str)],
    ) {
        let mount = TempDir::new().unwrap();
        let second = [
            ("a.slice/b.service", "cpuset cpu io memory pids\n"),
            ("memory.only", "memory\n"),
            ("nothing", "cpu\n"),
        ];
        for (path, controllers) in second {
            let group = mount.path().join(path);
            fs::create_dir_all(&group).unwrap();
            fs::write(group.join("cgroup.controllers"), controllers).unwrap();
        }
        let found: Vec<_> = Own::all(told, mount.path())
            .into_iter()
            .map(|own| {
                let names: Vec<_> = own.controllers.iter().map(|of| of.name).collect();
                (own.group, names.join(" "))
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(group, names)| (mount.path().join(group), (*names).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }
}

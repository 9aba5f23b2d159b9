//! Processes of a run, counted by the kernel.
//!
//! A script that does nothing but fork makes thousands of processes between two
//! looks of the watchdog, and then the watchdog no longer gets to look. The
//! kernel's own limit (`RLIMIT_NPROC`) does not count processes of root. So
//! where the server may make control groups, as root mostly can, each run is in
//! one of its own; elsewhere the limit of the user namespace has to do.
//!
//! Both versions of the interface are used as they are found, see
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html> and
//! <https://docs.kernel.org/admin-guide/cgroup-v1/pids.html>.

use rustix::process::Pid;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const MOUNT: &str = "/sys/fs/cgroup";

/// Where groups of runs are made. Removed when this is dropped.
#[derive(Debug)]
pub(super) struct ControlGroups(PathBuf);

/// The group of one run. Removed when this is dropped: after its processes.
#[derive(Debug)]
pub(super) struct ControlGroup(PathBuf);

impl ControlGroups {
    /// Makes a place for groups, where that can be done.
    pub(super) fn make() -> Option<Self> {
        let above = Self::of_this_process()?;
        let prefix = prefix()?;
        sweep(&above, &prefix);
        let runner: u64 = rand::random();
        let path = above.join(format!("{prefix}{}-{runner:x}", std::process::id()));
        fs::create_dir(&path).ok()?;
        // Not before: dropping it removes what is there.
        let groups = Self(path);
        // In the second version a group's children have what it hands down to
        // them; in the first everything.
        if groups.0.join("cgroup.subtree_control").exists() {
            fs::write(above.join("cgroup.subtree_control"), "+pids").ok()?;
            fs::write(groups.0.join("cgroup.subtree_control"), "+pids").ok()?;
        }
        let usable = groups.group("probe", 1).is_ok();
        usable.then_some(groups)
    }

    /// The group that this process is in, of the hierarchy that counts
    /// processes.
    fn of_this_process() -> Option<PathBuf> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        own.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let mount = if controllers.is_empty() {
                PathBuf::from(MOUNT)
            } else if controllers.split(',').any(|name| name == "pids") {
                Path::new(MOUNT).join(controllers)
            } else {
                return None;
            };
            let group = mount.join(path.trim_start_matches('/'));
            let counts = match fs::read_to_string(group.join("cgroup.controllers")) {
                Ok(controllers) => controllers.split_whitespace().any(|name| name == "pids"),
                Err(_) => !controllers.is_empty() && group.is_dir(),
            };
            counts.then_some(group)
        })
    }

    /// A group that takes this many processes and threads.
    pub(super) fn group(&self, name: &str, processes: u32) -> io::Result<ControlGroup> {
        let group = ControlGroup(self.0.join(name));
        fs::create_dir(&group.0)?;
        fs::write(group.0.join("pids.max"), processes.to_string())?;
        Ok(group)
    }
}

impl ControlGroup {
    /// Puts a process into the group, with all that it starts from now on.
    pub(super) fn add(&self, pid: Pid) -> io::Result<()> {
        let procs = self.0.join("cgroup.procs");
        fs::write(procs, pid.as_raw_pid().to_string())
    }

    /// Whether a process was refused because there were too many.
    pub(super) fn is_exceeded(&self) -> bool {
        let events = fs::read_to_string(self.0.join("pids.events")).unwrap_or_default();
        events
            .lines()
            .filter_map(|line| line.strip_prefix("max "))
            .any(|count| count.trim() != "0")
    }
}

/// How the names of servers' groups begin; then come the server's pid, and a
/// random number: one that was killed left its group, and the next may have the
/// same pid. Servers of other pid namespaces, of which nobody here
/// can tell whether they are gone, have others.
fn prefix() -> Option<String> {
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let digits = |c: &char| c.is_ascii_digit();
    let namespace: String = namespace.to_str()?.chars().filter(digits).collect();
    Some(format!("stagehook-{namespace}-"))
}

/// Removes the groups of servers that are gone. One with processes stays.
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

impl Drop for ControlGroups {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the control group of a run could not be removed");
        }
    }
}

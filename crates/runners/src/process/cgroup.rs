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
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const MOUNT: &str = "/sys/fs/cgroup";
/// Groups that are kept for later runs: making and removing them takes the
/// kernel as long as starting a small program.
const IDLE_MAX: usize = 64;
/// No file of a group that is read here is longer.
const FILE_BYTES: usize = 256;

/// Where groups of runs are made. Removed when this is dropped.
#[derive(Debug)]
pub(super) struct ControlGroups {
    path: PathBuf,
    groups: Mutex<Groups>,
}

#[derive(Debug, Default)]
struct Groups {
    made: u64,
    idle: Vec<Group>,
}

/// One group, with its files opened.
#[derive(Debug)]
struct Group {
    path: PathBuf,
    /// Its `tasks` (first version) or `cgroup.procs`, to enter it.
    entrance: File,
    events: File,
    /// Its `pids.max`.
    processes: u32,
    /// How often a process had been refused when its run began.
    refused: u64,
}

/// The group of one run. When this is dropped, after its processes, it is kept
/// for another.
#[derive(Debug)]
pub(super) struct ControlGroup {
    /// None only while it is dropped.
    group: Option<Group>,
    of: Arc<ControlGroups>,
}

impl ControlGroups {
    /// Makes a place for groups, where that can be done.
    pub(super) fn make() -> Option<Arc<Self>> {
        let above = Self::of_this_process()?;
        let prefix = prefix()?;
        sweep(&above, &prefix);
        let runner: u64 = rand::random();
        let path = above.join(format!("{prefix}{}-{runner:x}", std::process::id()));
        fs::create_dir(&path).ok()?;
        // Not before: dropping it removes what is there.
        let groups = Arc::new(Self {
            path,
            groups: Mutex::default(),
        });
        // In the second version a group's children have what it hands down to
        // them; in the first everything.
        if groups.path.join("cgroup.subtree_control").exists() {
            fs::write(above.join("cgroup.subtree_control"), "+pids").ok()?;
            fs::write(groups.path.join("cgroup.subtree_control"), "+pids").ok()?;
        }
        let usable = groups.group(1).is_ok();
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
    pub(super) fn group(self: &Arc<Self>, processes: u32) -> io::Result<ControlGroup> {
        let (idle, number) = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            groups.made += 1;
            (groups.idle.pop(), groups.made)
        };
        let mut group = match idle {
            Some(group) => group,
            None => Group::make(self.path.join(number.to_string()))?,
        };
        if group.processes != processes {
            fs::write(group.path.join("pids.max"), processes.to_string())?;
            group.processes = processes;
        }
        Ok(ControlGroup {
            group: Some(group),
            of: Arc::clone(self),
        })
    }
}

impl Group {
    fn make(path: PathBuf) -> io::Result<Self> {
        fs::create_dir(&path)?;
        let open = |name: &str, write| {
            OpenOptions::new()
                .read(true)
                .write(write)
                .open(path.join(name))
        };
        // Where a thread enters alone, as the first one of a process can in the
        // first version, the kernel need not stop all processes from forking
        // for it, which takes it milliseconds on a busy machine.
        let entrance = open("tasks", true).or_else(|_| open("cgroup.procs", true));
        let opened = entrance.and_then(|entrance| Ok((entrance, open("pids.events", false)?)));
        match opened {
            Ok((entrance, events)) => Ok(Self {
                path,
                entrance,
                events,
                processes: 0,
                refused: 0,
            }),
            Err(error) => {
                let _ = fs::remove_dir(&path);
                Err(error)
            }
        }
    }

    /// How often a process was refused, since the group was made.
    fn refusals(&self) -> u64 {
        let events = read(&self.events).unwrap_or_default();
        let count = events.lines().find_map(|line| line.strip_prefix("max "));
        count
            .and_then(|count| count.trim().parse().ok())
            .unwrap_or(0)
    }

    /// The processes in it, opened for each look: the first version shows who
    /// has the file open a list that is up to a second old.
    fn members(&self) -> String {
        fs::read_to_string(self.path.join("cgroup.procs")).unwrap_or_default()
    }
}

/// The beginning of a file of the kernel's, as it is now.
fn read(file: &File) -> io::Result<String> {
    let mut buffer = [0; FILE_BYTES];
    let read = file.read_at(&mut buffer, 0)?;
    Ok(String::from_utf8_lossy(&buffer[..read]).into_owned())
}

impl ControlGroup {
    /// What a process writes `0` into to be in the group, with all that it
    /// starts from then on.
    pub(super) fn entrance(&self) -> io::Result<OwnedFd> {
        match &self.group {
            Some(group) => Ok(group.entrance.try_clone()?.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Puts a process that has one thread into the group, with all that it starts
    /// from then on.
    pub(super) fn add(&self, pid: Pid) -> io::Result<()> {
        let entrance = File::from(self.entrance()?);
        entrance.write_all_at(pid.as_raw_pid().to_string().as_bytes(), 0)
    }

    /// The processes in it that have not ended, wherever they went.
    pub(super) fn members(&self) -> Vec<Pid> {
        let pids = self.group.as_ref().map(Group::members).unwrap_or_default();
        // 0 is one whose number is not known in here.
        pids.lines()
            .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
            .collect()
    }

    /// Whether a process was refused because there were too many.
    pub(super) fn is_exceeded(&self) -> bool {
        let group = self.group.as_ref();
        group.is_some_and(|group| group.refusals() > group.refused)
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
        remove(&self.path);
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let Some(mut group) = self.group.take() else {
            return;
        };
        if group.members().is_empty() {
            group.refused = group.refusals();
            let mut groups = self
                .of
                .groups
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if groups.idle.len() < IDLE_MAX {
                groups.idle.push(group);
                return;
            }
        }
        if let Err(error) = fs::remove_dir(&group.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the control group of a run could not be removed");
        }
    }
}

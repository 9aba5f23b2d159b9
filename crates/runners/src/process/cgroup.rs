//! Processes and memory of a run, counted by the kernel.
//!
//! A script that does nothing but fork makes thousands of processes between two
//! looks of the watchdog, and then the watchdog no longer gets to look. The
//! kernel's own limit (`RLIMIT_NPROC`) does not count processes of root. And the
//! memory of a file that no process maps is the memory of no process. So where
//! the server may make control groups, each run is in one of its own; elsewhere
//! the watchdog and the limit of the user namespace have to do.
//!
//! Both versions of the interface are used as they are found, see
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html> and
//! <https://docs.kernel.org/admin-guide/cgroup-v1/index.html>.
//!
//! | what | where |
//! | --- | --- |
//! | groups of runs, kept and used again | here |
//! | where they are made | `hierarchy` |
//! | what is counted in them, and the names of the files | `controller` |

mod controller;
mod hierarchy;

use controller::{Count, Counted};
use hierarchy::Hierarchy;
use rustix::process::Pid;
use stagehook_core::config::ScriptLimitsInForce;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Groups that are kept for later runs: making and removing them takes the
/// kernel as long as starting a small program.
const IDLE_MAX: usize = 64;
/// Memory that a run may leave in a group that is kept.
const LEFT_BYTES: u64 = 1 << 20;
/// Bubblewrap, and the sandbox's first process.
const PROCESSES_OF_SANDBOX: u32 = 2;
/// Processes that runs have in a template's group until they are in their own.
const PROCESSES_OF_RUNS: u32 = 64;
/// Memory beyond what a script may have: for programs and libraries that are read
/// from files, for what the kernel notes of processes, and for the sandbox. Without
/// it the kernel would take the script's own program back, page by page, and read
/// it anew for each step, instead of ending it.
const ROOM_BYTES: u64 = 16 << 20;
/// And this part of what it may have.
const ROOM_PART: u64 = 16;

/// Where groups of runs are made.
#[derive(Debug)]
pub(super) struct ControlGroups {
    /// Before the hierarchies, which remove what is left in them.
    groups: Mutex<Groups>,
    hierarchies: Vec<Hierarchy>,
}

#[derive(Debug, Default)]
struct Groups {
    made: u64,
    idle: Vec<Group>,
}

/// How much a group takes: what a script may have, and some room for what is not
/// its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupLimits {
    processes: u32,
    memory_bytes: u64,
}

impl GroupLimits {
    /// Of a run.
    pub(super) fn of_run(limits: &ScriptLimitsInForce) -> Self {
        Self {
            processes: limits.processes.saturating_add(PROCESSES_OF_SANDBOX),
            memory_bytes: limits
                .memory_bytes
                .saturating_add(limits.memory_bytes / ROOM_PART + ROOM_BYTES),
        }
    }

    /// Of an interpreter that runs are forked from. These are in groups of their
    /// own, but what the kernel notes of their memory when they are forked is
    /// counted here, and so are they until they have entered theirs.
    pub(super) fn of_template(limits: &ScriptLimitsInForce) -> Self {
        Self {
            processes: limits.processes.saturating_add(PROCESSES_OF_RUNS),
            memory_bytes: limits.memory_bytes.saturating_mul(2) + ROOM_BYTES,
        }
    }
}

/// What the kernel refused a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another process or thread.
    Processes,
    /// More memory than these bytes.
    Memory { used: u64 },
}

/// One group, in each hierarchy.
#[derive(Debug)]
struct Group {
    parts: Vec<Part>,
    /// What all of it is held to.
    limits: GroupLimits,
}

/// A group in one hierarchy, with its files opened. Removed when this is dropped.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    /// Its `tasks` (first version) or `cgroup.procs`, to enter it.
    entrance: File,
    counts: Vec<Count>,
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
        let prefix = prefix()?;
        let runner: u64 = rand::random();
        let name = format!("{prefix}{}-{runner:x}", std::process::id());
        let hierarchies = Hierarchy::make_all(&prefix, &name);
        let groups = Self {
            groups: Mutex::default(),
            hierarchies,
        };
        (!groups.hierarchies.is_empty()).then(|| Arc::new(groups))
    }

    /// Whether the kernel counts memory, too.
    pub(super) fn count_memory(&self) -> bool {
        let mut controllers = self.hierarchies.iter().flat_map(Hierarchy::controllers);
        controllers.any(|controller| controller.counts == Counted::Memory)
    }

    /// A group that takes this much.
    pub(super) fn group(self: &Arc<Self>, limits: GroupLimits) -> io::Result<ControlGroup> {
        let (idle, number) = {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            groups.made += 1;
            (groups.take(limits), groups.made)
        };
        let used = idle.and_then(|group| group.held_to(limits).ok());
        let group = match used {
            Some(group) => group,
            None => Group::make(&self.hierarchies, &number.to_string(), limits)?,
        };
        Ok(ControlGroup {
            group: Some(group),
            of: Arc::clone(self),
        })
    }
}

impl Groups {
    /// One that is held to these limits already, or else any.
    fn take(&mut self, limits: GroupLimits) -> Option<Group> {
        let mut idle = self.idle.iter();
        match idle.rposition(|group| group.limits == limits) {
            Some(found) => Some(self.idle.swap_remove(found)),
            None => self.idle.pop(),
        }
    }
}

impl Group {
    fn make(hierarchies: &[Hierarchy], name: &str, limits: GroupLimits) -> io::Result<Self> {
        let parts = hierarchies.iter().map(|hierarchy| {
            let part = Part::make(hierarchy, name)?;
            part.hold_to(limits)?;
            Ok(part)
        });
        Ok(Self {
            parts: parts.collect::<io::Result<_>>()?,
            limits,
        })
    }

    /// The same, held to these limits. Less memory than the kernel still keeps for
    /// the files of an earlier run is given back first, and where that cannot be
    /// done, this fails.
    fn held_to(mut self, limits: GroupLimits) -> io::Result<Self> {
        if self.limits != limits {
            for part in &self.parts {
                part.hold_to(limits)?;
            }
            self.limits = limits;
        }
        Ok(self)
    }

    fn counts(&self) -> impl Iterator<Item = &Count> {
        self.parts.iter().flat_map(|part| &part.counts)
    }

    /// Whether memory is left in it that the kernel cannot take back: a file in
    /// memory that outlives its run. That is not for the next one to bear.
    fn holds_memory(&self) -> bool {
        self.counts().any(|count| count.taken() > LEFT_BYTES)
    }

    /// The processes in it, opened for each look: the first version shows who
    /// has the file open a list that is up to a second old.
    fn members(&self) -> io::Result<String> {
        // Whoever is in one part is in all.
        let part = self.parts.first();
        part.map_or_else(
            || Ok(String::new()),
            |part| fs::read_to_string(part.path.join("cgroup.procs")),
        )
    }

    /// Whether it can be that of another run: nothing of this one is left in it,
    /// as far as is known.
    fn is_as_new(&self) -> bool {
        self.members().is_ok_and(|pids| pids.is_empty()) && !self.holds_memory()
    }
}

impl Part {
    fn make(hierarchy: &Hierarchy, name: &str) -> io::Result<Self> {
        let path = hierarchy.path().join(name);
        fs::create_dir(&path)?;
        let made = Self::open(path.clone(), hierarchy);
        if made.is_err() {
            let _ = fs::remove_dir(path);
        }
        made
    }

    fn open(path: PathBuf, hierarchy: &Hierarchy) -> io::Result<Self> {
        let entrance = |name| OpenOptions::new().write(true).open(path.join(name));
        let counts = hierarchy.controllers().iter();
        Ok(Self {
            // Where a thread enters alone, as the first one of a process can in
            // the first version, the kernel need not stop all processes from
            // forking for it, which takes it milliseconds on a busy machine.
            entrance: entrance("tasks").or_else(|_| entrance("cgroup.procs"))?,
            counts: counts
                .map(|of| Count::begin(of, &path))
                .collect::<io::Result<_>>()?,
            path,
        })
    }

    fn hold_to(&self, limits: GroupLimits) -> io::Result<()> {
        self.counts.iter().try_for_each(|count| {
            let most = match count.counts() {
                Counted::Processes => limits.processes.into(),
                Counted::Memory => limits.memory_bytes,
            };
            count.limit(&self.path, most)
        })
    }
}

impl ControlGroup {
    /// What a process writes `0` into to be in the group, with all that it
    /// starts from then on.
    pub(super) fn entrances(&self) -> io::Result<Vec<OwnedFd>> {
        let parts = self.group.iter().flat_map(|group| &group.parts);
        parts
            .map(|part| Ok(part.entrance.try_clone()?.into()))
            .collect()
    }

    /// Puts a process that has one thread into the group, with all that it starts
    /// from then on.
    pub(super) fn add(&self, pid: Pid) -> io::Result<()> {
        let pid = pid.as_raw_pid().to_string();
        let mut parts = self.group.iter().flat_map(|group| &group.parts);
        parts.try_for_each(|part| part.entrance.write_all_at(pid.as_bytes(), 0))
    }

    /// The processes in it that have not ended, wherever they went. Where the list
    /// cannot be read, as by a server that has too many files open, there may be
    /// some.
    pub(super) fn members(&self) -> io::Result<Vec<Pid>> {
        let pids = self.group.as_ref().map(Group::members).transpose()?;
        // 0 is one whose number is not known in here.
        Ok(pids
            .unwrap_or_default()
            .lines()
            .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
            .collect())
    }

    /// What it was refused, if anything.
    pub(super) fn refused(&self) -> Option<Refused> {
        let group = self.group.as_ref()?;
        let exceeded = group.counts().find(|count| count.is_exceeded())?;
        Some(match exceeded.counts() {
            Counted::Processes => Refused::Processes,
            Counted::Memory => Refused::Memory {
                used: group.limits.memory_bytes,
            },
        })
    }

    /// Memory that is taken, in bytes, files in memory included; none where the
    /// kernel does not count it.
    pub(super) fn memory_bytes(&self) -> Option<u64> {
        let mut counts = self.group.iter().flat_map(Group::counts);
        let memory = counts.find(|count| count.counts() == Counted::Memory)?;
        Some(memory.taken())
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

impl Drop for Part {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the control group of a run could not be removed");
        }
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        let Some(mut group) = self.group.take() else {
            return;
        };
        if group.is_as_new() {
            let parts = group.parts.iter_mut();
            parts
                .flat_map(|part| &mut part.counts)
                .for_each(Count::forget);
            let mut groups = self
                .of
                .groups
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if groups.idle.len() < IDLE_MAX {
                groups.idle.push(group);
            }
        }
    }
}

#[cfg(test)]
impl ControlGroup {
    /// The first group of a server that has made none yet, with a directory that
    /// stands in for the kernel's.
    pub(super) fn standing_in(path: &std::path::Path) -> Self {
        let group = Group {
            parts: vec![Part {
                entrance: File::create(path.join("tasks")).unwrap(),
                counts: Vec::new(),
                path: path.to_owned(),
            }],
            limits: GroupLimits {
                processes: 0,
                memory_bytes: 0,
            },
        };
        let of = ControlGroups {
            groups: Mutex::default(),
            hierarchies: Vec::new(),
        };
        Self {
            group: Some(group),
            of: Arc::new(of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tempfile::TempDir;

    #[rstest]
    #[case::empty(Some(""), Some(vec![]), 1)]
    #[case::inhabited(Some("12\n0\n13\n"), Some(vec![12, 13]), 0)]
    #[case::by_one_that_is_not_known_here(Some("0\n"), Some(vec![]), 0)]
    #[case::nobody_knows(None, None, 0)]
    fn a_group_is_used_again_if_it_is_known_that_nobody_is_in_it(
        #[case] list: Option<&str>,
        #[case] members: Option<Vec<i32>>,
        #[case] kept: usize,
    ) {
        let stand_in = TempDir::new().unwrap();
        if let Some(list) = list {
            fs::write(stand_in.path().join("cgroup.procs"), list).unwrap();
        }
        let group = ControlGroup::standing_in(stand_in.path());
        let of = Arc::clone(&group.of);
        let found = group.members().ok();
        let found = found.map(|pids| pids.into_iter().map(Pid::as_raw_pid).collect());
        assert_eq!(found, members);
        drop(group);
        assert_eq!(of.groups.lock().unwrap().idle.len(), kept);
    }
}

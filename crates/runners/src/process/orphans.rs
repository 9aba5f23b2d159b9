//! Whose is a process that lost its parent?
//!
//! The server is a *child subreaper*: whatever a hook leaves behind becomes a
//! child of the server, also a daemon that forked twice and called setsid. So
//! nothing is lost; but several hooks run at once, and an orphan does not say
//! whose it was. It belongs to
//!
//! 1. the hook whose process group it is in;
//! 2. else the hook whose execution id was in its environment when it started;
//! 3. else (it left the group *and* cleared its environment) to one of the
//!    hooks that ran when it was first seen: it is ended together with the
//!    last of them; at once with its own where that runs in a control group.
//!
//! Children that the server itself started are in the server's own process
//! group and session, or run the server's own program; these are left alone.

use super::procfs::{self, Stat};
use super::sys;
use super::variables::EXECUTION_ID;
use rustix::process::Pid;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The hooks that run in this process now. One for the whole process, because
/// children are.
static RUNNING: Mutex<Registry> = Mutex::new(Registry {
    hooks: BTreeMap::new(),
    suspects: BTreeMap::new(),
});

#[derive(Debug)]
struct Registry {
    /// The entry in their environment, by the leader of their process group; none
    /// for what is kept for other hooks, and whose orphans no search finds.
    hooks: BTreeMap<i32, Option<String>>,
    /// Orphans that cannot be told apart, and the hooks they may belong to.
    suspects: BTreeMap<(i32, u64), BTreeSet<i32>>,
}

/// A hook that runs: from its first process to the end of its last.
#[derive(Debug)]
pub(super) struct Registration {
    leader: Pid,
    /// Processor time of the orphans that were reaped.
    reaped_micros: AtomicU64,
}

enum Owner {
    /// The hook that asks.
    Asking,
    /// Another one that still runs, or the server.
    Other,
    /// Nobody can tell.
    Unknown,
}

fn lock() -> MutexGuard<'static, Registry> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registration {
    /// Starts a hook's first process and notes it, so that no orphan can be
    /// seen before its hook is known. Without an id it is that of a sandbox which
    /// no orphan leaves, and which stays when the hooks end.
    pub(super) fn start<T>(
        execution_id: Option<&str>,
        start: impl FnOnce() -> std::io::Result<(Pid, T)>,
    ) -> std::io::Result<(Self, T)> {
        // What another thread starts is no child of the main one, where orphans
        // are looked for; so only the main thread keeps others from looking.
        let on_main = rustix::thread::gettid() == rustix::process::getpid();
        let guard = on_main.then(lock);
        let (leader, started) = start()?;
        guard.unwrap_or_else(lock).hooks.insert(
            leader.as_raw_pid(),
            execution_id.map(|id| format!("{EXECUTION_ID}={id}")),
        );
        let registration = Self {
            leader,
            reaped_micros: AtomicU64::new(0),
        };
        Ok((registration, started))
    }

    /// What is left of this hook beside its first process, with everything
    /// below it; of more than so many, at least so many. Orphans that ended are
    /// reaped on the way.
    pub(super) fn left_behind(&self, most: usize) -> Vec<Pid> {
        let adopted = procfs::adopted();
        if adopted.is_empty() {
            return Vec::new();
        }
        let mut registry = lock();
        let mut left = Vec::new();
        let mut seen = BTreeSet::new();
        for pid in adopted {
            if left.len() >= most {
                return left;
            }
            if registry.hooks.contains_key(&pid.as_raw_pid()) {
                continue;
            }
            let Some(stat) = Stat::of(pid) else { continue };
            seen.insert((pid.as_raw_pid(), stat.started));
            match registry.owner(self.leader, pid, stat) {
                Owner::Asking if stat.zombie => {
                    if let Ok(Some(reaped)) = sys::reap(pid) {
                        let micros = u64::try_from(reaped.cpu.as_micros()).unwrap_or(u64::MAX);
                        self.reaped_micros.fetch_add(micros, Ordering::Relaxed);
                    }
                }
                Owner::Asking => {
                    left.push(pid);
                    left.extend(procfs::descendants(pid, most));
                }
                Owner::Other | Owner::Unknown => {}
            }
        }
        registry
            .suspects
            .retain(|suspect, _| seen.contains(suspect));
        left
    }

    /// Processor time of this hook's orphans that ended.
    pub(super) fn reaped_cpu(&self) -> Duration {
        Duration::from_micros(self.reaped_micros.load(Ordering::Relaxed))
    }
}

impl Registry {
    fn owner(&mut self, asking: Pid, pid: Pid, stat: Stat) -> Owner {
        let asking = asking.as_raw_pid();
        if stat.group == asking {
            return Owner::Asking;
        }
        if self.hooks.contains_key(&stat.group) {
            return Owner::Other;
        }
        // Read as the others' are, not asked of the kernel: session and group
        // are 0 where their leader lives outside this pid namespace, as in a
        // container that was entered, and that is no pid.
        let Some(own) = Stat::of(rustix::process::getpid()) else {
            return Owner::Unknown;
        };
        let stayed = stat.session == own.session && stat.group == own.group;
        if stat.zombie {
            // Its environment is gone. One that left the session is nobody
            // else's to reap; of the others, those that were claimed before.
            let claimed = self
                .suspects
                .contains_key(&(pid.as_raw_pid(), stat.started));
            return if stat.session != own.session || claimed {
                Owner::Asking
            } else {
                Owner::Other
            };
        }
        if let Some(Some(entry)) = self.hooks.get(&asking)
            && procfs::has_variable(pid, entry) == Some(true)
        {
            return Owner::Asking;
        }
        if stayed || procfs::is_this_program(pid) {
            return Owner::Other;
        }
        if self
            .hooks
            .values()
            .flatten()
            .any(|entry| procfs::has_variable(pid, entry) == Some(true))
        {
            return Owner::Other;
        }
        let candidates = self
            .suspects
            .entry((pid.as_raw_pid(), stat.started))
            .or_insert_with(|| {
                let hooks = self.hooks.iter().filter(|(_, entry)| entry.is_some());
                hooks.map(|(&leader, _)| leader).collect()
            });
        if candidates.iter().all(|&leader| leader == asking) {
            Owner::Asking
        } else {
            Owner::Unknown
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut registry = lock();
        let leader = self.leader.as_raw_pid();
        registry.hooks.remove(&leader);
        for candidates in registry.suspects.values_mut() {
            candidates.remove(&leader);
        }
    }
}

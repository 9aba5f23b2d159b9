//! Watches over what all processes of a hook use together. REQ-SCR-6
//!
//! It looks a few dozen times a second: a script can pass a limit by what it
//! takes in between, and no further. Where the kernel counts, too (`cgroup`), it
//! is refused more before it comes far, and the watchdog tells what that was.

use super::cgroup::Refused;
use super::procfs::{self, Stat};
use super::sys;
use super::tree::Tree;
use rustix::process::Pid;
use stagehook_core::config::ScriptLimitsInForce;
use stagehook_core::execution::ExecutionStatus;
use std::time::Duration;

/// Between two looks. The first comes sooner: most scripts are short.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const INTERVAL: Duration = Duration::from_millis(25);
/// Processes whose figures are added up in one look. More of them are counted
/// only.
const MEASURED_MAX: usize = 1_024;
const MIB: u64 = 1 << 20;

/// A limit that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breach {
    /// Memory in use, in bytes.
    Memory(u64),
    /// Processor time.
    Cpu(Duration),
    /// Processes and threads at once.
    Processes(u32),
}

/// Looks after one hook.
#[derive(Debug)]
pub(super) struct Watchdog {
    limits: ScriptLimitsInForce,
    seen: Seen,
}

/// What all processes of a hook were seen to use; nothing where it ended before
/// the first look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Most memory at once, in bytes.
    pub(super) peak_memory_bytes: u64,
    /// Processor time.
    pub(super) cpu: Duration,
}

impl Watchdog {
    pub(super) fn new(limits: ScriptLimitsInForce) -> Self {
        Self {
            limits,
            seen: Seen::default(),
        }
    }

    /// What was seen so far.
    pub(super) fn seen(&self) -> Seen {
        self.seen
    }

    /// Looks until a limit is passed.
    pub(super) async fn watch(&mut self, tree: &Tree) -> Breach {
        let mut pause = FIRST_LOOK;
        loop {
            tokio::time::sleep(pause).await;
            pause = INTERVAL;
            if let Some(refused) = tree.refused() {
                return self.refused(refused);
            }
            // No more than it takes to see that there are too many: a fork bomb
            // grows while it is listed.
            let most = self.limits.processes as usize + 1;
            let members = tree.members(most);
            let counted = tree.counted_memory_bytes().unwrap_or(0);
            if let Some(breach) = self.look(&members, tree.orphans_cpu(), counted) {
                return breach;
            }
        }
    }

    /// What it comes to when the kernel refused the hook more.
    pub(super) fn refused(&mut self, refused: Refused) -> Breach {
        match refused {
            Refused::Processes => Breach::Processes(self.limits.processes.saturating_add(1)),
            Refused::Memory { used } => {
                self.seen.peak_memory_bytes = used;
                Breach::Memory(used)
            }
        }
    }

    /// `counted` is the memory that the kernel counts: it knows also of what no
    /// process has mapped.
    fn look(&mut self, processes: &[Pid], orphans_cpu: Duration, counted: u64) -> Option<Breach> {
        // Told at once: looking at each of a fork bomb's takes too long.
        let listed = u32::try_from(processes.len()).unwrap_or(u32::MAX);
        if listed > self.limits.processes {
            return Some(Breach::Processes(listed));
        }
        let mut threads = 0;
        let mut ticks = 0;
        let mut memory = 0;
        for &pid in processes.iter().take(MEASURED_MAX) {
            let Some(stat) = Stat::of(pid) else { continue };
            threads += stat.threads;
            ticks += stat.cpu_ticks;
            memory += procfs::taken_memory_bytes(pid).unwrap_or(0);
        }
        let unmeasured = processes.len().saturating_sub(MEASURED_MAX);
        threads += u32::try_from(unmeasured).unwrap_or(u32::MAX);
        if threads > self.limits.processes {
            return Some(Breach::Processes(threads));
        }
        let cpu = sys::of_ticks(ticks) + orphans_cpu;
        self.seen.cpu = self.seen.cpu.max(cpu);
        if cpu > self.limits.cpu {
            return Some(Breach::Cpu(cpu));
        }
        if memory > self.limits.memory_bytes {
            // Counted twice is what a process shares with one that it forked.
            memory = processes
                .iter()
                .filter_map(|&pid| procfs::share_of_memory_bytes(pid))
                .sum();
        }
        memory = memory.max(counted);
        self.seen.peak_memory_bytes = self.seen.peak_memory_bytes.max(memory);
        (memory > self.limits.memory_bytes).then_some(Breach::Memory(memory))
    }
}

impl Breach {
    /// The status it gives an execution, and why, for people.
    pub(super) fn told(self, limits: &ScriptLimitsInForce) -> (ExecutionStatus, String) {
        match self {
            Self::Memory(used) => (
                ExecutionStatus::OutOfMemory,
                format!(
                    "memory: used {} MiB, where {} MiB are allowed (limits.memory_mib)",
                    used.div_ceil(MIB),
                    limits.memory_bytes / MIB
                ),
            ),
            Self::Cpu(used) => (
                ExecutionStatus::LimitExceeded,
                format!(
                    "processor time: used {:.1} s, where {} s are allowed (limits.cpu_seconds)",
                    used.as_secs_f64(),
                    limits.cpu.as_secs()
                ),
            ),
            Self::Processes(used) => (
                ExecutionStatus::LimitExceeded,
                format!(
                    "processes: {used} at once, where {} are allowed (limits.processes)",
                    limits.processes
                ),
            ),
        }
    }
}

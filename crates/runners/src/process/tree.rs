//! The processes of one hook, from the first to the last. REQ-SCR-5
//!
//! The first process, the *leader*, leads a process group and stays a zombie
//! until everything else is gone: as long as it is not reaped, its number is
//! nobody else's, so a signal to the group can only reach the hook.

use super::cgroup::ControlGroup;
use super::orphans::Registration;
use super::procfs;
use super::spawn::{Program, Spawned};
use super::sys::{self, Reaped};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open,
    waitid,
};
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

/// How long killed processes may take to be gone. They cannot refuse; only a
/// process stuck in the kernel takes longer.
const KILL_PATIENCE: Duration = Duration::from_secs(5);

/// The processes of one hook. Dropping it kills whatever is left.
#[derive(Debug)]
pub(super) struct Tree {
    leader: Pid,
    /// Becomes readable when the leader has ended.
    pidfd: OwnedFd,
    registration: Registration,
    kind: Kind,
    reaped: bool,
    /// Where the kernel counts its processes, if it does.
    group: Option<ControlGroup>,
}

/// What the leader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The hook's own program.
    Program,
    /// Bubblewrap. Its child is process 1 of the sandbox, which passes TERM on
    /// to all of it, and with which all of it ends.
    Sandbox,
}

/// Our ends of the leader's pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) stdin: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

impl Tree {
    /// Starts a program as the leader of a process group of its own, counted in
    /// this control group.
    pub(super) fn start(
        mut program: Program,
        kind: Kind,
        group: Option<ControlGroup>,
        execution_id: &str,
    ) -> io::Result<(Self, Pipes)> {
        program.group = group.as_ref().map(ControlGroup::entrance).transpose()?;
        let (registration, spawned) = Registration::start(execution_id, || {
            let spawned = program.spawn()?;
            Ok((spawned.pid, spawned))
        })?;
        let Spawned {
            pid: leader,
            stdin,
            stdout,
            stderr,
        } = spawned;
        let pidfd = match pidfd_open(leader, PidfdFlags::empty()) {
            Ok(pidfd) => pidfd,
            Err(error) => {
                let _ = kill_process_group(leader, Signal::KILL);
                let _ = waitid(WaitId::Pid(leader), WaitIdOptions::EXITED);
                return Err(error.into());
            }
        };
        let pipes = Pipes {
            stdin,
            stdout,
            stderr,
        };
        let tree = Self {
            leader,
            pidfd,
            registration,
            kind,
            reaped: false,
            group,
        };
        Ok((tree, pipes))
    }

    /// Whether the kernel refused it another process.
    pub(super) fn is_refused_processes(&self) -> bool {
        self.group.as_ref().is_some_and(ControlGroup::is_exceeded)
    }

    /// Waits until the leader has ended.
    pub(super) async fn leader_ended(&self) -> io::Result<()> {
        let pidfd = sys::watch(self.pidfd.try_clone()?)?;
        // The guard clears nothing: a pidfd that is readable stays so.
        let _ready = pidfd.readable().await?;
        Ok(())
    }

    /// Ends everything: TERM, the grace, KILL. Returns when nothing is left,
    /// which in the ordinary case is at once.
    pub(super) async fn end(&self, grace: Duration) {
        let mut left = self.left();
        if left.is_empty() {
            return;
        }
        self.signal(&left, Signal::TERM);
        let term_until = Instant::now() + grace;
        let mut pause = Pause::default();
        loop {
            tokio::time::sleep(pause.next()).await;
            left = self.left();
            if left.is_empty() {
                return;
            }
            if Instant::now() >= term_until {
                break;
            }
        }
        self.kill().await;
    }

    /// Kills everything. Returns when nothing is left.
    pub(super) async fn kill(&self) {
        // Without a list at first: a fork bomb grows while it is listed.
        let mut left = Vec::new();
        let until = Instant::now() + KILL_PATIENCE;
        let mut pause = Pause::default();
        loop {
            self.signal(&left, Signal::KILL);
            tokio::time::sleep(pause.next()).await;
            left = self.left();
            if left.is_empty() || Instant::now() >= until {
                break;
            }
        }
        self.report(&left);
    }

    /// Reaps the leader; only after it has ended, and after everything else.
    pub(super) fn reap(mut self) -> io::Result<Option<Reaped>> {
        let reaped = sys::reap(self.leader)?;
        self.reaped = reaped.is_some();
        Ok(reaped)
    }

    /// The processes that are left: the leader while it runs, with what is
    /// below it, and what lost its parent.
    fn left(&self) -> Vec<Pid> {
        self.left_up_to(procfs::DESCENDANTS_MAX)
    }

    fn left_up_to(&self, most: usize) -> Vec<Pid> {
        let mut left = self.registration.left_behind(most);
        if self.leader_runs() {
            left.push(self.leader);
            left.extend(procfs::descendants(self.leader, most));
        }
        left
    }

    /// The processes that are the hook's own and not its sandbox's; of a tree of
    /// more than so many, at least so many.
    pub(super) fn members(&self, most: usize) -> Vec<Pid> {
        // Bubblewrap and the sandbox's first process come on top.
        let mut members = self.left_up_to(most + 2);
        if self.kind == Kind::Sandbox {
            let first = procfs::children(self.leader);
            members.retain(|pid| *pid != self.leader && !first.contains(pid));
        }
        members
    }

    /// Processor time of members that ended after their parent did: the sandbox's
    /// first process has waited for them, or this process has.
    pub(super) fn orphans_cpu(&self) -> Duration {
        match self.kind {
            Kind::Program => self.registration.reaped_cpu(),
            Kind::Sandbox => sys::of_ticks(
                procfs::children(self.leader)
                    .into_iter()
                    .filter_map(procfs::Stat::of)
                    .map(|stat| stat.cpu_ticks)
                    .sum(),
            ),
        }
    }

    fn leader_runs(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !self.reaped && matches!(waitid(WaitId::Pid(self.leader), options), Ok(None))
    }

    fn signal(&self, left: &[Pid], signal: Signal) {
        if self.kind == Kind::Sandbox {
            let first = procfs::children(self.leader);
            for &pid in &first {
                let _ = kill_process(pid, signal);
            }
            // Bubblewrap itself waits for its child. Where it has none it is not
            // that far yet, or what is left was its child.
            if !first.is_empty() || signal == Signal::TERM {
                return;
            }
        }
        // The group at once, so that nothing in it can fork out of reach.
        let _ = kill_process_group(self.leader, signal);
        for &pid in left {
            // A second TERM would interrupt what the first one started.
            let had_it = signal == Signal::TERM
                && procfs::Stat::of(pid).is_some_and(|stat| stat.group == self.leader.as_raw_pid());
            if !had_it {
                let _ = kill_process(pid, signal);
            }
        }
    }

    fn report(&self, left: &[Pid]) {
        if !left.is_empty() {
            tracing::error!(
                leader = self.leader.as_raw_pid(),
                left = left.len(),
                "processes of a hook survived SIGKILL"
            );
        }
    }
}

impl Drop for Tree {
    /// The run was abandoned in the middle. Nobody can wait any more, so this
    /// blocks for the milliseconds that dying takes.
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        let mut left = Vec::new();
        let until = Instant::now() + KILL_PATIENCE;
        let mut pause = Pause::default();
        loop {
            self.signal(&left, Signal::KILL);
            thread::sleep(pause.next());
            left = self.left();
            if left.is_empty() || Instant::now() >= until {
                break;
            }
        }
        self.report(&left);
        let _ = sys::reap(self.leader);
    }
}

/// Short pauses first: most processes end within a millisecond.
#[derive(Debug, Default)]
struct Pause(u32);

impl Pause {
    fn next(&mut self) -> Duration {
        self.0 += 1;
        Duration::from_millis(u64::from(self.0.min(10)))
    }
}

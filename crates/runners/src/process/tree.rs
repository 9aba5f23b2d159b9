//! The processes of one hook, from the first to the last. REQ-SCR-5
//!
//! The first process, the *leader*, leads a process group and stays a zombie
//! until everything else is gone: as long as it is not reaped, its number is
//! nobody else's, so a signal to the group can only reach the hook.

use super::cgroup::{ControlGroup, Refused};
use super::orphans::Registration;
use super::procfs;
use super::spawn::{Program, Spawned};
use super::sys::{self, Reaped};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, pidfd_open,
    pidfd_send_signal, waitid,
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
    /// None where it is not a child of this process, and leaves none to it.
    registration: Option<Registration>,
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
    /// Process 1 of a run that was forked within a template's sandbox: a child of
    /// the template, which reaps it. It does for the run what that of a sandbox
    /// does.
    Forked,
}

/// What is left of a tree.
#[derive(Debug, Default)]
struct Left {
    processes: Vec<Pid>,
    /// Why there may be others: a list that could not be read.
    unlisted: Option<io::Error>,
}

impl Left {
    fn is_nothing(&self) -> bool {
        self.processes.is_empty() && self.unlisted.is_none()
    }
}

/// Our ends of the leader's pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    /// None once all was said.
    pub(super) stdin: Option<OwnedFd>,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

impl Pipes {
    /// Writes as much of the input as there is room for now, and answers how much
    /// that is. After the last of it the pipe is closed.
    pub(super) fn tell(&mut self, input: &[u8]) -> usize {
        let Some(stdin) = &self.stdin else { return 0 };
        let told = fcntl_setfl(stdin, OFlags::NONBLOCK)
            .and_then(|()| rustix::io::write(stdin, input))
            // A full pipe, or a hook that does not read: what follows will see.
            .unwrap_or(0);
        if told == input.len() {
            self.stdin = None;
        }
        told
    }
}

impl Tree {
    /// Starts a program as the leader of a process group of its own, counted in
    /// this control group.
    pub(super) fn start(
        program: Program,
        kind: Kind,
        group: Option<ControlGroup>,
        execution_id: &str,
    ) -> io::Result<(Self, Pipes)> {
        Self::start_any(program, kind, group, Some(execution_id))
    }

    /// Starts a sandbox that is there for many runs.
    pub(super) fn start_template(
        program: Program,
        group: Option<ControlGroup>,
    ) -> io::Result<(Self, Pipes)> {
        Self::start_any(program, Kind::Sandbox, group, None)
    }

    /// That of a run which a template has forked.
    pub(super) fn forked(pidfd: OwnedFd, group: Option<ControlGroup>) -> io::Result<Self> {
        let leader = procfs::pid_of(&pidfd).ok_or(io::ErrorKind::NotFound)?;
        if let Some(group) = &group {
            group.add(leader)?;
        }
        Ok(Self {
            leader,
            pidfd,
            registration: None,
            kind: Kind::Forked,
            reaped: false,
            group,
        })
    }

    /// A descriptor that becomes readable when the leader has ended.
    pub(super) fn pidfd(&self) -> io::Result<OwnedFd> {
        self.pidfd.try_clone()
    }

    fn start_any(
        mut program: Program,
        kind: Kind,
        group: Option<ControlGroup>,
        execution_id: Option<&str>,
    ) -> io::Result<(Self, Pipes)> {
        if let Some(group) = &group {
            program.groups = group.entrances()?;
        }
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
            stdin: Some(stdin),
            stdout,
            stderr,
        };
        let tree = Self {
            leader,
            pidfd,
            registration: Some(registration),
            kind,
            reaped: false,
            group,
        };
        Ok((tree, pipes))
    }

    /// Waits for so long at most until the leader has ended; whether it has. Blocks.
    pub(super) fn ends_within(&self, patience: Duration) -> bool {
        has_ended(&self.pidfd, patience)
    }

    /// Whether it is known that nothing is left of it that runs.
    pub(super) fn is_over(&self) -> bool {
        self.left().is_nothing()
    }

    /// What the kernel refused it, if anything.
    pub(super) fn refused(&self) -> Option<Refused> {
        self.group.as_ref()?.refused()
    }

    /// Memory that the kernel has counted for it, in bytes, if it does.
    pub(super) fn counted_memory_bytes(&self) -> Option<u64> {
        self.group.as_ref()?.memory_bytes()
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
        if left.is_nothing() {
            return;
        }
        self.signal(&left, Signal::TERM);
        let term_until = Instant::now() + grace;
        let mut pause = Pause::default();
        loop {
            tokio::time::sleep(pause.next()).await;
            left = self.left();
            if left.is_nothing() {
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
        let mut left = Left::default();
        let until = Instant::now() + KILL_PATIENCE;
        let mut pause = Pause::default();
        loop {
            self.signal(&left, Signal::KILL);
            tokio::time::sleep(pause.next()).await;
            left = self.left();
            if left.is_nothing() || Instant::now() >= until {
                break;
            }
        }
        self.report(&left);
    }

    /// Reaps the leader; only after it has ended, and after everything else. Of
    /// one that is not ours to reap nothing is known.
    pub(super) fn reap(mut self) -> io::Result<Option<Reaped>> {
        if self.kind == Kind::Forked {
            self.reaped = !self.leader_runs();
            return Ok(None);
        }
        let reaped = sys::reap(self.leader)?;
        self.reaped = reaped.is_some();
        Ok(reaped)
    }

    /// The processes that are left: the leader while it runs, with what is
    /// below it, and what lost its parent.
    fn left(&self) -> Left {
        self.left_up_to(procfs::DESCENDANTS_MAX)
    }

    fn left_up_to(&self, most: usize) -> Left {
        let mut processes = match &self.registration {
            Some(registration) => registration.left_behind(most),
            None => Vec::new(),
        };
        if self.leader_runs() {
            processes.push(self.leader);
            processes.extend(procfs::descendants(self.leader, most));
            // Who reaps it may have done so meanwhile, and its number may be
            // somebody else's.
            if self.kind == Kind::Forked && !self.leader_runs() {
                processes.clear();
            }
        }
        let mut unlisted = None;
        // What left the session, and has nothing of ours in its environment, is
        // still in the group that it was started in.
        if self.kind == Kind::Program
            && let Some(group) = &self.group
        {
            match group.members() {
                Ok(members) => {
                    for pid in members {
                        if !processes.contains(&pid) {
                            processes.push(pid);
                        }
                    }
                }
                Err(error) => unlisted = Some(error),
            }
        }
        Left {
            processes,
            unlisted,
        }
    }

    /// The processes that are the hook's own and not its sandbox's; of a tree of
    /// more than so many, at least so many.
    pub(super) fn members(&self, most: usize) -> Vec<Pid> {
        // Bubblewrap and the sandbox's first process come on top.
        let mut members = self.left_up_to(most + 2).processes;
        match self.kind {
            Kind::Program => {}
            Kind::Sandbox => {
                let first = procfs::children(self.leader);
                members.retain(|pid| *pid != self.leader && !first.contains(pid));
            }
            Kind::Forked => members.retain(|pid| *pid != self.leader),
        }
        members
    }

    /// Processor time of members that ended after their parent did: the sandbox's
    /// first process has waited for them, or this process has.
    pub(super) fn orphans_cpu(&self) -> Duration {
        match self.kind {
            Kind::Program => match &self.registration {
                Some(registration) => registration.reaped_cpu(),
                None => Duration::ZERO,
            },
            Kind::Sandbox => cpu_of(procfs::children(self.leader)),
            Kind::Forked => cpu_of(vec![self.leader]),
        }
    }

    fn leader_runs(&self) -> bool {
        if self.kind == Kind::Forked {
            return !self.reaped && !has_ended(&self.pidfd, Duration::ZERO);
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !self.reaped && matches!(waitid(WaitId::Pid(self.leader), options), Ok(None))
    }

    fn signal(&self, left: &Left, signal: Signal) {
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
        if self.kind == Kind::Forked {
            let _ = pidfd_send_signal(&self.pidfd, signal);
            return;
        }
        // The group at once, so that nothing in it can fork out of reach.
        let _ = kill_process_group(self.leader, signal);
        for &pid in &left.processes {
            // A second TERM would interrupt what the first one started.
            let had_it = signal == Signal::TERM
                && procfs::Stat::of(pid).is_some_and(|stat| stat.group == self.leader.as_raw_pid());
            if !had_it {
                let _ = kill_process(pid, signal);
            }
        }
    }

    fn report(&self, left: &Left) {
        let leader = self.leader.as_raw_pid();
        if !left.processes.is_empty() {
            tracing::error!(
                leader,
                left = left.processes.len(),
                "processes of a hook survived SIGKILL"
            );
        } else if let Some(error) = &left.unlisted {
            tracing::error!(
                leader,
                %error,
                "processes of a hook may be left: its control group cannot be read"
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
        let mut left = Left::default();
        let until = Instant::now() + KILL_PATIENCE;
        let mut pause = Pause::default();
        loop {
            self.signal(&left, Signal::KILL);
            thread::sleep(pause.next());
            left = self.left();
            if left.is_nothing() || Instant::now() >= until {
                break;
            }
        }
        self.report(&left);
        if self.kind != Kind::Forked {
            let _ = sys::reap(self.leader);
        }
    }
}

/// Processor time of these and of all that they waited for.
fn cpu_of(processes: Vec<Pid>) -> Duration {
    let stats = processes.into_iter().filter_map(procfs::Stat::of);
    sys::of_ticks(stats.map(|stat| stat.cpu_ticks).sum())
}

/// Whether a process has ended, whoever is to reap it, or does so soon.
fn has_ended(pidfd: &OwnedFd, patience: Duration) -> bool {
    let mut readable = [PollFd::new(pidfd, PollFlags::IN)];
    let timeout = Timespec {
        tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: patience.subsec_nanos().into(),
    };
    poll(&mut readable, Some(&timeout)).is_ok_and(|ready| ready > 0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_cannot_be_listed_is_not_over() {
        let stand_in = TempDir::new().unwrap();
        let list = stand_in.path().join("cgroup.procs");
        fs::write(&list, "").unwrap();
        let group = ControlGroup::standing_in(stand_in.path());
        let program = Program::new("/bin/true", "/");
        let (tree, _pipes) = Tree::start(program, Kind::Program, Some(group), "none").unwrap();
        assert!(tree.ends_within(LONG));
        assert!(tree.is_over());
        fs::remove_file(&list).unwrap();
        assert!(!tree.is_over());
        // Nobody says that it has ended before it can be read again.
        let end = tree.end(LONG);
        tokio::pin!(end);
        assert!(futures_util::poll!(&mut end).is_pending());
        fs::write(&list, "").unwrap();
        end.await;
    }
}

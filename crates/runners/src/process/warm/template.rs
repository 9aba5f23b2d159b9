//! One template: an interpreter in a sandbox of its own that has imported what a
//! script imports, and from which runs of that script are forked.
//!
//! What happens in there is in `lib/warm.py` and `lib/stagehook_warm/`.

use super::super::bubblewrap::{self, Bubblewrap, View};
use super::super::cgroup::{ControlGroup, ControlGroups, GroupLimits};
use super::super::report::{self, Report};
use super::super::spawn::Program;
use super::super::tree::{Pipes, Tree};
use super::super::watchdog::Watchdog;
use super::super::work_dir::WorkDir;
use super::super::{limits, sys};
use super::socket::Socket;
use rustix::fs::MemfdFlags;
use serde_json::json;
use stagehook_core::config::ScriptLimitsInForce;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, PipeReader, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// How names of templates' directories begin, below the work root.
pub(in super::super) const PREFIX: &str = "warm-";
/// Where a template is, as its sandbox sees it.
const PROGRAM: &str = "/.stagehook/warm.py";
/// How long it may take to import.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long it may take to fork a run.
const FORKED_WITHIN: Duration = Duration::from_secs(1);
/// Most that is kept of what it prints, in case that it fails.
const SAID_BYTES: u64 = 2_000;

/// What a template is made of.
#[derive(Debug)]
pub(in super::super) struct Description {
    /// The interpreter.
    pub(in super::super) program: PathBuf,
    pub(in super::super) args: Vec<String>,
    /// What is the same for all runs of the script's environment, without what
    /// lies beside it.
    pub(in super::super) variables: BTreeMap<String, OsString>,
    /// The script, as its runs see it.
    pub(in super::super) script: PathBuf,
    pub(in super::super) content: Vec<u8>,
    /// Where its runs see what lies beside it, and the names of that.
    pub(in super::super) directory: PathBuf,
    pub(in super::super) beside: Vec<String>,
    /// What all of its runs see.
    pub(in super::super) view: View,
    pub(in super::super) limits: ScriptLimitsInForce,
}

/// What a run is told.
#[derive(Debug)]
pub(in super::super) struct Told<'a> {
    /// As it would be started: an interpreter with this many arguments of its own,
    /// the script and its arguments.
    pub(in super::super) program: &'a Program,
    pub(in super::super) own_args: usize,
    pub(in super::super) network: bool,
    pub(in super::super) limits: &'a ScriptLimitsInForce,
}

/// A run that was forked. Nothing of the script has run before this is there.
#[derive(Debug)]
pub(in super::super) struct Forked {
    pub(in super::super) tree: Tree,
    pub(in super::super) pipes: Pipes,
    /// Where its end is reported.
    pub(in super::super) report: PipeReader,
}

/// Why there is no template. For operators.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum NotReady {
    /// Runs of it would have something in common; it stays like that.
    #[error("{0}")]
    Unfit(String),
    #[error("{0}")]
    Failed(String),
}

/// Why a run could not be forked. For operators.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum NotForked {
    /// What the template has imported is not what it would import today.
    #[error("what it imports has changed")]
    Changed,
    #[error("{0}")]
    Failed(String),
}

/// An interpreter to fork from. Dropping it ends it, with every run of it.
#[derive(Debug)]
pub(in super::super) struct Template {
    // The order is that of dropping: processes before their directory.
    tree: Tree,
    control: Socket,
    _stdout: OwnedFd,
    stderr: OwnedFd,
    /// While this is there its sandbox knows that the server is.
    report: PipeReader,
    runs: TempDir,
    limits: ScriptLimitsInForce,
}

impl Template {
    /// Starts it; blocks for a moment.
    pub(super) fn start(
        description: Description,
        sandbox: &Bubblewrap,
        groups: Option<&Arc<ControlGroups>>,
        work_root: &Path,
    ) -> io::Result<Self> {
        let runs = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(work_root)?;
        let told = json!({
            "script": description.script,
            "directory": description.directory,
            "beside": description.beside,
            "kept": description.view.places(),
            "nests": !bubblewrap::is_root(),
        });
        fs::write(runs.path().join("template.json"), told.to_string())?;
        fs::write(runs.path().join("script"), &description.content)?;
        let (control, theirs) = Socket::pair()?;
        let mut program = Program::new(&description.program, bubblewrap::WORK)
            .args(&description.args)
            .args([PROGRAM]);
        program.variables = description.variables;
        program.stdin = Some(theirs);
        let (program, report) = sandbox.confine_template(
            program,
            File::open(runs.path())?.into(),
            description.view,
            &description.limits,
        )?;
        let most = GroupLimits::of_template(&description.limits);
        let group = groups.and_then(|groups| groups.group(most).ok());
        let (tree, pipes) = Tree::start_template(program, group)?;
        Ok(Self {
            tree,
            control,
            _stdout: pipes.stdout,
            stderr: pipes.stderr,
            report,
            runs,
            limits: description.limits,
        })
    }

    /// Waits until it has imported what it imports.
    pub(super) async fn ready(&self) -> Result<(), NotReady> {
        let failed = |error: io::Error| NotReady::Failed(error.to_string());
        let heard = sys::watch(self.control.try_clone().map_err(failed)?).map_err(failed)?;
        let mut watchdog = Watchdog::new(self.limits);
        tokio::select! {
            biased;
            heard = heard.readable() => drop(heard.map_err(failed)?),
            ended = self.tree.leader_ended() => ended.map_err(failed)?,
            breach = watchdog.watch(&self.tree) => {
                let (_, why) = breach.told(&self.limits);
                return Err(NotReady::Unfit(format!("what the script imports takes too much {why}")));
            }
            () = tokio::time::sleep(READY_WITHIN) => {
                return Err(NotReady::Unfit(format!(
                    "what the script imports takes longer than {} s",
                    READY_WITHIN.as_secs()
                )));
            }
        }
        match self.control.receive(Duration::ZERO) {
            Ok(Some(message)) if message.text == "ready" => {}
            Ok(Some(message)) => {
                let why = message
                    .text
                    .strip_prefix("unfit: ")
                    .unwrap_or(&message.text);
                return Err(NotReady::Unfit(why.to_owned()));
            }
            Ok(None) | Err(_) => return Err(NotReady::Failed(self.last_words())),
        }
        // It says so itself, and what it has imported could have said it too.
        let own = if bubblewrap::is_root() { 1 } else { 2 };
        if self.tree.members(own + 1).len() > own {
            return Err(NotReady::Unfit(
                "what the script imports leaves processes running".to_owned(),
            ));
        }
        Ok(())
    }

    /// Waits until it has ended.
    pub(super) fn ended(&self) -> io::Result<tokio::io::unix::AsyncFd<OwnedFd>> {
        sys::watch(self.tree.pidfd()?)
    }

    /// Forks a run with this work directory, which is moved to where the template
    /// sees it. The error is for operators; nothing of the script has run then,
    /// but the directory is no more the server's own.
    pub(in super::super) fn fork(
        &self,
        work: &mut WorkDir,
        told: &Told<'_>,
        group: Option<ControlGroup>,
    ) -> Result<Forked, NotForked> {
        let failed = |error: io::Error| NotForked::Failed(error.to_string());
        let not_forked = |why: &str| NotForked::Failed(why.to_owned());
        let told = told.json().ok_or_else(|| not_forked("a path is no text"))?;
        let told = in_memory(told.as_bytes()).map_err(failed)?;
        // What it has imported may write where it sees the directory. From here on
        // nothing below is opened by its path.
        work.move_to(self.runs.path()).map_err(failed)?;
        let name = work.path().file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| not_forked("the work directory has no name"))?;
        let (their_stdin, stdin) = io::pipe().map_err(failed)?;
        let (stdout, their_stdout) = io::pipe().map_err(failed)?;
        let (stderr, their_stderr) = io::pipe().map_err(failed)?;
        let (report, reporter) = io::pipe().map_err(failed)?;
        let (reply, their_reply) = Socket::pair().map_err(failed)?;
        let theirs = [
            their_stdin.as_fd(),
            their_stdout.as_fd(),
            their_stderr.as_fd(),
            reporter.as_fd(),
            their_reply.as_fd(),
            told.as_fd(),
        ];
        self.control
            .send(name.as_bytes(), &theirs)
            .map_err(failed)?;
        drop((
            their_stdin,
            their_stdout,
            their_stderr,
            reporter,
            their_reply,
            told,
        ));
        let answer = match reply.receive(FORKED_WITHIN) {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(not_forked("it ended in the middle of a fork")),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(not_forked("it does not answer"));
            }
            Err(error) => return Err(failed(error)),
        };
        let pidfd = match (answer.descriptor, answer.text.as_str()) {
            (Some(pidfd), "ready") => pidfd,
            (_, "changed") => return Err(NotForked::Changed),
            _ => return Err(NotForked::Failed(answer.text)),
        };
        let pipes = Pipes {
            stdin: Some(stdin.into()),
            stdout: stdout.into(),
            stderr: stderr.into(),
        };
        let tree = Tree::forked(pidfd, group).map_err(failed)?;
        reply.send(b"go", &[]).map_err(failed)?;
        Ok(Forked {
            tree,
            pipes,
            report,
        })
    }

    /// What it printed last, or how it ended.
    fn last_words(&self) -> String {
        let mut said = Vec::new();
        let nonblocking = rustix::fs::OFlags::NONBLOCK;
        if rustix::fs::fcntl_setfl(&self.stderr, nonblocking).is_ok()
            && let Ok(stderr) = self.stderr.try_clone()
        {
            let _ = File::from(stderr).take(SAID_BYTES).read_to_end(&mut said);
        }
        let said = String::from_utf8_lossy(&said);
        match (said.trim().lines().last(), report::read(&self.report)) {
            (Some(line), _) => line.to_owned(),
            (None, Report::Ended(ended)) => format!("it ended: {}", ended.status),
            (None, Report::NotStarted(error)) => format!("it could not be started: {error}"),
            (None, Report::Nothing) => "its sandbox could not be made".to_owned(),
        }
    }
}

/// A file that has no name anywhere.
fn in_memory(content: &[u8]) -> io::Result<File> {
    let mut file = File::from(rustix::fs::memfd_create("told", MemfdFlags::CLOEXEC)?);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file)
}

impl Told<'_> {
    /// None where something of it is no text.
    fn json(&self) -> Option<String> {
        let mut environment = serde_json::Map::new();
        for (name, value) in &self.program.variables {
            environment.insert(name.clone(), value.to_str()?.into());
        }
        let args: Option<Vec<&str>> = self.program.args.iter().map(|arg| arg.to_str()).collect();
        let args = args?;
        let told = json!({
            "interpreter": self.program.path.to_str()?,
            "own_args": args.get(..self.own_args)?,
            "argv": args.get(self.own_args..)?,
            "environment": environment,
            "network": self.network,
            "limits": limits::as_numbers(self.limits),
        });
        Some(told.to_string())
    }
}

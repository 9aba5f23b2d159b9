//! Builds a managed environment: make it, resolve, install, move into place.

use super::super::lines::{Hear, Lines};
use super::super::spawn::Program;
use super::super::supervise::{End, Talk, Terms, supervise};
use super::super::tree::{Kind, Tree};
use super::super::variables::EXECUTION_ID;
use super::super::watchdog::Breach;
use super::super::{ProcessSettings, blocking};
use super::environment::{LOCK, STAMP};
use super::installer::{Site, Step};
use super::lock::Lock;
use super::{EnvironmentError, Environments, Specification, collect, output};
use crate::HostBroken;
use stagehook_core::config::{Requirement, ScriptLimitsInForce};
use stagehook_core::ids::ExecutionId;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Kept of an installer's output, and told of it, of each stream.
const OUTPUT_BYTES: usize = 256 * 1024;

/// One environment that is being built.
pub(super) struct Build<'a> {
    pub(super) environments: &'a Environments,
    pub(super) specification: &'a Specification,
    pub(super) deadline: Instant,
    /// What the deadline was made of.
    pub(super) timeout: Duration,
    pub(super) progress: Hear<'a>,
}

/// How a program ended.
pub(super) enum Performed {
    Done,
    Failed,
    TimedOut,
}

impl Build<'_> {
    /// Builds it, out of what is known of it or else resolved anew. What is half
    /// built is removed.
    pub(super) async fn run(&self, known: Option<Lock>) -> Result<Lock, EnvironmentError> {
        let broken = |error| HostBroken::new("cannot make an environment's directory", error);
        let managed = &self.environments.managed;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(managed)
            .map_err(broken)?;
        let scratch = tempfile::Builder::new()
            .prefix(collect::BUILDING)
            .tempdir_in(managed)
            .map_err(broken)?;
        let at = |name| scratch.path().join(name);
        let (environment, requirements) = (at("environment"), at("requirements.txt"));
        let (resolved, lock_file) = (at("resolved"), at(LOCK));
        let site = Site {
            home: scratch.path(),
            environment: &environment,
            requirements: &requirements,
            resolved: &resolved,
            lock: &lock_file,
        };
        let list = self.specification.requirements.iter();
        let list: Vec<_> = list.map(Requirement::as_str).collect();
        fs::write(&requirements, list.join("\n")).map_err(broken)?;

        let settings = &self.environments.settings;
        let installer = &settings.python_installer;
        self.perform(installer.make(&settings.python, &site))
            .await?;
        let lock = match known {
            Some(lock) => lock,
            None => self.resolve(&site).await?,
        };
        fs::write(&lock_file, lock.as_str()).map_err(broken)?;
        if !lock.as_str().is_empty() {
            self.perform(installer.install(&site)).await?;
        }
        fs::rename(&lock_file, environment.join(LOCK)).map_err(broken)?;
        File::create(environment.join(STAMP)).map_err(broken)?;
        self.put_in_place(&environment, &at("replaced")).await?;
        // Many files; not on a thread that others wait for.
        blocking(move || drop(scratch)).await?;
        Ok(lock)
    }

    async fn resolve(&self, site: &Site<'_>) -> Result<Lock, EnvironmentError> {
        let installer = &self.environments.settings.python_installer;
        self.perform(installer.resolve(site)).await?;
        let resolved = fs::read(site.resolved);
        let lock = resolved.and_then(|resolved| {
            let lock = match installer.uv {
                Some(_) => Lock::parse(&String::from_utf8_lossy(&resolved)),
                None => Lock::of_pip_report(&resolved),
            };
            lock.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
        });
        lock.map_err(|error| HostBroken::new("cannot read what was resolved", error).into())
    }

    /// Moves the environment to where hooks find it.
    async fn put_in_place(&self, from: &Path, aside: &Path) -> Result<(), EnvironmentError> {
        let key = &self.specification.key;
        let place = self.environments.managed.join(key);
        if fs::rename(from, &place).is_ok() {
            return Ok(());
        }
        // Another server with the same directory was faster.
        if self.environments.there(key).await?.is_some() {
            return Ok(());
        }
        // What is there is broken.
        let replaced = fs::rename(&place, aside).and_then(|()| fs::rename(from, &place));
        replaced
            .map_err(|error| HostBroken::new("cannot put an environment in place", error).into())
    }

    async fn perform(&self, step: Step) -> Result<(), EnvironmentError> {
        let Step { name, program } = step;
        let hear = |line: &str| {
            let line = output::clean(line);
            if !line.is_empty() {
                (self.progress)(&line);
            }
        };
        let settings = &self.environments.settings;
        let (performed, output) = perform(settings, program, self.deadline, &hear).await?;
        let output = output::last_lines(&output);
        match performed {
            Performed::Done => Ok(()),
            Performed::Failed => Err(EnvironmentError::Failed { step: name, output }),
            Performed::TimedOut => Err(EnvironmentError::TimedOut {
                step: name,
                seconds: self.timeout.as_secs(),
                output,
            }),
        }
    }
}

/// Runs a program like a hook: bounded output, a deadline, nothing left behind.
/// Answers with what it printed.
pub(super) async fn perform(
    settings: &ProcessSettings,
    mut program: Program,
    deadline: Instant,
    hear: Hear<'_>,
) -> Result<(Performed, String), HostBroken> {
    let id = ExecutionId::generate().to_string();
    program
        .variables
        .insert(EXECUTION_ID.to_owned(), (&id).into());
    let started = blocking(move || Tree::start(program, Kind::Program, None, &id)).await?;
    let broken = |error| HostBroken::new("cannot run the installer", error);
    let (tree, pipes) = started.map_err(broken)?;
    let terms = Terms {
        deadline,
        cancel: &CancellationToken::new(),
        grace: settings.grace,
        limits: ScriptLimitsInForce {
            output_bytes: OUTPUT_BYTES,
            ..settings.limits.maximum
        },
    };
    let talk = Talk {
        input: &[],
        stdout: Lines::new(Some(hear), OUTPUT_BYTES),
        stderr: Lines::new(Some(hear), OUTPUT_BYTES),
    };
    let ended = supervise(tree, pipes, talk, terms).await.map_err(broken)?;
    let performed = match (ended.end, ended.leader) {
        (End::Deadline, _) => Performed::TimedOut,
        (_, Some(leader)) if leader.status.success() => Performed::Done,
        _ => Performed::Failed,
    };
    let mut output = ended.stdout.into_text() + &ended.stderr.into_text();
    if let End::Breach(breach) = ended.end {
        let what = match breach {
            Breach::Memory(_) => "memory",
            Breach::Cpu(_) => "processor time",
            Breach::Processes(_) => "processes",
        };
        output += "\nended: it took more ";
        output += what;
        output += " than this server lets any script have";
    }
    Ok((performed, output))
}

//! Runs shell and Python scripts as processes.
//!
//! | what | where |
//! | --- | --- |
//! | the script is found below the script roots, and what was found is run | `script` |
//! | or it is brought | `brought` |
//! | the program that reads it | `interpreter`, `python` |
//! | its environment, its private directory, its result | `variables`, `work_dir`, `spare_dirs` |
//! | what helps its authors | `library` |
//! | how much of the host it sees | `confinement`, `bubblewrap` |
//! | how much of it it may use | `limits`, `cgroup`, `watchdog` |
//! | what it is fed and what it prints | `supervise` |
//! | its processes, from the first to the last | `start`, `spawn`, `at_once`, `tree`, `orphans`, `procfs`, `sys` |
//! | runs that begin where its imports are done | `warm` |
//! | what its end means | `report`, `outcome` |
//!
//! Every run goes the same way: make a directory, start the interpreter in a
//! sandbox or (trusted) in a process group of its own, feed and listen until
//! the *first* process ends (or the deadline, a limit or a cancel ends it), end
//! whatever it left behind, read the result, remove the directory (or keep it for
//! another run, where nothing of this one is in it). A run that is dropped in the
//! middle kills its processes and removes its directory, too.
//!
//! No shell string is ever built (REQ-SCR-1), the script inherits descriptors
//! 0, 1 and 2 and nothing of the server's environment (REQ-SCR-2).

mod at_once;
mod brought;
mod bubblewrap;
mod cgroup;
mod confinement;
mod interpreter;
mod library;
mod limits;
mod lines;
mod orphans;
mod outcome;
mod procfs;
mod python;
mod report;
mod script;
mod spare_dirs;
mod spawn;
mod start;
mod supervise;
mod sweep;
mod sys;
mod tree;
mod variables;
mod warm;
mod watchdog;
mod work_dir;

pub use brought::BroughtScript;
pub use confinement::{Confinement, ConfinementLevel};
pub use limits::MemoryLimit;
pub use python::{EnvironmentError, InterpreterFault, ManagedEnvironment, PythonInstaller};

use crate::media_roots::MediaRoots;
use crate::{HostBroken, Invocation, OutputListener, OutputStream};
use at_once::Begun;
use cgroup::ControlGroups;
use confinement::InForce;
use lines::Lines;
use spare_dirs::SpareDirs;
use stagehook_core::config::{
    PythonConfig, Sandbox, ScriptGrants, ScriptLimitRange, ScriptLimits, ScriptPath, ShellConfig,
};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_core::invalid::{Findings, Invalid};
use start::NotStarted;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use supervise::{Talk, Terms};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task;
use warm::Templates;

/// How scripts are run on this server.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// Directories that scripts are found below; the first that has one wins.
    pub script_roots: Vec<PathBuf>,
    /// Where the private directory of each run is made.
    pub work_root: PathBuf,
    /// Where Python environments are: named ones by their name, managed ones
    /// by what they are made of.
    pub venvs: PathBuf,
    /// Directories below which a confined hook can be granted others. One that
    /// does not exist makes the runner fail to start.
    pub media_roots: Vec<PathBuf>,
    /// Directories of the server's own, of which a confined script sees nothing,
    /// wherever they are.
    pub hidden: Vec<PathBuf>,
    /// Reads scripts whose first line names no interpreter. Absolute.
    pub shell: PathBuf,
    /// Runs Python hooks that name no environment. Absolute.
    pub python: PathBuf,
    /// Builds the environments of Python hooks.
    pub python_installer: PythonInstaller,
    /// How much scripts may use.
    pub limits: ScriptLimitRange,
    /// How long a script may take to end after TERM, before KILL.
    pub grace: Duration,
    /// How scripts are confined.
    pub confinement: Confinement,
    /// For how many scripts an interpreter is kept that has imported what they
    /// import; the least recently used one is ended for another.
    pub warm_templates: usize,
    /// After how long without a run such an interpreter is ended.
    pub warm_unused_for: Duration,
    /// Hears what scripts print while they run.
    pub listener: Option<Arc<dyn OutputListener>>,
}

impl ProcessSettings {
    /// The defaults of a server that keeps its data in this directory:
    /// `scripts`, `work` and `venvs` below it, `/bin/sh`, `/usr/bin/python3`, a
    /// grace of 2 s, confinement by bubblewrap.
    pub fn in_directory(data_dir: &Path) -> Self {
        Self {
            script_roots: vec![data_dir.join("scripts")],
            work_root: data_dir.join("work"),
            venvs: data_dir.join("venvs"),
            media_roots: Vec::new(),
            hidden: vec![data_dir.to_owned()],
            shell: PathBuf::from("/bin/sh"),
            python: PathBuf::from("/usr/bin/python3"),
            python_installer: PythonInstaller::default(),
            limits: ScriptLimitRange::default(),
            grace: Duration::from_secs(2),
            confinement: Confinement::default(),
            warm_templates: 8,
            warm_unused_for: Duration::from_mins(10),
            listener: None,
        }
    }
}

/// Runs scripts.
#[derive(Debug)]
pub struct ProcessRunner {
    settings: Arc<ProcessSettings>,
    python: python::Environments,
    confinement: Arc<InForce>,
    groups: Option<Arc<ControlGroups>>,
    roots: Arc<MediaRoots>,
    spare_dirs: Arc<SpareDirs>,
    templates: Arc<Templates>,
}

/// What shell and Python hooks have in common.
#[derive(Debug, Clone, Copy)]
struct Job<'a> {
    script: &'a ScriptPath,
    /// What it says; without this it is found below the script roots.
    brought: Option<&'a BroughtScript>,
    args: &'a [String],
    env: &'a BTreeMap<String, String>,
    grants: &'a ScriptGrants,
    limits: &'a ScriptLimits,
    sandbox: Sandbox,
    /// Whether it may be forked from an interpreter that is kept for it.
    warm: bool,
    /// `None` for a shell hook: the script says it itself.
    python: Option<&'a python::Interpreter>,
}

impl ProcessRunner {
    /// Prepares this process for running scripts, once: it becomes the parent
    /// of whatever a hook leaves behind, and descriptors that it inherited are
    /// kept from its children. Makes the work root and the directory of
    /// environments.
    pub fn new(settings: ProcessSettings) -> Result<Self, HostBroken> {
        let mut settings = settings;
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
            .map_err(|error| HostBroken::new("cannot become a child subreaper", error.into()))?;
        sys::keep_descriptors_from_children()
            .map_err(|error| HostBroken::new("cannot close descriptors to children", error))?;
        // Scripts run elsewhere, so what they are told must be absolute.
        let lists = [&mut settings.script_roots, &mut settings.hidden];
        let paths = lists.into_iter().flatten();
        for path in paths.chain([&mut settings.work_root, &mut settings.venvs]) {
            *path = std::path::absolute(&*path)
                .map_err(|error| HostBroken::new("the working directory is gone", error))?;
        }
        for directory in [&settings.work_root, &settings.venvs] {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .map_err(|error| HostBroken::new("cannot make the directory of runs", error))?;
        }
        sweep::sweep(&settings.work_root)
            .map_err(|error| HostBroken::new("cannot look into the directory of runs", error))?;
        library::install(&settings.work_root)
            .map_err(|error| HostBroken::new("cannot write the library of scripts", error))?;
        let confinement = InForce::of(settings.confinement, &settings.work_root, &settings.hidden);
        if let ConfinementLevel::Unavailable(why) = confinement.level() {
            tracing::warn!("confined hooks are refused: {why}");
        }
        let roots = MediaRoots::open(&settings.media_roots)
            .map_err(|error| HostBroken::new("cannot open a media root", error))?;
        let settings = Arc::new(settings);
        let confinement = Arc::new(confinement);
        let groups = ControlGroups::make();
        Ok(Self {
            python: python::Environments::new(Arc::clone(&settings)),
            templates: Arc::new(Templates::new(
                Arc::clone(&settings),
                Arc::clone(&confinement),
                groups.clone(),
            )),
            confinement,
            groups,
            roots: Arc::new(roots),
            spare_dirs: Arc::default(),
            settings,
        })
    }

    /// How scripts are confined.
    pub fn confinement(&self) -> ConfinementLevel {
        self.confinement.level()
    }

    /// What holds scripts to their memory.
    pub fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::by(self.groups.as_deref())
    }

    /// Runs a shell hook once: the script that is brought, or else the one that
    /// is found below the script roots.
    pub async fn run_shell(
        &self,
        config: &ShellConfig,
        script: Option<&BroughtScript>,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        let job = Job {
            script: &config.script_path,
            brought: script,
            args: &config.args,
            env: &config.env,
            grants: &config.grants,
            limits: &config.limits,
            sandbox: config.sandbox,
            warm: false,
            python: None,
        };
        self.run(job, invocation).await
    }

    /// Runs a Python hook once, in its environment. Nothing is installed here:
    /// see [`Self::prepare_environment`].
    pub async fn run_python(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        // Before the interpreter is looked for: a refusal comes first.
        if let Err(refused) = self.confinement.admit(config.sandbox) {
            return Ok(Execution::not_run(ExecutionStatus::Refused, refused));
        }
        let python = match self.python.interpreter(config, script).await {
            Ok(python) => python,
            Err(error) => return NotStarted::error(&error).execution(),
        };
        let job = Job {
            script: &config.script_path,
            brought: script,
            args: &config.args,
            env: &config.env,
            grants: &config.grants,
            limits: &config.limits,
            sandbox: config.sandbox,
            warm: config.warm,
            python: Some(&python),
        };
        self.run(job, invocation).await
    }

    /// Makes sure that the environment of a Python hook is there, when the
    /// hook is saved: a named one must exist, a managed one is built out of
    /// `requirements` (or the script's inline metadata) if it was not before,
    /// and told about. REQ-SCR-3
    ///
    /// What is `known` of the same environment from when it was built before, or
    /// on another server, is installed again just as it was; of another one it
    /// is ignored. `progress` hears each line that the installer prints, without
    /// credentials and paths of the host. Everything together takes at most
    /// `timeout`.
    pub async fn prepare_environment(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
        known: Option<&ManagedEnvironment>,
        timeout: Duration,
        progress: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Option<ManagedEnvironment>, EnvironmentError> {
        self.python
            .prepare(config, script, known, timeout, progress)
            .await
    }

    /// The key of a Python hook's managed environment, built or not; none for a
    /// hook that has none.
    pub async fn environment_key(
        &self,
        config: &PythonConfig,
        script: Option<&BroughtScript>,
    ) -> Result<Option<String>, EnvironmentError> {
        self.python.key(config, script).await
    }

    /// Removes managed environments that have none of the keys to `keep`, were
    /// not used for this long (which is told to the hour), and are not in use
    /// now; answers with their keys. Named environments stay.
    pub async fn collect_environments(
        &self,
        keep: &BTreeSet<String>,
        unused_for: Duration,
    ) -> Result<Vec<String>, HostBroken> {
        self.python.collect(keep, unused_for).await
    }

    /// Whether a hook with this script may be saved. A script that is missing
    /// may be deployed later; one that leads out of the scripts directories,
    /// or is a directory, is wrong whatever happens later.
    pub fn check_script(&self, path: &ScriptPath) -> Result<(), String> {
        script::check(&self.settings.script_roots, path).map_err(|error| error.to_string())
    }

    /// Whether these grants and limits could be given on this server. Pointers
    /// begin with `/config`.
    ///
    /// # Errors
    ///
    /// Every grant that can never be given, and every limit above the server's
    /// own.
    pub fn check(&self, grants: &ScriptGrants, limits: &ScriptLimits) -> Result<(), Invalid> {
        let mut findings = Findings::default();
        self.roots
            .check(&mut findings, &grants.directories, grants.segment);
        findings.take(limits.within(&self.settings.limits));
        findings.finish()
    }

    async fn run(&self, job: Job<'_>, invocation: Invocation<'_>) -> Result<Execution, HostBroken> {
        let began = Instant::now();
        let deadline = tokio::time::Instant::from_std(began) + invocation.timeout;
        let refused = |error| Ok(Execution::not_run(ExecutionStatus::Refused, error));
        if let Err(error) = self.confinement.admit(job.sandbox) {
            return refused(error);
        }
        let limits = match job.limits.within(&self.settings.limits) {
            Ok(limits) => limits,
            Err(invalid) => return refused(invalid.to_string()),
        };
        if invocation.cancel.is_cancelled() {
            return Ok(Execution::not_run(
                ExecutionStatus::Cancelled,
                outcome::CANCELLED,
            ));
        }
        let start = self.starter(job, limits, &invocation);
        let at_once = move || {
            let broken = |error| HostBroken::new("cannot reap a process", error);
            Ok(start()?.at_once(deadline.into_std()).map_err(broken)?)
        };
        let run = match blocking(at_once).await? {
            Ok(run) => run,
            Err::<_, NotStarted>(not_started) => return not_started.execution(),
        };
        let listener = self.settings.listener.as_deref();
        let hear = |stream| {
            move |line: &str| {
                if let Some(listener) = listener {
                    listener.line(invocation.input, stream, line);
                }
            }
        };
        let (stdout, stderr) = (hear(OutputStream::Stdout), hear(OutputStream::Stderr));
        let lines = |hear| Lines::new(listener.and(Some(hear)), limits.output_bytes);
        let talk = |input| Talk {
            input,
            stdout: lines(&stdout),
            stderr: lines(&stderr),
        };
        let (ended, finished) = match run {
            Begun::Over(leader, pipes, finished) => (
                supervise::over(leader, &pipes, talk(&[]), &limits),
                finished,
            ),
            Begun::Runs(tree, pipes, rest) => {
                let terms = Terms {
                    deadline,
                    cancel: invocation.cancel,
                    grace: self.settings.grace,
                    limits,
                };
                let talk = talk(rest.untold());
                let ended = supervise::supervise(tree, pipes, talk, terms).await;
                let alone = ended.as_ref().is_ok_and(|ended| ended.alone);
                (ended, blocking(move || rest.finish(alone)).await?)
            }
        };
        let ended = ended.map_err(|error| HostBroken::new("cannot watch over a process", error))?;
        let mut execution = outcome::execution(
            ended,
            finished.report,
            finished.result,
            &limits,
            invocation.timeout,
        );
        execution.duration = began.elapsed();
        execution.script = Some(finished.script);
        Ok(execution)
    }
}

/// Runs something that blocks for a moment.
///
/// On the spot where the runtime can move its other tasks elsewhere: handing
/// it to another thread and waiting costs two turns of the scheduler, which on
/// a busy machine is more than the work itself.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HostBroken> {
    match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => Ok(task::block_in_place(work)),
        _ => task::spawn_blocking(work).await.map_err(|error| {
            HostBroken::new("a thread of the server failed", io::Error::other(error))
        }),
    }
}

//! Runs shell and Python scripts as processes.
//!
//! | what | where |
//! | --- | --- |
//! | the script is found below the script roots, and what was found is run | `script` |
//! | the program that reads it | `interpreter`, `python` |
//! | its environment, its private directory, its result | `variables`, `work_dir` |
//! | how much of the host it sees | `confinement` |
//! | what it is fed and what it prints | `supervise` |
//! | its processes, from the first to the last | `tree`, `orphans`, `procfs`, `sys` |
//!
//! Every run goes the same way: make a directory, start the interpreter in a
//! process group of its own, feed and listen until the *first* process ends
//! (or the deadline or a cancel ends it), end whatever it left behind, read
//! the result, remove the directory. A run that is dropped in the middle kills
//! its processes and removes its directory, too.
//!
//! No shell string is ever built (REQ-SCR-1), the script inherits descriptors
//! 0, 1 and 2 and nothing of the server's environment (REQ-SCR-2).

mod confinement;
mod interpreter;
mod orphans;
mod outcome;
mod procfs;
mod python;
mod script;
mod supervise;
mod sweep;
mod sys;
mod tree;
mod variables;
mod work_dir;

pub use confinement::Confinement;
pub use python::EnvironmentError;

use crate::{HostBroken, Invocation};
use interpreter::Interpreter;
use script::Script;
use stagehook_core::config::{PythonConfig, Sandbox, ScriptPath, ShellConfig};
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use supervise::Terms;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task;
use tree::{Pipes, Tree};
use work_dir::WorkDir;

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
    /// Directories that a hook can be granted; for confinement.
    pub media_roots: Vec<PathBuf>,
    /// Reads scripts whose first line names no interpreter. Absolute.
    pub shell: PathBuf,
    /// Runs Python hooks that name no environment. Absolute.
    pub python: PathBuf,
    /// Bytes kept of stdout, and of stderr: half from the beginning, half from
    /// the end.
    pub output_bytes: usize,
    /// How long a script may take to end after TERM, before KILL.
    pub grace: Duration,
    /// How scripts are confined.
    pub confinement: Confinement,
}

impl ProcessSettings {
    /// The defaults of a server that keeps its data in this directory:
    /// `scripts`, `work` and `venvs` below it, `/bin/sh`, `/usr/bin/python3`,
    /// 256 KiB of each stream, a grace of 2 s, confinement by bubblewrap.
    pub fn in_directory(data_dir: &Path) -> Self {
        Self {
            script_roots: vec![data_dir.join("scripts")],
            work_root: data_dir.join("work"),
            venvs: data_dir.join("venvs"),
            media_roots: Vec::new(),
            shell: PathBuf::from("/bin/sh"),
            python: PathBuf::from("/usr/bin/python3"),
            output_bytes: 256 * 1024,
            grace: Duration::from_secs(2),
            confinement: Confinement::default(),
        }
    }
}

/// Runs scripts.
#[derive(Debug)]
pub struct ProcessRunner {
    settings: Arc<ProcessSettings>,
    python: python::Environments,
}

/// What shell and Python hooks have in common.
#[derive(Debug, Clone, Copy)]
struct Job<'a> {
    script: &'a ScriptPath,
    args: &'a [String],
    env: &'a BTreeMap<String, String>,
    sandbox: Sandbox,
    /// `None` for a shell hook: the script says it itself.
    python: Option<&'a Path>,
}

/// A run that has begun.
#[derive(Debug)]
struct Started {
    // Before the directory, so that a dropped run kills first and then removes.
    tree: Tree,
    pipes: Pipes,
    work: WorkDir,
}

/// Why a run did not begin.
#[derive(Debug)]
enum NotStarted {
    /// For the hook's record.
    Hook(ExecutionStatus, String),
    /// For the server.
    Host(HostBroken),
}

impl From<HostBroken> for NotStarted {
    fn from(broken: HostBroken) -> Self {
        Self::Host(broken)
    }
}

impl NotStarted {
    fn error(error: &impl ToString) -> Self {
        Self::Hook(ExecutionStatus::HostError, error.to_string())
    }

    fn execution(self) -> Result<Execution, HostBroken> {
        match self {
            Self::Hook(status, error) => Ok(Execution::not_run(status, error)),
            Self::Host(broken) => Err(broken),
        }
    }
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
        let roots = settings.script_roots.iter_mut();
        for path in roots.chain([&mut settings.work_root, &mut settings.venvs]) {
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
        let settings = Arc::new(settings);
        Ok(Self {
            python: python::Environments::new(Arc::clone(&settings)),
            settings,
        })
    }

    /// How scripts are confined.
    pub fn confinement(&self) -> Confinement {
        self.settings.confinement
    }

    /// Runs a shell hook once.
    pub async fn run_shell(
        &self,
        config: &ShellConfig,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        let job = Job {
            script: &config.script_path,
            args: &config.args,
            env: &config.env,
            sandbox: config.sandbox,
            python: None,
        };
        self.run(job, invocation).await
    }

    /// Runs a Python hook once, in its environment. Nothing is installed here:
    /// see [`Self::prepare_environment`].
    pub async fn run_python(
        &self,
        config: &PythonConfig,
        invocation: Invocation<'_>,
    ) -> Result<Execution, HostBroken> {
        // Before the interpreter is looked for: a refusal comes first.
        if let Err(refused) = self.settings.confinement.admit(config.sandbox) {
            return Ok(Execution::not_run(ExecutionStatus::Refused, refused));
        }
        let python = match self.python.interpreter(config).await {
            Ok(python) => python,
            Err(error) => return NotStarted::error(&error).execution(),
        };
        let job = Job {
            script: &config.script_path,
            args: &config.args,
            env: &config.env,
            sandbox: config.sandbox,
            python: Some(&python),
        };
        self.run(job, invocation).await
    }

    /// Makes sure that the environment of a Python hook is there, when the
    /// hook is saved: a named one must exist, a managed one is built out of
    /// `requirements` if it was not before. REQ-SCR-3
    pub async fn prepare_environment(
        &self,
        config: &PythonConfig,
        timeout: Duration,
    ) -> Result<(), EnvironmentError> {
        self.python.prepare(config, timeout).await
    }

    /// Whether a hook with this script may be saved. A script that is missing
    /// may be deployed later; one that leads out of the scripts directories,
    /// or is a directory, is wrong whatever happens later.
    pub fn check_script(&self, path: &ScriptPath) -> Result<(), String> {
        script::check(&self.settings.script_roots, path).map_err(|error| error.to_string())
    }

    async fn run(&self, job: Job<'_>, invocation: Invocation<'_>) -> Result<Execution, HostBroken> {
        let began = Instant::now();
        let deadline = tokio::time::Instant::from_std(began) + invocation.timeout;
        if let Err(refused) = self.settings.confinement.admit(job.sandbox) {
            return Ok(Execution::not_run(ExecutionStatus::Refused, refused));
        }
        if invocation.cancel.is_cancelled() {
            return Ok(Execution::not_run(
                ExecutionStatus::Cancelled,
                outcome::CANCELLED,
            ));
        }
        let start = self.starter(job, &invocation);
        let Started { tree, pipes, work } = match blocking(start).await? {
            Ok(started) => started,
            Err(not_started) => return not_started.execution(),
        };
        let terms = Terms {
            deadline,
            cancel: invocation.cancel,
            grace: self.settings.grace,
            output_bytes: self.settings.output_bytes,
        };
        let ended = supervise::supervise(tree, pipes, invocation.input_json.as_bytes(), terms)
            .await
            .map_err(|error| HostBroken::new("cannot watch over a process", error))?;
        let result = blocking(move || {
            let result = work.result();
            drop(work);
            result
        })
        .await?;
        Ok(outcome::execution(
            ended,
            result,
            invocation.timeout,
            began.elapsed(),
        ))
    }

    /// Everything from the script's name to its first process.
    fn starter(
        &self,
        job: Job<'_>,
        invocation: &Invocation<'_>,
    ) -> impl FnOnce() -> Result<Started, NotStarted> + Send + 'static {
        let settings = Arc::clone(&self.settings);
        let path = job.script.clone();
        let args = job.args.to_vec();
        let env = job.env.clone();
        let python = job.python.map(Path::to_owned);
        let input = invocation.input.clone();
        let input_json = invocation.input_json.to_owned();
        move || {
            let mut script =
                script::read(&settings.script_roots, &path).map_err(|error| match error {
                    script::ScriptError::LeadsOut(_) => {
                        NotStarted::Hook(ExecutionStatus::Refused, error.to_string())
                    }
                    _ => NotStarted::error(&error),
                })?;
            let is_python = python.is_some();
            let interpreter = match python {
                Some(program) => Interpreter {
                    program,
                    args: python::ARGS.map(str::to_owned).to_vec(),
                },
                None => interpreter::of_script(&script.content, &settings.shell)
                    .map_err(|error| NotStarted::error(&error))?,
            };
            if !is_python {
                script.content = interpreter::with_unix_line_ends(script.content);
            }
            let broken = |error| HostBroken::new("cannot make the directory of a run", error);
            let work = WorkDir::create(&settings.work_root).map_err(broken)?;
            let script_copy = work.fill(input_json.as_bytes(), &script).map_err(broken)?;
            let mut variables = variables::all(&input, &env, &work);
            if is_python {
                python::add_variables(&mut variables, &script.directory);
            }
            let mut command = settings.confinement.command(&interpreter.program);
            command
                .args(&interpreter.args)
                .arg(script_copy)
                .args(&args)
                .env_clear()
                .envs(&variables)
                .current_dir(work.path());
            let (tree, pipes) = Tree::start(command, &input.execution_id.to_string())
                .map_err(|error| start_error(error, &interpreter, &script))?;
            Ok(Started { tree, pipes, work })
        }
    }
}

/// Whether it is the hook's fault that nothing could be started, or the
/// host's.
fn start_error(error: io::Error, interpreter: &Interpreter, script: &Script) -> NotStarted {
    if error.raw_os_error() == Some(libc::E2BIG) {
        return NotStarted::error(
            &"the arguments and the environment together are larger than the system allows",
        );
    }
    if !interpreter::is_executable(&interpreter.program)
        || error.raw_os_error() == Some(libc::ENOEXEC)
    {
        return NotStarted::error(&format!(
            "the interpreter of {} does not exist on this server or cannot be run",
            script.name
        ));
    }
    HostBroken::new("cannot start a process", error).into()
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

//! Everything from a script's name to its first process.

mod warm;

use super::bubblewrap::{self, Bubblewrap, View};
use super::cgroup::{ControlGroup, ControlGroups, GroupLimits};
use super::confinement::InForce;
use super::interpreter::{self, Interpreter};
use super::report::{self, Report};
use super::script::{self, Beside, Fault, Script};
use super::spare_dirs::{Made, SpareDirs};
use super::spawn::Program;
use super::tree::{Kind, Pipes, Tree};
use super::warm::{Template, Templates};
use super::work_dir::{self, WorkDir};
use super::{
    BroughtScript, Job, ProcessRunner, ProcessSettings, library, limits, python, variables,
};
use crate::media_roots::{Granted, GrantedDirectory, MediaRoots, Refusal};
use crate::{HostBroken, Invocation};
use stagehook_core::config::{Access, Sandbox, ScriptGrants, ScriptLimitsInForce, ScriptPath};
use stagehook_core::contract::{HookInput, HookResult, InvalidResult};
use stagehook_core::execution::{Execution, ExecutionStatus, ScriptRun};
use std::collections::BTreeMap;
use std::io::{self, PipeReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A run that has begun.
#[derive(Debug)]
pub(super) struct Started {
    // Before the directory, so that a dropped run kills first and then removes.
    pub(super) tree: Tree,
    pub(super) pipes: Pipes,
    pub(super) rest: Rest,
}

/// What belongs to a run beside its processes.
#[derive(Debug)]
pub(super) struct Rest {
    /// Where its sandbox reports its end; none where it has no sandbox.
    report: Option<PipeReader>,
    work: WorkDir,
    /// What was made of that, where a later run may have it.
    again: Option<(Made, Arc<SpareDirs>)>,
    /// The template whose directory that is in; it stays until the run has ended.
    template: Option<Arc<Template>>,
    /// What it is told, with paths as it sees them.
    input_json: String,
    /// How much of that it was told, in bytes.
    pub(super) told: usize,
    script: ScriptRun,
}

/// What is known of it when its processes have ended and its directory is gone.
#[derive(Debug)]
pub(super) struct Finished {
    /// Of its sandbox; none where it had none.
    pub(super) report: Option<Report>,
    pub(super) result: Result<Option<HookResult>, InvalidResult>,
    pub(super) script: ScriptRun,
}

impl Rest {
    /// What it is still to be told.
    pub(super) fn untold(&self) -> &[u8] {
        &self.input_json.as_bytes()[self.told..]
    }

    /// Takes its result and removes its directory, or keeps that for another run
    /// where all its processes ended by themselves; only after these. Blocks.
    pub(super) fn finish(self, ended_alone: bool) -> Finished {
        let result = self.work.result();
        match self.again.filter(|_| ended_alone) {
            Some((made, spare_dirs)) => spare_dirs.keep(self.work, made),
            None => drop(self.work),
        }
        // Not before: its directory is in there.
        drop(self.template);
        Finished {
            report: self.report.as_ref().map(report::read),
            result,
            script: self.script,
        }
    }
}

/// Why a run did not begin.
#[derive(Debug)]
pub(super) enum NotStarted {
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

impl From<Refusal> for NotStarted {
    fn from(refusal: Refusal) -> Self {
        Self::Hook(ExecutionStatus::Refused, refusal.to_string())
    }
}

impl NotStarted {
    pub(super) fn error(error: &impl ToString) -> Self {
        Self::Hook(ExecutionStatus::HostError, error.to_string())
    }

    pub(super) fn execution(self) -> Result<Execution, HostBroken> {
        match self {
            Self::Hook(status, error) => Ok(Execution::not_run(status, error)),
            Self::Host(broken) => Err(broken),
        }
    }
}

/// What is needed to start, without borrowing anything of the call.
struct Starter {
    settings: Arc<ProcessSettings>,
    confinement: Arc<InForce>,
    groups: Option<Arc<ControlGroups>>,
    roots: Arc<MediaRoots>,
    spare_dirs: Arc<SpareDirs>,
    path: ScriptPath,
    brought: Option<BroughtScript>,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    grants: ScriptGrants,
    sandbox: Sandbox,
    python: Option<python::Interpreter>,
    /// Where it may be forked from, if it may.
    templates: Option<Arc<Templates>>,
    limits: ScriptLimitsInForce,
    input: HookInput,
    input_json: String,
}

impl ProcessRunner {
    /// Starts a script; on a thread where that may block.
    pub(super) fn starter(
        &self,
        job: Job<'_>,
        limits: ScriptLimitsInForce,
        invocation: &Invocation<'_>,
    ) -> impl FnOnce() -> Result<Started, NotStarted> + Send + 'static {
        let starter = Starter {
            settings: Arc::clone(&self.settings),
            confinement: Arc::clone(&self.confinement),
            groups: self.groups.clone(),
            roots: Arc::clone(&self.roots),
            spare_dirs: Arc::clone(&self.spare_dirs),
            path: job.script.clone(),
            brought: job.brought.cloned(),
            args: job.args.to_vec(),
            env: job.env.clone(),
            grants: job.grants.clone(),
            sandbox: job.sandbox,
            python: job.python.cloned(),
            templates: job.warm.then(|| Arc::clone(&self.templates)),
            limits,
            input: invocation.input.clone(),
            input_json: invocation.input_json.to_owned(),
        };
        move || starter.start()
    }
}

impl Starter {
    fn start(mut self) -> Result<Started, NotStarted> {
        let script = self.read_script()?;
        let interpreter = self.interpreter(&script)?;
        let confinement = Arc::clone(&self.confinement);
        let bubblewrap = confinement
            .admit(self.sandbox)
            .map_err(|refused| NotStarted::Hook(ExecutionStatus::Refused, refused))?;
        let broken = |error| HostBroken::new("cannot make the directory of a run", error);
        let view = match bubblewrap {
            Some(_) => {
                let granted = self.grant()?;
                Some(self.view(&script, granted).map_err(broken)?)
            }
            None => None,
        };
        let warm = self.begin(&script, view.as_ref());
        let template = warm.as_ref().and_then(|(_, begin)| begin.template());
        let (mut work, made, copy) = self.work_dir(&script, view.is_some()).map_err(broken)?;
        let seen_work = match bubblewrap {
            Some(_) => Path::new(bubblewrap::WORK),
            None => work.path(),
        };
        let copy = seen_work.join(copy);
        let mut program = Program::new(&interpreter.program, seen_work)
            .args(&interpreter.args)
            .args([&copy])
            .args(&self.args);
        program.variables = variables::all(&self.input, &self.env, seen_work);
        let beside = match (&script.beside, bubblewrap) {
            (Beside::Brought(_), _) => seen_work.join(work_dir::OWN),
            (Beside::Directory(..), Some(_)) => PathBuf::from(bubblewrap::BESIDE),
            (Beside::Directory(directory, _), None) => directory.clone(),
        };
        if self.python.is_some() {
            python::add_variables(&mut program.variables, &beside);
        }
        let given = match bubblewrap {
            Some(_) => PathBuf::from(bubblewrap::GIVEN),
            None => library::given(&self.settings.work_root),
        };
        library::add_variables(&mut program.variables, &given);
        let mut script_run = ScriptRun {
            digest: script.digest,
            sandbox: confinement.sandbox(self.sandbox),
            warm: false,
        };
        let forked = self.fork(warm.as_ref(), &program, &mut work);
        script_run.warm = forked.is_some();
        if template.is_some() && forked.is_none() {
            (work, ..) = self.work_dir(&script, true).map_err(broken)?;
        }
        let (tree, pipes, report) = if let Some(forked) = forked {
            (forked.tree, forked.pipes, Some(forked.report))
        } else {
            let begin = warm.map(|(_, begin)| begin);
            let making = self.describe(begin, &program, &copy, &beside, script, view.as_ref());
            let cold = self.cold(program, bubblewrap.zip(view), &work, &interpreter)?;
            if let Some((making, description)) = making {
                making.make(description);
            }
            cold
        };
        Ok(Started {
            tree,
            pipes,
            rest: Rest {
                report,
                work,
                again: made.map(|made| (made, self.spare_dirs)),
                template,
                input_json: self.input_json,
                told: 0,
                script: script_run,
            },
        })
    }

    /// A work directory with what the run is told, and where its script is from
    /// there; that of a confined run is its own.
    fn work_dir(
        &self,
        script: &Script,
        is_confined: bool,
    ) -> io::Result<(WorkDir, Option<Made>, PathBuf)> {
        let (root, input_json) = (&self.settings.work_root, self.input_json.as_bytes());
        if is_confined {
            let work = WorkDir::create(root)?;
            let copy = work.fill(input_json, script)?;
            return Ok((work, None, copy));
        }
        let (work, made, copy) = self.spare_dirs.filled(root, input_json, script)?;
        Ok((work, Some(made), copy))
    }

    /// Starts a program of its own, in a sandbox of its own if it has a view of
    /// one.
    fn cold(
        &self,
        program: Program,
        sandbox: Option<(&Bubblewrap, View)>,
        work: &WorkDir,
        interpreter: &Interpreter,
    ) -> Result<(Tree, Pipes, Option<PipeReader>), NotStarted> {
        let (program, kind, report) = if let Some((bubblewrap, view)) = sandbox {
            let (program, report) = work
                .open()
                .and_then(|work| bubblewrap.confine(program, work, view, &self.limits))
                .map_err(|error| HostBroken::new("cannot describe a sandbox", error))?;
            (program, Kind::Sandbox, Some(report))
        } else {
            let mut program = program;
            program.limits = limits::unconfined(&self.limits);
            (program, Kind::Program, None)
        };
        let execution_id = self.input.execution_id.to_string();
        let (tree, pipes) = Tree::start(program, kind, self.group(), &execution_id)
            .map_err(|error| start_error(error, interpreter, self.path.split().1))?;
        Ok((tree, pipes, report))
    }

    /// Where the kernel counts the run's processes, if it can.
    fn group(&self) -> Option<ControlGroup> {
        let groups = self.groups.as_ref()?;
        let group = groups.group(GroupLimits::of_run(&self.limits));
        // Somebody else's doing; the watchdog counts too.
        group
            .inspect_err(|error| tracing::warn!(%error, "a control group could not be made"))
            .ok()
    }

    fn read_script(&mut self) -> Result<Script, NotStarted> {
        let mut script =
            match self.brought.take() {
                Some(brought) => brought.under(&self.path),
                None => script::read(&self.settings.script_roots, &self.path).map_err(|error| {
                    match error.fault {
                        Fault::LeadsOut => {
                            NotStarted::Hook(ExecutionStatus::Refused, error.to_string())
                        }
                        _ => NotStarted::error(&error),
                    }
                })?,
            };
        if self.python.is_none() {
            script.content = interpreter::with_unix_line_ends(script.content);
        }
        Ok(script)
    }

    fn interpreter(&self, script: &Script) -> Result<Interpreter, NotStarted> {
        match &self.python {
            Some(python) => Ok(Interpreter {
                program: python.program.clone(),
                args: python::ARGS.map(str::to_owned).to_vec(),
            }),
            None => interpreter::of_script(&script.content, &self.settings.shell)
                .map_err(|error| NotStarted::error(&error)),
        }
    }

    /// Opens what the hook is granted, and tells it where it will find that.
    fn grant(&mut self) -> Result<Granted, NotStarted> {
        let host_path = self.input.segment_path.as_deref();
        let granted = self
            .roots
            .grant(&self.grants.directories, self.grants.segment, host_path)?;
        let seen = granted
            .segment_path
            .clone()
            .or_else(|| self.seen_in_directories(host_path?));
        if seen.is_some() {
            self.input.segment_path = seen;
            self.input_json = serde_json::to_string(&self.input)
                .map_err(|error| HostBroken::new("cannot write an input", error.into()))?;
        }
        Ok(granted)
    }

    /// The media file by the name that a granted directory gives it.
    fn seen_in_directories(&self, host_path: &str) -> Option<String> {
        self.grants.directories.iter().find_map(|granted| {
            let below = Path::new(host_path).strip_prefix(&granted.host).ok()?;
            let seen = Path::new(&granted.guest).join(below);
            seen.to_str().map(str::to_owned)
        })
    }

    fn view(&self, script: &Script, granted: Granted) -> io::Result<View> {
        let mut directories = granted.directories;
        let mut read_only = Vec::new();
        if let Some(python) = &self.python {
            read_only.extend(python.prefix.clone());
            if let Some(environment) = &python.environment {
                directories.push(GrantedDirectory {
                    dir: environment.directory()?,
                    guest: environment.path().to_string_lossy().into_owned(),
                    access: Access::Read,
                });
            }
        }
        Ok(View {
            beside: match &script.beside {
                Beside::Directory(_, opened) if self.python.is_some() => Some(opened.try_clone()?),
                Beside::Directory(..) | Beside::Brought(_) => None,
            },
            directories,
            read_only: self.not_shown(read_only),
            network: self.grants.network,
        })
    }

    /// Those of these paths that a sandbox does not have anyway.
    fn not_shown(&self, mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
        if let InForce::Bubblewrap(bubblewrap) = &*self.confinement {
            paths.retain(|path| !bubblewrap.shows(path));
        }
        paths
    }
}

/// Whether it is the hook's fault that nothing could be started, or the
/// host's.
fn start_error(error: io::Error, interpreter: &Interpreter, script: &str) -> NotStarted {
    if error.raw_os_error() == Some(libc::E2BIG) {
        return NotStarted::error(
            &"the arguments and the environment together are larger than the system allows",
        );
    }
    if !interpreter::is_executable(&interpreter.program)
        || error.raw_os_error() == Some(libc::ENOEXEC)
    {
        return NotStarted::error(&format!(
            "the interpreter of {script} does not exist on this server or cannot be run"
        ));
    }
    HostBroken::new("cannot start a process", error).into()
}

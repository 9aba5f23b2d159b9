//! How a run of a warm script begins: forked from a template, or cold with a
//! template made for later ones.

use super::Starter;
use crate::process::bubblewrap::{self, View};
use crate::process::script::Script;
use crate::process::spawn::Program;
use crate::process::warm::{Begin, Description, Forked, Key, Making, Told};
use crate::process::work_dir::WorkDir;
use crate::process::{library, python, variables};
use std::io;
use std::path::Path;
use std::sync::Arc;

impl Starter {
    /// How a run begins that may be forked; none where it may not.
    pub(super) fn begin(&self, script: &Script, view: Option<&View>) -> Option<(Arc<Key>, Begin)> {
        let (templates, view) = (self.templates.as_ref()?, view?);
        let python = self.python.as_ref()?;
        if bubblewrap::is_root() && !self.imports_what_is_installed(python) {
            templates.told_root();
            return None;
        }
        let key = Key::new(&self.path, script, python, view, &self.env, &self.limits)
            .inspect_err(|error| self.stays_cold(error))
            .ok()?;
        let key = Arc::new(key);
        let begin = templates.begin(&key);
        Some((key, begin))
    }

    /// Forks the run, if there is something to fork it from and that can be done.
    /// If it cannot, the run needs another work directory: the template may have
    /// had this one.
    pub(super) fn fork(
        &self,
        warm: Option<&(Arc<Key>, Begin)>,
        program: &Program,
        work: &mut WorkDir,
    ) -> Option<Forked> {
        let Some((key, Begin::Warm(template))) = warm else {
            return None;
        };
        let templates = self.templates.as_ref()?;
        let told = Told {
            program,
            own_args: python::ARGS.len(),
            network: self.grants.network,
            limits: &self.limits,
        };
        match template.fork(work, &told, self.group()) {
            Ok(forked) => {
                templates.worked();
                Some(forked)
            }
            Err(why) => {
                templates.failed(key, template, &why);
                None
            }
        }
    }

    /// What later runs are to be forked from, if that is to be made.
    pub(super) fn describe(
        &self,
        begin: Option<Begin>,
        program: &Program,
        copy: &Path,
        beside: &Path,
        script: Script,
        view: Option<&View>,
    ) -> Option<(Making, Description)> {
        let (Some(Begin::ColdAndMake(making)), Some(view)) = (begin, view) else {
            return None;
        };
        let mut variables = program.variables.clone();
        variables.retain(|name, _| !variables::is_of_the_run(name));
        // What lies beside the script comes in with each run.
        variables.remove("PYTHONPATH");
        if let Some(path) = self.env.get("PYTHONPATH") {
            variables.insert("PYTHONPATH".to_owned(), path.into());
        }
        library::add_to_python_path(&mut variables, Path::new(bubblewrap::GIVEN));
        let description = Description {
            program: program.path.clone(),
            args: python::ARGS.map(str::to_owned).to_vec(),
            variables,
            script: copy.to_owned(),
            content: script.content,
            directory: beside.to_owned(),
            beside: making.key().beside(),
            view: view
                .try_clone()
                .inspect_err(|error| self.stays_cold(error))
                .ok()?,
            limits: self.limits,
        };
        Some((making, description))
    }

    /// Whether what the script imports early can only be what an administrator has
    /// installed: neither packages that the hook chose, nor what a variable of
    /// its own leads to.
    ///
    /// Where the server is root, the one who imports it could be root outside of
    /// the sandbox.
    fn imports_what_is_installed(&self, python: &python::Interpreter) -> bool {
        let environment = python.environment.as_ref();
        self.env.is_empty() && !environment.is_some_and(|environment| environment.is_managed())
    }

    fn stays_cold(&self, error: &io::Error) {
        tracing::warn!(script = %self.path, %error, "a warm hook runs cold");
    }
}

//! What of an interpreter decides which packages fit it.

use super::super::interpreter::PATH;
use super::super::lines::Hear;
use super::super::spawn::Program;
use super::build::{Performed, perform};
use super::{EnvironmentError, Environments, InterpreterFault};
use pep440_rs::{Version, VersionSpecifiers};
use sha2::{Digest as _, Sha256};
use stagehook_core::config::Requirement;
use std::fmt::Write as _;
use std::str::FromStr as _;
use std::time::Duration;
use tokio::time::Instant;

/// How long asking an interpreter may take.
const PATIENCE: Duration = Duration::from_secs(10);
const SILENT: Hear<'static> = &|_| ();
/// Two lines: its version, and the binary interface that packages are built
/// for. The interface does not name the last part of the version: a bug fix of
/// Python keeps all environments.
const QUESTION: &str = "import sys, sysconfig
print('%d.%d.%d' % sys.version_info[:3])
print(sys.implementation.cache_tag, sysconfig.get_config_var('SOABI'), sysconfig.get_platform())";

/// What an interpreter says of itself.
#[derive(Debug)]
pub(super) struct Identity {
    version: Version,
    interface: String,
}

impl Environments {
    /// Asks the default interpreter.
    pub(super) async fn identify(&self) -> Result<Identity, EnvironmentError> {
        let settings = &self.settings;
        let mut program = Program::new(&settings.python, &settings.venvs);
        program = program.args(["-I", "-c", QUESTION]);
        program.variables.insert("PATH".to_owned(), PATH.into());
        let asked = perform(settings, program, Instant::now() + PATIENCE, SILENT).await;
        let answer = match &asked {
            Ok((Performed::Done, said)) => Identity::parse(said),
            _ => None,
        };
        answer.ok_or(EnvironmentError::NoPython(InterpreterFault::NotPython))
    }
}

impl Identity {
    fn parse(said: &str) -> Option<Self> {
        let (version, interface) = said.trim_end().split_once('\n')?;
        Some(Self {
            version: Version::from_str(version).ok()?,
            interface: interface.to_owned(),
        })
    }

    /// The key of the environment of these requirements.
    pub(super) fn key_of(&self, requirements: &[Requirement]) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.interface);
        for requirement in requirements {
            hash.update(b"\n");
            hash.update(requirement.as_str());
        }
        let mut key = String::new();
        for byte in hash.finalize().iter().take(16) {
            let _ = write!(key, "{byte:02x}");
        }
        key
    }

    /// Whether a script that requires this of Python (PEP 440) can be run.
    pub(super) fn satisfies(&self, required: &str) -> Result<(), EnvironmentError> {
        // What is no such text is satisfied by nothing.
        let satisfied = VersionSpecifiers::from_str(required)
            .is_ok_and(|versions| versions.contains(&self.version));
        if satisfied {
            return Ok(());
        }
        Err(EnvironmentError::PythonVersion {
            required: required.to_owned(),
            actual: self.version.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;
    use rstest::rstest;
    use stagehook_core::config::Requirement;

    fn identity(said: &str) -> Identity {
        Identity::parse(said).unwrap()
    }

    const HERE: &str = "3.11.2\ncpython-311 cpython-311-x86_64-linux-gnu linux-x86_64\n";

    #[rstest]
    #[case(">=3.11", true)]
    #[case("==3.11.*", true)]
    #[case("~=3.10", true)]
    #[case(">=3.9,<4,!=3.10.*", true)]
    #[case("", true)]
    #[case(">=3.12", false)]
    #[case(">=3.11.3", false)]
    #[case("<3.11", false)]
    #[case("three", false)]
    fn the_version_is_what_is_required_or_both_are_named(
        #[case] required: &str,
        #[case] satisfied: bool,
    ) {
        let result = identity(HERE).satisfies(required);
        assert_eq!(result.is_ok(), satisfied);
        if let Err(error) = result {
            let error = error.to_string();
            assert!(error.contains(&format!("Python {required},")), "{error}");
            assert!(error.ends_with("Python 3.11.2"), "{error}");
        }
    }

    #[test]
    fn the_key_is_of_requirements_version_and_platform() {
        let list = |list: &[&str]| -> Vec<Requirement> {
            let list = list.iter().map(|&r| Requirement::try_from(r.to_owned()));
            list.collect::<Result<_, _>>().unwrap()
        };
        let pillow = list(&["pillow==11.0"]);
        let key = identity(HERE).key_of(&pillow);
        assert_eq!(key.len(), 32);
        let bug_fixed = HERE.replace("3.11.2", "3.11.9");
        assert_eq!(identity(&bug_fixed).key_of(&pillow), key);
        for other in [HERE.replace("311", "312"), HERE.replace("gnu", "musl")] {
            assert_ne!(identity(&other).key_of(&pillow), key);
        }
        for other in [list(&["pillow==11.1"]), list(&["pillow==11.0", "rich"])] {
            assert_ne!(identity(HERE).key_of(&other), key);
        }
        assert!(Identity::parse("what?").is_none());
    }
}

//! Environments that hooks name, and interpreters, with what may be wrong with
//! them. REQ-SCR-3

use crate::python_packages::{PYTHON, prepare, python};
use crate::studio::Studio;
use rstest::rstest;
use serde_json::json;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::Confinement;
use std::fs;
use std::os::unix::fs::symlink;

#[rstest]
#[tokio::test]
async fn a_hook_runs_in_the_environment_that_it_names(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::with(|settings| settings.confinement = confinement);
    studio.script("hook.py", "import looks, sys; print(sys.prefix, looks.LUT)");
    let environment = studio.path("venvs/grading");
    fs::create_dir_all(environment.join("bin")).unwrap();
    symlink(PYTHON, environment.join("bin/python")).unwrap();
    fs::write(environment.join("pyvenv.cfg"), "home = /usr/bin\n").unwrap();
    let version = python("import sys; print('%d.%d' % sys.version_info[:2])");
    let packages = environment.join(format!("lib/python{version}/site-packages"));
    fs::create_dir_all(&packages).unwrap();
    fs::write(packages.join("looks.py"), "LUT = 'rec709'").unwrap();

    let hook = json!({"script_path": "hook.py", "venv": "grading"});
    assert_eq!(prepare(&studio, &hook).await.unwrap(), None);
    let execution = studio.run_python(hook).await;
    assert_eq!(
        execution.stdout,
        format!("{} rec709\n", environment.display()),
        "{execution:?}"
    );
}

#[rstest]
#[case::missing(
    "true",
    "the Python environment \"grading\" does not exist on this server: make it with"
)]
#[case::a_file(
    "touch grading",
    "\"grading\" is broken: its interpreter bin/python does not exist"
)]
#[case::empty(
    "mkdir grading",
    "\"grading\" is broken: its interpreter bin/python does not exist"
)]
#[case::no_interpreter(
    "mkdir -p grading/bin",
    "\"grading\" is broken: its interpreter bin/python does not exist"
)]
#[case::python_is_gone(
    "mkdir -p grading/bin && ln -s /usr/bin/python2.4 grading/bin/python",
    "its interpreter bin/python is a link to a program that does not exist on this server"
)]
#[case::links_in_a_circle(
    "mkdir -p grading/bin && ln -s python grading/bin/python",
    "its interpreter bin/python is a link to a program that does not exist on this server"
)]
#[case::interpreter_is_a_directory(
    "mkdir -p grading/bin/python",
    "its interpreter bin/python is a directory"
)]
#[case::interpreter_is_linked_to_a_directory(
    "mkdir -p grading/bin && ln -s /usr grading/bin/python",
    "its interpreter bin/python is a directory"
)]
#[case::not_executable(
    "mkdir -p grading/bin && touch grading/bin/python",
    "its interpreter bin/python cannot be executed"
)]
#[case::elsewhere(
    "mkdir -p ../elsewhere/bin && ln -s /usr/bin/python3 ../elsewhere/bin/python && \
     ln -s ../elsewhere grading",
    "\"grading\" leads out of the server's directory of environments by a symbolic link"
)]
#[case::programs_elsewhere(
    "mkdir -p grading && ln -s /usr/bin grading/bin",
    "\"grading\" leads out of the server's directory of environments by a symbolic link"
)]
#[tokio::test]
async fn what_is_wrong_with_an_environment_is_known_when_the_hook_is_saved_and_when_it_runs(
    #[case] made: &str,
    #[case] expected: &str,
    #[values("confined", "trusted")] sandbox: &str,
) {
    let studio = Studio::with(|settings| settings.confinement = Confinement::Bubblewrap);
    studio.script("hook.py", "");
    let made = std::process::Command::new("/bin/sh")
        .args(["-ec", made])
        .current_dir(studio.path("venvs"))
        .status();
    assert!(made.unwrap().success());

    let hook = json!({"script_path": "hook.py", "venv": "grading", "sandbox": sandbox});
    let saved = prepare(&studio, &hook).await.unwrap_err().to_string();
    let execution = studio.run_python(hook).await;
    assert_eq!(execution.status, ExecutionStatus::HostError);
    assert_eq!(execution.error.as_ref(), Some(&saved));
    assert!(saved.contains(expected), "{saved}");
    let here = studio.path("");
    assert!(!saved.contains(here.to_str().unwrap()), "{saved}");
}

#[rstest]
#[case::missing("/nowhere/python3", "it does not exist")]
#[case::a_directory("/usr", "it is a directory")]
#[case::no_program("/etc/passwd", "it cannot be executed")]
#[case::no_python("/usr/bin/true", "it does not answer as Python does")]
#[tokio::test]
async fn a_default_interpreter_that_is_none_is_a_clear_error(
    #[case] python: &str,
    #[case] expected: &str,
) {
    let studio = Studio::with(|settings| settings.python = python.into());
    studio.script(
        "hook.py",
        "# /// script\n# requires-python = '>=3'\n# ///\n",
    );
    let hook = json!({"script_path": "hook.py"});
    let saved = prepare(&studio, &hook).await.unwrap_err().to_string();
    let execution = studio.run_python(hook).await;
    assert_eq!(execution.status, ExecutionStatus::HostError);
    assert_eq!(execution.error.as_ref(), Some(&saved));
    let begin = "Python is not installed on this server, or its default interpreter is set wrong: ";
    assert_eq!(saved, format!("{begin}{expected}"));
}

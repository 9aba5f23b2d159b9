//! Python hooks and their environments. REQ-SCR-3

use crate::studio::Studio;
use serde_json::{Value, json};
use stagehook_core::config::PythonConfig;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::EnvironmentError;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

const INSTALL: Duration = Duration::from_mins(2);

fn config(config: Value) -> PythonConfig {
    serde_json::from_value(config).unwrap()
}

#[tokio::test]
async fn the_default_interpreter_runs_a_script_with_what_lies_beside_it() {
    let studio = Studio::new();
    studio.script("qc/levels.py", "LIMIT = 16");
    studio.script(
        "qc/check.py",
        "import json, os, sys, levels\n\
         told = json.load(sys.stdin)\n\
         print(levels.LIMIT, told['hook']['name'], sys.argv[1:])\n\
         json.dump({'metadata': {'ok': True}}, open(os.environ['STAGEHOOK_RESULT_FILE'], 'w'))\n",
    );
    let execution = studio
        .run_python(json!({"script_path": "qc/check.py", "args": ["a b"]}))
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert_eq!(execution.stdout, "16 color_grade ['a b']\n");
    assert_eq!(execution.result.unwrap().metadata["ok"], true);
    assert!(!studio.scripts().join("qc/__pycache__").exists());
}

#[tokio::test]
async fn an_exception_is_a_failure_with_its_traceback() {
    let studio = Studio::new();
    studio.script("hook.py", "raise ValueError('too loud')");
    let execution = studio.run_python(json!({"script_path": "hook.py"})).await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.exit_code, Some(1));
    assert!(execution.stderr.contains("ValueError: too loud"));
}

#[tokio::test]
async fn a_missing_interpreter_or_environment_is_a_clear_error() {
    let studio = Studio::with(|settings| settings.python = "/nowhere/python3".into());
    studio.script("hook.py", "");
    let cases = [
        (
            json!({"script_path": "hook.py"}),
            "Python is not installed on this server",
        ),
        (
            json!({"script_path": "hook.py", "venv": "grading"}),
            "the Python environment \"grading\" does not exist on this server",
        ),
    ];
    for (case, why) in cases {
        let execution = studio.run_python(case.clone()).await;
        assert_eq!(execution.status, ExecutionStatus::HostError);
        let error = execution.error.unwrap();
        assert!(error.starts_with(why), "{error}");
        assert!(!error.contains("/nowhere"), "{error}");
        // And it is known when the hook is saved.
        let saved = studio
            .runner
            .prepare_environment(&config(case), INSTALL)
            .await;
        assert!(saved.unwrap_err().to_string().starts_with(why));
    }
}

#[tokio::test]
async fn a_hook_runs_in_the_environment_that_it_names() {
    let studio = Studio::new();
    studio.script("hook.py", "import sys; print(sys.executable)");
    fs::create_dir_all(studio.path("venvs/grading/bin")).unwrap();
    let python = studio.path("venvs/grading/bin/python");
    symlink("/usr/bin/python3", &python).unwrap();
    let hook = json!({"script_path": "hook.py", "venv": "grading"});
    studio
        .runner
        .prepare_environment(&config(hook.clone()), INSTALL)
        .await
        .unwrap();
    let execution = studio.run_python(hook).await;
    assert_eq!(execution.stdout.trim(), python.to_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn requirements_are_installed_when_the_hook_is_saved_not_when_it_runs() {
    let studio = Studio::new();
    let wheel = wheel(&studio.path(""));
    let hook = json!({
        "script_path": "hook.py",
        "requirements": [format!("looks @ file://{wheel}")],
    });
    studio.script("hook.py", "import looks; print(looks.LUT)");

    let before = studio.run_python(hook.clone()).await;
    assert_eq!(before.status, ExecutionStatus::HostError);
    assert!(before.error.unwrap().contains("save the hook again"));

    // Saved twice at once: one builds, the other waits for it.
    let saved = config(hook.clone());
    let (one, other) = tokio::join!(
        studio.runner.prepare_environment(&saved, INSTALL),
        studio.runner.prepare_environment(&saved, INSTALL),
    );
    one.unwrap();
    other.unwrap();
    let built: Vec<_> = fs::read_dir(studio.path("venvs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(built.len(), 1, "{built:?}");
    assert!(built[0].starts_with("managed-"));

    fs::remove_file(wheel).unwrap();
    let after = studio.run_python(hook).await;
    assert_eq!(after.stdout, "rec709\n", "{after:?}");
}

#[tokio::test]
async fn what_cannot_be_installed_says_so_in_the_installers_words() {
    let studio = Studio::new();
    let error = studio
        .runner
        .prepare_environment(
            &config(json!({
                "script_path": "hook.py",
                "requirements": ["missing @ file:///nowhere/missing-1.0-py3-none-any.whl"],
            })),
            INSTALL,
        )
        .await
        .unwrap_err();
    let EnvironmentError::Failed { step, output } = error else {
        panic!("{error}");
    };
    assert_eq!(step, "pip install");
    assert!(output.contains("missing-1.0-py3-none-any.whl"), "{output}");
    let left = fs::read_dir(studio.path("venvs")).unwrap().count();
    assert_eq!(left, 0, "what was half built is removed");
}

#[tokio::test]
async fn building_ends_by_its_deadline() {
    let studio = Studio::new();
    let hook = config(json!({"script_path": "hook.py", "requirements": ["pillow"]}));
    let error = studio
        .runner
        .prepare_environment(&hook, Duration::from_millis(50))
        .await
        .unwrap_err();
    assert!(
        matches!(error, EnvironmentError::TimedOut { .. }),
        "{error}"
    );
}

/// A package with one module, in the simplest form that the installer takes.
fn wheel(directory: &Path) -> String {
    let path = directory.join("looks-1.0-py3-none-any.whl");
    let files = [
        ("looks.py", "LUT = 'rec709'\n"),
        (
            "looks-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: looks\nVersion: 1.0\n",
        ),
        (
            "looks-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        (
            "looks-1.0.dist-info/RECORD",
            "looks.py,,\nlooks-1.0.dist-info/METADATA,,\nlooks-1.0.dist-info/WHEEL,,\nlooks-1.0.dist-info/RECORD,,\n",
        ),
    ];
    let mut zip = std::process::Command::new("/usr/bin/python3")
        .args([
            "-c",
            "import json, sys, zipfile\n\
             with zipfile.ZipFile(sys.argv[1], 'w') as z:\n\
             \x20 for name, text in json.load(sys.stdin): z.writestr(name, text)",
        ])
        .arg(&path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let list = serde_json::to_vec(&files).unwrap();
    zip.stdin.take().unwrap().write_all(&list).unwrap();
    assert!(zip.wait().unwrap().success());
    path.into_os_string().into_string().unwrap()
}

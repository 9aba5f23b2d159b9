//! Which file is run, and by what. REQ-SCR-7

use crate::studio::{LONG, Studio};
use rstest::rstest;
use serde_json::json;
use stagehook_core::config::ScriptPath;
use stagehook_core::execution::ExecutionStatus;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

fn path(path: &str) -> ScriptPath {
    ScriptPath::try_from(path.to_owned()).unwrap()
}

#[rstest]
#[case::no_first_line("echo ran")]
#[case::plain("#!/bin/sh\necho ran\n")]
#[case::crlf("#!/bin/sh\r\nif true; then\r\n  echo ran\r\nfi\r\nexit 0\r\n")]
#[case::env("#!/usr/bin/env bash\n[[ $BASH_VERSION ]] && echo ran\n")]
#[case::bash("#!/bin/bash -e\n[[ $BASH_VERSION ]]\necho ran\n")]
#[tokio::test]
async fn a_script_runs_although_it_is_not_executable(#[case] script: &str) {
    let studio = Studio::new();
    studio.script("grading/hook.sh", script);
    let file = studio.scripts().join("grading/hook.sh");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let execution = studio.run(json!({"script_path": "grading/hook.sh"})).await;
    assert_eq!(execution.stdout, "ran\n", "{execution:?}");
    assert_eq!(execution.status, ExecutionStatus::Passed);
}

#[tokio::test]
async fn the_first_root_that_has_a_script_wins() {
    let studio = Studio::with(|settings| {
        let second = settings.script_roots[0].with_file_name("more");
        fs::create_dir(&second).unwrap();
        fs::write(second.join("both.sh"), "echo second").unwrap();
        fs::write(second.join("one.sh"), "echo second").unwrap();
        settings.script_roots.push(second);
    });
    studio.script("both.sh", "echo first");
    let both = studio.run(json!({"script_path": "both.sh"})).await;
    assert_eq!(both.stdout, "first\n");
    let one = studio.run(json!({"script_path": "one.sh"})).await;
    assert_eq!(one.stdout, "second\n");
}

#[tokio::test]
async fn what_cannot_be_run_says_why_and_names_no_path_of_the_host() {
    let studio = Studio::new();
    fs::create_dir(studio.scripts().join("folder")).unwrap();
    studio.script("zsh.sh", "#!/nowhere/bin/zsh\n");
    studio.script("binary", "\x7fELF");
    studio.script("file", "");
    rustix::fs::mkfifoat(rustix::fs::CWD, studio.scripts().join("fifo"), 0o600.into()).unwrap();
    let cases = [
        (
            "missing.sh",
            "the script missing.sh does not exist below any scripts directory",
        ),
        (
            "file/below.sh",
            "the script file/below.sh does not exist below any scripts directory",
        ),
        ("folder", "the script folder is a directory"),
        ("fifo", "the script fifo is not a regular file"),
        (
            "zsh.sh",
            "the script's first line names the interpreter /nowhere/bin/zsh, which does not exist here",
        ),
        (
            "binary",
            "the script is a compiled program; a shell hook runs scripts",
        ),
    ];
    for (script, error) in cases {
        let execution = studio.run(json!({"script_path": script})).await;
        assert_eq!(execution.status, ExecutionStatus::HostError);
        assert_eq!(execution.error.as_deref(), Some(error));
        assert_eq!(execution.exit_code, None);
    }
}

#[tokio::test]
async fn a_link_out_of_the_roots_is_refused() {
    let studio = Studio::new();
    fs::create_dir(studio.path("outside")).unwrap();
    fs::write(studio.path("outside/hook.sh"), "echo outside").unwrap();
    let scripts = studio.scripts();
    symlink(studio.path("outside/hook.sh"), scripts.join("absolute.sh")).unwrap();
    symlink("../outside/hook.sh", scripts.join("relative.sh")).unwrap();
    symlink(studio.path("outside"), scripts.join("folder")).unwrap();
    for script in ["absolute.sh", "relative.sh", "folder/hook.sh"] {
        let execution = studio.run(json!({"script_path": script})).await;
        assert_eq!(execution.status, ExecutionStatus::Refused, "{script}");
        assert_eq!(
            execution.error,
            Some(format!(
                "the script {script} leads out of the scripts directory by a symbolic link"
            ))
        );
        assert!(studio.runner.check_script(&path(script)).is_err());
    }
}

#[tokio::test]
async fn a_link_within_the_roots_is_followed() {
    let studio = Studio::new();
    studio.script("v2/hook.sh", "echo v2");
    symlink("v2", studio.scripts().join("current")).unwrap();
    let execution = studio.run(json!({"script_path": "current/hook.sh"})).await;
    assert_eq!(execution.stdout, "v2\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_swapped_in_a_loop_never_leads_outside() {
    let studio = Studio::new();
    fs::create_dir(studio.path("outside")).unwrap();
    fs::write(studio.path("outside/hook.sh"), "echo outside").unwrap();
    studio.script("inside/hook.sh", "echo inside");
    let place = studio.scripts().join("current");
    let staged = studio.scripts().join("staged");
    let outside = studio.path("outside");
    let stop = Arc::new(AtomicBool::new(false));
    let swapper = std::thread::spawn({
        let stop = Arc::clone(&stop);
        move || {
            while !stop.load(Ordering::Relaxed) {
                for target in [outside.as_path(), "inside".as_ref()] {
                    symlink(target, &staged).unwrap();
                    fs::rename(&staged, &place).unwrap();
                }
            }
        }
    });
    let mut inside = 0;
    let until = Instant::now() + LONG;
    for round in 0.. {
        let execution = studio.run(json!({"script_path": "current/hook.sh"})).await;
        assert_ne!(execution.stdout, "outside\n");
        inside += usize::from(execution.stdout == "inside\n");
        if (round >= 100 && inside > 0) || Instant::now() > until {
            break;
        }
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(
        inside > 0,
        "the script was never found, so nothing was tried"
    );
}

#[test]
fn a_missing_script_may_be_saved_and_deployed_later() {
    let studio = Studio::new();
    studio.script("there.sh", "");
    studio.script("folder/there.sh", "");
    assert_eq!(studio.runner.check_script(&path("there.sh")), Ok(()));
    assert_eq!(studio.runner.check_script(&path("later/hook.sh")), Ok(()));
    assert_eq!(
        studio.runner.check_script(&path("folder")),
        Err("the script folder is a directory".to_owned())
    );
}

//! What a script leaves running ends with it. REQ-SCR-5

use crate::studio::{LONG, Studio, runs, written};
use rstest::rstest;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::process::{Confinement, ProcessRunner, ProcessSettings};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

#[rstest]
#[case::in_the_background("sleep 300 & echo $! > PID")]
#[case::with_the_pipe_open("(echo late; exec sleep 300) & echo $! > PID")]
#[case::that_ignores_term("(trap '' TERM; sleep 300; sleep 300) & echo $! > PID")]
#[case::in_a_group_of_its_own("set -m; sleep 300 & echo $! > PID")]
#[case::a_daemon_that_called_setsid("(setsid sh -c 'echo $$ > PID; sleep 300; true' &)")]
#[case::a_daemon_that_ignores_term(
    "(setsid sh -c 'trap \"\" TERM; echo $$ > PID; sleep 300; true' &)"
)]
#[case::a_daemon_without_an_environment("(env -i setsid sh -c 'echo $$ > PID; exec sleep 300' &)")]
#[case::a_daemons_child("(setsid sh -c 'sleep 300 & echo $! > PID; wait' &)")]
#[case::a_daemons_child_without_an_environment(
    "(setsid sh -c 'env -i sleep 300 & echo $! > PID; wait' &)"
)]
#[case::a_daemon_in_a_session_of_a_session(
    "(setsid sh -c 'setsid sh -c \"echo \\$\\$ > PID; exec sleep 300\"' &)"
)]
#[tokio::test]
async fn a_process_left_behind_ends_with_the_hook(#[case] script: &str) {
    let studio = Studio::new();
    let pid = studio.path("pid");
    let script = script.replace("PID", pid.to_str().unwrap());
    let execution = studio
        .sh(&format!(
            "{script}\nwhile [ ! -s {} ]; do sleep 0.01; done; echo done",
            pid.display()
        ))
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert!(execution.stdout.contains("done\n"));
    assert!(execution.duration < LONG);
    let pid = written(&pid).await;
    assert!(!runs(&pid), "{pid} still runs");
}

#[tokio::test]
async fn a_daemon_of_a_hook_that_timed_out_is_killed_too() {
    let studio = Studio::new();
    let pid = studio.path("pid");
    let execution = studio
        .sh_within(
            &format!(
                "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > {}; sleep 300; true' & sleep 300; sleep 300",
                pid.display()
            ),
            Duration::from_secs(1),
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert!(!runs(&written(&pid).await));
}

#[tokio::test]
async fn a_grandchild_that_floods_the_pipe_does_not_hold_the_hook() {
    let studio = Studio::with(|settings| settings.limits.default.output_bytes = 4096);
    let execution = studio.sh("(trap '' TERM; yes) & echo done").await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert!(execution.duration < LONG);
}

#[tokio::test]
async fn a_bomb_of_processes_is_swept_up() {
    let studio = Studio::new();
    let pids = studio.path("pids");
    let execution = studio
        .sh_within(
            &format!(
                "bomb() {{ [ \"$1\" = 0 ] && {{ sh -c 'echo $PPID' >> {pids}; sleep 300; }}; \
                 bomb $(($1 - 1)) & setsid sh -c 'sleep 300' & bomb $(($1 - 1)) & wait; }}; bomb 4",
                pids = pids.display()
            ),
            Duration::from_secs(2),
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    let pids = written(&pids).await;
    assert!(pids.lines().count() >= 4);
    for pid in pids.lines() {
        assert!(!runs(pid), "{pid} still runs");
    }
}

#[tokio::test]
async fn one_hook_never_ends_the_daemon_of_another_that_still_runs() {
    let studio = Studio::new();
    let pid = studio.path("pid");
    studio.script(
        "long.sh",
        &format!(
            "(setsid sh -c 'echo $$ > {pid}; sleep 300; true' &)\nread -r line < {go}\necho \"$line\"",
            pid = pid.display(),
            go = studio.path("go").display()
        ),
    );
    let go = studio.path("go");
    rustix::fs::mkfifoat(rustix::fs::CWD, &go, 0o600.into()).unwrap();
    studio.script("short.sh", "(setsid sleep 300 &); sleep 0.05");
    let long = async {
        let input = crate::studio::input();
        let never = tokio_util::sync::CancellationToken::new();
        let input_json = serde_json::to_string(&input).unwrap();
        let config = serde_json::from_value(serde_json::json!({"script_path": "long.sh"})).unwrap();
        let invocation = stagehook_runners::Invocation {
            input: &input,
            input_json: &input_json,
            timeout: LONG,
            cancel: &never,
        };
        studio.runner.run_shell(&config, None, invocation).await.unwrap()
    };
    let short = async {
        let daemon = written(&pid).await;
        let input = crate::studio::input();
        let never = tokio_util::sync::CancellationToken::new();
        let input_json = serde_json::to_string(&input).unwrap();
        let config =
            serde_json::from_value(serde_json::json!({"script_path": "short.sh"})).unwrap();
        let invocation = stagehook_runners::Invocation {
            input: &input,
            input_json: &input_json,
            timeout: LONG,
            cancel: &never,
        };
        let execution = studio.runner.run_shell(&config, None, invocation).await.unwrap();
        assert_eq!(execution.status, ExecutionStatus::Passed);
        assert!(runs(&daemon), "the other hook's daemon was ended");
        std::fs::write(&go, "go\n").unwrap();
        daemon
    };
    let (execution, daemon) = tokio::join!(long, short);
    assert_eq!(execution.stdout, "go\n");
    assert!(!runs(&daemon));
}

/// A server that was killed ended nothing; the next one on its data does.
#[test]
fn what_a_killed_server_left_running_is_ended_by_the_next() {
    let data = tempfile::tempdir().unwrap();
    let mut settings = ProcessSettings::in_directory(data.path());
    settings.confinement = Confinement::Off;
    let run = settings.work_root.join("run-cut-off");
    fs::create_dir_all(&run).unwrap();
    let sleep = |home: &Path| {
        Command::new("/bin/sleep")
            .arg("300")
            .env_clear()
            .env("HOME", home)
            .spawn()
            .unwrap()
    };
    let mut left = sleep(&run);
    let mut bystander = sleep(data.path());

    ProcessRunner::new(settings).unwrap();

    assert_eq!(left.wait().unwrap().signal(), Some(9));
    assert_eq!(bystander.try_wait().unwrap(), None);
    bystander.kill().unwrap();
    bystander.wait().unwrap();
    assert!(!run.exists());
}

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
#[case::in_the_background("sleep NAP & echo > UP")]
#[case::with_the_pipe_open("(echo late; exec sleep NAP) & echo > UP")]
#[case::that_ignores_term("(trap '' TERM; sleep NAP; sleep NAP) & echo > UP")]
#[case::in_a_group_of_its_own("set -m; sleep NAP & echo > UP")]
#[case::a_daemon_that_called_setsid("(setsid sh -c 'echo > UP; sleep NAP; true' &)")]
#[case::a_daemon_that_ignores_term("(setsid sh -c 'trap \"\" TERM; echo > UP; sleep NAP; true' &)")]
#[case::a_daemon_without_an_environment("(env -i setsid sh -c 'echo > UP; exec sleep NAP' &)")]
#[case::a_daemons_child("(setsid sh -c 'sleep NAP & echo > UP; wait' &)")]
#[case::a_daemons_child_without_an_environment(
    "(setsid sh -c 'env -i sleep NAP & echo > UP; wait' &)"
)]
#[case::a_daemon_in_a_session_of_a_session(
    "(setsid sh -c 'setsid sh -c \"echo > UP; exec sleep NAP\"' &)"
)]
#[tokio::test]
async fn a_process_left_behind_ends_with_the_hook(
    #[case] script: &str,
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let up = studio.told("up");
    let script = script.replace("UP", &up).replace("NAP", &studio.nap);
    let execution = studio
        .sh(&format!(
            "{script}\nuntil [ -e {up} ]; do sleep 0.01; done; echo done"
        ))
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    assert!(execution.stdout.contains("done\n"));
    assert!(execution.duration < LONG);
    assert!(!studio.naps());
}

#[rstest]
#[tokio::test]
async fn a_daemon_of_a_hook_that_timed_out_is_killed_too(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let lines = "trap '' TERM
        setsid sh -c 'trap \"\" TERM; echo > UP; sleep NAP; true' & sleep NAP; sleep NAP"
        .replace("UP", &studio.told("up"))
        .replace("NAP", &studio.nap);
    let execution = studio.sh_within(&lines, Duration::from_secs(1)).await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert!(studio.shared("up").exists());
    assert!(!studio.naps());
}

#[rstest]
#[tokio::test]
async fn a_grandchild_that_floods_the_pipe_does_not_hold_the_hook(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::with(|settings| {
        settings.confinement = confinement;
        settings.limits.default.output_bytes = 4096;
    });
    let execution = studio.sh("(trap '' TERM; yes) & echo done").await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert!(execution.duration < LONG);
}

#[rstest]
#[tokio::test]
async fn a_bomb_of_processes_is_swept_up(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let lines = "bomb() { [ \"$1\" = 0 ] && { echo up >> UP; sleep NAP; }
        bomb $(($1 - 1)) & setsid sh -c 'sleep NAP' & bomb $(($1 - 1)) & wait; }; bomb 4"
        .replace("UP", &studio.told("up"))
        .replace("NAP", &studio.nap);
    let execution = studio.sh_within(&lines, Duration::from_secs(2)).await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert!(written(&studio.shared("up")).await.lines().count() >= 4);
    assert!(!studio.naps());
}

#[rstest]
#[tokio::test]
async fn one_hook_never_ends_the_daemon_of_another_that_still_runs(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let long = "(setsid sh -c 'echo > UP; sleep NAP; true' &)\nread -r line < GO\necho \"$line\""
        .replace("UP", &studio.told("up"))
        .replace("GO", &studio.told("go"))
        .replace("NAP", &studio.nap);
    studio.script("long.sh", &long);
    // This one cannot be told from the other's but by its control group, where
    // there is one.
    let hidden = format!("7{}", &studio.nap[1..]);
    let short = format!(
        "(setsid sleep 300 &); (env -i setsid sleep {hidden} &); sleep 0.05
         ! grep -q stagehook- /proc/self/cgroup || echo counted"
    );
    studio.script("short.sh", &short);
    let go = studio.shared("go");
    rustix::fs::mkfifoat(rustix::fs::CWD, &go, 0o600.into()).unwrap();
    let run = async |script: &str| {
        let input = crate::studio::input();
        let never = tokio_util::sync::CancellationToken::new();
        let input_json = serde_json::to_string(&input).unwrap();
        let config = serde_json::from_value(studio.sharing(script)).unwrap();
        let invocation = stagehook_runners::Invocation {
            input: &input,
            input_json: &input_json,
            timeout: LONG,
            cancel: &never,
        };
        let execution = studio.runner.run_shell(&config, None, invocation).await;
        execution.unwrap()
    };
    let (execution, ()) = tokio::join!(run("long.sh"), async {
        written(&studio.shared("up")).await;
        let execution = run("short.sh").await;
        assert_eq!(execution.status, ExecutionStatus::Passed);
        assert!(studio.naps(), "the other hook's daemon was ended");
        let is_known = confinement == Confinement::Bubblewrap || execution.stdout == "counted\n";
        assert!(!is_known || !runs(&hidden), "its own daemon was not ended");
        fs::write(&go, "go\n").unwrap();
    });
    assert_eq!(execution.stdout, "go\n");
    assert!(!studio.naps() && !runs(&hidden));
}

#[rstest]
#[tokio::test]
async fn two_runners_of_a_process_are_not_in_each_others_way(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let one = Studio::confined(confinement);
    let other = Studio::confined(confinement);
    for studio in [&one, &other, &one] {
        assert_eq!(studio.sh("echo ran").await.stdout, "ran\n");
    }
    drop(other);
    assert_eq!(one.sh("echo ran").await.stdout, "ran\n");
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

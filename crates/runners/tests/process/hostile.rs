//! Scripts that would hang, flood or outsmart their runner.

use crate::studio::{LONG, Studio, input, written};
use rstest::rstest;
use serde_json::json;
use stagehook_core::config::HookType;
use stagehook_core::contract::HookInput;
use stagehook_core::execution::ExecutionStatus;
use stagehook_runners::Invocation;
use stagehook_runners::process::Confinement;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

fn ten_megabytes() -> HookInput {
    let mut input = input();
    input
        .metadata
        .insert("blob".to_owned(), "x".repeat(10_000_000).into());
    input
}

#[rstest]
#[tokio::test]
async fn a_hook_that_never_reads_its_ten_megabytes_is_not_waited_for(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    studio.script("hook.sh", "echo done");
    let execution = studio
        .run_input(json!({"script_path": "hook.sh"}), &ten_megabytes())
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.stdout, "done\n");
}

#[rstest]
#[tokio::test]
async fn a_hook_that_writes_ten_megabytes_before_it_reads_as_many_finishes(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    studio.script(
        "hook.sh",
        "head -c 10000000 /dev/zero | tr '\\0' x; wc -c >&2",
    );
    let input = ten_megabytes();
    let bytes = serde_json::to_string(&input).unwrap().len();
    let execution = studio
        .run_input(json!({"script_path": "hook.sh"}), &input)
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.stderr.trim(), bytes.to_string());
}

// REQ-SCR-4
#[rstest]
#[tokio::test]
async fn of_a_flood_without_a_newline_the_head_and_the_tail_are_kept(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::with(|settings| {
        settings.confinement = confinement;
        settings.limits.default.output_bytes = 1000;
    });
    let execution = studio
        .sh("printf BEGIN; head -c 100000000 /dev/zero | tr '\\0' x; printf END; printf oops >&2")
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert!(execution.stdout.starts_with("BEGINxxx"));
    assert!(execution.stdout.ends_with("xxxEND"));
    assert!(execution.stdout.len() < 1100);
    assert!(
        execution
            .stdout
            .contains("\n[... 99999008 bytes dropped ...]\n")
    );
    assert_eq!(execution.usage.stdout_dropped_bytes, Some(99_999_008));
    assert_eq!(execution.stderr, "oops");
    assert_eq!(execution.usage.stderr_dropped_bytes, None);
}

#[rstest]
#[tokio::test]
async fn bytes_that_are_no_text_are_taken(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement)
        .sh(r"printf 'a\377\376\000b\303'")
        .await;
    assert_eq!(execution.stdout, "a\u{fffd}\u{fffd}\u{fffd}b\u{fffd}");
}

// REQ-SCR-5
#[rstest]
#[tokio::test]
async fn a_timeout_ends_it_and_keeps_what_it_printed(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement)
        .sh_within(
            "trap 'echo cleaning up; exit 0' TERM; echo working; sleep 300 & wait",
            Duration::from_millis(500),
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert_eq!(execution.stdout, "working\ncleaning up\n");
    assert_eq!(execution.error.as_deref(), Some("timed out after 0.5 s"));
    assert_eq!(execution.exit_code, None);
    assert!(execution.retryable);
    assert!(execution.duration < LONG);
}

#[rstest]
#[tokio::test]
async fn one_that_ignores_term_is_killed_after_the_grace(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let execution = studio
        .sh_within(
            &format!("trap '' TERM; while :; do sleep {}; done", studio.nap),
            // Long enough for a busy machine to come to the trap.
            Duration::from_secs(2),
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert!(execution.duration >= Duration::from_millis(2_300));
    assert!(execution.duration < LONG);
    assert!(!studio.naps());
}

#[rstest]
#[tokio::test]
async fn one_that_stopped_itself_is_ended_too(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement)
        .sh_within("kill -STOP $$", Duration::from_millis(300))
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
}

#[rstest]
#[tokio::test]
async fn a_cancel_in_the_middle_ends_it(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let lines = format!(
        "echo working; echo > {}; sleep {}",
        studio.told("up"),
        studio.nap
    );
    studio.script("hook.sh", &lines);
    let cancel = CancellationToken::new();
    let input = input();
    let config = studio.sharing("hook.sh");
    let run = studio.run_with(HookType::Shell, config, &input, LONG * 10, &cancel);
    let (execution, ()) = tokio::join!(run, async {
        written(&studio.shared("up")).await;
        cancel.cancel();
    });
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert_eq!(execution.stdout, "working\n");
    assert!(!execution.retryable);
    assert!(!studio.naps());
}

#[rstest]
#[tokio::test]
async fn one_that_was_cancelled_before_is_never_started(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    studio.script("hook.sh", &format!("touch {}", studio.told("ran")));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let execution = studio
        .run_with(
            HookType::Shell,
            studio.sharing("hook.sh"),
            &input(),
            LONG,
            &cancel,
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert!(!studio.shared("ran").exists());
}

#[rstest]
#[tokio::test]
async fn a_run_that_is_dropped_leaves_nothing(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let lines = format!(
        "trap '' TERM; setsid sleep {nap} & echo > {up}; sleep {nap}",
        nap = studio.nap,
        up = studio.told("up")
    );
    studio.script("hook.sh", &lines);
    let input = input();
    let never = CancellationToken::new();
    let input_json = serde_json::to_string(&input).unwrap();
    let config = serde_json::from_value(studio.sharing("hook.sh")).unwrap();
    let run = studio.runner.run_shell(
        &config,
        None,
        Invocation {
            input: &input,
            input_json: &input_json,
            timeout: LONG,
            cancel: &never,
        },
    );
    let up = studio.shared("up");
    tokio::select! {
        _ = run => panic!("it sleeps"),
        _ = written(&up) => {}
    }
    // The thread that starts it may still be at it; what it started ends then.
    let until = Instant::now() + LONG;
    while studio.naps() || studio.has_work() {
        assert!(Instant::now() < until, "it still runs");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

// REQ-SCR-2. That /proc/<server>/environ is out of reach, too, is for
// `canaries`.
#[rstest]
#[tokio::test]
async fn a_script_inherits_three_descriptors_and_nothing_of_the_servers_environment(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let canary = std::env::var("CARGO_PKG_NAME")
        .or(std::env::var("PATH"))
        .unwrap();
    // A descriptor that would be inherited, as a supervisor may hand one over.
    let leaky = std::fs::File::open("/etc/hostname").unwrap();
    rustix::io::fcntl_setfd(&leaky, rustix::io::FdFlags::empty()).unwrap();
    let studio = Studio::confined(confinement);
    // Without a process or a pipe of its own, which would have more of them.
    // Bash itself keeps the script open as 255.
    let execution = studio
        .sh("#!/bin/bash\nfor fd in {0..254}; do [[ -e /proc/$$/fd/$fd ]] && echo \"fd $fd\"; done; env")
        .await;
    let descriptors: Vec<&str> = execution
        .stdout
        .lines()
        .filter(|line| line.starts_with("fd "))
        .collect();
    assert_eq!(descriptors, ["fd 0", "fd 1", "fd 2"]);
    assert!(!execution.stdout.contains(&format!("={canary}\n")));
    assert!(!execution.stdout.contains("CARGO"));
}

#[rstest]
#[tokio::test]
async fn arguments_larger_than_the_system_allows_are_a_clear_error(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    studio.script("hook.sh", "echo ran");
    let args = vec!["ß".repeat(4096); 256];
    let env: serde_json::Map<_, _> = (0..256)
        .map(|i| (format!("V{i}"), "ß".repeat(4096).into()))
        .collect();
    let execution = studio
        .run(json!({"script_path": "hook.sh", "args": args, "env": env}))
        .await;
    assert_eq!(execution.status, ExecutionStatus::HostError);
    assert_eq!(
        execution.error.as_deref(),
        Some("the arguments and the environment together are larger than the system allows")
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_do_not_mix(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    studio.script(
        "hook.sh",
        &format!(
            "cat > /dev/null; (setsid sleep {} &) ; echo \"$STAGEHOOK_EXECUTION_ID\"",
            studio.nap
        ),
    );
    let began = Instant::now();
    let runs = (0..40).map(|_| async {
        let input = input();
        let never = CancellationToken::new();
        let input_json = serde_json::to_string(&input).unwrap();
        let config = stagehook_core::config::HookConfig::parse(
            HookType::Shell,
            json!({"script_path": "hook.sh"}),
        );
        let Ok(stagehook_core::config::HookConfig::Shell(config)) = config else {
            unreachable!()
        };
        let execution = studio
            .runner
            .run_shell(
                &config,
                None,
                Invocation {
                    input: &input,
                    input_json: &input_json,
                    timeout: LONG,
                    cancel: &never,
                },
            )
            .await
            .unwrap();
        assert_eq!(execution.status, ExecutionStatus::Passed);
        assert_eq!(execution.stdout.trim(), input.execution_id.to_string());
    });
    futures_util::future::join_all(runs).await;
    assert!(began.elapsed() < LONG);
    assert!(!studio.naps());
    studio.nothing_is_left_behind();
}

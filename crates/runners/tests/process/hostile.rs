//! Scripts that would hang, flood or outsmart their runner.

use crate::studio::{LONG, Studio, input, runs, written};
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

#[tokio::test]
async fn a_hook_that_never_reads_its_ten_megabytes_is_not_waited_for() {
    let studio = Studio::new();
    studio.script("hook.sh", "echo done");
    let execution = studio
        .run_input(json!({"script_path": "hook.sh"}), &ten_megabytes())
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.stdout, "done\n");
}

#[tokio::test]
async fn a_hook_that_writes_ten_megabytes_before_it_reads_as_many_finishes() {
    let studio = Studio::new();
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
#[tokio::test]
async fn of_a_flood_without_a_newline_the_head_and_the_tail_are_kept() {
    let studio = Studio::with(|settings| settings.limits.default.output_bytes = 1000);
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

#[tokio::test]
async fn bytes_that_are_no_text_are_taken() {
    let execution = Studio::new().sh(r"printf 'a\377\376\000b\303'").await;
    assert_eq!(execution.stdout, "a\u{fffd}\u{fffd}\u{fffd}b\u{fffd}");
}

// REQ-SCR-5
#[tokio::test]
async fn a_timeout_ends_it_and_keeps_what_it_printed() {
    let execution = Studio::new()
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

#[tokio::test]
async fn one_that_ignores_term_is_killed_after_the_grace() {
    let studio = Studio::new();
    let pid = studio.path("pid");
    let execution = studio
        .sh_within(
            &format!(
                "trap '' TERM; echo $$ > {}; while :; do sleep 1; done",
                pid.display()
            ),
            Duration::from_millis(300),
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
    assert!(execution.duration >= Duration::from_millis(600));
    assert!(execution.duration < LONG);
    assert!(!runs(&written(&pid).await));
}

#[tokio::test]
async fn one_that_stopped_itself_is_ended_too() {
    let execution = Studio::new()
        .sh_within("kill -STOP $$", Duration::from_millis(300))
        .await;
    assert_eq!(execution.status, ExecutionStatus::TimedOut);
}

#[tokio::test]
async fn a_cancel_in_the_middle_ends_it() {
    let studio = Studio::new();
    let pid = studio.path("pid");
    studio.script(
        "hook.sh",
        &format!("echo working; echo $$ > {}; sleep 300", pid.display()),
    );
    let cancel = CancellationToken::new();
    let input = input();
    let run = studio.run_with(
        HookType::Shell,
        json!({"script_path": "hook.sh"}),
        &input,
        LONG * 10,
        &cancel,
    );
    let (execution, script) = tokio::join!(run, async {
        let script = written(&pid).await;
        cancel.cancel();
        script
    });
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert_eq!(execution.stdout, "working\n");
    assert!(!execution.retryable);
    assert!(!runs(&script));
}

#[tokio::test]
async fn one_that_was_cancelled_before_is_never_started() {
    let studio = Studio::new();
    let ran = studio.path("ran");
    studio.script("hook.sh", &format!("touch {}", ran.display()));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let execution = studio
        .run_with(
            HookType::Shell,
            json!({"script_path": "hook.sh"}),
            &input(),
            LONG,
            &cancel,
        )
        .await;
    assert_eq!(execution.status, ExecutionStatus::Cancelled);
    assert!(!ran.exists());
}

#[tokio::test]
async fn a_run_that_is_dropped_leaves_nothing() {
    let studio = Studio::new();
    let pids = studio.path("pids");
    studio.script(
        "hook.sh",
        &format!(
            "trap '' TERM; setsid sleep 300 & echo \"$$ $!\" > {}; sleep 300",
            pids.display()
        ),
    );
    let input = input();
    let never = CancellationToken::new();
    let input_json = serde_json::to_string(&input).unwrap();
    let config = stagehook_core::config::HookConfig::parse(
        HookType::Shell,
        json!({"script_path": "hook.sh"}),
    )
    .unwrap();
    let stagehook_core::config::HookConfig::Shell(config) = config else {
        unreachable!()
    };
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
    let both = tokio::select! {
        _ = run => panic!("it sleeps"),
        pids = written(&pids) => pids,
    };
    for pid in both.split_whitespace() {
        assert!(!runs(pid), "{pid} runs");
    }
    studio.nothing_is_left_behind();
}

// REQ-SCR-2. That /proc/<server>/environ is out of reach, too, is what
// confinement is for.
#[tokio::test]
async fn a_script_inherits_three_descriptors_and_nothing_of_the_servers_environment() {
    let canary = std::env::var("CARGO_PKG_NAME")
        .or(std::env::var("PATH"))
        .unwrap();
    // A descriptor that would be inherited, as a supervisor may hand one over.
    let leaky = std::fs::File::open("/etc/hostname").unwrap();
    rustix::io::fcntl_setfd(&leaky, rustix::io::FdFlags::empty()).unwrap();
    let studio = Studio::new();
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

// REQ-SCR-6
#[tokio::test]
async fn a_confined_hook_is_refused_where_it_cannot_be_confined() {
    let studio = Studio::with(|settings| settings.confinement = Confinement::Bubblewrap);
    studio.script("hook.sh", "echo ran");
    studio.script("hook.py", "print('ran')");
    let refused = [
        studio.run(json!({"script_path": "hook.sh"})).await,
        studio.run_python(json!({"script_path": "hook.py"})).await,
    ];
    for execution in refused {
        assert_eq!(execution.status, ExecutionStatus::Refused);
        let error = execution.error.unwrap();
        assert!(error.contains("--sandbox off"), "{error}");
        assert!(error.contains("trusted"), "{error}");
        assert_eq!(execution.stdout, "");
    }
    let trusted = studio
        .run(json!({"script_path": "hook.sh", "sandbox": "trusted"}))
        .await;
    assert_eq!(trusted.stdout, "ran\n");
}

#[tokio::test]
async fn arguments_larger_than_the_system_allows_are_a_clear_error() {
    let studio = Studio::new();
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

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_do_not_mix() {
    let studio = Studio::new();
    studio.script(
        "hook.sh",
        "cat > /dev/null; (setsid sleep 300 &) ; echo \"$STAGEHOOK_EXECUTION_ID\"",
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
    studio.nothing_is_left_behind();
}

//! What a script is told, and what it may answer.

use crate::studio::{Studio, input};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::contract::{ResultStatus, TriggerRef};
use stagehook_core::execution::ExecutionStatus;
use stagehook_core::ids::EventId;
use stagehook_runners::process::Confinement;
use std::collections::BTreeMap;

#[rstest]
#[tokio::test]
async fn the_input_is_on_stdin_and_in_a_file(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let input = input();
    studio.script(
        "hook.sh",
        "cat; echo; cat \"$STAGEHOOK_INPUT_FILE\"; echo to stderr >&2",
    );
    let execution = studio
        .run_input(json!({"script_path": "hook.sh"}), &input)
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    let (on_stdin, in_file) = execution.stdout.split_once('\n').unwrap();
    assert_eq!(on_stdin, in_file);
    let told: Value = serde_json::from_str(on_stdin).unwrap();
    assert_eq!(told, serde_json::to_value(&input).unwrap());
    assert_eq!(execution.stderr, "to stderr\n");
    assert_eq!(execution.exit_code, Some(0));
    assert_eq!(execution.error, None);
    assert!(execution.usage.cpu_ms.is_some());
}

// REQ-SCR-1
#[rstest]
#[tokio::test]
async fn arguments_arrive_as_they_are_whatever_a_shell_would_make_of_them(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    studio.script("hook.sh", "printf '<%s>' \"$@\"; basename \"$0\"");
    let execution = studio
        .run(json!({
            "script_path": "hook.sh",
            "args": ["$(id)", "a b", "", "; exit 9", "*", "--", "größe"],
        }))
        .await;
    assert_eq!(
        execution.stdout,
        "<$(id)><a b><><; exit 9><*><--><größe>hook.sh\n"
    );
}

// REQ-SCR-2
#[tokio::test]
async fn the_environment_is_what_the_contract_says_and_nothing_else() {
    let studio = Studio::new();
    studio.script("hook.sh", "exec env -0");
    let execution = studio
        .run(json!({"script_path": "hook.sh", "env": {"LUT": "rec709", "EMPTY": ""}}))
        .await;
    // NUL is what separates them; the record shows it as U+FFFD.
    let mut environment: BTreeMap<&str, &str> = execution
        .stdout
        .split_terminator('\u{fffd}')
        .map(|entry| entry.split_once('=').unwrap())
        .collect();
    let home = environment.remove("HOME").unwrap();
    let work = studio.path("work");
    assert!(home.starts_with(work.to_str().unwrap()), "{home}");
    assert_eq!(environment.remove("TMPDIR"), Some(home));
    assert_eq!(environment.remove("PWD"), Some(home));
    for file in ["STAGEHOOK_INPUT_FILE", "STAGEHOOK_RESULT_FILE"] {
        assert!(environment.remove(file).unwrap().starts_with(home));
    }
    assert!(environment.remove("STAGEHOOK_EXECUTION_ID").is_some());
    environment.remove("_");
    let library = studio.path("work/given/lib");
    let library = library.to_str().unwrap();
    let path = format!("/usr/local/bin:/usr/bin:/bin:{library}");
    assert_eq!(
        environment,
        BTreeMap::from([
            ("EMPTY", ""),
            ("LANG", "C.UTF-8"),
            ("LUT", "rec709"),
            ("PATH", &path),
            ("PYTHONPATH", library),
            ("STAGEHOOK_HOOK_POINT", "post_segment"),
            ("STAGEHOOK_JOB_ID", "42"),
            ("STAGEHOOK_SEGMENT_PATH", "/media/job42/seg_003.mp4"),
        ])
    );
}

// REQ-EVT-4
#[rstest]
#[tokio::test]
async fn a_script_of_an_event_is_told_the_event_and_its_data(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = Studio::confined(confinement);
    let mut input = input();
    input.trigger = TriggerRef::Event {
        event: "job_failed".to_owned(),
        event_id: EventId::generate(),
    };
    input.data = Some(json!({"shot-name": "010", "frames": 24}));
    studio.script(
        "hook.sh",
        "echo \"$STAGEHOOK_EVENT|$STAGEHOOK_SHOT_NAME|$STAGEHOOK_FRAMES|$STAGEHOOK_EVENT_DATA|${STAGEHOOK_HOOK_POINT-unset}\"",
    );
    let execution = studio
        .run_input(json!({"script_path": "hook.sh"}), &input)
        .await;
    assert_eq!(
        execution.stdout,
        "job_failed|010|24|{\"frames\":24,\"shot-name\":\"010\"}|unset\n"
    );
}

#[rstest]
#[case::ok("exit 0", ExecutionStatus::Passed, Some(0), None, false)]
#[case::failure(
    "exit 3",
    ExecutionStatus::Failed,
    Some(3),
    Some("exited with status 3"),
    false
)]
#[case::try_again(
    "exit 75",
    ExecutionStatus::Failed,
    Some(75),
    Some("exited with status 75"),
    true
)]
#[case::looks_like_a_signal(
    "exit 137",
    ExecutionStatus::Failed,
    Some(137),
    Some("exited with status 137"),
    false
)]
#[case::segfault(
    "kill -SEGV $$",
    ExecutionStatus::Killed,
    None,
    Some("killed by SIGSEGV"),
    false
)]
#[case::kill(
    "kill -KILL $$",
    ExecutionStatus::Killed,
    None,
    Some("killed by SIGKILL"),
    false
)]
#[tokio::test]
async fn the_end_of_the_script_decides(
    #[case] script: &str,
    #[case] status: ExecutionStatus,
    #[case] exit_code: Option<i32>,
    #[case] error: Option<&str>,
    #[case] retryable: bool,
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement).sh(script).await;
    assert_eq!(execution.status, status);
    assert_eq!(execution.exit_code, exit_code);
    assert_eq!(execution.error.as_deref(), error);
    assert_eq!(execution.retryable, retryable);
}

// REQ-RUN-3
#[rstest]
#[tokio::test]
async fn a_result_in_the_result_file_is_the_result(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement)
        .sh(r#"echo '{"status":"needs_review","message":"too dark","metadata":{"luma":12}}' > "$STAGEHOOK_RESULT_FILE""#)
        .await;
    assert_eq!(execution.status, ExecutionStatus::NeedsReview);
    assert_eq!(execution.error.as_deref(), Some("too dark"));
    let result = execution.result.unwrap();
    assert_eq!(result.status, ResultStatus::NeedsReview);
    assert_eq!(result.metadata["luma"], 12);
}

#[rstest]
#[tokio::test]
async fn text_on_stdout_is_never_a_result(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement)
        .sh(r#"echo '{"status":"fail"}'"#)
        .await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.result, None);
}

#[rstest]
#[tokio::test]
async fn a_failed_exit_beats_a_result_that_says_pass(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement)
        .sh(r#"echo '{"status":"pass","message":"all fine"}' > "$STAGEHOOK_RESULT_FILE"; exit 4"#)
        .await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(
        execution.error.as_deref(),
        Some("exited with status 4: all fine")
    );
}

#[rstest]
#[case::link("ln -s /etc/passwd \"$STAGEHOOK_RESULT_FILE\"", "is a symbolic link")]
#[case::dangling_link("ln -s /nowhere \"$STAGEHOOK_RESULT_FILE\"", "is a symbolic link")]
#[case::fifo("mkfifo \"$STAGEHOOK_RESULT_FILE\"", "is not a regular file")]
#[case::directory("mkdir \"$STAGEHOOK_RESULT_FILE\"", "is not a regular file")]
#[case::huge("truncate -s 3G \"$STAGEHOOK_RESULT_FILE\"", "3221225472 bytes")]
#[case::no_json(
    "echo '{status: pass}' > \"$STAGEHOOK_RESULT_FILE\"",
    "does not follow the contract"
)]
#[case::misspelt("echo '{\"staus\": \"fail\"}' > \"$STAGEHOOK_RESULT_FILE\"", "staus")]
#[case::twice(
    "echo '{} {}' > \"$STAGEHOOK_RESULT_FILE\"",
    "does not follow the contract"
)]
#[tokio::test]
async fn a_forged_or_malformed_result_is_a_failure_that_says_why(
    #[case] script: &str,
    #[case] why: &str,
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement).sh(script).await;
    assert_eq!(execution.status, ExecutionStatus::InvalidResult);
    let error = execution.error.unwrap();
    assert!(error.contains(why), "{error}");
    assert_eq!(execution.result, None);
}

#[rstest]
#[case::absent("true")]
#[case::empty(": > \"$STAGEHOOK_RESULT_FILE\"")]
#[case::blank("echo > \"$STAGEHOOK_RESULT_FILE\"")]
#[tokio::test]
async fn no_result_is_no_failure(
    #[case] script: &str,
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let execution = Studio::confined(confinement).sh(script).await;
    assert_eq!(execution.status, ExecutionStatus::Passed);
    assert_eq!(execution.result, None);
}

#[tokio::test]
async fn memory_is_reported_only_where_it_was_measured() {
    let studio = Studio::new();
    let small = studio.sh("true").await;
    assert_eq!(small.usage.peak_memory_bytes, None, "the server's own peak");
    studio.script(
        "big.py",
        "x = bytearray(512 << 20); x[::4096] = b'x' * len(x[::4096])",
    );
    let big = studio.run_python(json!({"script_path": "big.py"})).await;
    assert_eq!(big.status, ExecutionStatus::Passed, "{big:?}");
    let peak = big.usage.peak_memory_bytes.unwrap();
    assert!((512 << 20..1 << 30).contains(&peak), "{peak} bytes");
}

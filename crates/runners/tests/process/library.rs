//! What helps the authors of scripts, with and without a sandbox.

use crate::studio::Studio;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;
use stagehook_core::contract::{HookResult, ResultStatus};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::process::Confinement;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

fn studio(confinement: Confinement) -> Studio {
    Studio::with(|settings| settings.confinement = confinement)
}

async fn python(studio: &Studio, lines: &str) -> Execution {
    studio.script("hook.py", lines);
    studio.run_python(json!({"script_path": "hook.py"})).await
}

#[track_caller]
fn result(execution: Execution) -> HookResult {
    let shown = format!("{execution:?}");
    execution.result.expect(&shown)
}

fn everything(status: &str) -> HookResult {
    serde_json::from_value(json!({
        "status": status,
        "message": "it's \"graded\"\n",
        "annotations": [
            {"level": "warning", "code": "loudness", "message": "-9 LUFS"},
            {"level": "info", "message": "10 %", "path": "a b.mp4", "start_ms": 0, "end_ms": 900},
        ],
        "metadata": {"space": "rec709", "frames": 24, "gone": null},
        "artifacts": [{"path": "a.mp4", "mime": "video/mp4"}, {"path": "b.mp4"}],
        "metrics": {"lufs": -9.5, "delta_e": 1e-3},
    }))
    .unwrap()
}

#[rstest]
#[tokio::test]
async fn a_shell_script_answers_with_everything_that_a_result_can_hold(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
    #[values("dash", "bash", "bash --posix")] shell: &str,
) {
    let studio = studio(confinement);
    for (function, status) in [
        ("pass", "pass"),
        ("fail", "fail"),
        ("skip", "skip"),
        ("review", "needs_review"),
    ] {
        let execution = studio
            .sh(&format!(
                "#!/usr/bin/env -S {shell}\n\
                 set -eu\n\
                 . stagehook.sh\n\
                 stagehook_annotate warning loudness '-9 LUFS'\n\
                 stagehook_annotate info '' '10 %' 'a b.mp4' 0 900\n\
                 stagehook_artifact a.mp4 video/mp4\n\
                 stagehook_artifact b.mp4\n\
                 stagehook_metadata space rec709\n\
                 stagehook_metadata_json frames 24\n\
                 stagehook_metadata_json gone null\n\
                 stagehook_metric lufs -9.5\n\
                 stagehook_metric delta_e 1e-3\n\
                 stagehook_{function} 'it'\\''s \"graded\"\n'\n\
                 echo not reached\n"
            ))
            .await;
        assert_eq!(execution.stdout, "", "{execution:?}");
        assert_eq!(execution.exit_code, Some(0), "{execution:?}");
        assert_eq!(result(execution), everything(status));
    }
}

#[rstest]
#[tokio::test]
async fn a_python_script_answers_with_everything_that_a_result_can_hold(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = studio(confinement);
    for (function, status) in [
        ("passed", "pass"),
        ("fail", "fail"),
        ("skip", "skip"),
        ("needs_review", "needs_review"),
    ] {
        let lines = format!(
            "import pathlib, stagehook\n\
             stagehook.annotate('warning', '-9 LUFS', code='loudness')\n\
             stagehook.artifact(pathlib.Path('a.mp4'), mime='video/mp4')\n\
             stagehook.metric('lufs', -9.5)\n\
             stagehook.patch({{'space': 'rec709', 'frames': 0}})\n\
             stagehook.{function}('it\\'s \"graded\"\\n', metadata={{'frames': 24, 'gone': None}},\n\
             \x20   annotations=[{{'level': 'info', 'message': '10 %', 'path': 'a b.mp4',\n\
             \x20       'start_ms': 0, 'end_ms': 900}}],\n\
             \x20   artifacts=['b.mp4'], metrics={{'delta_e': 1e-3}})\n\
             print('not reached')\n"
        );
        let execution = python(&studio, &lines).await;
        assert_eq!(execution.stdout, "", "{execution:?}");
        assert_eq!(execution.exit_code, Some(0), "{execution:?}");
        assert_eq!(result(execution), everything(status));
    }
}

#[rstest]
#[tokio::test]
async fn a_python_script_reads_what_it_is_told(
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let studio = studio(confinement);
    let execution = python(
        &studio,
        "import json, stagehook, sys\n\
         told = json.load(sys.stdin)\n\
         assert stagehook.input() == told\n\
         for name in ['segment_path', 'metadata', 'scene_context', 'job', 'hook_config', 'data',\n\
         \x20            'previous_results', 'dry_run']:\n\
         \x20   assert getattr(stagehook, name) == told.get(name), name\n\
         \x20   assert name in dir(stagehook)\n\
         assert not hasattr(stagehook, 'nothing')\n\
         print(stagehook.job['external_ref'])\n",
    )
    .await;
    assert_eq!(execution.stdout, "shot_010\n", "{execution:?}");
    // It only read: there is nothing to answer.
    assert_eq!(execution.result, None);
}

#[tokio::test]
async fn a_python_script_that_breaks_keeps_what_it_found_before() {
    let studio = studio(Confinement::Off);
    let execution = python(
        &studio,
        "import stagehook\nstagehook.annotate('error', 'no audio')\nraise ValueError('and then')\n",
    )
    .await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    assert_eq!(execution.exit_code, Some(1));
    assert_eq!(result(execution).annotations[0].message, "no audio");

    // What comes after the answer does not change it.
    let execution = python(
        &studio,
        "import stagehook\n\
         try:\n\
         \x20   stagehook.fail('too dark')\n\
         finally:\n\
         \x20   stagehook.metric('nits', 3)\n",
    )
    .await;
    assert_eq!(execution.status, ExecutionStatus::Failed);
    let result = result(execution);
    assert_eq!(result.status, ResultStatus::Fail);
    assert_eq!(result.metrics["nits"].to_bits(), 3.0_f64.to_bits());
}

#[tokio::test]
async fn a_script_asks_to_be_tried_again() {
    let studio = studio(Confinement::Off);
    let by_python = "import stagehook\nstagehook.retry_later('the tracker is away')\n";
    let by_shell = ". stagehook.sh\nstagehook_retry_later 'the tracker is away'\n";
    for execution in [python(&studio, by_python).await, studio.sh(by_shell).await] {
        assert_eq!(execution.exit_code, Some(75));
        assert!(execution.retryable);
        let message = result(execution).message;
        assert_eq!(message.as_deref(), Some("the tracker is away"));
    }
}

#[rstest]
#[case(
    "stagehook_annotate fatal code message",
    "must be info, warning or error"
)]
#[case("stagehook_annotate info code message path 1.5", "start_ms must be")]
#[case("stagehook_annotate info code message path 1 07", "end_ms must be")]
#[case("stagehook_metric lufs loud", "'loud' is no number")]
#[case("stagehook_metric lufs '1, \"x\": 2'", "is no number")]
#[case("stagehook_metric lufs '1\n2'", "is no number")]
#[case("stagehook_metric lufs ''", "is no number")]
#[case("stagehook_write passed", "must be pass, fail, skip or needs_review")]
#[tokio::test]
async fn a_mistake_in_a_shell_script_ends_it_and_is_named(#[case] line: &str, #[case] says: &str) {
    let studio = studio(Confinement::Off);
    let execution = studio
        .sh(&format!(". stagehook.sh\n{line}\nstagehook_pass\n"))
        .await;
    assert_eq!(execution.status, ExecutionStatus::Failed, "{execution:?}");
    assert!(execution.stderr.contains(says), "{execution:?}");
    assert_eq!(execution.result, None);
}

#[rstest]
#[case("annotate('fatal', 'message')", "must be info, warning or error")]
#[case("metric('lufs', float('nan'))", "must be a finite number")]
#[case("metric('lufs', 'loud')", "must be real number")]
#[tokio::test]
async fn a_mistake_in_a_python_script_ends_it_and_is_named(#[case] line: &str, #[case] says: &str) {
    let studio = studio(Confinement::Off);
    let execution = python(&studio, &format!("import stagehook\nstagehook.{line}\n")).await;
    assert_eq!(execution.status, ExecutionStatus::Failed, "{execution:?}");
    assert!(execution.stderr.contains(says), "{execution:?}");
}

/// What a script answers that is given this text as its argument.
fn answered(mut command: Command, bytes: &[u8]) -> HookResult {
    let directory = tempfile::tempdir().unwrap();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/process/lib");
    let library = library.canonicalize().unwrap();
    let result = directory.path().join("result.json");
    let output = command
        .arg(OsStr::from_bytes(bytes))
        .env_clear()
        .env("PATH", format!("/usr/bin:/bin:{}", library.display()))
        .env("PYTHONPATH", library)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LANG", "C.UTF-8")
        .env("STAGEHOOK_RESULT_FILE", &result)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    HookResult::parse(&std::fs::read(result).unwrap()).unwrap()
}

fn check(bytes: &[u8]) {
    const BY_SHELL: &str = ". stagehook.sh; stagehook_annotate info \"$1\" \"$1\" \"$1\"; \
        stagehook_metadata \"$1\" \"$1\"; stagehook_metric \"$1\" 1; stagehook_fail \"$1\"";
    const BY_PYTHON: &str = "import stagehook, sys; text = sys.argv[1]; \
        stagehook.annotate('info', text, text or None, text or None); \
        stagehook.metric(text, 1); \
        stagehook.fail(text or None, metadata={text: text})";
    let text = String::from_utf8_lossy(bytes).into_owned();
    let given = (!text.is_empty()).then(|| text.clone());
    for shell in ["dash", "bash"] {
        let mut command = Command::new(shell);
        command.args(["-c", BY_SHELL, "hook"]);
        let result = answered(command, bytes);
        let annotation = &result.annotations[0];
        assert_eq!(annotation.message, text, "{shell}");
        assert_eq!((&annotation.code, &annotation.path), (&given, &given));
        assert_eq!(result.message, given);
        assert_eq!(result.metadata[&text], text);
        assert!(result.metrics.contains_key(&text));
    }
    let mut command = Command::new("python3");
    command.args(["-c", BY_PYTHON]);
    let result = answered(command, bytes);
    // Python takes each byte that is no UTF-8 for itself.
    let same = |told: &str| {
        let squeezed = |text: &str| {
            let mut text: Vec<char> = text.chars().collect();
            text.dedup_by(|a, b| *a == '\u{fffd}' && *b == '\u{fffd}');
            text
        };
        assert_eq!(squeezed(told), squeezed(&text));
    };
    same(&result.annotations[0].message);
    same(result.message.as_deref().unwrap_or_default());
    same(result.metadata.keys().next().unwrap());
}

#[rstest]
#[case::empty(b"")]
#[case::quotes(b"it's \"quoted\" \\ `echo` $HOME %s \\n")]
#[case::lines(b"\n\na\tb\r\n\n")]
#[case::control(b"\x01\x02\x1b[31m\x7f")]
#[case::options(b"-n")]
#[case::edges(b" !#[]^~* ")]
#[case::letters("größe 😀 \u{2028} \u{10ffff} \u{ffff}".as_bytes())]
#[case::cut_off(b"a\xc3")]
#[case::cut_off_longer(b"\xf0\x9f\x98")]
#[case::surrogate(b"\xed\xa0\x80")]
#[case::overlong(b"\xc0\x80\xe0\x80\x80\xf0\x80\x80\x80")]
#[case::beyond(b"\xf4\x90\x80\x80\xff\xfe")]
#[case::resumes(b"\xe2\x82A\xf0\x9f\"\xe2\xe2\x82\xac")]
fn every_text_arrives(#[case] bytes: &[u8]) {
    check(bytes);
}

#[test]
fn every_byte_arrives() {
    let bytes: Vec<u8> = (1..=255).collect();
    check(&bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_bytes_arrive(bytes in proptest::collection::vec(1_u8.., 0..24)) {
        check(&bytes);
    }
}

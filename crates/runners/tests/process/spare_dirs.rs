//! Runs without a sandbox have work directories that earlier ones had, and see
//! nothing of these.

use crate::studio::{LONG, Studio, input};
use rstest::rstest;
use serde_json::json;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::Invocation;
use stagehook_runners::process::{Confinement, ProcessRunner, ProcessSettings};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Where a run was that printed that.
fn home(execution: &Execution) -> PathBuf {
    assert_eq!(execution.status, ExecutionStatus::Passed, "{execution:?}");
    PathBuf::from(execution.stdout.trim_end())
}

/// The names of the work directories that are there.
fn directories(work_root: &Path) -> Vec<String> {
    let names = fs::read_dir(work_root).unwrap();
    names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("run-"))
        .collect()
}

#[tokio::test]
async fn a_run_sees_nothing_of_an_earlier_one() {
    let studio = Studio::new();
    let long = "echo '{\"status\":\"needs_review\"}' > \"$STAGEHOOK_RESULT_FILE\"
        echo \"$HOME\" # and a long remark, of which nothing is to be seen later";
    let mut told = input();
    told.metadata
        .insert("note".to_owned(), json!("x".repeat(5_000)));
    studio.script("hook.sh", long);
    let first = studio
        .run_input(json!({"script_path": "hook.sh"}), &told)
        .await;
    assert_eq!(first.status, ExecutionStatus::NeedsReview);

    let short = "cat \"$0\" \"$STAGEHOOK_INPUT_FILE\"; ls -A . .stagehook";
    studio.script("hook.sh", short);
    let told = input();
    let second = studio
        .run_input(json!({"script_path": "hook.sh"}), &told)
        .await;
    assert_eq!(second.status, ExecutionStatus::Passed, "{second:?}");
    let told = serde_json::to_string(&told).unwrap();
    assert_eq!(
        second.stdout,
        format!("{short}{told}.:\n.stagehook\ninput.json\n\n.stagehook:\nhook.sh\n")
    );

    let third = studio.sh("echo \"$HOME\"").await;
    assert_eq!(home(&third), PathBuf::from(first.stdout.trim_end()));
}

#[rstest]
#[case::a_file("touch left", false)]
#[case::a_directory("mkdir left", false)]
#[case::a_file_beside_the_script("touch .stagehook/left", false)]
#[case::a_result_that_is_a_directory("mkdir result.json; echo", false)]
#[case::another_mode("chmod 750 .", false)]
#[case::another_mode_of_the_input("chmod 600 input.json", false)]
#[case::another_mode_of_the_script("chmod 600 \"$0\"", false)]
#[case::another_mode_beside_the_script("chmod 750 .stagehook", false)]
#[case::a_hard_link("ln input.json ../../linked", false)]
#[case::a_link("mv input.json ../../input && ln -s ../../input input.json", false)]
#[case::a_directory_by_a_link("mv .stagehook ../../own && ln -s ../../own .stagehook", false)]
#[case::another_input("cp input.json new && mv new input.json", false)]
#[case::no_input("rm input.json", false)]
#[case::another_script("cp \"$0\" new && mv new \"$0\"", false)]
#[case::another_place("mv \"$HOME\" ../../home && mkdir \"$HOME\"", false)]
#[case::an_attribute(
    "python3 -c 'import os; os.setxattr(\".\", \"user.left\", b\"\")'",
    false
)]
#[case::a_process("sleep 300 &", false)]
#[case::nothing("touch left; rm left; echo > result.json", true)]
#[tokio::test]
async fn a_directory_is_used_again_only_as_it_was_made(
    #[case] lines: &str,
    #[case] is_used_again: bool,
) {
    let studio = Studio::new();
    let tampered = studio.sh(&format!("echo \"$HOME\"; {lines}")).await;
    let first = PathBuf::from(tampered.stdout.lines().next().unwrap());
    assert_eq!(first.exists(), is_used_again);
    let second = home(&studio.sh("echo \"$HOME\"").await);
    assert_eq!(first == second, is_used_again);
}

#[tokio::test]
async fn one_that_was_changed_later_is_not_used_either() {
    let studio = Studio::new();
    let first = home(&studio.sh("echo \"$HOME\"").await);
    fs::remove_file(first.join("input.json")).unwrap();
    let second = home(&studio.sh("echo \"$HOME\"").await);
    assert_ne!(first, second);
    assert!(!first.exists());
}

#[tokio::test]
async fn runs_at_once_have_one_each() {
    let studio = Studio::new();
    studio.sh("true").await;
    // Nobody goes on before all are there.
    studio.script(
        "hook.sh",
        "echo \"$HOME\"; ( echo here > ../../ready.$$ )
         until [ $(ls ../../ready.* | wc -l) = 4 ]; do sleep 0.01; done",
    );
    let runs = (0..4).map(|_| {
        studio.alongside(
            stagehook_core::config::HookType::Shell,
            json!({"script_path": "hook.sh"}),
        )
    });
    let homes: BTreeSet<_> = futures_util::future::join_all(runs)
        .await
        .iter()
        .map(home)
        .collect();
    assert_eq!(homes.len(), 4);
}

#[tokio::test]
async fn only_so_many_are_kept_and_none_longer_than_the_runner() {
    let data = tempfile::tempdir().unwrap();
    let mut settings = ProcessSettings::in_directory(data.path());
    settings.confinement = Confinement::Off;
    let (scripts, work) = (settings.script_roots[0].clone(), settings.work_root.clone());
    let runner = ProcessRunner::new(settings).unwrap();
    fs::create_dir(&scripts).unwrap();
    let input = input();
    let input_json = serde_json::to_string(&input).unwrap();
    let never = CancellationToken::new();
    for number in 0..40 {
        let name = format!("hook-{number}.sh");
        fs::write(scripts.join(&name), "exit 0").unwrap();
        let config = serde_json::from_value(json!({"script_path": name})).unwrap();
        let invocation = Invocation {
            input: &input,
            input_json: &input_json,
            timeout: LONG,
            cancel: &never,
        };
        let execution = runner.run_shell(&config, None, invocation).await.unwrap();
        assert_eq!(execution.status, ExecutionStatus::Passed);
    }
    assert_eq!(directories(&work).len(), 32);
    drop(runner);
    assert_eq!(directories(&work), Vec::<String>::new());
}

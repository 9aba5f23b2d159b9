//! Warm Python: runs that are forked from an interpreter which has imported what
//! their script imports.
//!
//! | what | where |
//! | --- | --- |
//! | what a run is like, and how it ends | `like_cold` |
//! | what runs know of each other, and may do | `apart` |
//! | what is imported ahead of them | `imports` |
//! | how long an interpreter is kept | `kept` |

mod apart;
mod imports;
mod kept;
mod like_cold;

use crate::studio::{LONG, Studio};
use serde_json::{Value, json};
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::process::Confinement;
use std::time::{Duration, Instant};

pub(super) fn studio() -> Studio {
    Studio::confined(Confinement::Bubblewrap)
}

pub(super) fn is_warm(execution: &Execution) -> bool {
    execution.script.is_some_and(|script| script.warm)
}

/// A server that is root keeps nothing warm for a hook that chooses packages or
/// variables.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The config of a warm hook.
pub(super) fn warm(script: &str) -> Value {
    json!({"script_path": script, "warm": true})
}

/// The config of one that may write what is shared with the test.
pub(super) fn warm_sharing(studio: &Studio, script: &str) -> Value {
    let mut config = studio.sharing(script);
    config["warm"] = true.into();
    config
}

/// Runs a script until it is run warm, and answers with that run.
pub(super) async fn run_warm(studio: &Studio, config: &Value) -> Execution {
    until_warm(async || studio.run_python(config.clone()).await).await
}

pub(super) async fn until_warm(run: impl AsyncFn() -> Execution) -> Execution {
    let until = Instant::now() + LONG;
    loop {
        let execution = run().await;
        if is_warm(&execution) {
            return execution;
        }
        assert!(Instant::now() < until, "it never is warm: {execution:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_first_run_is_cold_and_has_later_ones_be_warm() {
    let studio = studio();
    studio.script("hook.py", "import json\nprint(json.dumps('here'))\n");
    let first = studio.run_python(warm("hook.py")).await;
    assert!(!is_warm(&first));
    let later = run_warm(&studio, &warm("hook.py")).await;
    assert_eq!(later.status, ExecutionStatus::Passed, "{later:?}");
    assert_eq!(later.stdout, "\"here\"\n");
    // The next ones have no choice.
    for _ in 0..3 {
        assert!(is_warm(&studio.run_python(warm("hook.py")).await));
    }
}

#[tokio::test]
async fn one_that_does_not_ask_for_it_stays_cold() {
    let studio = studio();
    studio.script("hook.py", "print('here')\n");
    run_warm(&studio, &warm("hook.py")).await;
    let execution = studio.run_python(json!({"script_path": "hook.py"})).await;
    assert!(!is_warm(&execution));
}

#[tokio::test]
async fn random_numbers_are_others_in_each_run() {
    let studio = studio();
    studio.script(
        "hook.py",
        "import random, uuid, tempfile\nprint(random.random(), uuid.uuid4(), tempfile.mktemp())\n",
    );
    let first = run_warm(&studio, &warm("hook.py")).await.stdout;
    let second = run_warm(&studio, &warm("hook.py")).await.stdout;
    for (one, other) in first.split_whitespace().zip(second.split_whitespace()) {
        assert_ne!(one, other);
    }
}

#[tokio::test]
async fn where_nothing_is_confined_it_is_cold() {
    let studio = Studio::new();
    studio.script("hook.py", "print('here')\n");
    for _ in 0..3 {
        let execution = studio.run_python(warm("hook.py")).await;
        assert!(!is_warm(&execution));
        assert_eq!(execution.stdout, "here\n");
    }
}

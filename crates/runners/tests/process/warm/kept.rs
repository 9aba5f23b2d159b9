//! How long an interpreter is kept, and what its end means for runs.

use super::{is_root, is_warm, run_warm, studio, warm};
use crate::studio::{LONG, Studio};
use rustix::process::Pid;
use serde_json::Value;
use stagehook_runners::process::Confinement;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// The scripts that an interpreter is kept for.
pub(super) fn templates(studio: &Studio) -> Vec<String> {
    let kept = fs::read_dir(studio.path("work")).unwrap().flatten();
    kept.filter(|entry| entry.file_name().to_string_lossy().starts_with("warm-"))
        .filter_map(|entry| fs::read_to_string(entry.path().join("script")).ok())
        .collect()
}

/// A warm hook whose script says its name.
async fn named(studio: &Studio, name: &str) -> Value {
    let script = format!("{name}/hook.py");
    studio.script(&script, &format!("print('{name}')\n"));
    let config = warm(&script);
    run_warm(studio, &config).await;
    assert!(templates(studio).iter().any(|script| script.contains(name)));
    config
}

/// Waits until no interpreter is kept for a script that has this in it.
pub(super) async fn gone(studio: &Studio, name: &str) {
    let until = Instant::now() + LONG;
    while templates(studio).iter().any(|script| script.contains(name)) {
        assert!(Instant::now() < until, "{name} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The processes of the sandboxes of interpreters that are kept.
fn processes(work: &Path) -> Vec<Pid> {
    let given = work.join("given").to_str().unwrap().to_owned();
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.contains(&given) && line.contains("warm.py") {
            let name = process.file_name();
            let pid = name.to_str().and_then(|name| name.parse().ok());
            found.extend(pid.and_then(Pid::from_raw));
        }
    }
    let mut next = 0;
    while let Some(pid) = found.get(next).map(|pid| pid.as_raw_pid()) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        found.extend(pids.filter_map(Pid::from_raw));
        next += 1;
    }
    found
}

#[tokio::test]
async fn a_run_that_has_ended_leaves_no_process_until_the_next() {
    let studio = studio();
    named(&studio, "one").await;
    let until = Instant::now() + LONG;
    loop {
        let of_template = |pid: &Pid| {
            // One that has ended and was not reaped has no command line.
            fs::read(format!("/proc/{}/cmdline", pid.as_raw_pid()))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains("warm.py"))
        };
        let processes = processes(&studio.path("work"));
        assert!(!processes.is_empty());
        if processes.iter().all(of_template) {
            return;
        }
        assert!(Instant::now() < until, "something of the run is left");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn an_interpreter_that_dies_costs_nobody_a_run() {
    let studio = studio();
    let config = named(&studio, "one").await;
    // After bubblewrap and the first process of the sandbox.
    let interpreter = processes(&studio.path("work"))[2];
    rustix::process::kill_process(interpreter, rustix::process::Signal::KILL).unwrap();
    gone(&studio, "one").await;
    let next = studio.run_python(config.clone()).await;
    assert_eq!(next.stdout, "one\n", "{next:?}");
    assert!(!is_warm(&next));
    run_warm(&studio, &config).await;
}

#[tokio::test]
async fn one_that_does_not_answer_is_not_waited_for() {
    let studio = studio();
    let config = named(&studio, "one").await;
    // Where it is nested, that comes before it.
    let interpreter = processes(&studio.path("work"))[if is_root() { 2 } else { 3 }];
    rustix::process::kill_process(interpreter, rustix::process::Signal::STOP).unwrap();
    let next = studio.run_python(config.clone()).await;
    assert_eq!(next.stdout, "one\n", "{next:?}");
    assert!(!is_warm(&next));
    assert_eq!(templates(&studio), Vec::<String>::new());
}

#[tokio::test]
async fn interpreters_end_with_the_server() {
    let studio = studio();
    named(&studio, "one").await;
    let work = studio.path("work");
    assert!(processes(&work).len() > 2);
    drop(studio);
    assert_eq!(processes(&work), []);
    assert!(!work.exists());
}

#[tokio::test]
async fn one_that_is_not_used_is_ended_and_made_again() {
    let studio = Studio::with(|settings| {
        settings.confinement = Confinement::Bubblewrap;
        settings.warm_unused_for = Duration::from_millis(500);
    });
    let config = named(&studio, "one").await;
    gone(&studio, "one").await;
    assert_eq!(processes(&studio.path("work")), []);
    assert!(!is_warm(&studio.run_python(config.clone()).await));
    run_warm(&studio, &config).await;
}

#[tokio::test]
async fn of_too_many_the_one_that_was_not_used_longest_is_ended() {
    let studio = Studio::with(|settings| {
        settings.confinement = Confinement::Bubblewrap;
        settings.warm_templates = 2;
    });
    let one = named(&studio, "one").await;
    named(&studio, "two").await;
    assert!(is_warm(&studio.run_python(one).await));
    named(&studio, "three").await;
    let mut kept = templates(&studio);
    kept.sort();
    assert_eq!(kept, ["print('one')\n", "print('three')\n"]);
}

//! Scripts that misbehave; each leaves a log that says how. REQ-SCR-1..7

use serde_json::{Value, json};
use stagehook_tests::{Database, Gate, HookDraft, Studio, on_both_databases, until};
use std::time::{Duration, Instant};

on_both_databases!(
    a_script_that_takes_too_long_is_ended_with_its_tree,
    a_grandchild_that_holds_the_pipe_holds_nobody,
    a_flood_is_bounded,
    an_invalid_result_is_a_failure_of_its_own,
    a_script_that_is_missing_at_run_time,
    the_exit_code_decides,
    a_script_that_dies_of_a_signal,
    odd_scripts_run_or_say_why_not,
    the_environment_is_the_hooks_own,
);

/// Runs the hook in a stage, and returns its log as the API shows it.
async fn logged(studio: &Studio, draft: HookDraft) -> Value {
    let name = draft.body()["name"].as_str().unwrap().to_owned();
    let project = studio.project(&name).await;
    let hook = draft.in_project(project).create(studio).await;
    let job = studio.job(project, None).await;
    let answer = studio.run(job, json!({"a": 1})).await;
    let execution = &answer["executions"][0];
    let logs = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
    assert_eq!(logs, studio.logs_of_job(job).await);
    let [log] = <[Value; 1]>::try_from(logs).unwrap();
    // What the pipeline was answered is what is on record.
    assert_eq!(log["id"], execution["log_id"]);
    for key in [
        "status",
        "success",
        "exit_code",
        "stdout",
        "stderr",
        "result",
        "error",
        "usage",
    ] {
        assert_eq!(log[key], execution[key], "{key}");
    }
    assert_eq!(log["job_id"], job);
    assert_eq!(log["input"]["metadata"], json!({"a": 1}));
    log
}

#[track_caller]
fn ended_as(log: &Value, status: &str) {
    assert_eq!(log["status"], status, "{log:#}");
    let success = matches!(status, "passed" | "skipped");
    assert_eq!(log["success"], success, "{log:#}");
    assert_eq!(log["error"].is_null(), success, "{log:#}");
}

async fn a_script_that_takes_too_long_is_ended_with_its_tree(on: Database) {
    // REQ-MOD-6, REQ-SCR-5
    let studio = Studio::open(on).await;
    let [child, daemon] = ["child", "daemon"].map(|name| Gate::closed(&studio, name));
    let lines = |gate: &Gate| {
        let script = studio.script(&format!("#!/bin/sh\ntrap '' TERM\n{}", gate.wait()));
        studio.layout().scripts().join(script).display().to_string()
    };
    let script = format!(
        "sh '{}' &\nsetsid sh '{}' &\nwhile ! [ -e '{}' ] || ! [ -e '{}' ]; do sleep 0.02; done\n\
         echo before; echo also >&2\nsleep 600",
        lines(&child),
        lines(&daemon),
        studio.layout().gates().join("child.pid").display(),
        studio.layout().gates().join("daemon.pid").display(),
    );
    let began = Instant::now();
    let slow = studio.shell("slow", &script).config("timeout_seconds", 2);
    let log = logged(&studio, slow).await;
    assert!(began.elapsed() < Duration::from_mins(1), "{log:#}");
    ended_as(&log, "timed_out");
    assert_eq!(log["stdout"], "before\n", "what it printed is kept");
    assert_eq!(log["stderr"], "also\n");
    assert_eq!(log["exit_code"], Value::Null);
    assert!(log["duration_ms"].as_i64() >= Some(2000), "{log:#}");
    until("nothing of it is left", || {
        !child.process_lives() && !daemon.process_lives()
    })
    .await;
}

async fn a_grandchild_that_holds_the_pipe_holds_nobody(on: Database) {
    let studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "grandchild");
    let script = studio.script(&gate.wait());
    let script = studio.layout().scripts().join(script);
    let lines = format!(
        "sh '{}' &\nwhile ! [ -e '{}' ]; do sleep 0.02; done\necho done",
        script.display(),
        studio.layout().gates().join("grandchild.pid").display(),
    );
    let began = Instant::now();
    let log = logged(
        &studio,
        studio.shell("pipe", &lines).config("timeout_seconds", 300),
    )
    .await;
    ended_as(&log, "passed");
    assert_eq!(log["stdout"], "done\n");
    assert!(began.elapsed() < Duration::from_mins(1), "{log:#}");
    until("nothing of it is left", || !gate.process_lives()).await;
}

async fn a_flood_is_bounded(on: Database) {
    // REQ-SCR-4
    let studio = Studio::open(on).await;
    let lines = "echo head\nhead -c 100000000 /dev/zero | tr '\\0' x\necho; echo tail\n\
                 printf 'bad \\377 byte' >&2";
    let log = logged(&studio, studio.shell("flood", lines)).await;
    ended_as(&log, "passed");
    let stdout = log["stdout"].as_str().unwrap();
    assert!(stdout.len() < 2_000_000, "{} bytes kept", stdout.len());
    assert!(stdout.starts_with("head\nxxx"), "{:?}", &stdout[..20]);
    assert!(stdout.ends_with("xxx\ntail\n"));
    let dropped = log["usage"]["stdout_dropped_bytes"].as_u64().unwrap();
    assert!(dropped > 98_000_000 && dropped < 100_000_020, "{dropped}");
    assert_eq!(log["stderr"], "bad \u{fffd} byte");
    // What no database keeps is the same in the answer and in the log.
    let lines = "printf 'a\\0b'; printf 'c\\0d' >&2; printf '{\"message\": \"e\\\\u0000f\"}' \
                 > \"$STAGEHOOK_RESULT_FILE\"";
    let log = logged(&studio, studio.shell("nul", lines)).await;
    ended_as(&log, "passed");
    assert_eq!(log["stdout"], "a\u{fffd}b");
    assert_eq!(log["stderr"], "c\u{fffd}d");
    assert_eq!(log["result"]["message"], "e\u{0}f");
}

async fn an_invalid_result_is_a_failure_of_its_own(on: Database) {
    let studio = Studio::open(on).await;
    let huge = "head -c 1200000 /dev/zero | tr '\\0' x > \"$STAGEHOOK_RESULT_FILE\"";
    for (name, lines, why) in [
        (
            "no_json",
            "echo '{nope' > \"$STAGEHOOK_RESULT_FILE\"",
            "line 1",
        ),
        (
            "unknown_key",
            "echo '{\"verdict_is\": \"pass\"}' > \"$STAGEHOOK_RESULT_FILE\"",
            "verdict_is",
        ),
        (
            "ill_typed",
            "echo '{\"metadata\": [1]}' > \"$STAGEHOOK_RESULT_FILE\"",
            "/metadata",
        ),
        ("huge", huge, "1200000 bytes"),
        (
            "elsewhere",
            "ln -s /etc/hostname \"$STAGEHOOK_RESULT_FILE\"",
            "",
        ),
    ] {
        let log = logged(&studio, studio.shell(name, lines)).await;
        ended_as(&log, "invalid_result");
        assert_eq!(log["result"], Value::Null);
        assert_eq!(log["exit_code"], 0);
        let error = log["error"].as_str().unwrap();
        assert!(error.contains(why), "{name}: {error}");
    }
    // A failed exit tells more than the result it spoilt.
    let lines = "echo '{nope' > \"$STAGEHOOK_RESULT_FILE\"; exit 5";
    let log = logged(&studio, studio.shell("both", lines)).await;
    ended_as(&log, "failed");
    assert_eq!(log["exit_code"], 5);
    // What is printed is no result.
    let log = logged(
        &studio,
        studio.shell("printed", "echo '{\"status\": \"fail\"}'"),
    )
    .await;
    ended_as(&log, "passed");
    assert_eq!(log["result"], Value::Null);
}

async fn a_script_that_is_missing_at_run_time(on: Database) {
    let studio = Studio::open(on).await;
    for (name, kind) in [("shell_gone", "shell"), ("python_gone", "python")] {
        let config = json!({"script_path": "grading/not_deployed"});
        let log = logged(&studio, HookDraft::new(name, kind, config)).await;
        ended_as(&log, "host_error");
        let error = log["error"].as_str().unwrap();
        assert!(error.contains("grading/not_deployed"), "{error}");
        let root = studio.layout().root().display().to_string();
        assert!(!error.contains(&root), "a host path was told: {error}");
    }
}

async fn the_exit_code_decides(on: Database) {
    let studio = Studio::open(on).await;
    let passes =
        stagehook_tests::studio::answer_with(&json!({"status": "pass", "message": "fine"}));
    let log = logged(&studio, studio.shell("beaten", &format!("{passes}exit 3"))).await;
    ended_as(&log, "failed");
    assert_eq!(log["exit_code"], 3);
    assert_eq!(log["error"], "exited with status 3: fine");
    assert_eq!(log["result"]["status"], "pass", "what it said is kept");
    let log = logged(&studio, studio.shell("later", "exit 75")).await;
    ended_as(&log, "failed");
    assert_eq!(log["exit_code"], 75);
    let fails =
        stagehook_tests::studio::answer_with(&json!({"status": "fail", "message": "too loud"}));
    let log = logged(&studio, studio.shell("content", &fails)).await;
    ended_as(&log, "failed");
    assert_eq!(log["exit_code"], 0);
    assert_eq!(log["error"], "too loud");
}

async fn a_script_that_dies_of_a_signal(on: Database) {
    let studio = Studio::open(on).await;
    let log = logged(
        &studio,
        studio.shell("shot", "echo last words; kill -SEGV $$"),
    )
    .await;
    ended_as(&log, "killed");
    assert_eq!(log["stdout"], "last words\n");
    assert_eq!(log["exit_code"], Value::Null);
    let error = log["error"].as_str().unwrap();
    assert!(error.contains("SIGSEGV"), "{error}");
}

async fn odd_scripts_run_or_say_why_not(on: Database) {
    let studio = Studio::open(on).await;
    let with_text = |name: &str, text: &str| {
        HookDraft::new(name, "shell", json!({"script_path": studio.script(text)}))
    };
    let log = logged(&studio, with_text("no_shebang", "echo plain\n")).await;
    ended_as(&log, "passed");
    assert_eq!(log["stdout"], "plain\n");
    let log = logged(
        &studio,
        with_text("crlf_shebang", "#!/bin/sh\r\necho crlf\n"),
    )
    .await;
    ended_as(&log, "passed");
    assert!(log["stdout"].as_str().unwrap().starts_with("crlf"));
    // Ten megabytes in, to a script that reads none of it.
    let project = studio.project("big").await;
    let job = studio.job(project, None).await;
    let deaf = studio.shell("deaf", "exit 0").in_project(project);
    deaf.create(&studio).await;
    let answer = studio.run(job, json!({"big": "x".repeat(7 << 20)})).await;
    assert_eq!(answer["executions"][0]["status"], "passed");
    // Arguments are arguments, whatever they look like.
    let arguments = json!(["$(touch /tmp/no)", "; exit 3", "two words", ""]);
    let lines = "for argument; do echo \"<$argument>\"; done";
    let log = logged(
        &studio,
        studio.shell("arguments", lines).config("args", arguments),
    )
    .await;
    ended_as(&log, "passed");
    assert_eq!(
        log["stdout"],
        "<$(touch /tmp/no)>\n<; exit 3>\n<two words>\n<>\n"
    );
}

async fn the_environment_is_the_hooks_own(on: Database) {
    // REQ-SCR-2
    let setup = stagehook_tests::Setup::default()
        .variable("CANARY", "canary-5d1f")
        .variable("STAGEHOOK_SECRET_TRACKER", "canary-secret");
    let studio = Studio::with(on, setup).await;
    let lines =
        "env; echo; ls -ld \"$HOME\"; echo work > \"$HOME/file\" && ls \"$HOME\"; ls /proc/self/fd";
    let hook = studio
        .shell("env", lines)
        .config("env", json!({"LUT": "film noir"}));
    let log = logged(&studio, hook).await;
    ended_as(&log, "passed");
    let stdout = log["stdout"].as_str().unwrap();
    let (environment, rest) = stdout.split_once("\n\n").unwrap();
    assert!(!stdout.contains("canary"), "{stdout}");
    let names: Vec<&str> = environment
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with("STAGEHOOK_"))
        .collect();
    for name in &names {
        let known = [
            "PATH",
            "PYTHONPATH",
            "HOME",
            "TMPDIR",
            "LANG",
            "LUT",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
        ];
        assert!(known.contains(name), "{name}");
    }
    assert!(environment.contains("LUT=film noir"), "{environment}");
    assert!(environment.contains("LANG=C.UTF-8"), "{environment}");
    assert!(
        rest.contains("drwx------"),
        "the work directory is its own: {rest}"
    );
    // Standard input, output and error, and the directory that ls itself opened.
    let descriptors = rest
        .lines()
        .filter(|line| line.parse::<u32>().is_ok())
        .count();
    assert_eq!(descriptors, 4, "{rest}");
    let home = environment
        .lines()
        .find_map(|line| line.strip_prefix("HOME="))
        .unwrap();
    assert!(
        !std::path::Path::new(home).exists(),
        "the work directory is removed"
    );
}

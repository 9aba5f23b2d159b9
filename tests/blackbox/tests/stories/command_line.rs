//! The commands for pipelines and people, end to end.

use serde_json::{Value, json};
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{Database, Hook, HookDraft, Studio, on_both_databases};
use std::process::{Command, Output, Stdio};

on_both_databases!(
    the_exit_code_of_a_stage_is_its_verdict,
    a_hook_is_created_listed_tested_and_switched,
    a_halted_job_is_found_and_reviewed,
    hooks_go_to_a_file_and_come_back_elsewhere,
    errors_say_what_to_do,
    migrations_and_settings_can_be_looked_at,
    an_execution_is_taken_out_of_the_log_and_runs_again,
);

fn prepared(studio: &Studio, arguments: &[&str]) -> Command {
    let mut command = command(studio.layout(), arguments);
    command
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", TOKEN);
    command
}

async fn output(command: Command) -> Output {
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true).output().await.unwrap()
}

/// What a command printed; its exit code must be this one.
#[track_caller]
fn printed(output: Output, code: i32) -> String {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stdout}\n{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert_eq!(
        stderr.is_empty(),
        code != 1 || !stdout.is_empty(),
        "{stderr}"
    );
    if code == 1 { stdout + &stderr } else { stdout }
}

async fn run(studio: &Studio, arguments: &[&str], code: i32) -> String {
    printed(output(prepared(studio, arguments)).await, code)
}

async fn run_json(studio: &Studio, arguments: &[&str], code: i32) -> Value {
    let text = run(studio, &[arguments, &["--json"]].concat(), code).await;
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn the_exit_code_of_a_stage_is_its_verdict(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let job = world.job.to_string();
    let patch = json!({"message": "graded", "metadata": {"graded": true}});
    studio
        .answering("grade", &patch)
        .order(1)
        .create(&studio)
        .await;
    let stage = [
        "stage",
        "run",
        "--job",
        &job,
        "--hook-point",
        "post_segment",
    ];
    let table = run(&studio, &stage, 0).await;
    assert!(
        table.contains("grade") && table.contains("graded"),
        "{table}"
    );
    assert!(table.trim_end().ends_with("verdict: proceed"), "{table}");

    std::fs::write(studio.layout().root().join("about.json"), r#"{"shot": 7}"#).unwrap();
    let with_input = [
        &stage[..],
        &[
            "--metadata",
            "@about.json",
            "--scene-context",
            r#"{"location": "meadow"}"#,
        ],
        &[
            "--segment-path",
            "/media/seg.mp4",
            "--idempotency-key",
            "k1",
        ],
    ]
    .concat();
    let answer = run_json(&studio, &with_input, 0).await;
    assert_eq!(answer["metadata"], json!({"shot": 7, "graded": true}));
    let again = run_json(&studio, &with_input, 0).await;
    assert_eq!(again, answer, "the same key is the same call");
    let log = studio.logs_of_job(world.job).await.pop().unwrap();
    assert_eq!(log["input"]["scene_context"], json!({"location": "meadow"}));
    assert_eq!(log["input"]["segment_path"], "/media/seg.mp4");

    let warns = studio.shell("warns", "exit 3").order(2);
    warns.create(&studio).await;
    let table = run(&studio, &stage, 0).await;
    assert!(
        table.contains("warning: warns: exited with status 3"),
        "{table}"
    );
    studio
        .shell("gate", "exit 4")
        .blocks()
        .order(3)
        .create(&studio)
        .await;
    studio.shell("late", "echo").order(4).create(&studio).await;
    let table = run(&studio, &stage, 2).await;
    assert!(table.trim_end().ends_with("verdict: halt"), "{table}");
    assert!(table.contains("not run"), "{table}");
    // A halted job is an error, and not another halt.
    let error = run(&studio, &stage, 1).await;
    assert!(error.contains("review"), "{error}");
    let nowhere = ["stage", "run", "--job", &job, "--hook-point", "../../hooks"];
    run(&studio, &nowhere, 1).await;
}

async fn a_hook_is_created_listed_tested_and_switched(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let body = studio.shell("grade", "cat; exit 3").body().to_string();
    let created = run_json(&studio, &["hook", "create", &body], 0).await;
    let hook = Hook::of(created);
    let id = hook.id.to_string();
    let refused = run(&studio, &["hook", "create", &body], 1).await;
    assert!(
        refused.contains("409") && refused.contains("/name"),
        "{refused}"
    );

    let mut from_stdin = prepared(&studio, &["hook", "create", "-"]);
    let other = studio.shell("other", "echo fine").body().to_string();
    std::fs::write(studio.layout().root().join("other.json"), other).unwrap();
    let file = std::fs::File::open(studio.layout().root().join("other.json")).unwrap();
    from_stdin.stdin(Stdio::from(file));
    printed(output(from_stdin).await, 0);

    let listed = run_json(&studio, &["hook", "list"], 0).await;
    assert_eq!(listed["items"], json!(studio.all("/hooks").await));
    let table = run(&studio, &["hook", "list", "--name", "grade"], 0).await;
    assert!(
        table.contains("grade") && !table.contains("other"),
        "{table}"
    );
    let shown = run_json(&studio, &["hook", "get", &id], 0).await;
    assert_eq!(shown, hook.document);

    let input = r#"{"metadata": {"a": 1}}"#;
    let log = run_json(&studio, &["hook", "test", &id, "--input", input], 1).await;
    assert_eq!(log["exit_code"], 3);
    assert_eq!(log["input"]["metadata"], json!({"a": 1}));
    let table = run(&studio, &["hook", "test", &id], 1).await;
    assert!(table.contains("exited with status 3"), "{table}");
    let logs = run_json(&studio, &["logs", "--hook", &id], 0).await;
    assert_eq!(logs["items"].as_array().unwrap().len(), 2);
    let logs = run_json(&studio, &["logs", "--hook", &id, "--success", "true"], 0).await;
    assert_eq!(logs["items"], json!([]));

    let off = run_json(&studio, &["hook", "disable", &id], 0).await;
    assert_eq!(off["enabled"], false);
    let table = run(&studio, &["hook", "effective"], 0).await;
    assert!(
        table.contains("disabled") && table.contains("other"),
        "{table}"
    );
    run(&studio, &["hook", "enable", &id], 0).await;
    studio.run(world.job, json!({})).await;
    let job = world.job.to_string();
    let logs = run_json(&studio, &["logs", "--job", &job, "--limit", "1"], 0).await;
    assert_eq!(logs["items"].as_array().unwrap().len(), 1);
    let table = run(&studio, &["logs", "--job", &job, "--status", "failed"], 0).await;
    assert!(
        table.contains("grade") && !table.contains("other"),
        "{table}"
    );
    run(&studio, &["hook", "delete", &id], 0).await;
    let missing = run(&studio, &["hook", "get", &id], 1).await;
    assert!(missing.contains("404"), "{missing}");
}

async fn a_halted_job_is_found_and_reviewed(on: Database) {
    let studio = Studio::open(on).await;
    let project = run_json(&studio, &["project", "create", "feature"], 0).await;
    let project = project["id"].to_string();
    let create = [
        "job",
        "create",
        "--project",
        &project,
        "--external-ref",
        "shot_010",
    ];
    let job = run_json(&studio, &create, 0).await;
    let job = job["id"].to_string();
    studio
        .shell("gate", "exit 4")
        .blocks()
        .create(&studio)
        .await;
    let stage = [
        "stage",
        "run",
        "--job",
        &job,
        "--hook-point",
        "post_segment",
    ];
    run(&studio, &stage, 2).await;
    let waiting = run(&studio, &["job", "list", "--needs-review"], 0).await;
    assert!(
        waiting.contains("shot_010") && waiting.contains("gate: exited"),
        "{waiting}"
    );
    let review = [
        "job",
        "review",
        &job,
        "resume",
        "--note",
        "the peak is wanted",
    ];
    let reviewed = run_json(&studio, &review, 0).await;
    assert_eq!(reviewed["status"], "running");
    assert_eq!(reviewed["review"]["note"], "the peak is wanted");
    let again = run(&studio, &review, 1).await;
    assert!(again.contains("409"), "{again}");
    let completed = run_json(&studio, &["job", "complete", &job], 0).await;
    assert_eq!(completed["status"], "completed");
}

async fn hooks_go_to_a_file_and_come_back_elsewhere(on: Database) {
    // REQ-OPS-3
    let studio = Studio::open(on).await;
    // So that ids differ between the two servers.
    studio.project("before").await;
    let world = studio.world().await;
    let grade = studio
        .shell("grade", "echo studio")
        .config("args", json!(["-v"]));
    grade.order(7).blocks().create(&studio).await;
    let local = studio
        .shell("grade", "echo project")
        .in_project(world.project);
    local.extends().create(&studio).await;
    let off = studio
        .shell("grade", "echo")
        .in_scene_type(world.scene_type);
    off.disabled().create(&studio).await;
    let notify = studio.shell("notify", "echo").on_event("job_*");
    notify.create(&studio).await;
    run(&studio, &["hook", "export", "--output", "hooks.json"], 0).await;
    let exported = std::fs::read_to_string(studio.layout().root().join("hooks.json")).unwrap();
    assert!(
        !exported.contains("scope_id"),
        "ids mean nothing elsewhere: {exported}"
    );

    let elsewhere = Studio::open(on).await;
    let file = studio.layout().root().join("hooks.json");
    let import = ["hook", "import", file.to_str().unwrap()];
    // Its projects must be there; nothing is imported before they are.
    let refused = run(&elsewhere, &import, 1).await;
    assert!(refused.contains("feature"), "{refused}");
    assert_eq!(elsewhere.all("/hooks").await, [Value::Null; 0]);
    elsewhere.world().await;
    let dry = [&import[..], &["--dry-run"]].concat();
    let planned = run_json(&elsewhere, &dry, 0).await;
    assert_eq!(planned["hooks"].as_array().unwrap().len(), 4);
    assert_eq!(elsewhere.all("/hooks").await, [Value::Null; 0]);
    run(&elsewhere, &import, 0).await;
    let back = run(&elsewhere, &["hook", "export"], 0).await;
    assert_eq!(back.trim_end(), exported.trim_end());

    // Once more changes nothing; a change in between is undone.
    let again = run_json(&elsewhere, &import, 0).await;
    let actions = again["hooks"].as_array().unwrap().iter();
    let actions: Vec<&Value> = actions.map(|hook| &hook["action"]).collect();
    assert_eq!(actions, ["unchanged"; 4]);
    let id = elsewhere.all("/hooks?scope_type=studio&name=grade").await[0]["id"].to_string();
    run(&elsewhere, &["hook", "disable", &id], 0).await;
    run(&elsewhere, &import, 0).await;
    let restored = elsewhere.get(&format!("/hooks/{id}")).await.ok();
    assert_eq!(restored["enabled"], true);
    assert_eq!(restored["version"], 3);
}

async fn errors_say_what_to_do(on: Database) {
    let studio = Studio::open(on).await;
    for (arguments, said) in [
        (vec!["hook", "list", "--token", "wrong"], "401"),
        (
            vec!["hook", "list", "--server", "http://127.0.0.1:1"],
            "127.0.0.1:1",
        ),
        (vec!["hook", "list", "--server", "ftp://x"], "http://"),
        (vec!["hook", "create", "{nope"], "JSON"),
        (vec!["hook", "create", "[]"], "object"),
        (vec!["hook", "create", "{}"], "422"),
        (vec!["hook", "import", "/nowhere.json"], "/nowhere.json"),
        (vec!["logs"], "--hook"),
        (vec!["stage", "run", "--job", "x"], "--job"),
        (vec!["job", "review", "1", "maybe"], "resume"),
        (vec!["fly"], "fly"),
    ] {
        let error = run(&studio, &arguments, 1).await;
        assert!(error.contains(said), "{arguments:?}: {error}");
        assert!(!error.contains(TOKEN), "{error}");
    }
    let mut stranger = prepared(&studio, &["hook", "list"]);
    stranger.env_remove("STAGEHOOK_TOKEN");
    let error = printed(output(stranger).await, 1);
    assert!(error.contains("STAGEHOOK_TOKEN"), "{error}");
    let help = run(&studio, &["--help"], 0).await;
    assert!(
        help.contains("serve") && help.contains("Exit codes"),
        "{help}"
    );
}

async fn migrations_and_settings_can_be_looked_at(on: Database) {
    let studio = Studio::open(on).await;
    let mut migrate = prepared(&studio, &["migrate", "--data-dir", "other"]);
    migrate.env("DATABASE_URL", studio.database_url());
    let done = output(migrate).await;
    assert!(done.status.success(), "{done:?}");
    let done = String::from_utf8(done.stdout).unwrap();
    assert!(done.contains("this version's schema"), "{done}");

    let mut config = prepared(&studio, &["config", "--json", "--listen", "127.0.0.1:9"]);
    config
        .env(
            "DATABASE_URL",
            "postgres://user:canary-password@db/stagehook",
        )
        .env("STAGEHOOK_ADMIN_TOKEN", TOKEN)
        .env("STAGEHOOK_MEDIA_ROOTS", "/media:/mnt/media");
    std::fs::write(
        studio.layout().root().join("stagehook.toml"),
        "sandbox = \"off\"\nlisten = \"0.0.0.0:1\"\n",
    )
    .unwrap();
    let shown = printed(output(config).await, 0);
    assert!(
        !shown.contains("canary-password") && !shown.contains(TOKEN),
        "{shown}"
    );
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        shown["listen"],
        json!({"value": "127.0.0.1:9", "source": "flag --listen"})
    );
    assert_eq!(shown["media_roots"]["value"], "/media:/mnt/media");
    assert_eq!(
        shown["media_roots"]["source"],
        "variable STAGEHOOK_MEDIA_ROOTS"
    );
    assert_eq!(shown["sandbox"]["value"], "off");
    assert!(
        shown["sandbox"]["source"]
            .as_str()
            .unwrap()
            .contains("stagehook.toml")
    );
    assert_eq!(shown["allow_private_network"]["source"], "default");

    std::fs::write(
        studio.layout().root().join("stagehook.toml"),
        "sand_box = \"off\"\n",
    )
    .unwrap();
    let refused = run(&studio, &["config"], 1).await;
    assert!(
        refused.contains("sand_box") && refused.contains("stagehook.toml"),
        "{refused}"
    );
}

async fn an_execution_is_taken_out_of_the_log_and_runs_again(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;
    let config = json!({
        "plugin": plugin, "settings": {"do": "loop"}, "limits": {"fuel": 20_000_000},
    });
    let hook = HookDraft::new("grade", "wasm", config);
    hook.create(&studio).await;
    studio.run(world.job, json!({"take": 7})).await;
    let log = studio.logs_of_job(world.job).await.remove(0);
    assert_eq!(log["status"], "out_of_fuel", "{log:#}");
    let id = log["id"].to_string();

    // The component comes from the server too.
    let from_log = ["plugin", "run", "--from-log", &id];
    let recording = [&from_log[..], &["--record", "a.rec"]].concat();
    let again = run_json(&studio, &recording, 2).await;
    assert_eq!(again["status"], "out_of_fuel");
    assert_eq!(again["error"], log["error"]);
    assert_eq!(again["input"]["metadata"], log["input"]["metadata"]);
    assert_eq!(again["logged"]["log_id"], log["id"]);
    let shown = run(&studio, &from_log, 2).await;
    assert!(shown.contains("here it came to the same"), "{shown}");

    let other = [&from_log[..], &["--settings", r#"{"do": "everything"}"#]].concat();
    assert_eq!(run_json(&studio, &other, 0).await["status"], "passed");

    let component = studio.layout().root().join("test_guest.wasm");
    std::fs::write(
        &component,
        stagehook_tests::plugins::component("test_guest"),
    )
    .unwrap();
    let component = component.to_str().unwrap();
    let replay = ["plugin", "run", component, "--replay", "a.rec"];
    let replayed = run_json(&studio, &replay, 2).await;
    assert_eq!(replayed["replay"]["same"], true, "{replayed:#}");
    assert_eq!(replayed["usage"]["fuel_used"], again["usage"]["fuel_used"]);
}

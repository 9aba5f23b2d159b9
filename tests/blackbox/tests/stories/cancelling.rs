//! Runs that are answered later, cancelled, or outlive their callers and a
//! server that is asked to stop. REQ-RUN-9, REQ-OPS-5

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{
    Answer, Client, Database, Gate, Studio, eventually, on_both_databases, until,
};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases!(
    an_answer_can_be_fetched_later,
    a_cancelled_run_ends_at_once,
    a_plugin_and_a_webhook_can_be_cancelled,
    a_run_outlives_its_caller,
    a_run_ends_with_its_caller_where_the_caller_says_so,
    a_run_does_not_end_with_a_caller_that_did_not_begin_it_or_was_answered,
    a_run_ends_with_the_command_that_waits_for_it,
    a_server_that_stops_finishes_what_runs,
    what_outlasts_the_grace_of_a_stop_is_interrupted,
    a_job_is_not_completed_while_a_stage_may_halt_it,
);

async fn start(client: &Client, job: i64) -> Answer {
    let request = client
        .request(
            Method::POST,
            &format!("/jobs/{job}/stages/post_segment/runs"),
        )
        .header("prefer", "respond-async")
        .json(&json!({"metadata": {"given": 1}}));
    client.send(request).await
}

async fn ended(client: &Client, run: &str) -> Value {
    eventually("the run has ended", || async {
        let run = client.get(run).await.ok();
        (run["status"] != "running").then_some(run)
    })
    .await
}

fn path_of(answer: &Answer) -> String {
    let location = answer.header("location").unwrap();
    location.strip_prefix("/api/v1").unwrap().to_owned()
}

async fn an_answer_can_be_fetched_later(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    studio.shell("waits", &gate.wait()).create(&studio).await;
    let answer = start(&studio, job).await;
    let run = path_of(&answer);
    assert_eq!(answer.header("preference-applied"), Some("respond-async"));
    let body = answer.expect(202);
    assert_eq!(body["status"], "running");
    assert_eq!(body["verdict"], Value::Null);
    assert_eq!(run, format!("/stage-runs/{}", body["id"].as_str().unwrap()));
    gate.reached().await;
    assert_eq!(studio.get(&run).await.ok()["status"], "running");
    gate.open();
    let ended = ended(&studio, &run).await;
    assert_eq!(ended["status"], "completed");
    assert_eq!(ended["verdict"], "proceed");
    assert_eq!(ended["metadata"], json!({"given": 1}));
    assert_eq!(ended["executions"][0]["status"], "passed");
    assert_eq!(
        studio.all(&format!("/jobs/{job}/stage-runs")).await,
        [ended]
    );
}

async fn a_cancelled_run_ends_at_once(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    let first = json!({"metadata": {"first": true}});
    studio
        .answering("first", &first)
        .order(1)
        .create(&studio)
        .await;
    let lines = format!("trap '' TERM\necho before\n{}", gate.wait());
    let waits = studio.shell("waits", &lines).config("timeout_seconds", 600);
    waits.blocks().order(2).create(&studio).await;
    studio
        .shell("never", "echo never")
        .order(3)
        .create(&studio)
        .await;
    let run = path_of(&start(&studio, job).await);
    gate.reached().await;
    let asked = studio.post(&format!("{run}/cancel"), &json!({})).await;
    asked.expect(202);
    let ended = ended(&studio, &run).await;
    assert_eq!(ended["status"], "cancelled");
    assert_eq!(ended["verdict"], Value::Null);
    assert_eq!(ended["metadata"], json!({"given": 1, "first": true}));
    assert_eq!(ended["not_run"][0]["name"], "never");
    let logs = studio.logs_of_job(job).await;
    assert_eq!(logs.len(), 2);
    assert_eq!(logs[1]["status"], "cancelled");
    assert_eq!(logs[1]["stdout"], "before\n");
    until("its process is gone", || !gate.process_lives()).await;
    // Nobody failed: the job runs on.
    assert_eq!(studio.show_job(job).await["status"], "running");

    let again = studio.post(&format!("{run}/cancel"), &json!({})).await;
    again.problem(409, "stage-run-ended");
    let nobody = "/stage-runs/00000000-0000-7000-8000-000000000000";
    let unknown = studio.post(&format!("{nobody}/cancel"), &json!({})).await;
    unknown.problem(404, "not-found");
    studio.get("/stage-runs/7").await.problem(404, "not-found");
    let audit = studio.all("/audit?subject_type=stage_run").await;
    assert_eq!(audit.len(), 1, "who cancelled it is on record: {audit:#?}");
}

async fn a_plugin_and_a_webhook_can_be_cancelled(on: Database) {
    let setup = stagehook_tests::Setup::default().with_private_network();
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    let receiver =
        stagehook_tests::receiver::Receiver::start([stagehook_tests::receiver::Script::Hang]).await;
    let plugin = studio.plugin("test_guest").await;
    let config = json!({"plugin": plugin, "settings": {"do": "sleep", "ms": 600_000},
        "limits": {"timeout_seconds": 600}});
    let sleeps = stagehook_tests::HookDraft::new("sleeps", "wasm", config);
    let sleeps = sleeps.create(&studio).await;
    let config = json!({"url": receiver.url("/"), "timeout_seconds": 600});
    let hangs = stagehook_tests::HookDraft::new("hangs", "webhook", config);
    for hook in [None, Some(hangs)] {
        if let Some(hook) = hook {
            studio
                .delete(&format!("/hooks/{}", sleeps.id))
                .await
                .expect(204);
            hook.create(&studio).await;
        }
        let job = studio.job(world.project, None).await;
        let run = path_of(&start(&studio, job).await);
        studio
            .post(&format!("{run}/cancel"), &json!({}))
            .await
            .expect(202);
        let ended = ended(&studio, &run).await;
        assert_eq!(ended["status"], "cancelled", "{ended:#}");
    }
}

async fn a_run_outlives_its_caller(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    studio.shell("waits", &gate.wait()).create(&studio).await;
    let client = studio.client();
    let path = format!("/jobs/{job}/stages/post_segment/runs");
    let caller = tokio::spawn(async move {
        let request = client.request(Method::POST, &path).json(&json!({}));
        client.try_send(request).await
    });
    gate.reached().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.open();
    let run = &studio.all(&format!("/jobs/{job}/stage-runs")).await[0];
    let run = format!("/stage-runs/{}", run["id"].as_str().unwrap());
    let ended = ended(&studio, &run).await;
    assert_eq!(ended["verdict"], "proceed");
    assert_eq!(studio.logs_of_job(job).await.len(), 1);
}

/// Asks for a stage, with this key, and goes away when the server waits for the
/// run. Returns when the server has seen that.
async fn ask_and_leave(studio: &Studio, path: &str, key: &str, body: &Value) {
    let address = studio.address().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nidempotency-key: {key}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
}

async fn a_run_ends_with_its_caller_where_the_caller_says_so(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let gate = Gate::closed(&studio, "gate");
    let lines = format!("echo before\n{}", gate.wait());
    let waits = studio.shell("waits", &lines).config("timeout_seconds", 600);
    waits.blocks().order(1).create(&studio).await;
    let never = studio.shell("never", "echo never").order(2);
    never.create(&studio).await;
    let path = format!("/jobs/{}/stages/post_segment/runs", world.job);
    let client = studio.client();
    let request = client.request(Method::POST, &path);
    let request = request.json(&json!({"on_disconnect": "cancel"}));
    let caller = tokio::spawn(async move { client.try_send(request).await });
    gate.reached().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());

    let run = &studio.all(&format!("/jobs/{}/stage-runs", world.job)).await[0];
    let run = format!("/stage-runs/{}", run["id"].as_str().unwrap());
    let ended = ended(&studio, &run).await;
    assert_eq!(ended["status"], "cancelled", "{ended:#}");
    assert_eq!(ended["verdict"], Value::Null);
    assert_eq!(ended["not_run"][0]["name"], "never");
    let logs = studio.logs_of_job(world.job).await;
    assert_eq!(logs.len(), 1);
    assert_eq!(logs[0]["status"], "cancelled");
    assert_eq!(logs[0]["stdout"], "before\n");
    until("its process is gone", || !gate.process_lives()).await;
    assert_eq!(studio.show_job(world.job).await["status"], "running");
    let audit = studio.all("/audit?subject_type=stage_run").await;
    assert_eq!(audit.len(), 1, "{audit:#?}");
    assert_eq!(audit[0]["action"], "stage_run.cancel");

    let wrong = studio.post(&path, &json!({"on_disconnect": "sulk"})).await;
    let problem = wrong.problem(422, "invalid-request");
    problem.at(["/on_disconnect"]);
}

async fn a_run_does_not_end_with_a_caller_that_did_not_begin_it_or_was_answered(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    studio.shell("waits", &gate.wait()).create(&studio).await;
    let path = format!("/jobs/{job}/stages/post_segment/runs");
    let body = json!({"on_disconnect": "cancel"});
    let request = studio
        .request(Method::POST, &path)
        .header("prefer", "respond-async")
        .header("idempotency-key", "shot-1")
        .json(&body);
    let run = path_of(&studio.send(request).await);
    gate.reached().await;
    ask_and_leave(&studio, &path, "shot-1", &body).await;
    gate.open();
    let ended = ended(&studio, &run).await;
    assert_eq!(ended["verdict"], "proceed", "{ended:#}");
    let audit = studio.all("/audit?subject_type=stage_run").await;
    assert!(audit.is_empty(), "{audit:#?}");
}

async fn a_run_ends_with_the_command_that_waits_for_it(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    let waits = studio.shell("waits", &gate.wait());
    waits.config("timeout_seconds", 600).create(&studio).await;
    let id = job.to_string();
    let arguments = ["stage", "run", "--job", &id, "--hook-point", "post_segment"];
    let mut command = command(
        studio.layout(),
        &[&arguments[..], &["--cancel-on-disconnect"]].concat(),
    );
    command
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", TOKEN);
    let mut command = command.spawn().unwrap();
    gate.reached().await;
    command.kill().unwrap();
    command.wait().unwrap();
    let run = &studio.all(&format!("/jobs/{job}/stage-runs")).await[0];
    let run = format!("/stage-runs/{}", run["id"].as_str().unwrap());
    let ended = ended(&studio, &run).await;
    assert_eq!(ended["status"], "cancelled", "{ended:#}");
}

async fn a_server_that_stops_finishes_what_runs(on: Database) {
    // REQ-OPS-5
    let mut studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    studio
        .shell("waits", &gate.wait())
        .order(1)
        .create(&studio)
        .await;
    studio
        .shell("after", "echo after")
        .order(2)
        .create(&studio)
        .await;
    let client = studio.client();
    let path = format!("/jobs/{job}/stages/post_segment/runs");
    let caller = tokio::spawn(async move {
        let request = client.request(Method::POST, &path).json(&json!({}));
        client.send(request).await
    });
    gate.reached().await;
    studio.server().terminate();
    // It takes no new callers…
    let client = studio.client();
    eventually("it takes no new connections", || async {
        let request = client
            .request(Method::GET, "//healthz")
            .timeout(Duration::from_secs(1));
        client.try_send(request).await.is_err().then_some(())
    })
    .await;
    // …and answers the one it has.
    gate.open();
    let answer = caller.await.unwrap().ok();
    assert_eq!(answer["verdict"], "proceed");
    assert_eq!(answer["executions"][1]["stdout"], "after\n");
    let status = studio.server().stopped().await;
    assert!(status.success(), "{status}");
    studio.start_again().await;
    let path = format!("/stage-runs/{}", answer["id"].as_str().unwrap());
    assert_eq!(studio.get(&path).await.ok(), answer);
}

async fn what_outlasts_the_grace_of_a_stop_is_interrupted(on: Database) {
    // REQ-OPS-5: nobody asked for it, so it is not cancelled, and what blocks
    // blocks.
    let mut studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    studio
        .shell("waits", &gate.wait())
        .blocks()
        .create(&studio)
        .await;
    let run = path_of(&start(&studio, job).await);
    gate.reached().await;
    studio.server().terminate();
    let status = studio.server().stopped().await;
    assert!(status.success(), "{status}");
    assert!(!gate.process_lives());

    studio.start_again().await;
    let run = studio.get(&run).await.ok();
    assert_eq!(run["status"], "interrupted");
    assert_eq!(run["verdict"], "halt");
    assert_eq!(run["executions"][0]["status"], "interrupted");
    let job = studio.show_job(job).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(job["needs_review"], true);
}

async fn a_job_is_not_completed_while_a_stage_may_halt_it(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    studio
        .shell("waits", &format!("{}exit 1", gate.wait()))
        .blocks()
        .create(&studio)
        .await;
    let run = path_of(&start(&studio, job).await);
    gate.reached().await;
    let complete = format!("/jobs/{job}/complete");
    studio
        .post(&complete, &json!({}))
        .await
        .problem(409, "stage-running");
    gate.open();
    assert_eq!(ended(&studio, &run).await["verdict"], "halt");
    assert_eq!(studio.show_job(job).await["status"], "failed");
}

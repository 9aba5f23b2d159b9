//! What a test console needs: sample inputs that are kept, and a test that can be
//! watched and ended. REQ-API-2, REQ-UI-3

use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::{Database, Gate, Studio, eventually, on_both_databases, table, until};
use std::time::Duration;

on_both_databases!(
    a_hook_keeps_its_test_cases,
    a_wrong_test_case_is_refused,
    a_large_test_case_is_refused,
    a_test_is_watched_while_it_runs,
    an_execution_id_is_used_once,
    an_execution_id_of_a_server_is_none_to_choose,
    a_test_without_a_record_frees_its_id,
    a_test_is_cancelled,
    a_test_ends_with_its_caller_where_the_caller_says_so,
    the_id_of_a_test_that_was_cut_off_is_free,
);

/// Only who hears nothing waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);

const CHOSEN: &str = "0199aaaa-0000-4000-8000-00000000c0de";

async fn a_hook_keeps_its_test_cases(on: Database) {
    let studio = Studio::open(on).await;
    let hook = studio.shell("grade", "echo graded").create(&studio).await;
    let cases = format!("/hooks/{}/test-cases", hook.id);
    assert_eq!(studio.all(&cases).await, [] as [Value; 0]);
    let dark =
        json!({"name": "dark", "input": {"metadata": {"take": 3}}, "expected_status": "passed"});
    let dark = studio.post(&cases, &dark).await.expect(201);
    let id = dark["id"].as_i64().unwrap();
    let input = json!({"segment_path": null, "metadata": {"take": 3}, "scene_context": {},
                       "job_id": null, "event": null, "data": {}});
    assert_eq!(
        dark,
        json!({"id": id, "hook_id": hook.id, "name": "dark", "input": input,
               "expected_status": "passed", "created_by": dark["created_by"],
               "created_at": dark["created_at"], "updated_at": dark["created_at"], "version": 1})
    );
    // What is kept can be sent as it is.
    let log = studio.test(&hook, dark["input"].clone()).await;
    assert_eq!(log["status"], dark["expected_status"]);
    let bright = studio
        .post(&cases, &json!({"name": "bright"}))
        .await
        .expect(201);
    assert_eq!(bright["expected_status"], Value::Null);
    let taken = studio.post(&cases, &json!({"name": "dark"})).await;
    taken.problem(409, "name-taken").at(["/name"]);

    let case = format!("{cases}/{id}");
    let darker = json!({"name": "darker", "version": 1});
    let changed = studio.put(&case, &darker).await.ok();
    assert_eq!(
        (&changed["id"], &changed["name"]),
        (&json!(id), &json!("darker"))
    );
    assert_eq!(changed["input"]["metadata"], json!({}));
    assert_eq!(changed["expected_status"], Value::Null);
    assert_eq!(changed["version"], 2);
    // Who read it before that would undo it unseen.
    let stale = studio.put(&case, &darker).await;
    let problem = stale.problem(409, "stale-version");
    problem.at(["/version"]);
    assert!(
        problem.detail.contains("test case has version 2"),
        "{}",
        problem.detail
    );
    assert_eq!(studio.all(&cases).await, [changed, bright]);
    studio.delete(&case).await.expect(204);
    studio.delete(&case).await.problem(404, "not-found");
    let audit = studio.all("/audit?subject_type=test_case").await;
    let actions: Vec<&str> = audit
        .iter()
        .rev()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "test_case.create",
            "test_case.create",
            "test_case.update",
            "test_case.delete"
        ]
    );
    // The trail says that another input is kept, and how long it is, but not what
    // it says.
    let (was, is) = (&audit[1]["before"], &audit[1]["after"]);
    assert_ne!(was["input_digest"], is["input_digest"]);
    assert_eq!(
        was["input_size_bytes"].as_i64().unwrap() - is["input_size_bytes"].as_i64().unwrap(),
        i64::try_from(r#""take":3"#.len()).unwrap()
    );
    assert!(!json!(audit).to_string().contains("take"));

    studio
        .delete(&format!("/hooks/{}", hook.id))
        .await
        .expect(204);
    studio.get(&cases).await.problem(404, "not-found");
    studio
        .post(&cases, &json!({"name": "dark"}))
        .await
        .problem(404, "not-found");
}

async fn a_wrong_test_case_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let hook = studio.shell("grade", "").create(&studio).await;
    let cases = format!("/hooks/{}/test-cases", hook.id);
    for (wrong, pointer) in [
        (json!({}), ""),
        (json!({"name": ""}), "/name"),
        (json!({"name": "a\nb"}), "/name"),
        (json!({"name": "a", "input": {"frame": 7}}), "/input"),
        (
            json!({"name": "a", "input": {"metadata": 7}}),
            "/input/metadata",
        ),
        (
            json!({"name": "a", "input": {"segment_path": "a\u{0}"}}),
            "/input/segment_path",
        ),
        (
            json!({"name": "a", "expected_status": "fine"}),
            "/expected_status",
        ),
        (json!({"name": "a", "version": 1}), ""),
    ] {
        let refused = studio.post(&cases, &wrong).await;
        let problem = refused.problem(422, "invalid-request");
        assert!(
            problem.pointers.iter().all(|at| at.starts_with(pointer)),
            "{wrong}"
        );
        assert_eq!(problem.pointers.len(), 1, "{wrong}");
    }
    assert_eq!(studio.all(&cases).await, [] as [Value; 0]);
    for nowhere in ["/hooks/999/test-cases", "/hooks/x/test-cases"] {
        studio.get(nowhere).await.problem(404, "not-found");
    }
    for nowhere in [
        format!("{cases}/x"),
        format!("{cases}/999"),
        "/hooks/999/test-cases/1".to_owned(),
    ] {
        let put = studio
            .put(&nowhere, &json!({"name": "a", "version": 1}))
            .await;
        put.problem(404, "not-found");
        studio.delete(&nowhere).await.problem(404, "not-found");
    }
}

async fn a_large_test_case_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let hook = studio.shell("grade", "").create(&studio).await;
    let cases = format!("/hooks/{}/test-cases", hook.id);
    let of_size =
        |bytes: usize| json!({"name": "a", "input": {"metadata": {"text": "x".repeat(bytes)}}});
    let change = |bytes: usize| {
        let mut change = of_size(bytes);
        change["version"] = json!(1);
        change
    };
    let kept = studio.post(&cases, &of_size(255 << 10)).await.expect(201);
    let case = format!("{cases}/{}", kept["id"]);
    let new = studio.post(&cases, &of_size(256 << 10)).await;
    let changed = studio.put(&case, &change(7 << 20)).await;
    for refused in [new, changed] {
        refused.problem(422, "invalid-request").at(["/input"]);
    }
    assert_eq!(studio.all(&cases).await, [kept]);
}

async fn a_test_is_watched_while_it_runs(on: Database) {
    let studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "gate");
    let lines = format!("echo begun\n{}", gate.wait());
    let hook = studio.shell("grade", &lines).create(&studio).await;
    let path = format!("/events/stream?event=hook_output&execution_id={CHOSEN}");
    let stream = studio.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    let client = studio.client();
    let path = format!("/hooks/{}/test", hook.id);
    let request = client.request(Method::POST, &path);
    let request = request.json(&json!({"execution_id": CHOSEN}));
    let test = tokio::spawn(async move { client.send(request).await });
    let mut bytes = stream.bytes_stream();
    let hear = async {
        let mut heard = String::new();
        while !heard.contains("begun") {
            let more = bytes.next().await.expect("the stream ended").unwrap();
            heard.push_str(std::str::from_utf8(&more).unwrap());
        }
        heard
    };
    let heard = tokio::time::timeout(PATIENCE, hear).await;
    let heard = heard.expect("nothing was heard of the test");
    assert!(heard.contains(CHOSEN), "{heard}");
    gate.open();
    let log = test.await.unwrap().ok();
    assert_eq!(
        (&log["execution_id"], &log["status"]),
        (&json!(CHOSEN), &json!("passed"))
    );
    assert_eq!(log["input"]["execution_id"], CHOSEN);
}

async fn an_execution_id_is_used_once(on: Database) {
    let studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "gate");
    let hook = studio.shell("grade", &gate.wait()).create(&studio).await;
    let path = format!("/hooks/{}/test", hook.id);
    let chosen = json!({"execution_id": CHOSEN});
    let client = studio.client();
    let request = client.request(Method::POST, &path).json(&chosen);
    let test = tokio::spawn(async move { client.send(request).await });
    gate.reached().await;
    let at_work = studio.post(&path, &chosen).await;
    at_work
        .problem(409, "execution-id-used")
        .at(["/execution_id"]);
    gate.open();
    test.await.unwrap().ok();
    let ended = studio.post(&path, &chosen).await;
    ended
        .problem(409, "execution-id-used")
        .at(["/execution_id"]);
    assert_eq!(
        studio.all(&format!("/hooks/{}/logs", hook.id)).await.len(),
        1
    );
    for wrong in ["", "7", "0199aaaa-0000-7000-8000-00000000c0dg"] {
        let refused = studio.post(&path, &json!({"execution_id": wrong})).await;
        refused
            .problem(422, "invalid-request")
            .at(["/execution_id"]);
    }
}

/// Of a hook that ran at a stage, or of a test under an id that the server made.
async fn an_execution_id_of_a_server_is_none_to_choose(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let hook = studio.shell("grade", "echo graded").create(&studio).await;
    studio.run(world.job, json!({})).await;
    studio.test(&hook, json!({})).await;
    let path = format!("/hooks/{}/test", hook.id);
    let logs = format!("/hooks/{}/logs", hook.id);
    let ran = studio.all(&logs).await;
    assert_eq!(ran.len(), 2);
    for log in &ran {
        let chosen = json!({"execution_id": log["execution_id"]});
        let refused = studio.post(&path, &chosen).await;
        let problem = refused.problem(422, "invalid-request");
        problem.at(["/execution_id"]);
        assert!(problem.detail.contains("version 4"), "{}", problem.detail);
    }
    assert_eq!(studio.all(&logs).await, ran);
}

async fn a_test_without_a_record_frees_its_id(on: Database) {
    let studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "gate");
    let hook = studio.shell("grade", &gate.wait()).create(&studio).await;
    let path = format!("/hooks/{}/test", hook.id);
    let chosen = json!({"execution_id": CHOSEN});
    let client = studio.client();
    let request = client.request(Method::POST, &path).json(&chosen);
    let test = tokio::spawn(async move { client.send(request).await });
    gate.reached().await;
    // The database takes no log for a while.
    table::execute(&studio, "ALTER TABLE hook_execution_logs RENAME TO away").await;
    gate.open();
    test.await.unwrap().problem(500, "internal-error");
    table::execute(&studio, "ALTER TABLE away RENAME TO hook_execution_logs").await;
    let log = eventually("the id is free", || async {
        let answer = studio.post(&path, &chosen).await;
        (answer.status != 409).then(|| answer.ok())
    })
    .await;
    assert_eq!(log["status"], "passed");
    let begun = "SELECT CAST(count(*) AS TEXT) FROM hook_test_runs";
    assert_eq!(table::texts(&studio, begun).await, ["0"]);
}

async fn a_test_is_cancelled(on: Database) {
    let studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "gate");
    // It minds no TERM.
    let lines = format!("trap '' TERM\necho before\n{}", gate.wait());
    let hook = studio.shell("grade", &lines).config("timeout_seconds", 600);
    let hook = hook.create(&studio).await;
    let cancel = format!("/executions/{CHOSEN}/cancel");
    studio
        .post(&cancel, &json!({}))
        .await
        .problem(404, "not-found");
    let client = studio.client();
    let request = client.request(Method::POST, &format!("/hooks/{}/test", hook.id));
    let request = request.json(&json!({"execution_id": CHOSEN}));
    let test = tokio::spawn(async move { client.send(request).await });
    gate.reached().await;
    studio.post(&cancel, &json!({})).await.expect(202);
    let log = test.await.unwrap().ok();
    assert_eq!(
        (&log["status"], &log["success"]),
        (&json!("cancelled"), &json!(false))
    );
    assert_eq!(log["stdout"], "before\n");
    until("its process is gone", || !gate.process_lives()).await;
    studio
        .post(&cancel, &json!({}))
        .await
        .problem(404, "not-found");
    let nobody = studio.post("/executions/7/cancel", &json!({})).await;
    nobody.problem(404, "not-found");
}

async fn a_test_ends_with_its_caller_where_the_caller_says_so(on: Database) {
    let studio = Studio::open(on).await;
    for (name, on_disconnect, status) in [
        ("stays", None, "passed"),
        ("continues", Some("continue"), "passed"),
        ("ends", Some("cancel"), "cancelled"),
    ] {
        let gate = Gate::closed(&studio, name);
        let lines = format!("echo before\n{}", gate.wait());
        let hook = studio.shell(name, &lines).config("timeout_seconds", 600);
        let hook = hook.create(&studio).await;
        let mut body = json!({});
        if let Some(on_disconnect) = on_disconnect {
            body["on_disconnect"] = json!(on_disconnect);
        }
        let client = studio.client();
        let request = client.request(Method::POST, &format!("/hooks/{}/test", hook.id));
        let request = request.json(&body);
        let caller = tokio::spawn(async move { client.try_send(request).await });
        gate.reached().await;
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        if status == "cancelled" {
            until("its process is gone", || !gate.process_lives()).await;
        } else {
            gate.open();
        }
        let log = eventually("the test is logged", || async {
            let mut logs = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
            logs.pop()
        })
        .await;
        assert_eq!(log["status"], status, "{name}: {log:#}");
        assert_eq!(log["stdout"], "before\n");
    }
}

async fn the_id_of_a_test_that_was_cut_off_is_free(on: Database) {
    let mut studio = Studio::open(on).await;
    let gate = Gate::closed(&studio, "gate");
    let hook = studio.shell("grade", &gate.wait()).create(&studio).await;
    let path = format!("/hooks/{}/test", hook.id);
    let chosen = json!({"execution_id": CHOSEN});
    let client = studio.client();
    let request = client.request(Method::POST, &path).json(&chosen);
    let test = tokio::spawn(async move { client.try_send(request).await });
    gate.reached().await;
    studio.crash().await;
    assert!(test.await.unwrap().is_err());
    gate.open();
    let log = studio.post(&path, &chosen).await.ok();
    assert_eq!(log["status"], "passed");
}

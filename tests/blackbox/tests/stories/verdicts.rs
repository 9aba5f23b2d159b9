//! What hooks do to a stage: patches, verdicts, warnings. REQ-RUN-1..4, 11

use serde_json::{Value, json};
use stagehook_tests::{Database, Studio, on_both_databases, table};

on_both_databases!(
    a_failure_warns_halts_or_is_ignored,
    patches_feed_the_next_hook_and_the_pipeline,
    the_patch_of_a_failed_hook_is_dropped,
    a_request_for_review_halts_whatever_the_failure_mode,
    a_skip_is_a_success,
    hooks_are_told_what_the_contract_says,
    a_stage_without_hooks_proceeds,
    a_test_changes_nothing_but_the_log,
);

fn statuses(answer: &Value) -> Vec<(&str, &str)> {
    let executions = answer["executions"].as_array().unwrap().iter();
    executions
        .map(|execution| {
            let name = execution["hook"]["name"].as_str().unwrap();
            (name, execution["status"].as_str().unwrap())
        })
        .collect()
}

async fn a_failure_warns_halts_or_is_ignored(on: Database) {
    // REQ-RUN-4
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let quiet = studio.shell("quiet", "exit 9").ignored().order(1);
    quiet.create(&studio).await;
    let loud = studio.shell("loud", "echo no >&2; exit 3").order(2);
    loud.create(&studio).await;
    let fine = studio.shell("fine", "echo fine").blocks().order(3);
    fine.create(&studio).await;

    let answer = studio.run(world.job, json!({"kept": 1})).await;
    assert_eq!(answer["verdict"], "proceed");
    assert_eq!(answer["status"], "completed");
    assert_eq!(
        statuses(&answer),
        [("quiet", "failed"), ("loud", "failed"), ("fine", "passed")]
    );
    assert_eq!(answer["warnings"], json!(["loud: exited with status 3"]));
    let loud = &answer["executions"][1];
    assert_eq!(loud["exit_code"], 3);
    assert_eq!(loud["stderr"], "no\n");
    assert_eq!(loud["success"], false);
    assert_eq!(loud["failure_mode"], "warn");
    assert_eq!(answer["not_run"], json!([]));
    assert_eq!(studio.show_job(world.job).await["status"], "running");
    assert_eq!(table::events_of_jobs(&studio).await, [""; 0]);

    let gate = studio.shell("gate", "exit 4").blocks().order(4);
    gate.create(&studio).await;
    let late = studio
        .shell("late", "echo late")
        .order(5)
        .create(&studio)
        .await;
    let answer = studio.run(world.job, json!({"kept": 1})).await;
    assert_eq!(answer["verdict"], "halt");
    assert_eq!(answer["status"], "completed");
    assert_eq!(statuses(&answer).last(), Some(&("gate", "failed")));
    assert_eq!(answer["not_run"][0]["id"], late.id);
    assert_eq!(answer["metadata"], json!({"kept": 1}));
    let job = studio.show_job(world.job).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(job["needs_review"], true);
    assert_eq!(job["review_reason"], "gate: exited with status 4");
    assert_eq!(
        table::events_of_jobs(&studio).await,
        ["hook_blocked", "job_failed", "job_review_requested"]
    );

    // The answer can be read again, and the logs say the same.
    let path = format!("/stage-runs/{}", answer["id"].as_str().unwrap());
    assert_eq!(studio.get(&path).await.ok(), answer);
    let logs = studio.logs_of_job(world.job).await;
    assert_eq!(logs.len(), 7);
    assert_eq!(logs[6]["id"], answer["executions"][3]["log_id"]);
    assert_eq!(logs[6]["stage_run_id"], answer["id"]);
    assert_eq!(logs[6]["error"], "exited with status 4");
    assert!(logs.iter().all(|log| log["hook"]["id"] != late.id));
}

async fn patches_feed_the_next_hook_and_the_pipeline(on: Database) {
    // REQ-RUN-3, RFC 7396
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let first = json!({"metadata": {
        "color": {"space": "bt709", "old": null}, "gone": null, "list": [1, 2], "text": "é\u{0}…",
    }});
    let first = studio.answering("first", &first).order(1);
    first.create(&studio).await;
    let second = json!({"metadata": {"color": {"range": "full"}, "list": [3]}});
    let second = studio.answering("second", &second).order(2);
    second.create(&studio).await;

    let given =
        json!({"color": {"old": true, "kept": 1}, "gone": 1, "big": 9_007_199_254_740_993_u64});
    let answer = studio.run(world.job, given.clone()).await;
    let after_first = json!({
        "color": {"space": "bt709", "kept": 1}, "list": [1, 2], "text": "é\u{0}…",
        "big": 9_007_199_254_740_993_u64,
    });
    let after_second = json!({
        "color": {"space": "bt709", "kept": 1, "range": "full"}, "list": [3], "text": "é\u{0}…",
        "big": 9_007_199_254_740_993_u64,
    });
    assert_eq!(answer["metadata"], after_second);
    let logs = studio.logs_of_job(world.job).await;
    assert_eq!(logs[0]["input"]["metadata"], given);
    assert_eq!(logs[1]["input"]["metadata"], after_first);
    assert_eq!(logs[1]["result"]["metadata"]["list"], json!([3]));
    let path = format!("/stage-runs/{}", answer["id"].as_str().unwrap());
    assert_eq!(studio.get(&path).await.ok()["metadata"], after_second);
}

async fn the_patch_of_a_failed_hook_is_dropped(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let patch = |status: &str| json!({"status": status, "message": "measured", "metadata": {"seen": status}});
    let says_fail = studio.answering("says_fail", &patch("fail")).order(1);
    says_fail.create(&studio).await;
    let exits = stagehook_tests::studio::answer_with(&patch("pass")) + "exit 3";
    studio.shell("exits", &exits).order(2).create(&studio).await;

    let answer = studio.run(world.job, json!({"kept": 1})).await;
    assert_eq!(answer["verdict"], "proceed");
    assert_eq!(
        statuses(&answer),
        [("says_fail", "failed"), ("exits", "failed")]
    );
    assert_eq!(answer["metadata"], json!({"kept": 1}));
    assert_eq!(
        answer["warnings"],
        json!([
            "says_fail: measured",
            "exits: exited with status 3: measured"
        ])
    );
    let logs = studio.logs_of_job(world.job).await;
    assert_eq!(logs[1]["input"]["metadata"], json!({"kept": 1}));
    assert_eq!(
        logs[0]["result"]["metadata"],
        json!({"seen": "fail"}),
        "what it measured is still in its log"
    );
}

async fn a_request_for_review_halts_whatever_the_failure_mode(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let result =
        json!({"status": "needs_review", "message": "too dark?", "metadata": {"dark": true}});
    let looks = studio.answering("looks", &result).ignored().order(1);
    looks.create(&studio).await;
    let late = studio
        .shell("late", "echo late")
        .order(2)
        .create(&studio)
        .await;

    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "halt");
    assert_eq!(statuses(&answer), [("looks", "needs_review")]);
    assert_eq!(answer["executions"][0]["success"], false);
    assert_eq!(answer["metadata"], json!({"dark": true}));
    assert_eq!(answer["not_run"][0]["id"], late.id);
    let job = studio.show_job(world.job).await;
    assert_eq!(job["status"], "failed");
    assert_eq!(job["needs_review"], true);
    assert_eq!(job["review_reason"], "looks: too dark?");
}

async fn a_skip_is_a_success(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let result = json!({"status": "skip", "message": "no sound here"});
    let skips = studio.answering("skips", &result).blocks();
    skips.create(&studio).await;

    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "proceed");
    assert_eq!(statuses(&answer), [("skips", "skipped")]);
    assert_eq!(answer["executions"][0]["success"], true);
    assert_eq!(answer["executions"][0]["error"], Value::Null);
    assert_eq!(answer["warnings"], json!([]));
    let successes = format!("/jobs/{}/hook-logs?success=true", world.job);
    assert_eq!(studio.all(&successes).await.len(), 1);
}

async fn hooks_are_told_what_the_contract_says(on: Database) {
    // REQ-RUN-2, REQ-RUN-11
    let studio = Studio::open(on).await;
    let project = studio.project("feature").await;
    let scene_type = studio.scene_type(project, "interior").await;
    let workflow = json!({"name": "dailies", "version": "1.2", "parameters": {"look": "noir"}});
    let job = json!({
        "project_id": project, "scene_type_id": scene_type,
        "external_ref": "shot_010", "workflow": workflow,
    });
    let job = studio.post("/jobs", &job).await.expect(201);
    assert_eq!(job["workflow"], workflow);
    let job_id = job["id"].as_i64().unwrap();
    let result = json!({"message": "hello", "metrics": {"delta_e": 1.7}});
    let first = studio.answering("first", &result).order(1);
    let first = first.create(&studio).await;
    let echo = studio
        .shell("echo", "cat; echo; env | grep ^STAGEHOOK_ | sort")
        .config("timeout_seconds", 7)
        .config("args", json!(["--strength", "high"]))
        .in_project(project)
        .order(2);
    let echo = echo.create(&studio).await;

    let input = json!({
        "segment_path": "/media/job/seg_003.mp4",
        "metadata": {"a": 1},
        "scene_context": {"location": "meadow", "workflow": "the job's wins"},
    });
    let answer = studio.try_run(job_id, "post_segment", &input).await.ok();
    let printed = answer["executions"][1]["stdout"].as_str().unwrap();
    let (told, environment) = printed.split_once('\n').unwrap();
    let told: Value = serde_json::from_str(told).unwrap();
    assert_eq!(told["schema"], "hook/1");
    assert_eq!(
        told["hook"],
        json!({"id": echo.id, "name": "echo", "version": 1, "source": "project"})
    );
    assert_eq!(
        told["job"],
        json!({
            "id": job_id, "project_id": project, "scene_type_id": scene_type,
            "external_ref": "shot_010",
        })
    );
    assert_eq!(told["trigger"], json!({"hook_point": "post_segment"}));
    assert_eq!(told["segment_path"], "/media/job/seg_003.mp4");
    assert_eq!(told["metadata"], json!({"a": 1}));
    assert_eq!(
        told["scene_context"],
        json!({"location": "meadow", "workflow": workflow})
    );
    assert_eq!(told["hook_config"], echo.document["config"]);
    assert_eq!(told["attempt"], 1);
    assert_eq!(told["deadline_ms"], 7000);
    assert_eq!(told["dry_run"], false);
    assert_eq!(told["inherited"], Value::Null);
    let previous = &told["previous_results"][0];
    assert_eq!(previous["hook"]["id"], first.id);
    assert_eq!(previous["status"], "passed");
    assert_eq!(previous["result"]["message"], "hello");
    assert_eq!(previous["result"]["metrics"]["delta_e"], 1.7);
    assert_eq!(told["previous_results"].as_array().unwrap().len(), 1);
    for line in [
        "STAGEHOOK_HOOK_POINT=post_segment",
        "STAGEHOOK_SEGMENT_PATH=/media/job/seg_003.mp4",
        &format!("STAGEHOOK_JOB_ID={job_id}"),
    ] {
        assert!(
            environment.lines().any(|found| found == line),
            "{environment}"
        );
    }
    // The server's own environment stays its own.
    assert!(!printed.contains(stagehook_tests::server::TOKEN));
    assert!(!environment.contains("ADMIN_TOKEN"), "{environment}");

    let log = &studio.logs_of_job(job_id).await[1];
    assert_eq!(log["input"], told, "the log keeps what was sent");
    assert_eq!(log["execution_id"], told["execution_id"]);
}

async fn a_stage_without_hooks_proceeds(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    for point in [
        "post_variant",
        "pre_segment",
        "post_segment",
        "pre_concatenation",
        "post_delivery",
    ] {
        let input = json!({"metadata": {"a": [null, 1.5]}});
        let answer = studio.try_run(world.job, point, &input).await.ok();
        assert_eq!(answer["verdict"], "proceed", "{point}");
        assert_eq!(answer["hook_point"], point);
        assert_eq!(answer["metadata"], json!({"a": [null, 1.5]}));
        assert_eq!(answer["executions"], json!([]));
    }
    let runs = studio.all(&format!("/jobs/{}/stage-runs", world.job)).await;
    assert_eq!(runs.len(), 5);
    assert_eq!(runs[0]["hook_point"], "post_delivery", "newest first");
    // An empty body is an empty input.
    let path = format!("/jobs/{}/stages/post_segment/runs", world.job);
    let answer = studio
        .send(studio.request(reqwest::Method::POST, &path))
        .await;
    assert_eq!(answer.ok()["metadata"], json!({}));
}

async fn a_test_changes_nothing_but_the_log(on: Database) {
    // REQ-API-2
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let patch = json!({"status": "fail", "metadata": {"patched": true}});
    let hook = studio.answering("gate", &patch).blocks();
    let hook = hook.disabled().create(&studio).await;
    let before = studio.show_job(world.job).await;

    let sample = json!({
        "job_id": world.job, "segment_path": "/x.mp4",
        "metadata": {"a": 1}, "scene_context": {"b": 2},
    });
    let log = studio.test(&hook, sample).await;
    assert_eq!(log["status"], "failed");
    assert_eq!(log["is_test"], true);
    assert_eq!(log["stage_run_id"], Value::Null);
    assert_eq!(log["input"]["dry_run"], true);
    assert_eq!(log["input"]["metadata"], json!({"a": 1}));
    assert_eq!(log["input"]["job"]["id"], world.job);
    assert_eq!(log["result"]["metadata"], json!({"patched": true}));

    assert_eq!(studio.show_job(world.job).await, before);
    let runs = format!("/jobs/{}/stage-runs", world.job);
    assert_eq!(studio.all(&runs).await, [Value::Null; 0]);
    assert_eq!(table::events_of_jobs(&studio).await, [""; 0]);
    let logs = studio
        .all(&format!("/hooks/{}/logs?is_test=true", hook.id))
        .await;
    assert_eq!(logs, [log]);
    // Every part of the sample is optional.
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["input"]["metadata"], json!({}));
    assert_eq!(log["input"]["job"], Value::Null);
}

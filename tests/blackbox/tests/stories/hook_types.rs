//! All four kinds of hooks in one stage run, with one input and one contract.

use serde_json::{Value, json};
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{Database, HookDraft, Setup, Studio, on_both_databases};

on_both_databases!(
    all_four_types_answer_one_stage,
    a_failure_of_each_type_halts_a_stage,
);

async fn all_four_types_answer_one_stage(on: Database) {
    let tracker = Receiver::start([Script::ok(
        json!({
            "message": "tracked", "metadata": {"by": {"webhook": 3}},
            "annotations": [{"level": "info", "message": "take 3", "start_ms": 0, "end_ms": 900}],
        })
        .to_string(),
    )])
    .await;
    let studio = Studio::with(on, Setup::default().with_private_network()).await;
    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;

    let shell = json!({"message": "graded", "metadata": {"by": {"shell": 1}},
        "artifacts": [{"path": "seg.graded.mp4", "mime": "video/mp4"}]});
    let shell = studio.answering("shell", &shell).order(1);
    shell.create(&studio).await;
    let python = studio.python(
        "python",
        "import json, os, sys\n\
         told = json.load(sys.stdin)\n\
         seen = sorted(told['metadata']['by'])\n\
         json.dump({'message': 'named', 'metadata': {'by': {'python': seen}}, 'metrics': {'n': 1}},\n\
         \x20   open(os.environ['STAGEHOOK_RESULT_FILE'], 'w'))\n\
         print('told', told['segment_path'])\n",
    );
    python.order(2).create(&studio).await;
    let webhook = json!({"url": tracker.url("/track?shot=1")});
    let webhook = HookDraft::new("webhook", "webhook", webhook).order(3);
    webhook.create(&studio).await;
    let wasm = json!({"plugin": plugin, "settings": {"do": "echo"}});
    let wasm = HookDraft::new("wasm", "wasm", wasm).order(4);
    wasm.create(&studio).await;

    let segment = studio.layout().media().join("seg.mp4");
    std::fs::write(&segment, "frames").unwrap();
    let input = json!({
        "segment_path": segment, "metadata": {"by": {}, "kept": true},
        "scene_context": {"location": "meadow"},
    });
    let answer = studio.try_run(world.job, "post_segment", &input).await.ok();
    assert_eq!(answer["verdict"], "proceed", "{answer}");
    let executions = answer["executions"].as_array().unwrap();
    let kinds: Vec<_> = executions
        .iter()
        .map(|e| (&e["hook_type"], &e["status"]))
        .collect();
    assert_eq!(
        kinds,
        ["shell", "python", "webhook", "wasm"]
            .map(|kind| (json!(kind), json!("passed")))
            .iter()
            .map(|(kind, status)| (kind, status))
            .collect::<Vec<_>>(),
        "{answer}"
    );

    // Each patched what the one before had left, and the guest saw it all.
    let by = json!({"shell": 1, "python": ["shell"], "webhook": 3});
    assert_eq!(answer["metadata"]["by"], by);
    assert_eq!(answer["metadata"]["kept"], true);
    let echo = &answer["metadata"]["echo"];
    assert_eq!(echo["metadata"], json!({"by": by, "kept": true}));
    assert_eq!(echo["scene_context"], json!({"location": "meadow"}));
    assert_eq!(echo["job"]["id"], world.job);
    assert_eq!(echo["hook"]["name"], "wasm");
    assert_eq!(echo["previous_results"].as_array().unwrap().len(), 3);

    assert_eq!(
        executions[0]["result"]["artifacts"][0]["path"],
        "seg.graded.mp4"
    );
    assert_eq!(executions[1]["result"]["metrics"]["n"], 1.0);
    let printed = format!("told {}\n", segment.display());
    assert_eq!(executions[1]["stdout"], printed);
    assert_eq!(executions[2]["result"]["annotations"][0]["end_ms"], 900);
    assert_eq!(executions[2]["usage"]["http_status"], 200);
    assert!(executions[3]["usage"]["fuel_used"].as_u64() > Some(0));

    // All were told the same way: the log of each has the whole input.
    let logs = studio.logs_of_job(world.job).await;
    for log in &logs {
        assert_eq!(log["input"]["schema"], "hook/1");
        assert_eq!(log["input"]["segment_path"], input["segment_path"]);
        assert_eq!(log["input"]["scene_context"], input["scene_context"]);
        assert_eq!(log["input"]["hook"]["name"], log["hook"]["name"]);
    }
    let received = tracker.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].line, "POST /track?shot=1 HTTP/1.1");
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(body, logs[2]["input"]);
}

async fn a_failure_of_each_type_halts_a_stage(on: Database) {
    let tracker = Receiver::start([Script::status(500)]).await;
    let studio = Studio::with(on, Setup::default().with_private_network()).await;
    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;
    let hooks = [
        studio.shell("shell", "exit 1").at("post_variant"),
        studio
            .python("python", "raise SystemExit('no such lut')")
            .at("pre_segment"),
        HookDraft::new("webhook", "webhook", json!({"url": tracker.url("/")})),
        HookDraft::new(
            "wasm",
            "wasm",
            json!({"plugin": plugin, "settings": {"do": "fail"}}),
        )
        .at("pre_concatenation"),
    ];
    for hook in hooks {
        let hook = hook.blocks().create(&studio).await;
        let name = hook.document["name"].as_str().unwrap();
        let point = hook.document["hook_point"].as_str().unwrap();
        let job = studio.job(world.project, None).await;
        let answer = studio.try_run(job, point, &json!({})).await.ok();
        assert_eq!(answer["verdict"], "halt", "{answer}");
        assert_eq!(answer["executions"][0]["status"], "failed", "{answer}");
        let reason = studio.show_job(job).await["review_reason"].clone();
        let why = match name {
            "shell" | "python" => "exited with status 1",
            "webhook" => "500",
            _ => "asked to fail",
        };
        let reason = reason.as_str().unwrap();
        assert!(reason.starts_with(name) && reason.contains(why), "{reason}");
    }
}

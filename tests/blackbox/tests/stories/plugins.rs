//! Plugins: what they may touch, and what ends them. REQ-WASM-1..3

use serde_json::{Value, json};
use stagehook_tests::plugins::{clip, component};
use stagehook_tests::{Database, HookDraft, Setup, Studio, on_both_databases};
use std::fs;

on_both_databases!(
    each_limit_ends_a_plugin_in_its_own_way,
    a_plugin_can_reach_nothing_by_default,
    a_grant_for_reading_is_not_one_for_writing,
    secrets_reach_only_whom_they_are_granted,
    settings_are_checked_by_the_plugin_itself,
    a_real_clip_is_probed_inside_the_sandbox,
    plugins_survive_a_restart,
);

fn guest(plugin: &str, behaviour: &Value) -> HookDraft {
    let name = behaviour["do"].as_str().unwrap().to_owned();
    let config = json!({"plugin": plugin, "settings": behaviour});
    HookDraft::new(&name, "wasm", config)
}

async fn each_limit_ends_a_plugin_in_its_own_way(on: Database) {
    // REQ-WASM-2, REQ-WASM-3
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;
    let looping =
        guest(&plugin, &json!({"do": "loop"})).config("limits", json!({"fuel": 20_000_000}));
    looping.order(1).create(&studio).await;
    let sleeping = guest(&plugin, &json!({"do": "sleep", "ms": 600_000}));
    let sleeping = sleeping.config("limits", json!({"timeout_seconds": 1}));
    sleeping.order(2).create(&studio).await;
    let hungry =
        guest(&plugin, &json!({"do": "allocate"})).config("limits", json!({"memory_mib": 24}));
    hungry.order(3).create(&studio).await;
    let deep = guest(&plugin, &json!({"do": "recurse"})).order(4);
    deep.create(&studio).await;
    let panics = guest(&plugin, &json!({"do": "panic"})).order(5);
    panics.create(&studio).await;
    let fine = guest(&plugin, &json!({"do": "work", "rounds": 10})).order(6);
    fine.create(&studio).await;

    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "proceed");
    let executions = answer["executions"].as_array().unwrap();
    let statuses: Vec<&str> = executions
        .iter()
        .map(|execution| execution["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        [
            "out_of_fuel",
            "timed_out",
            "out_of_memory",
            "limit_exceeded",
            "failed",
            "passed"
        ],
        "{answer:#}"
    );
    let usage = |i: usize, key: &str| executions[i]["usage"][key].as_f64().unwrap();
    let error = |i: usize| executions[i]["error"].as_str().unwrap();
    // Each says what was allowed, and what was used.
    assert!(error(0).contains("20000000"), "{}", error(0));
    assert!(usage(0, "fuel_used") >= 19_000_000.0, "{answer:#}");
    assert!(error(1).contains("1 s"), "{}", error(1));
    assert!(usage(1, "host_call_ms") >= 900.0, "{answer:#}");
    assert!(usage(1, "fuel_used") < 20_000_000.0, "it slept: {answer:#}");
    assert!(executions[1]["duration_ms"].as_i64().unwrap() < 30_000);
    assert!(error(2).contains("24 MiB"), "{}", error(2));
    let peak = usage(2, "peak_memory_bytes");
    let mib = f64::from(1 << 20);
    assert!(peak <= 24.0 * mib && peak > 12.0 * mib, "{peak}");
    assert!(error(3).contains("stack"), "{}", error(3));
    let logs = studio.logs_of_job(world.job).await;
    for (log, execution) in logs.iter().zip(executions) {
        assert_eq!(log["usage"], execution["usage"]);
        assert_eq!(log["status"], execution["status"]);
    }
}

async fn a_plugin_can_reach_nothing_by_default(on: Database) {
    // REQ-WASM-1
    let setup = Setup::default().variable("CANARY", "canary-5d1f");
    let studio = Studio::with(on, setup).await;
    let plugin = studio.plugin("test_guest").await;
    let segment = studio.layout().media().join("seg.mp4");
    fs::write(&segment, "frames").unwrap();
    let reach = async |behaviour: Value| {
        let hook = guest(&plugin, &behaviour).create(&studio).await;
        let log = studio.test(&hook, json!({"segment_path": segment})).await;
        assert_eq!(log["status"], "passed", "{log:#}");
        let path = format!("/hooks/{}", hook.id);
        studio.delete(&path).await.expect(204);
        log["result"]["metadata"].clone()
    };
    assert_eq!(reach(json!({"do": "list"})).await["ok"], json!([]));
    let environment = reach(json!({"do": "env"})).await;
    assert_eq!(environment["ok"]["environment"], json!({}));
    assert_eq!(environment["ok"]["stdin"], "");
    for path in ["/etc/passwd", "/segment/seg.mp4", segment.to_str().unwrap()] {
        let found = reach(json!({"do": "read", "path": path})).await;
        assert!(found["error"].is_string(), "{path}: {found}");
    }
    let address = studio.address().strip_prefix("http://").unwrap();
    let found = reach(json!({"do": "connect", "address": address})).await;
    assert!(found["error"].is_string(), "{found}");
}

async fn a_grant_for_reading_is_not_one_for_writing(on: Database) {
    let studio = Studio::open(on).await;
    let plugin = studio.plugin("test_guest").await;
    let job = studio.layout().media().join("job");
    fs::create_dir(&job).unwrap();
    let segment = job.join("seg.mp4");
    fs::write(&segment, "frames").unwrap();
    std::os::unix::fs::symlink("/etc", job.join("out")).unwrap();
    let reach = async |behaviour: Value, grants: Value| {
        let hook = guest(&plugin, &behaviour).config("grants", grants);
        let hook = hook.create(&studio).await;
        let log = studio.test(&hook, json!({"segment_path": segment})).await;
        let path = format!("/hooks/{}", hook.id);
        studio.delete(&path).await.expect(204);
        log
    };
    let patch = |log: &Value| log["result"]["metadata"].clone();
    let read = json!({"segment": "read"});
    let log = reach(
        json!({"do": "read", "path": "/segment/seg.mp4"}),
        read.clone(),
    )
    .await;
    assert_eq!(patch(&log), json!({"ok": "frames"}));
    for (i, change) in [
        json!({"do": "write", "path": "/segment/seg.mp4", "text": "x"}),
        json!({"do": "write", "path": "/segment/new", "text": "x"}),
        json!({"do": "append", "path": "/segment/seg.mp4"}),
        json!({"do": "truncate", "path": "/segment/seg.mp4"}),
        json!({"do": "rename", "from": "/segment/seg.mp4", "to": "/segment/new"}),
        json!({"do": "hard_link", "from": "/segment/seg.mp4", "to": "/segment/new"}),
        json!({"do": "symlink", "target": "seg.mp4", "link": "/segment/new"}),
        json!({"do": "remove", "path": "/segment/seg.mp4"}),
        json!({"do": "make_directory", "path": "/segment/new"}),
        json!({"do": "read", "path": "/segment/out/hostname"}),
        json!({"do": "read", "path": "/segment/../job/seg.mp4"}),
    ]
    .into_iter()
    .enumerate()
    {
        let log = reach(change, read.clone()).await;
        assert!(patch(&log)["error"].is_string(), "{i}: {log:#}");
    }
    assert_eq!(fs::read(&segment).unwrap(), b"frames");
    assert_eq!(fs::read_dir(&job).unwrap().count(), 2);

    let write = json!({"directories": [{"host": job, "guest": "/job", "access": "write"}]});
    let log = reach(
        json!({"do": "write", "path": "/job/made", "text": "graded"}),
        write,
    )
    .await;
    assert_eq!(patch(&log), json!({"ok": null}), "{log:#}");
    assert_eq!(fs::read(job.join("made")).unwrap(), b"graded");

    // A directory that led out after the hook was saved is refused as it runs.
    let moved = studio.layout().media().join("moved");
    fs::create_dir(&moved).unwrap();
    let grants = json!({"directories": [{"host": moved, "guest": "/moved", "access": "read"}]});
    let hook = guest(&plugin, &json!({"do": "read_directory", "path": "/moved"}));
    let hook = hook.config("grants", grants).create(&studio).await;
    assert_eq!(studio.test(&hook, json!({})).await["status"], "passed");
    fs::remove_dir(&moved).unwrap();
    std::os::unix::fs::symlink("/etc", &moved).unwrap();
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["status"], "refused", "{log:#}");
    assert_eq!(log["success"], false);
}

async fn secrets_reach_only_whom_they_are_granted(on: Database) {
    let setup = Setup::default().variable("STAGEHOOK_SECRET_TRACKER_TOKEN", "canary-of-secrets");
    let studio = Studio::with(on, setup).await;
    let plugin = studio.plugin("secret_guest").await;
    let hook = |grants: Value| {
        let config =
            json!({"plugin": plugin, "settings": {"name": "tracker-token"}, "grants": grants});
        HookDraft::new("asks", "wasm", config)
    };
    // Its import without a grant is told when the hook is saved.
    let refused = studio.post("/hooks", hook(json!({})).body()).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/grants/secrets"]);
    let unknown = hook(json!({"secrets": ["tracker-token", "nobody"]}));
    let refused = studio.post("/hooks", unknown.body()).await;
    let problem = refused.problem(422, "invalid-request");
    problem.at(["/config/grants/secrets/1"]);
    assert!(
        problem.detail.contains("STAGEHOOK_SECRET_NOBODY"),
        "{}",
        problem.detail
    );
    assert_eq!(studio.all("/hooks").await, [Value::Null; 0]);

    let granted = hook(json!({"secrets": ["tracker-token"]}))
        .create(&studio)
        .await;
    let log = studio.test(&granted, json!({})).await;
    assert_eq!(log["status"], "passed", "{log:#}");
    assert_eq!(
        log["result"]["metadata"]["length"],
        "canary-of-secrets".len()
    );
    assert!(
        log["stderr"].as_str().unwrap().contains("[redacted]"),
        "{log:#}"
    );
    // It printed the secret, and the secret is nowhere to be seen.
    for path in ["/hooks", "/audit", &format!("/hooks/{}/logs", granted.id)] {
        let shown = studio.get(path).await.text;
        assert!(!shown.contains("canary-of-secrets"), "{path}: {shown}");
    }
    assert!(!studio.layout().printed().contains("canary-of-secrets"));
}

async fn settings_are_checked_by_the_plugin_itself(on: Database) {
    let studio = Studio::open(on).await;
    let plugin = studio.plugin("test_guest").await;
    let refused = guest(&plugin, &json!({"do": "sleep", "ms": 3_600_001}));
    let refused = studio.post("/hooks", refused.body()).await;
    let problem = refused.problem(422, "invalid-request");
    problem.at(["/config/settings/ms"]);
    assert!(
        problem.detail.contains("longer than an hour"),
        "{}",
        problem.detail
    );
    for settings in [
        json!({}),
        json!({"do": "fly"}),
        json!({"do": "sleep", "ms": "long"}),
    ] {
        let config = json!({"plugin": plugin, "settings": settings});
        let refused = studio
            .post("/hooks", HookDraft::new("x", "wasm", config).body())
            .await;
        let problem = refused.problem(422, "invalid-request");
        let below = |pointer: &String| pointer.starts_with("/config/settings");
        assert!(
            problem.pointers.iter().all(below),
            "{settings}: {:?}",
            problem.pointers
        );
    }
    assert_eq!(studio.all("/hooks").await, [Value::Null; 0]);
    let hook = guest(&plugin, &json!({"do": "skip"})).create(&studio).await;
    let spoilt = guest(&plugin, &json!({"do": "sleep", "ms": 3_600_001})).with("version", 1);
    let refused = studio
        .put(&format!("/hooks/{}", hook.id), spoilt.body())
        .await;
    refused.problem(422, "invalid-request");
    let kept = studio.get(&format!("/hooks/{}", hook.id)).await.ok();
    assert_eq!(kept, hook.document);
}

async fn a_real_clip_is_probed_inside_the_sandbox(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let plugin = studio.plugin("media_probe").await;
    let segment = studio.layout().media().join("clip.mp4");
    fs::copy(clip(), &segment).unwrap();
    let config = json!({"plugin": plugin, "grants": {"segment": "read"}});
    let probe = HookDraft::new("probe", "wasm", config).blocks();
    probe.create(&studio).await;
    let input = json!({"segment_path": segment});
    let answer = studio.try_run(world.job, "post_segment", &input).await.ok();
    assert_eq!(answer["verdict"], "proceed", "{answer:#}");
    let media = &answer["metadata"]["media"];
    assert!(media["width"].as_u64() > Some(0), "{media}");
    assert!(media["duration_seconds"].as_f64() > Some(0.0), "{media}");
}

async fn plugins_survive_a_restart(on: Database) {
    // REQ-WASM-6
    let mut studio = Studio::open(on).await;
    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;
    guest(&plugin, &json!({"do": "everything"}))
        .create(&studio)
        .await;
    let first = studio.run(world.job, json!({})).await;
    studio.crash().await;
    let second = studio.run(world.job, json!({})).await;
    assert_eq!(second["metadata"], json!({"color": {"space": "bt709"}}));
    assert_eq!(second["metadata"], first["metadata"]);
    let again = studio.upload(component("test_guest")).await.expect(201);
    let mut entry = again;
    entry["versions"] = json!(1);
    assert_eq!(studio.all("/plugins").await, [entry]);
}

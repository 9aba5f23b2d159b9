//! What a server counts, and compiled plugins that outlive it. REQ-API-6,
//! REQ-WASM-6

use serde_json::json;
use stagehook_tests::{Database, HookDraft, Studio, eventually, on_both_databases};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

on_both_databases!(
    what_was_run_is_counted,
    a_restart_compiles_nothing_and_believes_nothing_that_was_changed,
);

async fn metrics(studio: &Studio) -> String {
    let answer = studio.get("//metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

/// The number on the line of this series.
fn number(metrics: &str, series: &str) -> u64 {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let line = line.unwrap_or_else(|| panic!("no {series} in\n{metrics}"));
    line.parse().unwrap()
}

async fn what_was_run_is_counted(on: Database) {
    let studio = Studio::open(on).await;
    // Who may know what a studio runs is who has its token.
    for token in [None, Some("wrong")] {
        let stranger = studio.with_token(token);
        let refused = stranger.get("//metrics").await;
        refused.problem(401, "unauthorized");
    }
    assert!(
        !metrics(&studio)
            .await
            .contains("stagehook_plugin_calls_total{")
    );

    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;
    let guest = |settings| {
        let config = json!({"plugin": plugin, "settings": settings});
        HookDraft::new("guest", "wasm", config)
    };
    let hook = guest(json!({"do": "work", "rounds": 1000}));
    hook.create(&studio).await;
    let mut fuel = 0;
    for _ in 0..3 {
        let answer = studio.run(world.job, json!({})).await;
        fuel += answer["executions"][0]["usage"]["fuel_used"]
            .as_u64()
            .unwrap();
    }
    let failing = guest(json!({"do": "panic"})).with("name", "failing");
    let failing = failing.create(&studio).await;
    studio.test(&failing, json!({})).await;

    let text = metrics(&studio).await;
    let of_plugin = |name: &str| format!("stagehook_plugin_{name}{{plugin=\"{plugin}\"}}");
    let calls = |status: &str| {
        format!("stagehook_plugin_calls_total{{plugin=\"{plugin}\",status=\"{status}\"}}")
    };
    assert_eq!(number(&text, &calls("passed")), 3);
    assert_eq!(number(&text, &calls("failed")), 1);
    assert!(number(&text, &of_plugin("fuel_total")) > fuel, "{fuel}");
    assert_eq!(number(&text, &of_plugin("call_duration_seconds_count")), 4);
    assert_eq!(number(&text, &of_plugin("peak_memory_bytes_count")), 4);
    assert!(number(&text, &of_plugin("peak_memory_max_bytes")) > 65_536);
    for zero in ["http_requests_total", "written_bytes_total"] {
        assert_eq!(number(&text, &of_plugin(zero)), 0, "{zero}");
    }
    let passed = "stagehook_executions_total{hook_type=\"wasm\",status=\"passed\"}";
    assert_eq!(number(&text, passed), 3);
    let runs = "stagehook_stage_runs_total{hook_point=\"post_segment\",status=\"completed\",verdict=\"proceed\"}";
    assert_eq!(number(&text, runs), 3);
    assert_eq!(number(&text, "stagehook_plugins_compiled_total"), 1);
    assert_eq!(number(&text, "stagehook_plugins_ready"), 1);
    assert_eq!(number(&text, "stagehook_runs_at_work"), 0);
    assert!(text.ends_with("# EOF\n"));
    let wrong = studio
        .send(studio.request(reqwest::Method::POST, "//metrics"))
        .await;
    wrong.problem(405, "method-not-allowed");
}

async fn a_restart_compiles_nothing_and_believes_nothing_that_was_changed(on: Database) {
    let mut studio = Studio::open(on).await;
    let world = studio.world().await;
    let plugin = studio.plugin("test_guest").await;
    let config = json!({"plugin": plugin, "settings": {"do": "everything"}});
    HookDraft::new("guest", "wasm", config)
        .create(&studio)
        .await;
    studio.run(world.job, json!({})).await;

    studio.crash().await;
    // Nobody asked for it: it is made ready because a hook uses it.
    eventually("the plugin is ready", || async {
        let text = metrics(&studio).await;
        (number(&text, "stagehook_plugins_ready") > 0).then_some(())
    })
    .await;
    let text = metrics(&studio).await;
    assert_eq!(number(&text, "stagehook_plugin_cache_hits_total"), 1);
    assert_eq!(number(&text, "stagehook_plugins_compiled_total"), 0);

    let cache = studio.layout().data().join("cache");
    let key = fs::metadata(cache.join("key")).unwrap();
    assert_eq!((key.permissions().mode() & 0o777, key.len()), (0o600, 32));
    let engine = fs::read_dir(cache.join("plugins")).unwrap().next();
    let kept = fs::read_dir(engine.unwrap().unwrap().path()).unwrap();
    let kept: Vec<_> = kept.map(|file| file.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    let mut code = fs::read(&kept[0]).unwrap();
    let middle = code.len() / 2;
    code[middle] ^= 1;
    fs::write(&kept[0], code).unwrap();
    studio.crash().await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"][0]["status"], "passed", "{answer:#}");
    let text = metrics(&studio).await;
    assert_eq!(number(&text, "stagehook_plugin_cache_hits_total"), 0);
    // The server, which makes it ready unasked, and the call may find it at the
    // same time; compiled it is once.
    let rejected = number(&text, "stagehook_plugin_cache_rejected_total");
    assert!((1..=2).contains(&rejected), "{text}");
    assert_eq!(number(&text, "stagehook_plugins_compiled_total"), 1);
    assert!(studio.layout().printed().contains("is not what was kept"));
}

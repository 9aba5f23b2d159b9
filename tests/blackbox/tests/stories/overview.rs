//! What goes on, what waits for a person, and how hooks fared lately. REQ-UI-5

use futures_util::future::join_all;
use serde_json::{Value, json};
use stagehook_tests::{Database, HookDraft, Studio, eventually, on_both_databases};

on_both_databases!(
    an_overview_of_nothing,
    an_overview_of_what_went_on,
    many_who_ask_at_once_are_told_what_was_done,
    what_is_held_up_is_shown,
    how_hooks_fared_is_asked_for_many_at_once,
    a_plugin_says_who_uses_it_and_what_for,
);

async fn an_overview_of_nothing(on: Database) {
    let studio = Studio::open(on).await;
    for (query, parts) in [
        ("", 48),
        ("?hours=1", 60),
        ("?hours=24", 48),
        ("?hours=720", 60),
    ] {
        let overview = studio.get(&format!("/overview{query}")).await.ok();
        let throughput = overview["throughput"].as_array().unwrap();
        assert_eq!(throughput.len(), parts, "{query}");
        assert_eq!(throughput[0]["start"], overview["since"], "{query}");
        for part in throughput {
            assert_eq!(
                (&part["executions"], &part["failed"]),
                (&json!(0), &json!(0))
            );
        }
        assert_eq!(
            overview["totals"],
            json!({"executions": 0, "failed": 0, "stage_runs": 0, "halted": 0, "events": 0})
        );
        let none = json!({"count": 0, "items": []});
        assert_eq!(
            overview["attention"],
            json!({"jobs_to_review": none, "paused_hooks": none, "exhausted_deliveries": none})
        );
        assert_eq!(overview["slowest_hooks"], json!([]));
        assert_eq!(overview["is_approximate"], false);
    }
    for wrong in ["0", "721", "-1", "x", ""] {
        let refused = studio.get(&format!("/overview?hours={wrong}")).await;
        refused.problem(422, "invalid-query").at(["/hours"]);
    }
    studio
        .get("/overview?days=1")
        .await
        .problem(422, "invalid-query");
}

async fn an_overview_of_what_went_on(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let grade = studio
        .shell("grade", "echo graded")
        .order(1)
        .create(&studio)
        .await;
    let gate = studio.shell("gate", "exit 1").blocks().at("pre_segment");
    let gate = gate.create(&studio).await;
    for _ in 0..3 {
        studio.run(world.job, json!({})).await;
    }
    let halted = studio
        .try_run(world.job, "pre_segment", &json!({}))
        .await
        .ok();
    assert_eq!(halted["verdict"], "halt");
    studio.test(&grade, json!({})).await;
    let overview = studio.get("/overview?hours=2").await.ok();
    let totals = &overview["totals"];
    assert_eq!(
        (&totals["executions"], &totals["failed"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(
        (&totals["stage_runs"], &totals["halted"]),
        (&json!(4), &json!(1))
    );
    let events = studio.all("/events").await.len();
    assert_eq!(totals["events"], json!(events));
    let throughput = overview["throughput"].as_array().unwrap();
    let sum = |key: &str| {
        throughput
            .iter()
            .map(|part| part[key].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!((sum("executions"), sum("failed")), (4, 1));
    let review = &overview["attention"]["jobs_to_review"];
    let job = studio.show_job(world.job).await;
    assert_eq!(*review, json!({"count": 1, "items": [job]}));
    let mut slowest = overview["slowest_hooks"].as_array().unwrap().clone();
    slowest.sort_by_key(|hook| hook["hook_id"].as_i64());
    for (shown, (hook, name, runs, failed)) in slowest
        .iter()
        .zip([(grade.id, "grade", 3, 0), (gate.id, "gate", 1, 1)])
    {
        assert_eq!(
            *shown,
            json!({"hook_id": hook, "name": name, "hook_type": "shell", "runs": runs,
                   "failed": failed, "p50_ms": shown["p50_ms"], "p95_ms": shown["p95_ms"]})
        );
        assert!(
            shown["p50_ms"].as_i64() <= shown["p95_ms"].as_i64(),
            "{shown}"
        );
        assert!(shown["p50_ms"].is_i64(), "{shown}");
    }
    assert_eq!(slowest.len(), 2);
}

/// However many ask at once, each is told what was done before it asked.
async fn many_who_ask_at_once_are_told_what_was_done(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    studio.shell("grade", "echo graded").create(&studio).await;
    let token = studio.token("guest", "viewer").await;
    let guest = studio.with_token(Some(&token));
    for ran in 1..4 {
        studio.run(world.job, json!({})).await;
        let paths = (0..48).map(|number| format!("/overview?hours={}", 1 + number % 3));
        let asked = paths.map(|path| {
            let guest = &guest;
            async move { guest.get(&path).await.ok() }
        });
        for overview in join_all(asked).await {
            assert_eq!(overview["totals"]["executions"], ran);
        }
    }
}

async fn what_is_held_up_is_shown(on: Database) {
    let studio = Studio::open(on).await;
    let fails = studio.shell("fails", "exit 1").on_event("segment_started");
    let fails = fails.config("retry", json!({"retries": 0}));
    fails.create(&studio).await;
    let config = json!({"url": "https://tracker.invalid/"});
    let paused = HookDraft::new("paused", "webhook", config).on_event("segment_completed");
    let paused = paused.create(&studio).await;
    studio
        .post(&format!("/hooks/{}/pause", paused.id), &json!({}))
        .await
        .ok();
    let event = json!({"event_name": "segment_started", "data": {}});
    studio.post("/events", &event).await.expect(202);
    let overview = eventually("the delivery is given up", || async {
        let overview = studio.get("/overview").await.ok();
        let count = &overview["attention"]["exhausted_deliveries"]["count"];
        (*count == json!(1)).then_some(overview)
    })
    .await;
    let attention = &overview["attention"];
    let given_up = studio.all("/deliveries?state=exhausted").await;
    assert_eq!(attention["exhausted_deliveries"]["items"], json!(given_up));
    let held_up = &attention["paused_hooks"];
    assert_eq!(held_up["count"], 1);
    let shown = &held_up["items"][0];
    assert_eq!(
        *shown,
        json!({"hook_id": paused.id, "name": "paused", "reason": null, "paused_at": shown["paused_at"]})
    );
    assert!(shown["paused_at"].is_string());

    let listed = studio.all("/hooks?paused=true").await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["paused_at"], shown["paused_at"]);
    assert_eq!(listed[0]["disabled_reason"], Value::Null);
    assert_eq!(
        studio.get(&format!("/hooks/{}", paused.id)).await.ok(),
        listed[0]
    );
    let others = studio.all("/hooks?paused=false").await;
    assert_eq!((others.len(), &others[0]["name"]), (1, &json!("fails")));
    assert_eq!(others[0]["paused_at"], Value::Null);
}

async fn how_hooks_fared_is_asked_for_many_at_once(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let good = studio.shell("good", "echo").order(1).create(&studio).await;
    let bad = studio.shell("bad", "exit 1").order(2).create(&studio).await;
    let idle = studio
        .shell("idle", "")
        .at("post_delivery")
        .create(&studio)
        .await;
    for _ in 0..22 {
        studio.run(job, json!({})).await;
    }
    studio.test(&good, json!({})).await;
    let path = format!(
        "/hook-activity?hook_ids={},{},{},999",
        bad.id, idle.id, good.id
    );
    let activity = studio.get(&path).await.ok();
    let items = activity["items"].as_array().unwrap();
    let ids: Vec<i64> = items
        .iter()
        .map(|item| item["hook_id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [bad.id, idle.id, good.id, 999]);
    for (item, failed, ran) in [(&items[0], 22, 22), (&items[2], 0, 22)] {
        assert_eq!(
            (&item["failed_of_last"], &item["of_last"]),
            (&json!(failed), &json!(ran))
        );
        assert!(item["p50_ms"].as_i64() <= item["p95_ms"].as_i64(), "{item}");
        let logs = studio
            .all(&format!(
                "/hook-logs?hook_id={}&is_test=false",
                item["hook_id"]
            ))
            .await;
        let shown: Vec<Value> = logs[..20]
            .iter()
            .rev()
            .map(|log| {
                json!({"log_id": log["id"], "status": log["status"], "success": log["success"],
                       "duration_ms": log["duration_ms"], "executed_at": log["executed_at"]})
            })
            .collect();
        assert_eq!(item["runs"], json!(shown));
    }
    for nothing in [&items[1], &items[3]] {
        assert_eq!(
            *nothing,
            json!({"hook_id": nothing["hook_id"], "runs": [], "p50_ms": null, "p95_ms": null,
                   "failed_of_last": 0, "of_last": 0})
        );
    }
    let most = vec!["7"; 200].join(",");
    studio
        .get(&format!("/hook-activity?hook_ids={most}"))
        .await
        .ok();
    for wrong in [
        String::new(),
        "x".to_owned(),
        "1,,2".to_owned(),
        "1;2".to_owned(),
        format!("{most},7"),
    ] {
        let refused = studio
            .get(&format!("/hook-activity?hook_ids={wrong}"))
            .await;
        refused.problem(422, "invalid-query").at(["/hook_ids"]);
    }
    studio
        .get("/hook-activity")
        .await
        .problem(422, "invalid-query");
}

async fn a_plugin_says_who_uses_it_and_what_for(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let plugin = studio.plugin("test_guest").await;
    let (name, version) = plugin.split_once('@').unwrap();
    let digest = studio.get(&format!("/plugins/{name}/{version}")).await.ok()["digest"].clone();
    let settings = json!({"do": "echo"});
    let config = json!({"plugin": plugin, "settings": settings});
    let by_name = HookDraft::new("by name", "wasm", config)
        .create(&studio)
        .await;
    let config = json!({"plugin": digest, "settings": settings});
    let by_digest = HookDraft::new("by digest", "wasm", config).disabled();
    let by_digest = by_digest.create(&studio).await;
    studio.shell("script", "").create(&studio).await;
    for _ in 0..2 {
        studio.run(job, json!({})).await;
    }
    let usage = studio
        .get(&format!("/plugins/{name}/usage?days=7"))
        .await
        .ok();
    let hook = |id: i64, name: &str, enabled: bool| {
        json!({"hook_id": id, "name": name, "version": version, "scope_type": "studio",
               "scope_id": null, "enabled": enabled})
    };
    assert_eq!(
        usage["hooks"],
        json!([
            hook(by_name.id, "by name", true),
            hook(by_digest.id, "by digest", false)
        ])
    );
    let days = usage["days"].as_array().unwrap();
    assert_eq!((days.len(), &usage["counted_since"]), (7, &Value::Null));
    let logs = studio
        .all(&format!("/hook-logs?hook_id={}", by_name.id))
        .await;
    let fuel: u64 = logs
        .iter()
        .map(|log| log["usage"]["fuel_used"].as_u64().unwrap())
        .sum();
    let failed = logs.iter().filter(|log| log["success"] == false).count();
    let sum = |key: &str| {
        days.iter()
            .map(|day| day[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum("executions"), sum("fuel_used")), (2, fuel));
    assert_eq!(sum("failed"), failed as u64);
    assert!(fuel > 0);
    let named = studio.all(&format!("/hooks?plugin={name}")).await;
    assert_eq!(named.len(), 2);
    assert_eq!(studio.all("/hooks?plugin=other").await, [] as [Value; 0]);
    studio
        .get("/hooks?plugin=NO")
        .await
        .problem(422, "invalid-query")
        .at(["/plugin"]);
    studio
        .get("/plugins/other/usage")
        .await
        .problem(404, "not-found");
    studio
        .get("/plugins/NO/usage")
        .await
        .problem(404, "not-found");
    for wrong in ["0", "91", "x"] {
        let refused = studio
            .get(&format!("/plugins/{name}/usage?days={wrong}"))
            .await;
        refused.problem(422, "invalid-query").at(["/days"]);
    }
}

//! Listings: filters, and pages that stay stable while things are added.
//! REQ-API-1

use serde_json::{Value, json};
use stagehook_tests::{Database, HookDraft, Studio, on_both_databases};

on_both_databases!(
    hooks_are_filtered,
    jobs_are_filtered,
    logs_are_filtered,
    a_log_is_shown_by_its_id,
    pages_stay_stable_while_things_are_added,
    a_cursor_is_not_made_up,
);

fn names(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

async fn hooks_are_filtered(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let other = studio.project("other").await;
    studio.shell("a", "").create(&studio).await;
    studio
        .shell("b", "")
        .in_project(world.project)
        .create(&studio)
        .await;
    let c = studio.shell("c", "").in_scene_type(world.scene_type);
    c.disabled().create(&studio).await;
    studio
        .python("d", "")
        .at("pre_segment")
        .create(&studio)
        .await;
    let e = HookDraft::new(
        "e",
        "webhook",
        json!({"url": "https://tracker.example.com/"}),
    )
    .with("description", "tells the Tracker");
    e.on_event("job_*").create(&studio).await;
    studio
        .shell("a", "")
        .in_project(other)
        .at("pre_segment")
        .create(&studio)
        .await;
    let (project, scene_type) = (world.project, world.scene_type);
    for (query, expected) in [
        ("", vec!["a", "b", "c", "d", "e", "a"]),
        ("?scope_type=studio", vec!["a", "d", "e"]),
        ("?scope_type=project", vec!["b", "a"]),
        (
            &format!("?scope_type=project&scope_id={project}"),
            vec!["b"],
        ),
        (
            &format!("?scope_type=scene_type&scope_id={scene_type}"),
            vec!["c"],
        ),
        ("?hook_point=pre_segment", vec!["d", "a"]),
        ("?event=job_*", vec!["e"]),
        ("?event=job_failed", vec![]),
        ("?hook_type=python", vec!["d"]),
        ("?hook_type=wasm", vec![]),
        ("?enabled=false", vec!["c"]),
        ("?enabled=true&hook_point=post_segment", vec!["a", "b"]),
        ("?name=a", vec!["a", "a"]),
        ("?name=A", vec![]),
        ("?name=a&scope_type=studio", vec!["a"]),
        ("?name=%27%20OR%201%3D1", vec![]),
        ("?search=A", vec!["a", "e", "a"]),
        ("?search=tracker", vec!["e"]),
        ("?search=%25", vec![]),
        ("?search=a&hook_point=pre_segment", vec!["a"]),
        ("?paused=true", vec![]),
        ("?paused=false&event=job_*", vec!["e"]),
    ] {
        let found = studio.all(&format!("/hooks{query}")).await;
        assert_eq!(names(&found), expected, "{query}");
    }
    // A studio's hooks are one page.
    let page = studio.get("/hooks?limit=1000").await.ok();
    assert_eq!(page["items"].as_array().unwrap().len(), 6);
    let refused = studio.get("/hooks?limit=1001").await;
    refused.problem(422, "invalid-request").at(["/limit"]);
    for wrong in [String::new(), "x".repeat(201)] {
        let refused = studio.get(&format!("/hooks?search={wrong}")).await;
        refused.problem(422, "invalid-query").at(["/search"]);
    }
    let path = format!("/scene-types?project_id={project}");
    assert_eq!(names(&studio.all(&path).await), ["interior"]);
    assert_eq!(names(&studio.all("/projects").await), ["feature", "other"]);
}

async fn jobs_are_filtered(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let other = studio.project("other").await;
    let named = json!({"project_id": other, "external_ref": "shot_010"});
    let named = studio.post("/jobs", &named).await.expect(201);
    let done = studio.job(other, None).await;
    studio
        .post(&format!("/jobs/{done}/complete"), &json!({}))
        .await
        .ok();
    let halted = studio.job(world.project, None).await;
    studio
        .shell("gate", "exit 1")
        .blocks()
        .create(&studio)
        .await;
    studio.run(halted, json!({})).await;
    let named = named["id"].as_i64().unwrap();
    for (query, expected) in [
        (String::new(), vec![halted, done, named, world.job]),
        ("?status=running".to_owned(), vec![named, world.job]),
        ("?status=failed".to_owned(), vec![halted]),
        ("?status=rejected".to_owned(), vec![]),
        ("?needs_review=true".to_owned(), vec![halted]),
        (
            format!("?needs_review=false&project_id={other}"),
            vec![done, named],
        ),
        ("?external_ref=shot_010".to_owned(), vec![named]),
        (
            format!("?project_id={}", world.project),
            vec![halted, world.job],
        ),
    ] {
        let found = studio.all(&format!("/jobs{query}")).await;
        let ids: Vec<i64> = found
            .iter()
            .map(|job| job["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
}

async fn logs_are_filtered(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let good = studio.shell("good", "echo").order(1).create(&studio).await;
    let bad = studio.shell("bad", "exit 1").order(2).create(&studio).await;
    let skips = studio
        .answering("skips", &json!({"status": "skip"}))
        .order(3);
    skips.create(&studio).await;
    let first = studio.run(world.job, json!({})).await;
    studio.run(world.job, json!({})).await;
    studio.test(&bad, json!({"job_id": world.job})).await;
    let first = first["id"].as_str().unwrap();
    let of_job = format!("/jobs/{}/hook-logs", world.job);
    let of_bad = format!("/hooks/{}/logs", bad.id);
    let of_good = format!("/hooks/{}/logs", good.id);
    for (path, expected) in [
        (of_job.clone(), 7),
        (format!("{of_job}?success=true"), 4),
        (format!("{of_job}?success=false"), 3),
        (format!("{of_job}?success=false&is_test=false"), 2),
        (format!("{of_job}?status=skipped"), 2),
        (format!("{of_job}?status=timed_out"), 0),
        (format!("{of_job}?stage_run_id={first}"), 3),
        (format!("{of_job}?is_test=true"), 1),
        (of_bad.clone(), 3),
        (format!("{of_bad}?success=true"), 0),
        (format!("{of_bad}?stage_run_id={first}"), 1),
        (of_good.clone(), 2),
    ] {
        assert_eq!(studio.all(&path).await.len(), expected, "{path}");
    }
    let newest_first: Vec<i64> = studio
        .all(&of_job)
        .await
        .iter()
        .map(|log| log["id"].as_i64().unwrap())
        .collect();
    assert!(newest_first.is_sorted_by(|a, b| a > b), "{newest_first:?}");
    for log in studio.all(&of_job).await {
        assert!(log["duration_ms"].as_i64() >= Some(0));
        assert!(log["executed_at"].as_str().unwrap().ends_with('Z'), "{log}");
    }
}

async fn a_log_is_shown_by_its_id(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let good = studio.shell("good", "echo graded").order(1);
    good.create(&studio).await;
    let bad = studio.shell("bad", "exit 1").order(2);
    bad.create(&studio).await;
    studio.run(world.job, json!({"take": 7})).await;
    let logs = studio.logs_of_job(world.job).await;
    assert_eq!(logs.len(), 2);
    for log in &logs {
        let path = format!("/hook-logs/{}", log["id"]);
        assert_eq!(studio.get(&path).await.ok(), *log);
        let stranger = studio.with_token(None);
        stranger.get(&path).await.problem(401, "unauthorized");
    }
    for unknown in ["999999", "9223372036854775807"] {
        let path = format!("/hook-logs/{unknown}");
        studio.get(&path).await.problem(404, "not-found");
    }
}

async fn pages_stay_stable_while_things_are_added(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let hook = studio.shell("noisy", "echo").create(&studio).await;
    for _ in 0..7 {
        studio.run(world.job, json!({})).await;
    }
    for i in 0..5 {
        studio
            .shell(&format!("hook-{i}"), "")
            .at("post_delivery")
            .create(&studio)
            .await;
    }
    // Logs: newest first, so what is added comes before the first page.
    let path = format!("/hooks/{}/logs?limit=3", hook.id);
    let whole = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = studio.get(&format!("{path}{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        seen.extend(items.iter().cloned());
        studio.run(world.job, json!({})).await;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, whole, "every log once, none of the new ones");

    // Hooks: oldest first, so what is added comes on the last page; what is
    // deleted moves nothing.
    let first = studio.get("/hooks?limit=2").await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let last_seen = first["items"][1]["id"].as_i64().unwrap();
    studio
        .delete(&format!("/hooks/{last_seen}"))
        .await
        .expect(204);
    studio
        .shell("added", "")
        .at("post_delivery")
        .create(&studio)
        .await;
    let second = studio
        .get(&format!("/hooks?limit=2&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(
        names(second["items"].as_array().unwrap()),
        ["hook-1", "hook-2"]
    );
    let cursor = second["next_cursor"].as_str().unwrap();
    let third = studio
        .get(&format!("/hooks?limit=50&cursor={cursor}"))
        .await
        .ok();
    assert_eq!(
        names(third["items"].as_array().unwrap()),
        ["hook-3", "hook-4", "added"]
    );
    assert_eq!(third["next_cursor"], Value::Null);

    // A page that is exactly full is the last one.
    let full = studio.get("/projects?limit=1").await.ok();
    assert_eq!(full["next_cursor"], Value::Null);
    // Stage runs, audit and jobs page the same way.
    for path in [
        format!("/jobs/{}/stage-runs", world.job),
        "/audit".to_owned(),
    ] {
        let whole = studio.all(&path).await;
        let page = studio.get(&format!("{path}?limit=4")).await.ok();
        assert_eq!(page["items"].as_array().unwrap()[..], whole[..4]);
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = studio
            .get(&format!("{path}?limit=200&cursor={cursor}"))
            .await
            .ok();
        assert_eq!(rest["items"].as_array().unwrap()[..], whole[4..], "{path}");
    }
}

async fn a_cursor_is_not_made_up(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    for path in [
        "/projects".to_owned(),
        "/scene-types".to_owned(),
        "/jobs".to_owned(),
        "/hooks".to_owned(),
        "/plugins".to_owned(),
        "/audit".to_owned(),
        format!("/jobs/{job}/hook-logs"),
        format!("/jobs/{job}/stage-runs"),
    ] {
        for garbage in [
            "",
            "7",
            "c1-",
            "c1-xyz",
            "c1--1",
            "c1-+1",
            "%00",
            "c1-ffffffffffffffffff",
        ] {
            let refused = studio.get(&format!("{path}?cursor={garbage}")).await;
            refused.problem(422, "invalid-request").at(["/cursor"]);
        }
    }
}

//! Events are published: one or many, once each, checked against a catalogue.
//! REQ-EVT-1..3

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::{Answer, Database, HookDraft, Studio, on_both_databases};

on_both_databases!(
    an_event_is_kept_and_found_again,
    a_batch_is_published_whole_or_not_at_all,
    a_key_publishes_once,
    requests_that_are_wrong_say_where,
    the_catalogue_grows_and_shrinks,
    the_catalogue_of_a_real_application_is_taken_whole,
    progress_is_told_and_not_kept,
    a_hook_for_an_unknown_event_is_saved_with_a_warning,
);

async fn keyed(studio: &Studio, key: &str, body: &Value) -> Answer {
    let request = studio.request(Method::POST, "/events");
    let request = request.header("idempotency-key", key).json(body);
    studio.send(request).await
}

fn segment(number: u64) -> Value {
    json!({"event_name": "segment_completed", "data": {"number": number}})
}

/// The numbers in the data of all events of this type, oldest first.
async fn numbers(studio: &Studio) -> Vec<u64> {
    let events = studio.all("/events?event=segment_completed").await;
    let number = |event: &Value| event["data"]["number"].as_u64().unwrap();
    events.iter().rev().map(number).collect()
}

async fn an_event_is_kept_and_found_again(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let body = json!({
        "event_name": "segment_completed", "job_id": world.job,
        "data": {"number": 3, "path": "/media/é 100%_a.mp4", "nested": {"nul": "\u{0}"}},
    });
    let published = studio.post("/events", &body).await.expect(202);
    assert_eq!(published["deliveries"], 0);
    let id = published["id"].as_str().unwrap();
    let shown = studio.get(&format!("/events/{id}")).await.ok();
    assert_eq!(shown["id"], published["id"]);
    assert_eq!(shown["event_name"], "segment_completed");
    assert_eq!(shown["data"], body["data"]);
    assert_eq!(shown["job_id"], world.job);
    assert_eq!(shown["scope_type"], Value::Null);
    assert_eq!(shown["deliveries"], json!([]));

    let about = json!({
        "event_name": "variant_completed", "scope_type": "scene_type", "scope_id": world.scene_type,
    });
    let other = studio.post("/events", &about).await.expect(202);
    let other = studio
        .get(&format!("/events/{}", other["id"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(other["data"], json!({}));
    assert_eq!(other["scope_type"], "scene_type");
    assert_eq!(other["scope_id"], world.scene_type);

    let between = format!(
        "/events?since={}&until={}",
        shown["created_at"].as_str().unwrap(),
        other["created_at"].as_str().unwrap()
    );
    let mut expected = shown.clone();
    expected.as_object_mut().unwrap().remove("deliveries");
    assert_eq!(studio.all(&between).await, [expected.clone()]);
    let of_job = format!("/events?job_id={}&event=segment_completed", world.job);
    assert_eq!(studio.all(&of_job).await, [expected]);
    let newest = studio.get("/events?limit=1").await.ok();
    assert_eq!(newest["items"][0]["id"], other["id"]);
    assert!(newest["next_cursor"].is_string());

    let nobody = "/events/01990000-0000-7000-8000-000000000000";
    studio.get(nobody).await.problem(404, "not-found");
    studio.get("/events/7").await.problem(404, "not-found");
}

async fn a_batch_is_published_whole_or_not_at_all(on: Database) {
    let studio = Studio::open(on).await;
    let batch = json!([segment(1), segment(2), segment(3)]);
    let published = studio.post("/events", &batch).await.expect(202);
    let ids: Vec<_> = published.as_array().unwrap().iter().collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(numbers(&studio).await, [1, 2, 3]);
    for (place, published) in ids.iter().enumerate() {
        let id = published["id"].as_str().unwrap();
        let shown = studio.get(&format!("/events/{id}")).await.ok();
        assert_eq!(shown["data"]["number"], place + 1, "in the same order");
    }
    // One is one, also in an array.
    let one = studio.post("/events", &json!([segment(4)])).await;
    assert_eq!(one.expect(202).as_array().unwrap().len(), 1);

    let wrong = json!([
        segment(5),
        {"event_name": "no_such_type", "data": {}},
        {"event_name": "segment_completed", "data": [1]},
    ]);
    let refused = studio.post("/events", &wrong).await;
    refused.problem(422, "invalid-request").at(["/2/data"]);
    let wrong = json!([
        segment(5),
        {"event_name": "no_such_type"},
        {"event_name": "segment_completed", "job_id": 999},
    ]);
    let refused = studio.post("/events", &wrong).await;
    let refused = refused.problem(422, "invalid-request");
    refused.at(["/1/event_name", "/2/job_id"]);
    for wrong in [json!([]), json!(vec![segment(5); 1_001]), json!([[]])] {
        let refused = studio.post("/events", &wrong).await;
        refused.problem(422, "invalid-request");
    }
    assert_eq!(numbers(&studio).await, [1, 2, 3, 4]);
    let full = json!((0..1_000).map(segment).collect::<Vec<_>>());
    let full = studio.post("/events", &full).await.expect(202);
    assert_eq!(full.as_array().unwrap().len(), 1_000);
    assert_eq!(numbers(&studio).await.len(), 1_004);
}

async fn a_key_publishes_once(on: Database) {
    let mut studio = Studio::open(on).await;
    let first = keyed(&studio, "k1", &segment(1)).await.expect(202);
    let again = keyed(&studio, "k1", &segment(1)).await.expect(202);
    assert_eq!(again, first);
    let batch = json!([segment(2), segment(3)]);
    let of_batch = keyed(&studio, "k2", &batch).await.expect(202);
    studio.crash().await;
    assert_eq!(keyed(&studio, "k2", &batch).await.expect(202), of_batch);
    let other = keyed(&studio, "k1", &segment(4)).await;
    other.problem(409, "idempotency-key-reused");
    for key in ["", &"k".repeat(256)] {
        let refused = keyed(&studio, key, &segment(5)).await;
        refused.problem(400, "invalid-idempotency-key");
    }
    // Two at once are one, too.
    let (one, two) = (segment(6), segment(6));
    let (one, two) = tokio::join!(keyed(&studio, "k3", &one), keyed(&studio, "k3", &two));
    assert_eq!(one.expect(202), two.expect(202));
    assert_eq!(numbers(&studio).await, [1, 2, 3, 6]);
    // Without a key, everything is new.
    studio.post("/events", &segment(1)).await.expect(202);
    assert_eq!(numbers(&studio).await.len(), 5);
}

async fn requests_that_are_wrong_say_where(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let name = "segment_completed";
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"event_name": "nobody_knows"}), "/event_name"),
        (json!({"event_name": "segment completed"}), "/event_name"),
        (json!({"event_name": "segment_completed\n"}), "/event_name"),
        (json!({"event_name": "segment_*"}), "/event_name"),
        (json!({"event_name": "x".repeat(100_000)}), "/event_name"),
        // Whoever hears of a failed job relies on it.
        (json!({"event_name": "job_failed"}), "/event_name"),
        (json!({"event_name": name, "data": "text"}), "/data"),
        (json!({"event_name": name, "data": null}), "/data"),
        (
            json!({"event_name": name, "data": {"large": "x".repeat(1 << 20)}}),
            "/data",
        ),
        (json!({"event_name": name, "job": 1}), "/job"),
        (json!({"event_name": name, "job_id": 999}), "/job_id"),
        (
            json!({"event_name": name, "scope_type": "project"}),
            "/scope_id",
        ),
        (
            json!({"event_name": name, "scope_id": world.project}),
            "/scope_type",
        ),
        (
            json!({"event_name": name, "scope_type": "project", "scope_id": 999}),
            "/scope_id",
        ),
        (
            json!({"event_name": name, "job_id": world.job, "scope_type": "project", "scope_id": world.project}),
            "/scope_type",
        ),
        (json!("segment_completed"), ""),
    ] {
        let refused = studio.post("/events", &body).await;
        let shown: String = body.to_string().chars().take(200).collect();
        assert_eq!(refused.status, 422, "{shown}: {}", refused.text);
        let refused = refused.problem(422, "invalid-request");
        assert_eq!(
            refused.pointers.iter().collect::<Vec<_>>(),
            [pointer],
            "{shown}"
        );
        assert!(refused.detail.len() < 2_000 && !refused.detail.contains('\n'));
    }
    let none: [Value; 0] = [];
    assert_eq!(studio.all("/events?event=segment_completed").await, none);

    let large = vec!["x".repeat(1 << 19); 20];
    let large: Vec<_> = large
        .into_iter()
        .map(|text| json!({"event_name": name, "data": {"text": text}}))
        .collect();
    let refused = studio.post("/events", &json!(large)).await;
    refused.problem(413, "body-too-large");
    let request = studio.request(Method::POST, "/events").body("{");
    studio.send(request).await.problem(400, "invalid-json");
    for (query, pointer) in [
        ("since=yesterday", "/since"),
        ("since=0000-12-31T00:00:00Z", "/since"),
        ("until=%2B10000-01-01T00:00:00Z", "/until"),
        ("name=x", "/name"),
        ("job_id=x", "/job_id"),
    ] {
        let refused = studio.get(&format!("/events?{query}")).await;
        refused.problem(422, "invalid-query").at([pointer]);
    }
}

async fn the_catalogue_grows_and_shrinks(on: Database) {
    let studio = Studio::open(on).await;
    let named = async |name: &str| {
        let types = studio.get("/event-types").await.ok();
        assert_eq!(types["next_cursor"], Value::Null);
        let types = types["items"].as_array().unwrap().clone();
        types.into_iter().find(|found| found["name"] == name)
    };
    let built_in = named("job_failed").await.unwrap();
    assert_eq!(built_in["kind"], "business");
    assert_eq!(built_in["built_in"], true);
    let progress = studio.get("/event-types?kind=progress").await.ok();
    let progress = progress["items"].as_array().unwrap();
    assert!(progress.iter().all(|found| found["kind"] == "progress"));
    assert!(progress.iter().any(|found| found["name"] == "job_progress"));

    let schema = json!({
        "type": "object", "required": ["language"],
        "properties": {"language": {"type": "string", "maxLength": 8}},
    });
    let request = json!({
        "name": "translation.done", "kind": "business", "description": "A subtitle was translated.",
        "schema": schema,
    });
    let added = studio.post("/event-types", &request).await.expect(201);
    assert_eq!(added["built_in"], false);
    assert_eq!(named("translation.done").await, Some(added.clone()));
    let mut described = request.clone();
    described["description"] = json!("A subtitle speaks another language.");
    let changed = studio.post("/event-types", &described).await.expect(200);
    assert_eq!(named("translation.done").await, Some(changed.clone()));
    let emit = async |data: Value| {
        let body = json!({"event_name": "translation.done", "data": data});
        studio.post("/events", &body).await
    };
    emit(json!({"language": "de"})).await.expect(202);
    let refused = emit(json!({"language": 7})).await;
    refused
        .problem(422, "invalid-request")
        .at(["/data/language"]);
    let refused = emit(json!({})).await;
    refused
        .problem(422, "invalid-request")
        .at(["/data/language"]);

    for (request, pointer) in [
        (json!({"name": "job_failed", "kind": "business"}), "/name"),
        (json!({"name": "two words", "kind": "business"}), "/name"),
        (json!({"name": "new", "kind": "other"}), "/kind"),
        (json!({"name": "new"}), ""),
        (
            json!({"name": "new", "kind": "business", "schema": {"type": "no"}}),
            "/schema/type",
        ),
    ] {
        let refused = studio.post("/event-types", &request).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }

    // A whole catalogue, all or none.
    let wrong = json!({"business": ["one.done", "job_failed"], "progress": ["one.done"]});
    let refused = studio.post("/event-types/import", &wrong).await;
    let refused = refused.problem(422, "invalid-request");
    refused.at(["/business/1", "/progress/0"]);
    assert_eq!(named("one.done").await, None);
    let catalogue = json!({
        "application": "subtitles", "business": ["one.done", {"name": "translation.done"}],
        "progress": ["one.progress"],
    });
    let imported = studio.post("/event-types/import", &catalogue).await.ok();
    let expected = ["one.done", "translation.done", "one.progress"];
    assert_eq!(imported, json!({"names": expected}));
    emit(json!({})).await.expect(202);

    studio.delete("/event-types/one.done").await.expect(204);
    let gone = studio.delete("/event-types/one.done").await;
    gone.problem(404, "not-found");
    let refused = studio.delete("/event-types/job_failed").await;
    let refused = refused.problem(409, "built-in-event-type");
    assert!(refused.detail.contains("built in"), "{}", refused.detail);
    let unknown = json!({"event_name": "one.done"});
    let refused = studio.post("/events", &unknown).await;
    refused.problem(422, "invalid-request");
    // Who changed the catalogue is on record.
    let audit = studio.all("/audit?subject_type=event_type").await;
    assert_eq!(audit.len(), 6, "{audit:#?}");
    assert_eq!(audit[0]["action"], "event_type.delete");
    assert_eq!(audit[0]["before"]["name"], "one.done");
    assert_eq!(audit[5]["before"], Value::Null);
    assert_eq!(audit[4]["before"], added);
    assert_eq!(audit[4]["after"], changed);
}

async fn the_catalogue_of_a_real_application_is_taken_whole(on: Database) {
    let studio = Studio::open(on).await;
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/catalogs/sublarr-events.json"
    );
    let catalogue = std::fs::read(file).unwrap();
    let catalogue: Value = serde_json::from_slice(&catalogue).unwrap();
    let names = |kind: &str| catalogue[kind].as_array().unwrap().clone();
    let imported = studio.post("/event-types/import", &catalogue).await.ok();
    let expected = [names("business"), names("progress")].concat();
    assert_eq!(imported["names"], json!(expected));
    let answers = studio.shell("answers", "exit 0").on_event("*");
    answers.create(&studio).await;
    for (kind, deliveries) in [("business", 1), ("progress", 0)] {
        for name in names(kind) {
            let event = json!({"event_name": name, "data": {"any": ["thing"]}});
            let published = studio.post("/events", &event).await.expect(202);
            assert_eq!(published["deliveries"], deliveries, "{name}");
        }
    }
    // Once more changes nothing.
    let again = studio.post("/event-types/import", &catalogue).await.ok();
    assert_eq!(again, imported);
}

async fn progress_is_told_and_not_kept(on: Database) {
    let studio = Studio::open(on).await;
    let all = studio.shell("all", "exit 0").on_event("*");
    all.create(&studio).await;
    let body = json!([
        {"event_name": "job_progress", "data": {"percent": 40}},
        {"event_name": "segment_completed"},
    ]);
    let published = studio.post("/events", &body).await.expect(202);
    assert_eq!(published[0]["deliveries"], 0, "it triggers no hook");
    assert_eq!(published[1]["deliveries"], 1);
    let none: [Value; 0] = [];
    assert_eq!(studio.all("/events?event=job_progress").await, none);
    let id = published[0]["id"].as_str().unwrap();
    let gone = studio.get(&format!("/events/{id}")).await;
    gone.problem(404, "not-found");
}

async fn a_hook_for_an_unknown_event_is_saved_with_a_warning(on: Database) {
    let studio = Studio::open(on).await;
    let script = studio.script("#!/bin/sh\n");
    let draft = HookDraft::new("told", "shell", json!({"script_path": script}));
    let unknown = draft.clone().on_event("translation.*");
    let saved = studio.post("/hooks", unknown.body()).await.expect(201);
    let warnings = saved["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].as_str().unwrap().contains("'translation.*'"));
    let shown = studio.get(&format!("/hooks/{}", saved["id"])).await.ok();
    assert_eq!(shown.get("warnings"), None);
    // Progress triggers nothing, either.
    let progress = draft.clone().on_event("job_progress");
    let progress = studio.post("/hooks", progress.body()).await.expect(201);
    assert!(progress["warnings"].is_array());
    for known in ["*", "job_*", "segment_completed"] {
        let known = draft.clone().on_event(known);
        let known = studio.post("/hooks", known.body()).await.expect(201);
        assert_eq!(known.get("warnings"), None);
    }
    let new = json!({"name": "translation.done", "kind": "business"});
    studio.post("/event-types", &new).await.expect(201);
    let again = unknown.with("version", 1);
    let path = format!("/hooks/{}", saved["id"]);
    let updated = studio.put(&path, again.body()).await.ok();
    assert_eq!(updated.get("warnings"), None);
}

//! What is wrong is answered with its problem, and leaves nothing behind.

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::{Database, Hook, HookDraft, Studio, on_both_databases};

on_both_databases!(
    jobs_and_scene_types_belong_to_projects_that_are_there,
    a_stage_needs_a_job_that_runs,
    a_stage_input_that_is_wrong_is_told_where,
    a_body_that_is_no_json_or_too_large,
    what_is_nested_too_deep_is_never_kept,
    unknown_queries_paths_and_methods,
);

async fn jobs_and_scene_types_belong_to_projects_that_are_there(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let other = studio.project("other").await;
    let foreign = studio.scene_type(other, "foreign").await;
    let before = studio.everything().await;
    let refuse = async |path: &str, body: Value, status: u16, kind: &str, pointer: &str| {
        let refused = studio.post(path, &body).await;
        let problem = refused.problem(status, kind);
        assert_eq!(
            problem.pointers.iter().collect::<Vec<_>>(),
            [pointer],
            "{body}"
        );
    };
    let project = world.project;
    for (body, status, kind, pointer) in [
        (
            json!({"project_id": project, "scene_type_id": foreign}),
            422,
            "scene-type-of-other-project",
            "/scene_type_id",
        ),
        (json!({"project_id": 999}), 404, "not-found", "/project_id"),
        (
            json!({"project_id": project, "scene_type_id": 999}),
            404,
            "not-found",
            "/scene_type_id",
        ),
        (json!({"project_id": -1}), 404, "not-found", "/project_id"),
        (
            json!({"project_id": "1"}),
            422,
            "invalid-request",
            "/project_id",
        ),
        (json!({}), 422, "invalid-request", ""),
        (
            json!({"project_id": project, "workflow": ["w"]}),
            422,
            "invalid-request",
            "/workflow",
        ),
        (
            json!({"project_id": project, "external_ref": ""}),
            422,
            "invalid-request",
            "/external_ref",
        ),
        (
            json!({"project_id": project, "status": "completed"}),
            422,
            "invalid-request",
            "/status",
        ),
    ] {
        refuse("/jobs", body, status, kind, pointer).await;
    }
    for (body, status, kind, pointer) in [
        (
            json!({"name": "s", "project_id": 999}),
            404,
            "not-found",
            "/project_id",
        ),
        (
            json!({"name": "", "project_id": project}),
            422,
            "invalid-request",
            "/name",
        ),
        (
            json!({"name": "interior", "project_id": project}),
            409,
            "name-taken",
            "/name",
        ),
    ] {
        refuse("/scene-types", body, status, kind, pointer).await;
    }
    for (body, status, kind, pointer) in [
        (json!({"name": "feature"}), 409, "name-taken", "/name"),
        (
            json!({"name": "tab\there"}),
            422,
            "invalid-request",
            "/name",
        ),
        (
            json!({"name": "paid\u{202e}gnp"}),
            422,
            "invalid-request",
            "/name",
        ),
        (
            json!({"name": "feature\u{200b}"}),
            422,
            "invalid-request",
            "/name",
        ),
        (
            json!({"name": "red\u{200d}blue"}),
            422,
            "invalid-request",
            "/name",
        ),
        (
            json!({"name": "the\u{a0}feature"}),
            422,
            "invalid-request",
            "/name",
        ),
        (
            json!({"name": "x", "color": "red"}),
            422,
            "invalid-request",
            "/color",
        ),
    ] {
        refuse("/projects", body, status, kind, pointer).await;
    }
    assert_eq!(studio.everything().await, before);
    // What joins letters is part of how they are written.
    studio.project("نگاه\u{200c}دار").await;
    // The same name in another project is another scene type.
    studio.scene_type(other, "interior").await;
}

async fn a_stage_needs_a_job_that_runs(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    studio.shell("counted", "echo").create(&studio).await;
    let run = async |job: &str, point: &str| {
        let path = format!("/jobs/{job}/stages/{point}/runs");
        studio.post(&path, &json!({})).await
    };
    let job = world.job.to_string();
    for unknown in [
        "999",
        "0",
        "-1",
        "seven",
        "99999999999999999999",
        "%00",
        "1.0",
    ] {
        run(unknown, "post_segment").await.problem(404, "not-found");
        studio
            .get(&format!("/jobs/{unknown}"))
            .await
            .problem(404, "not-found");
        let logs = format!("/jobs/{unknown}/hook-logs");
        studio.get(&logs).await.problem(404, "not-found");
    }
    for point in ["mid_segment", "POST_SEGMENT", "post-segment", "%20"] {
        let problem = run(&job, point).await.problem(404, "unknown-hook-point");
        assert!(
            problem.detail.contains("post_segment"),
            "{}",
            problem.detail
        );
    }
    studio
        .delete(&format!("/projects/{}", world.project))
        .await
        .expect(204);
    run(&job, "post_segment")
        .await
        .problem(409, "project-deleted");
    assert_eq!(
        studio.all(&format!("/jobs/{job}/stage-runs")).await,
        [Value::Null; 0]
    );
    assert_eq!(studio.logs_of_job(world.job).await, [Value::Null; 0]);
}

async fn a_stage_input_that_is_wrong_is_told_where(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    studio.shell("counted", "echo").create(&studio).await;
    for (input, pointer) in [
        (json!({"metadata": []}), "/metadata"),
        (json!({"metadata": null}), "/metadata"),
        (json!({"metadata": "{}"}), "/metadata"),
        (json!({"scene_context": 7}), "/scene_context"),
        (json!({"segment_path": 7}), "/segment_path"),
        (json!({"segment_path": ""}), "/segment_path"),
        (json!({"segment_path": "/media/\u{0}"}), "/segment_path"),
        (json!({"segment_path": "x".repeat(4097)}), "/segment_path"),
        (json!({"metdata": {}}), "/metdata"),
        (json!([]), ""),
        (json!("post_segment"), ""),
        (json!(null), ""),
    ] {
        let refused = studio.try_run(job, "post_segment", &input).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    let hook = Hook::of(studio.all("/hooks").await.remove(0));
    for (body, pointer) in [
        (json!({"input": []}), "/input"),
        (json!({"input": {"metadata": 1}}), "/input/metadata"),
        (json!({"input": {"job_id": 999}}), "/input/job_id"),
        (json!({"input": {"event": "job_failed"}}), "/input/event"),
        (json!({"input": {"speed": 1}}), "/input/speed"),
        (json!({"sample": {}}), "/sample"),
    ] {
        let refused = studio
            .post(&format!("/hooks/{}/test", hook.id), &body)
            .await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    let unknown = studio.post("/hooks/999/test", &json!({})).await;
    unknown.problem(404, "not-found");
    assert_eq!(
        studio.all(&format!("/hooks/{}/logs", hook.id)).await,
        [Value::Null; 0]
    );
    assert_eq!(
        studio.all(&format!("/jobs/{job}/stage-runs")).await,
        [Value::Null; 0]
    );
}

async fn a_body_that_is_no_json_or_too_large(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let before = studio.everything().await;
    let send = async |path: &str, body: Vec<u8>| {
        let request = studio.request(Method::POST, path);
        let request = request.header("content-type", "application/json");
        studio.send(request.body(body)).await
    };
    for body in [
        "{",
        "{}}",
        "nope",
        "{\"name\": \"a\", }",
        "\u{feff}{}",
        "{\"a\": NaN}",
    ] {
        let refused = send("/projects", body.as_bytes().to_vec()).await;
        refused.problem(400, "invalid-json");
    }
    send("/projects", vec![0xff; 10])
        .await
        .problem(400, "invalid-json");
    let deep = "[".repeat(100_000);
    send("/projects", deep.into_bytes())
        .await
        .problem(400, "invalid-json");

    let runs = format!("/jobs/{job}/stages/post_segment/runs");
    let mut large = b"{\"metadata\": {\"a\": \"".to_vec();
    large.resize(100 << 20, b'x');
    for path in [runs.as_str(), "/hooks", "/projects"] {
        send(path, large.clone())
            .await
            .problem(413, "body-too-large");
    }
    // The same in chunks, without saying how much it will be.
    let chunks = futures_util::stream::iter(
        std::iter::repeat_n(vec![b'x'; 1 << 20], 20).map(Ok::<_, std::io::Error>),
    );
    let request = studio.request(Method::POST, &runs);
    let answer = studio
        .send(request.body(reqwest::Body::wrap_stream(chunks)))
        .await;
    answer.problem(413, "body-too-large");
    let plugin = studio.upload(vec![b'x'; (100 << 20) + 1]).await;
    plugin.problem(413, "body-too-large");
    assert_eq!(studio.everything().await, before);
    assert_eq!(
        studio.all(&format!("/jobs/{job}/stage-runs")).await,
        [Value::Null; 0]
    );
    studio.get("//readyz").await.ok();
}

/// An object of so many levels.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({"a": inner}))
}

async fn what_is_nested_too_deep_is_never_kept(on: Database) {
    // Whatever is kept can be read again, wrapped in documents as it is.
    let mut studio = Studio::open(on).await;
    let project = studio.world().await.project;
    let before = studio.everything().await;
    for levels in [96, 120, 125] {
        let workflow = json!({"project_id": project, "workflow": nested(levels)});
        let refused = studio.post("/jobs", &workflow).await;
        refused.problem(422, "invalid-request").at([""]);
    }
    assert_eq!(studio.everything().await, before);

    let workflow = json!({"project_id": project, "workflow": nested(95)});
    let job = studio.post("/jobs", &workflow).await.expect(201);
    let job = stagehook_tests::studio::id_of(&job);
    let plugin = studio.plugin("test_guest").await;
    let guest = |depth: usize| {
        let settings = json!({"do": "deep_metadata", "depth": depth});
        let config = json!({"plugin": plugin, "settings": settings});
        HookDraft::new(&format!("guest-{depth}"), "wasm", config)
    };
    let script = |levels: usize| {
        let result = json!({"metadata": nested(levels)});
        studio.answering(&format!("script-{levels}"), &result)
    };
    for draft in [guest(127), script(100), script(96), guest(96)] {
        draft.create(&studio).await;
    }
    let answer = studio.run(job, nested(95)).await;
    let statuses: Vec<_> = answer["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|execution| {
            let name = execution["hook"]["name"].as_str().unwrap();
            (name, execution["status"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        statuses,
        [
            ("guest-127", "invalid_result"),
            ("guest-96", "passed"),
            ("script-100", "invalid_result"),
            ("script-96", "passed"),
        ]
    );
    let path = format!("/stage-runs/{}", answer["id"].as_str().unwrap());
    assert_eq!(studio.get(&path).await.ok(), answer);
    assert_eq!(studio.logs_of_job(job).await.len(), 4);
    studio.crash().await;
    assert_eq!(studio.get(&path).await.ok(), answer);
}

async fn unknown_queries_paths_and_methods(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let hook = studio.shell("grade", "echo").create(&studio).await;
    let logs = format!("/jobs/{}/hook-logs", world.job);
    for (path, kind, pointer) in [
        ("/hooks?colour=red", "invalid-query", "/colour"),
        ("/hooks?enabled=maybe", "invalid-query", "/enabled"),
        ("/hooks?hook_type=perl", "invalid-query", "/hook_type"),
        ("/hooks?hook_point=nowhere", "invalid-query", "/hook_point"),
        ("/hooks?scope_id=x", "invalid-query", "/scope_id"),
        ("/hooks?limit=0", "invalid-request", "/limit"),
        ("/hooks?limit=1001", "invalid-request", "/limit"),
        ("/jobs?limit=201", "invalid-request", "/limit"),
        ("/hooks?limit=-1", "invalid-query", "/limit"),
        ("/jobs?status=lost", "invalid-query", "/status"),
        ("/projects?x=1", "invalid-query", "/x"),
        (
            "/hooks/effective/studio?hook_point=nowhere",
            "invalid-query",
            "/hook_point",
        ),
        (
            "/hooks/effective/studio?hook_point=pre_segment&event=a",
            "invalid-query",
            "/event",
        ),
        (&format!("{logs}?status=lost"), "invalid-query", "/status"),
        (&format!("{logs}?success=1"), "invalid-query", "/success"),
        (
            &format!("{logs}?stage_run_id=7"),
            "invalid-query",
            "/stage_run_id",
        ),
    ] {
        studio.get(path).await.problem(422, kind).at([pointer]);
    }
    for path in [
        "/",
        "/nothing",
        "/hooks/",
        "/hooks/999",
        "/hooks/one",
        "/hooks/999/logs",
        "/hooks/999/revisions",
        "/hooks/effective/planet/1",
        "/hooks/effective/studio/1",
        "/hooks/effective/project/999",
        "/hooks/effective/scene_type/x",
        "/projects/999",
        "/scene-types/999",
        "/stage-runs/x",
        "/audit/1",
        "//api/v2/hooks",
    ] {
        studio.get(path).await.problem(404, "not-found");
    }
    for (method, path) in [
        (Method::PATCH, format!("/hooks/{}", hook.id)),
        (Method::DELETE, "/hooks".to_owned()),
        (Method::POST, "/audit".to_owned()),
        (Method::DELETE, format!("/jobs/{}", world.job)),
        (Method::PUT, logs.clone()),
        (Method::DELETE, logs),
        (Method::POST, "//healthz".to_owned()),
    ] {
        let refused = studio.send(studio.request(method, &path)).await;
        refused.problem(405, "method-not-allowed");
        assert!(refused.header("allow").is_some(), "{path}");
    }
    for path in [
        format!("/hooks/{}", hook.id + 1),
        "/projects/999".to_owned(),
    ] {
        studio.delete(&path).await.problem(404, "not-found");
    }
    assert_eq!(
        studio.get(&format!("/hooks/{}", hook.id)).await.ok(),
        hook.document
    );
}

//! What is left of a thing when it is deleted.

use serde_json::{Value, json};
use stagehook_tests::{Database, Gate, Studio, on_both_databases};

on_both_databases!(
    a_deleted_hook_keeps_its_logs_and_revisions,
    a_hook_deleted_while_it_runs_is_still_logged,
    the_hooks_of_a_deleted_project_apply_no_more,
    the_hooks_of_a_deleted_scene_type_apply_no_more,
);

async fn a_deleted_hook_keeps_its_logs_and_revisions(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let draft = studio.shell("grade", "echo graded");
    let hook = draft.clone().create(&studio).await;
    studio.run(world.job, json!({})).await;
    let path = format!("/hooks/{}", hook.id);
    let logs = studio.all(&format!("{path}/logs")).await;
    assert_eq!(logs.len(), 1);
    studio.delete(&path).await.expect(204);

    studio.get(&path).await.problem(404, "not-found");
    studio.delete(&path).await.problem(404, "not-found");
    let update = draft.with("version", 1);
    studio
        .put(&path, update.body())
        .await
        .problem(404, "not-found");
    let test = studio.post(&format!("{path}/test"), &json!({})).await;
    test.problem(404, "not-found");
    let restore = studio
        .post(&format!("{path}/revisions/1/restore"), &json!({}))
        .await;
    restore.problem(404, "not-found");
    assert_eq!(studio.all("/hooks").await, [Value::Null; 0]);
    let effective = studio.get("/hooks/effective/studio").await.ok();
    assert_eq!(effective, json!({"effective": [], "shadowed": []}));
    assert_eq!(
        studio.run(world.job, json!({})).await["executions"],
        json!([])
    );

    assert_eq!(studio.all(&format!("{path}/logs")).await, logs);
    assert_eq!(studio.logs_of_job(world.job).await, logs);
    let revisions = studio.all(&format!("{path}/revisions")).await;
    assert_eq!(revisions.last().unwrap()["hook"], hook.document);
}

async fn a_hook_deleted_while_it_runs_is_still_logged(on: Database) {
    let studio = Studio::open(on).await;
    let job = studio.world().await.job;
    let gate = Gate::closed(&studio, "gate");
    let hook = studio.shell("waits", &gate.wait()).create(&studio).await;
    let client = studio.client();
    let path = format!("/jobs/{job}/stages/post_segment/runs");
    let call = tokio::spawn(async move { client.post(&path, &json!({})).await });
    gate.reached().await;
    studio
        .delete(&format!("/hooks/{}", hook.id))
        .await
        .expect(204);
    gate.open();
    let answer = call.await.unwrap().ok();
    assert_eq!(answer["executions"][0]["status"], "passed");
    let logs = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
    assert_eq!(logs.len(), 1);
    assert_eq!(logs[0]["hook"]["version"], 1);
}

async fn the_hooks_of_a_deleted_project_apply_no_more(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    studio
        .shell("studio", "echo")
        .order(1)
        .create(&studio)
        .await;
    let local = studio.shell("local", "echo").in_project(world.project);
    let hook = local.clone().create(&studio).await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"].as_array().unwrap().len(), 2);
    let path = format!("/projects/{}", world.project);
    studio.delete(&path).await.expect(204);
    let again = studio.delete(&path).await;
    again.problem(409, "project-deleted");
    let shown = studio.get(&path).await.ok();
    assert!(shown["deleted_at"].is_string(), "{shown}");

    let effective = format!("/hooks/effective/project/{}", world.project);
    let gone = studio.get(&effective).await.problem(404, "not-found");
    gone.at([]);
    let run = studio.try_run(world.job, "post_segment", &json!({})).await;
    run.problem(409, "project-deleted");
    let project_id = json!({"project_id": world.project});
    let job = studio.post("/jobs", &project_id).await;
    job.problem(409, "project-deleted");
    let scene_type = json!({"name": "new", "project_id": world.project});
    let scene_type = studio.post("/scene-types", &scene_type).await;
    scene_type.problem(409, "project-deleted");
    let another = local.clone().with("name", "another");
    let another = studio.post("/hooks", another.body()).await;
    another.problem(409, "project-deleted");
    // What ran is still on record, and its name is free.
    assert_eq!(studio.logs_of_job(world.job).await.len(), 2);
    assert_eq!(
        studio.all(&format!("/hooks/{}/logs", hook.id)).await.len(),
        1
    );
    let again = studio.project("feature").await;
    assert!(again > world.project);
    assert_eq!(studio.all("/projects").await.len(), 1);
}

async fn the_hooks_of_a_deleted_scene_type_apply_no_more(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    studio.shell("grade", "printf studio").create(&studio).await;
    let local = studio.shell("grade", "printf local");
    local.in_scene_type(world.scene_type).create(&studio).await;
    let printed = async |job: i64| {
        let answer = studio.run(job, json!({})).await;
        answer["executions"][0]["stdout"].clone()
    };
    assert_eq!(printed(world.job).await, "local");
    let path = format!("/scene-types/{}", world.scene_type);
    studio.delete(&path).await.expect(204);
    let effective = format!("/hooks/effective/scene_type/{}", world.scene_type);
    studio.get(&effective).await.problem(404, "not-found");
    let job = json!({"project_id": world.project, "scene_type_id": world.scene_type});
    let job = studio.post("/jobs", &job).await;
    job.problem(409, "scene-type-deleted");
    // A job that has it goes on with what its project has.
    assert_eq!(printed(world.job).await, "studio");
}

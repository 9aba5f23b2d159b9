//! What was changed, by whom, and back again. REQ-API-3

use serde_json::{Value, json};
use stagehook_tests::{Database, HookDraft, Studio, on_both_databases};

on_both_databases!(
    every_change_of_a_hook_is_a_revision,
    a_revision_is_restored_as_a_new_change,
    hooks_of_one_trigger_and_scope_are_ordered_together,
    every_change_is_on_the_audit_trail,
);

async fn every_change_of_a_hook_is_a_revision(on: Database) {
    let studio = Studio::open(on).await;
    let draft = studio.shell("grade", "echo").with("description", "first");
    let hook = draft.clone().create(&studio).await;
    assert_eq!(hook.document["version"], 1);
    assert_eq!(hook.document["created_by"], "admin");
    assert_eq!(hook.document["created_at"], hook.document["updated_at"]);
    let path = format!("/hooks/{}", hook.id);
    let second = draft
        .with("description", "second")
        .with("version", 1)
        .blocks();
    let second = studio.put(&path, second.body()).await.ok();
    assert_eq!(second["version"], 2);
    assert_eq!(second["failure_mode"], "block");
    assert_eq!(second["created_at"], hook.document["created_at"]);
    assert!(second["updated_at"].as_str() > hook.document["updated_at"].as_str());
    assert_eq!(studio.get(&path).await.ok(), second);

    let revisions = studio.all(&format!("{path}/revisions")).await;
    let told: Vec<_> = revisions
        .iter()
        .map(|revision| (&revision["number"], &revision["hook"]["description"]))
        .collect();
    assert_eq!(
        told,
        [(&json!(2), &json!("second")), (&json!(1), &json!("first"))]
    );
    assert_eq!(revisions[0]["actor"], "admin");
    assert_eq!(revisions[1]["hook"]["failure_mode"], "warn");
    assert_eq!(revisions[1]["hook"]["config"], hook.document["config"]);
}

async fn a_revision_is_restored_as_a_new_change(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let draft = studio.shell("grade", "printf first");
    let hook = draft.create(&studio).await;
    let path = format!("/hooks/{}", hook.id);
    let second = studio
        .shell("grade", "printf second")
        .with("version", 1)
        .order(9);
    studio.put(&path, second.body()).await.ok();
    let run = async || {
        let answer = studio.run(world.job, json!({})).await;
        let execution = &answer["executions"][0];
        (
            execution["stdout"].clone(),
            execution["hook"]["version"].clone(),
        )
    };
    assert_eq!(run().await, (json!("second"), json!(2)));

    let restored = studio
        .post(&format!("{path}/revisions/1/restore"), &json!({}))
        .await
        .ok();
    assert_eq!(restored["version"], 3);
    assert_eq!(restored["sort_order"], 0);
    assert_eq!(restored["config"], hook.document["config"]);
    assert_eq!(run().await, (json!("first"), json!(3)));
    let revisions = studio.all(&format!("{path}/revisions")).await;
    assert_eq!(revisions.len(), 3);
    assert_eq!(revisions[0]["hook"], restored);

    // The log of each run keeps the version that ran.
    let logs = studio.logs_of_job(world.job).await;
    let versions: Vec<&Value> = logs.iter().map(|log| &log["hook"]["version"]).collect();
    assert_eq!(versions, [2, 3]);

    for missing in ["0", "4", "one", "-1"] {
        let path = format!("{path}/revisions/{missing}/restore");
        let refused = studio.post(&path, &json!({})).await;
        refused.problem(404, "not-found");
    }
    let unknown = studio
        .post("/hooks/999/revisions/1/restore", &json!({}))
        .await;
    unknown.problem(404, "not-found");

    // What was right then is checked again: its script leads out by now.
    let lead_out = |config: &Value| {
        let script = config["script_path"].as_str().unwrap();
        let script = studio.layout().scripts().join(script);
        std::fs::remove_file(&script).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &script).unwrap();
    };
    lead_out(&revisions[1]["hook"]["config"]);
    let again = format!("{path}/revisions/2/restore");
    let refused = studio.post(&again, &json!({})).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/script_path"]);
    assert_eq!(studio.get(&path).await.ok(), restored);

    // A hook whose own script went bad can still be switched off.
    lead_out(&restored["config"]);
    let config = restored["config"].clone();
    let off = HookDraft::new("grade", "shell", config).disabled();
    let off = studio.put(&path, off.with("version", 3).body()).await.ok();
    assert_eq!(off["enabled"], false);
}

async fn hooks_of_one_trigger_and_scope_are_ordered_together(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let lines = format!("printf {name}");
        ids.push(studio.shell(name, &lines).create(&studio).await.id);
    }
    let elsewhere = studio
        .shell("z", "")
        .at("pre_segment")
        .create(&studio)
        .await
        .id;
    let local = studio
        .shell("l", "")
        .in_project(world.project)
        .create(&studio)
        .await
        .id;
    let order = async |ids: Value| studio.put("/hooks/order", &json!({"hook_ids": ids})).await;

    let wanted = json!([ids[2], ids[0], ids[1]]);
    let ordered = order(wanted.clone()).await.ok();
    let told: Vec<&Value> = ordered["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hook| &hook["id"])
        .collect();
    assert_eq!(json!(told), wanted);
    let answer = studio
        .run(studio.job(studio.project("p").await, None).await, json!({}))
        .await;
    let printed: String = answer["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|execution| execution["stdout"].as_str().unwrap())
        .collect();
    assert_eq!(printed, "cab");

    // The same order again changes nothing.
    let versions = |hooks: &Value| -> Vec<i64> {
        let hooks = hooks["items"].as_array().unwrap().iter();
        hooks
            .map(|hook| hook["version"].as_i64().unwrap())
            .collect()
    };
    let again = order(wanted).await.ok();
    assert_eq!(versions(&again), versions(&ordered));

    for wrong in [
        json!([]),
        json!([ids[0], ids[1]]),
        json!([ids[0], ids[1], ids[2], ids[2]]),
        json!([ids[0], ids[1], ids[2], elsewhere]),
        json!([ids[0], ids[1], ids[2], local]),
        json!([ids[0], ids[1], 999]),
    ] {
        let refused = order(wrong.clone()).await;
        assert!(
            matches!(refused.status, 404 | 422),
            "{wrong}: {}",
            refused.text
        );
        assert!(refused.body["type"].is_string());
    }
    let refused = order(json!(["1"])).await;
    refused.problem(422, "invalid-request").at(["/hook_ids/0"]);
    let kept = studio
        .all("/hooks?scope_type=studio&hook_point=post_segment")
        .await;
    let kept: Vec<i64> = kept
        .iter()
        .map(|hook| hook["version"].as_i64().unwrap())
        .collect();
    let mut expected = versions(&ordered);
    expected.rotate_left(1);
    assert_eq!(kept, expected);
}

async fn every_change_is_on_the_audit_trail(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let draft = studio.shell("grade", "echo");
    let hook = draft.clone().create(&studio).await;
    let path = format!("/hooks/{}", hook.id);
    let changed = draft.clone().with("version", 1).order(3);
    let changed = studio.put(&path, changed.body()).await.ok();
    studio
        .put(&path, draft.with("version", 1).body())
        .await
        .problem(409, "stale-version");
    studio.delete(&path).await.expect(204);

    let trail = studio
        .all(&format!("/audit?subject_type=hook&subject_id={}", hook.id))
        .await;
    let told: Vec<&Value> = trail.iter().map(|entry| &entry["action"]).collect();
    assert_eq!(told, ["hook.delete", "hook.update", "hook.create"]);
    assert_eq!(trail[2]["before"], Value::Null);
    assert_eq!(trail[2]["after"], hook.document);
    assert_eq!(trail[1]["before"], hook.document);
    assert_eq!(trail[1]["after"], changed);
    assert_eq!(trail[0]["before"], changed);
    assert_eq!(trail[0]["after"], Value::Null);
    for entry in &trail {
        assert_eq!(entry["actor"], "admin");
        assert_eq!(entry["subject_type"], "hook");
        assert_eq!(entry["subject_id"], hook.id.to_string());
        assert!(entry["created_at"].is_string());
    }

    for (subject, id) in [
        ("project", world.project),
        ("scene_type", world.scene_type),
        ("job", world.job),
    ] {
        let trail = studio.all(&format!("/audit?subject_type={subject}")).await;
        assert_eq!(trail.len(), 1, "{trail:#?}");
        assert_eq!(trail[0]["action"], format!("{subject}.create"));
        assert_eq!(trail[0]["after"]["id"], id);
    }
    assert_eq!(studio.all("/audit?actor=nobody").await, [Value::Null; 0]);
    // A stage run changes no hook and no project.
    let before = studio.all("/audit").await.len();
    studio.run(world.job, json!({})).await;
    assert_eq!(studio.all("/audit").await.len(), before);
}

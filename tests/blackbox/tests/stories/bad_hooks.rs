//! A hook that is wrong is refused with its problem, and leaves nothing behind.

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::{Database, HookDraft, Studio, World, on_both_databases};

on_both_databases!(
    a_hook_that_is_wrong_is_told_where,
    everything_wrong_with_a_hook_is_told_at_once,
    a_script_outside_the_roots_is_refused,
    a_stale_version_is_refused,
    a_name_is_taken_once,
    of_many_at_once_exactly_one_wins,
);

/// A hook's request with these fields changed; `null` removes one.
fn changed(draft: &HookDraft, changes: &Value) -> Value {
    let mut body = draft.body().clone();
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(key);
        } else {
            body[key] = value.clone();
        }
    }
    body
}

async fn a_hook_that_is_wrong_is_told_where(on: Database) {
    // REQ-MOD-2..5
    let studio = Studio::open(on).await;
    let World { project, .. } = studio.world().await;
    let draft = studio.shell("grade", "echo");
    let before = studio.everything().await;
    let script = &draft.body()["config"]["script_path"];
    let config = |extra: Value| {
        let mut config = json!({"script_path": script});
        config
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!({"config": config})
    };
    let webhook = |extra: Value| {
        let mut config = json!({"url": "https://tracker.example.com/"});
        config
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        json!({"hook_type": "webhook", "config": config})
    };
    let python = |extra: Value| {
        let mut changes = config(extra);
        changes["hook_type"] = json!("python");
        changes
    };
    let cases = [
        (json!({"hook_point": "mid_segment"}), "/hook_point"),
        (json!({"hook_point": null}), "/hook_point"),
        (json!({"event": "job_failed"}), "/event"),
        (json!({"hook_point": null, "event": "no event!"}), "/event"),
        (
            json!({"hook_point": null, "event": "job_failed", "failure_mode": "block"}),
            "/failure_mode",
        ),
        (json!({"scope_id": project}), "/scope_id"),
        (json!({"scope_type": "project"}), "/scope_id"),
        (json!({"scope_type": "scene_type"}), "/scope_id"),
        (json!({"scope_type": "planet"}), "/scope_type"),
        (json!({"failure_mode": "explode"}), "/failure_mode"),
        (json!({"hook_type": "perl"}), "/hook_type"),
        (json!({"name": ""}), "/name"),
        (json!({"name": " padded"}), "/name"),
        (json!({"name": "a\u{0}b"}), "/name"),
        (json!({"name": "n".repeat(129)}), "/name"),
        (json!({"description": "d".repeat(4097)}), "/description"),
        (json!({"config": {}}), "/config"),
        (json!({"config": []}), "/config"),
        (json!({"config": {"script_pth": "a"}}), "/config/script_pth"),
        (
            config(json!({"timeout_seconds": "30"})),
            "/config/timeout_seconds",
        ),
        (
            config(json!({"timeout_seconds": 0})),
            "/config/timeout_seconds",
        ),
        (
            config(json!({"timeout_seconds": -1})),
            "/config/timeout_seconds",
        ),
        (
            config(json!({"timeout_seconds": 1.5})),
            "/config/timeout_seconds",
        ),
        (
            config(json!({"timeout_seconds": 86_401})),
            "/config/timeout_seconds",
        ),
        (config(json!({"args": "-v"})), "/config/args"),
        (config(json!({"args": ["a", 1]})), "/config/args/1"),
        (config(json!({"args": ["a\u{0}"]})), "/config/args/0"),
        (config(json!({"env": {"PATH": "/tmp"}})), "/config/env/PATH"),
        (config(json!({"env": {"A/B": "1"}})), "/config/env/A~1B"),
        (
            config(json!({"env": {"STAGEHOOK_TOKEN": "x"}})),
            "/config/env/STAGEHOOK_TOKEN",
        ),
        (config(json!({"sandbox": "none"})), "/config/sandbox"),
        (config(json!({"venv": "main"})), "/config/venv"),
        (
            config(json!({"grants": {"internet": true}})),
            "/config/grants/internet",
        ),
        (python(json!({"venv": "../x"})), "/config/venv"),
        (
            python(json!({"requirements": ["--index-url=x"]})),
            "/config/requirements/0",
        ),
        (
            python(json!({"requirements": "/etc/requirements.txt"})),
            "/config/requirements",
        ),
        (
            python(json!({"requirements": {"pillow": "11.0"}})),
            "/config/requirements",
        ),
        (python(json!({"url": "https://x"})), "/config/url"),
        (webhook(json!({"url": "ftp://example.com/"})), "/config/url"),
        (webhook(json!({"url": "not a url"})), "/config/url"),
        (
            webhook(json!({"url": "https://user:pass@example.com/"})),
            "/config/url",
        ),
        (webhook(json!({"method": "GET"})), "/config/method"),
        (webhook(json!({"secret": "two words"})), "/config/secret"),
        (
            webhook(json!({"headers": {"Host": "x"}})),
            "/config/headers/Host",
        ),
        (
            webhook(json!({"headers": {"X-A": "a\r\nB: c"}})),
            "/config/headers/X-A",
        ),
        (
            webhook(json!({"headers": {"X-Stagehook-Signature": "a"}})),
            "/config/headers/X-Stagehook-Signature",
        ),
        (webhook(json!({"auth": {"type": "bearer"}})), "/config/auth"),
        (
            webhook(json!({"auth": {"type": "magic"}})),
            "/config/auth/type",
        ),
        (
            webhook(json!({"auth": {"type": "bearer", "secret": "a", "x": 1}})),
            "/config/auth/x",
        ),
        (
            webhook(json!({"retry": {"retries": 21}})),
            "/config/retry/retries",
        ),
    ];
    for (changes, pointer) in cases {
        let refused = studio.post("/hooks", &changed(&draft, &changes)).await;
        let problem = refused.problem(422, "invalid-hook");
        assert!(
            problem.pointers.contains(pointer) && problem.pointers.len() == 1,
            "{changes}: {}",
            refused.text
        );
    }
    // What is no hook request at all.
    for (changes, pointer) in [
        (json!({"name": null}), ""),
        (json!({"config": null}), ""),
        (json!({"name": 7}), "/name"),
        (json!({"sort_order": "first"}), "/sort_order"),
        (json!({"enabled": "yes"}), "/enabled"),
        (json!({"priority": 1}), "/priority"),
        (
            json!({"scope_type": "project", "scope_id": "1"}),
            "/scope_id",
        ),
        (json!({"id": 1}), "/id"),
    ] {
        let refused = studio.post("/hooks", &changed(&draft, &changes)).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    // Scopes that are not there.
    for scope in ["project", "scene_type"] {
        let changes = json!({"scope_type": scope, "scope_id": 999});
        let refused = studio.post("/hooks", &changed(&draft, &changes)).await;
        refused.problem(404, "not-found").at(["/scope_id"]);
    }
    assert_eq!(studio.everything().await, before);
}

async fn everything_wrong_with_a_hook_is_told_at_once(on: Database) {
    let studio = Studio::open(on).await;
    let body = json!({
        "name": "", "hook_type": "shell", "hook_point": "nowhere", "scope_type": "studio",
        "scope_id": 1, "failure_mode": "maybe",
        "config": {"script_path": "a", "timeout_seconds": 0, "env": {"1": "x", "HOME": "/"}},
    });
    let refused = studio.post("/hooks", &body).await;
    refused.problem(422, "invalid-hook").at([
        "/name",
        "/hook_point",
        "/scope_id",
        "/failure_mode",
        "/config/timeout_seconds",
        "/config/env/1",
        "/config/env/HOME",
    ]);
    let hook = studio.shell("fine", "echo").create(&studio).await;
    let mut update = body;
    update["version"] = json!(1);
    let refused = studio.put(&format!("/hooks/{}", hook.id), &update).await;
    assert_eq!(refused.problem(422, "invalid-hook").pointers.len(), 7);
    let kept = studio.get(&format!("/hooks/{}", hook.id)).await.ok();
    assert_eq!(kept, hook.document);
}

async fn a_script_outside_the_roots_is_refused(on: Database) {
    // REQ-SCR-7
    let studio = Studio::open(on).await;
    let scripts = studio.layout().scripts();
    std::fs::write(studio.layout().root().join("outside"), "echo outside").unwrap();
    std::fs::create_dir(scripts.join("directory")).unwrap();
    std::os::unix::fs::symlink("../outside", scripts.join("link")).unwrap();
    std::os::unix::fs::symlink("/etc", scripts.join("etc")).unwrap();
    let before = studio.everything().await;
    for hook_type in ["shell", "python"] {
        for (path, kind) in [
            ("../outside", "invalid-hook"),
            ("directory/../../outside", "invalid-hook"),
            ("/etc/passwd", "invalid-hook"),
            ("./script", "invalid-hook"),
            ("", "invalid-hook"),
            ("a\u{0}b", "invalid-hook"),
            ("link", "invalid-request"),
            ("etc/passwd", "invalid-request"),
            ("directory", "invalid-request"),
        ] {
            let draft = HookDraft::new("x", hook_type, json!({"script_path": path}));
            let refused = studio.post("/hooks", draft.body()).await;
            refused.problem(422, kind).at(["/config/script_path"]);
        }
    }
    assert_eq!(studio.everything().await, before);

    // A link that is put there later is refused as it runs.
    let hook = studio.shell("swapped", "echo inside").create(&studio).await;
    let script = hook.document["config"]["script_path"].as_str().unwrap();
    std::fs::remove_file(scripts.join(script)).unwrap();
    std::os::unix::fs::symlink("../outside", scripts.join(script)).unwrap();
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["success"], false, "{log:#}");
    assert_eq!(log["stdout"], "");
}

async fn a_stale_version_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let draft = studio.shell("grade", "echo");
    let hook = draft.clone().create(&studio).await;
    let path = format!("/hooks/{}", hook.id);
    let update = |version: i64, order: i64| draft.clone().order(order).with("version", version);
    let changed = studio.put(&path, update(1, 5).body()).await.ok();
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["sort_order"], 5);
    for stale in [0, 1, 3, -1] {
        let refused = studio.put(&path, update(stale, 9).body()).await;
        let problem = refused.problem(409, "stale-version");
        problem.at(["/version"]);
        assert!(problem.detail.contains('2'), "{}", problem.detail);
    }
    let refused = studio.put(&path, draft.body()).await;
    refused.problem(422, "invalid-request").at([""]);
    assert_eq!(studio.get(&path).await.ok(), changed);
    assert_eq!(studio.all(&format!("{path}/revisions")).await.len(), 2);
    let unknown = studio.put("/hooks/999", update(1, 1).body()).await;
    unknown.problem(404, "not-found");
}

async fn a_name_is_taken_once(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let draft = studio.shell("grade", "echo");
    let first = draft.clone().create(&studio).await;
    let before = studio.everything().await;
    let refused = studio.post("/hooks", draft.body()).await;
    refused.problem(409, "name-taken").at(["/name"]);
    assert_eq!(studio.everything().await, before);

    // At another trigger or scope the name is free.
    let other_point = draft.clone().at("pre_segment").create(&studio).await;
    draft.clone().on_event("job_failed").create(&studio).await;
    draft.clone().on_event("job_*").create(&studio).await;
    let local = draft.clone().in_project(world.project);
    local.clone().create(&studio).await;
    draft
        .clone()
        .in_scene_type(world.scene_type)
        .create(&studio)
        .await;
    for taken in [local, draft.clone().on_event("job_failed")] {
        let refused = studio.post("/hooks", taken.body()).await;
        refused.problem(409, "name-taken").at(["/name"]);
    }
    // A change cannot take it either.
    let moved = draft.clone().with("version", 1);
    let refused = studio
        .put(&format!("/hooks/{}", other_point.id), moved.body())
        .await;
    refused.problem(409, "name-taken").at(["/name"]);
    // It is free again when its hook is deleted.
    studio
        .delete(&format!("/hooks/{}", first.id))
        .await
        .expect(204);
    let second = draft.create(&studio).await;
    assert!(second.id > first.id, "an id is never used twice");
}

async fn of_many_at_once_exactly_one_wins(on: Database) {
    let studio = Studio::open(on).await;
    let tally = async |requests: Vec<(Method, String, Value)>| {
        let mut asked = tokio::task::JoinSet::new();
        for (method, path, body) in requests {
            let client = studio.client();
            asked
                .spawn(async move { client.send(client.request(method, &path).json(&body)).await });
        }
        let mut statuses = Vec::new();
        while let Some(answer) = asked.join_next().await {
            let answer = answer.unwrap();
            if answer.status == 409 {
                let kind = answer.body["type"].as_str().unwrap();
                assert!(matches!(
                    kind,
                    "/problems/name-taken" | "/problems/stale-version"
                ));
            }
            statuses.push(answer.status);
        }
        statuses.sort_unstable();
        statuses
    };
    let conflicts = |winner: u16| {
        let mut statuses = vec![winner];
        statuses.extend([409; 15]);
        statuses
    };
    let post = |path: &str, body: &Value| (Method::POST, path.to_owned(), body.clone());
    let project = json!({"name": "contested"});
    let projects = tally(vec![post("/projects", &project); 16]).await;
    assert_eq!(projects, conflicts(201));
    let draft = studio.shell("contested", "echo");
    let hooks = tally(vec![post("/hooks", draft.body()); 16]).await;
    assert_eq!(hooks, conflicts(201));
    let listed = studio.all("/hooks").await;
    assert_eq!(listed.len(), 1);
    assert_eq!(studio.all("/projects").await.len(), 1);

    // Of many changes to one version, too.
    let path = format!("/hooks/{}", listed[0]["id"]);
    let changes = (0..16)
        .map(|i| {
            let change = draft.clone().order(i).with("version", 1);
            (Method::PUT, path.clone(), change.body().clone())
        })
        .collect();
    assert_eq!(tally(changes).await, conflicts(200));
    assert_eq!(studio.get(&path).await.ok()["version"], 2);
    assert_eq!(studio.all(&format!("{path}/revisions")).await.len(), 2);
}

//! The catalogue: requirements that are pinned, yanked versions, signatures,
//! hooks in one step, plugins that move. REQ-WASM-5, REQ-WASM-6, REQ-WASM-9

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::plugins::{catalogue_plugin, component};
use stagehook_tests::{Answer, Database, HookDraft, Setup, Studio, on_both_databases};

on_both_databases!(
    a_requirement_is_pinned_when_the_hook_is_saved,
    a_yanked_version_goes_on_where_it_runs_and_goes_nowhere_else,
    settings_satisfy_the_schema_before_the_plugin_is_asked,
    a_schema_that_is_none_is_refused,
    a_plugin_is_installed_in_one_step,
    a_plugin_moves_between_studios,
    an_archive_that_is_none_is_refused_with_the_reason,
    a_signature_counts_when_a_trusted_key_made_it,
    where_signatures_are_required_unsigned_plugins_do_not_run,
);

async fn publish(studio: &Studio, manifest: Value) -> Value {
    studio.upload(catalogue_plugin(&manifest)).await.expect(201)
}

fn draft(plugin: &str) -> HookDraft {
    HookDraft::new("guest", "wasm", json!({"plugin": plugin}))
}

async fn yank(studio: &Studio, version: &str, body: Value) -> Value {
    let path = format!("/plugins/catalogue-guest/{version}/yank");
    studio.post(&path, &body).await.ok()
}

/// The version that a hook says it ran.
async fn ran(studio: &Studio, id: i64) -> Value {
    let input = json!({"input": {}});
    let log = studio.post(&format!("/hooks/{id}/test"), &input).await.ok();
    assert_eq!(log["status"], "passed", "{log:#}");
    log["result"]["metadata"]["ran"].clone()
}

async fn a_requirement_is_pinned_when_the_hook_is_saved(on: Database) {
    let studio = Studio::open(on).await;
    let first = publish(&studio, json!({"version": "1.2.0"})).await;
    let hook = draft("catalogue-guest@^1.2").create(&studio).await;
    let pinned = json!({"version": "1.2.0", "digest": first["digest"]});
    assert_eq!(hook.document["config"]["plugin"], "catalogue-guest@^1.2");
    assert_eq!(hook.document["config"]["pinned"], pinned);
    assert_eq!(ran(&studio, hook.id).await, "1.2.0");

    // A newer one changes nothing by itself, but is shown.
    publish(&studio, json!({"version": "1.10.0"})).await;
    publish(&studio, json!({"version": "1.9.0"})).await;
    publish(&studio, json!({"version": "2.0.0"})).await;
    let path = format!("/hooks/{}", hook.id);
    let shown = studio.get(&path).await.ok();
    assert_eq!(shown["newer_plugin_version"], "1.10.0");
    assert_eq!(shown["config"]["pinned"], pinned);
    let listed = studio.all("/hooks").await;
    assert_eq!(listed, std::slice::from_ref(&shown));
    assert_eq!(ran(&studio, hook.id).await, "1.2.0");

    // Sent back, the pin stays; left away, the newest is found.
    let update = draft("catalogue-guest@^1.2").with("version", 1);
    let update = update
        .with("description", "kept")
        .config("pinned", pinned.clone());
    let kept = studio.put(&path, update.body()).await.ok();
    assert_eq!(kept["config"]["pinned"], pinned);
    let update = draft("catalogue-guest@^1.2").with("version", 2);
    let moved = studio.put(&path, update.body()).await.ok();
    assert_eq!(moved["config"]["pinned"]["version"], "1.10.0");
    assert_eq!(ran(&studio, hook.id).await, "1.10.0");
    let shown = studio.get(&path).await.ok();
    assert_eq!(shown.get("newer_plugin_version"), None);

    // A pin that does not fit a changed requirement is found anew.
    let update = draft("catalogue-guest@^2").with("version", 3);
    let update = update.config("pinned", pinned.clone());
    let moved = studio.put(&path, update.body()).await.ok();
    assert_eq!(moved["config"]["pinned"]["version"], "2.0.0");

    for (config, pointer, says) in [
        (
            json!({"plugin": "catalogue-guest@^3"}),
            "/config/plugin",
            "2.0.0",
        ),
        (
            json!({"plugin": "nobody@^1"}),
            "/config/plugin",
            "upload it first",
        ),
        (
            json!({"plugin": "catalogue-guest@^1", "pinned": {"version": "1.3.0", "digest": first["digest"]}}),
            "/config/pinned",
            "leave 'pinned' away",
        ),
        (
            json!({"plugin": "catalogue-guest@^1", "pinned": {"version": "1.9.0", "digest": first["digest"]}}),
            "/config/pinned",
            "leave 'pinned' away",
        ),
    ] {
        let refused = HookDraft::new("other", "wasm", config);
        let refused = studio.post("/hooks", refused.body()).await;
        let problem = refused.problem(422, "invalid-request");
        problem.at([pointer]);
        assert!(problem.detail.contains(says), "{}", problem.detail);
    }
    let exact = draft("catalogue-guest@1.2.0").config("pinned", pinned);
    let refused = studio.post("/hooks", exact.body()).await;
    refused.problem(422, "invalid-hook").at(["/config/pinned"]);
}

async fn a_yanked_version_goes_on_where_it_runs_and_goes_nowhere_else(on: Database) {
    let studio = Studio::open(on).await;
    publish(&studio, json!({"version": "1.0.0"})).await;
    let second = publish(&studio, json!({"version": "1.1.0"})).await;
    let hook = draft("catalogue-guest@^1").create(&studio).await;
    let yanked = yank(&studio, "1.1.0", json!({"reason": "it leaks"})).await;
    assert_eq!(yanked["yanked"]["reason"], "it leaks");
    assert_eq!(yanked["yanked"]["by"], "admin");

    assert_eq!(ran(&studio, hook.id).await, "1.1.0");
    let path = format!("/hooks/{}", hook.id);
    let update = draft("catalogue-guest@^1").with("version", 1);
    let update = update.with("sort_order", 7);
    let update = update.config("pinned", hook.document["config"]["pinned"].clone());
    let kept = studio.put(&path, update.body()).await.ok();
    assert_eq!(kept["config"]["pinned"]["version"], "1.1.0");

    let other = |plugin: &str| draft(plugin).with("name", "other");
    let digest = second["digest"].as_str().unwrap();
    for plugin in ["catalogue-guest@1.1.0", digest] {
        let refused = studio.post("/hooks", other(plugin).body()).await;
        let problem = refused.problem(422, "invalid-request");
        problem.at(["/config/plugin"]);
        assert!(problem.detail.contains("it leaks"), "{}", problem.detail);
    }
    let pinned = other("catalogue-guest@^1").config("pinned", kept["config"]["pinned"].clone());
    let refused = studio.post("/hooks", pinned.body()).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/pinned"]);
    let older = other("catalogue-guest@^1").create(&studio).await;
    assert_eq!(older.document["config"]["pinned"]["version"], "1.0.0");
    let shown = studio.get(&format!("/hooks/{}", older.id)).await.ok();
    assert_eq!(shown.get("newer_plugin_version"), None);

    let listed = studio.all("/plugins").await;
    assert_eq!(
        (&listed[0]["version"], &listed[0]["versions"]),
        (&json!("1.0.0"), &json!(2))
    );
    let one = studio.get("/plugins/catalogue-guest/1.1.0").await.ok();
    assert_eq!(one["used_by"], 1);
    assert_eq!(one["yanked"]["reason"], "it leaks");

    let back = yank(&studio, "1.1.0", json!({"yanked": false})).await;
    assert_eq!(back, second);
    let shown = studio.get(&format!("/hooks/{}", older.id)).await.ok();
    assert_eq!(shown["newer_plugin_version"], "1.1.0");
    let actions: Vec<_> = studio
        .all("/audit?subject_id=catalogue-guest@1.1.0")
        .await
        .into_iter()
        .map(|entry| entry["action"].clone())
        .collect();
    assert_eq!(actions, ["plugin.unyank", "plugin.yank", "plugin.publish"]);
    for path in [
        "/plugins/nobody/1.0.0/yank",
        "/plugins/catalogue-guest/^1/yank",
    ] {
        studio
            .post(path, &json!({}))
            .await
            .problem(404, "not-found");
    }
    let path = "/plugins/catalogue-guest/1.0.0/yank";
    let wrong = studio.post(path, &json!({"yanked": "yes"})).await;
    wrong.problem(422, "invalid-request").at(["/yanked"]);
}

async fn settings_satisfy_the_schema_before_the_plugin_is_asked(on: Database) {
    let studio = Studio::open(on).await;
    let schema = json!({
        "type": "object",
        "properties": {"level": {"type": "number", "minimum": -70}, "rules": {"type": "array", "items": {"type": "string"}}},
        "required": ["level"],
        "additionalProperties": false,
    });
    publish(
        &studio,
        json!({"version": "1.0.0", "settings_schema": schema}),
    )
    .await;
    let settings = json!({"level": -80, "rules": ["a", 2], "leveel": 1});
    let wrong = draft("catalogue-guest@^1").config("settings", settings);
    let refused = studio.post("/hooks", wrong.body()).await;
    refused.problem(422, "invalid-request").at([
        "/config/settings/level",
        "/config/settings/leveel",
        "/config/settings/rules/1",
    ]);
    let missing = studio
        .post("/hooks", draft("catalogue-guest@^1").body())
        .await;
    let problem = missing.problem(422, "invalid-request");
    problem.at(["/config/settings/level"]);
    let right = draft("catalogue-guest@^1").config("settings", json!({"level": -23}));
    right.create(&studio).await;
}

async fn a_schema_that_is_none_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    for (schema, says) in [
        (json!({"type": "banana"}), "/type"),
        (
            json!({"properties": {"a": {"$ref": "https://example.com/x.json"}}}),
            "/properties/a/$ref",
        ),
        (json!({"pattern": "(?=a)"}), "/pattern"),
    ] {
        let bytes = catalogue_plugin(&json!({"version": "1.0.0", "settings_schema": schema}));
        let refused = studio.upload(bytes.clone()).await;
        refused.problem(422, "invalid-plugin");
        assert!(refused.text.contains(says), "{}", refused.text);
        let request = studio
            .request(Method::POST, "/plugins/validate")
            .body(bytes);
        let report = studio.send(request).await.ok();
        assert_eq!(report["valid"], false);
        assert_eq!(report["problems"][0]["rule"], "manifest", "{report:#}");
        assert!(report["digest"].is_string(), "{report:#}");
    }
    assert_eq!(studio.all("/plugins").await, [Value::Null; 0]);
}

async fn a_plugin_is_installed_in_one_step(on: Database) {
    let studio = Studio::open(on).await;
    let schema = json!({"required": ["level"], "properties": {"level": {"type": "number"}}});
    publish(
        &studio,
        json!({"version": "1.4.2", "description": "Checks levels", "hook_points": ["post_delivery"], "settings_schema": schema}),
    )
    .await;
    let install = async |body: Value| studio.post("/plugins/catalogue-guest/install", &body).await;
    let media = studio.layout().media();
    let body = json!({"scope_type": "studio", "settings": {"level": 3}});
    let hook = install(body).await.expect(201);
    assert_eq!(hook["name"], "catalogue-guest");
    assert_eq!(hook["description"], "Checks levels");
    assert_eq!(hook["hook_point"], "post_delivery");
    assert_eq!(hook["config"]["plugin"], "catalogue-guest@^1.4.2");
    assert_eq!(hook["config"]["pinned"]["version"], "1.4.2");
    assert_eq!(hook["warnings"], json!([]));
    assert_eq!(ran(&studio, hook["id"].as_i64().unwrap()).await, "1.4.2");

    let body = json!({
        "version": "1.4.2", "name": "levels", "scope_type": "studio", "event": "job_*",
        "settings": {"level": 3}, "limits": {"timeout_seconds": 5}, "enabled": false, "sort_order": 4,
        "grants": {"directories": [{"host": media, "guest": "/media", "access": "read"}]},
    });
    let hook = install(body).await.expect(201);
    assert_eq!(hook["config"]["plugin"], "catalogue-guest@1.4.2");
    assert_eq!(
        (&hook["event"], &hook["enabled"]),
        (&json!("job_*"), &json!(false))
    );
    let warning = hook["warnings"][0].as_str().unwrap();
    assert!(warning.contains("directories"), "{warning}");

    let wrong = json!({
        "name": "wrong", "scope_type": "studio", "hook_point": "pre_segment", "settings": {"level": "high"},
        "grants": {"directories": [{"host": "/etc", "guest": "/e", "access": "read"}]},
        "limits": {"fuel": u64::MAX},
    });
    install(wrong).await.problem(422, "invalid-request").at([
        "/hook_point",
        "/settings/level",
        "/grants/directories/0/host",
        "/limits/fuel",
    ]);
    for (change, pointer) in [
        (json!({"version": "^2"}), "/version"),
        (json!({"version": "9.9.9"}), "/version"),
        (json!({"version": "newest"}), "/version"),
        (json!({"scope_type": "planet"}), "/scope_type"),
        (json!({"scope_type": "project", "scope_id": 9}), "/scope_id"),
    ] {
        let mut body = json!({"name": "x", "scope_type": "studio", "settings": {"level": 3}});
        let change = change.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(change);
        let refused = install(body).await;
        let pointers: Vec<_> = refused.body["errors"].as_array().unwrap().iter().collect();
        assert!(
            pointers.iter().all(|error| error["pointer"] == pointer),
            "{}",
            refused.text
        );
    }
    let body = json!({"scope_type": "studio"});
    let nobody = studio.post("/plugins/nobody/install", &body).await;
    nobody.problem(404, "not-found");
    assert_eq!(studio.all("/hooks").await.len(), 2);
    yank(&studio, "1.4.2", json!({})).await;
    let refused = install(json!({"name": "y", "scope_type": "studio"})).await;
    refused.problem(422, "invalid-request").at(["/version"]);
}

async fn bytes(studio: &Studio, path: &str) -> (String, Vec<u8>) {
    let response = studio.request(Method::GET, path).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let media_type = response.headers()["content-type"].to_str().unwrap();
    (
        media_type.to_owned(),
        response.bytes().await.unwrap().into(),
    )
}

async fn import(studio: &Studio, archive: Vec<u8>) -> Answer {
    let request = studio.request(Method::POST, "/plugins/import");
    studio.send(request.body(archive)).await
}

async fn a_plugin_moves_between_studios(on: Database) {
    let (here, there) = (Studio::open(on).await, Studio::open(on).await);
    let component = catalogue_plugin(&json!({"version": "1.0.0", "description": "Moves"}));
    let kept = here.upload(component.clone()).await.expect(201);
    let path = "/plugins/catalogue-guest/1.0.0";
    let raw = bytes(&here, &format!("{path}/component")).await;
    assert_eq!(raw, ("application/wasm".to_owned(), component));
    let (media_type, archive) = bytes(&here, &format!("{path}/export")).await;
    assert_eq!(media_type, "application/x-tar");

    let moved = import(&there, archive.clone()).await.expect(201);
    assert_eq!(moved["digest"], kept["digest"]);
    assert_eq!(moved["description"], "Moves");
    let hook = draft("catalogue-guest@^1").create(&there).await;
    assert_eq!(ran(&there, hook.id).await, "1.0.0");
    // Once more is the same version.
    assert_eq!(import(&there, archive).await.expect(201), moved);
    for path in ["component", "export"] {
        let path = format!("/plugins/catalogue-guest/9.9.9/{path}");
        here.get(&path).await.problem(404, "not-found");
    }
}

async fn an_archive_that_is_none_is_refused_with_the_reason(on: Database) {
    let studio = Studio::open(on).await;
    publish(&studio, json!({"version": "1.0.0"})).await;
    let (_, archive) = bytes(&studio, "/plugins/catalogue-guest/1.0.0/export").await;
    let mut damaged = archive.clone();
    let middle = damaged.len() - 100_000;
    damaged[middle] ^= 1;
    let cut = archive[..archive.len() / 2].to_vec();
    for (bytes, says) in [
        (Vec::new(), "no tar archive"),
        (b"PK\x03\x04".to_vec(), "no tar archive"),
        (component("catalogue_guest"), "no tar archive"),
        (damaged, "other bytes than its digest"),
        (cut, "archive"),
    ] {
        let refused = import(&studio, bytes).await;
        let problem = refused.problem(422, "invalid-archive");
        assert!(problem.detail.contains(says), "{}", problem.detail);
    }
}

fn key(seed: u8) -> (SigningKey, String) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = STANDARD.encode(key.verifying_key().as_bytes());
    (key, public)
}

async fn upload_signed(studio: &Studio, component: Vec<u8>, signature: &str) -> Answer {
    let request = studio.request(Method::POST, "/plugins");
    let request = request.header("x-stagehook-plugin-signature", signature);
    studio.send(request.body(component)).await
}

async fn digest(studio: &Studio, component: Vec<u8>) -> String {
    let request = studio.request(Method::POST, "/plugins/validate");
    let report = studio.send(request.body(component)).await.ok();
    report["digest"].as_str().unwrap().to_owned()
}

async fn a_signature_counts_when_a_trusted_key_made_it(on: Database) {
    let ((studio_key, public), (stranger, _)) = (key(1), key(2));
    let trusted = format!("studio={public}");
    let setup = Setup::default().variable("STAGEHOOK_TRUSTED_KEYS", &trusted);
    let studio = Studio::with(on, setup).await;
    let component = catalogue_plugin(&json!({"version": "1.0.0"}));
    let digest = digest(&studio, component.clone()).await;
    let sign = |key: &SigningKey, text: &str| STANDARD.encode(key.sign(text.as_bytes()).to_bytes());

    for wrong in [sign(&stranger, &digest), sign(&studio_key, "sha256:0")] {
        let refused = upload_signed(&studio, component.clone(), &wrong).await;
        let problem = refused.problem(422, "invalid-plugin");
        assert!(
            problem.detail.contains("no key that this server trusts"),
            "{}",
            problem.detail
        );
    }
    let refused = upload_signed(&studio, component.clone(), "nonsense").await;
    refused.problem(422, "invalid-signature");
    assert_eq!(studio.all("/plugins").await, [Value::Null; 0]);

    let signature = sign(&studio_key, &digest);
    let kept = upload_signed(&studio, component, &signature)
        .await
        .expect(201);
    assert_eq!(kept["signature"], signature.as_str());
    assert_eq!(kept["signed_by"], "studio");

    // The signature goes with an export, and is checked where it arrives.
    let (_, archive) = bytes(&studio, "/plugins/catalogue-guest/1.0.0/export").await;
    let setup = Setup::default()
        .flag("--require-signed-plugins")
        .flag(&format!("--trusted-key=vendor={public}"));
    let there = Studio::with(on, setup).await;
    let moved = import(&there, archive.clone()).await.expect(201);
    assert_eq!(moved["signed_by"], "vendor");
    let nobody = Studio::open(on).await;
    import(&nobody, archive)
        .await
        .problem(422, "invalid-plugin");
}

async fn where_signatures_are_required_unsigned_plugins_do_not_run(on: Database) {
    let mut studio = Studio::open(on).await;
    let component = catalogue_plugin(&json!({"version": "1.0.0"}));
    studio.upload(component.clone()).await.expect(201);
    let hook = draft("catalogue-guest@^1").create(&studio).await;
    assert_eq!(ran(&studio, hook.id).await, "1.0.0");

    // Required from now on: what was taken before is not run any more.
    let (signing, public) = key(1);
    let setup = Setup::default()
        .flag("--require-signed-plugins")
        .flag(&format!("--trusted-key=studio={public}"));
    studio.restart_with(setup).await;
    let path = format!("/hooks/{}/test", hook.id);
    let log = studio.post(&path, &json!({"input": {}})).await.ok();
    assert_eq!(log["status"], "refused", "{log:#}");
    assert!(
        log["error"].as_str().unwrap().contains("not signed"),
        "{log:#}"
    );
    let other = draft("catalogue-guest@^1").with("name", "other");
    let refused = studio.post("/hooks", other.body()).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/plugin"]);
    let refused = studio
        .upload(catalogue_plugin(&json!({"version": "1.1.0"})))
        .await;
    refused.problem(422, "invalid-plugin");

    // Signed later, it runs again.
    let digest = digest(&studio, component.clone()).await;
    let signature = STANDARD.encode(signing.sign(digest.as_bytes()).to_bytes());
    upload_signed(&studio, component, &signature)
        .await
        .expect(201);
    assert_eq!(ran(&studio, hook.id).await, "1.0.0");
}

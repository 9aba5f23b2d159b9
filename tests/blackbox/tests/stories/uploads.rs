//! What is taken as a plugin, and what is not. REQ-WASM-5, REQ-WASM-6

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::plugins::component;
use stagehook_tests::{Database, HookDraft, Studio, on_both_databases};

on_both_databases!(
    an_upload_is_kept_by_name_version_and_digest,
    what_is_no_plugin_is_refused_with_the_reason,
    a_hook_needs_a_plugin_that_is_there,
);

async fn an_upload_is_kept_by_name_version_and_digest(on: Database) {
    let studio = Studio::open(on).await;
    let version = studio.upload(component("test_guest")).await.expect(201);
    assert_eq!(version["name"], "test-guest");
    assert_eq!(version["size_bytes"], component("test_guest").len());
    let digest = version["digest"].as_str().unwrap();
    assert!(digest.starts_with("sha256:"), "{digest}");
    assert!(
        version["imports"]
            .as_array()
            .unwrap()
            .iter()
            .any(|import| { import.as_str().unwrap().starts_with("wasi:") })
    );

    // The same bytes are the same version.
    let again = studio.upload(component("test_guest")).await.expect(201);
    assert_eq!(again, version);
    let mut listed = studio.all("/plugins").await;
    let mut entry = version.clone();
    entry["versions"] = json!(1);
    assert_eq!(listed.pop().as_ref(), Some(&entry));
    assert_eq!(listed, [Value::Null; 0]);
    let versions = studio.get("/plugins/test-guest").await.ok();
    assert_eq!(versions["items"], json!([version]));
    let number = version["version"].as_str().unwrap();
    let one = studio.get(&format!("/plugins/test-guest/{number}")).await;
    let mut one = one.ok();
    let beside = one.as_object_mut().unwrap();
    let reports = beside.remove("import_reports").unwrap();
    assert_eq!(
        reports.as_array().map(Vec::len),
        version["imports"].as_array().map(Vec::len)
    );
    assert_eq!(beside.remove("used_by"), Some(json!(0)));
    assert_eq!(one, version);
    for path in [
        "/plugins/nobody",
        "/plugins/test-guest/9.9.9",
        "/plugins/test-guest/new",
        "/plugins/NO",
    ] {
        studio.get(path).await.problem(404, "not-found");
    }
    assert_eq!(studio.all("/plugins?search=misbehaves").await.len(), 1);
    assert_eq!(studio.all("/plugins?search=100%25").await.len(), 0);

    // Other bytes for a version that exists are refused: a custom section at
    // the end changes nothing but the bytes.
    let mut changed = component("test_guest");
    changed.extend([0, 3, 1, b'x', 0]);
    let refused = studio.upload(changed).await;
    refused.problem(409, "plugin-version-taken");
    assert_eq!(studio.all("/plugins").await, std::slice::from_ref(&entry));

    // A hook can name the digest, too.
    let config = json!({"plugin": digest, "settings": {"do": "skip"}});
    let hook = HookDraft::new("pinned", "wasm", config)
        .create(&studio)
        .await;
    assert_eq!(studio.test(&hook, json!({})).await["status"], "skipped");
    let audit = studio.all("/audit?subject_type=plugin").await;
    assert_eq!(audit.len(), 1, "{audit:#?}");
    assert_eq!(audit[0]["action"], "plugin.publish");
}

/// A component that imports a function of this server's that does not exist.
fn importing(name: &str) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    // Type section: one function type without parameters and results.
    bytes.extend([7, 5, 1, 0x40, 0, 1, 0]);
    // Import section: the function, by its name.
    let size = u8::try_from(name.len()).unwrap();
    bytes.extend([10, size + 5, 1, 0, size]);
    bytes.extend(name.as_bytes());
    bytes.extend([1, 0]);
    bytes
}

async fn what_is_no_plugin_is_refused_with_the_reason(on: Database) {
    let studio = Studio::open(on).await;
    for (name, bytes, why) in [
        ("empty", Vec::new(), "it is empty"),
        ("text", b"(component)".to_vec(), "binary"),
        (
            "zip",
            b"PK\x03\x04 something else".to_vec(),
            "no WebAssembly component",
        ),
        ("core module", b"\0asm\x01\0\0\0".to_vec(), "wasm32-wasip2"),
        (
            "only a header",
            b"\0asm\x0d\0\x01\0".to_vec(),
            "does not export",
        ),
        ("cut off", component("test_guest")[..5000].to_vec(), ""),
        (
            "another world",
            component("foreign_world"),
            "does not export",
        ),
        (
            "unknown import",
            importing("studio-secrets"),
            "studio-secrets",
        ),
    ] {
        let refused = studio.upload(bytes.clone()).await;
        let problem = refused.problem(422, "invalid-plugin");
        assert!(refused.text.contains(why), "{name}: {}", refused.text);
        assert!(!problem.pointers.is_empty(), "{name}: {}", refused.text);

        // The same is said without keeping it.
        let request = studio
            .request(Method::POST, "/plugins/validate")
            .body(bytes);
        let report = studio.send(request).await.ok();
        assert_eq!(report["valid"], false, "{name}");
        let problems = report["problems"].as_array().unwrap();
        assert!(!problems.is_empty(), "{name}");
        assert!(
            problems.iter().all(|found| found["rule"].is_string()),
            "{report}"
        );
    }
    assert_eq!(studio.all("/plugins").await, [Value::Null; 0]);
    assert_eq!(
        studio.all("/audit?subject_type=plugin").await,
        [Value::Null; 0]
    );

    let request = studio.request(Method::POST, "/plugins/validate");
    let report = studio
        .send(request.body(component("media_probe")))
        .await
        .ok();
    assert_eq!(report["valid"], true);
    assert_eq!(report["manifest"]["name"], "media-probe");
    assert_eq!(
        studio.all("/plugins").await,
        [Value::Null; 0],
        "it was only looked at"
    );
}

async fn a_hook_needs_a_plugin_that_is_there(on: Database) {
    let studio = Studio::open(on).await;
    let nobody = format!("sha256:{}", "0".repeat(64));
    for (plugin, kind, pointer) in [
        ("media-probe@1.0.0", "invalid-request", "/config/plugin"),
        (nobody.as_str(), "invalid-request", "/config/plugin"),
        ("media-probe", "invalid-hook", "/config/plugin"),
        ("media-probe@latest", "invalid-hook", "/config/plugin"),
        ("sha256:12", "invalid-hook", "/config/plugin"),
    ] {
        let draft = HookDraft::new("probe", "wasm", json!({"plugin": plugin}));
        let refused = studio.post("/hooks", draft.body()).await;
        refused.problem(422, kind).at([pointer]);
    }
    let plugin = studio.plugin("test_guest").await;
    let hook = |extra: Value| {
        let mut config = json!({"plugin": plugin, "settings": {"do": "skip"}});
        config
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        HookDraft::new("guest", "wasm", config)
    };
    for (extra, pointer) in [
        (
            json!({"grants": {"directories": [{"host": "/etc", "guest": "/e", "access": "read"}]}}),
            "/config/grants/directories/0/host",
        ),
        (json!({"limits": {"fuel": u64::MAX}}), "/config/limits/fuel"),
        (
            json!({"limits": {"memory_mib": 1_000_000}}),
            "/config/limits/memory_mib",
        ),
        (
            json!({"limits": {"output_kib": 10_000_000}}),
            "/config/limits/output_kib",
        ),
        (
            json!({"limits": {"timeout_seconds": 80_000}}),
            "/config/limits/timeout_seconds",
        ),
    ] {
        let refused = studio.post("/hooks", hook(extra).body()).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    assert_eq!(studio.all("/hooks").await, [Value::Null; 0]);
}

//! The commands for plugins that speak to a server.

use crate::fake_server::FakeServer;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::oci_layout::{Exported, from_tar, to_tar};
use std::path::Path;

fn component_in(directory: &Path) {
    std::fs::write(directory.join("probe.wasm"), b"\0asm\x0d\0\x01\0").unwrap();
}

/// The archive of a plugin, as a server exports it.
fn archive() -> Vec<u8> {
    to_tar(&Exported {
        name: "probe",
        version: "1.0.0",
        description: "",
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        signature: None,
        imports: &[],
        component: b"\0asm\x0d\0\x01\0",
    })
    .unwrap()
}

#[rstest]
#[case(true, 0, "It can be published.")]
#[case(false, 1, "  import: it imports acme:vault/store@1.0.0: remove it")]
fn what_the_server_found_is_shown(#[case] valid: bool, #[case] code: i32, #[case] last: &str) {
    let server = FakeServer::start();
    let directory = tempfile::tempdir().unwrap();
    component_in(directory.path());
    let problems = if valid {
        json!([])
    } else {
        json!([{"rule": "import", "detail": "it imports acme:vault/store@1.0.0: remove it"}])
    };
    server.answers("POST /plugins/validate", 200, json!({
        "valid": valid, "digest": "sha256:00", "size_bytes": 8, "signature": "trusted", "signed_by": "studio",
        "manifest": {"name": "probe", "version": "1.0.0", "description": "Probes.", "hook_points": ["post_segment"],
            "capabilities": ["http"], "settings_schema": {"type": "object", "required": ["depth"],
            "properties": {"depth": {"type": "integer"}, "deep": {"type": "boolean"}}}},
        "imports": [
            {"import": "wasi:http/types@0.2.0", "capability": "http", "declared": true, "problem": null},
            {"import": "wasi:io/streams@0.2.0", "capability": null, "declared": null, "problem": null}],
        "problems": problems,
    }));
    let ran = server.run_in(directory.path(), &["plugin", "validate", "probe.wasm"]);
    assert_eq!(ran.code, Some(code), "{ran:?}");
    for shown in [
        "plugin       probe@1.0.0\n",
        "signature    trusted (by studio)\n",
        "hook points  post_segment\n",
        "wants        http\n",
        "settings     [deep: boolean], depth: integer\n",
    ] {
        assert!(ran.stdout.contains(shown), "{shown}:\n{}", ran.stdout);
    }
    assert_eq!(ran.stdout.lines().last(), Some(last), "{}", ran.stdout);
    let imports = ran
        .stdout
        .lines()
        .filter(|line| line.trim_start().starts_with("wasi:"));
    let imports: Vec<Vec<_>> = imports
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        imports,
        [
            ["wasi:http/types@0.2.0", "http", "yes"],
            ["wasi:io/streams@0.2.0", "-", "-"]
        ]
    );
}

#[rstest]
#[case(&["yank", "probe@1.0.0+x"], json!({"yanked": true}), "probe@1.0.0+x is yanked: ")]
#[case(&["yank", "probe@1.0.0+x", "--reason", "wrong"], json!({"yanked": true, "reason": "wrong"}),
    "probe@1.0.0+x is yanked: ")]
#[case(&["yank", "probe@1.0.0+x", "--undo"], json!({"yanked": false}), "probe@1.0.0+x is offered again")]
fn a_version_is_withdrawn_and_brought_back(
    #[case] arguments: &[&str],
    #[case] body: Value,
    #[case] said: &str,
) {
    let server = FakeServer::start();
    let what = "POST /plugins/probe/1.0.0%2Bx/yank";
    server.answers(what, 200, json!({"name": "probe", "version": "1.0.0+x"}));
    let arguments: Vec<_> = ["plugin"].iter().chain(arguments).copied().collect();
    let text = server.run(&arguments).ok();
    assert!(text.starts_with(said), "{text}");
    assert_eq!(server.changes(), [(what.to_owned(), body)]);
}

#[test]
fn a_plugin_is_installed_as_a_hook() {
    let server = FakeServer::start();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("settings.json"), r#"{"depth": 3}"#).unwrap();
    server.answers("POST /plugins/probe/install", 201, json!({
        "id": 7, "name": "probe the takes", "hook_point": "post_segment", "event": null,
        "scope_type": "project", "scope_id": 2, "enabled": false,
        "config": {"plugin": "probe@^1.0", "pinned": {"version": "1.2.3", "digest": "sha256:00"}},
        "warnings": ["it asks for http, which is not granted"],
    }));
    let text = server
        .run_in(
            directory.path(),
            &[
                "plugin",
                "install",
                "probe@^1.0",
                "--scope",
                "project:2",
                "--hook-point",
                "post_segment",
                "--name",
                "probe the takes",
                "--settings",
                "settings.json",
                "--grants",
                r#"{"segment": "read"}"#,
                "--limits",
                r#"{"fuel": 9}"#,
                "--failure-mode",
                "block",
                "--sort-order",
                "-5",
                "--disabled",
            ],
        )
        .ok();
    assert!(text.contains("probe@^1.0 = 1.2.3"), "{text}");
    assert!(
        text.ends_with("\nwarning: it asks for http, which is not granted\n"),
        "{text}"
    );
    assert_eq!(
        server.changes(),
        [(
            "POST /plugins/probe/install".to_owned(),
            json!({
                "version": "^1.0", "scope_type": "project", "scope_id": 2, "hook_point": "post_segment",
                "name": "probe the takes", "settings": {"depth": 3}, "grants": {"segment": "read"},
                "limits": {"fuel": 9}, "failure_mode": "block", "sort_order": -5, "enabled": false,
            })
        )]
    );
}

#[rstest]
#[case(&["probe"], json!({"scope_type": "studio"}))]
#[case(&["probe", "--scope", "scene-type:9", "--event", "job_*"],
    json!({"scope_type": "scene_type", "scope_id": 9, "event": "job_*"}))]
fn what_is_not_said_is_left_to_the_server(#[case] arguments: &[&str], #[case] body: Value) {
    let server = FakeServer::start();
    server.answers("POST /plugins/probe/install", 201, json!({"id": 7}));
    let arguments: Vec<_> = ["plugin", "install"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    server.run(&arguments).ok();
    assert_eq!(server.changes()[0].1, body);
}

#[rstest]
#[case(&["install", "probe", "--scope", "galaxy"], "must be studio, project:ID or scene-type:ID")]
#[case(&["install", "probe@"], "'probe@' names no version")]
#[case(&["install", "probe", "--settings", "[1]"], "--settings must be a JSON object, not an array")]
#[case(&["yank", "probe"], "'probe' must be NAME@VERSION")]
#[case(&["export", "probe", "--output", "x.tar"], "'probe' must be NAME@VERSION")]
#[case(&["import", "nothing.tar"], "cannot read nothing.tar")]
fn what_cannot_be_meant_is_refused_before_anything_is_sent(
    #[case] arguments: &[&str],
    #[case] told: &str,
) {
    let server = FakeServer::start();
    let arguments: Vec<_> = ["plugin"].iter().chain(arguments).copied().collect();
    let error = server.run(&arguments).failed();
    assert!(error.contains(told), "{error}");
    assert!(server.asked().is_empty());
}

#[test]
fn an_archive_is_written_as_it_comes_and_sent_as_it_is() {
    let server = FakeServer::start();
    let directory = tempfile::tempdir().unwrap();
    server.serves("GET /plugins/probe/1.0.0/export", archive());
    let export = ["plugin", "export", "probe@1.0.0", "--output", "probe.tar"];
    server.run_in(directory.path(), &export).ok();
    assert_eq!(
        std::fs::read(directory.path().join("probe.tar")).unwrap(),
        archive()
    );
    let error = server.run_in(directory.path(), &export).failed();
    assert!(
        error.contains("probe.tar exists; nothing was written"),
        "{error}"
    );
    server.answers(
        "POST /plugins/import",
        201,
        json!({"name": "probe", "version": "1.0.0"}),
    );
    server
        .run_in(directory.path(), &["plugin", "import", "probe.tar"])
        .ok();
    let asked = server.asked().pop().unwrap();
    assert_eq!(asked.bytes, archive());
    assert_eq!(asked.headers["content-type"], "application/x-tar");
}

#[test]
fn a_folder_holds_the_same_as_an_archive() {
    let server = FakeServer::start();
    let directory = tempfile::tempdir().unwrap();
    server.serves("GET /plugins/probe/1.0.0/export", archive());
    let export = ["plugin", "export", "probe@1.0.0", "--output", "layout"];
    server.run_in(directory.path(), &export).ok();
    for file in ["oci-layout", "index.json", "blobs/sha256"] {
        assert!(
            directory.path().join("layout").join(file).exists(),
            "{file}"
        );
    }
    // What is none of the plugin's is not sent.
    std::fs::write(directory.path().join("layout/.DS_Store"), "x").unwrap();
    server.answers(
        "POST /plugins/import",
        201,
        json!({"name": "probe", "version": "1.0.0"}),
    );
    server
        .run_in(directory.path(), &["plugin", "import", "layout"])
        .ok();
    let sent = server.asked().pop().unwrap().bytes;
    assert_eq!(
        from_tar(&sent, 1 << 20).unwrap(),
        from_tar(&archive(), 1 << 20).unwrap()
    );
    assert!(!String::from_utf8_lossy(&sent).contains(".DS_Store"));
}

#[test]
fn a_folder_that_was_tampered_with_is_not_sent() {
    let server = FakeServer::start();
    let directory = tempfile::tempdir().unwrap();
    server.serves("GET /plugins/probe/1.0.0/export", archive());
    let export = ["plugin", "export", "probe@1.0.0", "--output", "layout"];
    server.run_in(directory.path(), &export).ok();
    let blobs = directory.path().join("layout/blobs/sha256");
    for blob in std::fs::read_dir(blobs).unwrap() {
        let path = blob.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.starts_with(b"\0asm") {
            bytes[4] ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }
    let error = server
        .run_in(directory.path(), &["plugin", "import", "layout"])
        .failed();
    assert!(
        error.contains("has other bytes than its digest says"),
        "{error}"
    );
    let error = server
        .run_in(directory.path(), &["plugin", "import", "."])
        .failed();
    assert!(
        error.starts_with("error: . cannot be imported: there is no oci-layout"),
        "{error}"
    );
    assert_eq!(server.changes(), []);
}

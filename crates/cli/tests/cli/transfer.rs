//! Hooks from one server to another. REQ-OPS-3

use crate::client::hook;
use crate::fake_server::FakeServer;
use serde_json::{Value, json};
use std::fs;
use tempfile::TempDir;

fn with(mut hook: Value, more: &Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        hook[key] = value.clone();
    }
    hook
}

/// A server with two projects, each with a scene type of the same name.
fn server(hooks: &Value) -> FakeServer {
    let server = FakeServer::start();
    server
        .lists(
            "/projects",
            &json!([{"id": 3, "name": "film"}, {"id": 4, "name": "series"}]),
        )
        .lists(
            "/scene-types",
            &json!([
                {"id": 8, "project_id": 3, "name": "dance"},
                {"id": 9, "project_id": 4, "name": "dance"},
            ]),
        )
        .lists("/hooks", hooks);
    server
}

fn file(hooks: &Value) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("hooks.json"),
        json!({"hooks": hooks}).to_string(),
    )
    .unwrap();
    directory
}

const STUDIO: &str = r#"{"name": "grade", "hook_type": "shell", "hook_point": "post_segment",
    "scope_type": "studio", "config": {"script_path": "a.sh"}}"#;

fn studio() -> Value {
    serde_json::from_str(STUDIO).unwrap()
}

#[test]
fn an_export_names_scopes_and_leaves_out_what_belongs_to_the_server() {
    let server = server(&json!([
        with(
            hook(1, "zebra"),
            &json!({"scope_type": "scene_type", "scope_id": 9})
        ),
        with(
            hook(2, "grade"),
            &json!({"scope_type": "project", "scope_id": 3})
        ),
        with(
            hook(3, "notify"),
            &json!({"hook_point": null, "event": "job_*"})
        ),
        with(
            hook(4, "orphan"),
            &json!({"scope_type": "project", "scope_id": 77})
        ),
    ]));
    let directory = tempfile::tempdir().unwrap();
    server
        .run_in(
            directory.path(),
            &["hook", "export", "--output", "out.json"],
        )
        .ok();
    let written: Value =
        serde_json::from_str(&fs::read_to_string(directory.path().join("out.json")).unwrap())
            .unwrap();
    let rest = json!({"description": "", "hook_type": "shell", "failure_mode": "warn",
        "config": {"script_path": "a.sh"}, "sort_order": 0, "enabled": true, "extends": false});
    assert_eq!(
        written,
        json!({"schema": "stagehook-hooks/1", "hooks": [
            with(rest.clone(), &json!({"name": "notify", "event": "job_*", "scope_type": "studio"})),
            with(rest.clone(), &json!({"name": "grade", "hook_point": "post_segment",
                "scope_type": "project", "project": "film"})),
            with(rest, &json!({"name": "zebra", "hook_point": "post_segment",
                "scope_type": "scene_type", "project": "series", "scene_type": "dance"})),
        ]})
    );
}

#[test]
fn an_import_creates_updates_and_leaves_alone() {
    let server = server(&json!([
        hook(1, "same"),
        with(
            hook(2, "changed"),
            &json!({"scope_type": "scene_type", "scope_id": 9})
        ),
        with(
            hook(5, "changed"),
            &json!({"scope_type": "scene_type", "scope_id": 8})
        ),
    ]));
    let changed = with(
        studio(),
        &json!({
            "name": "changed", "scope_type": "scene_type", "project": "series", "scene_type": "dance", "sort_order": 5,
        }),
    );
    let new = with(
        studio(),
        &json!({"name": "new", "scope_type": "project", "project": "film"}),
    );
    // "same" is the same although the file leaves out every default.
    let directory = file(&json!([
        with(studio(), &json!({"name": "same"})),
        changed,
        new
    ]));
    server
        .answers("PUT /hooks/2", 200, hook(2, "changed"))
        .answers("POST /hooks", 201, hook(6, "new"));

    let table = server
        .run_in(directory.path(), &["hook", "import", "hooks.json"])
        .ok();
    let rows: Vec<Vec<_>> = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        rows,
        [
            ["unchanged", "same"],
            ["update", "changed"],
            ["create", "new"]
        ]
    );
    let config = json!({"script_path": "a.sh"});
    assert_eq!(
        server.changes(),
        [
            (
                "PUT /hooks/2".to_owned(),
                json!({"name": "changed", "hook_type": "shell", "hook_point": "post_segment",
            "scope_type": "scene_type", "scope_id": 9, "config": config, "sort_order": 5, "version": 3})
            ),
            (
                "POST /hooks".to_owned(),
                json!({"name": "new", "hook_type": "shell", "hook_point": "post_segment",
            "scope_type": "project", "scope_id": 3, "config": config})
            ),
        ]
    );
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let server = server(&json!([]));
    let directory = file(&json!([studio()]));
    let printed = server
        .run_in(
            directory.path(),
            &["hook", "import", "hooks.json", "--dry-run", "--json"],
        )
        .ok();
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        printed,
        json!({"dry_run": true, "hooks": [{"name": "grade", "action": "create"}]})
    );
    assert_eq!(server.changes(), []);
}

#[test]
fn what_is_wrong_is_reported_at_once_and_nothing_is_imported() {
    let server = server(&json!([]));
    let directory = file(&json!([
        studio(),
        with(
            studio(),
            &json!({"name": "x", "scope_type": "project", "project": "unknown"})
        ),
        with(
            studio(),
            &json!({"name": "y", "scope_type": "scene_type", "project": "film", "scene_type": "none"})
        ),
        with(
            studio(),
            &json!({"name": "z", "config": {"script_path": "../z"}, "failure_mode": "panic"})
        ),
        with(
            studio(),
            &json!({"name": "id", "scope_type": "project", "scope_id": 3})
        ),
        studio(),
        "no hook",
    ]));
    let error = server
        .run_in(directory.path(), &["hook", "import", "hooks.json"])
        .failed();
    for expected in [
        "/hooks/1/project: there is no project 'unknown' here",
        "/hooks/2/scene_type: project 'film' has no scene type 'none' here",
        "/hooks/3/failure_mode: ",
        "/hooks/3/config/script_path: ",
        "/hooks/4/scope_id: ",
        "/hooks/5: has the same name, trigger and scope as /hooks/0",
        "/hooks/6: must be an object",
    ] {
        assert!(error.contains(expected), "{expected} is missing:\n{error}");
    }
    assert!(error.contains("nothing was imported"), "{error}");
    assert_eq!(server.changes(), []);
}

#[test]
fn a_file_that_is_no_export_is_refused() {
    for (text, why) in [
        ("[]", "must hold a JSON object"),
        ("{}", "has no list of hooks"),
        (
            r#"{"hooks": [], "schema": "stagehook-hooks/9"}"#,
            "this version reads \"stagehook-hooks/1\"",
        ),
        (
            r#"{"hooks": [], "plugins": []}"#,
            "a key that no export has: plugins",
        ),
    ] {
        let server = server(&json!([]));
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("f.json"), text).unwrap();
        let error = server
            .run_in(directory.path(), &["hook", "import", "f.json"])
            .failed();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_was_imported_before_a_refusal_is_said() {
    let server = server(&json!([]));
    let directory = file(&json!([
        studio(),
        with(studio(), &json!({"name": "second"}))
    ]));
    server.answers("POST /hooks", 201, hook(1, "grade")).answers("POST /hooks", 422, json!({
        "title": "Invalid hook", "status": 422, "detail": "the script was not found", "errors": [],
    }));
    let error = server
        .run_in(directory.path(), &["hook", "import", "hooks.json"])
        .failed();
    assert!(
        error.contains("hook 'second' could not be imported; those before it were"),
        "{error}"
    );
    assert!(error.contains("the script was not found"), "{error}");
}

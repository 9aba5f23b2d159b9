//! The other client commands.

use crate::binary::{run, stagehook};
use crate::fake_server::{FakeServer, TOKEN};
use rstest::rstest;
use serde_json::{Value, json};

pub(crate) fn hook(id: i64, name: &str) -> Value {
    json!({
        "id": id, "name": name, "description": "", "hook_type": "shell", "hook_point": "post_segment",
        "event": null, "scope_type": "studio", "scope_id": null, "failure_mode": "warn",
        "config": {"script_path": "a.sh"}, "sort_order": 0, "enabled": true, "extends": false,
        "created_by": "admin", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "version": 3,
    })
}

#[test]
fn a_listing_is_read_to_its_last_page() {
    let server = FakeServer::start();
    server
        .answers(
            "GET /hooks?hook_point=post_segment&limit=200",
            200,
            json!({"items": [hook(1, "first")], "next_cursor": "c1-1"}),
        )
        .answers(
            "GET /hooks?hook_point=post_segment&limit=200&cursor=c1-1",
            200,
            json!({"items": [hook(2, "second")], "next_cursor": null}),
        );
    let table = server
        .run(&["hook", "list", "--hook-point", "post_segment"])
        .ok();
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    assert_eq!(
        lines[0],
        [
            "ID", "NAME", "TRIGGER", "SCOPE", "TYPE", "MODE", "ORDER", "ENABLED", "VERSION"
        ]
    );
    assert_eq!(
        lines[1],
        [
            "1",
            "first",
            "post_segment",
            "studio",
            "shell",
            "warn",
            "0",
            "yes",
            "3"
        ]
    );
    assert_eq!(lines[2][1], "second");
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_limit_is_kept_also_across_pages() {
    let server = FakeServer::start();
    let log = |id: i64| json!({"id": id, "hook": {"name": "grade"}, "status": "failed", "error": "exited\nwith 3"});
    server
        .answers(
            "GET /jobs/42/hook-logs?success=false&limit=3",
            200,
            json!({"items": [log(9), log(8)], "next_cursor": "c1-8"}),
        )
        .answers(
            "GET /jobs/42/hook-logs?success=false&limit=1&cursor=c1-8",
            200,
            json!({"items": [log(7)], "next_cursor": "c1-7"}),
        );
    let printed = server
        .run(&[
            "logs",
            "--job",
            "42",
            "--success",
            "false",
            "--limit",
            "3",
            "--json",
        ])
        .ok();
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, json!({"items": [log(9), log(8), log(7)]}));
}

#[test]
fn logs_of_a_hook_are_one_line_each() {
    let server = FakeServer::start();
    server.answers("GET /hooks/7/logs?status=timed_out&brief=true&limit=50", 200, json!({"items": [
        {"id": 9, "hook": {"name": "grade"}, "status": "timed_out", "error": "took\nmore than 30 s"},
    ], "next_cursor": null}));
    let table = server
        .run(&["logs", "--hook", "7", "--status", "timed_out"])
        .ok();
    assert_eq!(table.lines().count(), 2, "{table}");
    assert!(table.contains("took more than 30 s"), "{table}");
}

#[test]
fn a_problem_is_printed_with_every_pointer() {
    let server = FakeServer::start();
    server.answers(
        "POST /hooks",
        422,
        json!({
            "type": "/problems/invalid-hook", "title": "Invalid hook", "status": 422,
            "detail": "2 things are wrong with this request",
            "errors": [
                {"pointer": "/config/timeout_secs", "detail": "unknown field `timeout_secs`"},
                {"pointer": "", "detail": "it is incomplete"},
            ],
        }),
    );
    let error = server.run(&["hook", "create", r#"{"name": "x"}"#]).failed();
    assert_eq!(
        error,
        "error: Invalid hook (422)\n  \
         2 things are wrong with this request\n  \
         /config/timeout_secs: unknown field `timeout_secs`\n  \
         it is incomplete\n"
    );
    assert_eq!(
        server.changes(),
        [("POST /hooks".to_owned(), json!({"name": "x"}))]
    );
}

#[test]
fn a_single_error_is_not_told_twice() {
    let server = FakeServer::start();
    server.answers(
        "POST /projects",
        409,
        json!({
            "type": "/problems/name-taken", "title": "Name taken", "status": 409,
            "detail": "another project is named 'p' already",
            "errors": [{"pointer": "/name", "detail": "another project is named 'p' already"}],
        }),
    );
    let error = server.run(&["project", "create", "p"]).failed();
    assert_eq!(
        error,
        "error: Name taken (409)\n  /name: another project is named 'p' already\n"
    );
}

#[test]
fn an_answer_that_is_no_problem_is_shown_as_it_is() {
    let server = FakeServer::start();
    server.answers("GET /jobs/1", 502, json!("Bad \u{1b}[2Jgateway"));
    let error = server.run(&["job", "get", "1"]).failed();
    assert!(
        error.starts_with("error: the server refused (502)\n  Bad "),
        "{error:?}"
    );
    assert!(!error.contains('\u{1b}'));
}

#[rstest]
#[case("enable", false, true)]
#[case("disable", true, false)]
fn a_hook_is_switched_with_the_version_that_was_read(
    #[case] command: &str,
    #[case] before: bool,
    #[case] after: bool,
) {
    let server = FakeServer::start();
    let (mut was, mut is) = (hook(7, "grade"), hook(7, "grade"));
    was["enabled"] = before.into();
    is["enabled"] = after.into();
    server
        .answers("GET /hooks/7", 200, was)
        .answers("PUT /hooks/7", 200, is);
    server.run(&["hook", command, "7"]).ok();
    assert_eq!(
        server.changes(),
        [(
            "PUT /hooks/7".to_owned(),
            json!({
                "name": "grade", "description": "", "hook_type": "shell", "hook_point": "post_segment", "event": null,
                "scope_type": "studio", "scope_id": null, "failure_mode": "warn", "config": {"script_path": "a.sh"},
                "sort_order": 0, "enabled": after, "extends": false, "version": 3,
            })
        )]
    );
}

#[test]
fn a_hook_that_is_enabled_already_is_left_alone() {
    let server = FakeServer::start();
    server.answers("GET /hooks/7", 200, hook(7, "grade"));
    server.run(&["hook", "enable", "7"]).ok();
    assert_eq!(server.changes(), []);
}

#[test]
fn deleting_a_hook_says_so() {
    let server = FakeServer::start();
    server.answers("DELETE /hooks/7", 204, Value::Null);
    assert_eq!(
        server.run(&["hook", "delete", "7"]).ok(),
        "hook 7 is deleted\n"
    );
}

#[rstest]
#[case(&[], "studio")]
#[case(&["--project", "3"], "project/3")]
#[case(&["--scene-type", "9"], "scene_type/9")]
fn the_effective_set_tells_why(#[case] scope: &[&str], #[case] path: &str) {
    let server = FakeServer::start();
    let with = |id: i64, name: &str, more: &Value| {
        let mut hook = hook(id, name);
        for (key, value) in more.as_object().unwrap() {
            hook[key] = value.clone();
        }
        hook
    };
    server.answers(&format!("GET /hooks/effective/{path}?hook_point=post_segment"), 200, json!({
        "effective": [with(5, "grade", &json!({"source_level": "scene_type", "overrides": [3, 1]}))],
        "shadowed": [
            with(1, "grade", &json!({"source_level": "studio", "reason": "overridden", "by": 5, "extended": false})),
            with(3, "grade", &json!({"source_level": "project", "reason": "overridden", "by": 5, "extended": true})),
            with(2, "mark", &json!({"source_level": "studio", "reason": "switched_off", "by": 4, "extended": false})),
            with(4, "mark", &json!({"source_level": "project", "reason": "disabled", "by": null, "extended": false})),
        ],
    }));
    let mut arguments = vec!["hook", "effective", "--hook-point", "post_segment"];
    arguments.extend(scope);
    let table = server.run(&arguments).ok();
    for (line, state) in [
        (1, "applies, overrides 3,1"),
        (2, "overridden by 5"),
        (3, "overridden by 5, which extends it"),
        (4, "switched off by 4"),
        (5, "disabled"),
    ] {
        let shown = table.lines().nth(line).unwrap();
        assert!(shown.ends_with(state), "{shown}");
    }
}

#[rstest]
#[case(&["project", "create", "a film"], "POST /projects", json!({"name": "a film"}))]
#[case(&["scene-type", "create", "dance", "--project", "3"], "POST /scene-types",
    json!({"name": "dance", "project_id": 3}))]
#[case(&["job", "create", "--project", "3", "--scene-type", "9", "--external-ref", "shot_010", "--workflow",
    r#"{"name": "w"}"#], "POST /jobs",
    json!({"project_id": 3, "scene_type_id": 9, "external_ref": "shot_010", "workflow": {"name": "w"}}))]
#[case(&["job", "create", "--project", "3"], "POST /jobs", json!({"project_id": 3}))]
#[case(&["job", "review", "42", "resume", "--note", "fine"], "POST /jobs/42/review",
    json!({"decision": "resume", "note": "fine"}))]
#[case(&["job", "review", "42", "reject"], "POST /jobs/42/review", json!({"decision": "reject", "note": ""}))]
#[case(&["job", "complete", "42"], "POST /jobs/42/complete", json!({}))]
fn a_command_is_one_request(#[case] arguments: &[&str], #[case] what: &str, #[case] body: Value) {
    let server = FakeServer::start();
    server.answers(
        what,
        201,
        json!({"id": 42, "name": "a film", "status": "running"}),
    );
    let table = server.run(arguments).ok();
    assert!(
        table
            .lines()
            .nth(1)
            .is_some_and(|line| line.trim_start().starts_with("42")),
        "{table}"
    );
    assert_eq!(server.changes(), [(what.to_owned(), body)]);
}

#[test]
fn a_component_is_uploaded_as_it_is() {
    let server = FakeServer::start();
    let directory = tempfile::tempdir().unwrap();
    let bytes = b"\0asm\x0d\0\x01\0\xff";
    std::fs::write(directory.path().join("probe.wasm"), bytes).unwrap();
    server.answers(
        "POST /plugins",
        201,
        json!({"name": "media-probe", "version": "1.0.0", "size_bytes": 9}),
    );
    let table = server
        .run_in(directory.path(), &["plugin", "upload", "probe.wasm"])
        .ok();
    assert!(table.contains("media-probe"), "{table}");
    let asked = &server.asked()[0];
    assert_eq!(asked.bytes, bytes);
    assert_eq!(asked.headers["content-type"], "application/wasm");
}

#[test]
fn a_version_of_a_plugin_is_shown_with_imports_and_settings() {
    let server = FakeServer::start();
    server.answers(
        "GET /plugins/media-probe/1.0.0-rc.1%2Bx",
        200,
        json!({
            "name": "media-probe", "version": "1.0.0-rc.1+x", "import_reports": [{"import": "wasi:io/streams@0.2.0", "capability": null, "declared": null}],
            "settings_schema": {"type": "object"},
        }),
    );
    let text = server
        .run(&["plugin", "get", "media-probe@1.0.0-rc.1+x"])
        .ok();
    assert!(
        text.contains("plugin       media-probe@1.0.0-rc.1+x\n"),
        "{text}"
    );
    assert!(text.contains("wasi:io/streams@0.2.0  -"), "{text}");
    assert!(text.contains("\"type\": \"object\""), "{text}");
}

#[test]
fn flags_may_stand_after_the_command() {
    let server = FakeServer::start();
    server.lists("/projects", &json!([{"id": 1, "name": "p"}]));
    let directory = tempfile::tempdir().unwrap();
    let arguments = [
        "project",
        "list",
        "--json",
        "--server",
        &server.address,
        "--token",
        TOKEN,
    ];
    let printed = run(&mut stagehook(directory.path(), &arguments)).ok();
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, json!({"items": [{"id": 1, "name": "p"}]}));
}

#[test]
fn without_a_token_nothing_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let error = run(&mut stagehook(directory.path(), &["hook", "list"])).failed();
    assert_eq!(
        error,
        "error: no API token: give --token, or set STAGEHOOK_TOKEN\n"
    );
}

#[test]
fn a_server_that_does_not_answer_is_named() {
    let directory = tempfile::tempdir().unwrap();
    // A port that was free a moment ago, and that nobody listens on.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let server = format!("http://{free}");
    let error = run(&mut stagehook(
        directory.path(),
        &["hook", "list", "--token", "t", "--server", &server],
    ))
    .failed();
    assert!(
        error.starts_with(&format!(
            "error: no answer from {server}: Connection refused"
        )),
        "{error}"
    );
    assert!(
        error.contains("stagehook serve"),
        "says what to do: {error}"
    );
}

#[test]
fn an_address_without_a_scheme_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["hook", "list", "--token", "t", "--server", "localhost:7878"];
    let error = run(&mut stagehook(directory.path(), &arguments)).failed();
    assert!(
        error.contains("must begin with http:// or https://"),
        "{error}"
    );
}

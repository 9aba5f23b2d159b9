//! The catalogue does not grow without bounds: pages, searches, memory, and no
//! component twice. REQ-WASM-5, REQ-WASM-6, REQ-WASM-9

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::plugins::catalogue_plugin;
use stagehook_tests::{Database, HookDraft, Studio, on_both_databases};
use std::fs;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases!(
    versions_come_in_pages,
    a_search_is_bounded,
    names_are_not_those_of_the_servers_own_paths,
    hook_points_are_told_once,
    a_component_that_is_kept_is_not_compiled_again,
    what_a_hook_runs_can_be_named_in_other_words_after_a_yank,
    a_schema_whose_references_lead_nowhere_is_refused,
    an_upload_of_200_mb_is_turned_away_and_not_kept,
);

async fn publish(studio: &Studio, manifest: Value) -> Value {
    studio.upload(catalogue_plugin(&manifest)).await.expect(201)
}

async fn versions_come_in_pages(on: Database) {
    let studio = Studio::open(on).await;
    for version in ["1.2.0", "1.10.0", "1.9.0"] {
        publish(&studio, json!({"version": version})).await;
    }
    let path = "/plugins/catalogue-guest";
    let versions = |page: &Value| {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["version"].clone())
            .collect::<Vec<_>>()
    };
    let whole = studio.get(path).await.ok();
    assert_eq!(versions(&whole), ["1.10.0", "1.9.0", "1.2.0"]);
    assert_eq!(whole["next_cursor"], Value::Null);
    let first = studio.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(versions(&first), ["1.10.0", "1.9.0"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    publish(&studio, json!({"version": "2.0.0"})).await;
    let next = format!("{path}?limit=2&cursor={cursor}");
    let last = studio.get(&next).await.ok();
    assert_eq!(versions(&last), ["1.2.0"]);
    assert_eq!(last["next_cursor"], Value::Null);
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("cursor=first", "/cursor"),
    ] {
        let refused = studio.get(&format!("{path}?{query}")).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    let unknown = studio.get(&format!("{path}?page=2")).await;
    unknown.problem(422, "invalid-query").at(["/page"]);
}

async fn a_search_is_bounded(on: Database) {
    let studio = Studio::open(on).await;
    let most = "x".repeat(200);
    let found = studio.get(&format!("/plugins?search={most}")).await.ok();
    assert_eq!(found["items"], json!([]));
    let refused = studio.get(&format!("/plugins?search={most}x")).await;
    let problem = refused.problem(422, "invalid-request");
    problem.at(["/search"]);
    assert!(problem.detail.contains("200 bytes"), "{}", problem.detail);
}

async fn names_are_not_those_of_the_servers_own_paths(on: Database) {
    let studio = Studio::open(on).await;
    for name in ["import", "validate"] {
        let component = catalogue_plugin(&json!({"name": name, "version": "1.0.0"}));
        let refused = studio.upload(component).await;
        let problem = refused.problem(422, "invalid-plugin");
        assert!(
            problem.detail.contains("choose another"),
            "{}",
            problem.detail
        );
    }
    assert_eq!(studio.all("/plugins").await, [Value::Null; 0]);
    let kept = publish(&studio, json!({"name": "imports", "version": "1.0.0"})).await;
    assert_eq!(
        studio.get("/plugins/imports/1.0.0").await.ok()["id"],
        kept["id"]
    );
}

async fn hook_points_are_told_once(on: Database) {
    let studio = Studio::open(on).await;
    let points = ["pre_segment", "post_segment", "pre_segment"];
    let kept = publish(&studio, json!({"version": "1.0.0", "hook_points": points})).await;
    assert_eq!(kept["hook_points"], json!(["pre_segment", "post_segment"]));
}

/// How many components the server has compiled since it was started.
async fn compiled(studio: &Studio) -> String {
    let metrics = studio.get("//metrics").await.text;
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("stagehook_plugins_compiled_total "));
    line.unwrap().to_owned()
}

async fn a_component_that_is_kept_is_not_compiled_again(on: Database) {
    let mut studio = Studio::open(on).await;
    let component = catalogue_plugin(&json!({"version": "1.0.0"}));
    let kept = studio.upload(component.clone()).await.expect(201);
    assert_eq!(compiled(&studio).await, "1");
    // Nothing is left of the compiled code.
    studio.server().kill();
    for entry in fs::read_dir(studio.layout().data()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        }
    }
    studio.start_again().await;
    assert_eq!(studio.upload(component).await.expect(201), kept);
    assert_eq!(compiled(&studio).await, "0");
    publish(&studio, json!({"version": "1.1.0"})).await;
    assert_eq!(compiled(&studio).await, "1");
}

async fn what_a_hook_runs_can_be_named_in_other_words_after_a_yank(on: Database) {
    let studio = Studio::open(on).await;
    let kept = publish(&studio, json!({"version": "1.0.0"})).await;
    let draft = |plugin: &str| HookDraft::new("guest", "wasm", json!({"plugin": plugin}));
    let hook = draft("catalogue-guest@^1").create(&studio).await;
    let yank = "/plugins/catalogue-guest/1.0.0/yank";
    studio.post(yank, &json!({"reason": "it leaks"})).await.ok();
    let digest = kept["digest"].as_str().unwrap();
    let path = format!("/hooks/{}", hook.id);
    for (version, plugin) in (1..).zip([digest, "catalogue-guest@1.0.0", digest]) {
        let update = draft(plugin).with("version", version);
        let updated = studio.put(&path, update.body()).await.ok();
        assert_eq!(updated["config"]["plugin"], plugin);
    }
    let pinned = hook.document["config"]["pinned"].clone();
    let update = draft("catalogue-guest@~1.0").config("pinned", pinned);
    let updated = studio.put(&path, update.with("version", 4).body()).await;
    assert_eq!(updated.ok()["config"]["pinned"]["digest"], digest);
    let other = draft("catalogue-guest@1.0.0").with("name", "other");
    let refused = studio.post("/hooks", other.body()).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/plugin"]);
}

async fn a_schema_whose_references_lead_nowhere_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    for reference in ["#/$defs/nobody", "#/allOf/01", "#name", "other.json#/a"] {
        let schema = json!({"properties": {"a": {"$ref": reference}}, "allOf": [{}, {}]});
        let manifest = json!({"version": "1.0.0", "settings_schema": schema});
        let refused = studio.upload(catalogue_plugin(&manifest)).await;
        let problem = refused.problem(422, "invalid-plugin");
        assert!(
            problem.detail.contains("/properties/a/$ref: "),
            "{}",
            problem.detail
        );
    }
}

const MIB: u64 = 1 << 20;

/// Sends 200 MiB without saying so before, and returns the head of the answer.
async fn send_chunks(studio: &Studio, path: &str) -> String {
    let host = studio.address().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let token = stagehook_tests::server::TOKEN;
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         connection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut chunk = b"100000\r\n".to_vec();
    chunk.resize(chunk.len() + (1 << 20), 0);
    chunk.extend(b"\r\n");
    for _ in 0..200 {
        connection.write_all(&chunk).await.unwrap();
    }
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn an_upload_of_200_mb_is_turned_away_and_not_kept(on: Database) {
    let mut studio = Studio::open(on).await;
    publish(&studio, json!({"version": "1.0.0"})).await;
    let before = studio.server().peak_memory();
    let paths = ["/plugins", "/plugins/validate", "/plugins/import"];
    for path in paths {
        let request = studio.request(Method::POST, path);
        let refused = studio.send(request.body(vec![0; 200 << 20])).await;
        refused.problem(413, "body-too-large");
    }
    // What is announced as too large is not kept at all.
    let announced = studio.server().peak_memory() - before;
    assert!(announced < 32 * MIB, "{announced} bytes");

    for path in paths {
        let answer = send_chunks(&studio, path).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    // What is not, as far as a component may be large.
    let unannounced = studio.server().peak_memory() - before;
    assert!(unannounced < 150 * MIB, "{unannounced} bytes");
    assert_eq!(studio.all("/plugins").await.len(), 1);
}

//! The OpenAPI document says what the server does. REQ-API-4

use serde_json::{Value, json};
use stagehook_tests::server::{Layout, command};
use stagehook_tests::{Database, Studio};
use std::collections::BTreeSet;
use std::path::Path;

const ROUTES: &[&str] = &[
    "delete /api/v1/event-types/{name}",
    "delete /api/v1/hooks/{id}",
    "delete /api/v1/hooks/{id}/test-cases/{case_id}",
    "delete /api/v1/projects/{id}",
    "delete /api/v1/scene-types/{id}",
    "delete /api/v1/scripts/{path}",
    "delete /api/v1/secrets/{name}",
    "delete /api/v1/session",
    "delete /api/v1/tokens/{id}",
    "get /api/v1/audit",
    "get /api/v1/deliveries",
    "get /api/v1/deliveries/{id}",
    "get /api/v1/event-types",
    "get /api/v1/events",
    "get /api/v1/events/stream",
    "get /api/v1/events/{id}",
    "get /api/v1/hooks",
    "get /api/v1/hooks/effective/studio",
    "get /api/v1/hooks/effective/{scope_type}/{scope_id}",
    "get /api/v1/hooks/{id}",
    "get /api/v1/hooks/{id}/deliveries",
    "get /api/v1/hooks/{id}/logs",
    "get /api/v1/hooks/{id}/revisions",
    "get /api/v1/hooks/{id}/test-cases",
    "get /api/v1/hook-activity",
    "get /api/v1/hook-logs",
    "get /api/v1/hook-logs/export",
    "get /api/v1/hook-logs/{id}",
    "get /api/v1/jobs",
    "get /api/v1/jobs/{id}",
    "get /api/v1/jobs/{id}/hook-logs",
    "get /api/v1/jobs/{id}/stage-runs",
    "get /api/v1/overview",
    "get /api/v1/plugins",
    "get /api/v1/plugins/{name}",
    "get /api/v1/plugins/{name}/usage",
    "get /api/v1/plugins/{name}/{version}",
    "get /api/v1/plugins/{name}/{version}/component",
    "get /api/v1/plugins/{name}/{version}/export",
    "get /api/v1/projects",
    "get /api/v1/projects/{id}",
    "get /api/v1/scene-types",
    "get /api/v1/scene-types/{id}",
    "get /api/v1/script-diff/{path}",
    "get /api/v1/script-versions/{path}",
    "get /api/v1/scripts",
    "get /api/v1/scripts/{path}",
    "get /api/v1/secrets",
    "get /api/v1/session",
    "get /api/v1/stage-runs/{id}",
    "get /api/v1/tokens",
    "post /api/v1/deliveries/{id}/retry",
    "post /api/v1/event-types",
    "post /api/v1/event-types/import",
    "post /api/v1/events",
    "post /api/v1/events/replay",
    "post /api/v1/executions/{execution_id}/cancel",
    "post /api/v1/hooks",
    "post /api/v1/hooks/{id}/pause",
    "post /api/v1/hooks/{id}/resume",
    "post /api/v1/hooks/{id}/revisions/{n}/restore",
    "post /api/v1/hooks/{id}/test",
    "post /api/v1/hooks/{id}/test-cases",
    "post /api/v1/jobs",
    "post /api/v1/jobs/{id}/complete",
    "post /api/v1/jobs/{id}/review",
    "post /api/v1/jobs/{id}/stages/{hook_point}/runs",
    "post /api/v1/plugins",
    "post /api/v1/plugins/import",
    "post /api/v1/plugins/validate",
    "post /api/v1/plugins/{name}/install",
    "post /api/v1/plugins/{name}/{version}/yank",
    "post /api/v1/projects",
    "post /api/v1/scene-types",
    "post /api/v1/secret-rekey",
    "post /api/v1/session",
    "post /api/v1/stage-runs/{id}/cancel",
    "post /api/v1/tokens",
    "put /api/v1/hooks/order",
    "put /api/v1/hooks/{id}",
    "put /api/v1/hooks/{id}/test-cases/{case_id}",
    "put /api/v1/scripts/{path}",
    "put /api/v1/secrets/{name}",
    "get /healthz",
    "get /readyz",
];

async fn document(studio: &Studio) -> Value {
    let open = studio.with_token(None);
    let answer = open.get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.ok()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

#[tokio::test]
async fn every_route_is_described() {
    let studio = Studio::open(Database::Sqlite).await;
    let document = document(&studio).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let described: BTreeSet<String> = operations(&document)
        .into_iter()
        .map(|(route, _)| route)
        .collect();
    let described: Vec<&str> = described.iter().map(String::as_str).collect();
    let mut expected: Vec<&str> = ROUTES
        .iter()
        .copied()
        .filter(|route| route.contains("/api/"))
        .collect();
    expected.sort_unstable();
    assert_eq!(described, expected);

    // What is described is there: it asks for a token. Signing in says itself
    // that it is open.
    let stranger = studio.with_token(None);
    let open = &document["paths"]["/api/v1/session"]["post"]["security"];
    assert_eq!(open, &json!([{}]));
    for route in described {
        if route == "post /api/v1/session" {
            continue;
        }
        let (method, path) = route.split_once(' ').unwrap();
        let path = path
            .replace("/api/v1", "")
            .replace("{hook_point}", "post_segment");
        let path = path.replace(['{', '}'], "");
        let method = method.to_uppercase().parse().unwrap();
        let refused = stranger.send(stranger.request(method, &path)).await;
        refused.problem(401, "unauthorized");
    }
}

#[tokio::test]
async fn the_document_holds_together() {
    let studio = Studio::open(Database::Sqlite).await;
    let document = document(&studio).await;
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{reference} leads nowhere"
        );
    }
    let mut ids = BTreeSet::new();
    for (route, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id),
            "{route}: operationId '{id}'"
        );
        assert!(
            operation["summary"].is_string() || operation["description"].is_string(),
            "{route}"
        );
        assert!(!operation["tags"].as_array().unwrap().is_empty(), "{route}");
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(
            problem["schema"]["$ref"], "#/components/schemas/Problem",
            "{route}"
        );
        let path = route.split_once(' ').unwrap().1;
        let named: BTreeSet<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        let parameters = operation["parameters"].as_array();
        let declared: BTreeSet<&str> = parameters
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(declared, named, "{route}");
        if route.starts_with("post") || route.starts_with("put") {
            let answers = operation["responses"].as_object().unwrap();
            assert!(
                answers.keys().any(|status| status.starts_with('2')),
                "{route}"
            );
        }
    }
}

fn collect_references(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                references.insert(reference.clone());
            }
            object
                .values()
                .for_each(|value| collect_references(value, references));
        }
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect_references(value, references)),
        _ => {}
    }
}

fn printed() -> String {
    let printed = command(&Layout::default(), &["openapi"]).output();
    let printed = printed.unwrap();
    assert!(printed.status.success(), "{printed:?}");
    String::from_utf8(printed.stdout).unwrap()
}

/// Clients are generated from it.
#[test]
fn the_copy_in_the_repository_is_the_documents() {
    let copy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    assert!(
        std::fs::read_to_string(copy).unwrap() == printed(),
        "docs/openapi.json is out of date: stagehook openapi > docs/openapi.json"
    );
}

#[tokio::test]
async fn a_server_shows_what_the_command_prints() {
    let studio = Studio::open(Database::Sqlite).await;
    let printed: Value = serde_json::from_str(&printed()).unwrap();
    assert_eq!(document(&studio).await, printed);
}

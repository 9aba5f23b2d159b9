//! Who may do what. REQ-API-5

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::{Answer, Browser, Client, Database, HookDraft, Studio, on_both_databases};
use std::collections::{BTreeMap, BTreeSet};

on_both_databases!(
    each_role_may_use_its_routes_and_no_others,
    a_session_may_do_what_its_token_may,
    what_is_no_route_is_told_to_everybody,
    what_is_no_method_is_told_to_everybody,
);

/// From the least to the most.
const ROLES: [&str; 4] = ["viewer", "pipeline", "editor", "admin"];

/// What a pipeline does beside reading.
const OF_PIPELINES: [&str; 7] = [
    "post /events",
    "post /jobs",
    "post /jobs/{id}/complete",
    "post /jobs/{id}/stages/{hook_point}/runs",
    "post /projects",
    "post /scene-types",
    "post /stage-runs/{id}/cancel",
];

/// What editors change: the first part of a route's path.
const OF_EDITORS: [&str; 11] = [
    "deliveries",
    "event-types",
    "events",
    "executions",
    "hooks",
    "jobs",
    "plugins",
    "projects",
    "scene-types",
    "scripts",
    "secrets",
];

/// Which role a route needs, as it is promised; a route of which nothing is
/// promised is a mistake of whoever added it.
fn promised(route: &str) -> &'static str {
    let (method, path) = route.split_once(' ').unwrap();
    let first = path.split('/').nth(1).unwrap();
    match (method, first) {
        (_, "audit" | "tokens" | "secret-rekey") | ("put" | "delete", "secrets") => "admin",
        ("get", "secrets") => "editor",
        ("get", _) | (_, "session") => "viewer",
        _ if OF_PIPELINES.contains(&route) => "pipeline",
        _ if OF_EDITORS.contains(&first) => "editor",
        _ => panic!("{route}: who may do this is not said"),
    }
}

/// Every route of the document, but the open one.
async fn routes(studio: &Studio) -> Vec<String> {
    let document = studio.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, item)| {
        let path = path.strip_prefix("/api/v1").unwrap();
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| format!("{method} {path}"))
    });
    routes.filter(|route| route != "post /session").collect()
}

/// Asks for something that is not there, with nothing in it. What is a stream
/// need not end.
async fn ask(client: &Client, route: &str) -> Answer {
    let (method, path) = route.split_once(' ').unwrap();
    let method: Method = method.to_uppercase().parse().unwrap();
    let path = path.replace("{hook_point}", "post_segment");
    let path = path.replace("{scope_type}", "project");
    let filled: Vec<&str> = path
        .split('/')
        .map(|part| if part.starts_with('{') { "0" } else { part })
        .collect();
    let path = filled.join("/");
    // Refused before anything begins, but only after who asks may ask.
    let path = match path.as_str() {
        "/events/stream" => "/events/stream?nothing=1",
        path => path,
    };
    client.send(client.request(method, path)).await
}

/// Whether whoever asked has too little of a role; which one it takes is said.
fn is_refused(answer: &Answer, needed: &str) -> bool {
    let needs = format!("this needs the role {needed}, ");
    let refused = answer.status == 403
        && answer.body["detail"]
            .as_str()
            .unwrap()
            .starts_with("this needs the role ");
    if refused {
        let problem = answer.problem(403, "forbidden");
        assert!(problem.detail.starts_with(&needs), "{}", problem.detail);
    }
    refused
}

async fn each_role_may_use_its_routes_and_no_others(on: Database) {
    let studio = Studio::open(on).await;
    studio.world().await;
    studio.shell("grade", "true").create(&studio).await;
    let routes = routes(&studio).await;
    assert!(routes.len() > 75, "{routes:#?}");
    let mut allowed = BTreeMap::new();
    for (rank, role) in ROLES.into_iter().enumerate() {
        let token = studio.token(&format!("a {role}"), role).await;
        let client = studio.with_token(Some(&token));
        let before = studio.everything().await;
        for route in &routes {
            let needed = promised(route);
            let may = ROLES.iter().position(|role| *role == needed).unwrap() <= rank;
            let answer = ask(&client, route).await;
            assert!(answer.status < 500, "{route}: {}", answer.text);
            assert_eq!(
                !is_refused(&answer, needed),
                may,
                "{role}: {route}: {}",
                answer.text
            );
            *allowed.entry(role).or_insert(0) += usize::from(may);
        }
        if role != "admin" {
            assert_eq!(studio.everything().await, before, "{role}");
        }
    }
    // Each of them may do more than the one before.
    let allowed = ROLES.map(|role| allowed[role]);
    assert!(
        allowed.is_sorted_by(|less, more| less < more),
        "{allowed:?}"
    );
    assert_eq!(allowed[3], routes.len());
}

async fn a_session_may_do_what_its_token_may(on: Database) {
    let studio = Studio::open(on).await;
    let token = studio.token("ed", "editor").await;
    let browser = Browser::sign_in(&studio, &token).await;
    assert_eq!(browser.session["role"], "editor");
    let config = json!({"url": "https://example.com/grade"});
    let hook = HookDraft::new("grade", "webhook", config);
    browser.post("/hooks", hook.body()).await.expect(201);
    browser.get("/secrets").await.ok();
    let new = json!({"name": "mine", "role": "admin"});
    for refused in [
        browser.post("/tokens", &new).await,
        browser.get("/tokens").await,
        browser.get("/audit").await,
        browser.delete("/secrets/x").await,
    ] {
        let problem = refused.problem(403, "forbidden");
        assert_eq!(
            problem.detail,
            "this needs the role admin, and the token 'ed' has the role editor"
        );
    }
    // HEAD tells no more than GET.
    let head = browser.request(Method::HEAD, "/audit");
    assert_eq!(browser.send(head).await.status, 403);
    assert_eq!(studio.all("/tokens").await.len(), 2);
}

async fn what_is_no_route_is_told_to_everybody(on: Database) {
    let studio = Studio::open(on).await;
    let token = studio.token("guest", "viewer").await;
    let guest = studio.with_token(Some(&token));
    for path in ["/nothing", "/hooks/1/nothing", "/tokens/1/nothing", "/"] {
        guest.get(path).await.problem(404, "not-found");
        guest
            .post(path, &Value::Null)
            .await
            .problem(404, "not-found");
    }
    // Not under another spelling, either.
    for path in [
        "/tokens/",
        "//api/v1//tokens",
        "/TOKENS",
        "/%74okens",
        "/jobs/../tokens",
        "/tokens?a=/hooks",
    ] {
        let answer = guest.get(path).await;
        assert!(
            matches!(answer.status, 403 | 404),
            "{path}: {}",
            answer.text
        );
    }
    assert_eq!(guest.get("//metrics").await.status, 200);
}

/// No role would help: that is no matter of roles.
async fn what_is_no_method_is_told_to_everybody(on: Database) {
    let studio = Studio::open(on).await;
    let token = studio.token("guest", "viewer").await;
    let guest = studio.with_token(Some(&token));
    let allowed = |answer: &Answer| {
        answer.problem(405, "method-not-allowed");
        let allow = answer.header("allow").unwrap_or_default();
        let methods = allow.split(',').map(|method| method.trim().to_owned());
        methods.collect::<BTreeSet<String>>()
    };
    for (method, path) in [
        (Method::POST, "/overview"),
        (Method::OPTIONS, "/overview"),
        (Method::PATCH, "/hooks/1"),
        (Method::PUT, "/audit"),
        (Method::GET, "/hooks/order"),
        (Method::POST, "/scripts/a/b.sh"),
    ] {
        let ask = async |client: &Client| {
            let request = client.request(method.clone(), path);
            client.send(request.json(&json!({}))).await
        };
        let (told, to_admin) = (ask(&guest).await, ask(&studio).await);
        assert_eq!(allowed(&told), allowed(&to_admin), "{method} {path}");
        assert_eq!(told.text, to_admin.text, "{method} {path}");
    }
    // What is nobody's method is told to nobody.
    let nobody = studio.with_token(None);
    let refused = nobody.post("/overview", &json!({})).await;
    refused.problem(401, "unauthorized");
    guest.get("/audit").await.problem(403, "forbidden");
}

//! Tokens are made, used as their roles allow, and revoked. REQ-API-5

mod command_line;
mod roles;

use super::sessions::listening;
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::clients::{Language, SocketIo};
use stagehook_tests::server::{Layout, Server, TOKEN};
use stagehook_tests::studio::id_of;
use stagehook_tests::{
    Browser, Client, Database, HookDraft, Setup, Studio, eventually, on_both_databases, table,
};

on_both_databases!(
    a_token_is_made_used_and_revoked,
    with_a_token_go_its_sessions_and_whoever_listens,
    what_is_no_token_is_refused,
    the_last_administrators_token_stays,
    a_token_expires,
);

async fn a_token_is_made_used_and_revoked(on: Database) {
    let studio = Studio::open(on).await;
    let new = json!({"name": "Éditrice 1", "role": "editor", "expires_in_days": 90});
    let mut made = studio.post("/tokens", &new).await.expect(201);
    let token = made.as_object_mut().unwrap().remove("token").unwrap();
    let token = token.as_str().unwrap();
    assert!(token.starts_with("sthk_") && token.len() == 69, "{token}");
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "created_at",
            "created_by",
            "expires_at",
            "id",
            "last_used_at",
            "name",
            "role"
        ]
    );
    assert_eq!(
        (
            &made["name"],
            &made["role"],
            &made["created_by"],
            &made["last_used_at"]
        ),
        (
            &json!("Éditrice 1"),
            &json!("editor"),
            &json!("admin"),
            &Value::Null
        )
    );
    let listed = studio.all("/tokens").await;
    let [admin, editor] = listed.as_slice() else {
        panic!("{listed:?}");
    };
    assert_eq!(editor, &made);
    assert_eq!(
        (
            &admin["name"],
            &admin["role"],
            &admin["created_by"],
            &admin["expires_at"]
        ),
        (
            &json!("admin"),
            &json!("admin"),
            &json!("server"),
            &Value::Null
        )
    );

    // It works at once, and whoever uses it is known by its name.
    let editor = studio.with_token(Some(token));
    let config = json!({"url": "https://example.com/grade"});
    let hook = HookDraft::new("grade", "webhook", config);
    editor.post("/hooks", hook.body()).await.expect(201);
    let trail = studio.get("/audit?subject_type=hook").await.ok();
    assert_eq!(trail["items"][0]["actor"], "Éditrice 1");
    eventually("it is known that it was used", || async {
        let listed = studio.all("/tokens").await;
        listed[1]["last_used_at"].is_string().then_some(())
    })
    .await;

    let path = format!("/tokens/{}", made["id"]);
    studio.delete(&path).await.expect(204);
    editor.get("/hooks").await.problem(401, "unauthorized");
    studio.delete(&path).await.problem(404, "not-found");
    assert_eq!(studio.all("/tokens").await.len(), 1);
    // The name is free, and what it was told stays told.
    let again = studio.token("Éditrice 1", "viewer").await;
    studio.with_token(Some(&again)).get("/hooks").await.ok();

    let trail = studio.all("/audit?subject_type=token").await;
    let told: Vec<_> = trail.iter().rev().map(|entry| &entry["action"]).collect();
    assert_eq!(
        told,
        [
            "token.ensure",
            "token.create",
            "token.revoke",
            "token.create"
        ]
    );
    assert_eq!(
        (&trail[1]["actor"], &trail[1]["subject_id"]),
        (&json!("admin"), &json!(made["id"].to_string()))
    );
    assert_eq!(
        (&trail[1]["before"]["name"], &trail[1]["after"]),
        (&made["name"], &Value::Null)
    );

    let kept = "SELECT coalesce(before, '') || coalesce(after, '') FROM audit_log";
    let kept = table::texts(&studio, kept).await.join("\n") + &studio.layout().printed();
    for secret in [token, &again, TOKEN] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

async fn with_a_token_go_its_sessions_and_whoever_listens(on: Database) {
    let studio = Studio::open(on).await;
    let new = json!({"name": "guest", "role": "viewer"});
    let made = studio.post("/tokens", &new).await.expect(201);
    let token = made["token"].as_str().unwrap();
    let guest = studio.with_token(Some(token));
    let browser = Browser::sign_in(&studio, token).await;
    assert_eq!(
        (&browser.session["name"], &browser.session["role"]),
        (&json!("guest"), &json!("viewer"))
    );
    let stays = Browser::sign_in(&studio, TOKEN).await;
    let streams = [
        listening(guest.request(Method::GET, "/events/stream")).await,
        listening(browser.request(Method::GET, "/events/stream")).await,
    ];
    let options = json!({"auth": {"token": token}, "transports": ["websocket"]});
    let mut socket = SocketIo::begin(Language::JavaScript, studio.address(), &options, &[]);
    socket.is_connected().await;

    studio
        .delete(&format!("/tokens/{}", made["id"]))
        .await
        .expect(204);
    browser.get("/hooks").await.problem(401, "unauthorized");
    browser.get("/session").await.problem(401, "unauthorized");
    for stream in streams {
        stream.await;
    }
    let heard = socket.hears().await;
    assert!(heard.get("disconnected").is_some(), "{heard}");
    let refused = studio
        .with_token(None)
        .post("/session", &json!({"token": token}))
        .await;
    refused.problem(401, "unauthorized");
    stays.get("/hooks").await.ok();
}

/// Of another server on the same database it is heard within the seconds for
/// which a token is believed; a session works on both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_server_hears_of_it_postgres() {
    let studio = Studio::open(Database::Postgres).await;
    let layout = Layout::default();
    let server = Server::start(&layout, &Setup::default(), studio.database_url()).await;
    let other = Client::new(server.address(), None);
    let new = json!({"name": "guest", "role": "viewer"});
    let made = studio.post("/tokens", &new).await.expect(201);
    let token = made["token"].as_str().unwrap();
    let browser = Browser::sign_in(&studio, token).await;
    let there = |path: &str| {
        let request = other.request(Method::GET, path);
        request.header("cookie", &browser.cookie)
    };
    let session = other.send(there("/session")).await.ok();
    assert_eq!(session, browser.session);
    let streams = [
        listening(there("/events/stream")).await,
        listening(
            other
                .with_token(Some(token))
                .request(Method::GET, "/events/stream"),
        )
        .await,
    ];
    studio
        .delete(&format!("/tokens/{}", made["id"]))
        .await
        .expect(204);
    for stream in streams {
        stream.await;
    }
    eventually("the other server knows of it", || async {
        let token = other.with_token(Some(token)).get("/hooks").await.status;
        let cookie = other.send(there("/hooks")).await.status;
        ((token, cookie) == (401, 401)).then_some(())
    })
    .await;
}

async fn what_is_no_token_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let long = "x".repeat(129);
    for (body, pointer) in [
        (json!({}), ""),
        (json!([]), ""),
        (json!({"name": "x"}), ""),
        (json!({"name": "", "role": "viewer"}), "/name"),
        (json!({"name": " x", "role": "viewer"}), "/name"),
        (json!({"name": "a\nb", "role": "viewer"}), "/name"),
        (json!({"name": "\0", "role": "viewer"}), "/name"),
        (json!({"name": long, "role": "viewer"}), "/name"),
        (json!({"name": "server", "role": "viewer"}), "/name"),
        (json!({"name": 1, "role": "viewer"}), "/name"),
        (json!({"name": "x", "role": "root"}), "/role"),
        (json!({"name": "x", "role": "Admin"}), "/role"),
        (json!({"name": "x", "role": ["admin"]}), "/role"),
        (
            json!({"name": "x", "role": "viewer", "expires_in_days": 0}),
            "/expires_in_days",
        ),
        (
            json!({"name": "x", "role": "viewer", "expires_in_days": -1}),
            "/expires_in_days",
        ),
        (
            json!({"name": "x", "role": "viewer", "expires_in_days": 3651}),
            "/expires_in_days",
        ),
        (
            json!({"name": "x", "role": "viewer", "expires_in_days": 1.5}),
            "/expires_in_days",
        ),
        (
            json!({"name": "x", "role": "viewer", "expires_in_days": "1"}),
            "/expires_in_days",
        ),
        (
            json!({"name": "x", "role": "viewer", "expires_in_days": u64::MAX}),
            "/expires_in_days",
        ),
        (
            json!({"name": "x", "role": "viewer", "token": "chosen"}),
            "/token",
        ),
        (
            json!({"name": "x", "role": "viewer", "hash": "00"}),
            "/hash",
        ),
        (
            json!({"name": "x", "role": "viewer", "__proto__": {"role": "admin"}}),
            "/__proto__",
        ),
    ] {
        let refused = studio.post("/tokens", &body).await;
        refused.problem(422, "invalid-request").at([pointer]);
    }
    let taken = json!({"name": "admin", "role": "viewer"});
    let taken = studio.post("/tokens", &taken).await;
    taken.problem(409, "name-taken").at(["/name"]);
    for id in [
        "0",
        "-1",
        "x",
        "9223372036854775807",
        "9223372036854775808",
        "1%00",
        "1e0",
    ] {
        let refused = studio.delete(&format!("/tokens/{id}")).await;
        refused.problem(404, "not-found");
    }
    assert_eq!(studio.all("/tokens").await.len(), 1);
    assert_eq!(studio.all("/audit").await.len(), 1);
    let null = json!({"name": "x", "role": "viewer", "expires_in_days": null});
    studio.post("/tokens", &null).await.expect(201);
}

async fn the_last_administrators_token_stays(on: Database) {
    let studio = Studio::open(on).await;
    let listed = studio.all("/tokens").await;
    let own = format!("/tokens/{}", id_of(&listed[0]));
    // One that expires helps nobody who comes later.
    let brief = json!({"name": "brief", "role": "admin", "expires_in_days": 1});
    let brief = studio.post("/tokens", &brief).await.expect(201);
    let refused = studio.delete(&own).await;
    let problem = refused.problem(409, "last-administrator");
    assert!(problem.detail.contains("'admin'"), "{}", problem.detail);
    studio.get("/tokens").await.ok();

    let other = studio.token("other", "admin").await;
    studio.delete(&own).await.expect(204);
    studio.get("/tokens").await.problem(401, "unauthorized");
    let other = studio.with_token(Some(&other));
    let brief = format!("/tokens/{}", id_of(&brief));
    other.delete(&brief).await.expect(204);
    let listed = other.all("/tokens").await;
    let last = format!("/tokens/{}", id_of(&listed[0]));
    other.delete(&last).await.problem(409, "last-administrator");
    let left = other.all("/tokens").await;
    assert_eq!((left.len(), &left[0]["name"]), (1, &json!("other")));
}

async fn a_token_expires(on: Database) {
    let studio = Studio::open(on).await;
    let new = json!({"name": "guest", "role": "viewer", "expires_in_days": 1});
    let made = studio.post("/tokens", &new).await.expect(201);
    let token = made["token"].as_str().unwrap();
    let guest = studio.with_token(Some(token));
    let browser = Browser::sign_in(&studio, token).await;
    assert_eq!(
        browser.session["expires_at"], made["expires_at"],
        "no longer than its token"
    );
    guest.get("/hooks").await.ok();
    let streams = [
        listening(guest.request(Method::GET, "/events/stream")).await,
        listening(browser.request(Method::GET, "/events/stream")).await,
    ];
    table::execute(
        &studio,
        "UPDATE api_tokens SET expires_at = '2000-01-01T00:00:00+00:00' WHERE name = 'guest'",
    )
    .await;
    for stream in streams {
        stream.await;
    }
    eventually("it is believed no longer", || async {
        let (token, cookie) = (guest.get("/hooks").await, browser.get("/hooks").await);
        ((token.status, cookie.status) == (401, 401)).then_some(())
    })
    .await;
    guest.get("/hooks").await.problem(401, "unauthorized");
    let refused = guest
        .with_token(None)
        .post("/session", &json!({"token": token}))
        .await;
    refused.problem(401, "unauthorized");
    // It is listed until somebody takes it away.
    let listed = studio.all("/tokens").await;
    assert_eq!(listed[1]["expires_at"], "2000-01-01T00:00:00Z");
    studio
        .delete(&format!("/tokens/{}", made["id"]))
        .await
        .expect(204);
}

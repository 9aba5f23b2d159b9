//! Stored secrets: encrypted, shown to nobody, replaced while hooks run.

mod command_line;
mod keys;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use stagehook_tests::receiver::{Received, Receiver, Script};
use stagehook_tests::server::{Layout, Server, TOKEN};
use stagehook_tests::table::texts;
use stagehook_tests::{
    Answer, Client, Database, HookDraft, Setup, Studio, eventually, on_both_databases,
};
use std::fmt::Write as _;
use std::fs;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

on_both_databases!(
    a_value_is_nowhere_but_encrypted,
    a_new_value_is_in_force_at_once_and_the_old_one_still_signs,
    a_repeated_request_changes_nothing,
    a_secret_that_hooks_name_is_deleted_with_force_alone,
    a_stored_secret_comes_before_the_environment,
    requests_that_are_wrong_say_how_and_repeat_nothing,
    an_administrator_alone_changes_secrets,
);

const CANARY: &str = "canary/word\"mark-0123456789";

fn private() -> Setup {
    Setup::default().with_private_network()
}

fn key(byte: u8) -> String {
    STANDARD.encode((0..32).map(|at| at ^ byte).collect::<Vec<u8>>())
}

async fn put(client: &Client, name: &str, value: &str) -> Answer {
    let body = json!({"value": value});
    client.put(&format!("/secrets/{name}"), &body).await
}

async fn shown(studio: &Studio, name: &str) -> Value {
    let secrets = studio.all("/secrets").await;
    let found = secrets.into_iter().find(|secret| secret["name"] == name);
    found.unwrap_or_else(|| panic!("there is no secret {name}"))
}

/// A webhook that sends this secret as a bearer token.
fn bearer(name: &str, receiver: &Receiver, secret: &str) -> HookDraft {
    let config = json!({"url": receiver.url("/"), "auth": {"type": "bearer", "secret": secret}});
    HookDraft::new(name, "webhook", config)
}

fn sent(receiver: &Receiver) -> Vec<String> {
    let all = receiver.received();
    let headers = all.iter().map(|one| one.headers["authorization"].clone());
    headers.collect()
}

fn is_signed_with(request: &Received, key: &str) -> bool {
    let header = |name: &str| request.headers[name].as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    for part in [
        header("webhook-id"),
        b".",
        header("webhook-timestamp"),
        b".",
    ] {
        mac.update(part);
    }
    mac.update(&request.body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    request.headers["webhook-signature"]
        .split(' ')
        .any(|signature| signature == expected)
}

/// Every file below, with what is in it.
fn files(directory: &Path, found: &mut Vec<u8>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            // Sockets cannot be read, and hold nothing.
            found.extend(fs::read(&path).unwrap_or_default());
        }
    }
}

/// Everything that the database holds.
async fn database(studio: &Studio) -> Vec<u8> {
    let url = studio.database_url();
    let Some(path) = url.strip_prefix("sqlite://") else {
        let mut dump = texts(studio, "SELECT database_to_xml(true, false, '')::text").await;
        dump.extend(texts(studio, "SELECT encode(ciphertext, 'escape') FROM secrets").await);
        return dump.concat().into_bytes();
    };
    let mut bytes = Vec::new();
    files(Path::new(path).parent().unwrap(), &mut bytes);
    bytes
}

#[track_caller]
fn holds(haystack: &[u8], needle: &str) -> bool {
    let needle = needle.as_bytes();
    haystack.windows(needle.len()).any(|part| part == needle)
}

async fn a_value_is_nowhere_but_encrypted(on: Database) {
    let mut studio = Studio::with(on, private()).await;
    let world = studio.world().await;
    assert_eq!(put(&studio, "token", CANARY).await.status, 201);
    // The receiver repeats what it was told, as it is and in JSON.
    let echo = json!({"you sent": CANARY}).to_string();
    let headers = vec![("content-type", "text/plain".to_owned())];
    let receiver = Receiver::start([Script::Answer(500, headers, format!("{CANARY} {echo}"))]);
    let receiver = receiver.await;
    let hook = bearer("track", &receiver, "token").create(&studio).await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(sent(&receiver), [format!("Bearer {CANARY}")]);
    let said = answer["executions"][0]["stdout"].as_str().unwrap();
    assert_eq!(
        said, "[redacted] {\"you sent\":\"[redacted]\"}",
        "{answer:#}"
    );

    let listed = shown(&studio, "token").await;
    assert_eq!(listed["updated_by"], "admin");
    let user = json!([{"hook_id": hook.id, "hook_name": "track"}]);
    assert_eq!(listed["used_by"], user);
    assert_eq!(listed["problem"], Value::Null);
    let mut told = answer.to_string();
    for path in [
        "/secrets".to_owned(),
        "/audit".to_owned(),
        format!("/hooks/{}/logs", hook.id),
        format!("/jobs/{}/hook-logs", world.job),
    ] {
        told += &studio.get(&path).await.text;
    }
    studio.server().terminate();
    studio.server().stopped().await;
    told += &studio.layout().printed();
    let mut kept = database(&studio).await;
    // The rest of the story is in there, so a canary would be found.
    assert!(holds(&kept, "track") && told.contains("secret.put"));
    files(&studio.layout().data(), &mut kept);
    let in_json = CANARY.replace('"', "\\\"");
    for canary in [CANARY, &in_json, &STANDARD.encode(CANARY)] {
        assert!(!holds(&kept, canary), "{canary} is in a file");
        assert!(!told.contains(canary), "{told}");
    }
    // The key is in its own file alone.
    let file = studio.layout().data().join("secrets.key");
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let key = fs::read_to_string(file).unwrap();
    assert!(!holds(&database(&studio).await, key.trim()));
    assert!(!told.contains(key.trim()));

    // What was stored outlives the server.
    studio.start_again().await;
    studio.run(world.job, json!({})).await;
    assert_eq!(sent(&receiver).len(), 2);
    assert_eq!(sent(&receiver)[1], format!("Bearer {CANARY}"));
}

async fn a_new_value_is_in_force_at_once_and_the_old_one_still_signs(on: Database) {
    let studio = Studio::with(on, private()).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    put(&studio, "signing", "first-key").await.expect(201);
    let config = json!({"url": receiver.url("/"), "secret": "signing"});
    let hook = HookDraft::new("signed", "webhook", config);
    hook.create(&studio).await;
    let request = async |metadata: Value| {
        studio.run(world.job, metadata).await;
        receiver.received().pop().unwrap()
    };
    let first = request(json!({})).await;
    assert!(is_signed_with(&first, "first-key"));
    assert!(!first.headers["webhook-signature"].contains(' '));

    // Both sign for a day; our own header has room for one.
    put(&studio, "signing", "second-key").await.expect(204);
    let second = request(json!({})).await;
    assert!(is_signed_with(&second, "second-key") && is_signed_with(&second, "first-key"));
    assert_eq!(second.headers["webhook-signature"].split(' ').count(), 2);
    let mut mac = Hmac::<Sha256>::new_from_slice(b"second-key").unwrap();
    mac.update(&second.body);
    let tag = mac.finalize().into_bytes();
    let own = tag.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    assert_eq!(
        second.headers["x-stagehook-signature"],
        format!("sha256={own}")
    );
    let listed = shown(&studio, "signing").await;
    assert_ne!(listed["previous_until"], Value::Null);

    // The one before the last is gone, and so is every one where that is asked for.
    put(&studio, "signing", "third-key").await.expect(204);
    let third = request(json!({})).await;
    assert!(is_signed_with(&third, "second-key") && !is_signed_with(&third, "first-key"));
    let at_once = json!({"value": "fourth-key", "overlap_seconds": 0});
    studio.put("/secrets/signing", &at_once).await.expect(204);
    let fourth = request(json!({})).await;
    assert!(is_signed_with(&fourth, "fourth-key") && !is_signed_with(&fourth, "third-key"));
    assert_eq!(
        shown(&studio, "signing").await["previous_until"],
        Value::Null
    );

    // An overlap ends by itself, and what overlapped is forgotten.
    let brief = json!({"value": "fifth-key", "overlap_seconds": 1});
    studio.put("/secrets/signing", &brief).await.expect(204);
    eventually("the old value is forgotten", async || {
        let left = "SELECT name FROM secrets WHERE previous_ciphertext IS NOT NULL";
        texts(&studio, left).await.is_empty().then_some(())
    })
    .await;
    let last = request(json!({})).await;
    assert!(is_signed_with(&last, "fifth-key") && !is_signed_with(&last, "fourth-key"));
}

async fn a_repeated_request_changes_nothing(on: Database) {
    let studio = Studio::open(on).await;
    put(&studio, "token", "first").await.expect(201);
    put(&studio, "token", "second").await.expect(204);
    let before = shown(&studio, "token").await;
    // As a client does that lost the answer: the overlap with the first stays.
    put(&studio, "token", "second").await.expect(204);
    assert_eq!(shown(&studio, "token").await, before);
    let ends = json!({"value": "second", "overlap_seconds": 0});
    studio.put("/secrets/token", &ends).await.expect(204);
    let after = shown(&studio, "token").await;
    assert_eq!(after["previous_until"], Value::Null);
    assert_eq!(after["updated_at"], before["updated_at"]);
}

async fn a_secret_that_hooks_name_is_deleted_with_force_alone(on: Database) {
    let studio = Studio::with(on, private()).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    put(&studio, "token", CANARY).await.expect(201);
    let hook = bearer("track", &receiver, "token").create(&studio).await;
    let refused = studio.delete("/secrets/token").await;
    let detail = refused.problem(409, "secret-in-use").detail;
    assert!(
        detail.contains("'track'") && detail.contains("force=true"),
        "{detail}"
    );
    let gone = studio.delete("/secrets/token?force=true").await;
    assert_eq!(gone.status, 204);
    assert_eq!(studio.all("/secrets").await, [Value::Null; 0]);

    let answer = studio.run(world.job, json!({})).await;
    let execution = &answer["executions"][0];
    assert_eq!(execution["status"], "refused", "{answer:#}");
    let error = execution["error"].as_str().unwrap();
    assert!(error.contains("the secret token does not exist"), "{error}");
    assert_eq!(sent(&receiver), [""; 0]);
    // It cannot be saved like that, either.
    let again = bearer("again", &receiver, "token").body().clone();
    let refused = studio.post("/hooks", &again).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/auth/secret"]);

    put(&studio, "token", "back").await.expect(201);
    studio.run(world.job, json!({})).await;
    assert_eq!(sent(&receiver), ["Bearer back"]);
    studio
        .delete(&format!("/hooks/{}", hook.id))
        .await
        .expect(204);
    assert_eq!(studio.delete("/secrets/token").await.status, 204);
    studio
        .delete("/secrets/token")
        .await
        .problem(404, "not-found");
}

async fn a_stored_secret_comes_before_the_environment(on: Database) {
    let setup = private().variable("STAGEHOOK_SECRET_TRACKER_TOKEN", "of the environment");
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    let hook = bearer("track", &receiver, "tracker-token");
    hook.create(&studio).await;
    studio.run(world.job, json!({})).await;
    assert_eq!(studio.all("/secrets").await, [Value::Null; 0]);
    put(&studio, "tracker-token", "stored").await.expect(201);
    studio.run(world.job, json!({})).await;
    studio
        .delete("/secrets/tracker-token?force=true")
        .await
        .expect(204);
    studio.run(world.job, json!({})).await;
    let of_environment = "Bearer of the environment";
    assert_eq!(
        sent(&receiver),
        [of_environment, "Bearer stored", of_environment]
    );
}

async fn requests_that_are_wrong_say_how_and_repeat_nothing(on: Database) {
    let studio = Studio::open(on).await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"value": ""}), "/value"),
        (json!({"value": [CANARY]}), "/value"),
        (json!({"value": {"is": CANARY}}), "/value"),
        (json!({"value": 987_654_321}), "/value"),
        (
            json!({"value": CANARY.repeat(64 * 1024 / CANARY.len() + 1)}),
            "/value",
        ),
        (
            json!({"value": "x", "overlap_seconds": CANARY}),
            "/overlap_seconds",
        ),
        (
            json!({"value": CANARY, "overlap_seconds": -1}),
            "/overlap_seconds",
        ),
        (
            json!({"value": CANARY, "overlap_seconds": 2_592_001}),
            "/overlap_seconds",
        ),
        (json!({"value": CANARY, "comment": CANARY}), "/comment"),
    ] {
        let answer = studio.put("/secrets/token", &body).await;
        answer.problem(422, "invalid-request").at([pointer]);
        for canary in [CANARY, "987654321", "canary"] {
            assert!(!answer.text.contains(canary), "{}", answer.text);
        }
    }
    let request = studio.request(Method::PUT, "/secrets/token");
    let answer = studio
        .send(request.body(format!("{{\"value\": {CANARY}")))
        .await;
    answer.problem(400, "invalid-json");
    assert!(!answer.text.contains("canary"), "{}", answer.text);
    for name in ["no.such", "a%20b", &"x".repeat(65)] {
        let answer = put(&studio, name, "value").await;
        answer.problem(422, "invalid-request");
        studio
            .delete(&format!("/secrets/{name}"))
            .await
            .problem(404, "not-found");
    }
    assert_eq!(studio.all("/secrets").await, [Value::Null; 0]);
    assert!(!studio.layout().printed().contains("canary"));
    // The largest and the smallest.
    let large = json!({"value": "x".repeat(64 * 1024)});
    studio.put("/secrets/Large_-9", &large).await.expect(201);
    put(&studio, "small", "\0").await.expect(201);
}

async fn an_administrator_alone_changes_secrets(on: Database) {
    let studio = Studio::open(on).await;
    put(&studio, "token", "value").await.expect(201);
    for role in ["viewer", "pipeline", "editor"] {
        let token = studio.token(role, role).await;
        let client = studio.with_token(Some(&token));
        put(&client, "token", "other")
            .await
            .problem(403, "forbidden");
        put(&client, "new", "other").await.problem(403, "forbidden");
        let deleted = client.delete("/secrets/token?force=true").await;
        deleted.problem(403, "forbidden");
        let rekeyed = client.post("/secret-rekey", &json!({})).await;
        rekeyed.problem(403, "forbidden");
        // Who writes hooks has to know their names.
        let listed = client.get("/secrets").await;
        if role == "editor" {
            assert_eq!(listed.ok()["items"].as_array().unwrap().len(), 1);
        } else {
            listed.problem(403, "forbidden");
        }
    }
    let nobody = studio.with_token(None).get("/secrets").await;
    nobody.problem(401, "unauthorized");
    assert_eq!(shown(&studio, "token").await["updated_by"], "admin");
}

/// Two servers on one database see each other's changes, in the second that they
/// have for it; a new hook finds a new secret at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_see_each_others_changes_postgres() {
    let setup = private().variable("STAGEHOOK_SECRETS_KEY", &key(1));
    let studio = Studio::with(Database::Postgres, setup.clone()).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    let layout = Layout::default();
    let server = Server::start(&layout, &setup, studio.database_url()).await;
    let other = Client::new(server.address(), Some(TOKEN));

    put(&studio, "token", "first").await.expect(201);
    let hook = bearer("track", &receiver, "token").body().clone();
    other.post("/hooks", &hook).await.expect(201);
    let path = format!("/jobs/{}/stages/post_segment/runs", world.job);
    for value in ["second", "third"] {
        put(&studio, "token", value).await.expect(204);
        eventually("the other server sends the new value", async || {
            other.post(&path, &json!({})).await.ok();
            let last = sent(&receiver).pop().unwrap();
            (last == format!("Bearer {value}")).then_some(())
        })
        .await;
    }
    studio.delete("/secrets/token?force=true").await.expect(204);
    eventually("the other server has no such secret", async || {
        let answer = other.post(&path, &json!({})).await.ok();
        (answer["executions"][0]["status"] == "refused").then_some(())
    })
    .await;
}

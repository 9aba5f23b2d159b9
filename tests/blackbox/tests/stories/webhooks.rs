//! Webhooks: how they are signed, what they may reach, how they end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{Database, HookDraft, Setup, Studio, on_both_databases};
use std::fmt::Write as _;

on_both_databases!(
    a_signed_request_can_be_verified,
    a_secret_is_told_to_its_receiver_alone,
    answers_decide,
    a_receiver_that_hangs_is_given_up,
    a_redirect_is_not_followed,
    private_addresses_need_the_operators_leave,
);

fn webhook(name: &str, url: &str) -> HookDraft {
    HookDraft::new(name, "webhook", json!({"url": url}))
}

fn private() -> Setup {
    Setup::default().with_private_network()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn a_signed_request_can_be_verified(on: Database) {
    // REQ-EVT-5, Standard Webhooks
    let key = b"a key of thirty-two bytes, or so";
    let whsec = format!("whsec_{}", STANDARD.encode(key));
    let setup = private()
        .variable("STAGEHOOK_SECRET_TRACKER", "plain-text-secret")
        .variable("STAGEHOOK_SECRET_STANDARD_HOOK", &whsec);
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    let tracker = Receiver::start([]).await;
    let plain = webhook("plain", &tracker.url("/plain")).config("secret", "tracker");
    plain.order(1).create(&studio).await;
    let standard = webhook("standard", &tracker.url("/standard"));
    let standard = standard.config("secret", "standard-hook").order(2);
    standard.config("method", "PUT").create(&studio).await;
    let unsigned = webhook("unsigned", &tracker.url("/unsigned")).order(3);
    unsigned
        .config("headers", json!({"X-Studio": "film noir"}))
        .create(&studio)
        .await;

    let answer = studio.run(world.job, json!({"shot": "é"})).await;
    assert_eq!(answer["warnings"], json!([]), "{answer:#}");
    let received = tracker.received();
    let logs = studio.logs_of_job(world.job).await;
    for ((request, log), key) in received
        .iter()
        .zip(&logs)
        .zip([b"plain-text-secret".as_slice(), key])
    {
        let header = |name: &str| {
            request
                .headers
                .get(name)
                .unwrap_or_else(|| panic!("{name}"))
        };
        let hex = hex(&mac(key, &[&request.body]));
        let id = header("webhook-id");
        let time = header("webhook-timestamp");
        let signature = mac(
            key,
            &[id.as_bytes(), b".", time.as_bytes(), b".", &request.body],
        );
        let signature = format!("v1,{}", STANDARD.encode(signature));
        let signatures = header("webhook-signature").split(' ');
        assert!(signatures.clone().any(|found| found == signature));
        assert_eq!(header("x-stagehook-signature"), &format!("sha256={hex}"));
        assert_eq!(json!(id), log["execution_id"]);
        assert!(time.parse::<u64>().unwrap() > 1_700_000_000);
        assert_eq!(header("x-stagehook-hook-point"), "post_segment");
        assert_eq!(header("content-type"), "application/json");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body, log["input"]);
    }
    assert!(received[1].line.starts_with("PUT /standard "));
    let unsigned = &received[2].headers;
    assert_eq!(unsigned["x-studio"], "film noir");
    assert!(!unsigned.contains_key("x-stagehook-signature"));
    assert!(!unsigned.contains_key("webhook-signature"));
}

async fn a_secret_is_told_to_its_receiver_alone(on: Database) {
    let setup = private()
        .variable("STAGEHOOK_SECRET_TOKEN", "canary-token-value")
        .variable("STAGEHOOK_SECRET_SIGNING", "canary-signing-value");
    let studio = Studio::with(on, setup).await;
    let world = studio.world().await;
    // The receiver answers with what it was told.
    let echo = Script::Answer(
        500,
        Vec::new(),
        "you sent Bearer canary-token-value".to_owned(),
    );
    let receiver = Receiver::start([echo]).await;
    let unknown = webhook("track", &receiver.url("/")).config("secret", "nobody");
    let refused = studio.post("/hooks", unknown.body()).await;
    refused
        .problem(422, "invalid-request")
        .at(["/config/secret"]);
    let hook = webhook("track", &receiver.url("/"))
        .config("secret", "signing")
        .config("auth", json!({"type": "bearer", "secret": "token"}))
        .create(&studio)
        .await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["executions"][0]["status"], "failed");
    assert_eq!(answer["executions"][0]["usage"]["http_status"], 500);
    let told = &receiver.received()[0].headers["authorization"];
    assert_eq!(told, "Bearer canary-token-value");

    let mut shown = answer.to_string();
    for path in [
        format!("/hooks/{}", hook.id),
        format!("/hooks/{}/logs", hook.id),
        format!("/hooks/{}/revisions", hook.id),
        format!("/jobs/{}/hook-logs", world.job),
        format!("/stage-runs/{}", answer["id"].as_str().unwrap()),
        "/hooks/effective/studio".to_owned(),
        "/audit".to_owned(),
    ] {
        shown += &studio.get(&path).await.text;
    }
    shown += &studio.layout().printed();
    for canary in ["canary-token-value", "canary-signing-value"] {
        assert!(!shown.contains(canary), "{shown}");
    }
    assert!(shown.contains("you sent Bearer [redacted]"), "{shown}");
}

async fn answers_decide(on: Database) {
    let studio = Studio::with(on, private()).await;
    let json_with = |body: Value| Script::Answer(200, Vec::new(), body.to_string());
    for (script, status, why) in [
        (Script::status(204), "passed", ""),
        (Script::ok("thank you"), "passed", ""),
        (json_with(json!({"received": true})), "passed", ""),
        (json_with(json!({"status": "skip"})), "skipped", ""),
        (
            json_with(json!({"status": "needs_review", "message": "dark"})),
            "needs_review",
            "dark",
        ),
        (
            json_with(json!({"status": "fail", "message": "late"})),
            "failed",
            "late",
        ),
        (
            json_with(json!({"status": "passed"})),
            "invalid_result",
            "/status",
        ),
        (
            json_with(json!({"status": "pass", "metadata": [1]})),
            "invalid_result",
            "/metadata",
        ),
        (Script::status(404), "failed", "404"),
        (Script::status(503), "failed", "503"),
    ] {
        let receiver = Receiver::start([script]).await;
        let hook = webhook("answered", &receiver.url("/hook?token=x"))
            .create(&studio)
            .await;
        let log = studio.test(&hook, json!({})).await;
        assert_eq!(log["status"], status, "{log:#}");
        let error = log["error"].as_str().unwrap_or_default();
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("token=x"), "{error}");
        assert!(log["usage"]["http_status"].is_u64(), "{log:#}");
        studio
            .delete(&format!("/hooks/{}", hook.id))
            .await
            .expect(204);
    }
    // Nobody listens there.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    let hook = webhook("nobody", &url).create(&studio).await;
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["status"], "failed", "{log:#}");
    assert!(
        log["error"].as_str().unwrap().contains("connect"),
        "{log:#}"
    );
}

async fn a_receiver_that_hangs_is_given_up(on: Database) {
    let studio = Studio::with(on, private()).await;
    let world = studio.world().await;
    let receiver = Receiver::start([Script::Hang]).await;
    let hook = webhook("hangs", &receiver.url("/")).config("timeout_seconds", 1);
    let hook = hook.blocks().create(&studio).await;
    let answer = studio.run(world.job, json!({})).await;
    assert_eq!(answer["verdict"], "halt");
    assert_eq!(answer["executions"][0]["status"], "timed_out");
    let logs = studio
        .all(&format!("/hooks/{}/logs?status=timed_out", hook.id))
        .await;
    assert_eq!(logs.len(), 1);
    assert!(logs[0]["duration_ms"].as_i64() >= Some(900), "{logs:#?}");
}

async fn a_redirect_is_not_followed(on: Database) {
    let studio = Studio::with(on, private()).await;
    let elsewhere = Receiver::start([]).await;
    let scripts = [301, 302, 303, 307, 308].map(|status| {
        Script::Answer(
            status,
            vec![("location", elsewhere.url("/"))],
            String::new(),
        )
    });
    let receiver = Receiver::start(scripts).await;
    let hook = webhook("redirected", &receiver.url("/"))
        .create(&studio)
        .await;
    for status in [301, 302, 303, 307, 308] {
        let log = studio.test(&hook, json!({})).await;
        assert_eq!(log["usage"]["http_status"], status, "{log:#}");
        assert_eq!(log["status"], "failed", "{log:#}");
    }
    assert_eq!(receiver.received().len(), 5);
    assert_eq!(elsewhere.received().len(), 0);
}

async fn private_addresses_need_the_operators_leave(on: Database) {
    let setup = Setup::default().variable("HTTP_PROXY", "http://127.0.0.1:1/");
    let mut studio = Studio::with(on, setup).await;
    let receiver = Receiver::start([]).await;
    let port = receiver.url("").rsplit_once(':').unwrap().1.to_owned();
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "localhost.",
        "169.254.169.254",
        "10.0.0.1",
        "0.0.0.0",
    ] {
        let draft = webhook("inside", &format!("http://{host}:{port}/"));
        let refused = studio.post("/hooks", draft.body()).await;
        refused.problem(422, "invalid-request").at(["/config/url"]);
    }
    assert_eq!(studio.all("/hooks").await, [Value::Null; 0]);

    // Saved while it was allowed, refused where it is not.
    studio.restart_with(private()).await;
    let hook = webhook("inside", &receiver.url("/")).create(&studio).await;
    assert_eq!(studio.test(&hook, json!({})).await["status"], "passed");
    studio.restart_with(Setup::default()).await;
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["status"], "refused", "{log:#}");
    let error = log["error"].as_str().unwrap();
    assert!(error.contains("--allow-private-network"), "{error}");
    assert_eq!(receiver.received().len(), 1);
}

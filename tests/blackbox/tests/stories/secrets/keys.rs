//! The key that encrypts secrets: replaced, missing, not to be trusted.

use super::{bearer, key, private, put, sent, shown};
use serde_json::{Value, json};
use stagehook_tests::receiver::Receiver;
use stagehook_tests::server::{Layout, refused_start};
use stagehook_tests::table::execute;
use stagehook_tests::{Database, Setup, Studio, on_both_databases};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

on_both_databases!(
    a_key_is_replaced_and_a_missing_one_is_named,
    what_was_altered_in_the_database_is_refused,
    a_server_does_not_start_with_a_key_it_cannot_trust,
);

async fn a_key_is_replaced_and_a_missing_one_is_named(on: Database) {
    let with_key = |byte| private().variable("STAGEHOOK_SECRETS_KEY", &key(byte));
    let mut studio = Studio::with(on, with_key(1)).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    put(&studio, "token", "first").await.expect(201);
    put(&studio, "token", "second").await.expect(204);
    bearer("track", &receiver, "token").create(&studio).await;
    let old_id = shown(&studio, "token").await["key_id"].clone();
    let old_id = old_id.as_str().unwrap();

    // Without its key a secret is refused, and says which key; others work.
    studio.restart_with(with_key(2)).await;
    let listed = shown(&studio, "token").await;
    let problem = listed["problem"].as_str().unwrap();
    assert!(problem.contains(old_id), "{problem}");
    put(&studio, "other", "readable").await.expect(201);
    bearer("other", &receiver, "other").create(&studio).await;
    let answer = studio.run(world.job, json!({})).await;
    let by_hook = |name: &str| {
        let executions = answer["executions"].as_array().unwrap();
        let found = executions.iter().find(|e| e["hook"]["name"] == name);
        found.unwrap().clone()
    };
    assert_eq!(by_hook("other")["status"], "passed");
    assert_eq!(by_hook("track")["status"], "refused");
    let error = by_hook("track")["error"].as_str().unwrap().to_owned();
    assert!(
        error.contains(old_id) && error.contains("the secret token"),
        "{error}"
    );
    assert_eq!(sent(&receiver), ["Bearer readable"]);
    let rekeyed = studio.post("/secret-rekey", &json!({})).await.ok();
    assert_eq!(rekeyed["unreadable"], json!(["token"]));
    assert!(studio.layout().printed().contains(old_id));

    // Given as an old key, it opens everything, and is then not needed any more.
    let both = with_key(2).variable(
        "STAGEHOOK_SECRETS_OLD_KEY",
        &format!("{},{}", key(9), key(1)),
    );
    studio.restart_with(both).await;
    studio.restart_with(with_key(2)).await;
    let listed = shown(&studio, "token").await;
    assert_eq!(listed["problem"], Value::Null);
    assert_ne!(listed["key_id"], old_id);
    assert_ne!(listed["previous_until"], Value::Null);
    studio.run(world.job, json!({})).await;
    assert!(sent(&receiver).contains(&"Bearer second".to_owned()));
    let nothing = studio.post("/secret-rekey", &json!({})).await.ok();
    assert_eq!(
        (&nothing["rekeyed"], &nothing["unreadable"]),
        (&json!([]), &json!([]))
    );

    // A server that has no key makes none beside secrets that it cannot read.
    studio.restart_with(private()).await;
    let refused = put(&studio, "third", "value").await;
    let detail = refused.problem(409, "secret-key-missing").detail;
    assert!(
        detail.contains(listed["key_id"].as_str().unwrap()),
        "{detail}"
    );
    assert!(!studio.layout().data().join("secrets.key").exists());
    // It finds one that is put there.
    let file = studio.layout().data().join("secrets.key");
    fs::write(&file, key(2)).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    studio.restart_with(private()).await;
    put(&studio, "third", "value").await.expect(201);
    assert_eq!(shown(&studio, "third").await["key_id"], listed["key_id"]);
}

async fn what_was_altered_in_the_database_is_refused(on: Database) {
    let mut studio = Studio::with(on, private()).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    for name in ["admin-token", "guest-token", "good"] {
        put(&studio, name, &format!("value of {name}"))
            .await
            .expect(201);
        bearer(name, &receiver, name).create(&studio).await;
    }
    // One secret in the place of another, and a bit of it flipped.
    for change in [
        "UPDATE secrets SET nonce = (SELECT nonce FROM secrets WHERE name = 'admin-token'),
             ciphertext = (SELECT ciphertext FROM secrets WHERE name = 'admin-token')
         WHERE name = 'guest-token'",
        "UPDATE secrets SET nonce = (SELECT nonce FROM secrets WHERE name = 'good')
         WHERE name = 'admin-token'",
    ] {
        execute(&studio, change).await;
    }
    studio.crash().await;
    let answer = studio.run(world.job, json!({})).await;
    let told: Vec<_> = answer["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|execution| {
            (
                execution["hook"]["name"].as_str().unwrap(),
                &execution["status"],
            )
        })
        .collect();
    for (name, status) in told {
        let expected = if name == "good" { "passed" } else { "refused" };
        assert_eq!(status, expected, "{name}");
    }
    assert_eq!(sent(&receiver), ["Bearer value of good"]);
    let problem = shown(&studio, "guest-token").await["problem"].clone();
    assert!(problem.as_str().unwrap().contains("altered"), "{problem}");
    // Setting it again mends it.
    put(&studio, "guest-token", "mended").await.expect(204);
    assert_eq!(shown(&studio, "guest-token").await["problem"], Value::Null);
    assert_eq!(
        shown(&studio, "guest-token").await["previous_until"],
        Value::Null
    );
}

async fn a_server_does_not_start_with_a_key_it_cannot_trust(on: Database) {
    let studio = Studio::open(on).await;
    let layout = Layout::default();
    let file = layout.root().join("the.key");
    fs::write(&file, key(1)).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let path = file.to_str().unwrap();
    let with = |name: &str, value: &str| Setup::default().variable(name, value);
    for (setup, told) in [
        (
            with("STAGEHOOK_SECRETS_KEY_FILE", path),
            "can be read by others",
        ),
        (
            with("STAGEHOOK_SECRETS_KEY", "Y2FuYXJ5"),
            "STAGEHOOK_SECRETS_KEY must be 32",
        ),
        (
            with("STAGEHOOK_SECRETS_OLD_KEY", "Y2FuYXJ5"),
            "STAGEHOOK_SECRETS_OLD_KEY must be 32",
        ),
        (
            with("STAGEHOOK_SECRETS_KEY_FILE", path).variable("STAGEHOOK_SECRETS_KEY", &key(1)),
            "one of them is enough",
        ),
    ] {
        let refused = refused_start(&layout, &setup, studio.database_url()).await;
        assert_eq!(refused.status.code(), Some(1));
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(told), "{said}");
        assert!(
            !said.contains("Y2FuYXJ5") && !said.contains(&key(1)),
            "{said}"
        );
    }
}

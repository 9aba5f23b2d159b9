//! Receivers check who sent them a webhook: with the public libraries of Standard
//! Webhooks, and with the command line. What they check is what the server sent.
//! REQ-EVT-5

use serde_json::{Value, json};
use stagehook_tests::clients::{Language, Program};
use stagehook_tests::receiver::{Received, Receiver};
use stagehook_tests::server::command;
use stagehook_tests::{Database, HookDraft, Setup, Studio, on_both_databases, until};
use std::collections::BTreeMap;
use std::fs;

on_both_databases!(
    public_libraries_accept_what_was_sent_and_nothing_else,
    while_a_secret_is_replaced_both_values_verify,
    the_command_line_says_what_is_wrong,
);

const FIRST: &str = "whsec_Zmlyc3Qgc2VjcmV0IG9mIHRoZSB0cmFja2Vy";
const SECOND: &str = "whsec_c2Vjb25kIHNlY3JldCBvZiB0aGUgdHJhY2tlcg==";
const FOREIGN: &str = "whsec_c2VjcmV0IG9mIHNvbWVib2R5IGVsc2U=";

/// A server whose webhook has a secret, and what receives it.
struct Signed {
    studio: Studio,
    receiver: Receiver,
}

impl Signed {
    async fn open(on: Database) -> Self {
        let studio = Studio::with(on, Setup::default().with_private_network()).await;
        let receiver = Receiver::start([]).await;
        let secret = json!({"value": FIRST});
        studio.put("/secrets/tracker", &secret).await.expect(201);
        let config = json!({"url": receiver.url("/"), "secret": "tracker"});
        HookDraft::new("track", "webhook", config)
            .on_event("segment_completed")
            .create(&studio)
            .await;
        Self { studio, receiver }
    }

    /// What the server sends for the next event.
    async fn next(&self) -> Received {
        let before = self.receiver.received().len();
        let data = json!({"name": "Überblick ☀", "number": before});
        let event = json!({"event_name": "segment_completed", "data": data});
        self.studio.post("/events", &event).await.expect(202);
        until("the webhook has come", || {
            self.receiver.received().len() > before
        })
        .await;
        self.receiver.received().swap_remove(before)
    }
}

/// What a library says of a message, in each language.
struct Libraries([Program; 2]);

impl Libraries {
    fn start() -> Self {
        Self(
            [Language::Python, Language::JavaScript]
                .map(|language| Program::start(language, "verify", &[])),
        )
    }

    /// What they say, which has to be the same.
    async fn say(
        &mut self,
        secret: &str,
        headers: &BTreeMap<String, String>,
        body: &str,
    ) -> String {
        let message = json!({"secret": secret, "headers": headers, "body": body}).to_string();
        let mut said = Vec::new();
        for library in &mut self.0 {
            library.say(&message).await;
            said.push(library.line().await);
        }
        assert_eq!(said[0], said[1], "{message}");
        said.swap_remove(0)
    }
}

async fn public_libraries_accept_what_was_sent_and_nothing_else(on: Database) {
    let signed = Signed::open(on).await;
    let sent = signed.next().await;
    let body = String::from_utf8(sent.body).unwrap();
    let mut libraries = Libraries::start();
    let accepted = libraries.say(FIRST, &sent.headers, &body).await;
    assert_eq!(accepted, "accepted");
    let no_match = "refused: No matching signature found";
    for changed in [
        body.replacen('☀', "★", 1),
        body.replacen(':', ": ", 1),
        format!("{body}\n"),
    ] {
        assert_ne!(changed, body);
        assert_eq!(
            libraries.say(FIRST, &sent.headers, &changed).await,
            no_match
        );
    }
    assert_eq!(libraries.say(FOREIGN, &sent.headers, &body).await, no_match);
    let with = |header: &str, value: &str| {
        let mut headers = sent.headers.clone();
        headers.insert(header.to_owned(), value.to_owned());
        headers
    };
    let other = with("webhook-id", "01990000-0000-7000-8000-000000000000");
    assert_eq!(libraries.say(FIRST, &other, &body).await, no_match);
    // A second later it would be a message of its own; long ago it is none.
    let time: i64 = sent.headers["webhook-timestamp"].parse().unwrap();
    let later = with("webhook-timestamp", &(time + 1).to_string());
    assert_eq!(libraries.say(FIRST, &later, &body).await, no_match);
    let long_ago = with("webhook-timestamp", &(time - 3_600).to_string());
    assert_eq!(
        libraries.say(FIRST, &long_ago, &body).await,
        "refused: Message timestamp too old"
    );
}

async fn while_a_secret_is_replaced_both_values_verify(on: Database) {
    let signed = Signed::open(on).await;
    let second = json!({"value": SECOND});
    let path = "/secrets/tracker";
    signed.studio.put(path, &second).await.expect(204);
    let sent = signed.next().await;
    let body = String::from_utf8(sent.body).unwrap();
    let mut libraries = Libraries::start();
    for (secret, said) in [
        (FIRST, "accepted"),
        (SECOND, "accepted"),
        (FOREIGN, "refused: No matching signature found"),
    ] {
        assert_eq!(libraries.say(secret, &sent.headers, &body).await, said);
    }
    // The first is given up before its time.
    let at_once = json!({"value": SECOND, "overlap_seconds": 0});
    signed.studio.put(path, &at_once).await.expect(204);
    let sent = signed.next().await;
    let body = String::from_utf8(sent.body).unwrap();
    assert_eq!(
        libraries.say(SECOND, &sent.headers, &body).await,
        "accepted"
    );
    assert_eq!(
        libraries.say(FIRST, &sent.headers, &body).await,
        "refused: No matching signature found"
    );
}

/// What `webhook verify` says of a body in the file `body`, with FIRST in the file
/// `secret`, and how it exits.
fn verify(studio: &Studio, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["webhook", "verify", "body"], arguments].concat();
    let output = command(studio.layout(), &arguments)
        .env("STAGEHOOK_WEBHOOK_SECRET", SECOND)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let said = text(output.stdout) + &text(output.stderr);
    assert!(!said.contains(FIRST) && !said.contains(SECOND), "{said}");
    (output.status.code(), said)
}

async fn the_command_line_says_what_is_wrong(on: Database) {
    let signed = Signed::open(on).await;
    let sent = signed.next().await;
    let studio = &signed.studio;
    let write = |name: &str, content: &[u8]| {
        fs::write(studio.layout().root().join(name), content).unwrap();
    };
    write("body", &sent.body);
    write("secret", format!("{FIRST}\n").as_bytes());
    let lines: Vec<_> = sent
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let raw = format!("{}\r\n{}\r\nnot: a header", sent.line, lines.concat());
    write("headers", raw.as_bytes());

    let of_file = ["--secret-file", "secret", "--headers", "headers"];
    let (code, said) = verify(studio, &of_file);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("webhook-signature: good, sent ")
            && said.ends_with("X-Stagehook-Signature: good\nverified\n"),
        "{said}"
    );
    let (code, said) = verify(studio, &[&of_file[..], &["--json"]].concat());
    let shown: Value = serde_json::from_str(&said).unwrap();
    let good = json!({"verified": true});
    let expected =
        json!({"verified": true, "webhook_signature": good, "x_stagehook_signature": good});
    assert_eq!((code, shown), (Some(0), expected));

    let header = |name: &str| sent.headers[name].as_str();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let signature = header("webhook-signature");
    let of_body = header("x-stagehook-signature");
    let old = (time.parse::<i64>().unwrap() - 3_600).to_string();
    let truncated = &signature[..signature.len() - 4];
    let extended = format!("{}AAAAA", signature.trim_end_matches('='));
    let trio = |id, time, signature| {
        let flags = ["--id", id, "--timestamp", time, "--signature", signature];
        [&["--secret-file", "secret"], &flags[..]].concat()
    };
    let body_alone = |signature| vec!["--secret-file", "secret", "--body-signature", signature];
    for (arguments, code, says) in [
        (trio(id, time, signature), 0, "verified"),
        (body_alone(of_body), 0, "X-Stagehook-Signature: good"),
        // Of a replayed message the time cannot be changed.
        (trio(id, &old, signature), 1, "another id, time or body"),
        (
            trio("other", time, signature),
            1,
            "made with another secret",
        ),
        (trio(id, "noon", signature), 1, "no number of seconds"),
        (trio(id, time, truncated), 1, "was truncated or extended"),
        (trio(id, time, &extended), 1, "was truncated or extended"),
        (trio(id, time, ""), 1, "there is no signature in the header"),
        (body_alone(&of_body[..40]), 1, "was changed on its way"),
        (body_alone(&of_body[..39]), 1, "was truncated or extended"),
        (body_alone(""), 1, "there is no signature in the header"),
        (vec!["--secret-file", "secret"], 1, "no signature to check"),
        // The secret of the variable.
        (vec!["--headers", "headers"], 1, "NOT verified"),
        (vec!["--secret-file", "none"], 1, "cannot open none"),
        (
            vec!["--headers", "headers", "--id", "one"],
            1,
            "cannot be used with",
        ),
    ] {
        let (exited, said) = verify(studio, &arguments);
        assert_eq!(exited, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }

    // It is genuine, and yet too old.
    until("the message is older than a second", || {
        let arguments = [&of_file[..], &["--tolerance", "0"]].concat();
        let (code, said) = verify(studio, &arguments);
        code == Some(1) && said.contains("is genuine, but was sent") && said.contains("NOT")
    })
    .await;
    write("body", &[&sent.body[..], b" "].concat());
    let (code, said) = verify(studio, &of_file);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(said.matches("these cannot be told apart").count(), 2);
}

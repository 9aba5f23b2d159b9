//! `stagehook secret`

use super::{bearer, private, sent};
use serde_json::{Value, json};
use stagehook_tests::receiver::Receiver;
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{Database, Studio, on_both_databases};
use std::io::Write as _;
use std::process::{Output, Stdio};

on_both_databases!(secrets_are_set_from_the_command_line);

/// Runs `stagehook secret …` with this on stdin.
fn cli(studio: &Studio, arguments: &[&str], stdin: &str) -> Output {
    let mut child = command(studio.layout(), &["secret"])
        .args(arguments)
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", TOKEN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to_child = child.stdin.take().unwrap();
    // A command that needs no more of it may be gone already.
    let _ = to_child.write_all(stdin.as_bytes());
    drop(to_child);
    child.wait_with_output().unwrap()
}

async fn secrets_are_set_from_the_command_line(on: Database) {
    let studio = Studio::with(on, private()).await;
    let world = studio.world().await;
    let receiver = Receiver::start([]).await;
    let run = |arguments: &[&str], stdin: &str, code: i32| {
        let output = cli(&studio, arguments, stdin);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains("canary"), "{said}");
        said
    };
    assert_eq!(
        run(&["set", "token"], "canary of a file\r\n", 0),
        "token is set\n"
    );
    bearer("track", &receiver, "token").create(&studio).await;
    studio.run(world.job, json!({})).await;
    assert_eq!(sent(&receiver), ["Bearer canary of a file"]);
    run(&["set", "token", "--overlap", "0"], " canary \n\n", 0);
    let too_long = "canary".repeat(12_000);
    for (arguments, stdin) in [
        (vec!["set", "token"], ""),
        (vec!["set", "token"], "\n"),
        (vec!["set", "token"], &*too_long),
        (vec!["set", "no.such"], "canary"),
        (vec!["set", "token", "--overlap", "2592001"], "canary"),
        (vec!["rm", "token"], ""),
        (vec!["rm", "nobody"], ""),
    ] {
        run(&arguments, stdin, 1);
    }
    // A value is no argument.
    run(&["set", "token", "value"], "", 1);

    let listed = run(&["list"], "", 0);
    assert!(
        listed.contains("token") && listed.contains("track"),
        "{listed}"
    );
    let listed: Value = serde_json::from_str(&run(&["list", "--json"], "", 0)).unwrap();
    assert_eq!(listed["items"], json!(studio.all("/secrets").await));
    assert!(run(&["rekey"], "", 0).ends_with(": 0\n"));
    assert_eq!(
        run(&["rm", "token", "--force"], "", 0),
        "token is deleted\n"
    );
    assert_eq!(studio.all("/secrets").await, [Value::Null; 0]);
}

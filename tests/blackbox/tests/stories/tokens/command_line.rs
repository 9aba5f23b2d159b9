//! `stagehook token …`. REQ-API-5

use serde_json::{Value, json};
use stagehook_tests::server::{TOKEN, command};
use stagehook_tests::{Database, Studio, on_both_databases};

on_both_databases!(tokens_are_made_listed_and_revoked_from_the_command_line);

/// What a command printed; its exit code must be this one.
async fn printed(studio: &Studio, token: &str, arguments: &[&str], code: i32) -> String {
    let mut command = command(studio.layout(), arguments);
    command
        .env("STAGEHOOK_SERVER", studio.address())
        .env("STAGEHOOK_TOKEN", token);
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output().await.unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

async fn tokens_are_made_listed_and_revoked_from_the_command_line(on: Database) {
    let studio = Studio::open(on).await;
    let run = async |arguments: &[&str], code| printed(&studio, TOKEN, arguments, code).await;
    let create = ["token", "create", "ed", "--role", "editor"];
    // The token by itself, for a script to keep.
    let token = run(&create, 0).await;
    let token = token.strip_suffix('\n').unwrap();
    studio.with_token(Some(token)).get("/hooks").await.ok();
    let brief = [
        "token",
        "create",
        "7",
        "--role",
        "viewer",
        "--expires-in-days",
        "7",
        "--json",
    ];
    let brief: Value = serde_json::from_str(&run(&brief, 0).await).unwrap();
    assert_eq!(
        (&brief["name"], &brief["role"]),
        (&json!("7"), &json!("viewer"))
    );
    assert!(
        brief["token"].is_string() && brief["expires_at"].is_string(),
        "{brief}"
    );

    let listed = run(&["token", "list"], 0).await;
    let names: Vec<_> = listed
        .lines()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(names, ["NAME", "admin", "ed", "7"]);
    assert!(!listed.contains(token), "{listed}");
    let listed: Value = serde_json::from_str(&run(&["token", "list", "--json"], 0).await).unwrap();
    let names: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| &token["name"])
        .collect();
    assert_eq!(names, ["admin", "ed", "7"]);

    for (wrong, says) in [
        (&["token", "create", "x"][..], "--role"),
        (&["token", "create", "x", "--role", "root"], "pipeline"),
        (&create, "named 'ed' already"),
        (
            &["token", "create", "", "--role", "viewer"],
            "must not be empty",
        ),
        (
            &[
                "token",
                "create",
                "x",
                "--role",
                "viewer",
                "--expires-in-days",
                "0",
            ],
            "between 1 and",
        ),
        (&["token", "revoke", "nobody"], "there is no token 'nobody'"),
        (&["token", "revoke", "admin"], "last administrator"),
    ] {
        let said = run(wrong, 1).await;
        assert!(said.contains(says), "{wrong:?}: {said}");
    }
    let refused = printed(&studio, token, &["token", "list"], 1).await;
    assert!(refused.contains("this needs the role admin"), "{refused}");

    // By its name, which may look like the id of another one, or by its id.
    assert_eq!(run(&["token", "revoke", "7"], 0).await, "7 is revoked\n");
    let id = studio.all("/tokens").await[1]["id"].to_string();
    assert_eq!(
        run(&["token", "revoke", &id], 0).await,
        format!("{id} is revoked\n")
    );
    let left = studio.all("/tokens").await;
    assert_eq!((left.len(), &left[0]["name"]), (1, &json!("admin")));
}

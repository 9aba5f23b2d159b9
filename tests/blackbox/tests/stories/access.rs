//! Who may ask, and which server answers. REQ-API-5, REQ-API-6

use reqwest::Method;
use serde_json::json;
use stagehook_tests::server::{TOKEN, refused_start};
use stagehook_tests::{Browser, Database, Setup, Studio, on_both_databases};

on_both_databases!(
    only_health_is_open,
    the_first_start_makes_a_token_and_prints_it_once,
    the_operators_token_is_taken,
    a_data_directory_has_one_server,
    a_setup_that_cannot_work_is_refused_with_the_reason,
);

async fn only_health_is_open(on: Database) {
    let studio = Studio::open(on).await;
    let hook = studio.shell("grade", "echo").create(&studio).await;
    let stranger = studio.with_token(None);
    for (path, key) in [("//healthz", "ok"), ("//readyz", "ready")] {
        assert_eq!(stranger.get(path).await.ok()["status"], key);
    }
    let wrong = [
        "x",
        "black-box",
        &TOKEN.to_uppercase(),
        &format!("{TOKEN}0"),
        &"t".repeat(5000),
    ];
    let clients = wrong.map(|token| studio.with_token(Some(token)));
    for client in clients.iter().chain([&stranger]) {
        for (method, path) in [
            (Method::GET, "/hooks".to_owned()),
            (Method::POST, "/projects".to_owned()),
            (Method::DELETE, format!("/hooks/{}", hook.id)),
            (Method::GET, "/nothing".to_owned()),
            (Method::POST, "/jobs/1/stages/post_segment/runs".to_owned()),
        ] {
            let request = client.request(method, &path).json(&json!({"name": "x"}));
            let refused = client.send(request).await;
            refused.problem(401, "unauthorized");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
    }
    for header in ["", "Bearer", &format!("Basic {TOKEN}"), TOKEN] {
        let request = stranger
            .request(Method::GET, "/hooks")
            .header("authorization", header);
        stranger.send(request).await.problem(401, "unauthorized");
    }
    // The scheme's name is written as one likes (RFC 9110, section 11.1).
    let request = stranger.request(Method::GET, "/hooks");
    let request = request.header("authorization", format!("bearer {TOKEN}"));
    stranger.send(request).await.ok();
    let left = studio.all("/hooks").await;
    assert_eq!((left.len(), &left[0]["id"]), (1, &hook.id.into()));
    assert_eq!(left[0]["version"], hook.document["version"]);
    assert_eq!(studio.all("/projects").await.len(), 0);
}

async fn the_first_start_makes_a_token_and_prints_it_once(on: Database) {
    let setup = Setup::default().without("STAGEHOOK_ADMIN_TOKEN");
    let mut studio = Studio::with(on, setup).await;
    let printed = studio.layout().printed();
    let mut works = None;
    for word in printed.split_whitespace() {
        let word = word.trim_matches(['"', '\'', ',', '.']);
        if word.len() >= 32 && studio.with_token(Some(word)).get("/hooks").await.status == 200 {
            works = Some(word.to_owned());
        }
    }
    let token = works.unwrap_or_else(|| panic!("no token was printed: {printed}"));
    // Beside it is where people sign in: with the token, behind the `#`, which
    // browsers send to nobody.
    let told = [
        format!("admin token: {token}"),
        format!("sign in at {}/sign-in#token={token}", studio.address()),
    ];
    let telling: Vec<&str> = printed
        .lines()
        .filter(|line| line.contains(&token))
        .collect();
    assert_eq!(telling, told);
    let browser = Browser::sign_in(&studio, &token).await;
    assert_eq!(browser.session["role"], "admin");

    // It works after a restart, and is not printed again.
    studio.crash().await;
    let admin = studio.with_token(Some(&token));
    admin.get("/hooks").await.ok();
    let printed = studio.layout().printed();
    assert_eq!(printed.matches(&token).count(), 2);
    let link = format!("sign in at {}/sign-in\n", studio.address());
    assert!(printed.contains(&link), "{printed}");
    // Only its hash is kept.
    for file in std::fs::read_dir(studio.layout().data()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let content = std::fs::read(&path).unwrap();
            let kept = content
                .windows(token.len())
                .any(|bytes| bytes == token.as_bytes());
            assert!(!kept, "{}", path.display());
        }
    }
}

async fn the_operators_token_is_taken(on: Database) {
    let mut studio = Studio::open(on).await;
    studio.get("/hooks").await.ok();
    let printed = studio.layout().printed();
    assert!(!printed.contains(TOKEN), "it is known already");
    let link = format!("sign in at {}/sign-in\n", studio.address());
    assert!(printed.contains(&link), "{printed}");
    let eds = studio.token("ed", "editor").await;
    // Another one in the environment takes its place.
    let other = "another-token-0123456789abcdef-0123456789abcdef";
    studio
        .restart_with(Setup::default().variable("STAGEHOOK_ADMIN_TOKEN", other))
        .await;
    studio.with_token(Some(other)).get("/hooks").await.ok();
    studio.get("/hooks").await.problem(401, "unauthorized");

    // One that is somebody else's is told to be.
    studio.server().kill();
    let setup = Setup::default().variable("STAGEHOOK_ADMIN_TOKEN", &eds);
    let ended = refused_start(studio.layout(), &setup, studio.database_url()).await;
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("STAGEHOOK_ADMIN_TOKEN cannot be"), "{said}");
    assert!(said.contains("this token is 'ed' already"), "{said}");
    assert!(!said.contains(&eds), "{said}");
}

async fn a_data_directory_has_one_server(on: Database) {
    let studio = Studio::open(on).await;
    let ended = refused_start(studio.layout(), &Setup::default(), studio.database_url()).await;
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
    assert!(!said.contains("listening on"), "{said}");
    assert!(said.contains("data"), "it says what is in use: {said}");
    assert!(!said.contains("panicked"), "{said}");
    studio.get("//readyz").await.ok();
}

async fn a_setup_that_cannot_work_is_refused_with_the_reason(on: Database) {
    let studio = Studio::open(on).await;
    let layout = stagehook_tests::server::Layout::default();
    let nowhere = if on == Database::Postgres {
        "postgres://user:canary-password@127.0.0.1:1/none"
    } else {
        "sqlite:///nowhere/at/all/canary.db"
    };
    for (setup, url, said) in [
        (Setup::default(), nowhere, "database"),
        (Setup::default(), "mysql://root@localhost/x", "DATABASE_URL"),
        (
            Setup::default().flag("--no-such-flag"),
            studio.database_url(),
            "--no-such-flag",
        ),
    ] {
        let ended = refused_start(&layout, &setup, url).await;
        let text = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert!(!ended.status.success(), "{text}");
        assert!(text.contains(said), "{said}: {text}");
        assert!(!text.contains("canary-password"), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

//! People sign in with a token, and their browser keeps a cookie. REQ-API-5

use futures_util::StreamExt as _;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use stagehook_tests::clients::{Language, SocketIo};
use stagehook_tests::server::TOKEN;
use stagehook_tests::{Browser, Database, Setup, Studio, eventually, on_both_databases, table};
use std::time::Duration;

on_both_databases!(
    a_cookie_is_as_good_as_the_token,
    a_change_needs_what_only_our_page_knows,
    nobody_signs_in_with_anything_else,
    pages_of_other_sites_sign_nobody_in,
    a_cookie_that_is_none_is_refused,
    of_cookies_that_differ_none_counts,
    a_password_of_the_proxy_is_no_matter,
    a_token_is_no_key_of_a_session,
    a_cookie_opens_no_socket,
    who_signs_out_is_out,
    who_signs_in_anew_leaves_no_session_behind,
    a_session_outlives_the_server_and_not_its_token,
    of_many_sessions_the_oldest_end,
    sessions_that_have_ended_are_deleted,
);

/// Only who hears nothing waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);

async fn a_cookie_is_as_good_as_the_token(on: Database) {
    let studio = Studio::open(on).await;
    let stranger = studio.with_token(None);
    let request = stranger.request(Method::POST, "/session");
    let answer = stranger.send(request.json(&json!({"token": TOKEN}))).await;
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let mut attributes: Vec<&str> = attributes.split("; ").collect();
    attributes.sort_unstable();
    let expected = ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Strict"];
    assert_eq!(attributes, expected);
    let key = pair.strip_prefix("stagehook_session=").unwrap();
    assert_eq!(key.len(), 43, "32 bytes in base64");
    let health = stranger.get("//healthz").await.ok();
    let mut session = answer.ok();
    assert!(!session["csrf_token"].as_str().unwrap().contains(key));
    assert_eq!(
        session["server"],
        json!({"version": health["version"], "confinement": health["confinement"]})
    );
    assert_eq!(
        (&session["name"], &session["role"]),
        (&json!("admin"), &json!("admin"))
    );

    // Behind a proxy that speaks https the cookie never goes over http, and no
    // other host can have set it.
    for (proto, secure) in [("https", true), ("https, http", true), ("http", false)] {
        let behind = |method, path| {
            let request = stranger.request(method, path);
            request.header("x-forwarded-proto", proto)
        };
        let request = behind(Method::POST, "/session").json(&json!({"token": TOKEN}));
        let answer = stranger.send(request).await;
        let cookie = answer.header("set-cookie").unwrap();
        assert_eq!(cookie.contains("; Secure"), secure, "{proto}: {cookie}");
        assert!(cookie.contains("; Path=/") && !cookie.contains("Domain"));
        let (cookie, _) = cookie.split_once(';').unwrap();
        let (name, key) = cookie.split_once('=').unwrap();
        let (expected, other) = ("stagehook_session", "__Host-stagehook_session");
        let (expected, other) = if secure {
            (other, expected)
        } else {
            (expected, other)
        };
        assert_eq!(name, expected, "{proto}");
        for (cookie, status) in [
            (format!("{name}={key}"), 200),
            (format!("{other}=planted; {name}={key}"), 200),
            (format!("{other}={key}"), 401),
        ] {
            let request = behind(Method::GET, "/hooks").header("cookie", &cookie);
            assert_eq!(
                stranger.send(request).await.status,
                status,
                "{proto}: {cookie}"
            );
        }
        let request = behind(Method::DELETE, "/session").header("cookie", cookie);
        let csrf = answer.body["csrf_token"].as_str().unwrap();
        let out = stranger.send(request.header("x-csrf-token", csrf)).await;
        let cleared = out.header("set-cookie").unwrap();
        assert!(cleared.starts_with(&format!("{name}=;")), "{cleared}");
    }

    let browser = Browser::sign_in(&studio, TOKEN).await;
    session = browser.session.clone();
    assert_eq!(browser.get("/session").await.ok(), session);
    let project = browser.post("/projects", &json!({"name": "x"})).await;
    let project = project.expect(201);
    assert_eq!(
        browser.get("/projects").await.ok()["items"],
        json!([project])
    );
    assert_eq!(browser.get("//metrics").await.status, 200);
    // On the trail it is whoever the token is.
    let trail = studio.get("/audit?subject_type=project").await.ok();
    assert_eq!(trail["items"][0]["actor"], "admin");

    // A token in the header wins, and needs nothing else.
    let request = browser.request(Method::POST, "/projects");
    let request = request.json(&json!({"name": "y"}));
    browser.send(request.bearer_auth(TOKEN)).await.expect(201);
    let request = browser.request(Method::GET, "/projects");
    let request = request.bearer_auth("not-a-token");
    browser.send(request).await.problem(401, "unauthorized");
    studio.get("/session").await.problem(401, "unauthorized");

    // Neither the token nor the key is kept or told.
    let kept = "SELECT after FROM audit_log WHERE after IS NOT NULL";
    let kept = table::texts(&studio, kept).await.join("\n") + &studio.layout().printed();
    let key = browser.cookie.split_once('=').unwrap().1;
    for secret in [TOKEN, key, browser.csrf()] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

async fn a_change_needs_what_only_our_page_knows(on: Database) {
    let studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    let other = Browser::sign_in(&studio, TOKEN).await;
    assert_ne!(browser.csrf(), other.csrf());
    let project = studio.project("kept").await;
    let changed = browser.csrf().replacen(&browser.csrf()[..1], "!", 1);
    let long = "x".repeat(4000);
    let mut wrong = vec![
        "",
        "null",
        other.csrf(),
        &changed,
        &long,
        &browser.csrf()[1..],
    ];
    wrong.push(browser.cookie.split_once('=').unwrap().1);
    for (method, path) in [
        (Method::POST, "/projects".to_owned()),
        (Method::PUT, "/scripts/a.sh".to_owned()),
        (Method::DELETE, format!("/projects/{project}")),
        (Method::PATCH, format!("/projects/{project}")),
        (Method::DELETE, "/session".to_owned()),
        (Method::POST, "/nothing".to_owned()),
    ] {
        let request = || browser.request(method.clone(), &path);
        browser.send(request()).await.problem(403, "csrf");
        for wrong in &wrong {
            let request = request().header("x-csrf-token", *wrong);
            browser.send(request).await.problem(403, "csrf");
        }
    }
    // Reading needs none, and nothing was changed.
    let head = browser.request(Method::HEAD, "/projects");
    assert_eq!(browser.send(head).await.status, 200);
    assert_eq!(
        browser.get("/projects").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    browser
        .delete(&format!("/projects/{project}"))
        .await
        .expect(204);
}

async fn nobody_signs_in_with_anything_else(on: Database) {
    let studio = Studio::open(on).await;
    let stranger = studio.with_token(None);
    let canary = "canary-0123456789abcdef-0123456789abcdef";
    for token in [
        "",
        "x",
        canary,
        &TOKEN[1..],
        &format!("{TOKEN} "),
        "\0",
        "ß",
    ] {
        let refused = stranger.post("/session", &json!({"token": token})).await;
        refused.problem(401, "unauthorized");
        assert_eq!(refused.header("set-cookie"), None);
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"token": null}), "/token"),
        (json!({"token": [canary]}), "/token"),
        (json!({"token": {"canary": canary}}), "/token"),
        (json!({"token": 7}), "/token"),
        (json!([canary]), ""),
        (json!(canary), ""),
        (json!({"token": TOKEN, "role": "admin"}), "/role"),
        (
            json!({"token": TOKEN, "__proto__": {"role": "admin"}}),
            "/__proto__",
        ),
        (json!({"constructor": {"prototype": {}}}), "/constructor"),
    ] {
        let refused = stranger.post("/session", &body).await;
        refused.problem(422, "invalid-request").at([pointer]);
        assert!(!refused.text.contains("canary-"), "{}", refused.text);
        assert_eq!(refused.header("set-cookie"), None);
    }
    for body in ["{", "token=x", "\u{feff}", "nul"] {
        let request = stranger.request(Method::POST, "/session").body(body);
        stranger.send(request).await.problem(400, "invalid-json");
    }
    // Large ones, which name the token all the same, and one that is deep.
    for (length, status, kind) in [
        (1 << 20, 413, "body-too-large"),
        (5 << 10, 413, "body-too-large"),
    ] {
        let body = json!({"token": TOKEN, "padding": "x".repeat(length)});
        let refused = stranger.post("/session", &body).await;
        refused.problem(status, kind);
    }
    let deep = format!("{}{}", "[".repeat(1500), "]".repeat(1500));
    let request = stranger.request(Method::POST, "/session").body(deep);
    let refused = stranger.send(request).await;
    assert!((400..=422).contains(&refused.status), "{}", refused.text);
    let sessions = "SELECT CAST(count(*) AS TEXT) FROM sessions";
    assert_eq!(table::texts(&studio, sessions).await, ["0"]);
    assert!(!studio.layout().printed().contains(canary));
}

async fn pages_of_other_sites_sign_nobody_in(on: Database) {
    let studio = Studio::open(on).await;
    let stranger = studio.with_token(None);
    let address = studio.address();
    let sign_in = |headers: &[(&'static str, String)]| {
        let mut request = stranger.request(Method::POST, "/session");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.json(&json!({"token": TOKEN}))
    };
    let site = |site: &str| ("sec-fetch-site", site.to_owned());
    let origin = |origin: &str| ("origin", origin.to_owned());
    let behind = |host: &str| ("x-forwarded-host", host.to_owned());
    for refused in [
        vec![site("cross-site")],
        vec![site("same-site")],
        vec![site("")],
        vec![site("cross-site"), origin(address)],
        vec![origin("https://evil.example")],
        vec![origin("null")],
        vec![origin("http://127.0.0.1")],
        vec![origin(&format!("{address}.evil.example"))],
        vec![origin("https://evil.example"), behind("stagehook.example")],
    ] {
        let answer = stranger.send(sign_in(&refused)).await;
        answer.problem(403, "csrf");
        assert_eq!(answer.header("set-cookie"), None, "{refused:?}");
    }
    // Whoever has set up a proxy that sends another host is told what is missing.
    let renamed = sign_in(&[origin("http://stagehook.example:8080")]);
    let answer = stranger.send(renamed).await;
    answer.problem(403, "csrf");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("neither in Host nor in X-Forwarded-Host"),
        "{detail}"
    );
    for ours in [
        vec![],
        vec![site("same-origin"), origin("http://localhost:5173")],
        vec![site("none")],
        vec![origin(address)],
        vec![
            origin("https://stagehook.example"),
            behind("stagehook.example"),
        ],
        vec![
            origin("http://stagehook.example:8080"),
            behind("stagehook.example:8080"),
        ],
    ] {
        stranger.send(sign_in(&ours)).await.ok();
    }
}

async fn a_cookie_that_is_none_is_refused(on: Database) {
    let studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    let key = browser.cookie.split_once('=').unwrap().1.to_owned();
    let stranger = studio.with_token(None);
    let guess = "A".repeat(43);
    let huge = "A".repeat(8000);
    for value in [
        "",
        "x",
        TOKEN,
        &guess,
        &huge,
        &key[1..],
        &key.to_lowercase(),
        "%00",
        "a=b",
    ] {
        let cookie = format!("stagehook_session={value}");
        let request = stranger.request(Method::GET, "/hooks");
        let refused = stranger.send(request.header("cookie", cookie)).await;
        refused.problem(401, "unauthorized");
    }
    for cookie in [
        format!("Stagehook_session={key}"),
        format!("__Host-stagehook_session={key}"),
        key.clone(),
    ] {
        let request = stranger.request(Method::GET, "/hooks");
        let refused = stranger.send(request.header("cookie", cookie)).await;
        refused.problem(401, "unauthorized");
    }
    // Among those of others on the same host it is found.
    let request = stranger.request(Method::GET, "/hooks");
    let request = request.header(
        "cookie",
        format!("a=1; ; b; stagehook_session={key};c=\"d\""),
    );
    stranger.send(request).await.ok();
}

/// Another host of the same domain can have set one of them, with a session of
/// its own that whoever sits there would then work in.
async fn of_cookies_that_differ_none_counts(on: Database) {
    let studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    let planted = Browser::sign_in(&studio, TOKEN).await;
    let stranger = studio.with_token(None);
    let guess = format!("stagehook_session={}", "A".repeat(43));
    let (own, other) = (&browser.cookie, &planted.cookie);
    let send = async |cookies: &[&String], method: Method, path: &str| {
        let mut request = stranger.request(method, path);
        for cookie in cookies {
            request = request.header("cookie", *cookie);
        }
        stranger.send(request.json(&json!({"token": TOKEN}))).await
    };
    for differ in [
        [own, other],
        [other, own],
        [own, &guess],
        [&guess, own],
        [&"stagehook_session=".to_owned(), own],
        [&"stagehook_session=x; a=b".to_owned(), own],
        [&format!("{own}; {other}"), own],
    ] {
        let hooks = send(&differ, Method::GET, "/hooks").await;
        let problem = hooks.problem(400, "cookies-differ");
        assert!(!problem.detail.contains(own), "{}", problem.detail);
        let sign_in = send(&differ, Method::POST, "/session").await;
        sign_in.problem(400, "cookies-differ");
        assert_eq!(sign_in.header("set-cookie"), None);
    }
    for (cookies, of_whom) in [
        (vec![own, own], &browser),
        (vec![&format!("{other}; {other}")], &planted),
    ] {
        let session = send(&cookies, Method::GET, "/session").await.ok();
        assert_eq!(session, of_whom.session);
    }
    // Whoever sends a token is asked for no cookie.
    let request = stranger.request(Method::GET, "/hooks").bearer_auth(TOKEN);
    let request = request.header("cookie", format!("{own}; {other}"));
    stranger.send(request).await.ok();
}

/// Browsers send what a proxy in front asked for to the server behind it, too.
async fn a_password_of_the_proxy_is_no_matter(on: Database) {
    let studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    for header in [
        "Basic c3R1ZGlvOnNlY3JldA==",
        "basic x",
        "Negotiate",
        "",
        TOKEN,
    ] {
        let request = browser.request(Method::GET, "/session");
        let session = browser.send(request.header("authorization", header)).await;
        assert_eq!(session.ok(), browser.session, "{header}");
        // It is the cookie's request, and nobody's without one.
        let change = |request: RequestBuilder| {
            let request = request.header("authorization", header);
            browser.send(request.json(&json!({"name": header.len().to_string()})))
        };
        let bare = browser.request(Method::POST, "/projects");
        change(bare).await.problem(403, "csrf");
        let ours = browser.change(Method::POST, "/projects");
        change(ours).await.expect(201);
        let stranger = studio.with_token(None).request(Method::GET, "/hooks");
        let refused = browser.send(stranger.header("authorization", header)).await;
        let problem = refused.problem(401, "unauthorized");
        assert!(problem.detail.contains("Bearer"), "{}", problem.detail);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    // A token that is none is one all the same.
    for header in ["Bearer", "Bearer ", "bearer x", "BEARER  "] {
        let request = browser.request(Method::GET, "/session");
        let refused = browser.send(request.header("authorization", header)).await;
        refused.problem(401, "unauthorized");
    }
    // A socket takes tokens alone, whatever else is sent.
    let headers = json!({"Cookie": browser.cookie, "Authorization": "Basic c3R1ZGlvOnNlY3JldA=="});
    let options = json!({"auth": {}, "transports": ["websocket"], "headers": headers});
    let mut client = SocketIo::begin(Language::Python, studio.address(), &options, &[]);
    let heard = client.hears().await;
    assert_eq!(heard["refused"]["data"]["status"], 401, "{heard}");
}

/// What is known of the one answers for nothing else, whoever chose its bytes.
async fn a_token_is_no_key_of_a_session(on: Database) {
    let mut studio = Studio::open(on).await;
    let chosen = "a-token-of-exactly-32-bytes-0123";
    let as_key = "YS10b2tlbi1vZi1leGFjdGx5LTMyLWJ5dGVzLTAxMjM";
    studio
        .restart_with(Setup::default().variable("STAGEHOOK_ADMIN_TOKEN", chosen))
        .await;
    studio.with_token(Some(chosen)).get("/hooks").await.ok();
    let stranger = studio.with_token(None);
    let request = stranger.request(Method::GET, "/hooks");
    let request = request.header("cookie", format!("stagehook_session={as_key}"));
    stranger.send(request).await.problem(401, "unauthorized");
}

/// Any page can open a WebSocket to any server, and the browser sends the cookie
/// along where it is of the same site.
async fn a_cookie_opens_no_socket(on: Database) {
    let studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    for transport in ["websocket", "polling"] {
        let headers = json!({"Cookie": browser.cookie, "X-CSRF-Token": browser.csrf()});
        let options = json!({"auth": {}, "transports": [transport], "headers": headers});
        let mut client = SocketIo::begin(Language::Python, studio.address(), &options, &[]);
        let heard = client.hears().await;
        assert_eq!(heard["refused"]["data"]["status"], 401, "{heard}");
    }
}

/// Begins to listen with this request; ready when the server ends the stream.
pub(crate) async fn listening(request: RequestBuilder) -> impl Future<Output = ()> {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut told = answer.bytes_stream();
    async move {
        let end = async { while told.next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, end)
            .await
            .expect("the stream goes on");
    }
}

async fn who_signs_out_is_out(on: Database) {
    let studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    let other = Browser::sign_in(&studio, TOKEN).await;
    let stream = listening(browser.request(Method::GET, "/events/stream")).await;
    let answer = browser.delete("/session").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("stagehook_session=;"), "{cookie}");
    for attribute in ["Max-Age=0", "Path=/", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    answer.expect(204);
    browser.get("/hooks").await.problem(401, "unauthorized");
    browser.get("/session").await.problem(401, "unauthorized");
    browser
        .delete("/session")
        .await
        .problem(401, "unauthorized");
    stream.await;
    other.get("/hooks").await.ok();
}

async fn who_signs_in_anew_leaves_no_session_behind(on: Database) {
    let studio = Studio::open(on).await;
    let other = Browser::sign_in(&studio, TOKEN).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    let stream = listening(browser.request(Method::GET, "/events/stream")).await;
    let sign_in = async |cookie: &str, token: &str| {
        let request = studio.with_token(None).request(Method::POST, "/session");
        let request = request.header("cookie", cookie);
        browser.send(request.json(&json!({"token": token}))).await
    };
    // Not by a token that is none, nor by a page of another site.
    let refused = sign_in(&browser.cookie, "x").await;
    refused.problem(401, "unauthorized");
    let foreign = browser.request(Method::POST, "/session");
    let foreign = foreign.header("sec-fetch-site", "cross-site");
    let refused = browser.send(foreign.json(&json!({"token": TOKEN}))).await;
    refused.problem(403, "csrf");
    browser.get("/hooks").await.ok();

    let guest = studio.token("guest", "viewer").await;
    let answer = sign_in(&browser.cookie, &guest).await;
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    let session = answer.ok();
    assert_eq!(session["name"], "guest");
    browser.get("/hooks").await.problem(401, "unauthorized");
    stream.await;
    other.get("/hooks").await.ok();
    let (cookie, _) = cookie.split_once(';').unwrap();
    let request = studio.with_token(None).request(Method::GET, "/session");
    let again = browser.send(request.header("cookie", cookie)).await;
    assert_eq!(again.ok(), session);
    // A cookie that names no session ends none.
    for cookie in ["stagehook_session=x", &browser.cookie] {
        sign_in(cookie, &guest).await.ok();
    }
    let count = "SELECT CAST(count(*) AS TEXT) FROM sessions";
    assert_eq!(table::texts(&studio, count).await, ["4"]);
}

async fn a_session_outlives_the_server_and_not_its_token(on: Database) {
    let mut studio = Studio::open(on).await;
    let browser = Browser::sign_in(&studio, TOKEN).await;
    studio.crash().await;
    let again = |studio: &Studio| {
        let request = studio.with_token(None).request(Method::GET, "/session");
        let client = studio.with_token(None);
        let request = request.header("cookie", &browser.cookie);
        async move { client.send(request).await }
    };
    assert_eq!(again(&studio).await.ok(), browser.session);
    // The operator chose another token, perhaps because this one had got out.
    let other = "another-token-0123456789abcdef-0123456789abcdef";
    studio
        .restart_with(Setup::default().variable("STAGEHOOK_ADMIN_TOKEN", other))
        .await;
    again(&studio).await.problem(401, "unauthorized");
}

async fn of_many_sessions_the_oldest_end(on: Database) {
    let studio = Studio::open(on).await;
    let mut browsers = Vec::new();
    for _ in 0..22 {
        browsers.push(Browser::sign_in(&studio, TOKEN).await);
    }
    for (number, browser) in browsers.iter().enumerate() {
        let expected = if number < 2 { 401 } else { 200 };
        assert_eq!(browser.get("/session").await.status, expected, "{number}");
    }
}

async fn sessions_that_have_ended_are_deleted(on: Database) {
    let mut studio = Studio::open(on).await;
    let ended = Browser::sign_in(&studio, TOKEN).await;
    let expires = ended.session["expires_at"].as_str().unwrap();
    assert!(expires > "2000-01-01", "{expires}");
    table::execute(
        &studio,
        "UPDATE sessions SET expires_at = '2000-01-01T00:00:00+00:00'",
    )
    .await;
    let lasting = Browser::sign_in(&studio, TOKEN).await;
    ended.get("/session").await.problem(401, "unauthorized");
    studio.crash().await;
    let count = "SELECT CAST(count(*) AS TEXT) FROM sessions";
    eventually("the session that has ended is deleted", || async {
        (table::texts(&studio, count).await == ["1"]).then_some(())
    })
    .await;
    let request = studio.with_token(None).request(Method::GET, "/session");
    let request = request.header("cookie", &lasting.cookie);
    let session: Value = studio.send(request).await.ok();
    assert_eq!(session, lasting.session);
}

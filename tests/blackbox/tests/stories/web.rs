//! The page and its files, as a browser and as others ask for them. What is on the
//! pages is told by the stories in `frontend/stories`. REQ-UI-1

use reqwest::Method;
use stagehook_tests::client::Answer;
use stagehook_tests::{Database, Studio, on_both_databases};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases!(
    a_browser_gets_the_page_and_its_files,
    what_is_no_page_is_told_so,
);

async fn ask(studio: &Studio, path: &str, headers: &[(&str, &str)]) -> Answer {
    let studio = studio.with_token(None);
    let mut request = studio.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    studio.send(request).await
}

/// The answer to a path that no client would send like this.
async fn ask_as_it_is(studio: &Studio, path: &str) -> String {
    let host = studio.address().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The first script of the page.
fn script(page: &str) -> &str {
    let (_, after) = page
        .split_once("src=\"/assets/")
        .expect("built: scripts/build-frontend");
    after.split('"').next().unwrap()
}

async fn a_browser_gets_the_page_and_its_files(on: Database) {
    let studio = Studio::open(on).await;
    let page = ask(&studio, "//", &[("accept", "text/html")]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text.contains("<div id=\"root\">"), "{}", page.text);
    // Asked for again each time, and answered in a line where it is the same.
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let tag = page.header("etag").unwrap();
    let again = ask(&studio, "//", &[("if-none-match", tag)]).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    // A browser takes these of what it has kept from the new answer.
    let policy_of = |answer: &Answer| answer.header("content-security-policy").map(str::to_owned);
    assert_eq!(policy_of(&again), policy_of(&page));

    // No script is in the page, none comes from elsewhere, nobody frames it.
    let policy = page.header("content-security-policy").unwrap();
    let (scripts, _) = policy.split_once("style-src").unwrap();
    assert!(scripts.contains("script-src 'self';"), "{policy}");
    assert!(!scripts.contains("unsafe"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    for line in page.text.split("<script").skip(1) {
        let (tag, after) = line.split_once('>').unwrap();
        assert!(tag.contains("src=\"/"), "a script in the page: {tag}");
        assert!(after.starts_with("</script>"), "a script in the page");
    }

    // Routes of the application, whoever asks.
    for path in ["//hooks", "//jobs/17?tab=x", "//sign-in", "//no/such/page"] {
        let deep = ask(&studio, path, &[]).await;
        assert_eq!((deep.status, &deep.text), (200, &page.text));
    }

    // What has a hash in its name is kept for good, and comes as small as the
    // browser takes it.
    let script = format!("//assets/{}", script(&page.text));
    let plain = ask(&studio, &script, &[]).await;
    assert_eq!(plain.status, 200);
    let kept = plain.header("cache-control").unwrap();
    assert!(kept.contains("immutable"), "{kept}");
    assert_eq!(plain.header("content-encoding"), None);
    // A worker has no policy but that of its own file.
    assert_eq!(plain.header("content-security-policy"), Some(policy));
    let mut sizes = vec![plain.text.len()];
    for (takes, comes) in [
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip", "gzip"),
    ] {
        let small = ask(&studio, &script, &[("accept-encoding", takes)]).await;
        assert_eq!(small.header("content-encoding"), Some(comes), "{takes}");
        let vary = small.header("vary").unwrap();
        assert!(vary.contains("accept-encoding"), "{vary}");
        sizes.push(small.text.len());
    }
    assert!(sizes[1] < sizes[0], "{sizes:?}");

    let head = studio.request(Method::HEAD, "//");
    let head = studio.send(head).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
}

async fn what_is_no_page_is_told_so(on: Database) {
    let studio = Studio::open(on).await;
    // A program that left the base out.
    let json = [("accept", "application/json")];
    ask(&studio, "//hooks", &json)
        .await
        .problem(404, "not-found");
    // Below the API there are no pages.
    let html = [("accept", "text/html")];
    let missing = ask(&studio, "/no-such-route", &html).await;
    missing.problem(401, "unauthorized");
    let missing = studio.get("/no-such-route").await;
    missing.problem(404, "not-found");
    // A file of an older build is gone; the page in its place would be run as a
    // script.
    let old = ask(&studio, "//assets/index-00000000.js", &html).await;
    old.problem(404, "not-found");
    assert!(old.header("content-security-policy").is_some());
    // Nothing outside of what was built is a file: this one is beside it.
    for path in [
        "/../package.json",
        "/assets/../../package.json",
        "/%2e%2e/package.json",
        "/assets/%2e%2e/%2e%2e/package.json",
        "/assets/..%2f..%2fpackage.json",
        "/..\\package.json",
        "//../package.json",
        "/%00",
    ] {
        let answer = ask_as_it_is(&studio, path).await;
        let status = answer.split(' ').nth(1).unwrap();
        assert!(["200", "400", "404"].contains(&status), "{path}: {answer}");
        assert!(!answer.contains("devDependencies"), "{path}: {answer}");
    }
    let changed = studio.request(Method::POST, "//hooks");
    let changed = studio.send(changed.body("{}")).await;
    changed.problem(405, "method-not-allowed");
    assert_eq!(changed.header("allow"), Some("GET, HEAD"));
}

//! The page and its files, as a browser and as others ask for them. What is on the
//! pages is told by the stories in `frontend/stories`. REQ-UI-1

use reqwest::Method;
use stagehook_tests::client::Answer;
use stagehook_tests::{Database, Studio, on_both_databases};

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
    // Nothing outside of what was built is a file.
    for path in [
        "//../Cargo.toml",
        "//%2e%2e/Cargo.toml",
        "//assets/..%2f..%2fpackage.json",
        "//assets/%00",
    ] {
        let answer = ask(&studio, path, &[]).await;
        assert!(!answer.text.contains("[workspace]"), "{path}");
        assert!(!answer.text.contains("devDependencies"), "{path}");
        assert!(answer.status < 500, "{path}: {}", answer.status);
    }
    let changed = studio.request(Method::POST, "//hooks");
    let changed = studio.send(changed.body("{}")).await;
    changed.problem(405, "method-not-allowed");
    assert_eq!(changed.header("allow"), Some("GET, HEAD"));
}

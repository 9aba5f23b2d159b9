//! What webhooks and plugins cannot be made to reach: each address and trick of
//! which the like is known, through the front door, with a listener on this
//! machine that counts what arrives.
//!
//! `--nocapture` prints the table that `docs/egress.md` shows.

mod addresses;
mod plugins;

use addresses::{NAMES, NEVER, PRIVATE};
use serde_json::{Value, json};
use stagehook_tests::receiver::{Receiver, Script};
use stagehook_tests::{Database, Hook, HookDraft, Setup, Studio, eventually};
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Listens on every address of this machine, and counts what arrives.
struct Ears {
    port: u16,
    bytes: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Ears {
    async fn open() -> Self {
        // Where there is no IPv6, nothing can arrive that way.
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
        };
        let port = listener.local_addr().unwrap().port();
        let (bytes, connections) = (Arc::default(), Arc::default());
        let (heard, met): (Arc<AtomicUsize>, Arc<AtomicUsize>) =
            (Arc::clone(&bytes), Arc::clone(&connections));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                met.fetch_add(1, Ordering::SeqCst);
                let heard = Arc::clone(&heard);
                open.spawn(async move {
                    let mut buffer = [0; 4096];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        heard.fetch_add(read, Ordering::SeqCst);
                    }
                });
            }
        });
        Self {
            port,
            bytes,
            connections,
            _tasks: tasks,
        }
    }

    fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }
}

/// What was tried, how it ended, and what arrived where nothing should.
#[derive(Default)]
struct Table(Vec<String>);

impl Table {
    #[track_caller]
    fn row(&mut self, what: &str, ended: &str, ears: &Ears) {
        let bytes = ears.bytes();
        self.0.push(format!("| {what} | {ended} | {bytes} |"));
        let met = ears.connections.load(Ordering::SeqCst);
        assert_eq!((bytes, met), (0, 0), "{what}: {ended}");
    }

    #[expect(clippy::print_stdout, reason = "the table is to be looked at")]
    fn print(&self, title: &str) {
        println!("\n{title}\n\n| what was tried | how it ended | bytes that arrived |");
        println!("| --- | --- | ---: |\n{}", self.0.join("\n"));
    }
}

fn webhook(name: &str, url: &str) -> HookDraft {
    HookDraft::new(name, "webhook", json!({"url": url})).on_event("segment_completed")
}

fn open() -> Setup {
    closed().with_private_network()
}

fn closed() -> Setup {
    Setup::default().with_names_of_its_own()
}

/// Writes what names resolve to.
fn name_hosts(studio: &Studio, names: &[(&str, &[&str])]) {
    let lines = names
        .iter()
        .flat_map(|(name, addresses)| addresses.iter().map(move |at| format!("{at} {name}\n")));
    let hosts = studio.layout().root().join("hosts");
    fs::write(hosts, lines.collect::<String>()).unwrap();
}

/// How the one delivery to each hook of this event ended.
async fn ended(studio: &Studio, event: &Value) -> Vec<(i64, Value)> {
    let path = format!("/events/{}", event["id"].as_str().unwrap());
    eventually("every delivery has ended", || async {
        let shown = studio.get(&path).await.ok();
        let deliveries = shown["deliveries"].as_array().unwrap().clone();
        let is_over = |one: &Value| one["state"] == "exhausted" || one["state"] == "succeeded";
        let by_hook = |one: Value| (one["hook"]["id"].as_i64().unwrap(), one);
        deliveries
            .iter()
            .all(is_over)
            .then(|| deliveries.into_iter().map(by_hook).collect())
    })
    .await
}

async fn emit(studio: &Studio) -> Value {
    let event = json!({"event_name": "segment_completed"});
    studio.post("/events", &event).await.expect(202)
}

/// Saving it is refused; answers why.
async fn refused_when_saved(studio: &Studio, draft: &HookDraft) -> String {
    let refused = studio.post("/hooks", draft.body()).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let problem: Value = serde_json::from_str(&refused.text).unwrap();
    let error = &problem["errors"][0];
    let pointer = error["pointer"].as_str().unwrap_or_default();
    format!(
        "not saved: {}: {}",
        pointer.escape_debug(),
        short(&error["detail"])
    )
}

/// The first words.
fn short(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default().replace('|', "/");
    let mut cut = String::new();
    for word in text.split(' ') {
        if cut.len() + word.len() > 70 {
            return cut + "…";
        }
        cut += if cut.is_empty() { "" } else { " " };
        cut += word;
    }
    cut
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_webhook_reaches_a_forbidden_address() {
    let mut table = Table::default();
    let ears = Ears::open().await;
    let url = |host: &str| format!("http://{host}:{}/", ears.port);
    let mut studio = Studio::with(Database::Sqlite, open()).await;
    name_hosts(&studio, &NAMES);
    let mut saved: Vec<(String, Hook)> = Vec::new();
    for host in PRIVATE {
        let hook = webhook(host, &url(host)).create(&studio).await;
        saved.push((format!("`{host}`"), hook));
    }
    for host in NEVER {
        let why = refused_when_saved(&studio, &webhook(host, &url(host))).await;
        assert!(why.contains("/config/url"), "{host}: {why}");
        table.row(
            &format!("`{host}`, where private addresses are open"),
            &why,
            &ears,
        );
    }
    // What is allowed is heard: that nothing is, is not because nothing could be.
    let others = Ears::open().await;
    let url_of_others = format!("http://127.0.0.1:{}/", others.port);
    let allowed = HookDraft::new("allowed", "webhook", json!({"url": url_of_others}));
    let allowed = allowed.config("timeout_seconds", 1).create(&studio).await;
    studio.test(&allowed, json!({})).await;
    assert!(others.bytes() > 0, "nobody listens");
    // What was saved while it was allowed is refused when it is not.
    studio.restart_with(closed()).await;
    for host in PRIVATE.into_iter().chain(NEVER) {
        let why = refused_when_saved(&studio, &webhook("new", &url(host))).await;
        assert!(why.contains("/config/url"), "{host}: {why}");
        table.row(&format!("`{host}`"), &why, &ears);
    }
    for (name, addresses) in NAMES {
        let hook = webhook(name, &url(name)).create(&studio).await;
        saved.push((format!("{name}: {}", addresses.join(", ")), hook));
    }
    let event = emit(&studio).await;
    assert_eq!(event["deliveries"], saved.len());
    for (hook, delivery) in ended(&studio, &event).await {
        let (what, _) = saved.iter().find(|(_, known)| known.id == hook).unwrap();
        assert_eq!(delivery["last_status"], "refused", "{what}: {delivery:#}");
        assert_eq!(delivery["attempts"], 1, "{what}");
        let why = format!("refused: {}", short(&delivery["last_error"]));
        table.row(&format!("{what}, saved before"), &why, &ears);
    }
    table.print("Webhooks: addresses and names");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_changes_its_mind_reaches_nothing() {
    let mut table = Table::default();
    let ears = Ears::open().await;
    let studio = Studio::with(Database::Sqlite, closed()).await;
    let flips = |to: &'static [&'static str]| name_hosts(&studio, &[("flips.test", to)]);
    flips(&["93.184.215.14"]);
    let url = format!("http://flips.test:{}/", ears.port);
    let hook = webhook("flips", &url).config("timeout_seconds", 1);
    let hook = hook.create(&studio).await;
    flips(&["127.0.0.1"]);
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(log["status"], "refused", "{log:#}");
    let why = format!("refused: {}", short(&log["error"]));
    table.row(
        "a name that was public when the hook was saved",
        &why,
        &ears,
    );
    table.print("Webhooks: names that change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_redirects_nor_proxies_nor_headers_lead_astray() {
    let mut table = Table::default();
    let ears = Ears::open().await;
    let proxy = format!("http://127.0.0.1:{}/", ears.port);
    let mut setup = open();
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        setup = setup.variable(name, &proxy);
    }
    let studio = Studio::with(Database::Sqlite, setup).await;
    let forbidden = [
        proxy.clone(),
        format!("//127.0.0.1:{}/", ears.port),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ];
    for status in [301, 302, 303, 307, 308] {
        for location in &forbidden {
            let answer =
                Script::Answer(status, vec![("location", location.clone())], String::new());
            let receiver = Receiver::start([answer]).await;
            // A stage's: of an event's hook any answer below 400 is a receipt.
            let name = format!("{status} {location}");
            let hook = HookDraft::new(&name, "webhook", json!({"url": receiver.url("/")}));
            let log = studio.test(&hook.create(&studio).await, json!({})).await;
            assert_eq!(log["usage"]["http_status"], status, "{log:#}");
            assert_eq!(log["status"], "failed", "{log:#}");
            assert_eq!(receiver.received().len(), 1, "past the proxies, once");
            let what = format!(
                "a redirect {status} to {}",
                location.replace(&ears.port.to_string(), "PORT")
            );
            table.row(&what, &format!("failed: {}", short(&log["error"])), &ears);
        }
    }
    let receiver = Receiver::start([]).await;
    let hook = webhook("proxy", &receiver.url("/")).create(&studio).await;
    let log = studio.test(&hook, json!({})).await;
    assert_eq!(
        (log["status"].as_str(), receiver.received().len()),
        (Some("passed"), 1)
    );
    table.row(
        "a proxy in the server's environment",
        "passed: the receiver was asked itself",
        &ears,
    );

    let at = |authority: &str| format!("http://{authority}@127.0.0.1:{}/", ears.port);
    for authority in ["user:pass", "user", ":pass", "tracker.example.com"] {
        let draft = webhook("user", &at(authority));
        let why = refused_when_saved(&studio, &draft).await;
        assert!(!why.contains("pass@"), "{why}");
        table.row(&format!("`{authority}@` in the URL"), &why, &ears);
    }
    let url = format!("http://127.0.0.1:{}/", ears.port);
    for (name, value) in [
        ("X-A", "b\r\nX-B: c"),
        ("X-A", "b\nX-B: c"),
        ("X-A", "b\u{0}c"),
        ("X-A\r\nX-B", "c"),
        ("X A", "b"),
        ("", "b"),
        ("Host", "tracker.example.com"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "0"),
        ("Connection", "upgrade"),
        ("TE", "trailers"),
        ("Expect", "100-continue"),
        ("Accept-Encoding", "gzip"),
        ("Proxy-Authorization", "Basic x"),
        ("Authorization", "Bearer x"),
        ("webhook-id", "x"),
        ("Webhook-Signature", "v1,x"),
        ("webhook-timestamp", "1"),
        ("X-Stagehook-Signature", "sha256=x"),
    ] {
        let draft = webhook("header", &url).config("headers", json!({name: value}));
        let why = refused_when_saved(&studio, &draft).await;
        table.row(
            &format!("header `{}: {}`", name.escape_debug(), value.escape_debug()),
            &why,
            &ears,
        );
    }
    table.print("Webhooks: redirects, proxies, credentials, headers");
}

/// Reads what comes first, answers `head`, then `piece` over and over, so long apart.
async fn flooding(head: &'static str, piece: Vec<u8>, pause_ms: u64) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16 << 10]).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&piece).await.is_ok() {
                if pause_ms > 0 {
                    tokio::time::sleep(std::time::Duration::from_millis(pause_ms)).await;
                }
            }
        }
    });
    (url, tasks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_floods_or_holds_its_sender() {
    let mut table = Table::default();
    let ears = Ears::open().await;
    let studio = Studio::with(Database::Sqlite, open()).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000)).into_bytes();
    let chunked =
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    // 100 MiB of zeros in 100 KB, over and over.
    let bomb = Command::new("sh")
        .args(["-c", "head -c 104857600 /dev/zero | gzip -9"])
        .output()
        .unwrap()
        .stdout;
    assert!((10_000..1_000_000).contains(&bomb.len()), "{}", bomb.len());
    let gzip = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-encoding: gzip\r\n\r\n";
    for (what, head, piece, pause_ms, expected) in [
        ("a chunked body without end", chunked, chunk, 0, "passed"),
        ("a gzip bomb without end", gzip, bomb, 0, "passed"),
        (
            "a head, a byte at a time",
            "HTTP/1.1 200 OK\r\nx-a: ",
            vec![b'x'],
            20,
            "timed_out",
        ),
        (
            "a body, a byte at a time",
            "HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n",
            vec![b'x'],
            20,
            "timed_out",
        ),
        (
            "a head without end",
            "HTTP/1.1 200 OK\r\n",
            b"x-a: b\r\n".to_vec(),
            0,
            "failed",
        ),
    ] {
        let (url, _tasks) = flooding(head, piece, pause_ms).await;
        let hook = webhook(what, &url).config("timeout_seconds", 2);
        let log = studio.test(&hook.create(&studio).await, json!({})).await;
        assert_eq!(log["status"], expected, "{what}: {log:#}");
        let kept = log["stdout"].as_str().unwrap().len();
        assert!(kept < 512 << 10, "{what}: {kept}");
        let how = format!("{expected}: {kept} bytes kept; {}", short(&log["error"]));
        table.row(what, how.trim_end_matches("; "), &ears);
    }
    table.print("Webhooks: answers");
}

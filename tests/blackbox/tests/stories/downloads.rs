//! Components and logs on their way out: few at a time, since each is large.
//! REQ-WASM-6, REQ-OPS-3

use reqwest::Method;
use serde_json::json;
use stagehook_tests::plugins::catalogue_plugin;
use stagehook_tests::server::TOKEN;
use stagehook_tests::{Database, Studio, on_both_databases};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases!(
    every_download_gives_its_place_back,
    a_download_waits_for_a_place,
    an_export_of_logs_waits_for_a_place_of_its_own,
);

async fn every_download_gives_its_place_back(on: Database) {
    let studio = Studio::open(on).await;
    let component = catalogue_plugin(&json!({"version": "1.0.0"}));
    studio.upload(component).await.expect(201);
    // Far more than there are places.
    for _ in 0..12 {
        for file in ["component", "export"] {
            let path = format!("/plugins/catalogue-guest/1.0.0/{file}");
            let answer = studio.request(Method::GET, &path).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let length = answer.content_length().unwrap();
            let body = answer.bytes().await.unwrap();
            assert_eq!(body.len() as u64, length);
        }
        let nobody = studio.get("/plugins/catalogue-guest/9.9.9/export").await;
        nobody.problem(404, "not-found");
    }
}

/// How many components are sent at the same time, and how many exports of logs.
const PLACES: usize = 4;
const COMPONENT: &str = "/plugins/catalogue-guest/1.0.0/component";
const EXPORT: &str = "/hook-logs/export";

/// The component with a section at its end that means nothing: more than
/// fits into the buffers of a connection.
fn large(mut component: Vec<u8>) -> Vec<u8> {
    const SIZE: u32 = 40 << 20;
    component.push(0);
    let mut size = SIZE;
    while size > 0x7f {
        component.push(u8::try_from(size & 0x7f).unwrap() | 0x80);
        size >>= 7;
    }
    component.push(u8::try_from(size).unwrap());
    component.extend([1, b'x']);
    component.resize(component.len() + SIZE as usize - 2, 0);
    component
}

/// A download that was asked for, of which nothing is read.
async fn ask(studio: &Studio, path: &str) -> TcpStream {
    let host = studio.address().strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "GET /api/v1{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    connection
}

async fn begins(connection: &mut TcpStream) {
    let mut beginning = [0; 12];
    connection.read_exact(&mut beginning).await.unwrap();
    assert_eq!(&beginning, b"HTTP/1.1 200");
}

/// As many downloads as there are places, one that waits until one of them is
/// gone, and what happens in the meantime.
async fn one_too_many_waits(studio: &Studio, path: &str, meanwhile: impl AsyncFn()) {
    let mut standing = Vec::new();
    let mut slowest = Duration::ZERO;
    for _ in 0..PLACES {
        let asked = Instant::now();
        let mut download = ask(studio, path).await;
        begins(&mut download).await;
        slowest = slowest.max(asked.elapsed());
        standing.push(download);
    }
    let asked = Instant::now();
    let mut waiting = ask(studio, path).await;
    // Others are answered, for far longer than a download takes to begin.
    while asked.elapsed() < 4 * slowest {
        studio.get("/plugins").await.ok();
    }
    meanwhile().await;
    let answered = waiting.try_read(&mut [0; 1]);
    let nothing = answered.expect_err("one too many is being sent");
    assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
    drop(standing.pop());
    begins(&mut waiting).await;
}

async fn a_download_waits_for_a_place(on: Database) {
    let studio = Studio::open(on).await;
    let component = large(catalogue_plugin(&json!({"version": "1.0.0"})));
    studio.upload(component).await.expect(201);
    one_too_many_waits(&studio, COMPONENT, async || ()).await;
}

/// A studio whose logs are more than fits into the buffers of a connection.
async fn with_many_logs(on: Database) -> Studio {
    let studio = Studio::open(on).await;
    let prints = "head -c 4194304 /dev/zero | tr '\\0' x | tee /dev/stderr";
    let hook = studio.shell("loud", prints);
    let hook = hook.config("limits", json!({"output_kib": 4_096}));
    let hook = hook.create(&studio).await;
    for _ in 0..5 {
        studio.test(&hook, json!({})).await;
    }
    studio
}

async fn an_export_of_logs_waits_for_a_place_of_its_own(on: Database) {
    let studio = with_many_logs(on).await;
    let component = catalogue_plugin(&json!({"version": "1.0.0"}));
    studio.upload(component).await.expect(201);
    // Whoever holds exports up holds up nobody else.
    one_too_many_waits(&studio, EXPORT, async || {
        let mut download = ask(&studio, COMPONENT).await;
        begins(&mut download).await;
        let searched = studio.get("/hook-logs?contains=nothing").await.ok();
        assert_eq!(searched["items"], json!([]));
    })
    .await;
}

/// Nobody leaves: whoever reads nothing is cut off, and gives the place to one who
/// waits. That takes the minute for which a client is waited for.
#[tokio::test]
async fn who_reads_nothing_of_an_export_is_cut_off() {
    let studio = with_many_logs(Database::Sqlite).await;
    let mut standing = Vec::new();
    for _ in 0..PLACES {
        let mut export = ask(&studio, EXPORT).await;
        begins(&mut export).await;
        standing.push(export);
    }
    let mut waiting = ask(&studio, EXPORT).await;
    begins(&mut waiting).await;
    drop(waiting);
    // One who is cut off gets what was on its way, and no end.
    let mut whole = Vec::new();
    let lines = studio.get(EXPORT).await.text;
    for mut export in standing {
        let mut sent = Vec::new();
        let _ = export.read_to_end(&mut sent).await;
        whole.push(sent.len() > lines.len());
    }
    assert!(whole.contains(&false), "{whole:?}");
}

//! Events: how many are published a second, and how many are delivered.
//!
//! Publishing: a number of clients publish as fast as they are answered, which
//! is after the commit of the event and its one delivery; first while the hook is
//! paused, then while it delivers. Delivering: what waits for a paused hook is
//! delivered when it goes on, signed, to a receiver on this machine that reads
//! each request and answers 204; every attempt is logged. A receiver's time is
//! in it, and it shares the machine.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin events -- --clients 32 --seconds 10
//! ```

mod receiver;

use anyhow::Result;
use clap::Parser;
use receiver::Receiver;
use serde_json::{Value, json};
use stagehook_bench::load;
use stagehook_bench::options::ServerOptions;
use stagehook_bench::server::Server;
use std::time::{Duration, Instant};

/// Events of one publication, where many are published at once.
const BATCH: usize = 1_000;

#[derive(Parser)]
struct Options {
    /// Those who publish at the same time.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// How long each publishes.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Deliveries that wait before the first is made.
    #[arg(long, default_value_t = 50_000)]
    backlog: usize,
    /// Deliveries to the webhook at once.
    #[arg(long, default_value_t = 64)]
    concurrency: u32,
    #[command(flatten)]
    server: ServerOptions,
}

#[expect(
    clippy::print_stdout,
    reason = "the tables are what this program is for"
)]
#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let database = options.server.database();
    let receiver = Receiver::start().await?;
    let server = Server::start(
        &options.server.binary,
        "off",
        options.server.database_url.as_deref(),
    )
    .await?;
    let hook = server
        .post(
            "/hooks",
            json!({"name": format!("bench-{}", std::process::id()), "hook_type": "webhook",
                "event": "segment_completed", "scope_type": "studio", "failure_mode": "warn",
                "config": {"url": format!("http://{}/", receiver.address()), "secret": "bench",
                    "concurrency": options.concurrency}}),
        )
        .await?["id"]
        .clone();
    println!(
        "events of one type with one webhook; {database}; {} clients, {} s each\n\n\
         | the hook | published/s | p50 ms | p99 ms | max ms | server memory MiB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |",
        options.clients, options.seconds
    );
    let body = event(7).to_string();
    let request = server.request("/events", &body);
    let length = Duration::from_secs(options.seconds);
    for (what, action) in [("is paused", "pause"), ("delivers", "resume")] {
        server
            .post(&format!("/hooks/{hook}/{action}"), json!({}))
            .await?;
        let warm_up = Duration::from_secs(1);
        load::run(server.address(), &request, options.clients, warm_up).await?;
        let result = load::run(server.address(), &request, options.clients, length).await?;
        println!(
            "| {what} | {:.0} | {:.2} | {:.2} | {:.2} | {:.0} |",
            result.per_second(),
            result.percentile_ms(50),
            result.percentile_ms(99),
            result.percentile_ms(100),
            server.memory_mib()?,
        );
    }
    receiver.settled().await;
    server
        .post(&format!("/hooks/{hook}/pause"), json!({}))
        .await?;
    let before = receiver.received();
    for _ in 0..options.backlog / BATCH {
        let batch: Vec<_> = (0..BATCH).map(event).collect();
        server.post("/events", Value::Array(batch)).await?;
    }
    let expected = before + options.backlog / BATCH * BATCH;
    let waiting_mib = server.memory_mib()?;
    let began = Instant::now();
    server
        .post(&format!("/hooks/{hook}/resume"), json!({}))
        .await?;
    receiver.reaches(expected).await;
    let took = began.elapsed().as_secs_f64();
    let delivered = f64::from(u32::try_from(expected - before)?);
    println!(
        "\n| deliveries | at once | delivered/s | server memory MiB, waiting | at the end |\n\
         | ---: | ---: | ---: | ---: | ---: |\n\
         | {delivered} | {} | {:.0} | {waiting_mib:.0} | {:.0} |",
        options.concurrency,
        delivered / took,
        server.memory_mib()?,
    );
    Ok(())
}

/// About 200 bytes of data.
fn event(segment: usize) -> Value {
    json!({"event_name": "segment_completed", "data": {
        "segment": segment, "scene": "12A", "take": 3,
        "path": "/media/nightfall/scene_12A/take_3/segment_0007.mp4",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    }})
}

//! What a receiver that never answers costs those that do.
//!
//! Events are published at a steady rate, each for twenty receivers on this machine
//! that answer at once. How long it takes from the moment before an event is
//! published until a receiver has its request is measured twice: among themselves,
//! and with one more receiver beside them that takes requests and never answers.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin slow-receiver -- --rate 50 --seconds 30
//! ```

mod receiver;

use anyhow::Result;
use clap::Parser;
use receiver::{Clock, Receiver, hanging};
use serde_json::json;
use stagehook_bench::latencies::Latencies;
use stagehook_bench::options::ServerOptions;
use stagehook_bench::server::Server;
use std::time::Duration;

#[derive(Parser)]
struct Options {
    /// Receivers that answer.
    #[arg(long, default_value_t = 20)]
    receivers: usize,
    /// Events in a second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How long.
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    #[command(flatten)]
    server: ServerOptions,
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let database = options.server.database();
    let server = Server::start(
        &options.server.binary,
        "off",
        options.server.database_url.as_deref(),
    )
    .await?;
    let clock = Clock::start();
    let receivers = receivers(&server, clock, options.receivers).await?;
    println!(
        "{} receivers that answer; {database}; {} events/s for {} s\n\n\
         | beside them | from publishing to the request, p50 ms | p99 ms | max ms | requests | \
         server memory MiB |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |",
        options.receivers, options.rate, options.seconds
    );
    for hangs in [false, true] {
        if hangs {
            let url = hanging().await?;
            hook(&server, "hangs", &url).await?;
        }
        // What is slow only once is over before it is measured.
        publish(&server, clock, options.rate, 2).await?;
        settled(&receivers).await;
        for receiver in &receivers {
            receiver.take();
        }
        publish(&server, clock, options.rate, options.seconds).await?;
        settled(&receivers).await;
        let mut all = Latencies::default();
        let mut requests = 0;
        for took in receivers.iter().flat_map(Receiver::take) {
            all.push(took);
            requests += 1;
        }
        let ms = |share| all.quantile(share).as_secs_f64() * 1e3;
        println!(
            "| {} | {:.2} | {:.2} | {:.2} | {requests} | {:.0} |",
            if hangs {
                "one that never answers"
            } else {
                "nobody"
            },
            ms(0.5),
            ms(0.99),
            ms(1.0),
            server.memory_mib()?,
        );
    }
    Ok(())
}

async fn receivers(server: &Server, clock: Clock, count: usize) -> Result<Vec<Receiver>> {
    let mut receivers = Vec::new();
    for number in 0..count {
        let receiver = Receiver::start(clock).await?;
        hook(server, &format!("answers-{number}"), &receiver.url()).await?;
        receivers.push(receiver);
    }
    Ok(receivers)
}

async fn hook(server: &Server, name: &str, url: &str) -> Result<()> {
    // A database that is kept has the hooks of other runs.
    let name = format!("{name}-{}", std::process::id());
    let hook = json!({"name": name, "hook_type": "webhook", "event": "segment_completed",
        "scope_type": "studio", "failure_mode": "warn", "config": {"url": url}});
    server.post("/hooks", hook).await?;
    Ok(())
}

/// Publishes so many events a second, each with the moment before.
async fn publish(server: &Server, clock: Clock, rate: u32, seconds: u32) -> Result<()> {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate.max(1));
    for _ in 0..rate * seconds {
        tick.tick().await;
        let sent = clock.micros();
        let event = json!({"event_name": "segment_completed", "data": {"sent": sent}});
        server.post("/events", event).await?;
    }
    Ok(())
}

/// Waits until nothing has come for a while.
async fn settled(receivers: &[Receiver]) {
    let count = || receivers.iter().map(Receiver::received).sum::<usize>();
    let mut before = usize::MAX;
    while before != count() {
        before = count();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
}

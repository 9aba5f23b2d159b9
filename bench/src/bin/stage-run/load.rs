//! Clients that ask as fast as they are answered.
//!
//! The requests are bytes made once and the answers are read only as far as
//! their length, so that the clients take little of the machine they share
//! with the server.

use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) struct Measured {
    /// Ascending.
    took: Vec<Duration>,
    length: Duration,
}

impl Measured {
    pub(crate) fn per_second(&self) -> f64 {
        let runs = u32::try_from(self.took.len()).unwrap_or(u32::MAX);
        f64::from(runs) / self.length.as_secs_f64()
    }

    /// The time within which this many of a hundred were answered.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.took.len().saturating_sub(1);
        self.took
            .get(last * percent / 100)
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

pub(crate) async fn run(
    server: &Server,
    path: &str,
    clients: usize,
    length: Duration,
) -> Result<Measured> {
    let body = br#"{"segment_path":null,"metadata":{"shot":"sh010","take":3},"scene_context":{"scene":"12A"}}"#;
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        server.address,
        Server::token(),
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    let began = Instant::now();
    let until = began + length;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let request = request.clone();
        let address = server.address.clone();
        tasks.spawn(async move { client(&address, &request, until).await });
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    let length = began.elapsed();
    took.sort_unstable();
    Ok(Measured { took, length })
}

async fn client(address: &str, request: &[u8], until: Instant) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(16 << 10);
    let mut took = Vec::new();
    while Instant::now() < until {
        let sent = Instant::now();
        stream.write_all(request).await?;
        answer(&mut stream, &mut buffer).await?;
        took.push(sent.elapsed());
    }
    Ok(took)
}

async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<()> {
    buffer.clear();
    let head = loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the server hung up");
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&buffer[..head])?;
    ensure!(text.starts_with("HTTP/1.1 200"), "answered {text}");
    let length: usize = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .context("an answer without content-length")?
        .trim()
        .parse()?;
    while buffer.len() < head + length {
        ensure!(stream.read_buf(buffer).await? > 0, "the server hung up");
    }
    Ok(())
}

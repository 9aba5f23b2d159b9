//! Clients that ask as fast as they are answered.
//!
//! The requests are bytes made once and the answers are read only as far as
//! their length, so that the clients take little of the machine they share
//! with the server.

use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long each answer took, and how long it was asked.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// Ascending.
    took: Vec<Duration>,
    length: Duration,
}

impl Measured {
    /// Counts what was measured at another time, under the same conditions.
    pub fn add(&mut self, other: Self) {
        self.took.extend(other.took);
        self.took.sort_unstable();
        self.length += other.length;
    }

    /// Answers a second.
    pub fn per_second(&self) -> f64 {
        let answers = u32::try_from(self.took.len()).unwrap_or(u32::MAX);
        f64::from(answers) / self.length.as_secs_f64()
    }

    /// The time within which this many of a hundred were answered.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let last = self.took.len().saturating_sub(1);
        self.took
            .get(last * percent / 100)
            .map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

/// Sends this request again and again, by so many clients, each on a connection
/// of its own, for so long.
///
/// # Errors
///
/// Where an answer is no success, or has no `content-length`.
pub async fn run(
    address: &str,
    request: &[u8],
    clients: usize,
    length: Duration,
) -> Result<Measured> {
    let began = Instant::now();
    let until = began + length;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let request = request.to_vec();
        let address = address.to_owned();
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
    ensure!(text.starts_with("HTTP/1.1 2"), "answered {text}");
    let length: usize = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without content-length")?
        .1
        .trim()
        .parse()?;
    while buffer.len() < head + length {
        ensure!(stream.read_buf(buffer).await? > 0, "the server hung up");
    }
    Ok(())
}

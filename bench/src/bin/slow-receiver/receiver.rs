//! Receivers: those that answer 204 and note how long each event was on its way,
//! and one that never answers.

use anyhow::Result;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
/// What stands before the moment in an event's data.
const SENT: &[u8] = b"\"sent\":";

/// The time since the start, for whoever publishes and whoever receives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn micros(self) -> u64 {
        u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A receiver that answers at once.
pub(crate) struct Receiver {
    address: SocketAddr,
    took: Arc<Mutex<Vec<Duration>>>,
}

impl Receiver {
    pub(crate) async fn start(clock: Clock) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let took = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&took);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, clock, Arc::clone(&noted)));
            }
        });
        Ok(Self { address, took })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Requests that came since the last [`Receiver::take`].
    pub(crate) fn received(&self) -> usize {
        self.took
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// How long each of these was on its way.
    pub(crate) fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.took.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A receiver that reads what comes and never answers; its URL.
pub(crate) async fn hanging() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
            });
        }
    });
    Ok(url)
}

async fn serve(mut stream: TcpStream, clock: Clock, took: Arc<Mutex<Vec<Duration>>>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(16 << 10);
    loop {
        let (body, end) = loop {
            if let Some((body, end)) = request(&buffer)
                && buffer.len() >= end
            {
                break (body, end);
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        };
        let now = clock.micros();
        if let Some(sent) = sent(&buffer[body..end]) {
            let on_its_way = Duration::from_micros(now.saturating_sub(sent));
            took.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(on_its_way);
        }
        buffer.drain(..end);
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// Where the body of the first request begins and ends, once its head is there.
fn request(buffer: &[u8]) -> Option<(usize, usize)> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .unwrap_or(0);
    Some((head, head + length))
}

/// When the event was published.
fn sent(body: &[u8]) -> Option<u64> {
    let at = body.windows(SENT.len()).position(|some| some == SENT)? + SENT.len();
    let digits = body[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let digits: Vec<u8> = digits.copied().collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

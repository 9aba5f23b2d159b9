//! The receiver of webhooks: reads each request and answers 204, with as little of
//! the machine as that takes.

use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
/// Between two looks at how many have come.
const LOOK: Duration = Duration::from_millis(1);
/// Nothing comes any more after so many looks.
const QUIET_LOOKS: u32 = 1_500;

pub(crate) struct Receiver {
    address: SocketAddr,
    received: Arc<AtomicUsize>,
}

impl Receiver {
    /// Listens on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let received = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&count)));
            }
        });
        Ok(Self { address, received })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Requests that came so far.
    pub(crate) fn received(&self) -> usize {
        self.received.load(Ordering::Relaxed)
    }

    /// Waits until so many have come.
    pub(crate) async fn reaches(&self, expected: usize) {
        while self.received() < expected {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until no more come.
    pub(crate) async fn settled(&self) {
        let (mut last, mut quiet) = (self.received(), 0);
        while quiet < QUIET_LOOKS {
            tokio::time::sleep(LOOK).await;
            let now = self.received();
            quiet = if now == last { quiet + 1 } else { 0 };
            last = now;
        }
    }
}

async fn serve(mut stream: TcpStream, count: Arc<AtomicUsize>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(16 << 10);
    loop {
        let length = loop {
            if let Some(length) = request_length(&buffer)
                && buffer.len() >= length
            {
                break length;
            }
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        };
        buffer.drain(..length);
        count.fetch_add(1, Ordering::Relaxed);
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// The bytes of the first request, once its head is there.
fn request_length(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).ok()?;
    let body = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok())
        .unwrap_or(0);
    Some(head + body)
}

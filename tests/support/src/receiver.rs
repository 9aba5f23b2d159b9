//! Receivers on this machine that say exactly what they are told to, byte by
//! byte, which no HTTP server would.

use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A request as it came over the wire.
#[derive(Debug)]
pub struct Received {
    /// Such as `POST /hook HTTP/1.1`.
    pub line: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Without the frames of a chunked one.
    pub body: String,
}

/// A receiver; gone when dropped.
#[derive(Debug)]
pub struct Receiver {
    authority: String,
    requests: mpsc::UnboundedReceiver<Received>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Answers every request with these bytes and closes the connection.
    pub async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = Arc::new(answer.into());
        Self::with(move |mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    /// Answers with this status and no body.
    pub async fn status(status: u16) -> Self {
        Self::answering(format!(
            "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    /// Answers 200 and no body.
    pub async fn empty() -> Self {
        Self::status(200).await
    }

    /// Answers 200 with a JSON body.
    pub async fn json(body: &str) -> Self {
        Self::answering(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await
    }

    /// Reads each request and leaves the answer to `answer`.
    ///
    /// # Panics
    ///
    /// When this machine gives no port.
    pub async fn with<F>(answer: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("the address of a listener");
        let authority = address.to_string();
        let (sender, requests) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut answering = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                if let Some(received) = read(&mut stream).await {
                    let _ = sender.send(received);
                    answering.spawn(answer(stream));
                }
            }
        });
        Self {
            authority,
            requests,
            task,
        }
    }

    /// A URL of it.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.authority)
    }

    /// Its address and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Its port.
    ///
    /// # Panics
    ///
    /// Never: its authority ends with one.
    pub fn port(&self) -> u16 {
        let port = self.authority.rsplit(':').next();
        port.and_then(|port| port.parse().ok()).expect("a port")
    }

    /// The next request that came in.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn request(&mut self) -> Received {
        self.requests.try_recv().expect("a request")
    }

    /// That nothing (more) was asked.
    pub fn is_left_alone(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request, if it is one.
async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).ok()?;
    let mut lines = text.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_ascii_lowercase(), value.to_owned()))
        })
        .collect::<Option<_>>()?;
    let mut body = bytes.split_off(head + 4);
    let length = headers.get("content-length");
    let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    if headers.contains_key("transfer-encoding") {
        while !body.ends_with(b"0\r\n\r\n") {
            if stream.read_buf(&mut body).await.ok()? == 0 {
                return None;
            }
        }
        body = dechunked(&body)?;
    }
    Some(Received {
        line,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

fn dechunked(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(chunks, b"\r\n")?;
        let size = std::str::from_utf8(&chunks[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        let chunk = &chunks[end + 2..];
        body.extend_from_slice(chunk.get(..size)?);
        if size == 0 {
            return Some(body);
        }
        chunks = chunk.get(size + 2..)?;
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

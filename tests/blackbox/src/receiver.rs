//! The other end of a webhook.
//!
//! Speaks just enough HTTP/1.1 to keep every byte of what came, and to misbehave
//! as told.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What to answer.
#[derive(Debug, Clone)]
pub enum Script {
    /// A status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// A status, so long after the request came.
    Late(Duration, u16),
    /// A status, once this says so.
    Held(watch::Receiver<bool>, u16),
    /// Take the request and say nothing, for as long as the sender waits.
    Hang,
}

impl Script {
    /// 200 with this body.
    pub fn ok(body: impl Into<String>) -> Self {
        Self::Answer(200, Vec::new(), body.into())
    }

    /// A status and no body.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    /// A redirect to there.
    pub fn redirect(location: &str) -> Self {
        Self::Answer(302, vec![("location", location.to_owned())], String::new())
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST /hook HTTP/1.1`
    pub line: String,
    /// The headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What answers each request.
struct Answers(Box<dyn FnMut(&Received) -> Script + Send>);

impl fmt::Debug for Answers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Answers")
    }
}

#[derive(Debug)]
struct State {
    answers: Answers,
    received: Vec<Received>,
}

/// A receiver; stops when dropped.
#[derive(Debug)]
pub struct Receiver {
    address: String,
    state: Arc<Mutex<State>>,
    // Ends with the receiver, and with it every connection.
    _tasks: JoinSet<()>,
}

impl Receiver {
    /// Answers with these, one after the other; then with 200 and nothing.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let mut scripts: VecDeque<_> = scripts.into_iter().collect();
        Self::answering(move |_| scripts.pop_front().unwrap_or_else(|| Script::ok(""))).await
    }

    /// Answers each request as this says when it came.
    pub async fn answering(answers: impl FnMut(&Received) -> Script + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State {
            answers: Answers(Box::new(answers)),
            received: Vec::new(),
        }));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            state,
            _tasks: tasks,
        }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    while let Some(received) = read(&mut stream).await {
        let script = {
            let mut state = state.lock().unwrap();
            let script = (state.answers.0)(&received);
            state.received.push(received);
            script
        };
        let (status, headers, body) = match script {
            Script::Answer(status, headers, body) => (status, headers, body),
            Script::Late(wait, status) => {
                tokio::time::sleep(wait).await;
                (status, Vec::new(), String::new())
            }
            Script::Held(mut may_go, status) => {
                if may_go.wait_for(|may_go| *may_go).await.is_err() {
                    return;
                }
                (status, Vec::new(), String::new())
            }
            Script::Hang => {
                // Until the sender gives up.
                let _ = stream.read(&mut [0]).await;
                return;
            }
        };
        let mut answer = format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            answer.extend([name, ": ", &value, "\r\n"]);
        }
        answer.push_str("\r\n");
        answer.push_str(&body);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received {
        line,
        headers,
        body,
    })
}

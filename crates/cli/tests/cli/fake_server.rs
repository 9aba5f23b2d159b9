//! A server that answers what it was told to, and remembers what it was asked.

use crate::binary::{Ran, run, stagehook};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) const TOKEN: &str = "sthk_test";

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `GET /api/v1/hooks?limit=200`
    pub(crate) what: String,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
    pub(crate) headers: BTreeMap<String, String>,
}

type Answers = BTreeMap<String, VecDeque<(u16, Value)>>;

#[derive(Debug, Default)]
struct Memory {
    answers: Answers,
    files: BTreeMap<String, Vec<u8>>,
    asked: Vec<Asked>,
}

/// Serves until it is dropped.
pub(crate) struct FakeServer {
    memory: Arc<Mutex<Memory>>,
    pub(crate) address: String,
    _runtime: Runtime,
}

impl FakeServer {
    pub(crate) fn start() -> Self {
        let memory = Arc::new(Mutex::new(Memory::default()));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&memory));
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            memory,
            address,
            _runtime: runtime,
        }
    }

    /// Answers `GET /hooks` (and so on, below the base) with this; several
    /// answers to the same request are given one after the other.
    pub(crate) fn answers(&self, what: &str, status: u16, body: Value) -> &Self {
        let mut memory = self.memory.lock().unwrap();
        let answers = memory.answers.entry(what.to_owned()).or_default();
        answers.push_back((status, body));
        self
    }

    /// Answers with these bytes, as often as it is asked.
    pub(crate) fn serves(&self, what: &str, bytes: Vec<u8>) -> &Self {
        let mut memory = self.memory.lock().unwrap();
        memory.files.insert(what.to_owned(), bytes);
        self
    }

    /// Answers a listing with one page.
    pub(crate) fn lists(&self, path: &str, items: &Value) -> &Self {
        self.answers(
            &format!("GET {path}?limit=200"),
            200,
            json!({"items": items, "next_cursor": null}),
        )
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.memory.lock().unwrap().asked.clone()
    }

    /// Every request so far that changes something.
    pub(crate) fn changes(&self) -> Vec<(String, Value)> {
        let asked = self.asked().into_iter();
        asked
            .filter(|asked| !asked.what.starts_with("GET "))
            .map(|asked| (asked.what, asked.body))
            .collect()
    }

    /// Runs a client command against it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let directory = tempfile::tempdir().unwrap();
        self.run_in(directory.path(), arguments)
    }

    /// The same, in a directory that has files.
    pub(crate) fn run_in(&self, directory: &std::path::Path, arguments: &[&str]) -> Ran {
        run(stagehook(directory, arguments)
            .env("STAGEHOOK_SERVER", &self.address)
            .env("STAGEHOOK_TOKEN", TOKEN))
    }
}

async fn answer(State(memory): State<Arc<Mutex<Memory>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let path = head.uri.path_and_query().unwrap().as_str();
    let what = format!("{} {}", head.method, path.replacen("/api/v1", "", 1));
    let asked = Asked {
        what: what.clone(),
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        bytes,
        headers: head
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
    };
    let mut memory = memory.lock().unwrap();
    memory.asked.push(asked);
    if let Some(file) = memory.files.get(&what) {
        return Response::new(Body::from(file.clone()));
    }
    let planned = memory.answers.get_mut(&what).and_then(VecDeque::pop_front);
    let (status, body) = planned.unwrap_or_else(|| {
        (
            404,
            json!({"title": "Not found", "status": 404, "detail": format!("nobody planned {what}")}),
        )
    });
    let mut response = Response::new(Body::from(match &body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        body => body.to_string().into_bytes(),
    }));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let kind = if status < 400 {
        "application/json"
    } else {
        "application/problem+json"
    };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, kind.parse().unwrap());
    response
}

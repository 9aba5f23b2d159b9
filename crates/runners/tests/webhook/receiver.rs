//! Receivers that say exactly what they are told to, byte by byte, which no
//! HTTP server would.

use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType};
use stagehook_core::contract::{HookInput, HookRef, SCHEMA, TriggerRef};
use stagehook_core::execution::Execution;
use stagehook_core::ids::{EventId, ExecutionId, HookId};
use stagehook_core::scope::ScopeType;
use stagehook_core::trigger::HookPoint;
use stagehook_runners::webhook::{WebhookRunner, WebhookSettings};
use stagehook_runners::{Invocation, NetworkPolicy, Secrets};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Nothing here takes this long unless something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A request as it came over the wire.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    requests: mpsc::UnboundedReceiver<Received>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Answers every request with these bytes and closes the connection.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
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

    /// Answers 200 with a JSON body.
    pub(crate) async fn json(body: &str) -> Self {
        Self::answering(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
        .await
    }

    /// Answers with this status and no body.
    pub(crate) async fn status(status: u16) -> Self {
        Self::answering(format!(
            "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    /// Reads each request and leaves the answer to `answer`.
    pub(crate) async fn with<F>(answer: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(received) = read(&mut stream).await else {
                    continue;
                };
                let _ = sender.send(received);
                answer(stream).await;
            }
        });
        Self {
            url,
            requests,
            task,
        }
    }

    /// The next request that came in.
    pub(crate) fn request(&mut self) -> Received {
        self.requests.try_recv().expect("a request")
    }

    /// That nothing (more) was asked.
    pub(crate) fn is_left_alone(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        })
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = String::from_utf8(bytes[head + 4..].to_vec()).unwrap();
    Some(Received {
        line,
        headers,
        body,
    })
}

/// A runner that may reach receivers on this machine, with secrets.
pub(crate) fn runner(secrets: &[(&str, &str)]) -> WebhookRunner {
    let mut settings =
        WebhookSettings::new(Arc::new(Secrets::from_env(secrets.iter().map(
            |(name, value)| (format!("STAGEHOOK_SECRET_{name}"), (*value).to_owned()),
        ))));
    settings.network = NetworkPolicy {
        allow_private: true,
    };
    WebhookRunner::new(settings).unwrap()
}

/// Sends a stage's webhook.
pub(crate) async fn send(config: Value) -> Execution {
    send_with(&runner(&[]), config, &stage(), LONG).await
}

/// Sends a stage's webhook to this URL.
pub(crate) async fn send_to(url: &str) -> Execution {
    send(json!({"url": url})).await
}

pub(crate) async fn send_with(
    runner: &WebhookRunner,
    config: Value,
    input: &HookInput,
    timeout: Duration,
) -> Execution {
    let never = CancellationToken::new();
    send_cancellable(runner, config, input, timeout, &never).await
}

pub(crate) async fn send_cancellable(
    runner: &WebhookRunner,
    config: Value,
    input: &HookInput,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Execution {
    let HookConfig::Webhook(config) = HookConfig::parse(HookType::Webhook, config).unwrap() else {
        unreachable!()
    };
    let input_json = serde_json::to_string(input).unwrap();
    runner
        .run(
            &config,
            Invocation {
                input,
                input_json: &input_json,
                timeout,
                cancel,
            },
        )
        .await
        .unwrap()
}

pub(crate) fn stage() -> HookInput {
    HookInput {
        schema: SCHEMA.to_owned(),
        execution_id: ExecutionId::generate(),
        hook: HookRef {
            id: HookId::new(7),
            name: "notify".to_owned(),
            version: 3,
            source: ScopeType::Project,
        },
        job: None,
        trigger: TriggerRef::Stage {
            hook_point: HookPoint::PostDelivery,
        },
        segment_path: None,
        metadata: serde_json::Map::new(),
        scene_context: serde_json::Map::new(),
        hook_config: json!({}),
        data: None,
        attempt: 1,
        deadline_ms: 10_000,
        dry_run: false,
        previous_results: Vec::new(),
        inherited: None,
    }
}

pub(crate) fn event(event_id: EventId, data: Value) -> HookInput {
    HookInput {
        trigger: TriggerRef::Event {
            event: "job_failed".to_owned(),
            event_id,
        },
        data: Some(data),
        ..stage()
    }
}

//! `stagehook event tail`: the live stream (server-sent events).

use crate::client::{Client, with_query};
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// Longest event that is read, in bytes; the server takes none of that size.
const EVENT_MAX: usize = 16 << 20;

/// Prints events as they happen: one line each.
pub(super) async fn run(
    client: &Client,
    pattern: Option<&str>,
    as_json: bool,
) -> anyhow::Result<Ending> {
    let query: Vec<_> = pattern.map(|event| ("event", event)).into_iter().collect();
    let mut stream = client.stream(&with_query("/events/stream", &query)).await?;
    let mut events = Events::default();
    while let Some(chunk) = stream.chunk().await.context("the stream broke off")? {
        for event in events.read(&chunk)? {
            print(&event, as_json)?;
        }
    }
    bail!("the server ended the stream");
}

fn print(event: &Event, as_json: bool) -> std::io::Result<()> {
    let data = serde_json::from_str(&event.data);
    let data = data.unwrap_or_else(|_| Value::String(event.data.clone()));
    if as_json {
        let line = json!({"id": event.id, "event_name": event.name, "data": data});
        return output::line(&line.to_string());
    }
    let text = format!("{} {data}", event.name);
    output::line(&output::one_line(&text))
}

/// One event, as it was sent.
#[derive(Debug, Default, PartialEq, Eq)]
struct Event {
    id: Option<String>,
    name: String,
    data: String,
}

/// What came of a stream so far, and is no whole event yet.
#[derive(Debug, Default)]
struct Events {
    line: Vec<u8>,
    event: Event,
}

impl Events {
    /// The events that this part of the stream completes.
    fn read(&mut self, chunk: &[u8]) -> anyhow::Result<Vec<Event>> {
        let mut complete = Vec::new();
        for byte in chunk {
            if *byte != b'\n' {
                self.line.push(*byte);
                continue;
            }
            let line = std::mem::take(&mut self.line);
            complete.extend(self.line(&String::from_utf8_lossy(&line)));
        }
        if self.line.len() + self.event.data.len() > EVENT_MAX {
            bail!("the stream has an event of more than {EVENT_MAX} bytes");
        }
        Ok(complete)
    }

    /// The event that a line ends.
    fn line(&mut self, line: &str) -> Option<Event> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            // Between two events there may be nothing but a sign of life.
            return (!event.data.is_empty()).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if !self.event.data.is_empty() {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

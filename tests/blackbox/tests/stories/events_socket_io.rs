//! Clients of Socket.IO hear events as they happen. The clients are public ones.
//! REQ-EVT-10

use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::clients::{Language, SocketIo};
use stagehook_tests::patience::PATIENCE;
use stagehook_tests::server::TOKEN;
use stagehook_tests::{Database, Studio, on_both_databases};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

on_both_databases!(
    each_event_comes_under_its_own_name_with_its_data_alone,
    who_may_not_listen_is_told_why,
    a_client_hears_what_it_asked_for,
    a_client_that_comes_back_misses_nothing_and_hears_nothing_twice,
    a_client_that_reads_nothing_costs_nobody_anything,
    clients_are_let_go_when_the_server_stops,
    what_clients_send_is_bounded_and_ignored,
);

/// Each client, by each way in which it speaks to servers.
const WAYS: [(Language, &[&str]); 5] = [
    (Language::Python, &["websocket"]),
    (Language::Python, &["polling"]),
    (Language::JavaScript, &["websocket"]),
    (Language::JavaScript, &["polling"]),
    // The usual one: it begins with polling, and changes over by itself.
    (Language::JavaScript, &["polling", "websocket"]),
];
const BOTH: [Language; 2] = [Language::Python, Language::JavaScript];

/// A client that is connected, with more in its `auth` than its token.
async fn connect(studio: &Studio, language: Language, auth: &Value, names: &[&str]) -> SocketIo {
    let mut auth = auth.clone();
    auth["token"] = TOKEN.into();
    let options = json!({"auth": auth, "transports": ["websocket"]});
    let mut client = SocketIo::begin(language, studio.address(), &options, names);
    assert_eq!(client.is_connected().await, "websocket");
    client
}

async fn publish(studio: &Studio, number: u64) -> String {
    let event = json!({"event_name": "segment_completed", "data": {"number": number}});
    let published = studio.post("/events", &event).await.expect(202);
    published["id"].as_str().unwrap().to_owned()
}

async fn each_event_comes_under_its_own_name_with_its_data_alone(on: Database) {
    let studio = Studio::open(on).await;
    let names = ["segment_completed", "job_progress", "job_created"];
    let mut clients = Vec::new();
    for (language, transports) in WAYS {
        let options = json!({"auth": {"token": TOKEN}, "transports": transports});
        let mut client = SocketIo::begin(language, studio.address(), &options, &names);
        assert!(transports.contains(&client.is_connected().await.as_str()));
        clients.push(client);
    }
    let event = |name: &str, data: &Value| json!({"event_name": name, "data": data});
    let segment = json!({"number": 3, "name": "Überblick ☀", "nested": {"list": [1, null]}});
    // Of what is not kept they hear as well.
    let progress = json!({"percent": 50});
    for (name, data) in [("segment_completed", &segment), ("job_progress", &progress)] {
        let event = event(name, data);
        studio.post("/events", &event).await.expect(202);
        for client in &mut clients {
            assert_eq!(client.event().await, (name.to_owned(), data.clone()));
        }
    }
    // And of what Stagehook itself says.
    let world = studio.world().await;
    for client in &mut clients {
        let (name, data) = client.event().await;
        assert_eq!(name, "job_created");
        assert_eq!(data["job_id"], world.job);
    }
    // What is larger than anything that a client may send reaches it whole.
    let large = json!({"text": "ä".repeat(300_000)});
    let large = event("segment_completed", &large);
    studio.post("/events", &large).await.expect(202);
    for client in &mut clients {
        assert_eq!(client.event().await.1, large["data"]);
    }
}

async fn who_may_not_listen_is_told_why(on: Database) {
    let studio = Studio::open(on).await;
    let unknown = "01990000-0000-7000-8000-000000000000";
    for (auth, status, says) in [
        (json!({"token": "wrong"}), 401, "not known"),
        (json!({"token": 7}), 401, "not known"),
        (json!({}), 401, "auth: {token"),
        (json!({"token": TOKEN, "evnt": "job_*"}), 422, "evnt"),
        (
            json!({"token": TOKEN, "event": "no pattern"}),
            422,
            "/event",
        ),
        (
            json!({"token": TOKEN, "last_event_id": "yesterday"}),
            422,
            "/last_event_id",
        ),
        (
            json!({"token": TOKEN, "last_event_id": unknown}),
            404,
            "last_event_id",
        ),
    ] {
        let clients = WAYS.map(|(language, transports)| {
            let options = json!({"auth": auth, "transports": transports});
            SocketIo::begin(language, studio.address(), &options, &[])
        });
        for mut client in clients {
            let refused = client.hears().await["refused"].clone();
            let message = refused["message"].as_str().unwrap();
            assert!(message.contains(says), "{auth}: {refused}");
            assert_eq!(refused["data"]["status"], status, "{refused}");
        }
    }
    // A token in the header is as good as one in `auth`.
    for language in BOTH {
        let headers = json!({"Authorization": format!("Bearer {TOKEN}")});
        let options = json!({"auth": {}, "transports": ["websocket"], "headers": headers});
        let mut client = SocketIo::begin(language, studio.address(), &options, &[]);
        client.is_connected().await;
    }
}

async fn a_client_hears_what_it_asked_for(on: Database) {
    let studio = Studio::open(on).await;
    let world = studio.world().await;
    let other = studio.job(world.project, None).await;
    let names = ["segment_completed", "segment_started", "job_completed"];
    for language in BOTH {
        let by_name = json!({"event": "segment_*"});
        let mut by_name = connect(&studio, language, &by_name, &names).await;
        let by_job = json!({"job_id": world.job, "envelope": true});
        let mut by_job = connect(&studio, language, &by_job, &["stagehook:event"]).await;
        for (event_name, job, is_of_name, is_of_job) in [
            ("segment_started", other, true, false),
            ("variant_completed", world.job, false, true),
            ("segment_completed", world.job, true, true),
        ] {
            let event = json!({"event_name": event_name, "job_id": job, "data": {"of": job}});
            studio.post("/events", &event).await.expect(202);
            if is_of_name {
                assert_eq!(by_name.event().await.0, event_name);
            }
            if is_of_job {
                let (name, envelope) = by_job.event().await;
                assert_eq!(name, "stagehook:event");
                let stored = &studio.all("/events").await[0];
                let expected = json!({
                    "id": stored["id"],
                    "event_name": event_name,
                    "timestamp": stored["created_at"],
                    "job_id": job,
                    "data": {"of": job},
                });
                assert_eq!(envelope, expected);
            }
        }
        // Nobody can come back to what is not kept.
        let progress = json!({"event_name": "job_progress", "job_id": world.job});
        studio.post("/events", &progress).await.expect(202);
        let (_, envelope) = by_job.event().await;
        assert_eq!(envelope["event_name"], "job_progress");
        assert_eq!(envelope.get("id"), None);
    }
}

async fn a_client_that_comes_back_misses_nothing_and_hears_nothing_twice(on: Database) {
    let studio = Studio::open(on).await;
    let before = publish(&studio, 0).await;
    let mut clients = Vec::new();
    for language in BOTH {
        let auth = json!({"envelope": true, "last_event_id": before});
        clients.push(connect(&studio, language, &auth, &["stagehook:event"]).await);
    }
    let number = |envelope: &Value| envelope["data"]["number"].as_u64().unwrap();
    let mut published = 0;
    let mut unheard = Vec::new();
    // Some come before the connection breaks, and some while it is broken: also
    // more than are read at once.
    for (before, meanwhile) in [(10, 5), (1, 120), (70, 0), (1, 1)] {
        for _ in 0..before {
            published += 1;
            unheard.push((publish(&studio, published).await, published));
        }
        for client in &mut clients {
            let heard = client.events_by(number, unheard.len()).await;
            let told = |envelope: &Value| {
                let id = envelope["id"].as_str().unwrap().to_owned();
                (id, number(envelope))
            };
            assert_eq!(heard.iter().map(told).collect::<Vec<_>>(), unheard);
            client.comes_back_to(&unheard.last().unwrap().0).await;
        }
        unheard.clear();
        for _ in 0..meanwhile {
            published += 1;
            unheard.push((publish(&studio, published).await, published));
        }
    }
    for client in &mut clients {
        let heard = client.events_by(number, unheard.len()).await;
        assert_eq!(heard.iter().map(number).collect::<Vec<_>>(), [published]);
        assert_eq!(client.connections(), 5);
    }
}

async fn a_client_that_reads_nothing_costs_nobody_anything(on: Database) {
    /// Progress of so many bytes is told in each round: in the end much more
    /// than all buffers on the way to a client hold.
    const ROUNDS: u64 = 60;
    const ROUND_BYTES: usize = 12 * 128_000;
    const STORED: u64 = 5;
    let mut studio = Studio::open(on).await;
    let mut stuck = RawWebSocket::connect(&studio).await;
    let mut others = Vec::new();
    for language in BOTH {
        let auth = json!({"event": "segment_*"});
        others.push(connect(&studio, language, &auth, &["segment_completed"]).await);
    }
    let before = studio.server().peak_memory();
    let text = "x".repeat(ROUND_BYTES / 12);
    let progress = json!({"event_name": "job_progress", "data": {"text": text}});
    for round in 0..ROUNDS {
        let mut events = vec![progress.clone(); 12];
        let numbers = round * STORED..(round + 1) * STORED;
        events.extend(numbers.clone().map(|number| {
            let data = json!({"number": number});
            json!({"event_name": "segment_completed", "data": data})
        }));
        studio.post("/events", &json!(events)).await.expect(202);
        // A sign of life is all that comes from it, however long this takes.
        stuck.send("3").await;
        for client in &mut others {
            let number = |data: &Value| data["number"].as_u64().unwrap();
            let heard = client.events_by(number, events.len() - 12).await;
            assert!(heard.iter().map(number).eq(numbers.clone()));
        }
    }
    let grown = studio.server().peak_memory() - before;
    let told = u64::try_from(ROUND_BYTES).unwrap() * ROUNDS;
    assert!(
        grown < told / 2,
        "{} MiB more, of {} MiB that were told",
        grown >> 20,
        told >> 20
    );
    // It reads after all: it is told how much it missed, and gets what is stored.
    let mut next = 0;
    let mut lagged = false;
    while next < ROUNDS * STORED {
        let (name, data) = stuck.event().await;
        match name.as_str() {
            "lagged" => {
                assert!(data["missed"].as_u64() > Some(0));
                lagged = true;
            }
            "segment_completed" => {
                assert_eq!(data["number"], next);
                next += 1;
            }
            _ => assert_eq!(name, "job_progress"),
        }
    }
    assert!(lagged, "it never was behind");
}

async fn clients_are_let_go_when_the_server_stops(on: Database) {
    let mut studio = Studio::open(on).await;
    let mut clients = Vec::new();
    for (language, transports) in WAYS {
        let options = json!({"auth": {"token": TOKEN}, "transports": transports});
        let mut client = SocketIo::begin(language, studio.address(), &options, &[]);
        client.is_connected().await;
        clients.push(client);
    }
    studio.server().terminate();
    assert!(studio.server().stopped().await.success());
    for client in &mut clients {
        let gone = client.hears().await["disconnected"].clone();
        // For any other reason they would not come back by themselves.
        let gone = gone.as_str().unwrap();
        assert!(gone.starts_with("transport "), "{gone}");
    }
}

async fn what_clients_send_is_bounded_and_ignored(on: Database) {
    let studio = Studio::open(on).await;
    let ask = async |method: Method, query: &str, body: String| {
        let request = studio.request(method, &format!("//socket.io/?{query}"));
        let request = request.header("origin", "https://elsewhere.example");
        studio.send(request.body(body)).await
    };
    let polling = "EIO=4&transport=polling";
    let opened = ask(Method::GET, polling, String::new()).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    // Pages of other origins are not let in.
    assert_eq!(opened.header("access-control-allow-origin"), None);
    let opened: Value = serde_json::from_str(&opened.text[1..]).unwrap();
    let session = format!("{polling}&sid={}", opened["sid"].as_str().unwrap());
    let large = "4".repeat(70_000);
    let refused = ask(Method::POST, &session, large.clone()).await;
    refused.problem(413, "body-too-large");
    for (query, says) in [
        ("", "Unsupported protocol version"),
        ("EIO=3&transport=polling", "Unsupported protocol version"),
        ("EIO=4&transport=carrier-pigeon", "Transport unknown"),
        ("EIO=4&transport=polling&sid=none", "Session ID unknown"),
    ] {
        let refused = ask(Method::GET, query, String::new()).await;
        assert_eq!(
            (refused.status, &refused.body["message"]),
            (400, &json!(says))
        );
    }

    // What is said is not answered, and disturbs nothing.
    let mut client = RawWebSocket::connect(&studio).await;
    for said in [
        r#"42["emit",1]"#,
        r#"421["with_ack"]"#,
        "4",
        "49",
        "41/other,",
    ] {
        client.send(said).await;
    }
    client.send("40/admin,{}").await;
    let refused = r#"44/admin,{"data":{"status":404},"message":"Invalid namespace"}"#;
    assert_eq!(client.message().await, refused);
    publish(&studio, 1).await;
    assert_eq!(client.event().await.1["number"], 1);
    // Whoever says too much is not listened to any more.
    client.send(&large).await;
    assert!(client.is_closed().await);
    // Nor is one who goes away politely.
    let mut client = RawWebSocket::connect(&studio).await;
    client.send("41").await;
    assert!(client.is_closed().await);
}

/// A client that reads only when it is told to.
struct RawWebSocket(TcpStream);

impl RawWebSocket {
    async fn connect(studio: &Studio) -> Self {
        let authority = studio.address().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).await.unwrap();
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {authority}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101 "));
        let mut socket = Self(stream);
        assert!(socket.message().await.starts_with("0{"));
        let auth = json!({"token": TOKEN}).to_string();
        socket.send(&format!("40{auth}")).await;
        assert!(socket.message().await.starts_with("40{"));
        socket
    }

    /// A message, masked with zeros as a client's has to be masked.
    async fn send(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(length) if length < 126 => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(text.len() as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        // One that says too much is not read to its end.
        let _ = self.0.write_all(&frame).await;
    }

    /// Whether the server has closed the connection, or is about to.
    async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let closing = self.0.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, closing).await.is_ok()
    }

    /// The next message that is no heartbeat.
    async fn message(&mut self) -> String {
        loop {
            let message = self.any_message().await;
            if message != "2" {
                return message;
            }
            self.send("3").await;
        }
    }

    async fn any_message(&mut self) -> String {
        let head = self.0.read_u16().await.expect("the connection is open");
        assert_eq!(head & 0xff80, 0x8100, "one whole text, not masked");
        let length = match head & 0x7f {
            126 => u64::from(self.0.read_u16().await.unwrap()),
            127 => self.0.read_u64().await.unwrap(),
            length => u64::from(length),
        };
        let mut text = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut text).await.unwrap();
        String::from_utf8(text).unwrap()
    }

    async fn event(&mut self) -> (String, Value) {
        let message = self.message().await;
        let event = message.strip_prefix("42").expect("an event");
        serde_json::from_str(event).unwrap()
    }
}

//! The server is killed again and again while events are published and
//! delivered: nothing that was acknowledged is lost. REQ-EVT-3, REQ-EVT-9

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use stagehook_tests::dice::SEED;
use stagehook_tests::receiver::{Received, Receiver, Script};
use stagehook_tests::server::{Layout, Server};
use stagehook_tests::{
    Client, Database, Dice, Hook, HookDraft, Setup, Studio, eventually, on_both_databases, table,
    until,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

on_both_databases!(no_kill_loses_an_event);

mod two_servers_share {
    // SQLite has one server a database.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        Box::pin(super::two_servers_share()).await;
    }
}

/// The variable that says how often the server is killed.
const CRASHES: &str = "STAGEHOOK_CRASHES";
/// How often, where it is not set.
const CRASHES_BY_DEFAULT: u32 = 200;
/// The longest that a server lives once it listens.
const LIFE: Duration = Duration::from_millis(300);
/// The longest that a server lives of those that are killed while they start.
const YOUNG: Duration = Duration::from_millis(150);
/// One in so many is killed while it starts.
const DIES_YOUNG: u64 = 6;
/// The longest that the receiver thinks about a request.
const THOUGHT: Duration = Duration::from_millis(20);
/// Who publish at once.
const PUBLISHERS: usize = 3;
/// Events of every second publication, roughly; the others have one.
const MANY: u64 = 10;
/// Publishers wait while so many events have not arrived: then each kill meets
/// publications, attempts and what they came to alike.
const ON_THEIR_WAY: usize = 200;
/// Deliveries to the hook that are attempted at once on one server.
const CONCURRENCY: usize = 16;
/// Deliveries that a server may have claimed; each may have been attempted when
/// it is killed, and not be on record.
const CLAIMED: usize = 4 * CONCURRENCY;

/// How long a server is taken to be alive after its last sign of life.
const LEASE_SECONDS: f64 = 15.0;

/// What a receiver heard, by the events' numbers: under which ids, how often.
type Heard = Arc<Mutex<BTreeMap<u64, BTreeMap<String, usize>>>>;

fn webhook(url: &str) -> HookDraft {
    HookDraft::new("track", "webhook", json!({"url": url}))
        .on_event("segment_completed")
        .config("retry", json!({"retries": 3}))
        .config("concurrency", CONCURRENCY)
        .config("timeout_seconds", 60)
}

fn event(number: u64) -> Value {
    json!({"event_name": "segment_completed", "data": {"number": number}})
}

fn note(heard: &Heard, request: &Received) {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let number = body["data"]["number"].as_u64().unwrap();
    let id = request.headers["webhook-id"].clone();
    let mut heard = heard.lock().unwrap();
    *heard.entry(number).or_default().entry(id).or_default() += 1;
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[expect(clippy::print_stdout, reason = "numbers, for whoever asks for them")]
fn say(what: &str) {
    println!("{what}");
}

/// What is published with one call.
#[derive(Debug)]
struct Publication {
    /// The numbers of its events.
    numbers: Range<u64>,
    /// How often it was sent.
    sent: usize,
}

impl Publication {
    /// Sends it. Answers the ids of its events, or nothing if it was cut off.
    async fn send(&mut self, client: &Client) -> Option<Vec<String>> {
        self.sent += 1;
        let events: Vec<_> = self.numbers.clone().map(event).collect();
        let body = match &events[..] {
            [only] => only.clone(),
            many => json!(many),
        };
        let request = client
            .request(Method::POST, "/events")
            .header("idempotency-key", format!("from {}", self.numbers.start))
            .json(&body);
        let published = client.try_send(request).await.ok()?.expect(202);
        let published = match published {
            Value::Array(many) => many,
            only => vec![only],
        };
        assert_eq!(published.len(), events.len());
        let id = |one: &Value| {
            assert_eq!(one["deliveries"], 1);
            text(&one["id"])
        };
        Some(published.iter().map(id).collect())
    }
}

/// Those who publish, and what they know.
#[derive(Debug)]
struct Publishers {
    /// Who was cut off has to repeat.
    unanswered: Vec<RefCell<Option<Publication>>>,
    next: Cell<u64>,
    /// By their numbers, the ids of the events that were acknowledged.
    acknowledged: RefCell<BTreeMap<u64, String>>,
    /// Publications that had to be repeated.
    repeated: Cell<usize>,
    heard: Heard,
    dice: RefCell<Dice>,
}

impl Publishers {
    fn new(heard: Heard, dice: Dice) -> Self {
        Self {
            unanswered: (0..PUBLISHERS).map(|_| RefCell::default()).collect(),
            next: Cell::new(0),
            acknowledged: RefCell::default(),
            repeated: Cell::new(0),
            heard,
            dice: RefCell::new(dice),
        }
    }

    fn begun(&self) -> Publication {
        let many = if self.dice.borrow_mut().below(2) == 0 {
            1
        } else {
            MANY
        };
        let first = self.next.get();
        self.next.set(first + many);
        Publication {
            numbers: first..first + many,
            sent: 0,
        }
    }

    /// Has one publisher send a publication until it is cut off.
    async fn send(&self, publisher: usize, mut publication: Publication, client: &Client) -> bool {
        let Some(ids) = publication.send(client).await else {
            self.unanswered[publisher].replace(Some(publication));
            return false;
        };
        if publication.sent > 1 {
            self.repeated.set(self.repeated.get() + 1);
        }
        let mut acknowledged = self.acknowledged.borrow_mut();
        acknowledged.extend(publication.numbers.zip(ids));
        true
    }

    /// All publish until they are cut off.
    async fn publish(&self, client: &Client, is_killed: &Cell<bool>) {
        let one = async |publisher: usize| {
            loop {
                let unanswered = self.unanswered[publisher].take();
                let publication = unanswered.unwrap_or_else(|| self.begun());
                if !self.send(publisher, publication, client).await {
                    return;
                }
                while self.is_far_ahead() && !is_killed.get() {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
        };
        join_all((0..PUBLISHERS).map(one)).await;
    }

    /// What was cut off last is repeated.
    async fn finish(&self, client: &Client) {
        for publisher in 0..PUBLISHERS {
            let unanswered = self.unanswered[publisher].take();
            if let Some(publication) = unanswered {
                assert!(self.send(publisher, publication, client).await);
            }
        }
    }

    fn is_far_ahead(&self) -> bool {
        let heard = self.heard.lock().unwrap().len();
        self.acknowledged.borrow().len() >= heard + ON_THEIR_WAY
    }
}

async fn no_kill_loses_an_event(on: Database) {
    let kills: u32 = std::env::var(CRASHES).map_or(CRASHES_BY_DEFAULT, |kills| {
        kills
            .parse()
            .unwrap_or_else(|_| panic!("{CRASHES} is no number: {kills}"))
    });
    let seed = Dice::seed();
    say(&format!("{SEED}={seed} {CRASHES}={kills}"));
    let mut dice = Dice::new(seed);

    let heard = Heard::default();
    let (noted, mut thought) = (Arc::clone(&heard), dice.split());
    let receiver = Receiver::answering(move |request| {
        note(&noted, request);
        Script::Late(thought.up_to(THOUGHT), 204)
    })
    .await;
    let mut studio = Studio::with(on, Setup::default().with_private_network()).await;
    let hook = webhook(&receiver.url("/")).create(&studio).await;
    let publishers = Publishers::new(Arc::clone(&heard), dice.split());

    let began = Instant::now();
    let (mut killed, mut killed_young) = (0, 0);
    while killed < kills {
        let client = studio.client();
        let is_killed = Cell::new(false);
        let publishing = publishers.publish(&client, &is_killed);
        tokio::pin!(publishing);
        tokio::select! {
            () = &mut publishing => panic!("the server ended by itself"),
            () = tokio::time::sleep(dice.up_to(LIFE)) => {}
        }
        studio.server().kill();
        killed += 1;
        is_killed.set(true);
        publishing.await;
        let mut is_there = false;
        while !is_there {
            if killed < kills && dice.below(DIES_YOUNG) == 0 {
                is_there = studio.start_again_within(dice.up_to(YOUNG)).await;
                if !is_there {
                    killed += 1;
                    killed_young += 1;
                }
            } else {
                studio.start_again().await;
                is_there = true;
            }
        }
    }
    let took = began.elapsed();
    publishers.finish(&studio.client()).await;
    all_is_delivered(&studio).await;

    let acknowledged = publishers.acknowledged.take();
    let numbers: Vec<_> = (0..publishers.next.get()).collect();
    assert_eq!(acknowledged.keys().copied().collect::<Vec<_>>(), numbers);
    each_was_stored_once(&studio, &acknowledged).await;
    let requests = each_arrived(&heard, &acknowledged);
    let records = each_is_on_record_once(&studio, &hook, &acknowledged).await;
    let duplicates = requests - acknowledged.len();
    say(&format!(
        "{on:?}: killed {killed} times in {took:.1?}, {killed_young} of them at the start; \
         {} events acknowledged, {} publications repeated; {requests} requests, \
         {duplicates} of them duplicates; {records} records",
        acknowledged.len(),
        publishers.repeated.get(),
    ));
    // What came more than once was on its way when the server was killed.
    let most = CLAIMED * usize::try_from(killed).unwrap();
    assert!(requests - records <= most, "{requests} {records} {most}");
    // Were it none, the kills would have met nothing.
    assert!(killed < 50 || duplicates > 0, "nothing was on its way");
}

async fn all_is_delivered(studio: &Studio) {
    let none = async |state: &str| {
        let path = format!("/deliveries?state={state}&limit=1");
        let page = studio.get(&path).await.ok();
        page["items"].as_array().unwrap().is_empty()
    };
    eventually("no delivery is pending or running", || async {
        (none("pending").await && none("running").await).then_some(())
    })
    .await;
    // Nothing can have begun in between.
    assert!(none("pending").await && none("running").await);
}

/// The events are those that were acknowledged, under their ids, whatever had
/// to be repeated.
async fn each_was_stored_once(studio: &Studio, acknowledged: &BTreeMap<u64, String>) {
    let events = studio.all("/events?event=segment_completed").await;
    assert_eq!(events.len(), acknowledged.len());
    let known = |event: &Value| {
        (
            event["data"]["number"].as_u64().unwrap(),
            text(&event["id"]),
        )
    };
    let stored: BTreeMap<_, _> = events.iter().map(known).collect();
    assert_eq!(&stored, acknowledged);
}

/// Each came at least once, always under its own id. Answers how many requests
/// there were.
fn each_arrived(heard: &Heard, acknowledged: &BTreeMap<u64, String>) -> usize {
    let heard = heard.lock().unwrap();
    for (number, id) in acknowledged {
        let ids: Vec<_> = heard.get(number).into_iter().flatten().collect();
        assert_eq!(ids.len(), 1, "event {number}, {id}: {ids:?}");
        assert_eq!(ids[0].0, id, "event {number}");
    }
    assert_eq!(heard.len(), acknowledged.len(), "nobody published more");
    heard.values().flat_map(BTreeMap::values).sum()
}

/// Each has one delivery, which succeeded, and one execution that says so.
/// Answers how many executions there are.
async fn each_is_on_record_once(
    studio: &Studio,
    hook: &Hook,
    acknowledged: &BTreeMap<u64, String>,
) -> usize {
    let deliveries = studio
        .all(&format!("/deliveries?hook_id={}", hook.id))
        .await;
    assert_eq!(deliveries.len(), acknowledged.len());
    for delivery in &deliveries {
        assert_eq!(delivery["state"], "succeeded", "{delivery:#}");
    }
    let told: BTreeSet<_> = deliveries
        .iter()
        .map(|one| text(&one["event_id"]))
        .collect();
    let events: BTreeSet<_> = acknowledged.values().cloned().collect();
    assert_eq!(told, events);

    let logs = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
    for log in &logs {
        // The receiver answers everything, so that only a kill ends an attempt
        // otherwise, and then it is not on record.
        assert_eq!(
            (&log["status"], &log["attempt"]),
            (&json!("passed"), &json!(1))
        );
    }
    let mut recorded: Vec<_> = logs.iter().map(|log| text(&log["delivery_id"])).collect();
    recorded.sort_unstable();
    let mut ids: Vec<_> = deliveries.iter().map(|one| text(&one["id"])).collect();
    ids.sort_unstable();
    assert_eq!(recorded, ids, "each delivery has one record");
    logs.len()
}

/// When the first lease ends, in seconds since 1970.
async fn leases(studio: &Studio) -> f64 {
    let first = "SELECT extract(epoch FROM min(lease_expires_at))::text FROM nodes";
    table::texts(studio, first).await[0].parse().unwrap()
}

async fn two_servers_share() {
    const FIRST: u32 = 300;
    const THEN: u32 = 100;
    let studio = Studio::with(Database::Postgres, Setup::default().with_private_network()).await;
    let layout = Layout::default();
    let mut other = Server::start(&layout, studio.setup(), studio.database_url()).await;
    let (gate, may_go) = watch::channel(false);
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    let receiver = Receiver::answering(move |request| {
        note(&noted, request);
        Script::Held(may_go.clone(), 204)
    })
    .await;
    let hook = webhook(&receiver.url("/")).create(&studio).await;
    let publish = async |numbers: Range<u32>| {
        let events: Vec<_> = numbers.map(|number| event(number.into())).collect();
        studio.post("/events", &json!(events)).await.expect(202);
    };
    // How often each came, of those from this number on.
    let counts = |from: u32| -> Vec<usize> {
        let heard = heard.lock().unwrap();
        let ids = heard.range(u64::from(from)..).map(|(number, ids)| {
            assert_eq!(ids.len(), 1, "event {number}: {ids:?}");
            ids.values().sum()
        });
        ids.collect()
    };
    let all_succeed = async |number: u32| {
        let path = format!("/hooks/{}/deliveries", hook.id);
        eventually("all deliveries have succeeded", || async {
            (studio.get(&path).await.ok()["succeeded"] == number).then_some(())
        })
        .await;
    };

    publish(0..FIRST).await;
    // One alone attempts half as many at once.
    until("both are at it", || counts(0).len() == 2 * CONCURRENCY).await;
    let owners = "SELECT DISTINCT claimed_by::text FROM deliveries WHERE state = 'running'";
    assert_eq!(table::texts(&studio, owners).await.len(), 2);
    // For longer than a lease: as long as they live, they keep what they have.
    let began = leases(&studio).await;
    eventually("both have renewed their leases for long", || async {
        (leases(&studio).await > began + LEASE_SECONDS).then_some(())
    })
    .await;
    gate.send_replace(true);
    all_succeed(FIRST).await;
    assert_eq!(counts(0), [1; FIRST as usize], "each came once");

    gate.send_replace(false);
    publish(FIRST..FIRST + THEN).await;
    until("both are at it again", || {
        counts(FIRST).len() == 2 * CONCURRENCY
    })
    .await;
    other.kill();
    let killed = Instant::now();
    gate.send_replace(true);
    until("some come again", || counts(FIRST).contains(&2)).await;
    let took = killed.elapsed();
    all_succeed(FIRST + THEN).await;
    let counts = counts(FIRST);
    assert_eq!(counts.len(), THEN as usize);
    let twice = counts.iter().filter(|count| **count == 2).count();
    let once = counts.iter().filter(|count| **count == 1).count();
    assert_eq!(
        (once, twice),
        (THEN as usize - CONCURRENCY, CONCURRENCY),
        "what the other one was at came again, and nothing else"
    );
    let logs = studio.all(&format!("/hooks/{}/logs", hook.id)).await;
    let recorded: BTreeSet<_> = logs.iter().map(|log| text(&log["delivery_id"])).collect();
    assert_eq!(recorded.len(), logs.len(), "each delivery has one record");
    assert_eq!(logs.len(), (FIRST + THEN) as usize);
    say(&format!("taken over {took:.1?} after the kill"));
}

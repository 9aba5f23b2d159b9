//! Tells the other servers on one PostgreSQL that a transaction left something
//! for them, and hears it of them. REQ-OPS-2
//!
//! Both are a help and no more: who hears nothing looks by itself now and then.

use crate::outbox::{Left, Outbox};
use sqlx::pool::PoolOptions;
use sqlx::postgres::PgListener;
use sqlx::{PgPool, Postgres};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use uuid::Uuid;

const CHANNEL: &str = "stagehook";
/// What is left within this time is told at once: each word of it has every
/// server look into the database.
const COALESCED: Duration = Duration::from_millis(50);
/// How long nothing is heard after the database could not be reached.
const AGAIN: Duration = Duration::from_secs(5);

/// The other servers, for as long as this exists.
#[derive(Debug)]
pub(crate) struct Neighbours {
    tasks: Mutex<JoinSet<()>>,
}

impl Neighbours {
    pub(crate) fn meet(pool: &PgPool, outbox: &Arc<Outbox>) -> Self {
        let me = Uuid::now_v7().simple().to_string();
        let mut tasks = JoinSet::new();
        tasks.spawn(tell(pool.clone(), Arc::clone(outbox), me.clone()));
        tasks.spawn(hear(pool.clone(), Arc::clone(outbox), me));
        Self {
            tasks: Mutex::new(tasks),
        }
    }

    /// Ends what was begun, and closes its connection.
    pub(crate) async fn leave(&self) {
        self.tasks.lock().await.shutdown().await;
    }
}

async fn tell(pool: PgPool, outbox: Arc<Outbox>, me: String) {
    loop {
        let left = outbox.left_here().await;
        let told = sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(word(&me, left))
            .execute(&pool)
            .await;
        match told {
            Ok(_) => {}
            Err(sqlx::Error::PoolClosed) => return,
            Err(error) => tracing::debug!(%error, "other servers could not be told of events"),
        }
        tokio::time::sleep(COALESCED).await;
    }
}

async fn hear(pool: PgPool, outbox: Arc<Outbox>, me: String) {
    while !pool.is_closed() {
        let Err(error) = listen(&pool, &outbox, &me).await;
        tracing::debug!(%error, "other servers' events are not heard of");
        tokio::time::sleep(AGAIN).await;
    }
}

async fn listen(pool: &PgPool, outbox: &Outbox, me: &str) -> sqlx::Result<Infallible> {
    // Of its own: it is never given back, and the others are for statements.
    let connection = PoolOptions::<Postgres>::new()
        .max_connections(1)
        .connect_lazy_with(pool.connect_options().as_ref().clone());
    let mut listener = PgListener::connect_with(&connection).await?;
    listener.listen(CHANNEL).await?;
    // Nobody was listening until now, nor while the connection is lost.
    outbox.hear_of(Left::ALL);
    loop {
        let left = match listener.try_recv().await? {
            Some(said) => heard(said.payload(), me),
            None => Left::ALL,
        };
        outbox.hear_of(left);
    }
}

/// Who says it, and what was left.
fn word(me: &str, left: Left) -> String {
    let deliveries = if left.deliveries { " deliveries" } else { "" };
    let events = if left.events { " events" } else { "" };
    format!("{me}{deliveries}{events}")
}

/// What another server left; nothing, if these are one's own words. Anybody who
/// may use the database can say something: the worst is a look for nothing.
fn heard(word: &str, me: &str) -> Left {
    let mut words = word.split(' ');
    let mut left = Left::NOTHING;
    if words.next() == Some(me) {
        return left;
    }
    for word in words {
        left.deliveries |= word == "deliveries";
        left.events |= word == "events";
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_words_are_understood_and_ones_own_are_not_heard() {
        let mut events = Left::NOTHING;
        events.events = true;
        for left in [Left::NOTHING, events, Left::ALL] {
            let heard_by_another = heard(&word("a", left), "b");
            assert_eq!(heard_by_another, left);
            assert_eq!(heard(&word("a", left), "a"), Left::NOTHING);
        }
        assert_eq!(heard("", "a"), Left::NOTHING);
        assert_eq!(heard("c something else", "a"), Left::NOTHING);
    }
}

//! The one task that writes to SQLite.
//!
//! A commit costs as much for one write as for many, so the writer takes what
//! is waiting into one transaction and answers after the commit. What arrives
//! during a commit waits for the next, and so groups grow with the load.
//!
//! Every operation runs in a savepoint of its own: one that fails leaves the
//! others alone. A round trip to SQLite's thread costs more than most
//! statements, so the savepoint travels with the operation's first statement.

use super::connection::SqliteWriter;
use super::{BoxFuture, Connection};
use crate::error::{Result, StoreError};
use crate::outbox::Outbox;
use sqlx::SqliteConnection;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;

/// Operations that may wait; more wait outside for room.
const QUEUE: usize = 1024;
/// Most operations of one transaction.
const GROUP: usize = 128;
/// How long a transaction takes in further operations.
const GROUP_TIME: Duration = Duration::from_millis(5);

/// Tells the caller how it went, once that is known.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// Given no connection, it answers with the reason.
type Body = Box<dyn for<'c> FnOnce(Result<&'c mut Connection>) -> BoxFuture<'c, Ran> + Send>;

/// What became of an operation, before the commit.
struct Ran {
    failure: Option<StoreError>,
    answer: Answer,
}

enum Message {
    Write(Body),
    Close,
}

/// The handle of the task.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the task on its connection.
    pub(crate) fn start(connection: SqliteConnection, outbox: Arc<Outbox>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = SqliteWriter::new(connection, outbox);
        let task = tokio::spawn(run(writer, waiting));
        Self {
            queue,
            task: Mutex::new(Some(task)),
        }
    }

    /// Runs an operation; answers after the commit.
    pub(crate) async fn write<T, F>(&self, body: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Connection) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel::<Result<T>>();
        let body: Body = Box::new(move |connection| {
            Box::pin(async move {
                let result = match connection {
                    Ok(connection) => body(connection).await,
                    Err(error) => Err(error),
                };
                let failure = result.as_ref().err().cloned();
                let answer: Answer = Box::new(move |committed| {
                    // A caller that went away has no use for the answer; what
                    // it asked for is committed all the same.
                    let _ = sender.send(committed.and(result));
                });
                Ran { failure, answer }
            })
        });
        self.queue
            .send(Message::Write(body))
            .await
            .map_err(|_| StoreError::Closed)?;
        receiver.await.map_err(|_| StoreError::Closed)?
    }

    /// Takes no more operations, commits what waits, and ends the task.
    pub(crate) async fn close(&self) {
        // An error means that the task has ended already.
        let _ = self.queue.send(Message::Close).await;
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the task that writes to SQLite did not end in order");
        }
    }
}

async fn run(writer: SqliteWriter, mut waiting: mpsc::Receiver<Message>) {
    let mut connection = Connection::SqliteWriter(writer);
    while let Some(message) = waiting.recv().await {
        match message {
            Message::Write(first) => group(&mut connection, first, &mut waiting).await,
            Message::Close => waiting.close(),
        }
    }
    if let Connection::SqliteWriter(writer) = connection
        && let Err(error) = writer.close().await
    {
        tracing::warn!(%error, "SQLite was not closed in order");
    }
}

/// Keeps what was written so far and sets the savepoint anew. It fails when
/// the transaction is gone, as it is after some errors (a full disk).
const NEXT_SAVEPOINT: &str = "RELEASE operation; SAVEPOINT operation;";

/// One transaction: the first operation and those that wait behind it.
async fn group(connection: &mut Connection, first: Body, waiting: &mut mpsc::Receiver<Message>) {
    let begun = Instant::now();
    let mut group = Group {
        connection,
        answers: Vec::new(),
    };
    if let Err(error) = group
        .connection
        .execute("BEGIN IMMEDIATE; SAVEPOINT operation", &[])
        .await
    {
        group.roll_back().await;
        let ran = first(Err(error)).await;
        (ran.answer)(Ok(()));
        return;
    }
    let mut next = Some(first);
    while let Some(operation) = next.take() {
        if let ControlFlow::Break(error) = group.run(operation).await {
            group.roll_back().await;
            group.answer(&Err(error));
            return;
        }
        if group.answers.len() < GROUP && begun.elapsed() < GROUP_TIME {
            match waiting.try_recv() {
                Ok(Message::Write(operation)) => next = Some(operation),
                Ok(Message::Close) => waiting.close(),
                Err(_) => {}
            }
        }
    }
    let committed = group.connection.execute("COMMIT", &[]).await.map(|_| ());
    if committed.is_err() {
        group.roll_back().await;
    } else {
        group.connection.committed();
    }
    group.answer(&committed);
}

struct Group<'a> {
    connection: &'a mut Connection,
    answers: Vec<Answer>,
}

impl Group<'_> {
    /// Runs one operation; breaks when the whole transaction is lost.
    async fn run(&mut self, operation: Body) -> ControlFlow<StoreError> {
        self.connection.announce(NEXT_SAVEPOINT);
        let ran = operation(Ok(&mut *self.connection)).await;
        self.answers.push(ran.answer);
        let began = self.connection.withdraw().is_none();
        if ran.failure.is_some() && began {
            self.connection.rolled_back();
            if let Err(error) = self.connection.execute("ROLLBACK TO operation", &[]).await {
                return ControlFlow::Break(error);
            }
        }
        ControlFlow::Continue(())
    }

    async fn roll_back(&mut self) {
        self.connection.rolled_back();
        // It fails when SQLite has rolled back by itself, which is as good.
        let _ = self.connection.execute("ROLLBACK", &[]).await;
    }

    fn answer(self, committed: &Result<()>) {
        for answer in self.answers {
            answer(committed.clone());
        }
    }
}

//! Events that somebody else publishes. REQ-EVT-3

use crate::database::{Connection, args};
use crate::document;
use crate::error::{Result, StoreError};
use crate::events;
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stagehook_core::digest::Digest;
use stagehook_core::event::Event;
use stagehook_core::ids::EventId;
use std::sync::Arc;

/// An event that was stored, and how many hooks will answer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The event.
    pub id: EventId,
    /// Its deliveries.
    pub deliveries: usize,
}

/// What makes a repeated publication one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicationKey {
    /// The key.
    pub key: String,
    /// Of what is published: the same key with other events is a mistake.
    pub digest: Digest,
}

#[derive(sqlx::FromRow)]
struct PublicationRow {
    request_digest: Vec<u8>,
    answer: String,
}

impl Store {
    /// Stores events with their deliveries, all or none. With a key that was
    /// used before, nothing is stored, and the first answer is given again.
    ///
    /// # Errors
    /// [`StoreError::PublicationKeyReused`].
    pub async fn publish_events(
        &self,
        published: Vec<Event>,
        key: Option<PublicationKey>,
    ) -> Result<Vec<Published>> {
        match key {
            Some(key) => self.publish_once(published, key).await,
            None => self.publish_together(published).await,
        }
    }

    async fn publish_once(
        &self,
        published: Vec<Event>,
        key: PublicationKey,
    ) -> Result<Vec<Published>> {
        let at = self.now();
        let again = key.clone();
        let result = self
            .write(move |connection| {
                Box::pin(async move {
                    if let Some(answer) = earlier(connection, &key).await? {
                        return Ok(answer);
                    }
                    let published: Vec<&Event> = published.iter().collect();
                    let answer = insert(connection, &published).await?;
                    connection
                        .execute(
                            "INSERT INTO publications (idempotency_key, request_digest, answer,
                                                       created_at)
                             VALUES ($1, $2, $3, $4)",
                            args![&key.key, &key.digest, document::write(&answer)?, at],
                        )
                        .await?;
                    Ok(answer)
                })
            })
            .await;
        match result {
            // Somebody else published with the same key in the same moment.
            Err(error) if error.is_unique_violation() => {
                let mut reader = self.reader().await?;
                earlier(&mut reader, &again).await?.ok_or(error)
            }
            result => result,
        }
    }

    /// Stores several publications, all or none.
    pub(crate) async fn publish_all(
        &self,
        publications: Arc<Vec<Vec<Event>>>,
    ) -> Result<Vec<Vec<Published>>> {
        self.write(move |connection| {
            Box::pin(async move {
                let events: Vec<&Event> = publications.iter().flatten().collect();
                let mut published = insert(connection, &events).await?.into_iter();
                let own = |events: &Vec<Event>| published.by_ref().take(events.len()).collect();
                Ok(publications.iter().map(own).collect())
            })
        })
        .await
    }

    /// Forgets the keys of publications from before then. Answers how many.
    pub async fn forget_publications(&self, before: DateTime<Utc>) -> Result<u64> {
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .execute(
                        "DELETE FROM publications WHERE created_at < $1",
                        args![before],
                    )
                    .await
            })
        })
        .await
    }
}

async fn insert(connection: &mut Connection, events: &[&Event]) -> Result<Vec<Published>> {
    let deliveries = events::insert(connection, events).await?;
    Ok(events
        .iter()
        .zip(deliveries)
        .map(|(event, deliveries)| Published {
            id: event.id,
            deliveries,
        })
        .collect())
}

/// What was answered to this key before.
async fn earlier(
    connection: &mut Connection,
    key: &PublicationKey,
) -> Result<Option<Vec<Published>>> {
    let row: Option<PublicationRow> = connection
        .optional(
            "SELECT request_digest, answer FROM publications WHERE idempotency_key = $1",
            args![&key.key],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    if row.request_digest != key.digest.as_bytes() {
        return Err(StoreError::PublicationKeyReused);
    }
    let read = document::Row::new(crate::error::Entity::Event, "publication");
    Ok(Some(read.document("answer", &row.answer)?))
}

//! Events that somebody else publishes. REQ-EVT-3

use crate::database::args;
use crate::document;
use crate::error::{Result, StoreError};
use crate::events;
use crate::store::Store;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use stagehook_core::digest::Digest;
use stagehook_core::event::Event;
use stagehook_core::ids::EventId;

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
        let at = self.now();
        let again = key.clone();
        let result = self
            .write(move |connection| {
                Box::pin(async move {
                    if let Some(key) = &key
                        && let Some(answer) = earlier(connection, key).await?
                    {
                        return Ok(answer);
                    }
                    let mut answer = Vec::with_capacity(published.len());
                    for event in &published {
                        let deliveries = events::insert(connection, event).await?;
                        answer.push(Published {
                            id: event.id,
                            deliveries,
                        });
                    }
                    if let Some(key) = &key {
                        connection
                            .execute(
                                "INSERT INTO publications (idempotency_key, request_digest, answer,
                                                           created_at)
                                 VALUES ($1, $2, $3, $4)",
                                args![&key.key, &key.digest, document::write(&answer)?, at],
                            )
                            .await?;
                    }
                    Ok(answer)
                })
            })
            .await;
        match (result, again) {
            // Somebody else published with the same key in the same moment.
            (Err(error), Some(key)) if error.is_unique_violation() => {
                earlier(&mut self.reader().await?, &key).await?.ok_or(error)
            }
            (result, _) => result,
        }
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

/// What was answered to this key before.
async fn earlier(
    connection: &mut crate::database::Connection,
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

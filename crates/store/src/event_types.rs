//! The catalogue of event types. REQ-EVT-1

use crate::audit::Change;
use crate::database::{Connection, args};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::event_type::EventType;

#[derive(sqlx::FromRow)]
struct EventTypeRow {
    name: String,
    kind: String,
    description: String,
    data_schema: Option<String>,
    built_in: bool,
}

impl TryFrom<EventTypeRow> for EventType {
    type Error = StoreError;

    fn try_from(row: EventTypeRow) -> Result<Self> {
        let read = Row::new(Entity::EventType, row.name.as_str());
        Ok(Self {
            kind: read.text("kind", &row.kind)?,
            schema: read.optional_document("data_schema", row.data_schema.as_deref())?,
            description: row.description,
            built_in: row.built_in,
            name: row.name,
        })
    }
}

impl Store {
    /// Every event type, by name.
    pub async fn event_types(&self) -> Result<Vec<EventType>> {
        let rows: Vec<EventTypeRow> = self
            .reader()
            .await?
            .all(
                "SELECT name, kind, description, data_schema, built_in FROM event_types
                 ORDER BY name",
                &[],
            )
            .await?;
        rows.into_iter().map(EventType::try_from).collect()
    }

    /// Adds event types, or changes those of the same name; all or none. Answers
    /// how many were added.
    pub async fn put_event_types(&self, actor: &str, types: Vec<EventType>) -> Result<usize> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let mut added = 0;
                for event_type in &types {
                    let before = find(connection, &event_type.name).await?;
                    added += usize::from(before.is_none());
                    let schema = event_type.schema.as_ref().map(document::write);
                    connection
                        .execute(
                            "INSERT INTO event_types (name, kind, description, data_schema, built_in,
                                                      created_at)
                             VALUES ($1, $2, $3, $4, $6, $5)
                             ON CONFLICT (name) DO UPDATE SET
                                 kind = excluded.kind, description = excluded.description,
                                 data_schema = excluded.data_schema",
                            args![
                                &event_type.name,
                                event_type.kind.as_str(),
                                &event_type.description,
                                schema.transpose()?,
                                at,
                                false
                            ],
                        )
                        .await?;
                    let change = Change {
                        actor: &actor,
                        action: "event_type.put",
                        subject: Entity::EventType,
                        at,
                    };
                    let before = before.as_ref().map(document::write).transpose()?;
                    let after = document::write(event_type)?;
                    change
                        .record(connection, &event_type.name, before, Some(after))
                        .await?;
                }
                Ok(added)
            })
        })
        .await
    }

    /// Removes an event type that is not built in; its events are kept.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_event_type(&self, actor: &str, name: &str) -> Result<()> {
        let (actor, name, at) = (actor.to_owned(), name.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let before = find(connection, &name).await?;
                let deleted = connection
                    .execute(
                        "DELETE FROM event_types WHERE name = $1 AND built_in = $2",
                        args![&name, false],
                    )
                    .await?;
                if deleted == 0 {
                    return Err(StoreError::not_found(Entity::EventType, &name));
                }
                let change = Change {
                    actor: &actor,
                    action: "event_type.delete",
                    subject: Entity::EventType,
                    at,
                };
                let before = before.as_ref().map(document::write).transpose()?;
                change.record(connection, &name, before, None).await
            })
        })
        .await
    }
}

async fn find(connection: &mut Connection, name: &str) -> Result<Option<EventType>> {
    let row: Option<EventTypeRow> = connection
        .optional(
            "SELECT name, kind, description, data_schema, built_in FROM event_types
             WHERE name = $1",
            args![name],
        )
        .await?;
    row.map(EventType::try_from).transpose()
}

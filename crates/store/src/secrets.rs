//! Secrets, as they are encrypted. Values and keys are never here.
//!
//! Every change takes the row of `secret_generation` first: changes of secrets
//! come one after the other, and a server that keeps the values at hand compares
//! one number.

mod delete;
mod put;
mod query;
mod reseal;
mod row;
mod usage;

pub use put::NewSecret;
pub use reseal::Resealed;
pub use row::StoredSecret;

use crate::audit::Change;
use crate::database::{Connection, args};
use crate::document;
use crate::error::{Entity, Result};
use chrono::{DateTime, Utc};
use stagehook_core::secret::Secret;

/// Begins a change of secrets: nobody else changes any until this transaction
/// ends.
async fn lock(connection: &mut Connection) -> Result<()> {
    connection
        .execute(
            "UPDATE secret_generation SET generation = generation + 1 WHERE id = $1",
            args![1_i64],
        )
        .await?;
    Ok(())
}

/// Puts a change on the audit trail: names, keys and times alone.
async fn record(
    connection: &mut Connection,
    actor: &str,
    action: &'static str,
    before: Option<&Secret>,
    after: Option<&Secret>,
    at: DateTime<Utc>,
) -> Result<()> {
    let Some(name) = after.or(before).map(|secret| &secret.name) else {
        return Ok(());
    };
    let change = Change {
        actor,
        action,
        subject: Entity::Secret,
        at,
    };
    let before = before.map(document::write).transpose()?;
    let after = after.map(document::write).transpose()?;
    change.record(connection, name, before, after).await
}

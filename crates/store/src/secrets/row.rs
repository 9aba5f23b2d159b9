//! A secret as a row.

use crate::database::{Connection, args};
use crate::document::Row;
use crate::error::{Entity, Result, StoreError};
use chrono::{DateTime, Utc};
use stagehook_core::config::SecretName;
use stagehook_core::secret::{Sealed, Secret};

/// A secret, and its encrypted values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    /// What may be shown of it.
    pub secret: Secret,
    /// Its value.
    pub sealed: Sealed,
    /// The value before it, while that one is kept.
    pub previous: Option<Sealed>,
}

macro_rules! columns {
    () => {
        "id, name, key_id, nonce, ciphertext, previous_key_id, previous_nonce,
         previous_ciphertext, previous_until, created_at, updated_at, updated_by"
    };
}
pub(super) use columns;

#[derive(sqlx::FromRow)]
pub(super) struct SecretRow {
    pub(super) id: i64,
    name: String,
    key_id: String,
    nonce: Vec<u8>,
    ciphertext: Vec<u8>,
    previous_key_id: Option<String>,
    previous_nonce: Option<Vec<u8>>,
    previous_ciphertext: Option<Vec<u8>>,
    previous_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    updated_by: String,
}

impl TryFrom<SecretRow> for StoredSecret {
    type Error = StoreError;

    fn try_from(row: SecretRow) -> Result<Self> {
        let read = Row::new(Entity::Secret, row.id);
        let name = SecretName::try_from(row.name)
            .map_err(|error| read.inconsistent(format_args!("name: {error}")))?;
        let sealed = |key_id: &str, nonce: Vec<u8>, ciphertext| {
            Ok::<_, StoreError>(Sealed {
                key_id: read.text("key_id", key_id)?,
                nonce: <[u8; 24]>::try_from(nonce)
                    .map_err(|_| read.inconsistent("nonce: is not 24 bytes long"))?,
                ciphertext,
            })
        };
        let previous = match (
            row.previous_key_id,
            row.previous_nonce,
            row.previous_ciphertext,
        ) {
            (Some(key_id), Some(nonce), Some(ciphertext)) => {
                Some(sealed(&key_id, nonce, ciphertext)?)
            }
            _ => None,
        };
        let sealed = sealed(&row.key_id, row.nonce, row.ciphertext)?;
        Ok(Self {
            secret: Secret {
                name,
                key_id: sealed.key_id,
                previous_until: row.previous_until,
                created_at: row.created_at,
                updated_at: row.updated_at,
                updated_by: row.updated_by,
            },
            sealed,
            previous,
        })
    }
}

/// The secret of this name, where there is one.
pub(super) async fn find(
    connection: &mut Connection,
    name: &SecretName,
) -> Result<Option<StoredSecret>> {
    let row: Option<SecretRow> = connection
        .optional(
            concat!("SELECT ", columns!(), " FROM secrets WHERE name = $1"),
            args![name.as_str()],
        )
        .await?;
    row.map(StoredSecret::try_from).transpose()
}

/// The secret of this name.
pub(super) async fn read(connection: &mut Connection, name: &SecretName) -> Result<StoredSecret> {
    find(connection, name)
        .await?
        .ok_or_else(|| StoreError::not_found(Entity::Secret, name))
}

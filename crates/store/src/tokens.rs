//! API tokens, known by their hashes alone. REQ-API-5

mod ensure;
mod revoke;

use crate::audit::Change;
use crate::database::{Connection, Order, Select, args};
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use chrono::{DateTime, Utc};
use stagehook_core::digest::Digest;
use stagehook_core::ids::TokenId;
use stagehook_core::page::{Page, PageRequest};
use stagehook_core::token::{ApiToken, Role};

/// The columns of [`TokenRow`].
macro_rules! columns {
    () => {
        "id, name, role, created_at, created_by, last_used_at, expires_at"
    };
}
pub(crate) use columns;

#[derive(sqlx::FromRow)]
pub(crate) struct TokenRow {
    id: i64,
    name: String,
    role: String,
    created_at: DateTime<Utc>,
    created_by: String,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<TokenRow> for ApiToken {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self> {
        let id = TokenId::new(row.id);
        Ok(Self {
            id,
            role: Row::new(Entity::Token, id).text("role", &row.role)?,
            name: row.name,
            created_at: row.created_at,
            created_by: row.created_by,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        })
    }
}

/// A token to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Unique among the tokens.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// SHA-256 of the token itself.
    pub hash: Digest,
    /// When it works no longer.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Makes a token.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] by another token, also by one that has expired.
    pub async fn create_token(&self, actor: &str, new: NewToken) -> Result<ApiToken> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let row: Option<TokenRow> = connection
                    .optional(
                        concat!(
                            "INSERT INTO api_tokens (name, role, hash, created_at, created_by,
                                                     expires_at)
                             VALUES ($1, $2, $3, $4, $5, $6)
                             ON CONFLICT (name) DO NOTHING RETURNING ",
                            columns!()
                        ),
                        args![
                            &new.name,
                            new.role.as_str(),
                            &new.hash,
                            at,
                            &actor,
                            new.expires_at
                        ],
                    )
                    .await?;
                let token: ApiToken = row
                    .ok_or(StoreError::NameTaken {
                        what: Entity::Token,
                        name: new.name,
                    })?
                    .try_into()?;
                record(connection, &actor, "token.create", None, Some(&token), at).await?;
                Ok(token)
            })
        })
        .await
    }

    /// Finds the token with this hash, unless it has expired.
    pub async fn find_token(&self, hash: &Digest) -> Result<Option<ApiToken>> {
        let row: Option<TokenRow> = self
            .reader()
            .await?
            .optional(
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM api_tokens
                     WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)"
                ),
                args![hash, self.now()],
            )
            .await?;
        row.map(ApiToken::try_from).transpose()
    }

    /// Notes that a token is used now.
    pub async fn token_used(&self, id: TokenId) -> Result<()> {
        let at = self.now();
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .execute(
                        "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1",
                        args![id.get(), at],
                    )
                    .await
                    .map(drop)
            })
        })
        .await
    }

    /// The tokens, oldest first, those that have expired included.
    pub async fn list_tokens(&self, page: PageRequest) -> Result<Page<ApiToken>> {
        let select = Select::new(concat!("SELECT ", columns!(), " FROM api_tokens"));
        let mut connection = self.reader().await?;
        select
            .page(
                &mut connection,
                page,
                "id",
                Order::Ascending,
                |row: &TokenRow| row.id,
            )
            .await?
            .try_map(ApiToken::try_from)
    }

    /// Whether there is any token.
    pub async fn has_tokens(&self) -> Result<bool> {
        let tokens = self
            .reader()
            .await?
            .number(
                "SELECT count(*) FROM (SELECT id FROM api_tokens LIMIT $1) t",
                args![1_i64],
            )
            .await?;
        Ok(tokens > 0)
    }
}

/// Puts a change on the audit trail: never a hash.
async fn record(
    connection: &mut Connection,
    actor: &str,
    action: &'static str,
    before: Option<&ApiToken>,
    after: Option<&ApiToken>,
    at: DateTime<Utc>,
) -> Result<()> {
    let Some(id) = after.or(before).map(|token| token.id) else {
        return Ok(());
    };
    let change = Change {
        actor,
        action,
        subject: Entity::Token,
        at,
    };
    let before = before.map(document::write).transpose()?;
    let after = after.map(document::write).transpose()?;
    change.record(connection, id, before, after).await
}

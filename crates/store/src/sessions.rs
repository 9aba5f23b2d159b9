//! Sessions of people who signed in with a token, known by the digests of their
//! keys alone. REQ-API-5
//!
//! A session is as good as its token: it is found only while the token works,
//! and goes with it.

use crate::database::{args, for_update};
use crate::error::Result;
use crate::store::Store;
use crate::tokens::{TokenRow, columns};
use chrono::{DateTime, Utc};
use stagehook_core::digest::Digest;
use stagehook_core::session::{LASTS, PER_TOKEN_MAX};
use stagehook_core::token::ApiToken;

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// The token that it was begun with.
    pub token: ApiToken,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    token: TokenRow,
    ends_at: DateTime<Utc>,
}

impl Store {
    /// Begins a session under the digest of its key, for whoever has the token
    /// with this hash; `None` where there is none, or it has expired. It ends
    /// with the token at the latest. The one whose place it takes ends; and of
    /// too many sessions of one token the oldest ends.
    pub async fn create_session(
        &self,
        token: &Digest,
        session: &Digest,
        instead_of: Option<&Digest>,
    ) -> Result<Option<OpenSession>> {
        let (token, session, at) = (*token, *session, self.now());
        let instead_of = instead_of.copied();
        self.write(move |connection| {
            Box::pin(async move {
                let row: Option<TokenRow> = connection
                    .optional(
                        for_update!(
                            "SELECT ",
                            columns!(),
                            " FROM api_tokens
                             WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)"
                        ),
                        args![&token, at],
                    )
                    .await?;
                let Some(token) = row.map(ApiToken::try_from).transpose()? else {
                    return Ok(None);
                };
                if let Some(before) = &instead_of {
                    connection
                        .execute("DELETE FROM sessions WHERE hash = $1", args![before])
                        .await?;
                }
                let lasts = at + LASTS;
                let expires_at = token.expires_at.map_or(lasts, |ends| ends.min(lasts));
                connection
                    .execute(
                        "INSERT INTO sessions (token_id, hash, created_at, expires_at)
                         VALUES ($1, $2, $3, $4)",
                        args![token.id.get(), &session, at, expires_at],
                    )
                    .await?;
                connection
                    .execute(
                        "DELETE FROM sessions WHERE token_id = $1 AND id NOT IN (
                             SELECT id FROM sessions WHERE token_id = $1
                             ORDER BY id DESC LIMIT $2)",
                        args![token.id.get(), PER_TOKEN_MAX],
                    )
                    .await?;
                Ok(Some(OpenSession { token, expires_at }))
            })
        })
        .await
    }

    /// Finds the session with this digest, unless it or its token has ended.
    pub async fn find_session(&self, session: &Digest) -> Result<Option<OpenSession>> {
        let row: Option<SessionRow> = self
            .reader()
            .await?
            .optional(
                concat!(
                    "SELECT ",
                    columns!(),
                    ", ends_at
                     FROM api_tokens JOIN (
                         SELECT token_id, expires_at AS ends_at FROM sessions
                         WHERE hash = $1 AND expires_at > $2) s ON id = token_id
                     WHERE expires_at IS NULL OR expires_at > $2"
                ),
                args![session, self.now()],
            )
            .await?;
        row.map(|row| {
            Ok(OpenSession {
                token: row.token.try_into()?,
                expires_at: row.ends_at,
            })
        })
        .transpose()
    }

    /// Ends a session, if there is one with this digest.
    pub async fn end_session(&self, session: &Digest) -> Result<()> {
        let session = *session;
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .execute("DELETE FROM sessions WHERE hash = $1", args![&session])
                    .await
                    .map(drop)
            })
        })
        .await
    }

    /// Deletes the sessions that have ended by themselves; how many there were.
    pub async fn delete_ended_sessions(&self) -> Result<u64> {
        let at = self.now();
        self.write_one(move |connection| {
            Box::pin(async move {
                connection
                    .execute("DELETE FROM sessions WHERE expires_at <= $1", args![at])
                    .await
            })
        })
        .await
    }
}

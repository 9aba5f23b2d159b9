//! API tokens, known by their hashes alone. REQ-API-5

use crate::audit::Change;
use crate::database::args;
use crate::document::{self, Row};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::digest::Digest;
use stagehook_core::ids::TokenId;
use stagehook_core::token::{Role, Token};

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: i64,
    name: String,
    role: String,
}

impl TryFrom<TokenRow> for Token {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self> {
        let id = TokenId::new(row.id);
        Ok(Self {
            id,
            role: Row::new(Entity::Token, id).text("role", &row.role)?,
            name: row.name,
        })
    }
}

impl Store {
    /// Makes sure that the token of this name has this role and this hash
    /// (SHA-256 of the token itself), making it if there is none.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`] when a token of another name has this hash.
    pub async fn ensure_token(&self, name: &str, role: Role, hash: &Digest) -> Result<Token> {
        let (name, hash, at) = (name.to_owned(), *hash, self.now());
        self.write(move |connection| {
            Box::pin(async move {
                let before: Option<(String, Vec<u8>)> = connection
                    .optional(
                        "SELECT role, hash FROM api_tokens WHERE name = $1",
                        args![&name],
                    )
                    .await?;
                let row: TokenRow = connection
                    .one(
                        "INSERT INTO api_tokens (name, role, hash, created_at)
                         VALUES ($1, $2, $3, $4)
                         ON CONFLICT (name) DO UPDATE SET role = excluded.role, hash = excluded.hash
                         RETURNING id, name, role",
                        args![&name, role.as_str(), &hash, at],
                    )
                    .await
                    .map_err(|error| {
                        if error.is_unique_violation() {
                            StoreError::NameTaken {
                                what: Entity::Token,
                                name: name.clone(),
                            }
                        } else {
                            error
                        }
                    })?;
                let token: Token = row.try_into()?;
                let unchanged = before
                    .as_ref()
                    .is_some_and(|(old, kept)| old == role.as_str() && kept == hash.as_bytes());
                if !unchanged {
                    let change = Change {
                        actor: "server",
                        action: "token.ensure",
                        subject: Entity::Token,
                        at,
                    };
                    let after = document::write(&token)?;
                    change
                        .record(connection, token.id, None, Some(after))
                        .await?;
                }
                Ok(token)
            })
        })
        .await
    }

    /// Finds the token with this hash.
    pub async fn find_token(&self, hash: &Digest) -> Result<Option<Token>> {
        let row: Option<TokenRow> = self
            .reader()
            .await?
            .optional(
                "SELECT id, name, role FROM api_tokens WHERE hash = $1",
                args![hash],
            )
            .await?;
        row.map(Token::try_from).transpose()
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

//! Tokens that are to work no longer.

use super::{TokenRow, columns, record};
use crate::database::{args, for_update};
use crate::error::{Entity, Result, StoreError};
use crate::store::Store;
use stagehook_core::ids::TokenId;
use stagehook_core::token::{ApiToken, Role};

impl Store {
    /// Revokes a token, and ends its sessions. Its name is free again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and [`StoreError::LastAdministrator`].
    pub async fn revoke_token(&self, actor: &str, id: TokenId) -> Result<()> {
        let (actor, at) = (actor.to_owned(), self.now());
        self.write(move |connection| {
            Box::pin(async move {
                // All of them: of two that are revoked at the same time, one stays.
                let administrators: Vec<TokenRow> = connection
                    .all(
                        for_update!(
                            "SELECT ",
                            columns!(),
                            " FROM api_tokens
                             WHERE role = $1 AND expires_at IS NULL ORDER BY id"
                        ),
                        args![Role::Admin.as_str()],
                    )
                    .await?;
                if let [last] = administrators.as_slice()
                    && last.id == id.get()
                {
                    return Err(StoreError::LastAdministrator {
                        name: last.name.clone(),
                    });
                }
                let row: Option<TokenRow> = connection
                    .optional(
                        concat!(
                            "DELETE FROM api_tokens WHERE id = $1 RETURNING ",
                            columns!()
                        ),
                        args![id.get()],
                    )
                    .await?;
                let token: ApiToken = row
                    .ok_or_else(|| StoreError::not_found(Entity::Token, id))?
                    .try_into()?;
                record(connection, &actor, "token.revoke", Some(&token), None, at).await
            })
        })
        .await
    }
}

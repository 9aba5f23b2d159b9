//! The first token, without which nobody could make others. REQ-API-5

use anyhow::Context as _;
use stagehook_core::digest::Digest;
use stagehook_core::secret::SecretValue;
use stagehook_core::token::Role;
use stagehook_engine::access::new_token;
use stagehook_store::Store;

/// Makes sure that there is an administrator's token: the one that was chosen,
/// or, where the database knows no token at all, a new one, which is returned
/// because it is shown this one time. Only its hash is kept.
pub(super) async fn ensure(
    store: &Store,
    chosen: Option<&str>,
) -> anyhow::Result<Option<SecretValue>> {
    let made = match chosen {
        Some(_) => None,
        None if store.has_tokens().await? => return Ok(None),
        None => Some(new_token()?),
    };
    if let Some(token) = chosen.or(made.as_ref().map(SecretValue::reveal)) {
        if token.len() < 32 {
            tracing::warn!(
                "STAGEHOOK_ADMIN_TOKEN is short: it opens everything, and can be guessed"
            );
        }
        store
            .ensure_token("admin", Role::Admin, &Digest::of(token.as_bytes()))
            .await
            .context(match chosen {
                Some(_) => "STAGEHOOK_ADMIN_TOKEN cannot be the administrator's token",
                None => "the administrator's token cannot be kept",
            })?;
    }
    Ok(made)
}

//! The first token, without which nobody could make others. REQ-API-5

use anyhow::Context as _;
use rand::TryRng as _;
use rand::rngs::SysRng;
use stagehook_core::digest::Digest;
use stagehook_core::token::Role;
use stagehook_store::Store;
use std::fmt::Write as _;

/// Makes sure that there is an administrator's token: the one that was chosen,
/// or, where the database knows no token at all, a new one, which is returned
/// because it is shown this one time. Only its hash is kept.
pub(super) async fn ensure(store: &Store, chosen: Option<&str>) -> anyhow::Result<Option<String>> {
    let made = match chosen {
        Some(_) => None,
        None if store.has_tokens().await? => return Ok(None),
        None => Some(random()?),
    };
    if let Some(token) = chosen.or(made.as_deref()) {
        if token.len() < 32 {
            tracing::warn!(
                "STAGEHOOK_ADMIN_TOKEN is short: it opens everything, and can be guessed"
            );
        }
        store
            .ensure_token("admin", Role::Admin, &Digest::of(token.as_bytes()))
            .await
            .context("the administrator's token cannot be kept")?;
    }
    Ok(made)
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .context("the system gives no random bytes")?;
    let mut token = String::from("sthk_");
    for byte in bytes {
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

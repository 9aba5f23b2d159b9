//! How fast a hook's deliveries are claimed, whichever server claims them.

use super::hook::ensure;
use crate::database::{Connection, args, for_update};
use crate::document::{self, Row};
use crate::error::{Entity, Result};
use chrono::{DateTime, Utc};
use stagehook_core::delivery::{RateLimit, RateWindow};
use stagehook_core::ids::HookId;

/// The rate of a hook, and what it began lately; nobody else's to change until
/// the transaction ends.
#[derive(Debug)]
pub(super) struct Rate {
    hook: HookId,
    limit: RateLimit,
    window: RateWindow,
    /// The window as it is stored.
    stored: RateWindow,
}

impl Rate {
    pub(super) async fn read(
        connection: &mut Connection,
        hook: HookId,
        limit: RateLimit,
    ) -> Result<Self> {
        ensure(connection, hook).await?;
        let (window,): (Option<String>,) = connection
            .one(
                for_update!("SELECT rate_window FROM hook_deliveries WHERE hook_id = $1"),
                args![hook.get()],
            )
            .await?;
        let read = Row::new(Entity::Hook, hook);
        let window = match window {
            Some(window) => read.document("rate_window", &window)?,
            None => RateWindow::default(),
        };
        Ok(Self {
            hook,
            limit,
            stored: window.clone(),
            window,
        })
    }

    /// How many may begin now.
    pub(super) fn free(&mut self, now: DateTime<Utc>) -> u32 {
        self.window.free(self.limit, now)
    }

    /// Keeps that so many begin now. Answers when the next may, where none may
    /// any more.
    pub(super) async fn begin(
        mut self,
        connection: &mut Connection,
        now: DateTime<Utc>,
        begun: u64,
    ) -> Result<Option<DateTime<Utc>>> {
        let begun = u32::try_from(begun).unwrap_or(u32::MAX);
        self.window.begin(self.limit, now, begun);
        // Also where none began: what was noted for later than now, by another clock
        // or in the longer parts of another rate, would be as late next time.
        if self.window != self.stored {
            connection
                .execute(
                    "UPDATE hook_deliveries SET rate_window = $2 WHERE hook_id = $1",
                    args![self.hook.get(), document::write(&self.window)?],
                )
                .await?;
        }
        Ok(self.window.next_at(self.limit))
    }
}

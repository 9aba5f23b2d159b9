//! Scripts that are over at once, as most are.
//!
//! The thread that starts a script waits for a moment whether it ends. One that
//! does is never watched over by the runtime: no descriptor is registered, no
//! timer set, no task woken for what it prints, and no second thread taken for its
//! result and its directory. On a busy machine each of these is a turn of the
//! scheduler.
//!
//! Meanwhile nobody listens: what it prints waits in its pipes, and where these
//! are full, so does the script.

use super::start::{Finished, Rest, Started};
use super::sys::Reaped;
use super::tree::{Pipes, Tree};
use std::io;
use std::time::{Duration, Instant};

/// How long it may take: no longer than the watchdog, a deadline, or a cancel can
/// wait.
const PATIENCE: Duration = Duration::from_millis(5);

/// A run that has begun.
#[derive(Debug)]
pub(super) enum Begun {
    /// It has ended already; what it printed is in its pipes.
    Over(Option<Reaped>, Pipes, Finished),
    /// It has to be watched over.
    Runs(Tree, Pipes, Rest),
}

impl Started {
    /// Tells it its input, and waits for its end for a moment.
    pub(super) fn at_once(self, deadline: Instant) -> io::Result<Begun> {
        let Self {
            tree,
            mut pipes,
            mut rest,
        } = self;
        rest.told = pipes.tell(rest.untold());
        let patience = PATIENCE.min(deadline.saturating_duration_since(Instant::now()));
        let is_over = tree.ends_within(patience) && tree.refused().is_none() && tree.is_over();
        if !is_over {
            return Ok(Begun::Runs(tree, pipes, rest));
        }
        let leader = tree.reap()?;
        Ok(Begun::Over(leader, pipes, rest.finish(true)))
    }
}

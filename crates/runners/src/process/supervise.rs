//! Watches over one process tree: feeds it, listens to it, and ends it.

use super::lines::Lines;
use super::sys::Reaped;
use super::tree::{Pipes, Tree};
use super::watchdog::{Breach, Seen, Watchdog};
use crate::kept::Kept;
use rustix::fs::{OFlags, fcntl_setfl};
use stagehook_core::config::ScriptLimitsInForce;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long what a hook left running may take to end after the hook itself
/// did: it has no claim to the full grace.
const LEFTOVER_GRACE: Duration = Duration::from_millis(100);
/// Read at once.
const CHUNK_BYTES: usize = 32 * 1024;
/// Most that is read of a pipe after the hook ended: what a pipe can hold.
/// More can only come from somebody who still writes.
const REST_BYTES: usize = 1 << 20;

/// When and how a tree is ended.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    /// Passing it ends the hook.
    pub(super) deadline: Instant,
    /// So does this.
    pub(super) cancel: &'a CancellationToken,
    /// From TERM to KILL.
    pub(super) grace: Duration,
    /// How much all processes may use, and what is kept of each stream.
    pub(super) limits: ScriptLimitsInForce,
}

/// What is said to a tree, and who hears what it says, beside what is kept.
pub(super) struct Talk<'a> {
    pub(super) input: &'a [u8],
    pub(super) stdout: Lines<'a>,
    pub(super) stderr: Lines<'a>,
}

/// What is heard of one of its streams.
struct Heard<'a> {
    kept: Kept,
    lines: Lines<'a>,
}

/// Why the leader ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// By itself.
    OfItsOwn,
    /// It passed its deadline.
    Deadline,
    /// Somebody cancelled it.
    Cancelled,
    /// It passed a limit.
    Breach(Breach),
}

/// What is known when everything has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    /// Whether nothing had to be ended.
    pub(super) alone: bool,
    /// `None` when the leader could not be reaped.
    pub(super) leader: Option<Reaped>,
    /// What all processes were seen to use.
    pub(super) seen: Seen,
    pub(super) stdout: Kept,
    pub(super) stderr: Kept,
}

/// Runs a tree to its end. When this returns nothing of it is left.
///
/// Everything happens at once, so that a script may read and write in any
/// order or not at all. The end of the *leader* counts, not the end of its
/// output: somebody else may hold the pipes open.
pub(super) async fn supervise(
    tree: Tree,
    pipes: Pipes,
    talk: Talk<'_>,
    terms: Terms<'_>,
) -> io::Result<Ended> {
    let stdin = pipes.stdin.map(Sender::from_owned_fd).transpose()?;
    let out = Receiver::from_owned_fd(pipes.stdout)?;
    let err = Receiver::from_owned_fd(pipes.stderr)?;
    let mut stdout = Heard::new(talk.stdout, terms.limits.output_bytes);
    let mut stderr = Heard::new(talk.stderr, terms.limits.output_bytes);
    let mut watchdog = Watchdog::new(terms.limits);

    let (end, alone) = {
        let talk = async {
            tokio::join!(
                feed(stdin, talk.input),
                stdout.listen(&out),
                stderr.listen(&err),
            );
            std::future::pending::<()>().await;
        };
        let watch = async {
            let end = tokio::select! {
                biased;
                ended = tree.leader_ended() => ended.map(|()| End::OfItsOwn)?,
                () = terms.cancel.cancelled() => End::Cancelled,
                () = tokio::time::sleep_until(terms.deadline) => End::Deadline,
                breach = watchdog.watch(&tree) => End::Breach(breach),
            };
            // Whatever it made of it.
            let end = match tree.refused() {
                Some(refused) if end == End::OfItsOwn => End::Breach(watchdog.refused(refused)),
                _ => end,
            };
            // Meanwhile it is still listened to: what it prints on TERM is
            // kept, and a full pipe does not hold it up.
            let alone = end == End::OfItsOwn && tree.is_over();
            match end {
                End::OfItsOwn if alone => {}
                End::OfItsOwn => tree.end(LEFTOVER_GRACE).await,
                End::Deadline | End::Cancelled => tree.end(terms.grace).await,
                // It would use the grace to take more.
                End::Breach(_) => tree.kill().await,
            }
            io::Result::Ok((end, alone))
        };
        tokio::select! {
            biased;
            end = watch => end?,
            () = talk => (End::OfItsOwn, false),
        }
    };
    Ok(Ended {
        end,
        alone,
        leader: tree.reap()?,
        seen: watchdog.seen(),
        stdout: stdout.finish(&out),
        stderr: stderr.finish(&err),
    })
}

/// What is known of one that has ended by itself, and of which nothing is left.
pub(super) fn over(
    leader: Option<Reaped>,
    pipes: &Pipes,
    talk: Talk<'_>,
    limits: &ScriptLimitsInForce,
) -> io::Result<Ended> {
    let hear = |pipe, lines| {
        // Somebody else may hold the other end.
        fcntl_setfl(pipe, OFlags::NONBLOCK)?;
        io::Result::Ok(Heard::new(lines, limits.output_bytes).finish(pipe))
    };
    Ok(Ended {
        end: End::OfItsOwn,
        alone: true,
        leader,
        seen: Seen::default(),
        stdout: hear(&pipes.stdout, talk.stdout)?,
        stderr: hear(&pipes.stderr, talk.stderr)?,
    })
}

/// Writes the input and closes the pipe. A hook that does not read it all has
/// every right not to.
async fn feed(stdin: Option<Sender>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
    }
}

impl<'a> Heard<'a> {
    fn new(lines: Lines<'a>, kept_bytes: usize) -> Self {
        Self {
            kept: Kept::new(kept_bytes),
            lines,
        }
    }

    fn push(&mut self, printed: &[u8]) {
        self.kept.push(printed);
        self.lines.push(printed);
    }

    async fn listen(&mut self, pipe: &Receiver) {
        let mut buffer = vec![0; CHUNK_BYTES];
        while pipe.readable().await.is_ok() {
            match pipe.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => self.push(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => break,
            }
        }
    }

    /// Takes what is in the pipe now, and no more.
    fn finish(mut self, pipe: impl AsFd) -> Kept {
        let mut buffer = vec![0; CHUNK_BYTES];
        let mut rest = REST_BYTES;
        while rest > 0 {
            // Straight from the pipe: what tokio knows of its readiness may be
            // older than the last bytes.
            match rustix::io::read(&pipe, &mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    self.push(&buffer[..read]);
                    rest = rest.saturating_sub(read);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
        self.lines.finish();
        self.kept
    }
}

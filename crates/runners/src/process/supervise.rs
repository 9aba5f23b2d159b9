//! Watches over one process tree: feeds it, listens to it, and ends it.

use super::sys::Reaped;
use super::tree::{Pipes, Tree};
use crate::kept::Kept;
use std::io;
use std::os::fd::OwnedFd;
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
    /// Kept of each stream.
    pub(super) output_bytes: usize,
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
}

/// What is known when everything has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: End,
    /// `None` when the leader could not be reaped.
    pub(super) leader: Option<Reaped>,
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
    input: &[u8],
    terms: Terms<'_>,
) -> io::Result<Ended> {
    let stdin = pipes.stdin.map(|pipe| Sender::from_owned_fd(pipe.into()));
    let stdin = stdin.transpose()?;
    let stdout = receiver(pipes.stdout)?;
    let stderr = receiver(pipes.stderr)?;
    let mut kept_stdout = Kept::new(terms.output_bytes);
    let mut kept_stderr = Kept::new(terms.output_bytes);

    let end = {
        let talk = async {
            tokio::join!(
                feed(stdin, input),
                listen(stdout.as_ref(), &mut kept_stdout),
                listen(stderr.as_ref(), &mut kept_stderr),
            );
            std::future::pending::<()>().await;
        };
        let watch = async {
            let end = tokio::select! {
                biased;
                ended = tree.leader_ended() => ended.map(|()| End::OfItsOwn)?,
                () = terms.cancel.cancelled() => End::Cancelled,
                () = tokio::time::sleep_until(terms.deadline) => End::Deadline,
            };
            // Meanwhile it is still listened to: what it prints on TERM is
            // kept, and a full pipe does not hold it up.
            match end {
                End::OfItsOwn => tree.end(LEFTOVER_GRACE).await,
                End::Deadline | End::Cancelled => tree.end(terms.grace).await,
            }
            io::Result::Ok(end)
        };
        tokio::select! {
            biased;
            end = watch => end?,
            () = talk => End::OfItsOwn,
        }
    };
    drain(stdout.as_ref(), &mut kept_stdout);
    drain(stderr.as_ref(), &mut kept_stderr);
    Ok(Ended {
        end,
        leader: tree.reap()?,
        stdout: kept_stdout,
        stderr: kept_stderr,
    })
}

fn receiver(pipe: Option<impl Into<OwnedFd>>) -> io::Result<Option<Receiver>> {
    pipe.map(|pipe| Receiver::from_owned_fd(pipe.into()))
        .transpose()
}

/// Writes the input and closes the pipe. A hook that does not read it all has
/// every right not to.
async fn feed(stdin: Option<Sender>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
    }
}

async fn listen(pipe: Option<&Receiver>, kept: &mut Kept) {
    let Some(pipe) = pipe else { return };
    let mut buffer = vec![0; CHUNK_BYTES];
    while pipe.readable().await.is_ok() {
        match pipe.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => kept.push(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
}

/// Takes what is in the pipe now.
fn drain(pipe: Option<&Receiver>, kept: &mut Kept) {
    let Some(pipe) = pipe else { return };
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut rest = REST_BYTES;
    while rest > 0 {
        // Straight from the pipe: what tokio knows of its readiness may be
        // older than the last bytes.
        match rustix::io::read(pipe, &mut buffer) {
            Ok(0) => break,
            Ok(read) => {
                kept.push(&buffer[..read]);
                rest = rest.saturating_sub(read);
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => break,
        }
    }
}

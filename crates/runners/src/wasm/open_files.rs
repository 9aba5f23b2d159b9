//! How many files guests hold open: never so many that the host itself, or a
//! neighbour, could not open one. REQ-WASM-2

use super::bounds;
use super::traffic::Breach;
use rustix::process::{Resource, getrlimit};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all calls together may hold open: half of what the process may.
const SHARE_OF_ALL: u64 = 2;
/// What one call may hold open: an eighth of what the process may.
const SHARE_OF_ONE: u64 = 8;

/// What the calls of a server may hold open.
#[derive(Debug)]
pub(super) struct FileLimits {
    of_all: Arc<Semaphore>,
    of_one: usize,
}

/// What a call holds open.
#[derive(Debug)]
pub(super) struct OpenFiles {
    of_all: Arc<Semaphore>,
    of_this: Arc<Semaphore>,
    allowed: usize,
    /// By the number of its handle.
    held: HashMap<u32, OpenFile>,
}

/// An open file. It is one until the last of its clones is gone.
pub(super) type OpenFile = Arc<(OwnedSemaphorePermit, OwnedSemaphorePermit)>;

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum TooMany {
    /// This call holds all that it may.
    #[error(transparent)]
    Own(Breach),
    /// All calls together hold all that they may.
    #[error(
        "the plugins that run at the same time hold all files open that this server's limit of \
         open files leaves them: raise it (ulimit -n, LimitNOFILE=), or run fewer at once"
    )]
    Everybodys,
}

impl FileLimits {
    /// As far as the process's limit goes now.
    pub(super) fn of_process() -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        let share = |of: u64| {
            limit.map_or(usize::MAX, |limit| {
                (limit / of).try_into().unwrap_or(usize::MAX)
            })
        };
        Self {
            of_all: Arc::new(Semaphore::new(
                share(SHARE_OF_ALL).min(Semaphore::MAX_PERMITS),
            )),
            of_one: share(SHARE_OF_ONE).min(bounds::HOST_RESOURCES),
        }
    }

    /// For a call, which holds nothing yet.
    pub(super) fn of_call(&self) -> OpenFiles {
        OpenFiles {
            of_all: Arc::clone(&self.of_all),
            of_this: Arc::new(Semaphore::new(self.of_one)),
            allowed: self.of_one,
            held: HashMap::new(),
        }
    }
}

impl OpenFiles {
    /// For a call that has no directories, and thus no files.
    pub(super) fn none() -> Self {
        FileLimits {
            of_all: Arc::new(Semaphore::new(0)),
            of_one: 0,
        }
        .of_call()
    }

    /// A place for one more.
    pub(super) fn place(&self) -> Result<OpenFile, TooMany> {
        let own = Arc::clone(&self.of_this).try_acquire_owned().map_err(|_| {
            let allowed = self.allowed as u64;
            TooMany::Own(Breach::new(
                "files open at the same time",
                allowed + 1,
                allowed,
            ))
        })?;
        let everybodys = Arc::clone(&self.of_all)
            .try_acquire_owned()
            .map_err(|_| TooMany::Everybodys)?;
        Ok(Arc::new((own, everybodys)))
    }

    /// The file behind this handle is open.
    pub(super) fn hold(&mut self, handle: u32, file: OpenFile) {
        self.held.insert(handle, file);
    }

    /// The file behind this handle, for a stream that keeps it open too. None:
    /// it was there before the call began.
    pub(super) fn held(&self, handle: u32) -> Option<OpenFile> {
        self.held.get(&handle).cloned()
    }

    /// This handle is gone.
    pub(super) fn release(&mut self, handle: u32) {
        self.held.remove(&handle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_once_until_all_that_keeps_it_open_is_gone() {
        let limits = FileLimits {
            of_all: Arc::new(Semaphore::new(3)),
            of_one: 2,
        };
        let (mut one, other) = (limits.of_call(), limits.of_call());
        one.hold(7, one.place().unwrap());
        let stream = one.held(7);
        one.release(7);
        let second = one.place().unwrap();
        let told = one.place().unwrap_err().to_string();
        assert_eq!(told, "files open at the same time: 3, where 2 are allowed");
        drop(stream);
        let third = one.place().unwrap();

        let of_other = other.place().unwrap();
        assert!(matches!(other.place(), Err(TooMany::Everybodys)));
        drop((second, third));
        other.place().unwrap();
        drop(of_other);
        assert!(matches!(OpenFiles::none().place(), Err(TooMany::Own(_))));
    }
}

//! Ways to take more than is given.

use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use stagehook_plugin_sdk::{Failure, Outcome, json, progress};

pub(crate) use calls::{
    open_files, poll, poll_forever, poll_one, random, random_forever, resources,
};

pub(crate) fn unreachable() -> ! {
    #[cfg(target_family = "wasm")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_family = "wasm"))]
    std::process::abort();
}

pub(crate) fn loop_forever() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

pub(crate) fn loop_in_host() -> ! {
    loop {
        progress(None, None);
    }
}

pub(crate) fn allocate(mib: Option<usize>) -> Outcome {
    let mut kept = Vec::new();
    while mib.is_none_or(|mib| kept.len() < mib) {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
    Outcome::pass().patch(&json!({"allocated_mib": kept.len()}))
}

/// Never set; but the compiler does not know.
static ENOUGH: AtomicBool = AtomicBool::new(false);

/// Keeps nothing in memory, so that the stack of calls ends and not a stack of
/// the guest's own. No loop can be made of it.
fn deeper(depth: u64) -> u64 {
    if ENOUGH.load(Ordering::Relaxed) {
        return depth;
    }
    deeper(depth + 1).rotate_left(7) ^ depth
}

pub(crate) fn recurse() -> Outcome {
    Outcome::pass().patch(&json!({"depth": deeper(0)}))
}

pub(crate) fn print(mut output: impl Write, bytes: usize) -> Result<Outcome, Failure> {
    let chunk = [b'p'; 4096];
    let mut left = bytes;
    output.write_all(b"<head>")?;
    while left > 0 {
        let part = left.min(chunk.len());
        output.write_all(&chunk[..part])?;
        left -= part;
    }
    output.write_all(b"<tail>\n")?;
    output.flush()?;
    Ok(Outcome::pass())
}

/// Whether memory held a canary of an earlier instance. Memory that this
/// instance has just allocated should be zeroes.
pub(crate) fn canary() -> Outcome {
    const CANARY: [u8; 16] = *b"canary-of-tenant";
    let mut memory: Vec<u8> = vec![0; 4 << 20];
    // Stored in two halves, so that this constant itself is not found.
    let found = black_box(&mut memory)
        .windows(CANARY.len())
        .any(|window| window == CANARY);
    for chunk in memory.chunks_exact_mut(CANARY.len()) {
        chunk.copy_from_slice(&CANARY);
    }
    black_box(&memory);
    Outcome::pass().patch(&json!({"found": found}))
}

pub(crate) fn work(rounds: u64) -> Outcome {
    let mut sum = 0_u64;
    for round in 0..rounds {
        sum = black_box(sum.wrapping_mul(31).wrapping_add(round));
    }
    Outcome::pass().patch(&json!({"sum": sum.to_string()}))
}

/// Calls that only a host of components answers.
#[cfg(target_family = "wasm")]
mod calls {
    use stagehook_plugin_sdk::{Outcome, json};
    use wasip2::clocks::monotonic_clock::subscribe_duration;
    use wasip2::filesystem::preopens::get_directories;
    use wasip2::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
    use wasip2::io::poll::{Pollable, poll as wait};
    use wasip2::random::random::get_random_bytes;

    fn timers(count: usize, nanoseconds: u64) -> Vec<Pollable> {
        (0..count)
            .map(|_| subscribe_duration(nanoseconds))
            .collect()
    }

    pub(crate) fn resources(count: usize) -> Outcome {
        let kept = timers(count, 1);
        Outcome::pass().patch(&json!({"resources": kept.len()}))
    }

    pub(crate) fn open_files(
        directory: &str,
        name: &str,
        count: usize,
        keeps_streams: bool,
    ) -> Outcome {
        let (mut files, mut streams, mut error) = (Vec::new(), Vec::new(), None);
        let directories = get_directories();
        let directory = directories.iter().find(|(_, path)| path == directory);
        for _ in 0..count {
            let opened = directory.map(|(directory, _)| {
                directory.open_at(
                    PathFlags::empty(),
                    name,
                    OpenFlags::empty(),
                    DescriptorFlags::READ,
                )
            });
            match opened {
                Some(Ok(file)) if keeps_streams => streams.extend(file.read_via_stream(0)),
                Some(Ok(file)) => files.push(file),
                Some(Err(code)) => error = Some(code.name().to_owned()),
                None => error = Some("no such directory".to_owned()),
            }
        }
        Outcome::pass().patch(&json!({"open": files.len() + streams.len(), "error": error}))
    }

    pub(crate) fn poll(count: usize, ms: u64) -> Outcome {
        let timers = timers(count, ms * 1_000_000);
        let over = wait(&timers.iter().collect::<Vec<_>>());
        Outcome::pass().patch(&json!({"over": over.len()}))
    }

    pub(crate) fn poll_forever(count: usize) -> Outcome {
        let timers = timers(count, 0);
        let all: Vec<_> = timers.iter().collect();
        loop {
            wait(&all);
        }
    }

    pub(crate) fn poll_one(times: usize) -> Outcome {
        let timer = subscribe_duration(1);
        let over = wait(&vec![&timer; times]);
        Outcome::pass().patch(&json!({"over": over.len()}))
    }

    pub(crate) fn random(bytes: u64) -> Outcome {
        Outcome::pass().patch(&json!({"random": get_random_bytes(bytes).len()}))
    }

    pub(crate) fn random_forever(bytes: u64) -> Outcome {
        loop {
            get_random_bytes(bytes);
        }
    }
}

#[cfg(not(target_family = "wasm"))]
mod calls {
    use stagehook_plugin_sdk::Outcome;

    fn elsewhere() -> Outcome {
        Outcome::skip("only in the sandbox")
    }

    pub(crate) fn resources(_count: usize) -> Outcome {
        elsewhere()
    }

    pub(crate) fn open_files(
        _directory: &str,
        _name: &str,
        _count: usize,
        _keeps_streams: bool,
    ) -> Outcome {
        elsewhere()
    }

    pub(crate) fn poll(_count: usize, _ms: u64) -> Outcome {
        elsewhere()
    }

    pub(crate) fn poll_forever(_count: usize) -> Outcome {
        elsewhere()
    }

    pub(crate) fn poll_one(_times: usize) -> Outcome {
        elsewhere()
    }

    pub(crate) fn random(_bytes: u64) -> Outcome {
        elsewhere()
    }

    pub(crate) fn random_forever(_bytes: u64) -> Outcome {
        elsewhere()
    }
}

//! Counts the keys of the metadata and the characters of their values, as
//! `bench/plugins/count-rust` does, for Extism.
//!
//! Written against Extism's host functions themselves: its own kit for plugins
//! needs a target that nothing else here does. Memory is never given back, for
//! every call has a plugin of its own.

#![no_std]

extern crate alloc;

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};
use serde_json::{Map, Value, json};

#[link(wasm_import_module = "extism:host/env")]
unsafe extern "C" {
    fn input_length() -> u64;
    fn input_load_u8(at: u64) -> u8;
    fn input_load_u64(at: u64) -> u64;
    fn alloc(bytes: u64) -> u64;
    fn store_u8(at: u64, byte: u8);
    fn output_set(at: u64, bytes: u64);
}

// For `memcmp` and its like, which this target's core library expects there.
#[link(name = "c")]
unsafe extern "C" {}

struct Bump(AtomicUsize);

unsafe extern "C" {
    static __heap_base: u8;
}

// SAFETY: addresses only rise, on the one thread that there is, within memory
// that was grown for them.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        const PAGE: usize = 65_536;
        let mut free = self.0.load(Ordering::Relaxed);
        if free == 0 {
            free = (&raw const __heap_base).addr();
        }
        let start = free.next_multiple_of(layout.align());
        let end = start + layout.size();
        let pages = core::arch::wasm32::memory_size(0);
        if end > pages * PAGE {
            let more = (end - pages * PAGE).div_ceil(PAGE);
            if core::arch::wasm32::memory_grow(0, more) == usize::MAX {
                return core::ptr::null_mut();
            }
        }
        self.0.store(end, Ordering::Relaxed);
        core::ptr::with_exposed_provenance_mut(start)
    }

    unsafe fn dealloc(&self, _at: *mut u8, _layout: Layout) {}
}

#[global_allocator]
static HEAP: Bump = Bump(AtomicUsize::new(0));

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

fn input() -> Vec<u8> {
    // SAFETY: within the length that the host says.
    unsafe {
        let length = input_length();
        let mut bytes = Vec::with_capacity(length as usize);
        for at in (0..length / 8).map(|word| word * 8) {
            bytes.extend_from_slice(&input_load_u64(at).to_le_bytes());
        }
        for at in length / 8 * 8..length {
            bytes.push(input_load_u8(at));
        }
        bytes
    }
}

/// The one function.
#[unsafe(no_mangle)]
pub extern "C" fn count() -> i32 {
    let Ok(metadata) = serde_json::from_slice::<Map<_, Value>>(&input()) else {
        return 1;
    };
    let characters: usize = metadata
        .values()
        .filter_map(Value::as_str)
        .map(|text| text.chars().count())
        .sum();
    let counted = json!({"counted": {"keys": metadata.len(), "characters": characters}});
    let Ok(output) = serde_json::to_vec(&counted) else {
        return 2;
    };
    // SAFETY: within what was allocated just now.
    unsafe {
        let at = alloc(output.len() as u64);
        for (offset, byte) in output.iter().enumerate() {
            store_u8(at + offset as u64, *byte);
        }
        output_set(at, output.len() as u64);
    }
    0
}

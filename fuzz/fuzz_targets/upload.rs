//! A component that is uploaded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stagehook_hostile::entry::Entry;
use std::sync::LazyLock;

static ENTRY: LazyLock<Entry> = LazyLock::new(Entry::new);

fuzz_target!(|bytes: &[u8]| ENTRY.upload(bytes));

//! A manifest, as it is kept and moved.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stagehook_hostile::entry;

fuzz_target!(|bytes: &[u8]| entry::manifest(bytes));

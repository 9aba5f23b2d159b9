//! A URL of a webhook, and what its name resolves to.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stagehook_hostile::entry;

fuzz_target!(|bytes: &[u8]| entry::destination(bytes));

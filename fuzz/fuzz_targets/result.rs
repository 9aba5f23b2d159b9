//! A result that a script wrote, or a receiver answered.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stagehook_hostile::entry;

fuzz_target!(|bytes: &[u8]| entry::result(bytes));

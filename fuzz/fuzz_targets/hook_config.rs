//! A config of a hook, settings and grants of plugins included.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stagehook_hostile::entry;

fuzz_target!(|bytes: &[u8]| entry::hook_config(bytes));

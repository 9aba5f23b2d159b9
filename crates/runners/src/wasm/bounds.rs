//! Bounds that no hook and no operator moves.

use std::time::Duration;

/// Stack of WebAssembly frames, in bytes.
pub(super) const WASM_STACK_BYTES: usize = 1 << 20;
/// Stack of one call, the frames of host functions included, in bytes.
pub(super) const CALL_STACK_BYTES: usize = 2 << 20;
/// What a guest may hand to the host in one call, in bytes. Above the largest
/// result, so that a result somewhat too large is told as such.
pub(super) const HOST_CALL_BYTES: usize = 4 << 20;
/// Random bytes that a guest may ask for at once.
pub(super) const RANDOM_BYTES: u64 = 1 << 20;
/// Host resources (open files, streams, …) that a guest may hold at once.
pub(super) const HOST_RESOURCES: usize = 4_096;
/// Core modules in one component. Python components have dozens.
pub(super) const INSTANCES: u32 = 256;
/// Memories of one component.
pub(super) const MEMORIES: u32 = 32;
/// Tables of one component.
pub(super) const TABLES: u32 = 128;
/// Entries of one table.
pub(super) const TABLE_ENTRIES: usize = 200_000;
/// One log message, in bytes; the rest is cut off.
pub(super) const LOG_MESSAGE_BYTES: usize = 8 << 10;
/// A guest's own words within an error, in bytes.
pub(super) const ERROR_BYTES: usize = 4 << 10;
/// HTTP requests of one call, those that are refused included.
pub(super) const HTTP_REQUESTS: u64 = 100;
/// HTTP requests under way at once, until the end of their answers.
pub(super) const HTTP_REQUESTS_AT_ONCE: u64 = 8;
/// Bodies of all HTTP requests of one call, in bytes.
pub(super) const HTTP_BYTES_SENT: u64 = 10 << 20;
/// Bodies of all answers to them, in bytes.
pub(super) const HTTP_BYTES_RECEIVED: u64 = 50 << 20;
/// How often running guests make room for others, and look at their deadline.
pub(super) const TICK: Duration = Duration::from_millis(1);

/// Cuts a guest's text to at most this many bytes, at a character, and says so.
/// NUL, which not every database can keep, becomes U+FFFD.
pub(super) fn cut(mut text: String, bytes: usize) -> String {
    if text.contains('\0') {
        text = text.replace('\0', "\u{fffd}");
    }
    if text.len() > bytes {
        let end = text.floor_char_boundary(bytes);
        let dropped = text.len() - end;
        text.truncate(end);
        text.push_str("… (");
        text.push_str(&dropped.to_string());
        text.push_str(" bytes cut)");
    }
    text
}

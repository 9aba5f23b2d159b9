//! One bound over everything that a store allocates. REQ-WASM-2
//!
//! The engine's own limits are for each memory and each table apart; a guest
//! with fifty memories would get fifty times as much.

use super::bounds;
use wasmtime::ResourceLimiter;

const TABLE_ENTRY_BYTES: usize = size_of::<usize>();

#[derive(Debug)]
pub(super) struct Limiter {
    limit_bytes: usize,
    used_bytes: usize,
    peak_bytes: usize,
    /// To be taken back if the engine cannot do what was allowed.
    last_grown_bytes: usize,
    is_denied: bool,
}

impl Limiter {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            used_bytes: 0,
            peak_bytes: 0,
            last_grown_bytes: 0,
            is_denied: false,
        }
    }

    /// Most that was in use at once, in bytes.
    pub(super) fn peak_bytes(&self) -> usize {
        self.peak_bytes
    }

    /// Whether the last growth that was asked for was refused: what went wrong
    /// after that is for want of memory.
    pub(super) fn is_denied(&self) -> bool {
        self.is_denied
    }

    fn grow(&mut self, by_bytes: usize) -> bool {
        let wanted = self.used_bytes.saturating_add(by_bytes);
        self.is_denied = wanted > self.limit_bytes;
        self.last_grown_bytes = if self.is_denied { 0 } else { by_bytes };
        if !self.is_denied {
            self.used_bytes = wanted;
            self.peak_bytes = self.peak_bytes.max(wanted);
        }
        !self.is_denied
    }

    fn failed_to_grow(&mut self) {
        self.used_bytes -= std::mem::take(&mut self.last_grown_bytes);
        self.is_denied = true;
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.failed_to_grow();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let entries = desired.saturating_sub(current);
        Ok(self.grow(entries.saturating_mul(TABLE_ENTRY_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.failed_to_grow();
        Ok(())
    }

    fn instances(&self) -> usize {
        bounds::INSTANCES as usize
    }

    fn tables(&self) -> usize {
        bounds::TABLES as usize
    }

    fn memories(&self) -> usize {
        bounds::MEMORIES as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn memories_and_tables_share_one_bound() {
        let mut limiter = Limiter::new(4 * MIB);
        for _ in 0..3 {
            assert!(limiter.memory_growing(0, MIB, None).unwrap());
        }
        assert!(limiter.table_growing(0, MIB / 16, None).unwrap());
        assert!(!limiter.memory_growing(0, MIB, None).unwrap());
        assert!(limiter.is_denied());
        assert_eq!(limiter.peak_bytes(), 3 * MIB + MIB / 2);
    }

    #[test]
    fn what_could_not_be_done_is_given_back() {
        let mut limiter = Limiter::new(MIB);
        assert!(limiter.memory_growing(0, MIB, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no more pages"))
            .unwrap();
        assert!(limiter.is_denied());
        assert!(limiter.memory_growing(0, MIB, None).unwrap());
        assert!(!limiter.is_denied());
    }
}

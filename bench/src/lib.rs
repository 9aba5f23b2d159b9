//! What several benchmarks need.

pub mod latencies;

//! What several benchmarks need.

pub mod latencies;
pub mod load;
pub mod options;
pub mod server;

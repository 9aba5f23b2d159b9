//! What a call through Extism takes, with a fresh plugin for every call as our
//! runner has a fresh instance: the same work as `wasm-languages` measures, on
//! the same payloads, compiled once, with a fuel limit and a timeout.
//!
//! ```sh
//! scripts/bench extism
//! ```

use anyhow::{Context as _, Result, ensure};
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The same as those of `wasm-languages`.
const PAYLOADS: [(&str, usize); 3] = [("100 B", 100), ("10 KB", 10_000), ("1 MB", 1_000_000)];
const MEASURED_FOR: Duration = Duration::from_secs(4);

fn main() -> Result<()> {
    let path = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .context("which module?")?;
    let manifest = Manifest::new([Wasm::data(std::fs::read(&path)?)]).with_timeout(Duration::from_secs(30));
    let builder = PluginBuilder::new(manifest).with_fuel_limit(10_000_000_000);
    let compiled = CompiledPlugin::new(builder)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "| payload | Extism us |\n| --- | ---: |")?;
    for (name, bytes) in PAYLOADS {
        let payload = payload(bytes)?;
        let mut times = Vec::new();
        let started = Instant::now();
        while started.elapsed() < MEASURED_FOR || times.len() < 50 {
            let before = Instant::now();
            let mut plugin = Plugin::new_from_compiled(&compiled)?;
            let output: Vec<u8> = plugin.call("count", payload.as_bytes())?;
            drop(plugin);
            times.push(before.elapsed());
            ensure!(output.starts_with(b"{\"counted\":{"), "another answer");
        }
        times.sort();
        let median = times[times.len() / 2];
        writeln!(out, "| {name} | {:.1} |", median.as_secs_f64() * 1e6)?;
    }
    Ok(())
}

fn payload(bytes: usize) -> Result<String> {
    let mut metadata = Map::new();
    let mut length = 2;
    while length < bytes {
        let key = format!("key_{:05}", metadata.len());
        let value = json!("a value of some length, as metadata has");
        length += key.len() + 47;
        metadata.insert(key, value);
    }
    Ok(serde_json::to_string(&Value::Object(metadata))?)
}

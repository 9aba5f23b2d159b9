//! What the runner costs over a bare wasmtime loop that makes the same call.
//!
//! Both run the same component with the same engine options, pool, fuel, epoch,
//! memory limiter and WASI context, and make a fresh store and a fresh instance
//! for every call. The bare loop gets its arguments ready-made and looks at
//! nothing it is answered, beyond that it is no failure. The runner serializes
//! the metadata, checks the answer, bounds output, carries a deadline and a
//! cancellation token, and measures.
//!
//! The two take turns in short blocks, so that whatever else the machine does
//! happens to both; the table shows the median block of each.
//!
//! ```sh
//! make plugins
//! cargo run --release -p stagehook-bench --bin wasm-call
//! ```

mod bare;
mod ours;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const BLOCKS: usize = 60;
const CALLS_PER_BLOCK: u32 = 400;
const WARM_UP_CALLS: u32 = 2_000;

/// One call to be measured.
struct Scenario {
    name: &'static str,
    metadata: Map<String, Value>,
    settings: Map<String, Value>,
}

fn scenarios() -> Vec<Scenario> {
    let metadata_of = |bytes: usize| {
        let mut metadata = Map::new();
        while serde_json::to_string(&metadata).map_or(0, |text| text.len()) < bytes {
            let key = format!("key_{:04}", metadata.len());
            metadata.insert(key, json!("a value of some length, as metadata has"));
        }
        metadata
    };
    let settings = |value: Value| match value {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    vec![
        Scenario {
            name: "skip, 100 B of metadata",
            metadata: metadata_of(60),
            settings: settings(json!({"do": "skip"})),
        },
        Scenario {
            name: "patch, 100 B of metadata",
            metadata: metadata_of(60),
            settings: settings(json!({"do": "everything"})),
        },
        Scenario {
            name: "skip, 10 KB of metadata",
            metadata: metadata_of(10_000),
            settings: settings(json!({"do": "skip"})),
        },
        Scenario {
            name: "1 M rounds of work",
            metadata: metadata_of(60),
            settings: settings(json!({"do": "work", "rounds": 1_000_000})),
        },
    ]
}

struct Measured {
    bare: Duration,
    ours: Duration,
}

async fn measure(
    bare: &bare::Bare,
    ours: &ours::Ours,
    scenario: &Scenario,
    calls: u32,
) -> Result<Measured> {
    let bare_call = bare::Call::new(scenario);
    let our_call = ours::Call::new(scenario)?;
    let (mut bare_blocks, mut our_blocks) = (Vec::new(), Vec::new());
    for _ in 0..WARM_UP_CALLS.min(calls * 4) {
        bare.call(&bare_call).await?;
        ours.call(&our_call).await?;
    }
    for _ in 0..BLOCKS {
        let started = Instant::now();
        for _ in 0..calls {
            bare.call(&bare_call).await?;
        }
        bare_blocks.push(started.elapsed() / calls);
        let started = Instant::now();
        for _ in 0..calls {
            ours.call(&our_call).await?;
        }
        our_blocks.push(started.elapsed() / calls);
    }
    Ok(Measured {
        bare: median(bare_blocks),
        ours: median(our_blocks),
    })
}

fn median(mut blocks: Vec<Duration>) -> Duration {
    blocks.sort();
    blocks[blocks.len() / 2]
}

fn component() -> Result<bytes::Bytes> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target"),
        PathBuf::from,
    );
    let path = target.join("wasm32-wasip2/release/test_guest.wasm");
    let component = std::fs::read(&path)
        .with_context(|| format!("cannot read {}: run `make plugins`", path.display()))?;
    Ok(component.into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let component = component()?;
    let bare = bare::Bare::new(&component)?;
    let ours = ours::Ours::new(component).await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:<28} {:>12} {:>12} {:>8}",
        "call", "bare (us)", "runner (us)", "ratio"
    )?;
    for scenario in scenarios() {
        let calls = if scenario.settings["do"] == "work" {
            20
        } else {
            CALLS_PER_BLOCK
        };
        let Measured {
            bare: bare_time,
            ours: our_time,
        } = measure(&bare, &ours, &scenario, calls).await?;
        writeln!(
            out,
            "{:<28} {:>12.2} {:>12.2} {:>7.3}x",
            scenario.name,
            bare_time.as_secs_f64() * 1e6,
            our_time.as_secs_f64() * 1e6,
            our_time.as_secs_f64() / bare_time.as_secs_f64(),
        )?;
    }
    Ok(())
}

//! Where a case is carried out, beside a neighbour.

use crate::case::{Act, Case, Expected, Guest};
use crate::host;
use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use stagehook_core::config::WasmConfig;
use stagehook_core::execution::{Execution, ExecutionStatus};
use stagehook_runners::wasm::{
    PreparedPlugin, SettingsError, UploadError, WasmRunner, WasmSettings,
};
use stagehook_runners::{Invocation, Secrets};
use stagehook_test_support::hook::{component, input, wasm_config};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Numbers that the neighbour adds up, and their sum as the guest has it.
const NEIGHBOUR_ROUNDS: u64 = 1_000;

/// What became of a case.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub ended: Expected,
    /// What the error says; empty where there is none.
    pub told: String,
    /// The execution, where there was one.
    pub execution: Option<Execution>,
    /// How long it took.
    pub took: Duration,
    /// What the host took for it at most, in bytes.
    pub host_bytes: u64,
}

impl Outcome {
    /// Whether that is what had to become of it.
    ///
    /// # Errors
    ///
    /// What is other than expected.
    pub fn judge(&self, case: &Case) -> Result<()> {
        let told = &self.told;
        ensure!(
            case.expected.is_met_by(self.ended),
            "ended as {:?} instead of {:?}: {told}",
            self.ended,
            case.expected
        );
        ensure!(
            case.told.split(" or ").any(|said| told.contains(said)),
            "`{told}` does not say `{}`",
            case.told
        );
        ensure!(told.len() < 5_000, "the error has {} bytes", told.len());
        ensure!(!told.contains('\0'), "there is a NUL in `{told}`");
        ensure!(self.took <= case.within, "it took {:?}", self.took);
        ensure!(
            self.host_bytes <= case.host_bytes,
            "the host took {} MiB",
            self.host_bytes >> 20
        );
        Ok(())
    }
}

/// Whoever attacks, ready to.
#[derive(Debug)]
pub enum Attacker {
    /// To be uploaded.
    Component(Bytes),
    /// To be called.
    Plugin(PreparedPlugin),
}

/// One server's runner, a neighbour on it, and whoever attacks.
#[derive(Debug)]
pub struct Arena {
    runner: WasmRunner,
    neighbour: PreparedPlugin,
    work: WasmConfig,
    sum: String,
}

impl Arena {
    /// A runner with the neighbour's plugin ready.
    ///
    /// # Errors
    ///
    /// Where the host cannot run plugins at all.
    pub async fn new(settings: WasmSettings) -> Result<Self> {
        let runner = WasmRunner::new(settings, Secrets::default())?;
        let neighbour = runner.prepare(component("test_guest")).await?;
        let sum = (0..NEIGHBOUR_ROUNDS)
            .fold(0_u64, |sum, round| sum.wrapping_mul(31).wrapping_add(round));
        Ok(Self {
            neighbour,
            work: wasm_config(json!({"settings": {"do": "work", "rounds": NEIGHBOUR_ROUNDS}})),
            sum: sum.to_string(),
            runner,
        })
    }

    /// The runner.
    pub fn runner(&self) -> &WasmRunner {
        &self.runner
    }

    /// A call of the neighbour.
    ///
    /// # Errors
    ///
    /// When its answer is not the right one.
    pub async fn neighbour(&self) -> Result<()> {
        let execution = self.execute(&self.work, &self.neighbour).await?;
        let sum = execution
            .result
            .as_ref()
            .and_then(|result| result.metadata.get("sum"));
        ensure!(
            execution.status == ExecutionStatus::Passed
                && sum.and_then(Value::as_str) == Some(&self.sum),
            "the neighbour was disturbed: {execution:?}"
        );
        Ok(())
    }

    /// Makes whatever attacks: reads or encodes it and, if it is to run,
    /// compiles it.
    ///
    /// # Errors
    ///
    /// When the host breaks, or the attacker is none that could attack.
    pub async fn ready(&self, case: &Case) -> Result<Attacker> {
        let component = match case.guest {
            Guest::Built(name) => component(name),
            Guest::Made(make) => make().into(),
        };
        if matches!(case.act, Act::Upload) {
            return Ok(Attacker::Component(component));
        }
        Ok(Attacker::Plugin(self.runner.prepare(component).await?))
    }

    /// Carries a case out.
    ///
    /// # Errors
    ///
    /// When the host breaks.
    pub async fn attack(&self, case: &Case, attacker: &Attacker) -> Result<Outcome> {
        match (&case.act, attacker) {
            (Act::Upload, Attacker::Component(component)) => self.upload(component.clone()).await,
            (Act::Run(hook), Attacker::Plugin(plugin)) => {
                let config = wasm_config(hook.clone());
                let watch = Watch::start()?;
                let execution = self.execute(&config, plugin).await?;
                watch.end(
                    Expected::Ends(execution.status),
                    execution.error.clone().unwrap_or_default(),
                    Some(execution),
                )
            }
            (Act::CheckSettings, Attacker::Plugin(plugin)) => {
                let watch = Watch::start()?;
                match self.runner.check_settings(plugin, &Map::new()).await {
                    Err(SettingsError::Unchecked(why)) => watch.end(Expected::Unchecked, why, None),
                    other => bail!("the settings were checked: {other:?}"),
                }
            }
            _ => bail!("the attacker is of another case"),
        }
    }

    async fn upload(&self, component: Bytes) -> Result<Outcome> {
        let watch = Watch::start()?;
        match self.runner.inspect(component).await {
            Ok(_) => watch.end(Expected::Taken, String::new(), None),
            Err(UploadError::Rejected(rejections)) => {
                let told: Vec<_> = rejections
                    .iter()
                    .map(|rejection| rejection.detail.as_str())
                    .collect();
                let rule = rejections.first().context("no reason")?.rule;
                watch.end(Expected::Rejected(rule), told.join("; "), None)
            }
            Err(broken @ UploadError::Broken(_)) => Err(broken.into()),
        }
    }

    /// Runs a plugin once.
    ///
    /// # Errors
    ///
    /// When the host breaks.
    pub async fn execute(&self, config: &WasmConfig, plugin: &PreparedPlugin) -> Result<Execution> {
        let input = input();
        let input_json = serde_json::to_string(&input)?;
        let never = CancellationToken::new();
        let invocation = Invocation {
            input: &input,
            input_json: &input_json,
            timeout: Duration::from_mins(1),
            cancel: &never,
        };
        Ok(self.runner.run(config, plugin, invocation).await?)
    }
}

/// Time and memory from one moment on.
struct Watch {
    started: Instant,
    resident_bytes: u64,
}

impl Watch {
    fn start() -> Result<Self> {
        host::reset_peak_memory()?;
        Ok(Self {
            started: Instant::now(),
            resident_bytes: host::resident_bytes()?,
        })
    }

    fn end(&self, ended: Expected, told: String, execution: Option<Execution>) -> Result<Outcome> {
        let took = self.started.elapsed();
        Ok(Outcome {
            ended,
            told,
            execution,
            took,
            host_bytes: host::peak_memory_bytes()?.saturating_sub(self.resident_bytes),
        })
    }
}

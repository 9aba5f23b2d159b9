//! `--record` and `--replay`.

use super::super::sandbox::{self, Prepared};
use super::{Subject, compared, ending, execute, shown};
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use serde_json::json;
use stagehook_core::execution::Usage;
use stagehook_runners::Secrets;
use stagehook_runners::wasm::{RECORDING_FILE_MAX_BYTES, Recording, WasmSettings};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The execution and its relay.
const SLOTS: u32 = 4;

/// Runs once, and writes down what the plugin asked the host for.
pub(super) async fn record(
    path: &Path,
    prepared: &Prepared,
    subject: Subject,
    as_json: bool,
) -> anyhow::Result<Ending> {
    let mut prepared = prepared.clone();
    // As numbers, so that a replay has the same also where defaults change.
    pin_limits(&mut prepared)?;
    let runner = prepared.runner(SLOTS)?;
    prepared.ready(&runner, &subject.component).await?;
    let (plugin, tape) = runner
        .prepare_to_record(subject.component.into())
        .await
        .context("the component cannot be recorded")?;
    let execution = execute(&runner, &plugin, &prepared).await?;
    let recording = tape
        .recording(&plugin, &prepared.config, &prepared.input, &execution)
        .context("nothing was recorded")
        .and_then(|recording| recording.context("nothing was recorded"));
    let calls = recording.as_ref().map_or(0, Recording::calls);
    let written = recording.and_then(|recording| {
        write(path, &recording.to_text()?)
            .with_context(|| format!("cannot write {}", path.display()))
    });
    let mut document = shown::document(&execution, subject.digest, &prepared.input)?;
    if as_json {
        if let Some(logged) = &subject.logged {
            document["logged"] = logged.summary.clone();
        }
        if written.is_ok() {
            document["recording"] = json!({"file": path, "calls": calls});
        }
        output::json(&document)?;
    } else {
        crate::execution::show(&document)?;
        if let Some(logged) = &subject.logged {
            output::line(&format!("\n{}", logged.beside(&execution)))?;
        }
        if written.is_ok() {
            output::line(&format!("\nrecorded  {calls} calls in {}", path.display()))?;
        }
    }
    written?;
    Ok(ending(execution.status))
}

/// Runs as recorded, without anything of the host.
pub(super) async fn replay(path: &Path, subject: Subject, as_json: bool) -> anyhow::Result<Ending> {
    let recording = read(path).with_context(|| format!("cannot replay {}", path.display()))?;
    let header = &recording.header;
    if header.component != subject.digest {
        bail!(
            "{} is a recording of another component: of {}, and this is {}",
            path.display(),
            header.component,
            subject.digest
        );
    }
    let secrets = header
        .placeholders()
        .into_iter()
        .map(|(name, value)| (Secrets::variable_of(&name), value));
    let runner = sandbox::runner(&[], false, SLOTS, secrets)?;
    let (plugin, tape) = runner
        .prepare_to_replay(subject.component.into(), &recording)
        .await
        .context("the component cannot be replayed")?;
    let prepared = Prepared::recorded(header);
    let mut execution = execute(&runner, &plugin, &prepared).await?;
    // It quotes the recording, which may be anybody's.
    let divergence = tape
        .divergence(&execution)
        .map(|divergence| output::one_line(&divergence.to_string()));
    execution.usage = with_recorded(&execution.usage, &recording.execution.usage);
    let differences = recording.execution.differences(&execution);
    let is_same = divergence.is_none() && differences.is_empty();
    let mut document = shown::document(&execution, subject.digest, &header.input)?;
    if as_json {
        document["replay"] = json!({
            "same": is_same,
            "calls": recording.calls(),
            "divergence": divergence,
            "differences": differences,
            "recorded": recording.execution,
        });
        output::json(&document)?;
    } else if divergence.is_none() {
        crate::execution::show(&document)?;
        if is_same {
            let calls = recording.calls();
            output::line(&format!("\nreplayed  {calls} calls, with the same outcome"))?;
        }
    }
    if let Some(divergence) = divergence {
        bail!(
            "the replay left the recording: {divergence}\n  What it is answered is the same as \
             when it was recorded, so something else is not: another version of Stagehook or of \
             the contract, or work that depends on a secret's value."
        );
    }
    if !is_same {
        bail!(
            "every call was as recorded, the outcome was not: another {}\n  recorded was {}\n  \
             now it was {}",
            differences.join(", another "),
            output::many_lines(&format!(
                "{:#}",
                serde_json::to_value(&recording.execution)?
            )),
            output::many_lines(&format!("{:#}", compared(&execution)))
        );
    }
    Ok(ending(execution.status))
}

fn pin_limits(prepared: &mut Prepared) -> anyhow::Result<()> {
    let range = WasmSettings::default().limits;
    // Limits that are too high are told by the run itself.
    let Ok(limits) = prepared.config.limits.within(&range) else {
        return Ok(());
    };
    let asked = &mut prepared.config.limits;
    asked.fuel = Some(limits.fuel);
    asked.timeout_seconds = Some(u32::try_from(limits.timeout.as_secs())?);
    asked.memory_mib = Some(u32::try_from(limits.memory_bytes >> 20)?);
    asked.output_kib = Some(u32::try_from(limits.output_bytes >> 10)?);
    Ok(())
}

/// Files and hosts are not reached in a replay: what was moved is what the
/// recording says.
fn with_recorded(now: &Usage, recorded: &Usage) -> Usage {
    Usage {
        bytes_read: recorded.bytes_read,
        bytes_written: recorded.bytes_written,
        http_requests: recorded.http_requests,
        http_bytes_sent: recorded.http_bytes_sent,
        http_bytes_received: recorded.http_bytes_received,
        ..now.clone()
    }
}

/// For the user alone: a recording holds what the plugin read.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.flush()
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(RECORDING_FILE_MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > RECORDING_FILE_MAX_BYTES {
        bail!("it is larger than any recording");
    }
    Recording::from_text(&text)
        .map_err(|error| anyhow::anyhow!(output::one_line(&error.to_string())))
}

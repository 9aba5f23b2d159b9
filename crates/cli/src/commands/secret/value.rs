//! Where the value of a secret comes from: never from an argument, which every
//! user of the machine can read while the command runs, and which shells keep.

use anyhow::{Context as _, bail};
use stagehook_core::secret::SECRET_MAX_BYTES;
use std::io::{self, IsTerminal as _, Read as _};
use std::process::{Command, Stdio};
use tokio::signal::unix::{SignalKind, signal};

/// Reads a value: typed without being shown where stdin is a terminal, otherwise
/// all of stdin. A line break at its end does not belong to it.
pub(super) async fn read(name: &str) -> anyhow::Result<String> {
    let stdin = io::stdin();
    let text = if stdin.is_terminal() {
        typed(name).await?
    } else {
        // As much as a value may have, its line break, and what is too much.
        let most = SECRET_MAX_BYTES as u64 + 3;
        let mut bytes = Vec::new();
        stdin
            .lock()
            .take(most)
            .read_to_end(&mut bytes)
            .context("stdin cannot be read")?;
        String::from_utf8(bytes).ok().context(
            "the value is not UTF-8: encode it (base64, for example), and let what uses it decode it",
        )?
    };
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    if value.is_empty() {
        bail!("there is no value: type it, or send it to stdin");
    }
    if value.len() > SECRET_MAX_BYTES {
        bail!("the value is longer than the {SECRET_MAX_BYTES} bytes that a secret may have");
    }
    Ok(value.to_owned())
}

/// A line that is typed and not shown.
async fn typed(name: &str) -> anyhow::Result<String> {
    // Listened for before the terminal is silent: it has to show again what is
    // typed, also when the command is interrupted.
    let mut interrupts =
        signal(SignalKind::interrupt()).context("signals cannot be listened for")?;
    let silent = Silence::begin()?;
    output(&format!("value of {name}: "))?;
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = tokio::select! {
        line = line => line,
        _ = interrupts.recv() => {
            drop(silent);
            output("\n")?;
            std::process::exit(130);
        }
    };
    drop(silent);
    output("\n")?;
    line.context("the value cannot be read")?
        .context("the value cannot be read")
}

/// To the terminal, beside what a program may read from stdout.
fn output(text: &str) -> io::Result<()> {
    use std::io::Write as _;
    let mut stderr = io::stderr().lock();
    stderr.write_all(text.as_bytes())?;
    stderr.flush()
}

/// The terminal shows nothing of what is typed, until this is dropped.
struct Silence;

impl Silence {
    fn begin() -> anyhow::Result<Self> {
        if stty("-echo") {
            return Ok(Self);
        }
        bail!("the terminal cannot be kept from showing what is typed: send the value to stdin");
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        stty("echo");
    }
}

fn stty(setting: &str) -> bool {
    Command::new("stty")
        .arg(setting)
        .stdin(Stdio::inherit())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

//! `stagehook webhook verify`

use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use stagehook_core::clock::Clock;
use stagehook_core::secret::SECRET_MAX_BYTES;
use stagehook_core::webhook_signature::{Key, Received, Refusal, TOLERANCE_SECONDS};
use std::env::VarError;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::{Path, PathBuf};

/// Where the secret is, if not in a file. It is never an argument, which every
/// user of the machine could read.
const VARIABLE: &str = "STAGEHOOK_WEBHOOK_SECRET";
/// Largest body that is read, in bytes.
const BODY_MAX: usize = 64 << 20;
/// Largest file of headers, in bytes.
const HEADERS_MAX: usize = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The body, byte by byte as it came [default: stdin]
    body: Option<PathBuf>,
    /// The secret, if not in `STAGEHOOK_WEBHOOK_SECRET`; a line break at its end does not belong to it
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The headers as they came, one a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["id", "timestamp", "signature", "body_signature"])]
    headers: Option<PathBuf>,
    /// The header webhook-id
    #[arg(long)]
    id: Option<String>,
    /// The header webhook-timestamp
    #[arg(long)]
    timestamp: Option<String>,
    /// The header webhook-signature
    #[arg(long)]
    signature: Option<String>,
    /// The header X-Stagehook-Signature
    #[arg(long)]
    body_signature: Option<String>,
    /// How far the message's time may be from now
    #[arg(long, value_name = "SECONDS", default_value_t = TOLERANCE_SECONDS)]
    tolerance: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The headers that matter.
#[derive(Debug, Default)]
struct Headers {
    id: Option<String>,
    timestamp: Option<String>,
    signature: Option<String>,
    body_signature: Option<String>,
}

pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<Ending> {
    let headers = match &args.headers {
        Some(path) => Headers::read(path)?,
        None => Headers {
            id: args.id.clone(),
            timestamp: args.timestamp.clone(),
            signature: args.signature.clone(),
            body_signature: args.body_signature.clone(),
        },
    };
    let key = secret(args.secret_file.as_deref())?;
    let body = match &args.body {
        Some(path) => read(open(path)?, BODY_MAX, &path.display().to_string())?,
        None => read(stdin().lock(), BODY_MAX, "stdin")?,
    };
    let received = Received {
        id: headers.id.as_deref(),
        timestamp: headers.timestamp.as_deref(),
        signatures: headers.signature.as_deref(),
        body_signature: headers.body_signature.as_deref(),
        body: &body,
    };
    let now = Clock::System.now().timestamp();
    let report = key.check(&received, now, args.tolerance);
    if report.message.is_none() && report.body.is_none() {
        bail!(
            "there is no signature to check: give the headers that came (--headers, or --id, \
             --timestamp and --signature, or --body-signature)"
        );
    }
    let is_verified = report.is_verified();
    let message = report.message.map(|message| {
        let good = |age: i64| match age {
            0.. => format!("good, sent {age} s ago"),
            _ => format!("good, sent in {} s by the sender's clock", -age),
        };
        message.map(good)
    });
    let body = report.body.map(|body| body.map(|()| "good".to_owned()));
    if args.json {
        output::json(&json!({
            "verified": is_verified,
            "webhook_signature": shown(message.as_ref()),
            "x_stagehook_signature": shown(body.as_ref()),
        }))?;
    } else {
        for (header, said) in [
            ("webhook-signature", message),
            ("X-Stagehook-Signature", body),
        ] {
            if let Some(said) = said {
                let said = said.unwrap_or_else(|refusal| refusal.to_string());
                output::line(&format!("{header}: {said}"))?;
            }
        }
        let verdict = if is_verified {
            "verified"
        } else {
            "NOT verified"
        };
        output::line(verdict)?;
    }
    Ok(if is_verified {
        Ending::Ok
    } else {
        Ending::Error
    })
}

fn shown(said: Option<&Result<String, Refusal>>) -> Value {
    match said {
        None => Value::Null,
        Some(Ok(_)) => json!({"verified": true}),
        Some(Err(refusal)) => json!({"verified": false, "reason": refusal.to_string()}),
    }
}

impl Headers {
    /// Those in a file, as tools show or keep them: the first line may be that of
    /// the request, and an empty one ends them.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = read(open(path)?, HEADERS_MAX, &path.display().to_string())?;
        let text = String::from_utf8_lossy(&text);
        let mut headers = Self::default();
        // Some editors begin a file with a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        for line in text.lines().take_while(|line| !line.trim().is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "webhook-id" => &mut headers.id,
                "webhook-timestamp" => &mut headers.timestamp,
                "webhook-signature" => &mut headers.signature,
                "x-stagehook-signature" => &mut headers.body_signature,
                _ => continue,
            };
            if place.replace(value.trim().to_owned()).is_some() {
                bail!("{} has the header {} twice", path.display(), name.trim());
            }
        }
        Ok(headers)
    }
}

fn secret(file: Option<&Path>) -> anyhow::Result<Key> {
    let (text, whence) = match file {
        Some(path) => {
            let bytes = read(
                open(path)?,
                SECRET_MAX_BYTES + 2,
                &path.display().to_string(),
            )?;
            let text = String::from_utf8(bytes).ok();
            let text = text.with_context(|| format!("{} is no text", path.display()))?;
            (text, path.display().to_string())
        }
        None => match std::env::var(VARIABLE) {
            Ok(text) => (text, VARIABLE.to_owned()),
            Err(VarError::NotUnicode(_)) => bail!("{VARIABLE} is no text"),
            Err(VarError::NotPresent) => {
                bail!("there is no secret: give --secret-file, or set {VARIABLE}")
            }
        },
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        bail!("the secret is empty ({whence})");
    }
    Key::of_secret(text).with_context(|| format!("the secret cannot be used ({whence})"))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot open {}", path.display()))
}

fn read(from: impl Read, most: usize, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() > most {
        bail!("{name} has more than {most} bytes");
    }
    Ok(bytes)
}

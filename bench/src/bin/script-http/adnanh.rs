//! adnanh/webhook, which answers HTTP with what a command prints.

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use stagehook_bench::server::resident_mib;
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a port is looked for: somebody else can take it before it does.
const PORTS_TRIED: u32 = 5;

/// A running adnanh/webhook; killed when dropped.
pub(crate) struct Adnanh {
    child: Child,
    pub(crate) address: String,
    _directory: TempDir,
}

/// Which version this is.
pub(crate) fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("-version")
        .output()
        .map_err(|error| missing(program, error))?;
    // "webhook version 2.8.0"
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(said.replace("webhook version", "adnanh/webhook"))
}

fn missing(program: &Path, error: std::io::Error) -> anyhow::Error {
    let what = format!("{} cannot be started", program.display());
    if error.kind() == ErrorKind::NotFound {
        anyhow::anyhow!(
            "{what}: install adnanh/webhook 2.8 (on Debian: apt-get install webhook), \
             or name the program with --webhook"
        )
    } else {
        anyhow::Error::new(error).context(what)
    }
}

impl Adnanh {
    /// Starts one with this script as its only hook, and waits until it listens.
    pub(crate) fn start(program: &Path, script: &str) -> Result<Self> {
        for _ in 0..PORTS_TRIED {
            if let Some(started) = Self::try_start(program, script)? {
                return Ok(started);
            }
        }
        bail!(
            "{} does not listen on any of {PORTS_TRIED} free ports",
            program.display()
        )
    }

    /// `None` where it ended.
    fn try_start(program: &Path, script: &str) -> Result<Option<Self>> {
        let directory = TempDir::new()?;
        let hooks = hooks(directory.path(), script)?;
        let port = free_port()?;
        let child = Command::new(program)
            .arg("-hooks")
            .arg(hooks)
            .args(["-ip", "127.0.0.1", "-port"])
            .arg(port.to_string())
            .spawn()
            .map_err(|error| missing(program, error))?;
        let mut started = Self {
            child,
            address: format!("127.0.0.1:{port}"),
            _directory: directory,
        };
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok() {
                return Ok(Some(started));
            }
            if started.child.try_wait()?.is_some() {
                return Ok(None);
            }
            thread::sleep(Duration::from_millis(5));
        }
        bail!("{} did not listen within {PATIENCE:?}", started.address)
    }

    /// The bytes of the request that runs the script.
    pub(crate) fn request(&self) -> Vec<u8> {
        let body = r#"{"shot":"sh010","take":3,"scene":"12A"}"#;
        let length = body.len();
        format!(
            "POST /hooks/script HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}",
            self.address
        )
        .into_bytes()
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> Result<f64> {
        resident_mib(self.child.id())
    }
}

/// The script, and the file that makes a hook of it. It waits for the script and
/// answers with what that prints, as a stage run does; without
/// `include-command-output-in-response` it would answer before the script ends.
fn hooks(directory: &Path, script: &str) -> Result<PathBuf> {
    let path = directory.join("script");
    fs::write(&path, script)?;
    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
    let hooks = directory.join("hooks.json");
    let hook = json!({
        "id": "script",
        "execute-command": path,
        "command-working-directory": directory,
        "http-methods": ["POST"],
        "include-command-output-in-response": true,
    });
    fs::write(&hooks, json!([hook]).to_string())?;
    Ok(hooks)
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

impl Drop for Adnanh {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The server under load.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const TOKEN: &str = "bench-token-0123456789abcdef0123456789abcdef";

pub(crate) struct Server {
    child: Child,
    directory: TempDir,
    pub(crate) address: String,
    client: reqwest::Client,
}

impl Server {
    pub(crate) async fn start(binary: &Path, database_url: Option<&str>) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        std::fs::create_dir(directory.path().join("scripts"))?;
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--sandbox", "off"])
            .arg("--data-dir")
            .arg(directory.path().join("data"))
            .arg("--scripts-dir")
            .arg(directory.path().join("scripts"))
            .current_dir(directory.path())
            .env("STAGEHOOK_ADMIN_TOKEN", TOKEN)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped());
        match database_url {
            Some(url) => command.env("DATABASE_URL", url),
            None => command.env_remove("DATABASE_URL"),
        };
        let mut child = command.spawn().with_context(|| {
            format!(
                "{}: run `cargo build --release -p stagehook`",
                binary.display()
            )
        })?;
        let stdout = child.stdout.take().context("no stdout")?;
        let address = tokio::task::spawn_blocking(move || {
            let mut lines = BufReader::new(stdout).lines();
            let address = lines.by_ref().find_map(|line| {
                let line = line.ok()?;
                Some(line.split_once("listening on http://")?.1.trim().to_owned())
            });
            // The rest is read and dropped, so that the server never waits for us.
            std::thread::spawn(move || lines.for_each(drop));
            address
        })
        .await?
        .context("the server did not say where it listens")?;
        // The provider is a feature of the workspace's rustls; a second install is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            child,
            directory,
            address,
            client: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    pub(crate) fn token() -> &'static str {
        TOKEN
    }

    pub(crate) fn script(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(
            self.directory.path().join("scripts").join(name),
            text,
        )?)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let request = self
            .client
            .post(format!("http://{}/api/v1{path}", self.address))
            .json(&body);
        Self::answer(request).await
    }

    pub(crate) async fn upload(&self, component: Vec<u8>) -> Result<Value> {
        let request = self
            .client
            .post(format!("http://{}/api/v1/plugins", self.address))
            .header("content-type", "application/wasm")
            .body(component);
        Self::answer(request).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> Result<Value> {
        let response = request.bearer_auth(TOKEN).send().await?;
        let status = response.status();
        let body: Value = response.json().await?;
        ensure!(status.is_success(), "answered {status}: {body}");
        Ok(body)
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().strip_suffix("kB"))
            .context("no VmRSS")?
            .trim()
            .parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A server on data that is there already.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use stagehook_bench::server::resident_mib;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

const TOKEN: &str = "bench-token-0123456789abcdef0123456789abcdef";

pub(crate) struct Server {
    child: Child,
    address: String,
    client: reqwest::Client,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) async fn start(binary: &Path, data: &Path, flags: &[&str]) -> Result<Self> {
        let mut child = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--sandbox", "off"])
            .arg("--data-dir")
            .arg(data.join("data"))
            .args(flags)
            .current_dir(data)
            .env("STAGEHOOK_ADMIN_TOKEN", TOKEN)
            .env("RUST_LOG", "warn")
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| {
                format!(
                    "{}: run `cargo build --release -p stagehook`",
                    binary.display()
                )
            })?;
        let stdout = child.stdout.take().context("no stdout")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let line = lines
                .next_line()
                .await?
                .context("the server did not say where it listens")?;
            if let Some((_, address)) = line.split_once("listening on http://") {
                break address.trim().to_owned();
            }
        };
        // The provider is a feature of the workspace's rustls; a second install
        // is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_mins(5))
            .build()?;
        Ok(Self {
            child,
            address,
            client,
        })
    }

    pub(crate) async fn ready(&self) -> Result<()> {
        let url = format!("http://{}/readyz", self.address);
        let status = self.client.get(url).send().await?.status();
        ensure!(status.is_success(), "not ready: {status}");
        Ok(())
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

    /// The whole number on the line that begins like this.
    pub(crate) async fn metric(&self, beginning: &str) -> Result<usize> {
        let url = format!("http://{}/metrics", self.address);
        let request = self.client.get(url).bearer_auth(TOKEN);
        let text = request.send().await?.text().await?;
        text.lines()
            .find_map(|line| line.strip_prefix(beginning))
            .with_context(|| format!("no metric {beginning}"))?
            .parse()
            .context("not a whole number")
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> Result<f64> {
        let pid = self.child.id().context("the server has ended")?;
        resident_mib(pid)
    }

    /// Ends it; the next one finds what it kept.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

//! The server under load: the built binary, with data and scripts of its own.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const TOKEN: &str = "bench-token-0123456789abcdef0123456789abcdef";

/// The value of the secret `bench`, which signs webhooks.
const SECRET: &str = "bench-secret-0123456789abcdef0123456789abcdef";

/// What every job of the load is asked.
const BODY: &str =
    r#"{"segment_path":null,"metadata":{"shot":"sh010","take":3},"scene_context":{"scene":"12A"}}"#;

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    directory: TempDir,
    address: String,
    client: reqwest::Client,
}

impl Server {
    /// Starts a server, and waits until it listens. `sandbox` is `off` or
    /// `bubblewrap`; without a database's address it has one of its own.
    ///
    /// # Errors
    ///
    /// Where the binary is not there, or does not start.
    pub async fn start(binary: &Path, sandbox: &str, database_url: Option<&str>) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        std::fs::create_dir(directory.path().join("scripts"))?;
        // It is started in a directory of its own.
        let mut command = Command::new(std::path::absolute(binary)?);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--sandbox", sandbox])
            // Receivers of webhooks are on this machine, too.
            .arg("--allow-private-network")
            .env("STAGEHOOK_SECRET_BENCH", SECRET)
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
        Ok(Self {
            child,
            directory,
            address,
            client: client()?,
        })
    }

    /// Where it listens: `127.0.0.1:…`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Makes a project with a job; the project's id and the path of the job's
    /// stage.
    ///
    /// # Errors
    ///
    /// Where the server refuses.
    pub async fn stage(&self, project: &str) -> Result<(Value, String)> {
        let project = self.post("/projects", json!({"name": project})).await?;
        let job = json!({"project_id": project["id"]});
        let job = self.post("/jobs", job).await?;
        let path = format!("/jobs/{}/stages/post_segment/runs", job["id"]);
        Ok((project["id"].clone(), path))
    }

    /// Runs a stage once; the answer.
    ///
    /// # Errors
    ///
    /// Where the server refuses.
    pub async fn run_stage(&self, path: &str) -> Result<Value> {
        self.post(path, serde_json::from_str(BODY)?).await
    }

    /// The bytes of the request that runs a stage.
    pub fn stage_request(&self, path: &str) -> Vec<u8> {
        self.request(path, BODY)
    }

    /// The bytes of a POST to a path below `/api/v1`.
    pub fn request(&self, path: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        let address = &self.address;
        format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {TOKEN}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// Writes a script into the scripts directory.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn script(&self, name: &str, text: &str) -> Result<()> {
        Ok(std::fs::write(
            self.directory.path().join("scripts").join(name),
            text,
        )?)
    }

    /// POST to a path below `/api/v1`; the answer's body.
    ///
    /// # Errors
    ///
    /// Where the server does not answer, or refuses.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value> {
        let request = self
            .client
            .post(format!("http://{}/api/v1{path}", self.address))
            .json(&body);
        Self::answer(request).await
    }

    /// Publishes a component; its version.
    ///
    /// # Errors
    ///
    /// Where the server does not answer, or refuses.
    pub async fn upload(&self, component: Vec<u8>) -> Result<Value> {
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
    ///
    /// # Errors
    ///
    /// Where the server has ended.
    pub fn memory_mib(&self) -> Result<f64> {
        resident_mib(self.child.id())
    }
}

/// A client that speaks to this machine.
///
/// # Errors
///
/// Where none can be made.
pub fn client() -> Result<reqwest::Client> {
    // The provider is a feature of the workspace's rustls; a second install is no error.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().build()?)
}

/// Resident memory of a process, without that of its children.
///
/// # Errors
///
/// Where there is no such process.
pub fn resident_mib(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .context("no VmRSS")?
        .trim()
        .parse()?;
    Ok(kib / 1024.0)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! A script for each HTTP request: stage runs with one shell hook, beside
//! adnanh/webhook running the same script.
//!
//! Three servers are up at once and asked in turns, in short blocks, so that
//! whatever else the machine does happens to all: adnanh/webhook, which keeps no
//! record; the release binary with the hook trusted, which is as unconfined as
//! adnanh's commands are; and the release binary with the hook confined. Ours
//! commit plan, log and verdict of each run, as always. Each answers when the
//! script has ended, with what it printed.
//!
//! ```sh
//! cargo run --release -p stagehook-bench --bin script-http -- --clients 4,32 --rounds 5 --seconds 3
//! ```

mod adnanh;

use adnanh::Adnanh;
use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use serde_json::json;
use stagehook_bench::load::{self, Measured};
use stagehook_bench::options::ServerOptions;
use stagehook_bench::server::{Server, client};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// What is run.
struct Script {
    name: &'static str,
    text: &'static str,
    prints: &'static str,
}

/// The second has a program for its interpreter that does nothing: both servers
/// start `/bin/true`, and a shell has no part in it.
const SCRIPTS: [Script; 2] = [
    Script {
        name: "sh, two lines",
        text: "#!/bin/sh\necho graded\n",
        prints: "graded\n",
    },
    Script {
        name: "/bin/true",
        text: "#!/bin/true\n",
        prints: "",
    },
];

#[derive(Parser)]
struct Options {
    /// Those who ask at the same time, one number after the other.
    #[arg(long, value_delimiter = ',', default_value = "4,32")]
    clients: Vec<usize>,
    /// How often each has its turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a turn is.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// The program `webhook` of adnanh.
    #[arg(long, default_value = "webhook")]
    webhook: PathBuf,
    #[command(flatten)]
    server: ServerOptions,
}

enum Process {
    Adnanh(Adnanh),
    Ours(Server),
}

/// One server with the script, and what was measured of it.
struct Contender {
    name: &'static str,
    process: Process,
    request: Vec<u8>,
    measured: Measured,
    /// The most that was seen after a block.
    memory_mib: f64,
}

impl Contender {
    async fn adnanh(options: &Options, script: &Script) -> Result<Self> {
        let adnanh = Adnanh::start(&options.webhook, script.text)?;
        let request = adnanh.request();
        let url = format!("http://{}/hooks/script", adnanh.address);
        let answer = client()?.post(url).send().await?;
        let (status, printed) = (answer.status(), answer.text().await?);
        ensure!(
            status == 200 && printed == script.prints,
            "adnanh/webhook answered {status}: {printed}"
        );
        Ok(Self::new(
            "adnanh/webhook",
            Process::Adnanh(adnanh),
            request,
        ))
    }

    /// `sandbox` is that of the hook.
    async fn ours(
        options: &Options,
        script: &Script,
        clients: usize,
        sandbox: &'static str,
    ) -> Result<Self> {
        let url = options.server.database_url.as_deref();
        let server = Server::start(&options.server.binary, "bubblewrap", url).await?;
        server.script("script", script.text)?;
        let process = std::process::id();
        let name = format!("bench-{process}-{sandbox}-{}-{clients}", script.name);
        let (project, path) = server.stage(&name).await?;
        let mut config = json!({"script_path": "script"});
        if sandbox == "trusted" {
            config["sandbox"] = json!(sandbox);
        }
        // A run that fails halts the job, and all that is asked after it is
        // refused: nothing but passed runs is measured.
        server
            .post(
                "/hooks",
                json!({"name": "bench", "hook_type": "shell", "hook_point": "post_segment",
                    "scope_type": "project", "scope_id": project, "failure_mode": "block",
                    "config": config}),
            )
            .await?;
        let answer = server.run_stage(&path).await?;
        let execution = &answer["executions"][0];
        ensure!(
            execution["status"] == "passed" && execution["stdout"] == script.prints,
            "the {sandbox} hook {}: {}{}",
            execution["status"],
            execution["error"],
            execution["stdout"]
        );
        let request = server.stage_request(&path);
        Ok(Self::new(sandbox, Process::Ours(server), request))
    }

    fn new(name: &'static str, process: Process, request: Vec<u8>) -> Self {
        Self {
            name,
            process,
            request,
            measured: Measured::default(),
            memory_mib: 0.0,
        }
    }

    async fn asked(&mut self, clients: usize, length: Duration) -> Result<Measured> {
        let address = match &self.process {
            Process::Adnanh(adnanh) => &adnanh.address,
            Process::Ours(server) => server.address(),
        };
        let measured = load::run(address, &self.request, clients, length)
            .await
            .with_context(|| format!("{}, {clients} clients", self.name))?;
        let memory_mib = match &self.process {
            Process::Adnanh(adnanh) => adnanh.memory_mib()?,
            Process::Ours(server) => server.memory_mib()?,
        };
        self.memory_mib = self.memory_mib.max(memory_mib);
        Ok(measured)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let database = options.server.database();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "a script for each request over HTTP, beside {}; ours with every log committed ({database}); \
         {} blocks of {} s each, in turns\n\n\
         | script | clients | server | requests/s | times adnanh's | p50 ms | p99 ms | server memory MiB |\n\
         | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
        adnanh::version(&options.webhook)?,
        options.rounds,
        options.seconds
    )?;
    for script in &SCRIPTS {
        for &clients in &options.clients {
            let contenders = compare(&options, script, clients).await?;
            let adnanh = contenders[0].measured.per_second();
            for contender in &contenders {
                let measured = &contender.measured;
                writeln!(
                    out,
                    "| {} | {clients} | {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.0} |",
                    script.name,
                    contender.name,
                    measured.per_second(),
                    measured.per_second() / adnanh,
                    measured.percentile_ms(50),
                    measured.percentile_ms(99),
                    contender.memory_mib,
                )?;
            }
        }
    }
    Ok(())
}

/// Starts all three anew and asks them in turns. adnanh/webhook is the first.
async fn compare(options: &Options, script: &Script, clients: usize) -> Result<[Contender; 3]> {
    let mut contenders = [
        Contender::adnanh(options, script).await?,
        Contender::ours(options, script, clients, "trusted").await?,
        Contender::ours(options, script, clients, "confined").await?,
    ];
    for contender in &mut contenders {
        // A warm-up.
        contender.asked(clients, Duration::from_secs(1)).await?;
    }
    let length = Duration::from_secs(options.seconds);
    for round in 0..options.rounds {
        for turn in 0..contenders.len() {
            // Each comes first, in the middle and last.
            let contender = &mut contenders[(round + turn) % 3];
            let measured = contender.asked(clients, length).await?;
            contender.measured.add(measured);
        }
    }
    Ok(contenders)
}

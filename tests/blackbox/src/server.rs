//! The binary as a process.

use crate::patience::{PATIENCE, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// The token that servers are started with.
pub const TOKEN: &str = "black-box-admin-token-0123456789abcdef";
/// How much of a server's log a failed test shows, in lines.
const LOG_LINES: usize = 120;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Setup {
    flags: Vec<String>,
    variables: BTreeMap<String, String>,
    sandbox: &'static str,
    /// What is done to the machine before the server starts: commands of a
    /// shell, in the server's directory. Nobody but the server sees it.
    machine: Option<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        let token = ("STAGEHOOK_ADMIN_TOKEN".to_owned(), TOKEN.to_owned());
        Self {
            flags: Vec::new(),
            sandbox: "off",
            machine: None,
            variables: BTreeMap::from([token]),
        }
    }
}

impl Setup {
    /// With a flag of `serve`.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// With a variable in its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Without a variable that is there by default.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Scripts run in a sandbox. Without it: most stories are not about that,
    /// and leave files where they look for them.
    #[must_use]
    pub fn confined(mut self) -> Self {
        self.sandbox = "bubblewrap";
        self
    }

    /// On a machine like this one, where bubblewrap is not installed.
    #[must_use]
    pub fn without_bubblewrap(mut self) -> Self {
        self.machine = Some("mount --bind /dev/null \"$(command -v bwrap)\"");
        self
    }

    /// On a machine whose directory of runs is on a disk of 4 MiB.
    #[must_use]
    pub fn with_a_small_disk_for_runs(mut self) -> Self {
        self.machine = Some("mkdir -p data/work && mount -t tmpfs -o size=4m runs data/work");
        self
    }

    /// On a machine whose names are those of the file `hosts` in the server's
    /// directory, which may change while the server runs.
    #[must_use]
    pub fn with_names_of_its_own(mut self) -> Self {
        self.machine = Some("touch hosts && mount --bind hosts /etc/hosts");
        self
    }

    /// Webhooks may reach this machine, where receivers of tests are.
    #[must_use]
    pub fn with_private_network(self) -> Self {
        self.flag("--allow-private-network")
    }
}

/// The directories of one server.
#[derive(Debug)]
pub struct Layout {
    root: tempfile::TempDir,
}

impl Default for Layout {
    fn default() -> Self {
        let root = tempfile::Builder::new()
            .prefix("stagehook-story-")
            .tempdir()
            .unwrap();
        let layout = Self { root };
        for directory in [layout.scripts(), layout.media(), layout.gates()] {
            fs::create_dir(directory).unwrap();
        }
        layout
    }
}

impl Layout {
    /// Everything is below it.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// What the server keeps.
    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// Where scripts are found.
    pub fn scripts(&self) -> PathBuf {
        self.root().join("scripts")
    }

    /// The media root.
    pub fn media(&self) -> PathBuf {
        self.root().join("media")
    }

    /// Where scripts and tests leave signs for each other.
    pub fn gates(&self) -> PathBuf {
        self.root().join("gates")
    }

    fn stdout(&self) -> PathBuf {
        self.root().join("stdout.log")
    }

    fn stderr(&self) -> PathBuf {
        self.root().join("stderr.log")
    }

    /// Everything that servers have printed in this directory.
    pub fn printed(&self) -> String {
        let read = |path| fs::read(path).unwrap_or_default();
        let all = [read(self.stdout()), read(self.stderr())].concat();
        String::from_utf8_lossy(&all).into_owned()
    }
}

/// The binary that is tested: the one that was built beside this test.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/<profile>/deps/<test>
    let profile = test.ancestors().nth(2).unwrap();
    let binary = profile.join("stagehook");
    assert!(
        binary.exists(),
        "{} does not exist: build the binary first: cargo build -p stagehook",
        binary.display()
    );
    binary
}

/// The binary with these arguments, and with nothing of this test's
/// environment but `PATH`.
pub fn command(layout: &Layout, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", layout.root())
        .current_dir(layout.root())
        .stdin(Stdio::null());
    command
}

fn serve(layout: &Layout, setup: &Setup, database_url: &str) -> Command {
    let mut command = command(layout, &[]);
    if let Some(machine) = setup.machine {
        command = on_a_machine(machine, &command);
    }
    command
        .args(["serve", "--listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(layout.data())
        .arg("--scripts-dir")
        .arg(layout.scripts())
        .arg("--media-root")
        .arg(layout.media())
        .args(["--sandbox", setup.sandbox])
        .args(&setup.flags)
        .env("DATABASE_URL", database_url)
        .envs(&setup.variables);
    command
}

/// The same command, where mounts are its own and this was done to them. It
/// keeps its process.
fn on_a_machine(done: &str, command: &Command) -> Command {
    let script = format!("{done} && exec \"$0\" \"$@\"");
    let mut changed = Command::new("unshare");
    changed
        .args(["--map-root-user", "--mount", "sh", "-c", &script])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .stdin(Stdio::null());
    if let Some(directory) = command.get_current_dir() {
        changed.current_dir(directory);
    }
    changed
}

/// Starts a server that is expected to refuse, and returns what it said.
pub async fn refused_start(layout: &Layout, setup: &Setup, database_url: &str) -> Output {
    let mut command = tokio::process::Command::from(serve(layout, setup, database_url));
    let ended = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output());
    ended.await.expect("the server did not refuse").unwrap()
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: String,
    layout_stderr: PathBuf,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub async fn start(layout: &Layout, setup: &Setup, database_url: &str) -> Self {
        let append = |path| File::options().append(true).create(true).open(path);
        let stdout = append(layout.stdout()).unwrap();
        let printed_before = usize::try_from(stdout.metadata().unwrap().len()).unwrap();
        let child = serve(layout, setup, database_url)
            .stdout(stdout)
            .stderr(append(layout.stderr()).unwrap())
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            address: String::new(),
            layout_stderr: layout.stderr(),
        };
        server.address = eventually("the server listens", || {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended at its start: {ended:?}");
            let printed = fs::read(layout.stdout()).unwrap_or_default();
            let address = listening(&String::from_utf8_lossy(
                printed.get(printed_before..).unwrap_or_default(),
            ));
            async move { address }
        })
        .await;
        server
    }

    /// Where it listens: `http://127.0.0.1:…`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory that it ever had in use, in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        peak.unwrap().trim().parse::<u64>().unwrap() * 1024
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), Signal::TERM).unwrap();
    }

    /// Waits until it has stopped.
    pub async fn stopped(&mut self) -> ExitStatus {
        eventually("the server has stopped", || {
            let ended = self.child.try_wait().unwrap();
            async move { ended }
        })
        .await
    }
}

/// The address in the first whole line that says so.
fn listening(printed: &str) -> Option<String> {
    let (_, rest) = printed.split_once("listening on ")?;
    let (address, _) = rest.split_once('\n')?;
    address
        .starts_with("http://")
        .then(|| address.trim_end().to_owned())
}

impl Drop for Server {
    #[expect(
        clippy::print_stderr,
        reason = "a failed test shows what the server said"
    )]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(10) && matches!(self.child.try_wait(), Ok(None))
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        if std::thread::panicking() {
            let log = fs::read(&self.layout_stderr).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            let skipped = log.lines().count().saturating_sub(LOG_LINES);
            eprintln!("--- the server's log, without its first {skipped} lines");
            for line in log.lines().skip(skipped) {
                eprintln!("{line}");
            }
        }
    }
}

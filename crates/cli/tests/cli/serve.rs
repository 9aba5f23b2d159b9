//! `stagehook serve` from its start to its end. REQ-OPS-5, REQ-API-5

use crate::binary::{run, stagehook};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server that listens; ended when it is dropped.
struct Served {
    child: Child,
    address: String,
    /// What it printed before it listened.
    before: Vec<String>,
}

fn command(directory: &Path, flags: &[&str]) -> Command {
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--sandbox", "off"];
    arguments.extend(flags);
    stagehook(directory, &arguments)
}

impl Served {
    fn start(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut served = Self {
            child,
            address: String::new(),
            before: Vec::new(),
        };
        let stdout = served.child.stdout.take().unwrap();
        for line in BufReader::new(stdout).lines() {
            let line = line.unwrap();
            if let Some(address) = line.strip_prefix("listening on ") {
                address.clone_into(&mut served.address);
                return served;
            }
            served.before.push(line);
        }
        let mut stderr = String::new();
        let _ = served
            .child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr);
        panic!("the server ended before it listened: {stderr}");
    }

    fn in_directory(directory: &Path) -> Self {
        Self::start(&mut command(directory, &[]))
    }

    /// The token that it printed.
    fn token(&self) -> Option<&str> {
        self.before
            .iter()
            .find_map(|line| line.strip_prefix("admin token: "))
    }

    fn projects(&self, token: &str) -> crate::binary::Ran {
        let directory = tempfile::tempdir().unwrap();
        let arguments = [
            "project",
            "list",
            "--server",
            &self.address,
            "--token",
            token,
        ];
        run(&mut stagehook(directory.path(), &arguments))
    }

    /// Sends a signal and waits: the exit code and what is on stderr.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("/bin/kill")
            .args([signal, &pid])
            .status()
            .unwrap();
        assert!(sent.success());
        let mut stderr = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        (self.child.wait().unwrap().code(), stderr)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_a_token_and_prints_it_once() {
    let at = directory();
    let first = Served::in_directory(at.path());
    let token = first.token().expect("a token is printed").to_owned();
    assert!(
        token.starts_with("sthk_") && token.len() == 5 + 64,
        "{token}"
    );
    first.projects(&token).ok();
    let error = first.projects("sthk_0000").failed();
    assert!(error.contains("(401)"), "{error}");
    assert_eq!(first.stop("-TERM").0, Some(0));

    let second = Served::in_directory(at.path());
    assert_eq!(second.token(), None, "it is known by now");
    second.projects(&token).ok();

    let data = at.path().join("stagehook-data");
    let kept = fs::read(data.join("stagehook.db")).unwrap();
    let readable = kept
        .windows(token.len())
        .any(|bytes| bytes == token.as_bytes());
    assert!(!readable, "only its hash is kept");
}

#[test]
fn a_chosen_token_is_taken_and_not_printed() {
    let at = directory();
    let token = "chosen-token-0123456789abcdef0123456789";
    let server = Served::start(command(at.path(), &[]).env("STAGEHOOK_ADMIN_TOKEN", token));
    // Where to sign in is said; with what, whoever chose it knows.
    let [sign_in] = server.before.as_slice() else {
        panic!("{:?}", server.before);
    };
    assert!(sign_in.starts_with("sign in at http://"), "{sign_in}");
    assert!(sign_in.ends_with("/sign-in"), "{sign_in}");
    server.projects(token).ok();
    let (_, stderr) = server.stop("-TERM");
    assert!(!stderr.contains(token), "{stderr}");

    // Chosen anew, as an operator does who lost it.
    let other = "another-token-0123456789abcdef012345678";
    let server = Served::start(command(at.path(), &[]).env("STAGEHOOK_ADMIN_TOKEN", other));
    server.projects(other).ok();
}

#[test]
fn the_servers_files_are_its_owners_alone() {
    let at = directory();
    let server = Served::in_directory(at.path());
    let data = at.path().join("stagehook-data");
    assert_eq!(mode(&data), 0o700);
    for file in ["lock", "node-id", "stagehook.db"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    drop(server);
}

#[test]
fn a_server_keeps_its_identity_over_a_restart() {
    let at = directory();
    let node = at.path().join("stagehook-data/node-id");
    drop(Served::in_directory(at.path()));
    let first = fs::read_to_string(&node).unwrap();
    drop(Served::in_directory(at.path()));
    assert_eq!(fs::read_to_string(&node).unwrap(), first);

    fs::write(&node, "nonsense").unwrap();
    let error = run(&mut command(at.path(), &[])).failed();
    assert!(error.contains("node-id holds no UUID"), "{error}");
}

#[test]
fn a_second_server_on_the_same_directory_is_refused() {
    let at = directory();
    let server = Served::in_directory(at.path());
    let error = run(&mut command(at.path(), &[])).failed();
    let holder = format!(
        "another server (process {}) uses the data directory",
        server.child.id()
    );
    assert!(error.contains(&holder), "{error}");
    assert!(error.contains("--data-dir"), "says what to do: {error}");
    // Killed, it leaves no lock behind.
    drop(server);
    drop(Served::in_directory(at.path()));
}

#[test]
fn an_address_that_is_taken_is_named_with_its_source() {
    let at = directory();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = run(stagehook(at.path(), &["serve"]).env("STAGEHOOK_LISTEN", &address)).failed();
    assert!(
        error.contains(&format!(
            "cannot listen on {address} (variable STAGEHOOK_LISTEN)"
        )),
        "{error}"
    );
}

#[test]
fn a_directory_that_is_missing_is_named() {
    let at = directory();
    let error = run(&mut command(at.path(), &["--media-root", "/nowhere/media"])).failed();
    assert!(
        error.contains("the media root /nowhere/media is no directory"),
        "{error}"
    );
    let error = run(&mut command(
        at.path(),
        &["--scripts-dir", "/nowhere/scripts"],
    ))
    .failed();
    assert!(
        error.contains("the scripts directory /nowhere/scripts is no directory"),
        "{error}"
    );
}

#[test]
fn a_database_url_that_cannot_be_used_is_said_without_its_password() {
    let at = directory();
    for url in [
        "mysql://root:hunter2@localhost/x",
        "postgres://u:hunter2@127.0.0.1:port/x",
    ] {
        let error = run(&mut command(at.path(), &["--database-url", url])).failed();
        assert!(
            error.contains("the database cannot be opened (flag --database-url)"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn both_signals_end_it_well() {
    for signal in ["-TERM", "-INT"] {
        let at = directory();
        let (code, stderr) = Served::in_directory(at.path()).stop(signal);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains("stopped"), "{stderr}");
    }
}

#[test]
fn the_log_can_be_json_and_its_level_chosen() {
    let at = directory();
    let server = Served::start(&mut command(at.path(), &["--log-format", "json"]));
    let (_, stderr) = server.stop("-TERM");
    for line in stderr.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(
            entry["level"].is_string() && entry["message"].is_string(),
            "{line}"
        );
    }
    assert!(stderr.contains("serving"), "{stderr}");

    let server = Served::start(command(at.path(), &[]).env("RUST_LOG", "error"));
    assert_eq!(server.stop("-TERM").1, "");
    let error = run(command(at.path(), &[]).env("RUST_LOG", "a=b=c")).failed();
    assert!(error.contains("RUST_LOG"), "{error}");
}

#[test]
fn migrate_brings_the_schema_and_says_so() {
    let at = directory();
    let first = run(&mut stagehook(at.path(), &["migrate"])).ok();
    assert!(first.starts_with("applied migration 1\n"), "{first}");
    let again = run(&mut stagehook(at.path(), &["migrate"])).ok();
    assert_eq!(again, "the database has this version's schema\n");
}

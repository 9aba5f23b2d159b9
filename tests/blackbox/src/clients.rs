//! Public clients and libraries of other languages, which hold the server
//! against what the rest of the world expects. `tests/clients` has the programs
//! that drive them, and `make setup` installs them.

use crate::patience::PATIENCE;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// In which language a client is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Python: `python-socketio`, `standardwebhooks`.
    Python,
    /// JavaScript: `socket.io-client`, `standardwebhooks`.
    JavaScript,
}

/// A program that answers line by line; ends when dropped.
#[derive(Debug)]
pub struct Program {
    // Killed when dropped.
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts a program of `tests/clients`, without its ending.
    pub fn start(language: Language, name: &str, arguments: &[&str]) -> Self {
        let test = std::env::current_exe().unwrap();
        // target/<profile>/deps/<test>
        let installed = test.ancestors().nth(3).unwrap().join("tools/clients");
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients");
        let (interpreter, ending) = match language {
            Language::Python => (installed.join("venv/bin/python"), "py"),
            Language::JavaScript => (PathBuf::from("node"), "js"),
        };
        let modules = installed.join("node_modules");
        assert!(
            installed.join("venv/installed").exists() && modules.join("installed").exists(),
            "the clients are not installed: run `make setup`"
        );
        let mut child = Command::new(interpreter)
            .arg(programs.join(name).with_extension(ending))
            .args(arguments)
            .env("NODE_PATH", modules)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            _child: child,
        }
    }

    /// Says one line to it.
    pub async fn say(&mut self, line: &str) {
        let line = format!("{line}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next line that it says.
    pub async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        let line = line.expect("the program says nothing more").unwrap();
        line.expect("the program has ended")
    }
}

/// A public client of Socket.IO that listens to a server.
#[derive(Debug)]
pub struct SocketIo {
    program: Program,
    connections: usize,
}

impl SocketIo {
    /// Begins to connect, and to listen for events of these names. `options` are
    /// `auth`, `transports` and `headers`.
    pub fn begin(language: Language, url: &str, options: &Value, names: &[&str]) -> Self {
        let mut options = options.clone();
        options["names"] = json!(names);
        Self {
            program: Program::start(language, "listen", &[url, &options.to_string()]),
            connections: 0,
        }
    }

    /// How often it was connected.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// The next thing that it hears.
    pub async fn hears(&mut self) -> Value {
        let heard: Value = serde_json::from_str(&self.program.line().await).unwrap();
        self.connections += usize::from(heard.get("connected").is_some());
        heard
    }

    /// That it is connected next, and by which transport.
    pub async fn is_connected(&mut self) -> String {
        let heard = self.hears().await;
        let by = heard["connected"].as_str();
        by.unwrap_or_else(|| panic!("not connected: {heard}"))
            .to_owned()
    }

    /// The event that it hears next, which comes with its data alone; also after
    /// its connection broke.
    pub async fn event(&mut self) -> (String, Value) {
        let mut heard = self.hears().await;
        while heard.get("disconnected").is_some() || heard.get("connected").is_some() {
            heard = self.hears().await;
        }
        let name = heard["event"].as_str();
        let name = name.unwrap_or_else(|| panic!("no event: {heard}"));
        assert!(heard.get("data").is_some(), "not one argument: {heard}");
        (name.to_owned(), heard["data"].clone())
    }

    /// The data of as many events, in the order of these numbers in it: one in
    /// Python does not keep the order.
    pub async fn events_by(&mut self, number: impl Fn(&Value) -> u64, count: usize) -> Vec<Value> {
        let mut heard = Vec::with_capacity(count);
        while heard.len() < count {
            heard.push(self.event().await.1);
        }
        heard.sort_by_key(number);
        heard
    }

    /// Breaks its connection; it comes back by itself, to after this event.
    pub async fn comes_back_to(&mut self, last_event: &str) {
        self.program.say(&format!("again {last_event}")).await;
    }
}

//! What is the server's, its user's or another hook's is neither read nor
//! reached from within a sandbox. REQ-SCR-2, REQ-SCR-6
//!
//! The same scripts find every canary where they are not confined, so it is not
//! for want of trying.

use crate::studio::{LONG, Studio, input, written};
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::HookType;
use stagehook_runners::Invocation;
use stagehook_runners::process::Confinement;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Says what it can read of these paths and of the environment of others, and
/// what it is told on this port and on this abstract socket.
const SHELL: &str = r#"#!/bin/bash
port=$1; shift 2
cat "$@" /proc/[0-9]*/environ 2> /dev/null
exec 3<> "/dev/tcp/127.0.0.1/$port" && cat <&3
exit 0
"#;

/// The same, and besides looks into every file there is in a sandbox.
const PYTHON: &str = r"
import glob, os, socket, sys
port, abstract, *told = sys.argv[1:]
told += glob.glob('/proc/[0-9]*/environ')
paths = list(told)
if os.environ['HOME'] == '/work':
    for directory, below, names in os.walk('/'):
        if directory == '/':
            below[:] = set(below) - {'usr', 'opt', 'proc', 'sys', 'dev', 'nix', 'gnu'}
        paths += [os.path.join(directory, name) for name in names]
for path in paths:
    try:
        content = open(path, 'rb').read()
    except OSError:
        continue
    if b'canary' b'-' in content or path in told:
        sys.stdout.buffer.write(content)
for family, address in (
    (socket.AF_INET, ('127.0.0.1', int(port))),
    (socket.AF_UNIX, '\0' + abstract),
):
    try:
        with socket.socket(family) as stream:
            stream.connect(address)
            sys.stdout.buffer.write(stream.recv(1000))
    except OSError as error:
        print(error)
";

struct Canaries {
    studio: Studio,
    /// What each is called, and what it says.
    told: Vec<(&'static str, String)>,
    /// What a script is told: where they are.
    args: Vec<String>,
    _home: tempfile::NamedTempFile,
}

impl Canaries {
    fn new(confinement: Confinement) -> Self {
        let studio = Studio::confined(confinement);
        let mut canaries = Vec::new();
        let mut canary = |name: &'static str| {
            let says = format!("canary-{name}-{}", studio.nap);
            canaries.push((name, says.clone()));
            says
        };
        let data = studio.path("secret.key");
        fs::write(&data, canary("data directory")).unwrap();
        studio.script("beside.sh", &canary("another script"));
        let mut home = tempfile::NamedTempFile::new_in(std::env::home_dir().unwrap()).unwrap();
        write!(home, "{}", canary("home")).unwrap();
        // The other hook writes it itself.
        canary("another run");

        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        let says = canary("tcp");
        std::thread::spawn(move || tell(tcp.incoming(), &says));
        let name = format!("stagehook-{}", studio.nap);
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixListener::bind_addr(&address).unwrap();
        let says = canary("abstract socket");
        std::thread::spawn(move || tell(socket.incoming(), &says));

        canaries.push(("environment", own_environment()));
        // Where it can be read at all, which takes root.
        if let Ok(shadow) = fs::read_to_string("/etc/shadow") {
            canaries.push(("shadow", shadow.lines().next().unwrap().to_owned()));
        }
        let paths = [
            data.as_path(),
            &studio.scripts().join("beside.sh"),
            home.path(),
            Path::new("/etc/shadow"),
        ]
        .map(|path| path.to_str().unwrap().to_owned());
        let mut args = vec![port.to_string(), name];
        args.extend(paths);
        Self {
            studio,
            told: canaries,
            args,
            _home: home,
        }
    }

    /// Those that a script finds, while another hook runs.
    async fn found(&self, hook_type: HookType, grants: Value) -> BTreeSet<&'static str> {
        let studio = &self.studio;
        let secret = &self.told[3].1;
        let other = "echo SECRET > secret; echo > UP; read -r line < GO"
            .replace("SECRET", secret)
            .replace("UP", &studio.told("up"))
            .replace("GO", &studio.told("go"));
        studio.script("other/hook.sh", &other);
        let (script, content) = match hook_type {
            HookType::Python => ("mine/hook.py", PYTHON),
            _ => ("mine.sh", SHELL),
        };
        studio.script(script, content);
        let go = studio.shared("go");
        rustix::fs::mkfifoat(rustix::fs::CWD, &go, 0o600.into()).unwrap();

        let told = input();
        let input_json = serde_json::to_string(&told).unwrap();
        let config = serde_json::from_value(studio.sharing("other/hook.sh")).unwrap();
        let never = CancellationToken::new();
        let invocation = Invocation {
            input: &told,
            input_json: &input_json,
            timeout: LONG,
            cancel: &never,
        };
        let run = studio.runner.run_shell(&config, None, invocation);
        let attack = async {
            written(&studio.shared("up")).await;
            let mut args = self.args.clone();
            for entry in fs::read_dir(studio.path("work")).unwrap() {
                let secret = entry.unwrap().path().join("secret");
                args.push(secret.to_str().unwrap().to_owned());
            }
            let config = json!({"script_path": script, "args": args, "grants": grants});
            let execution = studio.alongside(hook_type, config).await;
            fs::write(&go, "go\n").unwrap();
            execution
        };
        let (other, execution) = tokio::join!(run, attack);
        assert_eq!(other.unwrap().error, None);
        fs::remove_file(go).unwrap();
        fs::remove_file(studio.shared("up")).unwrap();
        assert_eq!(execution.error, None, "{execution:?}");
        self.told
            .iter()
            .filter(|(_, says)| execution.stdout.contains(says))
            .map(|(name, _)| *name)
            .collect()
    }
}

fn tell<S: Write, E>(streams: impl Iterator<Item = Result<S, E>>, says: &str) {
    for mut stream in streams.flatten() {
        // Whoever hung up did not want to know.
        let _ = stream.write_all(says.as_bytes());
    }
}

/// Something that this process was started with.
fn own_environment() -> String {
    let environment = fs::read("/proc/self/environ").unwrap();
    let entries = environment.split(|&byte| byte == 0);
    let longest = entries
        .filter(|entry| entry.iter().all(u8::is_ascii_graphic))
        .max_by_key(|entry| entry.len());
    String::from_utf8(longest.unwrap().to_vec()).unwrap()
}

#[rstest]
#[case::shell(HookType::Shell)]
#[case::python(HookType::Python)]
#[tokio::test]
async fn a_confined_script_finds_none(#[case] hook_type: HookType) {
    let canaries = Canaries::new(Confinement::Bubblewrap);
    let found = canaries.found(hook_type, json!({})).await;
    assert_eq!(found, BTreeSet::new());
}

#[rstest]
#[case::shell(HookType::Shell)]
#[case::python(HookType::Python)]
#[tokio::test]
async fn one_that_is_not_confined_finds_all(#[case] hook_type: HookType) {
    let canaries = Canaries::new(Confinement::Off);
    let found = canaries.found(hook_type, json!({})).await;
    let mut all: BTreeSet<_> = canaries.told.iter().map(|(name, _)| *name).collect();
    if hook_type == HookType::Shell {
        // Bash has no word for it.
        all.remove("abstract socket");
    }
    assert_eq!(found, all);
}

#[rstest]
#[case::shell(HookType::Shell)]
#[case::python(HookType::Python)]
#[tokio::test]
async fn with_the_network_it_finds_what_is_there_and_no_more(#[case] hook_type: HookType) {
    let canaries = Canaries::new(Confinement::Bubblewrap);
    let found = canaries.found(hook_type, json!({"network": true})).await;
    // Abstract sockets are of the network, as far as the kernel is concerned.
    let network = match hook_type {
        HookType::Python => BTreeSet::from(["tcp", "abstract socket"]),
        _ => BTreeSet::from(["tcp"]),
    };
    assert_eq!(found, network);
}

/// Tries to open every setting of the machine for writing, and writes none.
const SETTINGS: &str = r"
import os
tried = 0
for directory in ('sys', 'fs', 'scsi', 'acpi', 'irq', 'bus', 'sysrq-trigger'):
    top = '/proc/' + directory
    walk = list(os.walk(top)) if os.path.isdir(top) else [('/proc', [], [directory])]
    for below, _, names in walk:
        for name in names:
            tried += 1
            try:
                os.close(os.open(os.path.join(below, name), os.O_WRONLY))
            except OSError:
                continue
            print(below, name)
print('tried' if tried > 100 else f'only {tried}')
";

/// Root's, to the kernel, which knows a confined script by the server's user.
#[tokio::test]
async fn a_confined_script_changes_no_setting_of_the_machine() {
    let studio = Studio::confined(Confinement::Bubblewrap);
    studio.script("hook.py", SETTINGS);
    let execution = studio.run_python(json!({"script_path": "hook.py"})).await;
    assert_eq!(execution.error, None, "{execution:?}");
    assert_eq!(execution.stdout, "tried\n");
}

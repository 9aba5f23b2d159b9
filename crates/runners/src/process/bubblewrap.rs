//! The sandbox of one run, as bubblewrap is told to make it. REQ-SCR-6
//!
//! | place | what |
//! | --- | --- |
//! | `/usr`, `/opt`, `/bin`, `/lib`, … | the system's programs, read-only |
//! | `/etc` | the few files that programs need, read-only; no keys, no passwords |
//! | `/work` | the work directory: home, temporary files, input, result |
//! | `/segment`, … | granted directories |
//! | `/tmp`, `/dev/shm` | empty, in memory, bounded |
//! | `/proc` | of the sandbox's own processes alone |
//! | a virtual environment | read-only, where it is on the host |
//! | `/.stagehook` | the sandbox's first process, the library, and what lies beside the script |
//!
//! Nothing else of the host exists in there. Directories that a hook chose are
//! handed over opened, not named, so that nobody can put another in their place.

use super::interpreter::PATH;
use super::report::{self, Report};
use super::spawn::Program;
use super::{library, limits};
use crate::media_roots::GrantedDirectory;
use stagehook_core::config::{Access, ScriptLimitsInForce};
use std::ffi::OsString;
use std::fs;
use std::io::{self, PipeReader, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where a confined script sees its work directory.
pub(super) const WORK: &str = "/work";
/// Where a template sees the work directories of its runs.
const RUNS: &str = "/.stagehook/runs";
/// Where it sees what the server gives to every script.
pub(super) const GIVEN: &str = "/.stagehook";
/// Where it sees what lies beside it.
pub(super) const BESIDE: &str = "/.stagehook/scripts";
/// Where the sandbox's first process is.
const INIT: &str = "/.stagehook/init";
/// That process, compiled by the build script.
const INIT_PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sandbox-init"));
/// `nobody`.
const USER: &str = "65534";
/// Of each file system in memory.
const MEMORY_FILES_BYTES: &str = "67108864";
/// Of what is put before the server's own directories.
const HIDDEN_BYTES: &str = "65536";
/// How long trying out the sandbox may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a system keeps its programs; what is there is seen whole.
const PROGRAMS: [&str; 4] = ["/usr", "/opt", "/nix/store", "/gnu/store"];
/// Places that are links into `/usr` on most systems.
const LINKED: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
/// What programs need of `/etc`.
const CONFIGURATION: [&str; 27] = [
    "ImageMagick-6",
    "ImageMagick-7",
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "fonts",
    "group",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "magic",
    "mime.types",
    "nsswitch.conf",
    "passwd",
    "pki/ca-trust",
    "pki/tls/certs",
    "protocols",
    "python3",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
    "xdg",
];
/// What they need besides to find other machines.
const OF_THE_NETWORK: [&str; 4] = ["gai.conf", "host.conf", "hosts", "resolv.conf"];
/// What of `/proc` speaks of the whole machine, and is read-only: the kernel
/// knows a script of a server that is root as root, and asks for no more than
/// that before it lets it write a setting (`kernel.core_pattern`: a program that
/// runs outside of every sandbox). Bubblewrap covers `bus`, `irq` and
/// `sysrq-trigger` itself.
const OF_THE_MACHINE: [&str; 4] = ["/proc/acpi", "/proc/fs", "/proc/scsi", "/proc/sys"];

/// Who lives in a sandbox.
#[derive(Debug)]
struct Inhabitant {
    /// Who that is, and what it may do there.
    user: &'static [&'static str],
    /// Whether it mounts `/proc` for others: the kernel lets it only where it sees
    /// all of its own.
    mounts_proc: bool,
    /// What it has besides.
    empty: &'static [&'static str],
    /// Where it sees the directory that is its own.
    work: &'static str,
}

const AS_SCRIPT: Inhabitant = Inhabitant {
    // A user namespace also where the server is root, so that a script has none
    // of its powers; and none within it, where the kernel has most of its holes.
    user: &[
        "--unshare-user",
        "--disable-userns",
        "--uid",
        USER,
        "--gid",
        USER,
    ],
    mounts_proc: false,
    empty: &[],
    work: WORK,
};

const AS_TEMPLATE: Inhabitant = Inhabitant {
    // Root in its own user namespace, as terminals can be made for nobody else,
    // with three powers there: over namespaces and mounts, over the loopback of
    // a network without anything else, and over who its runs are.
    user: &[
        "--unshare-user",
        "--uid",
        "0",
        "--gid",
        "0",
        "--cap-drop",
        "ALL",
        "--cap-add",
        "CAP_SYS_ADMIN",
        "--cap-add",
        "CAP_NET_ADMIN",
        "--cap-add",
        "CAP_SETFCAP",
    ],
    mounts_proc: true,
    // Of its own it has nowhere to leave anything.
    empty: &["--size", MEMORY_FILES_BYTES, "--tmpfs", WORK],
    work: RUNS,
};

/// Sandboxes can be made here.
#[derive(Debug)]
pub(super) struct Bubblewrap {
    program: PathBuf,
    given: PathBuf,
    /// What is the same for every sandbox.
    system: Vec<OsString>,
    /// The parts of the host that `system` shows.
    visible: Vec<PathBuf>,
}

/// What one script sees beside the system and its work directory.
#[derive(Debug)]
pub(super) struct View {
    /// What lies beside it; none where nothing needs it.
    pub(super) beside: Option<OwnedFd>,
    /// What it was granted.
    pub(super) directories: Vec<GrantedDirectory>,
    /// Directories of the server's own that it needs, read-only, under the same
    /// path.
    pub(super) read_only: Vec<PathBuf>,
    /// Whether it may open sockets.
    pub(super) network: bool,
}

impl View {
    /// Where it sees directories of the host.
    pub(super) fn places(&self) -> Vec<&str> {
        let read_only = self.read_only.iter().filter_map(|path| path.to_str());
        let granted = self
            .directories
            .iter()
            .map(|granted| granted.guest.as_str());
        read_only.chain(granted).collect()
    }

    /// The same once more.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        let directories = self.directories.iter().map(|granted| {
            Ok(GrantedDirectory {
                dir: granted.dir.try_clone()?,
                guest: granted.guest.clone(),
                access: granted.access,
            })
        });
        Ok(Self {
            beside: self.beside.as_ref().map(OwnedFd::try_clone).transpose()?,
            directories: directories.collect::<io::Result<_>>()?,
            read_only: self.read_only.clone(),
            network: self.network,
        })
    }
}

/// Why no sandbox can be made on this machine. For operators.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NoSandbox {
    #[error(
        "bubblewrap is not installed: install the package `bubblewrap` (the program `bwrap`) and \
         start the server again"
    )]
    Missing,
    #[error("bubblewrap cannot make a sandbox on this machine: {0}")]
    Fails(String),
    #[error("the first process of sandboxes cannot be put into the work directory: {0}")]
    Unwritable(io::ErrorKind),
}

impl Bubblewrap {
    /// Finds bubblewrap and tries it out. `work_root` gets a program; `hidden`
    /// are directories of the server's own, of which nothing is to be seen.
    pub(super) fn find(work_root: &Path, hidden: &[PathBuf]) -> Result<Self, NoSandbox> {
        let program = PATH
            .split(':')
            .map(|directory| Path::new(directory).join("bwrap"))
            .find(|path| super::interpreter::is_executable(path))
            .ok_or(NoSandbox::Missing)?;
        let given = library::given(work_root);
        install(&given).map_err(|error| NoSandbox::Unwritable(error.kind()))?;
        let (system, visible) = system(hidden);
        let sandbox = Self {
            program,
            given,
            system,
            visible,
        };
        sandbox.probe(work_root)?;
        Ok(sandbox)
    }

    /// Whether what is here on the host is seen in every sandbox.
    pub(super) fn shows(&self, path: &Path) -> bool {
        self.visible.iter().any(|visible| path.starts_with(visible))
    }

    /// A command that starts `program` in a sandbox: `program`'s path and
    /// directory are as the sandbox has them. How it ended can be read from the
    /// pipe, when all has ended.
    pub(super) fn confine(
        &self,
        program: Program,
        work: OwnedFd,
        view: View,
        limits: &ScriptLimitsInForce,
    ) -> io::Result<(Program, PipeReader)> {
        let limits = limits::as_args(limits).collect();
        self.confine_as(&AS_SCRIPT, program, work, view, limits)
    }

    /// The same for an interpreter from which runs of a warm script are forked: it
    /// sees the place of their work directories as `RUNS`, and has the powers
    /// that it takes to give each run what it would have in a sandbox of its own.
    pub(super) fn confine_template(
        &self,
        program: Program,
        runs: OwnedFd,
        view: View,
        limits: &ScriptLimitsInForce,
    ) -> io::Result<(Program, PipeReader)> {
        let limits = limits::as_args_of_template(limits).collect();
        self.confine_as(&AS_TEMPLATE, program, runs, view, limits)
    }

    fn confine_as(
        &self,
        inhabitant: &Inhabitant,
        program: Program,
        work: OwnedFd,
        view: View,
        limits: Vec<OsString>,
    ) -> io::Result<(Program, PipeReader)> {
        let (report, reporter) = io::pipe()?;
        let mut confined = Program::new(&self.program, "/");
        // The first, so that it is descriptor 3.
        confined.descriptor(reporter.into());
        confined.stdin = program.stdin;
        confined = confined.args(inhabitant.user.iter().copied());
        confined.args.extend(self.system.iter().cloned());
        if !inhabitant.mounts_proc || is_root() {
            for path in OF_THE_MACHINE {
                confined = confined.args(["--ro-bind-try", path, path]);
            }
        }
        if view.network {
            let mut args = Vec::new();
            configuration(&mut args, &OF_THE_NETWORK);
            confined = confined.args(args);
        } else {
            confined = confined.args(["--unshare-net"]);
        }
        confined = confined
            .args(["--ro-bind".into(), self.given.clone().into_os_string()])
            .args([GIVEN]);
        for path in view.read_only {
            confined = confined.args([
                OsString::from("--ro-bind"),
                path.clone().into(),
                path.into(),
            ]);
        }
        confined = confined.args(inhabitant.empty.iter().copied());
        let mut bind = |option: &str, directory: OwnedFd, guest: &str| {
            let number = confined.descriptor(directory).to_string();
            confined
                .args
                .extend([option.into(), number.into(), guest.into()]);
        };
        bind("--bind-fd", work, inhabitant.work);
        if let Some(beside) = view.beside {
            bind("--ro-bind-fd", beside, BESIDE);
        }
        for granted in view.directories {
            let option = match granted.access {
                Access::Read => "--ro-bind-fd",
                Access::Write => "--bind-fd",
            };
            bind(option, granted.dir.into(), &granted.guest);
        }
        let confined = Program {
            variables: program.variables,
            ..confined
        }
        .args(["--remount-ro", "/", "--chdir"])
        .args([program.directory])
        .args(["--", INIT])
        .args(limits)
        .args(["--"])
        .args([program.path])
        .args(program.args);
        Ok((confined, report))
    }

    /// Makes a sandbox with everything that one can have, to see whether it can
    /// be made. Fails closed.
    fn probe(&self, work_root: &Path) -> Result<(), NoSandbox> {
        let fails = |error: io::Error| NoSandbox::Fails(error.to_string());
        let open = || fs::File::open(work_root).map(OwnedFd::from);
        let view = View {
            beside: Some(open().map_err(fails)?),
            directories: Vec::new(),
            read_only: Vec::new(),
            network: false,
        };
        let limits = stagehook_core::config::ScriptLimitRange::default().default;
        let (program, report) = self
            .confine(
                Program::new("/bin/sh", WORK).args(["-c", "exit 0"]),
                open().map_err(fails)?,
                view,
                &limits,
            )
            .map_err(fails)?;
        let spawned = program.spawn().map_err(fails)?;
        let until = Instant::now() + PROBE_TIMEOUT;
        let ended = loop {
            match super::sys::reap(spawned.pid) {
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(1)),
                Ok(None) => {
                    let _ = rustix::process::kill_process_group(
                        spawned.pid,
                        rustix::process::Signal::KILL,
                    );
                    return Err(NoSandbox::Fails(format!(
                        "it takes longer than {} s",
                        PROBE_TIMEOUT.as_secs()
                    )));
                }
                ended => break ended.map_err(fails)?,
            }
        };
        match report::read(&report) {
            Report::Ended(ended) if ended.status.success() => Ok(()),
            _ => {
                let mut said = String::new();
                let _ = fs::File::from(spawned.stderr)
                    .take(1_000)
                    .read_to_string(&mut said);
                let said = said.lines().next().unwrap_or_default();
                let ended = ended.map(|ended| ended.status.to_string());
                Err(NoSandbox::Fails(match said.strip_prefix("bwrap: ") {
                    Some(said) => said.to_owned(),
                    None => format!("{} {said}", ended.unwrap_or_default()),
                }))
            }
        }
    }
}

/// Whether the server is root, whom the kernel knows its scripts by, too.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Puts the first process of sandboxes where they can see it, and makes the place
/// of what lies beside a script.
fn install(given: &Path) -> io::Result<()> {
    let name = |guest: &str| given.join(guest.trim_start_matches(GIVEN).trim_start_matches('/'));
    for place in [BESIDE, RUNS] {
        fs::create_dir_all(name(place))?;
    }
    library::put(&name(INIT), INIT_PROGRAM, 0o555)
}

/// What every sandbox has, and the parts of the host that it shows.
fn system(hidden: &[PathBuf]) -> (Vec<OsString>, Vec<PathBuf>) {
    let mut args: Vec<OsString> = [
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--hostname",
        "stagehook",
        "--new-session",
        "--as-pid-1",
    ]
    .map(OsString::from)
    .to_vec();
    let mut visible = Vec::new();
    let mut show = |args: &mut Vec<OsString>, path: &Path| {
        args.extend(["--ro-bind".into(), path.into(), path.into()]);
        visible.push(path.to_owned());
    };
    for path in PROGRAMS.map(Path::new) {
        if path.is_dir() {
            show(&mut args, path);
        }
    }
    for path in LINKED.map(Path::new) {
        match fs::read_link(path) {
            Ok(target) => args.extend(["--symlink".into(), target.into(), path.into()]),
            Err(_) if path.is_dir() => show(&mut args, path),
            Err(_) => {}
        }
    }
    configuration(&mut args, &CONFIGURATION);
    for path in hidden {
        let shown = visible.iter().any(|visible| path.starts_with(visible));
        if shown && path.is_dir() {
            let empty = ["--size", HIDDEN_BYTES, "--tmpfs"].map(OsString::from);
            args.extend(empty.into_iter().chain([path.into()]));
        }
    }
    let rest = [
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--size",
        MEMORY_FILES_BYTES,
        "--tmpfs",
        "/dev/shm",
        "--remount-ro",
        "/dev",
        "--size",
        MEMORY_FILES_BYTES,
        "--tmpfs",
        "/tmp",
    ];
    args.extend(rest.map(OsString::from));
    (args, visible)
}

fn configuration(args: &mut Vec<OsString>, names: &[&str]) {
    for name in names {
        let path = Path::new("/etc").join(name);
        if path.exists() {
            args.extend(["--ro-bind".into(), path.clone().into(), path.into()]);
        }
    }
}

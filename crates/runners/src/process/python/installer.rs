//! The programs that build managed environments: uv where it is installed, or
//! else Python's own venv and pip.

use super::super::interpreter::{PATH, is_executable};
use super::super::spawn::Program;
use super::environment::interpreter_of;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What installers need of the server's environment to find packages.
const INHERITED: [&str; 27] = [
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST",
    "PIP_CERT",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX_STRATEGY",
    "UV_FIND_LINKS",
    "UV_INSECURE_HOST",
    "UV_HTTP_TIMEOUT",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// How uv calls what pip calls otherwise, and what it puts between the entries
/// of a list. Where packages are is set up once, whichever installs them.
const OF_PIP_FOR_UV: [(&str, &str, &str); 5] = [
    ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", " "),
    ("PIP_EXTRA_INDEX_URL", "UV_INDEX", " "),
    ("PIP_FIND_LINKS", "UV_FIND_LINKS", ","),
    ("PIP_TRUSTED_HOST", "UV_INSECURE_HOST", " "),
    ("PIP_CERT", "SSL_CERT_FILE", " "),
];
/// Wheels alone: building anything else runs code of the package, as us.
const WHEELS: [&str; 2] = ["--only-binary", ":all:"];

/// What builds the managed environments of Python hooks.
#[derive(Debug, Clone)]
pub struct PythonInstaller {
    /// uv, absolute. Without it an environment is built by its Python's own venv
    /// and pip.
    pub uv: Option<PathBuf>,
    /// What it has of the server's environment: where packages are, proxies,
    /// certificates. What is set for pip holds for uv too.
    pub variables: BTreeMap<String, OsString>,
}

impl Default for PythonInstaller {
    /// uv where it is installed for the whole system, and the settings of pip
    /// and uv in this process's environment.
    fn default() -> Self {
        let inherited = INHERITED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), env::var_os(name)?)));
        Self {
            uv: PATH
                .split(':')
                .map(|directory| Path::new(directory).join("uv"))
                .find(|uv| is_executable(uv)),
            variables: inherited.collect(),
        }
    }
}

/// Where one environment is being built.
pub(super) struct Site<'a> {
    /// Home of the installer, removed afterwards.
    pub(super) home: &'a Path,
    /// The environment.
    pub(super) environment: &'a Path,
    /// What it is to have.
    pub(super) requirements: &'a Path,
    /// What was resolved of that: a lock, or a report of pip.
    pub(super) resolved: &'a Path,
    /// What is to be installed.
    pub(super) lock: &'a Path,
}

/// One program to be run, with its name for people.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) program: Program,
}

impl PythonInstaller {
    /// Makes an empty environment.
    pub(super) fn make(&self, python: &Path, site: &Site<'_>) -> Step {
        match &self.uv {
            Some(uv) => Step {
                name: "uv venv",
                program: self
                    .program(uv, site)
                    .args(["venv", "--no-project", "--relocatable", "--python"])
                    .args([python, site.environment]),
            },
            None => Step {
                name: "python -m venv",
                program: self
                    .program(python, site)
                    .args(["-I", "-m", "venv"])
                    .args([site.environment]),
            },
        }
    }

    /// Resolves the requirements.
    pub(super) fn resolve(&self, site: &Site<'_>) -> Step {
        match &self.uv {
            Some(uv) => Step {
                name: "uv pip compile",
                program: self
                    .uv_pip(uv, "compile", site)
                    .args(["--generate-hashes", "--no-header", "--no-annotate", "-o"])
                    .args([site.resolved, site.requirements]),
            },
            None => Step {
                name: "pip install --dry-run",
                program: self
                    .pip_install(site)
                    // Also what an environment of venv has from the start.
                    .args(["--dry-run", "--ignore-installed", "--report"])
                    .args([site.resolved, Path::new("-r"), site.requirements]),
            },
        }
    }

    /// Installs what is locked, and nothing else.
    pub(super) fn install(&self, site: &Site<'_>) -> Step {
        let (name, program) = match &self.uv {
            Some(uv) => ("uv pip install", self.uv_pip(uv, "install", site)),
            None => ("pip install", self.pip_install(site)),
        };
        Step {
            name,
            program: program
                .args(["--require-hashes", "--no-deps", "-r"])
                .args([site.lock]),
        }
    }

    fn uv_pip(&self, uv: &Path, command: &str, site: &Site<'_>) -> Program {
        let program = self
            .program(uv, site)
            .args(["pip", command])
            .args(WHEELS)
            .args(["--python"])
            .args([interpreter_of(site.environment)]);
        // The one setting of pip's that uv takes as an argument alone.
        let no_index = self.variables.get("PIP_NO_INDEX");
        match no_index.and_then(|value| value.to_str()) {
            None | Some("" | "0" | "false" | "no" | "off") => program,
            Some(_) => program.args(["--no-index"]),
        }
    }

    fn pip_install(&self, site: &Site<'_>) -> Program {
        self.program(&interpreter_of(site.environment), site)
            .args(["-I", "-m", "pip", "install", "--no-input"])
            .args(WHEELS)
    }

    fn program(&self, path: &Path, site: &Site<'_>) -> Program {
        let mut program = Program::new(path, site.home);
        let mut variables = self.variables.clone();
        for (of_pip, of_uv, between) in OF_PIP_FOR_UV {
            if let Some(value) = self.variables.get(of_pip).and_then(|value| value.to_str()) {
                let entries: Vec<_> = value.split_whitespace().collect();
                variables
                    .entry(of_uv.to_owned())
                    .or_insert_with(|| entries.join(between).into());
            }
        }
        // What lies about in directories above is not for this server.
        if !variables.contains_key("UV_CONFIG_FILE") {
            variables.insert("UV_NO_CONFIG".to_owned(), "1".into());
        }
        let fixed: [(&str, OsString); 7] = [
            ("PATH", PATH.into()),
            ("HOME", site.home.into()),
            ("TMPDIR", site.home.into()),
            ("LANG", "C.UTF-8".into()),
            ("NO_COLOR", "1".into()),
            ("PIP_DISABLE_PIP_VERSION_CHECK", "1".into()),
            ("UV_PYTHON_DOWNLOADS", "never".into()),
        ];
        variables.extend(fixed.map(|(name, value)| (name.to_owned(), value)));
        program.variables = variables;
        program
    }
}

//! Which program reads a shell script. REQ-SCR-1
//!
//! The first line's `#!` is honoured here and not by the kernel: the script
//! need not be executable, a line that ends in CR LF does no harm, and a
//! missing interpreter is an error that says so.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where `env` looks, and scripts too.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// A program with the arguments that come before the script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// Absolute path.
    pub(super) program: PathBuf,
    /// Its own arguments.
    pub(super) args: Vec<String>,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoInterpreter {
    #[error("the script's first line names the interpreter {0}, which does not exist here")]
    Missing(String),
    #[error("the script's first line names the interpreter {0:?}, which is no absolute path")]
    Relative(String),
    #[error("the script is a compiled program; a shell hook runs scripts")]
    Compiled,
}

/// The program that reads this script: what its first line names, or `shell`.
pub(super) fn of_script(content: &[u8], shell: &Path) -> Result<Interpreter, NoInterpreter> {
    if content.starts_with(b"\x7fELF") {
        return Err(NoInterpreter::Compiled);
    }
    let Some(line) = shebang(content) else {
        return Ok(Interpreter {
            program: shell.to_owned(),
            args: Vec::new(),
        });
    };
    let (program, argument) = match line.split_once([' ', '\t']) {
        Some((program, argument)) => (program, argument.trim()),
        None => (line.as_str(), ""),
    };
    if !program.starts_with('/') {
        return Err(NoInterpreter::Relative(program.to_owned()));
    }
    if matches!(program, "/usr/bin/env" | "/bin/env") {
        let words = argument.strip_prefix("-S").unwrap_or(argument);
        let mut words = words.split_ascii_whitespace().map(str::to_owned);
        let name = words
            .next()
            .ok_or_else(|| NoInterpreter::Missing("env".to_owned()))?;
        return Ok(Interpreter {
            program: find(&name).ok_or(NoInterpreter::Missing(name))?,
            args: words.collect(),
        });
    }
    if !is_executable(Path::new(program)) {
        return Err(NoInterpreter::Missing(program.to_owned()));
    }
    Ok(Interpreter {
        program: PathBuf::from(program),
        // Like the kernel: all the rest is one argument.
        args: (!argument.is_empty())
            .then(|| argument.to_owned())
            .into_iter()
            .collect(),
    })
}

/// A script saved with CR LF line ends, as its first line shows, in the form
/// that shells read. They would take the CR for part of the last word.
pub(super) fn with_unix_line_ends(content: Vec<u8>) -> Vec<u8> {
    let first_line = content.split(|&byte| byte == b'\n').next();
    if !first_line.is_some_and(|line| line.starts_with(b"#!") && line.ends_with(b"\r")) {
        return content;
    }
    let mut unix = Vec::with_capacity(content.len());
    for line in content.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                unix.extend_from_slice(line);
                unix.push(b'\n');
            }
            None => unix.extend_from_slice(line),
        }
    }
    unix
}

/// Whether a file can be run.
pub(super) fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn find(name: &str) -> Option<PathBuf> {
    if name.starts_with('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    if name.contains('/') {
        return None;
    }
    PATH.split(':')
        .map(|directory| Path::new(directory).join(name))
        .find(|path| is_executable(path))
}

/// What follows `#!`, without white space and CR around it; `None` when there
/// is nothing.
fn shebang(content: &[u8]) -> Option<String> {
    let rest = content.strip_prefix(b"#!")?;
    let line = rest.split(|&byte| byte == b'\n').next()?;
    let line = String::from_utf8_lossy(&line[..line.len().min(512)])
        .trim()
        .to_owned();
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::{Interpreter, NoInterpreter, of_script, with_unix_line_ends};
    use rstest::rstest;
    use std::path::{Path, PathBuf};

    #[rstest]
    #[case::none("echo hi\n", "/bin/sh", &[])]
    #[case::empty("", "/bin/sh", &[])]
    #[case::bare("#!\necho hi", "/bin/sh", &[])]
    #[case::absolute("#!/bin/sh\n", "/bin/sh", &[])]
    #[case::spaces("#!  /bin/sh  \n", "/bin/sh", &[])]
    #[case::crlf("#!/bin/sh\r\necho hi\r\n", "/bin/sh", &[])]
    #[case::argument("#!/bin/sh -e -u\n", "/bin/sh", &["-e -u"])]
    #[case::env_split("#!/usr/bin/env -S sh -e -u\n", "/usr/bin/sh", &["-e", "-u"])]
    #[case::env_crlf("#!/usr/bin/env sh\r\n", "/usr/bin/sh", &[])]
    fn reads_the_first_line(#[case] script: &str, #[case] program: &str, #[case] args: &[&str]) {
        let found = of_script(script.as_bytes(), Path::new("/bin/sh")).unwrap();
        let resolved = |path: &Path| path.canonicalize().unwrap();
        assert_eq!(resolved(&found.program), resolved(Path::new(program)));
        assert_eq!(found.args, args);
    }

    #[rstest]
    #[case::missing("#!/nowhere/zsh\n", NoInterpreter::Missing("/nowhere/zsh".into()))]
    #[case::env_missing("#!/usr/bin/env nosuchshell\n", NoInterpreter::Missing("nosuchshell".into()))]
    #[case::env_alone("#!/usr/bin/env\n", NoInterpreter::Missing("env".into()))]
    #[case::env_relative("#!/usr/bin/env ./sh\n", NoInterpreter::Missing("./sh".into()))]
    #[case::relative("#!sh\n", NoInterpreter::Relative("sh".into()))]
    #[case::directory("#!/usr/bin\n", NoInterpreter::Missing("/usr/bin".into()))]
    #[case::compiled("\x7fELF\x02", NoInterpreter::Compiled)]
    fn says_why_there_is_none(#[case] script: &str, #[case] expected: NoInterpreter) {
        assert_eq!(
            of_script(script.as_bytes(), Path::new("/bin/sh")),
            Err::<Interpreter, _>(expected)
        );
    }

    #[test]
    fn the_configured_shell_reads_a_script_without_a_first_line_of_its_own() {
        let found = of_script(b"true", Path::new("/opt/sh")).unwrap();
        assert_eq!(found.program, PathBuf::from("/opt/sh"));
    }

    #[test]
    fn only_a_script_saved_with_crlf_is_changed() {
        let unix = |text: &str| String::from_utf8(with_unix_line_ends(text.into())).unwrap();
        assert_eq!(unix("#!/bin/sh\r\nexit 3\r\n"), "#!/bin/sh\nexit 3\n");
        assert_eq!(
            unix("#!/bin/sh\nprintf 'a\r\n'"),
            "#!/bin/sh\nprintf 'a\r\n'"
        );
        assert_eq!(unix("exit 3\r\n"), "exit 3\r\n");
    }
}

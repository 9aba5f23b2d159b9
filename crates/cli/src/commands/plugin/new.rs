//! `stagehook plugin new`

mod template;

use super::language::Language;
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::Args;
use stagehook_core::plugin::PluginName;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use template::File;

/// Names that cargo refuses, or that would hide a crate of Rust itself.
const NAMES_OF_RUST: [&str; 58] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "serde",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "union",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Its name: 1 to 64 lower-case letters, digits or '-', beginning with a letter
    name: PluginName,
    /// What it is written in
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// Where to put it, a directory that does not exist or is empty [default: NAME]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &NewArgs) -> anyhow::Result<Ending> {
    let name = args.name.as_str();
    if args.lang == Language::Rust && NAMES_OF_RUST.contains(&name) {
        bail!(
            "'{name}' means something in Rust itself: choose another name, such as '{name}-check'"
        );
    }
    let directory = args.dir.clone().unwrap_or_else(|| PathBuf::from(name));
    claim(&directory)?;
    for file in template::files(args.lang, name) {
        write(&directory, &file)?;
    }
    output::line(&format!(
        "{} has a new plugin in {}. Next:\n\n  cd {}",
        directory.display(),
        args.lang,
        quoted(&directory)
    ))?;
    for (command, what) in next(args.lang) {
        output::line(&format!("  {command:<22}  # {what}"))?;
    }
    output::line(&format!(
        "  stagehook plugin run dist/{name}.wasm --input input.json --settings settings.json"
    ))?;
    Ok(Ending::Ok)
}

/// Makes the directory; one that has something in it is left alone.
fn claim(directory: &Path) -> anyhow::Result<()> {
    match std::fs::read_dir(directory) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                bail!(
                    "{} exists and is not empty; nothing was written. Choose another place with --dir",
                    directory.display()
                );
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot make {}", directory.display()))
        }
        Err(error) => {
            Err(error).with_context(|| format!("cannot put a plugin in {}", directory.display()))
        }
    }
}

fn write(directory: &Path, file: &File) -> anyhow::Result<()> {
    let path = directory.join(&file.path);
    let written = || {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::File::create_new(&path)?.write_all(&file.content)
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

fn next(language: Language) -> [(&'static str, &'static str); 2] {
    let test = match language {
        Language::Rust => "cargo test",
        Language::TypeScript => "npm ci && npm test",
        Language::Python => "python3 -m unittest",
    };
    [
        (test, "its tests, outside of the sandbox"),
        (
            "stagehook plugin build",
            "the component, and what a server would say of it",
        ),
    ]
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

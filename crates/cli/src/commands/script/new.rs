//! `stagehook script new`

use crate::ending::Ending;
use crate::output;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use std::ffi::OsStr;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

/// What the templates call themselves.
const NAME: &str = "my-script";

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Its name, with or without its ending; what exists is not overwritten
    #[arg(value_name = "NAME")]
    file: PathBuf,
    /// What it is written in
    #[arg(
        long,
        visible_alias = "lang",
        value_enum,
        value_name = "LANGUAGE",
        default_value = "shell"
    )]
    language: Language,
}

/// A language that hooks run scripts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// For any POSIX shell
    #[value(alias = "sh")]
    Shell,
    /// Python 3.8 or later
    #[value(alias = "py")]
    Python,
}

impl Language {
    const fn ending(self) -> &'static str {
        match self {
            Self::Shell => "sh",
            Self::Python => "py",
        }
    }

    const fn hook_type(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Python => "python",
        }
    }

    const fn template(self) -> &'static str {
        match self {
            Self::Shell => include_str!("../../../templates/script/my-script.sh"),
            Self::Python => include_str!("../../../templates/script/my-script.py"),
        }
    }
}

pub(super) fn run(args: &NewArgs) -> anyhow::Result<Ending> {
    let language = args.language;
    let mut file = args.file.clone();
    if file.extension().is_none() {
        file.set_extension(language.ending());
    }
    let shown = file.display();
    let name = file.file_name().map(OsStr::to_string_lossy);
    let name = name.with_context(|| format!("{shown} is no name of a file"))?;
    let template = format!("{NAME}.{}", language.ending());
    let content = language.template().replace(&template, &name);
    let written = std::fs::File::create_new(&file)
        .and_then(|mut created| created.write_all(content.as_bytes()));
    if let Err(error) = written {
        let why = match error.kind() {
            ErrorKind::AlreadyExists => format!("{shown} exists; nothing was written"),
            _ => format!("cannot write {shown}"),
        };
        return Err(anyhow::Error::new(error).context(why));
    }
    output::line(&format!(
        "{shown} is a script that runs as it is. Next:\n\n  stagehook script push {shown}\n  \
         stagehook hook create '{{\"name\": \"my-hook\", \"hook_type\": \"{}\", \
         \"hook_point\": \"post_segment\",\n    \"scope_type\": \"studio\", \"config\": \
         {{\"script_path\": \"{name}\", \"grants\": {{\"segment\": \"read\"}}}}}}'",
        language.hook_type()
    ))?;
    Ok(Ending::Ok)
}

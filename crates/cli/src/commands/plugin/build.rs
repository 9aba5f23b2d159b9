//! `stagehook plugin build`

mod project;
mod python;
mod rust;
mod tool;
mod typescript;

use super::inspect;
use super::language::Language;
use super::sandbox;
use crate::ending::Ending;
use anyhow::Context as _;
use clap::Args;
use project::Project;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct BuildArgs {
    /// The plugin's directory
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Print JSON; what the compiler says goes to stderr in any case
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: &BuildArgs) -> anyhow::Result<Ending> {
    let project = Project::find(&args.directory)?;
    let built = match project.language {
        Language::Rust => rust::build(&project),
        Language::TypeScript => typescript::build(&project),
        Language::Python => python::build(&project),
    }?;
    let component = sandbox::read_component(&built)?;
    inspect::report(&built, component, args.json).await
}

/// Where a project's component goes.
fn output_of(project: &Project) -> anyhow::Result<PathBuf> {
    let directory = if project.directory == Path::new(".") {
        PathBuf::from("dist")
    } else {
        project.directory.join("dist")
    };
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    Ok(directory.join(format!("{}.wasm", project.name)))
}

/// Copies the files below a directory, but for what Python leaves there.
fn copy_sources(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_name() == "__pycache__" {
            continue;
        }
        if source.is_dir() {
            copy_sources(&source, &copy)?;
        } else {
            std::fs::copy(&source, &copy)?;
        }
    }
    Ok(())
}

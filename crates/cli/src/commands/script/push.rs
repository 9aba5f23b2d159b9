//! `stagehook script push`

use super::shown::path_of;
use crate::client::Connection;
use crate::ending::Ending;
use crate::output;
use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use stagehook_core::config::ScriptPath;
use stagehook_core::script::SCRIPT_MAX_BYTES;
use std::fs;
use std::path::{Path, PathBuf};

/// In a directory: what Python and its tools leave behind.
const NOT_PUSHED: [&str; 2] = ["__pycache__", "node_modules"];

#[derive(Debug, Args)]
pub(super) struct PushArgs {
    /// A file, pushed under its name; or a directory, of which everything is pushed
    /// under its path in there (but for what begins with '.')
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<PathBuf>,
    /// The whole path to push the one file under
    #[arg(long = "as", value_name = "PATH", conflicts_with = "dir")]
    path: Option<String>,
    /// The folder to push into
    #[arg(long, value_name = "FOLDER")]
    dir: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

/// A file, and where it goes.
struct Item {
    file: PathBuf,
    path: ScriptPath,
    content: Vec<u8>,
}

pub(super) async fn run(args: PushArgs) -> anyhow::Result<Ending> {
    let client = args.connection.client()?;
    // All are read before the first is sent: what is wrong with one is found
    // while nothing has changed yet.
    let items = items(&args)?;
    let mut pushed = Vec::with_capacity(items.len());
    for item in items {
        let (is_new, mut version) = client
            .put_bytes(&path_of("/scripts", item.path.as_str()), item.content)
            .await
            .with_context(|| format!("{} was not pushed", item.file.display()))?;
        version["is_new"] = is_new.into();
        pushed.push(version);
    }
    if args.connection.json {
        output::json(&json!({"items": pushed}))?;
    } else {
        let rows = pushed.iter().map(row).collect();
        output::table(&["path", "version", "digest", "state"], rows)?;
    }
    Ok(Ending::Ok)
}

fn row(version: &Value) -> Vec<String> {
    let mut row = output::row(version, &["/path", "/version", "/digest"]);
    let is_new = version.get("is_new") == Some(&Value::Bool(true));
    row.push(if is_new { "new" } else { "as it was" }.to_owned());
    row
}

fn items(args: &PushArgs) -> anyhow::Result<Vec<Item>> {
    let mut items = Vec::new();
    for given in &args.files {
        let metadata =
            fs::metadata(given).with_context(|| format!("cannot read {}", given.display()))?;
        if !metadata.is_dir() {
            let name = given.file_name().map_or(given.as_path(), Path::new);
            items.push(item(args, given, name)?);
            continue;
        }
        let mut files = Vec::new();
        find(given, &mut files)?;
        if files.is_empty() {
            bail!("there is nothing to push in {}", given.display());
        }
        for file in files {
            let below = file.strip_prefix(given).unwrap_or(&file);
            items.push(item(args, &file, below)?);
        }
    }
    if args.path.is_some() && items.len() != 1 {
        bail!("--as names one script, and {} are given", items.len());
    }
    Ok(items)
}

fn item(args: &PushArgs, file: &Path, name: &Path) -> anyhow::Result<Item> {
    let name = name
        .to_str()
        .with_context(|| format!("the name of {} is no UTF-8", file.display()))?;
    let path = match (&args.path, &args.dir) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => format!("{}/{name}", folder.trim_end_matches('/')),
        (None, None) => name.to_owned(),
    };
    let path: ScriptPath = path
        .parse()
        .with_context(|| format!("{} cannot be pushed as '{path}'", file.display()))?;
    let content = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    if content.len() > SCRIPT_MAX_BYTES {
        bail!(
            "{} is larger than the {} MiB that a script may have",
            file.display(),
            SCRIPT_MAX_BYTES >> 20
        );
    }
    Ok(Item {
        file: file.to_owned(),
        path,
        content,
    })
}

/// The files below a directory, in order. Links to directories are not followed:
/// they may lead back.
fn find(directory: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let cannot = || format!("cannot read {}", directory.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with('.') && !NOT_PUSHED.contains(&&*name) {
            entries.push(entry.path());
        }
    }
    entries.sort();
    for path in entries {
        if path.is_file() {
            files.push(path);
        } else if path.is_dir() && !path.is_symlink() {
            find(&path, files)?;
        }
    }
    Ok(())
}

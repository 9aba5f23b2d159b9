//! Ways to reach out of the sandbox. What came of it is answered in the patch as
//! `{"ok": …}` or `{"error": "…"}`, so that a test can tell a refusal from a
//! plugin that broke.

use std::fs;
use std::io::{Read, Write};

use stagehook_plugin_sdk::{Failure, Outcome, Value, json};

use crate::behaviour::Behaviour;

pub(crate) fn act(behaviour: Behaviour) -> Result<Outcome, Failure> {
    let found = match behaviour {
        Behaviour::Read { path } => fs::read_to_string(path).map(Value::from),
        Behaviour::Write { path, text } => fs::write(path, text).map(done),
        Behaviour::Append { path } => fs::OpenOptions::new()
            .append(true)
            .open(path)
            .and_then(|mut file| file.write_all(b"appended"))
            .map(done),
        Behaviour::Truncate { path } => fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(path)
            .map(|_| Value::Null),
        Behaviour::Shorten { path } => fs::File::open(path)
            .and_then(|file| file.set_len(0))
            .map(done),
        Behaviour::Touch { path } => fs::File::open(path)
            .and_then(|file| file.set_modified(std::time::SystemTime::UNIX_EPOCH))
            .map(done),
        Behaviour::Rename { from, to } => fs::rename(from, to).map(done),
        Behaviour::HardLink { from, to } => fs::hard_link(from, to).map(done),
        Behaviour::Symlink { target, link } => symlink(&target, &link).map(done),
        Behaviour::Remove { path } => fs::remove_file(path).map(done),
        Behaviour::MakeDirectory { path } => fs::create_dir(path).map(done),
        Behaviour::Env => Ok(environment()),
        Behaviour::List => Ok(preopens()),
        Behaviour::ReadDirectory { path } => read_directory(&path),
        Behaviour::Connect { address } => {
            std::net::TcpStream::connect(address).map(|_| Value::Null)
        }
        other => return Err(Failure::new(format!("{other:?} is not a way to reach out"))),
    };
    let patch = match found {
        Ok(value) => json!({"ok": value}),
        Err(error) => json!({"error": error.to_string()}),
    };
    Ok(Outcome::pass().patch(&patch))
}

fn done((): ()) -> Value {
    Value::Null
}

#[cfg(target_family = "wasm")]
fn symlink(target: &str, link: &str) -> std::io::Result<()> {
    // The standard library's is not stable for this target.
    let (directory, name) = link.rsplit_once('/').unwrap_or(("", link));
    let preopens = wasip2::filesystem::preopens::get_directories();
    let (descriptor, _) = preopens
        .iter()
        .find(|(_, path)| path == directory)
        .ok_or_else(|| std::io::Error::other("no such directory"))?;
    descriptor
        .symlink_at(target, name)
        .map_err(|code| std::io::Error::other(code.name()))
}

#[cfg(not(target_family = "wasm"))]
fn symlink(_target: &str, _link: &str) -> std::io::Result<()> {
    Err(std::io::Error::other("only in the sandbox"))
}

fn environment() -> Value {
    let mut stdin = String::new();
    let stdin = std::io::stdin()
        .read_to_string(&mut stdin)
        .map_or_else(|error| error.to_string(), |_| stdin);
    json!({
        "environment": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
        "arguments": std::env::args().collect::<Vec<_>>(),
        "stdin": stdin,
    })
}

#[cfg(target_family = "wasm")]
fn preopens() -> Value {
    wasip2::filesystem::preopens::get_directories()
        .into_iter()
        .map(|(_, path)| path)
        .collect::<Vec<_>>()
        .into()
}

#[cfg(not(target_family = "wasm"))]
fn preopens() -> Value {
    Value::Null
}

fn read_directory(path: &str) -> std::io::Result<Value> {
    let mut names = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.into())
}

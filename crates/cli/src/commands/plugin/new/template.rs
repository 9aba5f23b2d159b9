//! The templates: projects that work as they are, under a name of their own.

use crate::commands::plugin::language::Language;
use rust_embed::RustEmbed;

/// What the template is called in its own files.
const NAME: &str = "my-plugin";
/// The same where `-` cannot stand.
const NAME_IN_CODE: &str = "my_plugin";
/// Of files that tools would take for their own if they had their real names
/// here.
const SUFFIX: &str = ".template";

#[derive(RustEmbed)]
#[folder = "templates/rust"]
#[exclude = "target/*"]
struct Rust;

#[derive(RustEmbed)]
#[folder = "templates/typescript"]
#[exclude = "node_modules/*"]
#[exclude = "dist/*"]
struct TypeScript;

#[derive(RustEmbed)]
#[folder = "templates/python"]
#[exclude = "*__pycache__*"]
#[exclude = ".venv/*"]
#[exclude = "dist/*"]
struct Python;

/// The contract, as the repository has it.
#[derive(RustEmbed)]
#[folder = "../../wit/hook-0.2.0"]
struct Contract;

/// The SDK for Rust, which is in no registry.
#[derive(RustEmbed)]
#[folder = "../plugin-sdk"]
#[exclude = "target/*"]
struct Sdk;

/// Where a project in Rust has the SDK.
const SDK: &str = "vendor/stagehook-plugin-sdk";
/// What the SDK may be used under.
const LICENSE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../LICENSE"));

/// A file to write.
#[derive(Debug, Clone)]
pub(super) struct File {
    /// Relative to the project, `/` between.
    pub(super) path: String,
    pub(super) content: Vec<u8>,
}

/// The files of a new plugin of this name.
pub(super) fn files(language: Language, name: &str) -> Vec<File> {
    match language {
        Language::Rust => {
            let license = File {
                path: format!("{SDK}/LICENSE"),
                content: LICENSE.into(),
            };
            // The SDK has the contract in it.
            let mut files = filled::<Rust>(name);
            files.extend(copied::<Sdk>(SDK));
            files.push(license);
            files
        }
        Language::TypeScript => [filled::<TypeScript>(name), copied::<Contract>("wit")].concat(),
        Language::Python => [filled::<Python>(name), copied::<Contract>("wit")].concat(),
    }
}

/// The files of a template, with the plugin's name in place of the template's.
fn filled<Folder: RustEmbed>(name: &str) -> Vec<File> {
    let in_code = name.replace('-', "_");
    embedded::<Folder>()
        .map(|(path, content)| File {
            path: path.strip_suffix(SUFFIX).unwrap_or(&path).to_owned(),
            // Everything in a template is text.
            content: String::from_utf8_lossy(&content)
                .replace(NAME, name)
                .replace(NAME_IN_CODE, &in_code)
                .into_bytes(),
        })
        .collect()
}

/// The files of a folder as they are, below a directory of the project.
fn copied<Folder: RustEmbed>(directory: &str) -> Vec<File> {
    embedded::<Folder>()
        .map(|(path, content)| File {
            path: format!("{directory}/{path}"),
            content,
        })
        .collect()
}

/// Everything that was put into the binary from one folder.
fn embedded<Folder: RustEmbed>() -> impl Iterator<Item = (String, Vec<u8>)> {
    Folder::iter().filter_map(|path| {
        let file = Folder::get(&path)?;
        Some((path.into_owned(), file.data.into_owned()))
    })
}

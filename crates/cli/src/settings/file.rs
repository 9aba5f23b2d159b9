//! The layer that comes from the configuration file.

use super::environment::Variables;
use super::{Layer, SettingsError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const NAME: &str = "stagehook.toml";

/// Reads the file that was named, or the one of the current directory. Only
/// the latter may be missing.
pub(super) fn read(
    named: Option<PathBuf>,
    variables: &Variables,
    here: &Path,
) -> Result<Option<(PathBuf, Layer)>, SettingsError> {
    let named = named.or_else(|| variables.config());
    let path = here.join(named.as_deref().unwrap_or(Path::new(NAME)));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SettingsError::Unreadable { path, source }),
    };
    match parse(&text) {
        Ok(layer) => Ok(Some((path, layer))),
        Err((key, detail)) => Err(SettingsError::File { path, key, detail }),
    }
}

fn parse(text: &str) -> Result<Layer, (String, String)> {
    let reader = toml::Deserializer::parse(text).map_err(|error| {
        let line = error.span().map_or(0, |span| {
            text.bytes()
                .take(span.start)
                .filter(|b| *b == b'\n')
                .count()
                + 1
        });
        (format!("line {line}"), error.message().to_owned())
    })?;
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let key = error.path().to_string();
        (key, error.into_inner().message().to_owned())
    })
}

//! The components that `make plugins` builds.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A component, by the name of its crate with underscores.
pub fn component(name: &str) -> Vec<u8> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let path = target.join(format!("wasm32-wasip2/release/{name}.wasm"));
    fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run `make plugins`", path.display()))
}

/// A version of the plugin `catalogue-guest`, with this manifest (`name`,
/// `version`, `description`, `hook_points`, `settings_schema`) written into its
/// bytes.
pub fn catalogue_plugin(manifest: &Value) -> Vec<u8> {
    const MARKER: &[u8] = b"catalogue-guest manifest:";
    const LENGTH: usize = 2048;
    let mut bytes = component("catalogue_guest");
    // The marker alone stands there too; only one is followed by a manifest.
    let places: Vec<usize> = (0..bytes.len() - LENGTH)
        .filter(|at| bytes[*at..].starts_with(MARKER) && bytes[at + MARKER.len()] == b'{')
        .collect();
    let [at] = places.as_slice() else {
        panic!("the manifest stands at {places:?}");
    };
    let text = manifest.to_string();
    let from = at + MARKER.len();
    let room = &mut bytes[from..at + LENGTH];
    assert!(text.len() <= room.len(), "{text} is too long");
    room.fill(b' ');
    room[..text.len()].copy_from_slice(text.as_bytes());
    bytes
}

/// A clip of the repository.
pub fn clip() -> PathBuf {
    let clip = "../../examples/pipeline/media/bigbuckbunny.mp4";
    Path::new(env!("CARGO_MANIFEST_DIR")).join(clip)
}

//! The components that `make plugins` builds.

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

/// A clip of the repository.
pub fn clip() -> PathBuf {
    let clip = "../../examples/pipeline/media/bigbuckbunny.mp4";
    Path::new(env!("CARGO_MANIFEST_DIR")).join(clip)
}

//! This crate has its own copy of the contract, since it is copied into new
//! projects.

use std::collections::BTreeMap;
use std::path::Path;

fn files(folder: &Path) -> BTreeMap<String, String> {
    std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn the_copy_of_the_contract_is_the_published_one() {
    let own = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("wit"));
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/hook-0.2.0");
    assert!(!own.is_empty());
    assert_eq!(
        own,
        files(&published),
        "copy wit/hook-0.2.0 to crates/plugin-sdk/wit"
    );
}

//! Packages of Python, made on the spot: a directory of them stands for an
//! index.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Stdio};

/// Puts a package with one module into a directory, in the simplest form that
/// installers take. It requires others by name and version.
pub fn wheel(directory: &Path, name: &str, version: &str, module: &str, requires: &[&str]) {
    let information = format!("{name}-{version}.dist-info");
    let requires = requires
        .iter()
        .map(|requirement| format!("Requires-Dist: {requirement}\n"));
    let requires = requires.collect::<Vec<_>>().concat();
    let files = json!([
        [format!("{name}.py"), module],
        [
            format!("{information}/METADATA"),
            format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
        ],
        [
            format!("{information}/WHEEL"),
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ],
        [
            format!("{information}/RECORD"),
            format!(
                "{name}.py,,\n{information}/METADATA,,\n{information}/WHEEL,,\n{information}/RECORD,,\n"
            )
        ]
    ]);
    let path = directory.join(format!("{name}-{version}-py3-none-any.whl"));
    zip(&path, &files);
}

fn zip(path: &Path, files: &Value) {
    let mut zip = Command::new("/usr/bin/python3")
        .args([
            "-c",
            "import json, sys, zipfile\n\
             with zipfile.ZipFile(sys.argv[1], 'w') as z:\n\
             \x20 for name, text in json.load(sys.stdin): z.writestr(name, text)",
        ])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(zip.stdin.take().unwrap(), files).unwrap();
    assert!(zip.wait().unwrap().success());
}

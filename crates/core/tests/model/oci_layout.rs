//! Plugins as OCI image layouts.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::digest::Digest;
use stagehook_core::oci_layout::{
    CONFIG, Exported, LAYER, LayoutError, MANIFEST, SIGNATURE_ANNOTATION, from_layout, from_tar,
    to_layout, to_tar,
};
use stagehook_core::signature::PluginSignature;
use std::collections::BTreeMap;
use tar::{Builder, EntryType, Header};

const MOST: usize = 1 << 20;
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0 not really";

type Files = BTreeMap<String, Vec<u8>>;

fn exported(signature: Option<&PluginSignature>) -> Exported<'_> {
    Exported {
        name: "media-probe",
        version: "1.2.3",
        description: "Reads containers",
        created_at: DateTime::<Utc>::from_timestamp(1_790_000_000, 0).unwrap(),
        signature,
        imports: &[],
        component: COMPONENT,
    }
}

fn files() -> Files {
    let signature = PluginSignature::from_bytes([9; 64]);
    to_layout(&exported(Some(&signature)))
        .into_iter()
        .map(|(path, bytes)| (path, bytes.into_owned()))
        .collect()
}

fn read(files: &Files) -> Result<Vec<u8>, LayoutError> {
    from_layout(MOST, |path, _| Ok(files.get(path).cloned())).map(|found| found.component)
}

fn archive(files: &Files) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, path, bytes.as_slice())
            .unwrap();
    }
    builder.into_inner().unwrap()
}

fn json_at(files: &Files, path: &str) -> Value {
    serde_json::from_slice(&files[path]).expect("JSON")
}

/// Where the manifest of a layout stands.
fn manifest_path(files: &Files) -> String {
    let digest = &json_at(files, "index.json")["manifests"][0]["digest"];
    digest.as_str().unwrap().replace("sha256:", "blobs/sha256/")
}

/// The layout with its manifest changed, and the index made to fit again.
fn with_manifest(change: impl FnOnce(&mut Value)) -> Files {
    let mut files = files();
    let path = manifest_path(&files);
    let mut manifest = json_at(&files, &path);
    change(&mut manifest);
    let text = manifest.to_string().into_bytes();
    let mut index = json_at(&files, "index.json");
    index["manifests"][0]["digest"] = json!(Digest::of(&text));
    index["manifests"][0]["size"] = json!(text.len());
    files.remove(&path);
    let path = Digest::of(&text)
        .to_string()
        .replace("sha256:", "blobs/sha256/");
    files.insert(path, text);
    files.insert("index.json".to_owned(), index.to_string().into_bytes());
    files
}

#[test]
fn what_is_written_is_a_wasm_artifact_in_a_layout() {
    let files = files();
    assert_eq!(
        json_at(&files, "oci-layout"),
        json!({"imageLayoutVersion": "1.0.0"})
    );
    let manifest = json_at(&files, &manifest_path(&files));
    assert_eq!(manifest["mediaType"], MANIFEST);
    assert_eq!(manifest["artifactType"], CONFIG);
    assert_eq!(manifest["config"]["mediaType"], CONFIG);
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], LAYER);
    assert_eq!(
        manifest["layers"][0]["digest"],
        json!(Digest::of(COMPONENT))
    );
    let annotation = |key: &str| manifest["annotations"][key].clone();
    assert_eq!(annotation("org.opencontainers.image.title"), "media-probe");
    assert_eq!(annotation("org.opencontainers.image.version"), "1.2.3");
    assert!(annotation(SIGNATURE_ANNOTATION).is_string());
    // Every blob is named by its digest.
    let blobs = files.iter().filter(|(path, _)| path.starts_with("blobs/"));
    for (path, bytes) in blobs {
        let digest = path.replace("blobs/sha256/", "sha256:");
        assert_eq!(digest, Digest::of(bytes).to_string());
    }
    assert_eq!(files.len(), 5);
}

#[rstest]
#[case(None)]
#[case(Some(PluginSignature::from_bytes([3; 64])))]
fn what_is_written_is_read_again(#[case] signature: Option<PluginSignature>) {
    let archive = to_tar(&exported(signature.as_ref())).unwrap();
    assert_eq!(archive, to_tar(&exported(signature.as_ref())).unwrap());
    let read = from_tar(&archive, MOST).unwrap();
    assert_eq!(
        (read.component.as_slice(), read.signature),
        (COMPONENT, signature)
    );
}

#[test]
fn an_archive_that_tar_made_of_a_directory_is_read() {
    let mut builder = Builder::new(Vec::new());
    for directory in ["./", "./blobs/", "./blobs/sha256/"] {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Directory);
        header.set_size(0);
        header.as_gnu_mut().unwrap().name[..directory.len()].copy_from_slice(directory.as_bytes());
        header.set_cksum();
        builder.append(&header, std::io::empty()).unwrap();
    }
    for (path, bytes) in files() {
        let path = format!("./{path}");
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).unwrap();
    }
    let archive = builder.into_inner().unwrap();
    assert_eq!(from_tar(&archive, MOST).unwrap().component, COMPONENT);
}

#[rstest]
#[case("oci-layout")]
#[case("index.json")]
fn a_file_that_is_missing_is_named(#[case] path: &str) {
    let mut files = files();
    files.remove(path);
    let error = read(&files).unwrap_err();
    assert!(
        matches!(&error, LayoutError::Missing { path: p, .. } if p == path),
        "{error}"
    );
}

#[test]
fn a_blob_that_is_missing_or_changed_is_named() {
    let blobs: Vec<String> = files()
        .into_keys()
        .filter(|path| path.starts_with("blobs/"))
        .collect();
    assert_eq!(blobs.len(), 3);
    for path in blobs {
        let mut without = files();
        without.remove(&path);
        let error = read(&without).unwrap_err();
        assert!(
            matches!(&error, LayoutError::Missing { path: p, .. } if *p == path),
            "{error}"
        );
        let mut changed = files();
        if let Some(byte) = changed.get_mut(&path).and_then(|bytes| bytes.last_mut()) {
            *byte ^= 1;
        }
        let error = read(&changed).unwrap_err();
        assert!(
            matches!(&error, LayoutError::WrongDigest { path: p } if *p == path),
            "{error}"
        );
    }
}

#[rstest]
#[case(|m: &mut Value| m["layers"] = json!([]), "has 0 layers")]
#[case(|m: &mut Value| m["layers"] = json!([m["layers"][0], m["layers"][0]]), "has 2 layers")]
#[case(|m: &mut Value| m["layers"][0]["mediaType"] = json!("application/tar"), "application/wasm")]
#[case(|m: &mut Value| m["layers"][0]["digest"] = json!("sha256:../../etc/passwd"), "only sha256")]
#[case(|m: &mut Value| m["layers"][0]["digest"] = json!(format!("sha512:{}", "0".repeat(128))), "only sha256")]
#[case(|m: &mut Value| m["layers"][0]["size"] = json!(1), "other bytes")]
#[case(|m: &mut Value| m["layers"][0]["size"] = json!(MOST + 1), "at most")]
#[case(|m: &mut Value| m["layers"][0]["size"] = json!(u64::MAX), "at most")]
#[case(|m: &mut Value| m["annotations"][SIGNATURE_ANNOTATION] = json!("nonsense"), "signature")]
#[case(|m: &mut Value| *m = json!([]), "not what it should be")]
fn a_manifest_that_names_no_plugin_is_told_so(#[case] change: fn(&mut Value), #[case] says: &str) {
    let error = read(&with_manifest(change)).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

#[rstest]
#[case(json!({"manifests": []}), "no manifest")]
#[case(json!({"manifests": [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "x", "size": 1}]}), "no manifest")]
#[case(json!({"manifests": vec![json!({"mediaType": MANIFEST, "digest": "x", "size": 1}); 2]}), "more than one")]
#[case(json!({"manifests": vec![json!({"mediaType": MANIFEST, "digest": "x", "size": 1}); 100]}), "too many")]
#[case(json!("text"), "not what it should be")]
fn an_index_that_names_no_plugin_is_told_so(#[case] index: Value, #[case] says: &str) {
    let mut files = files();
    files.insert("index.json".to_owned(), index.to_string().into_bytes());
    let error = read(&files).unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
}

/// An archive with one more entry.
fn with_entry(kind: EntryType, name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, bytes) in files() {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        builder
            .append_data(&mut header, path, bytes.as_slice())
            .unwrap();
    }
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
    builder.into_inner().unwrap()
}

#[rstest]
#[case(
    EntryType::Symlink,
    b"blobs/sha256/link",
    "neither a file nor a directory"
)]
#[case(EntryType::Link, b"index2.json", "neither a file nor a directory")]
#[case(EntryType::Char, b"null", "neither a file nor a directory")]
#[case(EntryType::Fifo, b"pipe", "neither a file nor a directory")]
#[case(EntryType::GNUSparse, b"sparse", "neither a file nor a directory")]
#[case(
    EntryType::GNULongName,
    b"././@LongLink",
    "neither a file nor a directory"
)]
#[case(EntryType::Regular, b"../index.json", "leads elsewhere")]
#[case(EntryType::Regular, b"blobs/../../x", "leads elsewhere")]
#[case(EntryType::Regular, b"/etc/passwd", "leads elsewhere")]
#[case(EntryType::Directory, b"../x/", "leads elsewhere")]
#[case(EntryType::Regular, b"blobs//x", "leads elsewhere")]
#[case(EntryType::Regular, b"\xff\xfe", "leads elsewhere")]
#[case(EntryType::Regular, b"index.json", "twice")]
#[case(EntryType::Regular, b"./index.json", "twice")]
fn a_hostile_entry_is_refused(#[case] kind: EntryType, #[case] name: &[u8], #[case] says: &str) {
    let error = from_tar(&with_entry(kind, name, b""), MOST).unwrap_err();
    assert!(matches!(error, LayoutError::Entry { .. }), "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn sizes_are_bounded_before_anything_is_read() {
    let large = vec![0; MOST + 1];
    let error = from_tar(&with_entry(EntryType::Regular, b"large", &large), MOST).unwrap_err();
    assert!(matches!(error, LayoutError::TooLarge { .. }), "{error}");

    // A header that promises eight exabytes, with nothing behind it.
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..4].copy_from_slice(b"huge");
    header.set_size(u64::MAX >> 1);
    header.set_cksum();
    let mut archive = header.as_bytes().to_vec();
    archive.extend([0; 1024]);
    let error = from_tar(&archive, MOST).unwrap_err();
    assert!(matches!(error, LayoutError::TooLarge { .. }), "{error}");

    let mut builder = Builder::new(Vec::new());
    for i in 0..5_000 {
        let mut header = Header::new_gnu();
        header.set_size(0);
        builder
            .append_data(&mut header, format!("f{i}"), std::io::empty())
            .unwrap();
    }
    let error = from_tar(&builder.into_inner().unwrap(), MOST).unwrap_err();
    assert!(error.to_string().contains("entries"), "{error}");
}

#[rstest]
#[case(b"")]
#[case(b"PK\x03\x04 a zip, perhaps")]
#[case(&[0; 1024])]
#[case(COMPONENT)]
fn what_is_no_archive_is_told_so(#[case] bytes: &[u8]) {
    let error = from_tar(bytes, MOST).unwrap_err();
    assert!(matches!(error, LayoutError::NoArchive(_)), "{error}");
}

#[test]
fn a_truncated_archive_is_no_plugin() {
    let whole = archive(&files());
    for end in (0..whole.len()).step_by(97) {
        // What is left may still be whole: the end of an archive is padding.
        if let Ok(read) = from_tar(&whole[..end], MOST) {
            assert_eq!(read.component, COMPONENT);
        }
    }
}

proptest! {
    #[test]
    fn no_flipped_byte_gives_another_component(at in 0..8_000_usize, bit in 0..8_u8) {
        let mut archive = archive(&files());
        let at = at % archive.len();
        archive[at] ^= 1 << bit;
        if let Ok(read) = from_tar(&archive, MOST) {
            prop_assert_eq!(read.component, COMPONENT);
        }
    }
}

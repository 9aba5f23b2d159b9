//! The documents of a layout, as somebody else may have written them.

use super::{CONFIG, INDEX, Imported, LAYER, LayoutError, MANIFEST, SIGNATURE_ANNOTATION, blob};
use crate::digest::Digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Largest document of a layout, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;
/// Most entries of an index. An image for several platforms has a few.
const ENTRIES_MAX: usize = 64;

/// What a document says about a blob.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// SHA-256 of it, as text: other algorithms exist.
    pub digest: String,
    /// Its size, in bytes.
    pub size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    image_layout_version: String,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

type Lookup<'a> = dyn FnMut(&str, usize) -> Result<Option<Vec<u8>>, LayoutError> + 'a;

pub(super) fn read(most_bytes: usize, lookup: &mut Lookup<'_>) -> Result<Imported, LayoutError> {
    const WHOLE: &str = "export the plugin as an OCI image layout";
    let layout =
        lookup("oci-layout", DOCUMENT_BYTES_MAX)?.ok_or_else(|| missing("oci-layout", WHOLE))?;
    let layout: Layout = parse("oci-layout", &layout)?;
    if !layout.image_layout_version.starts_with("1.") {
        return Err(wrong(
            "oci-layout",
            "has a version that is not known here: 1.0.0 is",
        ));
    }
    let index =
        lookup("index.json", DOCUMENT_BYTES_MAX)?.ok_or_else(|| missing("index.json", WHOLE))?;
    let index: Index = parse("index.json", &index)?;
    let manifest = only_manifest(&index)?;
    let path = path_of("index.json", manifest)?;
    let manifest: Manifest = parse(&path, &fetch(manifest, &path, DOCUMENT_BYTES_MAX, lookup)?)?;

    let [layer] = manifest.layers.as_slice() else {
        let detail = format!(
            "has {} layers: a plugin has one, of type {LAYER}",
            manifest.layers.len()
        );
        return Err(wrong(&path, detail));
    };
    if layer.media_type != LAYER {
        let detail = format!(
            "has a layer of type '{}', not {LAYER}",
            brief(&layer.media_type)
        );
        return Err(wrong(&path, detail));
    }
    // Other tools write other configs for the same layer; whatever it is, it
    // has to be what its digest says.
    if manifest.config.media_type == CONFIG {
        let config = path_of(&path, &manifest.config)?;
        fetch(&manifest.config, &config, DOCUMENT_BYTES_MAX, lookup)?;
    }
    let signature = manifest
        .annotations
        .get(SIGNATURE_ANNOTATION)
        .map(|text| text.parse())
        .transpose()
        .map_err(|error| wrong(&path, format!("has a signature that is none: it {error}")))?;
    let layer_path = path_of(&path, layer)?;
    Ok(Imported {
        component: fetch(layer, &layer_path, most_bytes, lookup)?,
        signature,
    })
}

fn only_manifest(index: &Index) -> Result<&Descriptor, LayoutError> {
    if index.manifests.len() > ENTRIES_MAX {
        return Err(wrong("index.json", "names too many manifests"));
    }
    let mut manifests = index
        .manifests
        .iter()
        .filter(|descriptor| descriptor.media_type == MANIFEST);
    match (manifests.next(), manifests.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(wrong(
            "index.json",
            format!("names no manifest of type {MANIFEST} (nested indexes, {INDEX}, are not read)"),
        )),
        (Some(_), Some(_)) => Err(wrong(
            "index.json",
            "names more than one manifest: import one plugin at a time",
        )),
    }
}

/// Where a blob stands. Its digest is read as such, so that no path comes out
/// of a document.
fn path_of(document: &str, descriptor: &Descriptor) -> Result<String, LayoutError> {
    let digest: Digest = descriptor.digest.parse().map_err(|_| {
        let detail = format!(
            "names the digest '{}': only sha256 is read",
            brief(&descriptor.digest)
        );
        wrong(document, detail)
    })?;
    Ok(blob(&digest))
}

fn fetch(
    descriptor: &Descriptor,
    path: &str,
    most: usize,
    lookup: &mut Lookup<'_>,
) -> Result<Vec<u8>, LayoutError> {
    if descriptor.size > most as u64 {
        return Err(LayoutError::TooLarge {
            path: path.to_owned(),
            bytes: descriptor.size,
            most: most as u64,
        });
    }
    let bytes = lookup(path, most)?.ok_or_else(|| missing(path, "the layout is incomplete"))?;
    let is_it = bytes.len() as u64 == descriptor.size
        && Digest::of(&bytes).to_string() == descriptor.digest;
    if is_it {
        Ok(bytes)
    } else {
        Err(LayoutError::WrongDigest {
            path: path.to_owned(),
        })
    }
}

fn parse<T: DeserializeOwned>(path: &str, text: &[u8]) -> Result<T, LayoutError> {
    serde_json::from_slice(text).map_err(|error| {
        let why = brief(&error.to_string());
        wrong(path, format!("is not what it should be: {why}"))
    })
}

fn wrong(path: &str, detail: impl Into<String>) -> LayoutError {
    LayoutError::Document {
        path: path.to_owned(),
        detail: detail.into(),
    }
}

fn missing(path: &str, detail: &str) -> LayoutError {
    LayoutError::Missing {
        path: path.to_owned(),
        detail: detail.to_owned(),
    }
}

fn brief(text: &str) -> String {
    text.chars().take(100).collect()
}

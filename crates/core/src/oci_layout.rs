//! A plugin as an OCI image layout (image specification 1.1), so that studios
//! can move it with the tools they have.
//!
//! One image manifest: the component as its only layer (`application/wasm`),
//! and the config that Wasm OCI artifacts have
//! (`application/vnd.wasm.config.v0+json`). Name, version, description and
//! signature are annotations; what counts is what the component says about
//! itself.
//!
//! Everything here works on bytes: [`to_layout`] makes files, [`from_layout`]
//! reads them by way of a lookup; [`to_tar`] and [`from_tar`] do the same with
//! an archive. Nothing of an archive is written to a disk, and every digest is
//! checked.

mod archive;
mod document;

use crate::digest::Digest;
use crate::signature::PluginSignature;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use std::borrow::Cow;

pub use archive::{Files, from_tar, read_tar, to_tar};
pub use document::{DOCUMENT_BYTES_MAX, Descriptor};

/// The layer's media type.
pub const LAYER: &str = "application/wasm";
/// The config's media type, and the type of the artifact.
pub const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// The media type of an image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The media type of an index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The annotation that holds the Ed25519 signature of the component's digest,
/// in base64.
pub const SIGNATURE_ANNOTATION: &str = "io.stagehook.plugin.signature";

/// What is written into a layout.
#[derive(Debug, Clone, Copy)]
pub struct Exported<'a> {
    /// The plugin's name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// For people.
    pub description: &'a str,
    /// When it was published.
    pub created_at: DateTime<Utc>,
    /// Its signature.
    pub signature: Option<&'a PluginSignature>,
    /// What the component imports.
    pub imports: &'a [String],
    /// The component.
    pub component: &'a [u8],
}

/// What was read out of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The component; its bytes have the digest that the layout says.
    pub component: Vec<u8>,
    /// The signature, where there is one. Not checked.
    pub signature: Option<PluginSignature>,
}

/// Why a layout, or an archive of one, is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// It is no archive.
    #[error("it is no tar archive of an OCI image layout: {0}")]
    NoArchive(String),
    /// The archive holds something that no layout has.
    #[error("the entry '{path}' {detail}")]
    Entry {
        /// The entry.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Something is missing.
    #[error("there is no {path}: {detail}")]
    Missing {
        /// What is missing.
        path: String,
        /// What to do.
        detail: String,
    },
    /// A document does not say what it should.
    #[error("{path} {detail}")]
    Document {
        /// The document.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A blob is not what it is said to be.
    #[error("{path} has other bytes than its digest says: it is damaged, or was changed")]
    WrongDigest {
        /// The blob.
        path: String,
    },
    /// Something is too large.
    #[error("{path} has {bytes} bytes, at most {most} are taken")]
    TooLarge {
        /// What.
        path: String,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        most: u64,
    },
}

/// The files of a layout, as paths with `/` and their bytes: `oci-layout`,
/// `index.json`, `blobs/sha256/…`.
pub fn to_layout<'a>(plugin: &Exported<'a>) -> Vec<(String, Cow<'a, [u8]>)> {
    let layer = Digest::of(plugin.component);
    let created = plugin.created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let config = json!({
        "created": created,
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [layer],
        "component": {"imports": plugin.imports},
    });
    let config = text(&config);
    let mut annotations = json!({
        "org.opencontainers.image.title": plugin.name,
        "org.opencontainers.image.version": plugin.version,
        "org.opencontainers.image.description": plugin.description,
        "org.opencontainers.image.created": created,
    });
    if let Some(signature) = plugin.signature {
        annotations[SIGNATURE_ANNOTATION] = json!(signature);
    }
    let manifest = text(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": CONFIG,
        "config": descriptor(CONFIG, &config),
        "layers": [{
            "mediaType": LAYER,
            "digest": layer,
            "size": plugin.component.len(),
            "annotations": {"org.opencontainers.image.title": format!("{}.wasm", plugin.name)},
        }],
        "annotations": annotations,
    }));
    let mut named = descriptor(MANIFEST, &manifest);
    named["artifactType"] = json!(CONFIG);
    named["annotations"] = json!({"org.opencontainers.image.ref.name": plugin.version});
    let index = text(&json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}));
    vec![
        (
            "oci-layout".to_owned(),
            text(&json!({"imageLayoutVersion": "1.0.0"})).into(),
        ),
        ("index.json".to_owned(), index.into()),
        (blob(&Digest::of(&config)), config.into()),
        (blob(&Digest::of(&manifest)), manifest.into()),
        (blob(&layer), plugin.component.into()),
    ]
}

/// Reads the plugin out of a layout. `lookup` gives the bytes of a file by its
/// path with `/`, if it is there and not larger than the second argument.
///
/// # Errors
/// [`LayoutError`].
pub fn from_layout(
    most_bytes: usize,
    mut lookup: impl FnMut(&str, usize) -> Result<Option<Vec<u8>>, LayoutError>,
) -> Result<Imported, LayoutError> {
    document::read(most_bytes, &mut lookup)
}

/// Where a blob stands.
fn blob(digest: &Digest) -> String {
    digest.to_string().replacen("sha256:", "blobs/sha256/", 1)
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len()})
}

fn text(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

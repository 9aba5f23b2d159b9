//! The signature that goes with a component.

use super::keys;
use clap::Args;
use stagehook_core::digest::Digest;
use std::path::{Path, PathBuf};

/// The header that a server finds it in.
const HEADER: &str = "x-stagehook-plugin-signature";

/// Where the signature comes from.
#[derive(Debug, Args)]
pub(super) struct SignatureArgs {
    /// Sign it with this private key
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    key: Option<PathBuf>,
    /// Send this signature [default: FILE.sig, where it is there]
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
}

/// A signature, as it is sent.
#[derive(Debug)]
pub(super) struct Sent(Option<String>);

impl SignatureArgs {
    /// The signature of a component, which was read from `file`.
    pub(super) fn of(&self, file: &Path, component: &[u8]) -> anyhow::Result<Sent> {
        if let Some(key) = &self.key {
            let signature = keys::sign(&keys::read(key)?, &Digest::of(component));
            return Ok(Sent(Some(signature.to_string())));
        }
        let beside = keys::beside(file);
        let path = match &self.signature {
            Some(path) => path,
            None if beside.exists() => &beside,
            None => return Ok(Sent(None)),
        };
        Ok(Sent(Some(keys::read_signature(path)?.to_string())))
    }
}

impl Sent {
    /// The headers to send it with.
    pub(super) fn headers(&self) -> Vec<(&'static str, &str)> {
        let signature = self.0.as_deref();
        signature.map(|text| (HEADER, text)).into_iter().collect()
    }
}

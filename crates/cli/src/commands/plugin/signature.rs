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
#[derive(Debug, Default)]
pub(super) struct Sent {
    signature: Option<String>,
    /// The file that it is from, if it is.
    file: Option<PathBuf>,
}

impl SignatureArgs {
    /// The signature of a component, which was read from `file`.
    pub(super) fn of(&self, file: &Path, component: &[u8]) -> anyhow::Result<Sent> {
        if let Some(key) = &self.key {
            let signature = keys::sign(&keys::read(key)?, &Digest::of(component));
            return Ok(Sent {
                signature: Some(signature.to_string()),
                file: None,
            });
        }
        let beside = keys::beside(file);
        let path = match &self.signature {
            Some(path) => path,
            None if beside.exists() => &beside,
            None => return Ok(Sent::default()),
        };
        Ok(Sent {
            signature: Some(keys::read_signature(path)?.to_string()),
            file: Some(path.clone()),
        })
    }
}

impl Sent {
    /// The headers to send it with.
    pub(super) fn headers(&self) -> Vec<(&'static str, &str)> {
        let signature = self.signature.as_deref();
        signature.map(|text| (HEADER, text)).into_iter().collect()
    }

    /// Says in an error which file the signature was from: one that lies beside
    /// the component is sent unasked, also when it is of an earlier build.
    pub(super) fn told(&self, error: anyhow::Error) -> anyhow::Error {
        match &self.file {
            Some(file) => error.context(format!("sent with the signature {}", file.display())),
            None => error,
        }
    }
}

//! Keys that sign plugins, as files and on the command line.

use anyhow::{Context as _, bail};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};
use ed25519_dalek::{Signer as _, SigningKey};
use rand::TryRng as _;
use rand::rngs::SysRng;
use stagehook_core::digest::Digest;
use stagehook_core::signature::{PluginSignature, TrustedKey, signed_text};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The largest file that is read as a key or a signature.
const FILE_MAX_BYTES: u64 = 64 << 10;
/// Everybody but the owner.
const OTHERS: u32 = 0o077;

/// Makes a new key.
pub(super) fn generate() -> anyhow::Result<SigningKey> {
    let mut seed = [0_u8; 32];
    SysRng
        .try_fill_bytes(&mut seed)
        .context("the system gives no random bytes")?;
    Ok(SigningKey::from_bytes(&seed))
}

/// Writes a key as PKCS#8 PEM, for the owner alone; never over a file that is
/// there, since the key in it would be lost.
pub(super) fn store(key: &SigningKey, path: &Path) -> anyhow::Result<()> {
    // Without the public key in it, which OpenSSL does not read (RFC 5958's
    // second version).
    let bytes = KeypairBytes {
        secret_key: key.to_bytes(),
        public_key: None,
    };
    let pem = bytes
        .to_pkcs8_pem(LineEnding::LF)
        .ok()
        .context("the key cannot be encoded")?;
    let written = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()
    };
    match written() {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => bail!(
            "{} exists, and may be the only copy of a key; nothing was written. Choose another \
             file with --out",
            path.display()
        ),
        written => written.with_context(|| format!("cannot write {}", path.display())),
    }
}

/// Reads a key that [`store`] wrote, or any other tool as PKCS#8 PEM.
pub(super) fn read(path: &Path) -> anyhow::Result<SigningKey> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mode = file.metadata().map_or(0, |metadata| metadata.mode());
    if mode & OTHERS != 0 {
        bail!(
            "{path} can be read by others (mode {mode:o}), and with it they could sign in your \
             name: chmod 600 {path}",
            path = path.display(),
            mode = mode & 0o777
        );
    }
    let pem = read_text(path)?;
    SigningKey::from_pkcs8_pem(&pem).ok().with_context(|| {
        format!(
            "{} is no private Ed25519 key (PKCS#8, PEM): make one with `stagehook plugin keygen`",
            path.display()
        )
    })
}

/// Signs a component.
pub(super) fn sign(key: &SigningKey, digest: &Digest) -> PluginSignature {
    PluginSignature::from_bytes(key.sign(signed_text(digest).as_bytes()).to_bytes())
}

/// A public key: in base64, with or without the name of a trusted key before
/// it, or in a file.
pub(super) fn public(argument: &str) -> anyhow::Result<TrustedKey> {
    let (text, whence) = if Path::new(argument).is_file() {
        (read_text(Path::new(argument))?, argument)
    } else {
        (argument.to_owned(), "--key")
    };
    let text = text.trim();
    if text.contains("PRIVATE KEY") {
        bail!("{whence} is a private key; give the public key that `plugin keygen` printed");
    }
    let named = match text.split_once('=') {
        Some((name, key)) if !name.is_empty() && !key.trim_matches('=').is_empty() => {
            text.to_owned()
        }
        _ => format!("key={text}"),
    };
    named
        .parse()
        .with_context(|| format!("{whence} is no public key"))
}

/// Where the signature of a component lies, unless somebody says otherwise.
pub(super) fn beside(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// Reads a signature.
pub(super) fn read_signature(path: &Path) -> anyhow::Result<PluginSignature> {
    read_text(path)?
        .trim()
        .parse()
        .with_context(|| format!("{} is no signature", path.display()))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_MAX_BYTES).read_to_string(&mut text))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text)
}

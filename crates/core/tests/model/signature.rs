//! Signatures of plugins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use rstest::rstest;
use stagehook_core::digest::Digest;
use stagehook_core::signature::{PluginSignature, SignaturePolicy, TrustedKey, Unaccepted};

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn trusted(name: &str, key: &SigningKey) -> TrustedKey {
    let public = STANDARD.encode(key.verifying_key().as_bytes());
    format!("{name}={public}").parse().expect("a key")
}

fn signature(key: &SigningKey, digest: &Digest) -> PluginSignature {
    PluginSignature::from_bytes(key.sign(digest.to_string().as_bytes()).to_bytes())
}

#[test]
fn a_signature_counts_when_a_trusted_key_made_it_of_these_bytes() {
    let (studio, vendor, stranger) = (key(1), key(2), key(3));
    let policy = SignaturePolicy {
        trusted: vec![trusted("studio", &studio), trusted("vendor", &vendor)],
        required: false,
    };
    let (digest, other) = (Digest::of(b"one"), Digest::of(b"two"));
    let signer = |signature: &PluginSignature| {
        policy
            .signer(&digest, Some(signature))
            .map(|key| key.map(TrustedKey::name))
    };
    assert_eq!(signer(&signature(&vendor, &digest)), Ok(Some("vendor")));
    assert_eq!(signer(&signature(&studio, &digest)), Ok(Some("studio")));
    for wrong in [
        signature(&stranger, &digest),
        signature(&studio, &other),
        PluginSignature::from_bytes([0; 64]),
    ] {
        assert_eq!(signer(&wrong), Err(Unaccepted::Untrusted));
    }
}

#[test]
fn no_signature_is_fine_unless_one_is_required() {
    let mut policy = SignaturePolicy::default();
    let digest = Digest::of(b"one");
    assert_eq!(policy.signer(&digest, None), Ok(None));
    policy.required = true;
    assert_eq!(policy.signer(&digest, None), Err(Unaccepted::Unsigned));
}

#[test]
fn keys_and_signatures_survive_their_text() {
    let key = key(7);
    let trusted = trusted("studio.key-1", &key);
    assert_eq!(trusted.to_string().parse::<TrustedKey>().unwrap(), trusted);
    let signature = signature(&key, &Digest::of(b""));
    assert_eq!(
        signature.to_string().parse::<PluginSignature>().unwrap(),
        signature
    );
}

#[rstest]
#[case("", "must be NAME=KEY")]
#[case("AAAA", "must be NAME=KEY")]
#[case("=AAAA", "must be NAME=KEY")]
#[case("my key=AAAA", "must be NAME=KEY")]
#[case("studio=AAAA", "32 bytes in base64")]
#[case("studio=!", "32 bytes in base64")]
// The point of order one: everything is signed by it.
#[case("studio=AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "weak")]
fn what_is_no_key_is_told_so(#[case] text: &str, #[case] says: &str) {
    let error = text.parse::<TrustedKey>().expect_err("no key").to_string();
    assert!(error.contains(says), "{error}");
}

#[rstest]
#[case("")]
#[case("AAAA")]
#[case("not base64")]
fn what_is_no_signature_is_refused(#[case] text: &str) {
    assert!(text.parse::<PluginSignature>().is_err());
}

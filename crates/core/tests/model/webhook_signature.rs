//! Signatures: published vectors, and everything that is almost one.

use rstest::rstest;
use stagehook_runners::webhook::signature::{InvalidKey, Key};

// RFC 4231, test case 2.
#[test]
fn the_body_is_signed_with_hmac_sha256() {
    let key = Key::of_secret("Jefe").unwrap();
    let signature = key.sign(b"what do ya want for nothing?");
    assert_eq!(
        signature,
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
    assert!(key.verify(b"what do ya want for nothing?", &signature));
}

// The example of the Standard Webhooks specification.
#[test]
fn the_message_is_signed_as_standard_webhooks_has_it() {
    let key = Key::of_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let (id, timestamp) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
    let body = br#"{"test": 2432232314}"#;
    let signature = key.sign_message(id, timestamp, body);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert!(key.verify_message(id, timestamp, body, &signature));
    // While a key is replaced, a header carries the signatures of both.
    let both = format!("v1,bm9pc2U= v1a,bm9pc2U= {signature}");
    assert!(key.verify_message(id, timestamp, body, &both));
    assert!(!key.verify_message("msg_other", timestamp, body, &signature));
    assert!(!key.verify_message(id, timestamp + 1, body, &signature));
    assert!(!key.verify_message(id, timestamp, b"{}", &signature));
}

#[rstest]
#[case::empty("")]
#[case::no_digits("sha256=")]
#[case::truncated("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38")]
#[case::extended("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384300")]
#[case::odd("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384")]
#[case::other("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844")]
#[case::no_prefix("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
#[case::sha1("sha1=5bdcc146bf60754e6a042426089575c75a003f08")]
#[case::not_ascii("sha256=ß")]
#[case::signs("sha256=+bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
fn what_is_almost_a_signature_is_none(#[case] signature: &str) {
    let key = Key::of_secret("Jefe").unwrap();
    assert!(!key.verify(b"what do ya want for nothing?", signature));
    assert!(!key.verify_message("id", 0, b"what do ya want for nothing?", signature));
}

#[test]
fn a_key_in_base64_is_checked_and_no_key_is_shown() {
    for secret in ["whsec_", "whsec_***"] {
        assert_eq!(Key::of_secret(secret).unwrap_err(), InvalidKey);
    }
    assert_eq!(
        format!("{:?}", Key::of_secret("hunter2").unwrap()),
        "Key(..)"
    );
}

//! Secrets, encrypted and taken out again.

use stagehook_core::config::SecretName;
use stagehook_core::secret::{KeyId, SECRET_MAX_BYTES, Sealed, SecretKey, SecretValue, Unreadable};

const VALUE: &str = "canary: größer 🗝 \n";

fn name(text: &str) -> SecretName {
    text.to_owned().try_into().unwrap()
}

fn value(text: &str) -> SecretValue {
    text.to_owned().try_into().unwrap()
}

/// A key that is not all the same byte.
fn key(first: u8) -> SecretKey {
    let mut bytes = [7; 32];
    bytes[0] = first;
    SecretKey::from_bytes(&bytes)
}

fn sealed() -> Sealed {
    key(1).seal(&name("token"), &value(VALUE), [9; 24])
}

#[test]
fn a_value_comes_out_as_it_went_in() {
    let sealed = sealed();
    let opened = key(1).open(&name("token"), &sealed).unwrap();
    assert_eq!(opened.reveal(), VALUE);
    assert_eq!(sealed.key_id, key(1).id());
    let whole = |part: &[u8]| sealed.ciphertext.windows(part.len()).any(|w| w == part);
    assert!(!whole(b"canary"), "it is not encrypted");
    // 16 bytes of tag, and nothing else.
    assert_eq!(sealed.ciphertext.len(), VALUE.len() + 16);
    // The largest there is.
    let large = value(&"x".repeat(SECRET_MAX_BYTES));
    let sealed = key(1).seal(&name("large"), &large, [1; 24]);
    assert_eq!(key(1).open(&name("large"), &sealed), Ok(large));
}

// Computed with libsodium's crypto_aead_xchacha20poly1305_ietf_encrypt; the id
// with its SHA-256. Whoever changes the format reads the old one, too.
#[test]
fn the_format_stays_what_it_is() {
    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = SecretKey::from_bytes(&bytes);
    assert_eq!(key.id().to_string(), KEY_ID);
    let sealed = key.seal(&name("token"), &value("hunter2"), [0x42; 24]);
    let hex = sealed
        .ciphertext
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(hex, CIPHERTEXT);
}

const KEY_ID: &str = "b92353eed59eaffb";
const CIPHERTEXT: &str = "96e08f32d85844c156cd9d08ed571fdb2c9ef567bc6c19";

#[test]
fn whatever_is_altered_is_refused() {
    let altered = Err(Unreadable::Altered(key(1).id()));
    let open = |name: &SecretName, sealed: &Sealed| key(1).open(name, sealed);
    let token = name("token");
    // A row under another name.
    assert_eq!(open(&name("Token"), &sealed()), altered);
    for at in 0..sealed().ciphertext.len() {
        let mut flipped = sealed();
        flipped.ciphertext[at] ^= 1;
        assert_eq!(open(&token, &flipped), altered, "byte {at}");
    }
    let mut other_nonce = sealed();
    other_nonce.nonce[23] ^= 1;
    assert_eq!(open(&token, &other_nonce), altered);
    for length in [0, 15, 16, sealed().ciphertext.len() - 1] {
        let mut cut = sealed();
        cut.ciphertext.truncate(length);
        assert_eq!(open(&token, &cut), altered, "{length} bytes");
    }
}

#[test]
fn another_key_says_which_one_is_missing() {
    let wrong = key(2).open(&name("token"), &sealed()).unwrap_err();
    assert_eq!(wrong, Unreadable::UnknownKey(key(1).id()));
    assert!(wrong.to_string().contains(&key(1).id().to_string()));
    // The id of the right key on what another one encrypted.
    let mut relabelled = sealed();
    relabelled.key_id = key(2).id();
    let refused = key(2).open(&name("token"), &relabelled);
    assert_eq!(refused, Err(Unreadable::Altered(key(2).id())));
}

#[test]
fn keys_and_values_are_checked_and_never_shown() {
    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let text = SecretKey::encode(&bytes);
    let key: SecretKey = format!(" {text}\n").parse().unwrap();
    assert_eq!(key.id(), SecretKey::from_bytes(&bytes).id());
    assert_eq!(key.id().to_string().parse(), Ok(key.id()));
    assert_eq!(format!("{key:?}"), format!("SecretKey({})", key.id()));
    assert_eq!(format!("{:?}", value(VALUE)), "SecretValue(..)");

    let zeros = SecretKey::encode(&[0; 32]);
    for wrong in ["", "c2hvcnQ=", "not base64", &zeros, &text[..40]] {
        let error = wrong.parse::<SecretKey>().unwrap_err().to_string();
        assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
    }
    for wrong in [
        "",
        "9F86D081884C7D65",
        "9f86d081884c7d6",
        "+f86d081884c7d65",
    ] {
        assert!(wrong.parse::<KeyId>().is_err(), "{wrong}");
    }
    for wrong in [String::new(), "canary".repeat(SECRET_MAX_BYTES / 6 + 1)] {
        let error = SecretValue::try_from(wrong).unwrap_err().to_string();
        assert!(!error.contains("canary"), "{error}");
    }
}

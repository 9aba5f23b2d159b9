//! Keys of sessions, and what changes repeat. REQ-API-5

use proptest::prelude::*;
use stagehook_core::digest::Digest;
use stagehook_core::session::SessionKey;

proptest! {
    #[test]
    fn a_key_is_read_as_it_was_written(bytes: [u8; 32]) {
        let key = SessionKey::from_random(bytes);
        prop_assert_eq!(key.reveal().parse(), Ok(key));
        prop_assert_eq!(key.digest(), Digest::of(&bytes));
        // It goes into a cookie as it is.
        prop_assert!(key.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let shown = format!("{key:?}");
        prop_assert!(!shown.contains(&key.reveal()));
    }

    #[test]
    fn a_change_repeats_what_belongs_to_its_own_session(bytes: [u8; 32], other: [u8; 32], at in 0..43_usize) {
        let key = SessionKey::from_random(bytes);
        let token = key.csrf_token();
        prop_assert!(key.is_csrf_token(&token));
        prop_assert_ne!(&token, &key.reveal());
        prop_assert!(!key.is_csrf_token(&key.reveal()));
        prop_assert!(!key.is_csrf_token(&token[..at]));
        let other = SessionKey::from_random(other);
        prop_assert_eq!(other.is_csrf_token(&token), other == key);
    }

    #[test]
    fn nothing_else_is_a_key(text in "\\PC{0,60}") {
        let read = text.parse::<SessionKey>();
        prop_assert_eq!(read.is_ok(), read.is_ok_and(|key| key.reveal() == text));
        let key = SessionKey::from_random([7; 32]);
        prop_assert!(!key.is_csrf_token(&text));
    }
}

// Computed with Python's hmac. What browsers were told stays valid when servers
// are replaced one after the other.
#[test]
fn the_text_that_changes_repeat_stays_what_it_is() {
    let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap());
    let key = SessionKey::from_random(bytes);
    assert_eq!(key.reveal(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    assert_eq!(
        key.csrf_token(),
        "w5a4lQ_sTQ69UtLOda_4EYLknUBLJIHSDaIO5Rb5wHo"
    );
}

//! Signatures: published vectors, and everything that is almost one. REQ-EVT-5

use proptest::prelude::*;
use rstest::rstest;
use stagehook_core::webhook_signature::{InvalidKey, Key, Received, Refusal};

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

/// What a server sends.
struct Sent {
    id: String,
    timestamp: String,
    signatures: String,
    body_signature: String,
    body: Vec<u8>,
}

const NOW: i64 = 1_800_000_000;

impl Sent {
    fn by(secrets: &[&str], sent_at: i64, body: &[u8]) -> Self {
        let keys = secrets.iter().map(|secret| Key::of_secret(secret).unwrap());
        let keys: Vec<_> = keys.collect();
        let id = "01990000-0000-7000-8000-000000000000";
        let sign = |key: &Key| key.sign_message(id, sent_at, body);
        Self {
            id: id.to_owned(),
            timestamp: sent_at.to_string(),
            signatures: keys.iter().map(sign).collect::<Vec<_>>().join(" "),
            body_signature: keys[0].sign(body),
            body: body.to_vec(),
        }
    }

    fn received(&self) -> Received<'_> {
        Received {
            id: Some(&self.id),
            timestamp: Some(&self.timestamp),
            signatures: Some(&self.signatures),
            body_signature: Some(&self.body_signature),
            body: &self.body,
        }
    }
}

#[rstest]
#[case::missing_id(|sent: &mut Received<'static>| sent.id = None, Refusal::Missing("webhook-id"))]
#[case::missing_time(|sent: &mut Received<'static>| sent.timestamp = None, Refusal::Missing("webhook-timestamp"))]
#[case::missing(|sent: &mut Received<'static>| sent.signatures = None, Refusal::Missing("webhook-signature"))]
#[case::no_time(|sent: &mut Received<'static>| sent.timestamp = Some("+1800000000"), Refusal::NoTime)]
#[case::empty(|sent: &mut Received<'static>| sent.signatures = Some(" "), Refusal::Empty)]
#[case::unmarked(|sent: &mut Received<'static>| sent.signatures = Some("v2,AAAA"), Refusal::Unmarked("v1,"))]
#[case::not_encoded(|sent: &mut Received<'static>| sent.signatures = Some("v1,A*"), Refusal::NotEncoded("v1,", "base64"))]
#[case::truncated(|sent: &mut Received<'static>| sent.signatures = Some("v1,AAAA"), Refusal::Length(3))]
#[case::the_closest(
    |sent: &mut Received<'static>| sent.signatures = Some("v1,AAAA v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1,*"),
    Refusal::Different("another id, time or body")
)]
fn what_is_wrong_with_the_headers_of_standard_webhooks_is_said(
    #[case] change: fn(&mut Received<'static>),
    #[case] refusal: Refusal,
) {
    let sent: &'static Sent = Box::leak(Box::new(Sent::by(&["hunter2"], NOW, b"{}")));
    let mut received = sent.received();
    change(&mut received);
    let report = Key::of_secret("hunter2")
        .unwrap()
        .check(&received, NOW, 300);
    assert_eq!(report.message, Some(Err(refusal)));
    // The other one is good, and does not outweigh it.
    assert_eq!(report.body, Some(Ok(())));
    assert!(!report.is_verified());
}

#[rstest]
#[case::empty("", Refusal::Empty)]
#[case::unmarked("sha1=5bdc", Refusal::Unmarked("sha256="))]
#[case::not_encoded("sha256=xy", Refusal::NotEncoded("sha256=", "hex"))]
#[case::truncated("sha256=5bdc", Refusal::Length(2))]
#[case::extended(
    "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384300",
    Refusal::Length(33)
)]
#[case::other(
    "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3844",
    Refusal::Different("another body")
)]
fn what_is_wrong_with_the_signature_of_the_body_is_said(
    #[case] signature: &str,
    #[case] refusal: Refusal,
) {
    let received = Received {
        body_signature: Some(signature),
        body: b"what do ya want for nothing?",
        ..Received::default()
    };
    let report = Key::of_secret("Jefe").unwrap().check(&received, NOW, 300);
    assert_eq!(
        (report.message.as_ref(), report.body.as_ref()),
        (None, Some(&Err(refusal)))
    );
    assert!(!report.is_verified());
}

#[test]
fn what_is_not_signed_is_not_verified() {
    let received = Received::default();
    let report = Key::of_secret("Jefe").unwrap().check(&received, NOW, 300);
    assert!(!report.is_verified());
    assert_eq!((report.message, report.body), (None, None));
}

#[test]
fn while_a_secret_is_replaced_either_value_verifies() {
    let sent = Sent::by(&["new", "old"], NOW, b"{}");
    let check = |secret| {
        Key::of_secret(secret)
            .unwrap()
            .check(&sent.received(), NOW, 300)
    };
    assert!(check("new").is_verified());
    let old = check("old");
    assert!(old.is_verified());
    // There is room for one signature of the body.
    assert_eq!(old.body, Some(Err(Refusal::Different("another body"))));
    assert!(!check("older").is_verified());
}

proptest! {
    #[test]
    fn what_was_sent_is_verified_within_the_tolerance_alone(
        secret in "[ -~]{1,64}",
        body in proptest::collection::vec(any::<u8>(), 0..256),
        age in -1_000_i64..1_000,
        tolerance in 0_u32..600,
    ) {
        prop_assume!(!secret.starts_with("whsec_"));
        let sent = Sent::by(&[&secret], NOW - age, &body);
        let key = Key::of_secret(&secret).unwrap();
        let report = key.check(&sent.received(), NOW, tolerance);
        let message = match age {
            age if age > i64::from(tolerance) => Err(Refusal::TooOld { age, tolerance }),
            age if age < -i64::from(tolerance) => Err(Refusal::TooNew { ahead: -age, tolerance }),
            age => Ok(age),
        };
        prop_assert_eq!(report.is_verified(), message.is_ok());
        prop_assert_eq!(report.message, Some(message));
        prop_assert_eq!(report.body, Some(Ok(())));
    }

    #[test]
    fn nothing_of_it_can_be_changed(
        body in proptest::collection::vec(any::<u8>(), 1..256),
        at in any::<prop::sample::Index>(),
        bit in 0_u32..8,
        other_id in "[a-z0-9.-]{1,40}",
        later in 1_i64..300,
        other_secret in "[a-z]{1,16}",
    ) {
        let key = Key::of_secret("HUNTER2").unwrap();
        let is_verified = |key: &Key, sent: &Sent| {
            let report = key.check(&sent.received(), NOW, 300);
            report.is_verified()
        };
        let mut sent = Sent::by(&["HUNTER2"], NOW, &body);
        prop_assert!(is_verified(&key, &sent));
        prop_assert!(!is_verified(&Key::of_secret(&other_secret).unwrap(), &sent));
        sent.id = other_id;
        prop_assert!(!is_verified(&key, &sent));
        let mut sent = Sent::by(&["HUNTER2"], NOW, &body);
        sent.timestamp = (NOW + later).to_string();
        prop_assert!(!is_verified(&key, &sent));
        let mut sent = Sent::by(&["HUNTER2"], NOW, &body);
        let at = at.index(body.len());
        sent.body[at] ^= 1 << bit;
        let report = key.check(&sent.received(), NOW, 300);
        prop_assert!(!report.is_verified());
        prop_assert_eq!(report.body, Some(Err(Refusal::Different("another body"))));
    }

    #[test]
    fn a_part_of_a_signature_or_more_than_one_is_none(
        cut in 0_usize..44,
        more in "[A-Za-z0-9+/]{1,64}",
        noise in ".{0,80}",
    ) {
        let sent = Sent::by(&["hunter2"], NOW, b"{}");
        let key = Key::of_secret("hunter2").unwrap();
        let is_verified = |signatures: &str| {
            let received = Received { signatures: Some(signatures), ..sent.received() };
            let is_verified = key.check(&received, NOW, 300).is_verified();
            let received = Received { body_signature: Some(signatures), body: b"{}", ..Received::default() };
            is_verified || key.check(&received, NOW, 300).is_verified()
        };
        let marked = "v1,".len();
        prop_assert!(!is_verified(&sent.signatures[..marked + cut]));
        let longer = format!("{}{more}", sent.signatures);
        prop_assert!(!is_verified(&longer));
        prop_assert!(!is_verified(&sent.body_signature[.."sha256=".len() + cut]));
        let longer = format!("{}{more}", sent.body_signature);
        prop_assert!(!is_verified(&longer));
        prop_assert!(!is_verified(&noise));
    }
}

//! Sessions of people who signed in with a token. REQ-API-5

use crate::contract;
use crate::fixture::Fixture;
use chrono::TimeDelta;
use stagehook_core::digest::Digest;
use stagehook_core::session::{LASTS, PER_TOKEN_MAX};
use stagehook_core::token::{ApiToken, Role};
use stagehook_store::NewToken;

contract![
    a_session_is_its_tokens,
    a_session_ends,
    a_session_ends_with_its_token,
    a_session_takes_the_place_of_another,
    of_too_many_sessions_the_oldest_end,
    what_has_ended_is_deleted,
];

async fn token(f: &Fixture, name: &str, lasts: Option<TimeDelta>) -> (Digest, ApiToken) {
    let hash = Digest::of(name.as_bytes());
    let new = NewToken {
        name: name.to_owned(),
        role: Role::Editor,
        hash,
        expires_at: lasts.map(|lasts| crate::fixture::start() + lasts),
    };
    let token = f.store.create_token("anna", new).await.unwrap();
    (hash, token)
}

async fn is_open(f: &Fixture, session: &Digest) -> bool {
    f.store.find_session(session).await.unwrap().is_some()
}

async fn a_session_is_its_tokens(f: &Fixture) {
    let (hash, token) = token(f, "ed", None).await;
    let key = Digest::of(b"key");
    let begun = f
        .store
        .create_session(&hash, &key, None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(begun.token, token);
    assert_eq!(begun.expires_at, crate::fixture::start() + LASTS);
    assert_eq!(f.store.find_session(&key).await.unwrap(), Some(begun));
    assert!(!is_open(f, &hash).await);
    let guess = Digest::of(b"guess");
    assert!(!is_open(f, &guess).await);
    let nobodys = f.store.create_session(&guess, &guess, None).await.unwrap();
    assert_eq!(nobodys, None);
    assert!(!is_open(f, &guess).await);
    f.store.end_session(&guess).await.unwrap();
    assert!(is_open(f, &key).await);
    f.store.end_session(&key).await.unwrap();
    assert!(!is_open(f, &key).await);
}

async fn a_session_ends(f: &Fixture) {
    let (hash, _) = token(f, "ed", None).await;
    let (brief, _) = token(f, "guest", Some(TimeDelta::days(1))).await;
    let (key, of_guest) = (Digest::of(b"key"), Digest::of(b"key of a guest"));
    f.store.create_session(&hash, &key, None).await.unwrap();
    let begun = f
        .store
        .create_session(&brief, &of_guest, None)
        .await
        .unwrap();
    let tomorrow = crate::fixture::start() + TimeDelta::days(1);
    assert_eq!(
        begun.unwrap().expires_at,
        tomorrow,
        "no longer than its token"
    );
    let instant = TimeDelta::microseconds(1);
    f.clock.advance(TimeDelta::days(1) - instant);
    assert!(is_open(f, &of_guest).await);
    f.clock.advance(instant);
    assert!(!is_open(f, &of_guest).await);
    assert_eq!(f.store.find_token(&brief).await.unwrap(), None);
    let late = f
        .store
        .create_session(&brief, &Digest::of(b"late"), None)
        .await;
    assert_eq!(late.unwrap(), None);
    f.clock.advance(LASTS - TimeDelta::days(1) - instant);
    assert!(is_open(f, &key).await);
    f.clock.advance(instant);
    assert!(!is_open(f, &key).await);
}

async fn a_session_ends_with_its_token(f: &Fixture) {
    let (hash, revoked) = token(f, "ed", None).await;
    let (other, _) = token(f, "eva", None).await;
    let (key, of_other, chosen) = (
        Digest::of(b"key"),
        Digest::of(b"another"),
        Digest::of(b"chosen"),
    );
    f.store.create_session(&hash, &key, None).await.unwrap();
    f.store
        .create_session(&other, &of_other, None)
        .await
        .unwrap();
    f.store.revoke_token("anna", revoked.id).await.unwrap();
    assert!(!is_open(f, &key).await);
    assert!(is_open(f, &of_other).await);
    assert_eq!(
        f.store.delete_ended_sessions().await.unwrap(),
        0,
        "it is gone"
    );

    // The operator's token stays the same token, with another hash.
    let ensure = |hash: Digest| async move {
        let ensured = f.store.ensure_token("admin", Role::Admin, &hash).await;
        ensured.unwrap();
    };
    ensure(chosen).await;
    f.store.create_session(&chosen, &key, None).await.unwrap();
    ensure(chosen).await;
    assert!(is_open(f, &key).await);
    ensure(Digest::of(b"chosen anew")).await;
    assert!(!is_open(f, &key).await);
    assert!(is_open(f, &of_other).await);
}

async fn a_session_takes_the_place_of_another(f: &Fixture) {
    let (hash, _) = token(f, "ed", None).await;
    let (other, _) = token(f, "eva", None).await;
    let keys: Vec<Digest> = (0..PER_TOKEN_MAX)
        .map(|number| Digest::of(number.to_string().as_bytes()))
        .collect();
    for key in &keys {
        f.store.create_session(&hash, key, None).await.unwrap();
    }
    // Whoever signs in anew puts nobody else out.
    let newest = Digest::of(b"newest");
    let before = keys.last();
    f.store
        .create_session(&hash, &newest, before)
        .await
        .unwrap();
    for key in &keys {
        assert_eq!(is_open(f, key).await, Some(key) != before);
    }
    assert!(is_open(f, &newest).await);
    // With a token that is none nothing ends; with another token it does.
    let (guess, of_other) = (Digest::of(b"guess"), Digest::of(b"of another"));
    let nobodys = f.store.create_session(&guess, &guess, Some(&newest)).await;
    assert_eq!(nobodys.unwrap(), None);
    assert!(is_open(f, &newest).await);
    let begun = f
        .store
        .create_session(&other, &of_other, Some(&newest))
        .await;
    assert!(begun.unwrap().is_some());
    assert!(!is_open(f, &newest).await && is_open(f, &of_other).await);
}

async fn of_too_many_sessions_the_oldest_end(f: &Fixture) {
    let (hash, _) = token(f, "ed", None).await;
    let (other, _) = token(f, "eva", None).await;
    let of_other = Digest::of(b"another");
    f.store
        .create_session(&other, &of_other, None)
        .await
        .unwrap();
    let keys: Vec<Digest> = (0..PER_TOKEN_MAX + 2)
        .map(|number| Digest::of(number.to_string().as_bytes()))
        .collect();
    for key in &keys {
        f.store.create_session(&hash, key, None).await.unwrap();
    }
    for (number, key) in keys.iter().enumerate() {
        assert_eq!(is_open(f, key).await, number >= 2, "{number}");
    }
    assert!(is_open(f, &of_other).await);
}

async fn what_has_ended_is_deleted(f: &Fixture) {
    let (hash, _) = token(f, "ed", None).await;
    f.store
        .create_session(&hash, &Digest::of(b"old"), None)
        .await
        .unwrap();
    f.clock.advance(TimeDelta::days(1));
    let key = Digest::of(b"key");
    f.store.create_session(&hash, &key, None).await.unwrap();
    assert_eq!(f.store.delete_ended_sessions().await.unwrap(), 0);
    f.clock.advance(LASTS - TimeDelta::days(1));
    assert_eq!(f.store.delete_ended_sessions().await.unwrap(), 1);
    assert_eq!(f.store.delete_ended_sessions().await.unwrap(), 0);
    assert!(is_open(f, &key).await);
}

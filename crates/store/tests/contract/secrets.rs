//! Secrets.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, spec};
use chrono::TimeDelta;
use serde_json::json;
use stagehook_core::config::{HookConfig, HookType, SecretName};
use stagehook_core::ids::HookId;
use stagehook_core::page::PageRequest;
use stagehook_core::secret::{KeyId, Sealed, Secret, SecretUse};
use stagehook_store::{AuditFilter, NewSecret, Resealed, StoreError, StoredSecret};

contract![
    a_secret_is_kept_as_it_came,
    what_is_replaced_is_kept_for_a_while,
    what_was_kept_goes_when_it_is_told_to_or_has_had_its_time,
    what_is_encrypted_anew_stays_what_it_is,
    a_secret_that_hooks_name_is_not_deleted,
    every_change_is_on_the_trail_and_in_the_generation,
    secrets_are_listed_in_pages,
    half_a_previous_value_is_refused_by_the_database,
];

fn name(text: &str) -> SecretName {
    text.to_owned().try_into().expect("a name")
}

fn key(id: &str) -> KeyId {
    id.parse().expect("a key id")
}

/// Something that looks encrypted; another one for each byte.
fn sealed(byte: u8) -> Sealed {
    Sealed {
        key_id: key("00000000000000aa"),
        nonce: [byte; 24],
        ciphertext: vec![byte, 0, 0xff],
    }
}

fn new(of: &str, byte: u8) -> NewSecret {
    NewSecret {
        name: name(of),
        sealed: sealed(byte),
        previous_until: None,
    }
}

async fn found(f: &Fixture, of: &str) -> StoredSecret {
    f.store.find_secret(&name(of)).await.unwrap().unwrap()
}

async fn a_secret_is_kept_as_it_came(f: &Fixture) {
    assert_eq!(f.store.find_secret(&name("token")).await.unwrap(), None);
    assert!(f.store.put_secret(ANNA, new("token", 1)).await.unwrap());
    let expected = StoredSecret {
        secret: Secret {
            name: name("token"),
            key_id: key("00000000000000aa"),
            previous_until: None,
            created_at: start(),
            updated_at: start(),
            updated_by: ANNA.to_owned(),
        },
        sealed: sealed(1),
        previous: None,
    };
    assert_eq!(found(f, "token").await, expected);
    assert_eq!(f.store.all_secrets().await.unwrap(), [expected]);
    // A name is that name alone.
    assert!(f.store.put_secret(ANNA, new("Token", 2)).await.unwrap());
    assert_eq!(found(f, "token").await.sealed, sealed(1));
}

async fn what_is_replaced_is_kept_for_a_while(f: &Fixture) {
    f.store.put_secret(ANNA, new("token", 1)).await.unwrap();
    f.clock.advance(TimeDelta::hours(1));
    let until = start() + TimeDelta::hours(25);
    let second = NewSecret {
        previous_until: Some(until),
        ..new("token", 2)
    };
    assert!(!f.store.put_secret("boris", second).await.unwrap());
    let stored = found(f, "token").await;
    assert_eq!(
        (stored.sealed, stored.previous),
        (sealed(2), Some(sealed(1)))
    );
    assert_eq!(stored.secret.previous_until, Some(until));
    assert_eq!(stored.secret.created_at, start());
    assert_eq!(stored.secret.updated_at, start() + TimeDelta::hours(1));
    assert_eq!(stored.secret.updated_by, "boris");

    // One is kept, not all that ever were; and none where none is wanted.
    let third = NewSecret {
        previous_until: Some(until),
        ..new("token", 3)
    };
    f.store.put_secret(ANNA, third).await.unwrap();
    assert_eq!(found(f, "token").await.previous, Some(sealed(2)));
    f.store.put_secret(ANNA, new("token", 4)).await.unwrap();
    let stored = found(f, "token").await;
    assert_eq!((stored.sealed, stored.previous), (sealed(4), None));
    assert_eq!(stored.secret.previous_until, None);
}

async fn what_was_kept_goes_when_it_is_told_to_or_has_had_its_time(f: &Fixture) {
    for (of, hours) in [("early", 1), ("late", 2), ("dropped", 2)] {
        f.store.put_secret(ANNA, new(of, 1)).await.unwrap();
        let replaced = NewSecret {
            previous_until: Some(start() + TimeDelta::hours(hours)),
            ..new(of, 2)
        };
        f.store.put_secret(ANNA, replaced).await.unwrap();
    }
    f.store
        .drop_previous_secret(ANNA, &name("dropped"))
        .await
        .unwrap();
    assert_eq!(found(f, "dropped").await.previous, None);
    // There is nothing to drop any more, or never was such a secret.
    for of in ["dropped", "nobody"] {
        let dropped = f.store.drop_previous_secret(ANNA, &name(of)).await;
        dropped.unwrap();
    }
    f.store.drop_expired_secrets().await.unwrap();
    assert_eq!(found(f, "early").await.previous, Some(sealed(1)));
    f.clock.advance(TimeDelta::hours(1));
    f.store.drop_expired_secrets().await.unwrap();
    let early = found(f, "early").await;
    assert_eq!((early.previous, early.secret.previous_until), (None, None));
    assert_eq!(early.sealed, sealed(2));
    assert_eq!(found(f, "late").await.previous, Some(sealed(1)));
    let kept = "SELECT count(*) FROM secrets WHERE previous_ciphertext IS NOT NULL";
    assert_eq!(f.count(kept).await, 1);
}

async fn what_is_encrypted_anew_stays_what_it_is(f: &Fixture) {
    f.store.put_secret(ANNA, new("token", 1)).await.unwrap();
    let until = start() + TimeDelta::hours(1);
    let replaced = NewSecret {
        previous_until: Some(until),
        ..new("token", 2)
    };
    f.store.put_secret(ANNA, replaced).await.unwrap();
    let read = found(f, "token").await;
    let of_new_key = |byte| Sealed {
        key_id: key("00000000000000bb"),
        ..sealed(byte)
    };
    let resealed = Resealed {
        from: read.clone(),
        sealed: of_new_key(7),
        previous: Some(of_new_key(8)),
    };
    f.clock.advance(TimeDelta::minutes(1));
    let done = f.store.reseal_secret("server", resealed.clone()).await;
    assert!(done.unwrap());
    let expected = StoredSecret {
        secret: Secret {
            key_id: key("00000000000000bb"),
            ..read.secret.clone()
        },
        sealed: of_new_key(7),
        previous: Some(of_new_key(8)),
    };
    assert_eq!(found(f, "token").await, expected);

    // It is not any more what was read; and once more, it was deleted.
    let done = f.store.reseal_secret("server", resealed.clone()).await;
    assert!(!done.unwrap());
    assert_eq!(found(f, "token").await, expected);
    f.store
        .delete_secret(ANNA, &name("token"), false)
        .await
        .unwrap();
    let done = f.store.reseal_secret("server", resealed).await;
    assert!(!done.unwrap());
}

async fn a_secret_that_hooks_name_is_not_deleted(f: &Fixture) {
    for of in ["signing", "token", "plugin-token", "unused"] {
        f.store.put_secret(ANNA, new(of, 1)).await.unwrap();
    }
    let webhook = |config| HookConfig::parse(HookType::Webhook, config).unwrap();
    let mut tracker = spec("tracker", json!({}));
    tracker.config = webhook(json!({
        "url": "https://example.com/unused", "secret": "signing",
        "auth": {"type": "bearer", "secret": "token"},
        // Not a name of a secret, though it looks like one.
        "headers": {"X-Secret": "unused"},
    }));
    let tracker = f.store.create_hook(ANNA, &tracker).await.unwrap();
    let mut disabled = spec("archive", json!({}));
    disabled.enabled = false;
    disabled.config = webhook(json!({
        "url": "https://example.com/", "secret": "token",
        "auth": {"type": "bearer", "secret": "token"},
    }));
    let disabled = f.store.create_hook(ANNA, &disabled).await.unwrap();

    let used = f.store.hooks_by_secret().await.unwrap();
    let by = |id: HookId, hook_name: &str| SecretUse {
        hook_id: id,
        hook_name: hook_name.to_owned(),
    };
    let of_token = [by(tracker.id, "tracker"), by(disabled.id, "archive")];
    assert_eq!(used[&name("token")], of_token);
    assert_eq!(used[&name("signing")], of_token[..1]);
    assert_eq!(used.len(), 2, "{used:?}");

    let delete = |of: &'static str, force| {
        let store = f.store.clone();
        async move { store.delete_secret(ANNA, &name(of), force).await }
    };
    let refused = delete("token", false).await.unwrap_err();
    let StoreError::SecretInUse { hooks, .. } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(*hooks, ["tracker", "archive"]);
    assert!(refused.to_string().contains("'tracker', 'archive'"));
    found(f, "token").await;
    delete("token", true).await.unwrap();
    delete("unused", false).await.unwrap();
    // A hook that was deleted needs none.
    f.store.delete_hook(ANNA, tracker.id).await.unwrap();
    delete("signing", false).await.unwrap();
    for of in ["token", "nobody"] {
        let missing = delete(of, true).await.unwrap_err();
        assert!(matches!(missing, StoreError::NotFound { .. }), "{missing}");
    }
    assert_eq!(f.store.all_secrets().await.unwrap().len(), 1);
}

async fn every_change_is_on_the_trail_and_in_the_generation(f: &Fixture) {
    let mut generation = f.store.secret_generation().await.unwrap();
    let mut grown = async || {
        let now = f.store.secret_generation().await.unwrap();
        let has_grown = now > generation;
        generation = now;
        has_grown
    };
    assert!(!grown().await);
    f.store.put_secret(ANNA, new("token", 1)).await.unwrap();
    assert!(grown().await);
    let until = start() + TimeDelta::hours(1);
    let replaced = NewSecret {
        previous_until: Some(until),
        ..new("token", 2)
    };
    f.store.put_secret("boris", replaced).await.unwrap();
    assert!(grown().await);
    let from = found(f, "token").await;
    let resealed = Resealed {
        sealed: sealed(3),
        previous: None,
        from,
    };
    assert!(f.store.reseal_secret("server", resealed).await.unwrap());
    assert!(grown().await);
    f.store
        .drop_previous_secret(ANNA, &name("token"))
        .await
        .unwrap();
    assert!(grown().await);
    f.store
        .delete_secret("dmitri", &name("token"), false)
        .await
        .unwrap();
    assert!(grown().await);

    let filter = AuditFilter {
        subject_type: Some("secret".to_owned()),
        subject_id: Some("token".to_owned()),
        actor: None,
    };
    let trail = f.store.list_audit(&filter, everything()).await.unwrap();
    let trail: Vec<_> = trail.items.into_iter().rev().collect();
    let told: Vec<_> = trail
        .iter()
        .map(|entry| (entry.actor.as_str(), entry.action.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (ANNA, "secret.put"),
            ("boris", "secret.put"),
            ("server", "secret.rekey"),
            (ANNA, "secret.put"),
            ("dmitri", "secret.delete"),
        ]
    );
    let expected = json!({
        "name": "token", "key_id": "00000000000000aa", "previous_until": null,
        "created_at": "2026-03-04T05:06:07.000008Z",
        "updated_at": "2026-03-04T05:06:07.000008Z", "updated_by": ANNA,
    });
    assert_eq!(trail[0].before, None);
    assert_eq!(trail[0].after, Some(expected));
    let shown = trail[1].after.as_ref().unwrap();
    assert_eq!(shown["previous_until"], json!(until));
    assert_eq!(trail[4].after, None);
}

async fn secrets_are_listed_in_pages(f: &Fixture) {
    for of in ["c", "a", "b"] {
        f.store.put_secret(ANNA, new(of, 1)).await.unwrap();
    }
    let mut page = PageRequest {
        limit: 2,
        cursor: None,
    };
    let first = f.store.list_secrets(page).await.unwrap();
    page.cursor = first.next_cursor;
    let last = f.store.list_secrets(page).await.unwrap();
    assert_eq!(last.next_cursor, None);
    let names: Vec<_> = first
        .items
        .into_iter()
        .chain(last.items)
        .map(|stored| stored.secret.name.to_string())
        .collect();
    assert_eq!(names, ["c", "a", "b"]);
}

async fn half_a_previous_value_is_refused_by_the_database(f: &Fixture) {
    f.store.put_secret(ANNA, new("token", 1)).await.unwrap();
    for wrong in [
        "UPDATE secrets SET previous_key_id = 'x'",
        "UPDATE secrets SET previous_until = created_at",
        "UPDATE secrets SET previous_ciphertext = ciphertext",
        "UPDATE secrets SET nonce = ciphertext",
        "INSERT INTO secret_generation (id, generation) VALUES (2, 0)",
    ] {
        assert!(f.raw(wrong).await.is_err(), "{wrong}");
    }
    let whole = "UPDATE secrets SET previous_key_id = key_id, previous_nonce = nonce,
                 previous_ciphertext = ciphertext, previous_until = created_at";
    assert_eq!(f.raw(whole).await.unwrap(), 1);
}

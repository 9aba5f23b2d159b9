//! API tokens.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything};
use chrono::TimeDelta;
use stagehook_core::digest::Digest;
use stagehook_core::ids::TokenId;
use stagehook_core::token::{ApiToken, Role};
use stagehook_store::{AuditFilter, NewToken, StoreError};

contract![
    a_token_is_found_by_its_hash,
    ensuring_a_token_replaces_its_hash,
    a_token_is_made_listed_and_revoked,
    a_token_expires,
    it_is_known_when_a_token_was_used,
    the_last_administrators_token_stays,
    of_two_administrators_one_stays,
];

fn new(name: &str, role: Role) -> NewToken {
    NewToken {
        name: name.to_owned(),
        role,
        hash: Digest::of(name.as_bytes()),
        expires_at: None,
    }
}

async fn create(f: &Fixture, new: NewToken) -> ApiToken {
    f.store.create_token(ANNA, new).await.unwrap()
}

/// What the audit trail says of tokens, oldest first.
async fn trail(f: &Fixture) -> Vec<stagehook_core::audit::AuditEntry> {
    let filter = AuditFilter {
        subject_type: Some("token".to_owned()),
        ..AuditFilter::default()
    };
    let page = f.store.list_audit(&filter, everything()).await.unwrap();
    page.items.into_iter().rev().collect()
}

async fn a_token_is_found_by_its_hash(f: &Fixture) {
    let hash = Digest::of(b"a secret");
    assert!(!f.store.has_tokens().await.unwrap());
    assert_eq!(f.store.find_token(&hash).await.unwrap(), None);
    let token = f
        .store
        .ensure_token("admin", Role::Admin, &hash)
        .await
        .unwrap();
    assert_eq!((token.name.as_str(), token.role), ("admin", Role::Admin));
    assert!(f.store.has_tokens().await.unwrap());
    assert_eq!(f.store.find_token(&hash).await.unwrap(), Some(token));
    assert_eq!(
        f.store.find_token(&Digest::of(b"a guess")).await.unwrap(),
        None
    );
}

async fn ensuring_a_token_replaces_its_hash(f: &Fixture) {
    let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
    let first = f
        .store
        .ensure_token("admin", Role::Admin, &old)
        .await
        .unwrap();
    let same = f
        .store
        .ensure_token("admin", Role::Admin, &old)
        .await
        .unwrap();
    let changed = f
        .store
        .ensure_token("admin", Role::Viewer, &new)
        .await
        .unwrap();
    assert_eq!((first.id, &first), (changed.id, &same));
    assert_eq!(f.store.find_token(&old).await.unwrap(), None);
    assert_eq!(f.store.find_token(&new).await.unwrap(), Some(changed));
    let error = f
        .store
        .ensure_token("other", Role::Viewer, &new)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StoreError::TokenTaken { name } if name == "admin"),
        "{error:?}"
    );
    // Twice it changed something; no hash is on the trail.
    let trail = trail(f).await;
    assert_eq!(trail.len(), 2);
    assert!(!format!("{trail:?}").contains(&new.to_string()[7..]));
}

async fn a_token_is_made_listed_and_revoked(f: &Fixture) {
    let token = create(f, new("ed", Role::Editor)).await;
    let expected = ApiToken {
        id: token.id,
        name: "ed".to_owned(),
        role: Role::Editor,
        created_at: start(),
        created_by: ANNA.to_owned(),
        last_used_at: None,
        expires_at: None,
    };
    assert_eq!(token, expected);
    let hash = new("ed", Role::Editor).hash;
    assert_eq!(
        f.store.find_token(&hash).await.unwrap(),
        Some(token.clone())
    );
    let refused = f.store.create_token(ANNA, new("ed", Role::Viewer)).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, StoreError::NameTaken { .. }),
        "{refused:?}"
    );
    let other = create(f, new("viewer", Role::Viewer)).await;
    let listed = f.store.list_tokens(everything()).await.unwrap().items;
    assert_eq!(listed, [token.clone(), other.clone()]);

    f.store.revoke_token("berta", token.id).await.unwrap();
    assert_eq!(f.store.find_token(&hash).await.unwrap(), None);
    let again = f.store.revoke_token("berta", token.id).await.unwrap_err();
    assert!(matches!(again, StoreError::NotFound { .. }), "{again:?}");
    let nothing = f.store.revoke_token("berta", TokenId::new(-1)).await;
    assert!(nothing.is_err());
    // The name is free, and another one's.
    let next = create(f, new("ed", Role::Viewer)).await;
    assert!(next.id > other.id, "{next:?}");

    let trail = trail(f).await;
    let told: Vec<_> = trail
        .iter()
        .map(|entry| {
            (
                entry.action.as_str(),
                entry.actor.as_str(),
                entry.subject_id.as_str(),
            )
        })
        .collect();
    let (ed, viewer, next) = (
        token.id.to_string(),
        other.id.to_string(),
        next.id.to_string(),
    );
    assert_eq!(
        told,
        [
            ("token.create", ANNA, ed.as_str()),
            ("token.create", ANNA, viewer.as_str()),
            ("token.revoke", "berta", ed.as_str()),
            ("token.create", ANNA, next.as_str()),
        ]
    );
    let [created, _, revoked, _] = trail.as_slice() else {
        panic!("{trail:?}");
    };
    assert_eq!(created.after, Some(serde_json::to_value(&token).unwrap()));
    assert_eq!((&revoked.before, &revoked.after), (&created.after, &None));
    assert!(!format!("{trail:?}").contains(&hash.to_string()[7..]));
}

async fn a_token_expires(f: &Fixture) {
    let tomorrow = start() + TimeDelta::days(1);
    let guest = NewToken {
        expires_at: Some(tomorrow),
        ..new("guest", Role::Viewer)
    };
    let token = create(f, guest.clone()).await;
    assert_eq!(token.expires_at, Some(tomorrow));
    f.clock
        .advance(TimeDelta::days(1) - TimeDelta::microseconds(1));
    assert!(f.store.find_token(&guest.hash).await.unwrap().is_some());
    f.clock.advance(TimeDelta::microseconds(1));
    assert_eq!(f.store.find_token(&guest.hash).await.unwrap(), None);
    // It is listed, so that somebody can take it away.
    assert_eq!(
        f.store.list_tokens(everything()).await.unwrap().items,
        [token]
    );
    let refused = f.store.create_token(ANNA, guest).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NameTaken { .. }),
        "{refused:?}"
    );
}

async fn it_is_known_when_a_token_was_used(f: &Fixture) {
    let token = create(f, new("ed", Role::Editor)).await;
    let other = create(f, new("viewer", Role::Viewer)).await;
    f.clock.advance(TimeDelta::hours(1));
    f.store.token_used(token.id).await.unwrap();
    f.store.token_used(TokenId::new(-1)).await.unwrap();
    let used = ApiToken {
        last_used_at: Some(start() + TimeDelta::hours(1)),
        ..token
    };
    let listed = f.store.list_tokens(everything()).await.unwrap().items;
    assert_eq!(listed, [used, other]);
}

async fn the_last_administrators_token_stays(f: &Fixture) {
    let first = create(f, new("first", Role::Admin)).await;
    let editor = create(f, new("editor", Role::Editor)).await;
    let brief = NewToken {
        expires_at: Some(start() + TimeDelta::days(1)),
        ..new("brief", Role::Admin)
    };
    let brief = create(f, brief).await;
    let refused = |id| async move {
        let error = f.store.revoke_token(ANNA, id).await.unwrap_err();
        assert!(
            matches!(error, StoreError::LastAdministrator { .. }),
            "{error:?}"
        );
    };
    // One that expires helps nobody who comes later.
    refused(first.id).await;
    let second = create(f, new("second", Role::Admin)).await;
    f.store.revoke_token(ANNA, first.id).await.unwrap();
    refused(second.id).await;
    f.store.revoke_token(ANNA, brief.id).await.unwrap();
    f.store.revoke_token(ANNA, editor.id).await.unwrap();
    refused(second.id).await;
    let kept = f.store.find_token(&new("second", Role::Admin).hash).await;
    assert_eq!(kept.unwrap(), Some(second));
}

async fn of_two_administrators_one_stays(f: &Fixture) {
    for round in 0..8 {
        let first = create(f, new(&format!("first {round}"), Role::Admin)).await;
        let mut left = f.store.list_tokens(everything()).await.unwrap().items;
        if left.len() == 1 {
            left.push(create(f, new("second", Role::Admin)).await);
        }
        let [one, other] = left.as_slice() else {
            panic!("{left:?}");
        };
        assert!(left.contains(&first));
        let (one, other) = tokio::join!(
            f.store.revoke_token(ANNA, one.id),
            f.store.revoke_token(ANNA, other.id)
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let left = f.store.list_tokens(everything()).await.unwrap().items;
        assert_eq!(left.len(), 1);
    }
}

//! API tokens.

use crate::contract;
use crate::fixture::Fixture;
use crate::samples::everything;
use stagehook_core::digest::Digest;
use stagehook_core::token::Role;
use stagehook_store::{AuditFilter, StoreError};

contract![
    a_token_is_found_by_its_hash,
    ensuring_a_token_replaces_its_hash
];

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
    assert!(matches!(error, StoreError::NameTaken { .. }), "{error:?}");
    // Twice it changed something; no hash is on the trail.
    let filter = AuditFilter {
        subject_type: Some("token".to_owned()),
        ..AuditFilter::default()
    };
    let trail = f
        .store
        .list_audit(&filter, everything())
        .await
        .unwrap()
        .items;
    assert_eq!(trail.len(), 2);
    assert!(!format!("{trail:?}").contains(&new.to_string()[7..]));
}

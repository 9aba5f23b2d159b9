//! What is in managed Python environments.

use crate::contract;
use crate::fixture::Fixture;

contract![what_was_resolved_first_is_kept];

async fn what_was_resolved_first_is_kept(f: &Fixture) {
    let locked = || f.store.locked_environment("key");
    assert_eq!(locked().await.unwrap(), None);
    f.store.lock_environment("key", "a==1").await.unwrap();
    f.store.lock_environment("key", "a==2").await.unwrap();
    f.store.lock_environment("other", "b==1").await.unwrap();
    assert_eq!(locked().await.unwrap().as_deref(), Some("a==1"));
}

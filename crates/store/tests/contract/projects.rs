//! Projects and scene types.

use crate::contract;
use crate::fixture::{Fixture, start};
use crate::samples::{ANNA, everything, scoped};
use chrono::TimeDelta;
use stagehook_core::ids::{ProjectId, SceneTypeId};
use stagehook_core::scope::{Lineage, Scope};
use stagehook_store::{Entity, HookFilter, NewJob, SceneTypeFilter, StoreError};

contract![
    a_project_is_created_found_and_listed,
    a_name_is_taken_until_its_project_is_deleted,
    a_deleted_project_takes_nothing_new,
    deleting_a_project_deletes_its_scene_types_and_hooks,
    scene_types_have_names_within_their_project,
    deleting_a_scene_type_deletes_its_hooks,
    lineages_end_with_what_they_belong_to,
    what_does_not_exist_is_not_found,
];

async fn a_project_is_created_found_and_listed(f: &Fixture) {
    let one = f.store.create_project(ANNA, "Nightfall").await.unwrap();
    let two = f.store.create_project(ANNA, "Dawn").await.unwrap();
    assert_eq!(one.created_at, start());
    assert_eq!(f.store.get_project(one.id).await.unwrap(), one);
    let page = f.store.list_projects(everything()).await.unwrap();
    assert_eq!(page.items, [one, two]);
    assert_eq!(page.next_cursor, None);
}

async fn a_name_is_taken_until_its_project_is_deleted(f: &Fixture) {
    let one = f.project("Nightfall").await;
    let error = f.store.create_project(ANNA, "Nightfall").await.unwrap_err();
    assert!(
        matches!(&error, StoreError::NameTaken { what: Entity::Project, name } if name == "Nightfall"),
        "{error:?}"
    );
    f.clock.advance(TimeDelta::seconds(5));
    f.store.delete_project(ANNA, one).await.unwrap();
    let two = f.project("Nightfall").await;
    assert_ne!(one, two);
    let gone = f.store.get_project(one).await.unwrap();
    assert_eq!(gone.deleted_at, Some(start() + TimeDelta::seconds(5)));
    let ids: Vec<_> = f.store.list_projects(everything()).await.unwrap().items;
    assert_eq!(ids.iter().map(|p| p.id).collect::<Vec<_>>(), [two]);
}

async fn a_deleted_project_takes_nothing_new(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let scene_type = f.scene_type(project, "forest").await;
    f.store.delete_project(ANNA, project).await.unwrap();
    let deleted =
        |error: &StoreError| matches!(error, StoreError::ProjectDeleted { id } if *id == project);
    let error = f.store.delete_project(ANNA, project).await.unwrap_err();
    assert!(deleted(&error), "{error:?}");
    let error = f
        .store
        .create_scene_type(ANNA, project, "sea")
        .await
        .unwrap_err();
    assert!(deleted(&error), "{error:?}");
    let job = NewJob {
        project_id: project,
        scene_type_id: None,
        external_ref: None,
        workflow: None,
    };
    let error = f.store.create_job(ANNA, job).await.unwrap_err();
    assert!(deleted(&error), "{error:?}");
    let hook = scoped("grade", Scope::Project(project));
    let error = f.store.create_hook(ANNA, &hook).await.unwrap_err();
    assert!(deleted(&error), "{error:?}");
    let hook = scoped("grade", Scope::SceneType(scene_type));
    let error = f.store.create_hook(ANNA, &hook).await.unwrap_err();
    assert!(
        matches!(error, StoreError::SceneTypeDeleted { id } if id == scene_type),
        "{error:?}"
    );
}

async fn deleting_a_project_deletes_its_scene_types_and_hooks(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let other = f.project("Dawn").await;
    let scene_type = f.scene_type(project, "forest").await;
    let studio = f.hook(&scoped("grade", Scope::Studio)).await;
    f.hook(&scoped("grade", Scope::Project(project))).await;
    f.hook(&scoped("grade", Scope::SceneType(scene_type))).await;
    let kept = f.hook(&scoped("grade", Scope::Project(other))).await;
    let generation = f.store.hook_generation().await.unwrap();

    f.store.delete_project(ANNA, project).await.unwrap();

    assert!(f.store.hook_generation().await.unwrap() > generation);
    let lineage = Lineage::SceneType(project, scene_type);
    assert_eq!(
        f.store.hooks_for(&lineage, None).await.unwrap(),
        std::slice::from_ref(&studio)
    );
    let listed = f
        .store
        .list_hooks(&HookFilter::default(), everything())
        .await
        .unwrap();
    assert_eq!(listed.items, [studio, kept]);
    let filter = SceneTypeFilter {
        project_id: Some(project),
    };
    let listed = f
        .store
        .list_scene_types(&filter, everything())
        .await
        .unwrap();
    assert_eq!(listed.items, []);
    assert!(
        f.store
            .get_scene_type(scene_type)
            .await
            .unwrap()
            .deleted_at
            .is_some()
    );
}

async fn scene_types_have_names_within_their_project(f: &Fixture) {
    let one = f.project("Nightfall").await;
    let two = f.project("Dawn").await;
    let forest = f
        .store
        .create_scene_type(ANNA, one, "forest")
        .await
        .unwrap();
    let elsewhere = f
        .store
        .create_scene_type(ANNA, two, "forest")
        .await
        .unwrap();
    let error = f
        .store
        .create_scene_type(ANNA, one, "forest")
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::NameTaken {
                what: Entity::SceneType,
                ..
            }
        ),
        "{error:?}"
    );
    let all = f
        .store
        .list_scene_types(&SceneTypeFilter::default(), everything())
        .await;
    assert_eq!(all.unwrap().items, [forest.clone(), elsewhere]);
    let filter = SceneTypeFilter {
        project_id: Some(one),
    };
    let of_one = f
        .store
        .list_scene_types(&filter, everything())
        .await
        .unwrap();
    assert_eq!(of_one.items, std::slice::from_ref(&forest));
    f.store.delete_scene_type(ANNA, forest.id).await.unwrap();
    f.store
        .create_scene_type(ANNA, one, "forest")
        .await
        .unwrap();
}

async fn deleting_a_scene_type_deletes_its_hooks(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let scene_type = f.scene_type(project, "forest").await;
    let kept = f.hook(&scoped("grade", Scope::Project(project))).await;
    f.hook(&scoped("grade", Scope::SceneType(scene_type))).await;
    f.store.delete_scene_type(ANNA, scene_type).await.unwrap();
    let lineage = Lineage::SceneType(project, scene_type);
    assert_eq!(f.store.hooks_for(&lineage, None).await.unwrap(), [kept]);
    let error = f
        .store
        .delete_scene_type(ANNA, scene_type)
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::SceneTypeDeleted { .. }),
        "{error:?}"
    );
}

async fn lineages_end_with_what_they_belong_to(f: &Fixture) {
    let project = f.project("Nightfall").await;
    let scene_type = f.scene_type(project, "forest").await;
    assert_eq!(
        f.store.lineage_of_scene_type(scene_type).await.unwrap(),
        Some(Lineage::SceneType(project, scene_type))
    );
    assert_eq!(
        f.store.lineage_of_project(project).await.unwrap(),
        Some(Lineage::Project(project))
    );
    f.store.delete_project(ANNA, project).await.unwrap();
    assert_eq!(
        f.store.lineage_of_scene_type(scene_type).await.unwrap(),
        None
    );
    assert_eq!(f.store.lineage_of_project(project).await.unwrap(), None);
    let unknown = SceneTypeId::new(99);
    assert_eq!(f.store.lineage_of_scene_type(unknown).await.unwrap(), None);
}

async fn what_does_not_exist_is_not_found(f: &Fixture) {
    let project = ProjectId::new(77);
    let error = f.store.get_project(project).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no project 77");
    let error = f.store.delete_project(ANNA, project).await.unwrap_err();
    assert!(matches!(
        error,
        StoreError::NotFound {
            what: Entity::Project,
            ..
        }
    ));
    let error = f
        .store
        .create_scene_type(ANNA, project, "sea")
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        StoreError::NotFound {
            what: Entity::Project,
            ..
        }
    ));
    let error = f
        .store
        .get_scene_type(SceneTypeId::new(78))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "there is no scene type 78");
    let error = f
        .store
        .create_hook(
            ANNA,
            &scoped("grade", Scope::SceneType(SceneTypeId::new(78))),
        )
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        StoreError::NotFound {
            what: Entity::SceneType,
            ..
        }
    ));
}

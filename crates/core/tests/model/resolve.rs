//! Inheritance. REQ-RES-1..6

use crate::sample::hook_with;
use proptest::prelude::*;
use stagehook_core::hook::Hook;
use stagehook_core::ids::{HookId, ProjectId, SceneTypeId};
use stagehook_core::resolve::{EffectiveSet, ShadowReason, resolve};
use stagehook_core::scope::{Lineage, Scope, ScopeType};
use stagehook_core::trigger::{HookPoint, Trigger};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const PROJECT: ProjectId = ProjectId::new(1);
const SCENE_TYPE: SceneTypeId = SceneTypeId::new(10);
const LINEAGE: Lineage = Lineage::SceneType(PROJECT, SCENE_TYPE);

fn names(set: &EffectiveSet) -> Vec<&str> {
    set.effective
        .iter()
        .map(|effective| effective.hook.spec.name.as_str())
        .collect()
}

fn ids(set: &EffectiveSet) -> Vec<i64> {
    set.effective.iter().map(|e| e.hook.id.get()).collect()
}

#[test]
fn a_scene_type_replaces_its_project_which_replaces_the_studio() {
    let studio = hook_with(1, "grade", |_| {});
    let project = hook_with(2, "grade", |spec| spec.scope = Scope::Project(PROJECT));
    let scene = hook_with(3, "grade", |spec| spec.scope = Scope::SceneType(SCENE_TYPE));
    let all = [studio, project, scene];

    assert_eq!(ids(&resolve(all.clone(), &Lineage::Studio)), [1]);
    assert_eq!(ids(&resolve(all.clone(), &Lineage::Project(PROJECT))), [2]);
    let set = resolve(all, &LINEAGE);
    assert_eq!(ids(&set), [3]);
    assert_eq!(set.effective[0].source_level, ScopeType::SceneType);
    assert_eq!(
        set.effective[0].overrides,
        [HookId::new(2), HookId::new(1)],
        "the nearest level first"
    );
    let lost: Vec<_> = set
        .shadowed
        .iter()
        .map(|s| (s.hook.id.get(), s.source_level, s.reason, s.by))
        .collect();
    let by = Some(HookId::new(3));
    assert_eq!(
        lost,
        [
            (1, ScopeType::Studio, ShadowReason::Overridden, by),
            (2, ScopeType::Project, ShadowReason::Overridden, by),
        ]
    );
}

#[test]
fn hooks_of_other_projects_and_scene_types_take_no_part() {
    let other_project = hook_with(1, "a", |s| s.scope = Scope::Project(ProjectId::new(2)));
    let other_scene = hook_with(2, "b", |s| s.scope = Scope::SceneType(SceneTypeId::new(11)));
    let set = resolve([other_project, other_scene], &LINEAGE);
    assert_eq!(set, EffectiveSet::default());
}

#[test]
fn a_disabled_override_switches_the_inherited_hook_off() {
    let studio = hook_with(1, "grade", |_| {});
    let off = hook_with(2, "grade", |spec| {
        spec.scope = Scope::SceneType(SCENE_TYPE);
        spec.enabled = false;
    });
    let set = resolve([studio, off], &LINEAGE);
    assert!(set.effective.is_empty());
    let lost: Vec<_> = set
        .shadowed
        .iter()
        .map(|s| (s.hook.id.get(), s.reason, s.by))
        .collect();
    assert_eq!(
        lost,
        [
            (1, ShadowReason::SwitchedOff, Some(HookId::new(2))),
            (2, ShadowReason::Disabled, None),
        ]
    );
}

#[test]
fn a_disabled_hook_that_is_overridden_does_not_disable_its_override() {
    let studio = hook_with(1, "grade", |spec| spec.enabled = false);
    let project = hook_with(2, "grade", |spec| spec.scope = Scope::Project(PROJECT));
    assert_eq!(ids(&resolve([studio, project], &LINEAGE)), [2]);
}

#[test]
fn the_same_name_at_another_trigger_is_another_hook() {
    let after = hook_with(1, "grade", |_| {});
    let before = hook_with(2, "grade", |spec| {
        spec.trigger = Trigger::Stage(HookPoint::PreSegment);
        spec.scope = Scope::Project(PROJECT);
    });
    let event = hook_with(3, "grade", |spec| {
        spec.trigger = Trigger::Event("job_*".parse().unwrap());
    });
    let set = resolve([after, before, event], &LINEAGE);
    assert_eq!(set.effective.len(), 3);
    assert!(set.shadowed.is_empty());
}

#[test]
fn order_is_by_sort_order_then_level_then_name() {
    let hooks = [
        hook_with(1, "z", |_| {}),
        hook_with(2, "m", |spec| spec.scope = Scope::SceneType(SCENE_TYPE)),
        hook_with(3, "b", |spec| spec.scope = Scope::Project(PROJECT)),
        hook_with(4, "a", |spec| spec.scope = Scope::Project(PROJECT)),
        hook_with(5, "last", |spec| spec.sort_order = 1),
        hook_with(6, "first", |spec| {
            spec.sort_order = -1;
            spec.scope = Scope::SceneType(SCENE_TYPE);
        }),
    ];
    let set = resolve(hooks, &LINEAGE);
    assert_eq!(names(&set), ["first", "z", "a", "b", "m", "last"]);
}

#[test]
fn a_chain_of_extensions_runs_from_the_studio_down() {
    let studio = hook_with(1, "grade", |_| {});
    let project = hook_with(2, "grade", |spec| {
        spec.scope = Scope::Project(PROJECT);
        spec.extends = true;
    });
    let scene = hook_with(3, "grade", |spec| {
        spec.scope = Scope::SceneType(SCENE_TYPE);
        spec.extends = true;
    });
    let set = resolve([studio, project, scene], &LINEAGE);
    let before: Vec<_> = set.effective[0]
        .extended
        .iter()
        .map(|(hook, level)| (hook.id.get(), *level))
        .collect();
    assert_eq!(before, [(1, ScopeType::Studio), (2, ScopeType::Project)]);
    assert!(set.shadowed.iter().all(|shadowed| shadowed.extended));
}

#[test]
fn a_chain_of_extensions_ends_where_a_hook_does_not_extend() {
    let studio = hook_with(1, "grade", |_| {});
    let project = hook_with(2, "grade", |spec| spec.scope = Scope::Project(PROJECT));
    let scene = hook_with(3, "grade", |spec| {
        spec.scope = Scope::SceneType(SCENE_TYPE);
        spec.extends = true;
    });
    let set = resolve([studio, project, scene], &LINEAGE);
    let before: Vec<_> = set.effective[0]
        .extended
        .iter()
        .map(|(h, _)| h.id.get())
        .collect();
    assert_eq!(before, [2]);
}

#[test]
fn an_extension_of_a_disabled_hook_runs_alone() {
    let studio = hook_with(1, "grade", |_| {});
    let project = hook_with(2, "grade", |spec| {
        spec.scope = Scope::Project(PROJECT);
        spec.extends = true;
        spec.enabled = false;
    });
    let scene = hook_with(3, "grade", |spec| {
        spec.scope = Scope::SceneType(SCENE_TYPE);
        spec.extends = true;
    });
    let set = resolve([studio, project, scene], &LINEAGE);
    assert_eq!(ids(&set), [3]);
    assert!(set.effective[0].extended.is_empty());
    assert!(set.shadowed.iter().all(|shadowed| !shadowed.extended));
}

// From here on: properties. REQ-RES-5

fn trigger() -> impl Strategy<Value = Trigger> {
    prop_oneof![
        Just(Trigger::Stage(HookPoint::PreSegment)),
        Just(Trigger::Stage(HookPoint::PostSegment)),
        Just(Trigger::Event("*".parse().unwrap())),
        Just(Trigger::Event("job_*".parse().unwrap())),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        2 => Just(Scope::Studio),
        2 => Just(Scope::Project(PROJECT)),
        2 => Just(Scope::SceneType(SCENE_TYPE)),
        1 => Just(Scope::Project(ProjectId::new(2))),
        1 => Just(Scope::SceneType(SceneTypeId::new(11))),
    ]
}

fn lineage() -> impl Strategy<Value = Lineage> {
    prop_oneof![
        1 => Just(Lineage::Studio),
        1 => Just(Lineage::Project(PROJECT)),
        3 => Just(LINEAGE),
    ]
}

/// Hooks such as the store admits: one per trigger, name and scope; the ids in
/// no relation to anything else.
fn hooks() -> impl Strategy<Value = Vec<Arc<Hook>>> {
    let key = (trigger(), "[ab]", scope());
    let rest = (-1_i64..2, prop::bool::weighted(0.7), any::<bool>());
    prop::collection::btree_map(key, rest, 0..30).prop_flat_map(|map| {
        let order: Vec<i64> = (1..=i64::try_from(map.len()).unwrap()).collect();
        (Just(map), Just(order).prop_shuffle()).prop_map(|(map, ids)| {
            map.into_iter()
                .zip(ids)
                .map(
                    |(((trigger, name, scope), (sort_order, enabled, extends)), id)| {
                        hook_with(id, &name, |spec| {
                            spec.trigger = trigger;
                            spec.scope = scope;
                            spec.sort_order = sort_order;
                            spec.enabled = enabled;
                            spec.extends = extends;
                        })
                    },
                )
                .collect()
        })
    })
}

type Key = (Trigger, String);

fn key(hook: &Hook) -> Key {
    (hook.spec.trigger.clone(), hook.spec.name.clone())
}

/// The hooks that take part, by trigger and name, lowest level first.
fn candidates(hooks: &[Arc<Hook>], lineage: &Lineage) -> BTreeMap<Key, Vec<Arc<Hook>>> {
    let mut found: BTreeMap<Key, Vec<Arc<Hook>>> = BTreeMap::new();
    for level in [
        Some(ScopeType::SceneType),
        Some(ScopeType::Project),
        Some(ScopeType::Studio),
    ] {
        for hook in hooks
            .iter()
            .filter(|h| lineage.level_of(&h.spec.scope) == level)
        {
            found.entry(key(hook)).or_default().push(Arc::clone(hook));
        }
    }
    found
}

/// What runs before the first of these because it extends it, by its
/// recursive meaning.
fn chain(candidates: &[Arc<Hook>]) -> Vec<HookId> {
    match candidates {
        [first, next, ..] if first.spec.extends && next.spec.enabled => {
            let mut before = chain(&candidates[1..]);
            before.push(next.id);
            before
        }
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn the_order_of_the_input_does_not_matter(
        (hooks, shuffled) in hooks().prop_flat_map(|h| (Just(h.clone()), Just(h).prop_shuffle())),
        lineage in lineage(),
    ) {
        prop_assert_eq!(resolve(hooks, &lineage), resolve(shuffled, &lineage));
    }

    #[test]
    fn a_hook_given_twice_counts_once(hooks in hooks(), lineage in lineage()) {
        let twice = hooks.iter().chain(&hooks).cloned();
        prop_assert_eq!(resolve(twice, &lineage), resolve(hooks.clone(), &lineage));
    }

    #[test]
    fn resolving_again_gives_the_same(hooks in hooks(), lineage in lineage()) {
        let once = resolve(hooks, &lineage);
        let effective = once.effective.iter().map(|e| Arc::clone(&e.hook));
        let again = resolve(effective, &lineage);
        prop_assert_eq!(ids(&once), ids(&again));
        prop_assert!(again.shadowed.is_empty());

        let lost = once.shadowed.iter().map(|s| Arc::clone(&s.hook));
        let everything = once.effective.iter().map(|e| Arc::clone(&e.hook)).chain(lost);
        prop_assert_eq!(resolve(everything, &lineage), once);
    }

    #[test]
    fn every_candidate_is_in_exactly_one_of_the_two_lists(hooks in hooks(), lineage in lineage()) {
        let set = resolve(hooks.clone(), &lineage);
        let mut listed: Vec<_> = set.effective.iter().map(|e| e.hook.id)
            .chain(set.shadowed.iter().map(|s| s.hook.id))
            .collect();
        listed.sort_unstable();
        let expected: BTreeSet<_> = candidates(&hooks, &lineage).into_values().flatten()
            .map(|hook| hook.id)
            .collect();
        prop_assert_eq!(listed, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn nothing_applies_twice_per_trigger_and_name(hooks in hooks(), lineage in lineage()) {
        let set = resolve(hooks, &lineage);
        let keys: BTreeSet<_> = set.effective.iter().map(|e| key(&e.hook)).collect();
        prop_assert_eq!(keys.len(), set.effective.len());
    }

    #[test]
    fn the_lowest_level_decides(hooks in hooks(), lineage in lineage()) {
        let set = resolve(hooks.clone(), &lineage);
        for (name, rivals) in candidates(&hooks, &lineage) {
            let lowest = &rivals[0];
            let applies: Vec<_> = set.effective.iter().filter(|e| key(&e.hook) == name).collect();
            if lowest.spec.enabled {
                prop_assert_eq!(applies.len(), 1);
                prop_assert_eq!(applies[0].hook.id, lowest.id);
                prop_assert_eq!(Some(applies[0].source_level), lineage.level_of(&lowest.spec.scope));
                let beaten: Vec<_> = rivals[1..].iter().map(|hook| hook.id).collect();
                prop_assert_eq!(&applies[0].overrides, &beaten);
            } else {
                prop_assert!(applies.is_empty());
            }
            for shadowed in set.shadowed.iter().filter(|s| key(&s.hook) == name) {
                let expected = match (lowest.spec.enabled, shadowed.hook.id == lowest.id) {
                    (true, _) => (ShadowReason::Overridden, Some(lowest.id)),
                    (false, true) => (ShadowReason::Disabled, None),
                    (false, false) => (ShadowReason::SwitchedOff, Some(lowest.id)),
                };
                prop_assert_eq!((shadowed.reason, shadowed.by), expected);
            }
        }
    }

    #[test]
    fn what_is_extended_follows_the_chain(hooks in hooks(), lineage in lineage()) {
        let set = resolve(hooks.clone(), &lineage);
        let rivals = candidates(&hooks, &lineage);
        let mut extended = BTreeSet::new();
        for effective in &set.effective {
            let before: Vec<_> = effective.extended.iter().map(|(hook, _)| hook.id).collect();
            prop_assert_eq!(&before, &chain(&rivals[&key(&effective.hook)]));
            extended.extend(before);
        }
        for shadowed in &set.shadowed {
            prop_assert_eq!(shadowed.extended, extended.contains(&shadowed.hook.id));
        }
    }

    #[test]
    fn no_disabled_hook_ever_runs(hooks in hooks(), lineage in lineage()) {
        let set = resolve(hooks, &lineage);
        for effective in &set.effective {
            prop_assert!(effective.hook.spec.enabled);
            prop_assert!(effective.extended.iter().all(|(hook, _)| hook.spec.enabled));
        }
    }

    #[test]
    fn the_order_is_total(hooks in hooks(), lineage in lineage()) {
        let set = resolve(hooks, &lineage);
        for point in HookPoint::ALL {
            let rank: Vec<_> = set.effective.iter()
                .filter(|e| e.hook.spec.trigger == Trigger::Stage(point))
                .map(|e| (e.hook.spec.sort_order, e.source_level, &e.hook.spec.name))
                .collect();
            prop_assert!(rank.windows(2).all(|pair| pair[0] < pair[1]), "{rank:?}");
        }
    }
}

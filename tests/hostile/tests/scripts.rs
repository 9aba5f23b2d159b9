//! Every hostile script is ended by what is meant for it, confined or not, and
//! nothing of it is left. REQ-SCR-4, REQ-SCR-5, REQ-SCR-6, REQ-SCR-7

use anyhow::Context as _;
use rstest::rstest;
use stagehook_hostile::scripts::{self, Arena, Case};
use stagehook_runners::process::Confinement;

#[rstest]
#[case::processes(scripts::processes)]
#[case::streams(scripts::streams)]
#[case::files(scripts::files)]
#[case::reach(scripts::reach)]
#[case::greedy(scripts::greedy)]
#[tokio::test]
async fn each_ends_as_expected(
    #[case] cases: fn() -> Vec<Case>,
    #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
) {
    let arena = Arena::new(confinement).unwrap();
    attack(&arena, cases()).await;
}

/// The same for those in Python, forked from an interpreter that is kept for them.
#[rstest]
#[case::processes(scripts::processes, 2)]
#[case::streams(scripts::streams, 1)]
#[case::reach(scripts::reach, 2)]
#[case::greedy(scripts::greedy, 8)]
#[tokio::test]
async fn each_that_is_warm_ends_as_expected(
    #[case] cases: fn() -> Vec<Case>,
    #[case] are_warm: usize,
) {
    let arena = Arena::warm().unwrap();
    assert_eq!(attack(&arena, cases()).await, are_warm);
}

/// Carries them out; how many of them are tried in this arena.
async fn attack(arena: &Arena, cases: Vec<Case>) -> usize {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for case in cases {
        let attacked = arena.attack(&case).await.unwrap();
        tried += usize::from(attacked.is_some());
        if let Some(Err(error)) = attacked.map(|(_, judged)| judged.context(case.name)) {
            wrong.push(format!("{error:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    tried
}

/// Where there are control groups; `scripts/test` says where these do not run.
mod counted_by_the_kernel {
    use super::*;

    /// Elsewhere they would hurt the machine.
    async fn attack_counted(arena: &Arena) -> usize {
        assert!(
            arena.counts(),
            "no control group can be made for a script on this machine"
        );
        attack(arena, scripts::counted()).await
    }

    #[rstest]
    #[tokio::test]
    async fn each_ends_as_expected(
        #[values(Confinement::Off, Confinement::Bubblewrap)] confinement: Confinement,
    ) {
        attack_counted(&Arena::new(confinement).unwrap()).await;
    }

    #[tokio::test]
    async fn each_that_is_warm_ends_as_expected() {
        assert_eq!(attack_counted(&Arena::warm().unwrap()).await, 2);
    }
}

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
    let mut wrong = Vec::new();
    for case in cases() {
        let attacked = arena.attack(&case).await.unwrap();
        if let Some(Err(error)) = attacked.map(|(_, judged)| judged.context(case.name)) {
            wrong.push(format!("{error:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

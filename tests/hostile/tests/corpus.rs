//! Every hostile plugin is ended by the limit meant for it, within bounds of
//! time and memory, and beside a neighbour that does not notice. REQ-WASM-2

use anyhow::{Context as _, Result};
use stagehook_hostile::{Arena, Case, Outcome, answers, calls, starting, uploads};
use stagehook_runners::wasm::{Compiler, WasmSettings};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn settings() -> WasmSettings {
    WasmSettings {
        compiler: Compiler::Process {
            program: env!("CARGO_BIN_EXE_compile-hostile").into(),
            arguments: Vec::new(),
        },
        ..WasmSettings::default()
    }
}

/// Carries a case out while a neighbour calls again and again, and has right
/// answers to all of its calls, one of them at least after the attack began.
async fn attack_beside_a_neighbour(arena: &Arc<Arena>, case: &Case) -> Result<Outcome> {
    let attacker = arena.ready(case).await?;
    let over = Arc::new(AtomicBool::new(false));
    let neighbour = tokio::spawn({
        let (arena, over) = (Arc::clone(arena), Arc::clone(&over));
        async move {
            loop {
                let was_over = over.load(Ordering::Relaxed);
                arena.neighbour().await?;
                if was_over {
                    return anyhow::Ok(());
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let became = arena.attack(case, &attacker).await;
    over.store(true, Ordering::Relaxed);
    neighbour.await??;
    became
}

async fn assert_each_ends_as_expected(cases: Vec<Case>) {
    let arena = Arc::new(Arena::new(settings()).await.unwrap());
    let mut wrong = Vec::new();
    for case in cases {
        let judged = attack_beside_a_neighbour(&arena, &case)
            .await
            .and_then(|outcome| outcome.judge(&case))
            .with_context(|| case.name);
        if let Err(error) = judged {
            wrong.push(format!("{error:#}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Whatever was attacked, there are as many slots as before.
    let runner = format!("{:?}", arena.runner());
    assert!(runner.contains("free_slots: 128"), "{runner}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_while_running() {
    assert_each_ends_as_expected(calls()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_by_answers() {
    assert_each_ends_as_expected(answers()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_before_the_first_run() {
    assert_each_ends_as_expected(starting()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_on_the_compiler() {
    assert_each_ends_as_expected(uploads()).await;
}

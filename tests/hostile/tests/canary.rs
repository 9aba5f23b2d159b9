//! Nothing of one tenant's instance is found in the next one's, though both
//! have had the same slot of the pool.

use serde_json::json;
use stagehook_core::execution::ExecutionStatus::{Failed, Passed};
use stagehook_hostile::{Act, Arena, Case, Expected, Guest, RawGuest};
use stagehook_runners::wasm::WasmSettings;
use std::time::Duration;

const ROUNDS: usize = 200;

/// Passes if its memory (what it begins with, and what it grows by), its
/// globals and its table are as its module says, and leaves its mark in all of
/// them. Otherwise it traps. `other` makes a component of another digest.
fn marking_guest(pages: u32, other: u32) -> RawGuest {
    RawGuest {
        pages,
        fields: format!(
            "(global $mark (mut i64) (i64.const 0))
            (global $other i32 (i32.const {other}))
            (table $table 64 1000 funcref)
            (elem declare func $marked)
            (func $marked)
            (func $zeroes_then_marks (param $at i32) (param $end i32)
                (loop $on
                    (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
                    (i64.store (local.get $at) (i64.const 0x7972616e6163))
                    (local.set $at (i32.add (local.get $at) (i32.const 8)))
                    (br_if $on (i32.lt_u (local.get $at) (local.get $end)))))
            (func $nulls_then_marks (param $at i32) (param $end i32)
                (loop $on
                    (if (i32.eqz (ref.is_null (table.get $table (local.get $at))))
                        (then unreachable))
                    (table.set $table (local.get $at) (ref.func $marked))
                    (local.set $at (i32.add (local.get $at) (i32.const 1)))
                    (br_if $on (i32.lt_u (local.get $at) (local.get $end)))))"
        ),
        // Its arguments were placed from 65536 on; the pages after that are
        // untouched.
        run: format!(
            "(local $end i32)
            (local.set $end (i32.const {}))
            (if (i64.ne (global.get $mark) (i64.const 0)) (then unreachable))
            (global.set $mark (i64.const 1))
            (call $zeroes_then_marks (i32.const 131072) (local.get $end))
            (if (i32.ne (memory.grow (i32.const 8)) (i32.const {pages})) (then unreachable))
            (call $zeroes_then_marks
                (local.get $end) (i32.add (local.get $end) (i32.const 524288)))
            (call $nulls_then_marks (i32.const 0) (i32.const 64))
            (if (i32.ne (table.grow $table (ref.null func) (i32.const 900)) (i32.const 64))
                (then unreachable))
            (call $nulls_then_marks (i32.const 64) (i32.const 964))
            i32.const 1024",
            pages * 65_536
        ),
        ..RawGuest::default()
    }
}

fn marking(pages: u32, other: u32) -> Vec<u8> {
    marking_guest(pages, other).component()
}

fn case(name: &'static str, guest: fn() -> Vec<u8>) -> Case {
    Case {
        name,
        guest: Guest::Made(guest),
        act: Act::Run(json!({})),
        expected: Expected::Ends(Passed),
        told: "",
        within: Duration::from_secs(20),
        host_bytes: 64 << 20,
    }
}

/// Three tenants take turns in the only slot: their instances are smaller,
/// larger and as large as what the slot keeps resident.
#[tokio::test]
async fn a_canary_of_one_tenant_never_shows_up_in_another() {
    let settings = WasmSettings {
        max_concurrent: 1,
        ..WasmSettings::default()
    };
    let arena = Arena::new(settings).await.unwrap();
    let tenants = [
        case("a small tenant", || marking(4, 1)),
        case("a large tenant", || marking(64, 2)),
        case("another small tenant", || marking(4, 3)),
    ];
    let mut attackers = Vec::new();
    for tenant in &tenants {
        attackers.push(arena.ready(tenant).await.unwrap());
    }
    for round in 0..ROUNDS {
        let turn = (round * round + round / 3) % tenants.len();
        let (tenant, attacker) = (&tenants[turn], &attackers[turn]);
        let outcome = arena.attack(tenant, attacker).await.unwrap();
        if let Err(wrong) = outcome.judge(tenant) {
            panic!("{} in round {round}: {wrong}", tenant.name);
        }
        if round % 10 == 0 {
            arena.neighbour().await.unwrap();
        }
    }
}

/// A mark that is there is found, so the guest can fail.
#[tokio::test]
async fn a_mark_that_is_there_is_found() {
    let arena = Arena::new(WasmSettings::default()).await.unwrap();
    let marked = Case {
        expected: Expected::Ends(Failed),
        told: "trapped",
        ..case("a tenant that begins with a mark", || {
            let mut guest = marking_guest(4, 4);
            guest
                .fields
                .push_str("(data (i32.const 200000) \"canary\")");
            guest.component()
        })
    };
    let attacker = arena.ready(&marked).await.unwrap();
    let outcome = arena.attack(&marked, &attacker).await.unwrap();
    outcome.judge(&marked).unwrap();
}

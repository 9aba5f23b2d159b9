//! What the fuzz targets call, with as much random and mutated input as fits
//! into a test.

use proptest::prelude::*;
use stagehook_hostile::RawGuest;
use stagehook_hostile::entry::{self, Entry};
use std::sync::LazyLock;

static ENTRY: LazyLock<Entry> = LazyLock::new(Entry::new);
static COMPONENT: LazyLock<Vec<u8>> = LazyLock::new(|| RawGuest::default().component());

const RESULT: &str = r#"{"status":"needs_review","message":"a \u0000 b","annotations":[{"level":"warning","code":"c","message":"m","path":"p","start_ms":0,"end_ms":18446744073709551615}],"metadata":{"a":{"b":[1e308,-0.0,null]}},"artifacts":[{"path":"p","mime":"video/mp4"}],"metrics":{"m":1.7}}"#;
const MANIFEST: &str = r#"{"name":"media-probe","version":"0.1.0-rc.1+b","description":"d","hook_points":["post_segment"],"capabilities":["http"],"settings_schema":{"type":"object"}}"#;
const CONFIGS: [&str; 4] = [
    r#"{"plugin":"media-probe@0.1.0","settings":{"a":1},"grants":{"segment":"read","directories":[{"host":"/media/a","guest":"/a","access":"write"}],"env":{"A":"b"},"secrets":["tracker_token"],"http":["tracker.example.com"]},"limits":{"fuel":1000,"timeout_seconds":5,"memory_mib":16,"output_kib":8}}"#,
    r#"{"script_path":"check.sh","args":["-v"],"timeout_seconds":5,"env":{"A":"b"}}"#,
    r#"{"script_path":"check.py","timeout_seconds":5}"#,
    r#"{"url":"https://example.com/hook","method":"POST","headers":{"X-A":"b"},"timeout_seconds":5,"secret":"tracker_token"}"#,
];

const URLS: [&str; 8] = [
    "http://127.0.0.1:8080/hook",
    "http://2130706433/",
    "https://0x7f.0.0.1./",
    "http://[::ffff:127.0.0.1]:80/",
    "http://[64:ff9b::7f00:1]/",
    "https://tracker.example.com/hooks?shot=1",
    "http://169.254.169.254/latest/",
    "http://１２７。1/",
];

/// Some bytes of these are others, some are missing, some are there twice.
fn mutated(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..5_u8);
    prop::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut bytes = valid.clone();
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, byte),
                _ => {
                    let end = (at + usize::from(byte % 32)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        bytes
    })
}

fn mutated_text(valid: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(valid).prop_flat_map(|text| mutated(text.as_bytes().to_vec()))
}

fn random() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..200)
}

/// Words that addresses, lengths and discriminants are made of.
fn memory() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => Just(0_u32),
        2 => 0..4_u32,
        2 => 1_000..10_000_u32,
        1 => any::<u32>(),
    ];
    prop::collection::vec(word, 0..200)
        .prop_map(|words| words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_is_uploaded_is_taken_or_rejected(
        component in prop_oneof![1 => random(), 5 => mutated(COMPONENT.clone())],
    ) {
        ENTRY.upload(&component);
    }

    #[test]
    fn whatever_a_plugin_answers_is_a_result_or_told(memory in memory()) {
        ENTRY.outcome(&memory);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_a_script_answers_is_a_result_or_told(
        json in prop_oneof![1 => random(), 5 => mutated_text(&[RESULT])],
    ) {
        entry::result(&json);
    }

    #[test]
    fn whatever_config_is_taken_is_taken_again(
        json in prop_oneof![1 => random(), 5 => mutated_text(&CONFIGS)],
    ) {
        entry::hook_config(&json);
    }

    #[test]
    fn whatever_url_is_taken_leads_to_where_anybody_could_go(
        url in prop_oneof![1 => random(), 5 => mutated_text(&URLS)],
        addresses in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        entry::destination(&[&url[..], b"\n", &addresses].concat());
    }

    #[test]
    fn whatever_manifest_is_read_is_read_again(
        json in prop_oneof![1 => random(), 5 => mutated_text(&[MANIFEST])],
    ) {
        entry::manifest(&json);
    }
}

/// What is mutated above is taken as it is: the tests begin with valid input.
#[test]
fn what_is_mutated_is_valid() {
    use stagehook_core::config::{HookConfig, HookType};
    for (hook_type, config) in [
        (HookType::Wasm, CONFIGS[0]),
        (HookType::Shell, CONFIGS[1]),
        (HookType::Python, CONFIGS[2]),
        (HookType::Webhook, CONFIGS[3]),
    ] {
        HookConfig::parse(hook_type, serde_json::from_str(config).unwrap()).unwrap();
    }
    stagehook_core::contract::HookResult::parse(RESULT.as_bytes()).unwrap();
    serde_json::from_str::<stagehook_core::plugin::PluginManifest>(MANIFEST).unwrap();
}

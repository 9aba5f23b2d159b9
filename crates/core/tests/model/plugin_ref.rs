//! References to plugins.

use crate::config::pointer;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use stagehook_core::config::{HookConfig, HookType, PluginRef};

fn parsed(text: &str) -> PluginRef {
    text.parse().expect("a reference")
}

#[rstest]
#[case("media-probe@1.0.0", "media-probe@1.0.0")]
#[case("media-probe@1.0.0-rc.1+build", "media-probe@1.0.0-rc.1+build")]
#[case("media-probe@^1.2", "media-probe@^1.2")]
#[case("media-probe@1.2", "media-probe@^1.2")]
#[case("media-probe@1", "media-probe@^1")]
#[case("media-probe@~1.2.3", "media-probe@~1.2.3")]
#[case("media-probe@>=1.2, <3", "media-probe@>=1.2, <3")]
#[case("media-probe@=1.2.3", "media-probe@=1.2.3")]
#[case("media-probe@*", "media-probe@*")]
fn a_reference_is_shown_as_it_is_meant(#[case] given: &str, #[case] shown: &str) {
    let reference = parsed(given);
    assert_eq!(reference.to_string(), shown);
    assert_eq!(parsed(shown), reference);
}

#[rstest]
#[case("media-probe")]
#[case("media-probe@")]
#[case("media-probe@latest")]
#[case("@1.0.0")]
#[case("Media@^1")]
#[case("sha256:12")]
#[case("media-probe@^1@2")]
fn what_refers_to_nothing_is_refused(#[case] text: &str) {
    assert!(text.parse::<PluginRef>().is_err());
}

#[rstest]
#[case("media-probe@1.2.3", None, Some("media-probe@1.2.3"))]
#[case("media-probe@^1.2", None, None)]
#[case("media-probe@^1.2", Some("1.2.9"), Some("media-probe@1.2.9"))]
fn a_hook_runs_one_version(
    #[case] plugin: &str,
    #[case] pinned: Option<&str>,
    #[case] runs: Option<&str>,
) {
    let digest = format!("sha256:{}", "0".repeat(64));
    let mut config = json!({"plugin": plugin});
    if let Some(version) = pinned {
        config["pinned"] = json!({"version": version, "digest": digest});
    }
    let read = HookConfig::parse(HookType::Wasm, config.clone()).expect("a config");
    let HookConfig::Wasm(wasm) = &read else {
        panic!("{read:?}")
    };
    assert_eq!(wasm.exact_plugin(), runs.map(parsed));
    assert_eq!(serde_json::to_value(&read).unwrap(), config);
}

#[rstest]
#[case(json!({"version": "1.0.0"}), "/config/pinned")]
#[case(json!({"version": "1", "digest": format!("sha256:{}", "0".repeat(64))}), "/config/pinned/version")]
fn a_pin_is_whole(#[case] pinned: Value, #[case] at: &str) {
    let config = json!({"plugin": "media-probe@^1", "pinned": pinned});
    assert_eq!(pointer(HookType::Wasm, config), at);
}

#[test]
fn an_exact_reference_is_not_pinned_again() {
    let digest = format!("sha256:{}", "0".repeat(64));
    for plugin in ["media-probe@1.0.0", digest.as_str()] {
        let pinned = json!({"version": "1.0.0", "digest": digest});
        let config = json!({"plugin": plugin, "pinned": pinned});
        assert_eq!(pointer(HookType::Wasm, config), "/config/pinned");
    }
}

proptest! {
    #[test]
    fn every_reference_survives_its_text(
        name in "[a-z][a-z0-9-]{0,20}",
        operator in "(=|>|>=|<|<=|~|\\^|)",
        parts in "(0|[1-9][0-9]{0,4})(\\.(0|[1-9][0-9]{0,4})){0,2}",
    ) {
        let reference = parsed(&format!("{name}@{operator}{parts}"));
        prop_assert_eq!(parsed(&reference.to_string()), reference);
    }

    #[test]
    fn no_text_breaks_it(text in "\\PC{0,60}") {
        let _ = text.parse::<PluginRef>();
    }
}

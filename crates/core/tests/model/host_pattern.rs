//! Which hosts a pattern means, and which it does not. REQ-WASM-1

use proptest::prelude::*;
use rstest::rstest;
use stagehook_core::config::HostPattern;

const HTTP: u16 = 80;
const HTTPS: u16 = 443;

fn pattern(text: &str) -> HostPattern {
    text.parse().unwrap()
}

#[rstest]
#[case("tracker.example.com", "tracker.example.com", 443, true)]
#[case("tracker.example.com", "TRACKER.example.COM", 443, true)]
#[case("Tracker.Example.com", "tracker.example.com", 443, true)]
#[case::another_port("tracker.example.com", "tracker.example.com", 8443, false)]
#[case::of_another_scheme("tracker.example.com", "tracker.example.com", 80, false)]
#[case("tracker.example.com:8443", "tracker.example.com", 8443, true)]
#[case("tracker.example.com:8443", "tracker.example.com", 443, false)]
#[case::subdomain("example.com", "tracker.example.com", 443, false)]
#[case::prefixed("example.com", "evil-example.com", 443, false)]
#[case::suffixed("example.com", "example.com.evil.com", 443, false)]
#[case::dot_at_the_end("example.com", "example.com.", 443, false)]
#[case::with_user("example.com", "user@example.com", 443, false)]
#[case("*.studio.lan", "nas.studio.lan", 443, true)]
#[case("*.studio.lan", "a.b.studio.lan", 443, true)]
#[case::itself("*.studio.lan", "studio.lan", 443, false)]
#[case::glued("*.studio.lan", "evilstudio.lan", 443, false)]
#[case::empty_label("*.studio.lan", ".studio.lan", 443, false)]
#[case("*.studio.lan:8443", "nas.studio.lan", 8443, true)]
#[case::cut_within_a_character("*.lan", "\u{1f41d}lan", 443, false)]
#[case("10.0.0.7", "10.0.0.7", 443, true)]
#[case("10.0.0.7", "167772167", 443, false)]
fn a_pattern_means_what_it_says(
    #[case] text: &str,
    #[case] host: &str,
    #[case] port: u16,
    #[case] expected: bool,
) {
    assert_eq!(pattern(text).matches(host, port, HTTPS), expected);
}

#[test]
fn without_a_port_the_schemes_own_is_meant() {
    let pattern = pattern("tracker.example.com");
    assert!(pattern.matches("tracker.example.com", 80, HTTP));
    assert!(!pattern.matches("tracker.example.com", 443, HTTP));
}

fn text() -> impl Strategy<Value = String> {
    "(\\*\\.)?[a-c]{1,2}(\\.[a-c]{1,2}){0,2}(:(80|443|8443))?"
}

proptest! {
    #[test]
    fn what_is_written_reads_as_the_same(text in text()) {
        let read: HostPattern = text.parse().unwrap();
        prop_assert_eq!(read.to_string(), text.as_str());
        let upper: HostPattern = text.to_ascii_uppercase().parse().unwrap();
        prop_assert_eq!(upper, read);
    }

    #[test]
    fn a_pattern_means_its_own_host_and_nothing_beside_it(
        text in text(),
        label in "[a-c]{1,2}",
        port in prop::sample::select(vec![80_u16, 443, 8443]),
    ) {
        let pattern = pattern(&text);
        let at = pattern.port().unwrap_or(HTTPS);
        let host = pattern.host();
        let below = format!("{label}.{host}");
        let is_any = pattern.is_any_subdomain();
        prop_assert_eq!(pattern.matches(host, port, HTTPS), port == at && !is_any);
        prop_assert_eq!(pattern.matches(&below, port, HTTPS), port == at && is_any);
        for other in [format!("{label}{host}"), format!("{host}.{label}"), format!("{host}.")] {
            // Unless the letters happen to spell a name below the domain.
            let is_below = other.ends_with(&format!(".{host}"));
            prop_assert!(is_below || !pattern.matches(&other, at, HTTPS), "{}", other);
        }
    }

    #[test]
    fn what_covers_another_means_all_that_it_means(
        one in text(),
        other in text(),
        host in "[a-c]{1,2}(\\.[a-c]{1,2}){0,3}",
        port in prop::sample::select(vec![80_u16, 443, 8443]),
        default in prop::sample::select(vec![HTTP, HTTPS]),
    ) {
        let (one, other) = (pattern(&one), pattern(&other));
        prop_assert!(one.covers(&one));
        if one.covers(&other) && other.matches(&host, port, default) {
            prop_assert!(one.matches(&host, port, default));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
        let _ = text.parse::<HostPattern>();
    }
}

//! Event patterns. REQ-EVT-2

use proptest::prelude::*;
use rstest::rstest;
use stagehook_core::event_pattern::{EVENT_NAME_MAX, EventPattern, is_event_name};

fn pattern(text: &str) -> EventPattern {
    text.parse().unwrap()
}

#[rstest]
#[case("job_failed", "job_failed", true)]
#[case("job_failed", "job_failed_again", false)]
#[case("job_failed", "a_job_failed", false)]
#[case("*", "job_failed", true)]
#[case("*", "", true)]
#[case("job.*", "job.failed", true)]
#[case("job.*", "job.", true)]
#[case("job.*", "job", false)]
#[case("job.*", "jobs.failed", false)]
#[case("*_failed", "job_failed", true)]
#[case("*_failed", "_failed", true)]
#[case("*_failed", "job_failed_again", false)]
#[case("a*a", "a", false)]
#[case("a*a", "aa", true)]
#[case("a*b*c", "axbxbxc", true)]
#[case("a*b*c", "acb", false)]
#[case("**", "anything", true)]
#[case("job_failed", "JOB_FAILED", false)]
fn matches(#[case] text: &str, #[case] event: &str, #[case] expected: bool) {
    assert_eq!(pattern(text).matches(event), expected);
}

#[rstest]
#[case("")]
#[case("job failed")]
#[case("job?")]
#[case("job/failed")]
#[case("jöb")]
#[case("job\n")]
#[case("[a-z]")]
fn refuses(#[case] text: &str) {
    let error = text.parse::<EventPattern>().unwrap_err();
    assert!(error.to_string().starts_with("must be 1 to 128 letters"));
}

#[test]
fn names_and_patterns_are_bounded() {
    let longest = "a".repeat(EVENT_NAME_MAX);
    assert!(is_event_name(&longest));
    assert!(longest.parse::<EventPattern>().is_ok());
    let longer = "a".repeat(EVENT_NAME_MAX + 1);
    assert!(!is_event_name(&longer));
    assert!(longer.parse::<EventPattern>().is_err());
}

#[test]
fn a_star_names_no_event() {
    assert!(!is_event_name("job_*"));
}

/// The meaning of a pattern without any cleverness: a star eats nothing or one
/// character more.
fn reference(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => {
            reference(rest, name) || (!name.is_empty() && reference(pattern, &name[1..]))
        }
        Some((letter, rest)) => name.first() == Some(letter) && reference(rest, &name[1..]),
    }
}

proptest! {
    // Few letters, so that a random pattern often matches.
    #[test]
    fn matches_like_the_naive_matcher(text in "[ab*]{1,8}", name in "[ab]{0,10}") {
        prop_assert_eq!(
            pattern(&text).matches(&name),
            reference(text.as_bytes(), name.as_bytes())
        );
    }

    #[test]
    fn a_name_is_a_pattern_of_itself_alone(name in "[a-z_.:-]{1,20}", other in "[a-z_.:-]{1,20}") {
        prop_assert!(pattern(&name).matches(&name));
        prop_assert_eq!(pattern(&name).matches(&other), name == other);
    }

    #[test]
    fn any_text_is_answered(text in any::<String>(), name in any::<String>()) {
        if let Ok(pattern) = text.parse::<EventPattern>() {
            let _ = pattern.matches(&name);
            prop_assert_eq!(pattern.to_string(), text);
        }
    }
}

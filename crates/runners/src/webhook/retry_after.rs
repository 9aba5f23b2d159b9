//! How long a receiver wants to be left alone: `Retry-After` (RFC 9110, section
//! 10.2.3).

use chrono::{DateTime, NaiveDateTime, Utc};
use http::HeaderMap;
use http::header::RETRY_AFTER;
use std::time::Duration;

/// The three ways in which HTTP writes a date (RFC 9110, section 5.6.7); a
/// receiver may use the two old ones, and a client has to read them.
const DATES: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
];

/// The wait that the receiver asks for, however long; nothing where it asks for
/// none, or where what it says cannot be read. A date that is past is no wait.
pub(super) fn of(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a wait without end.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = DATES
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    let wait = date.and_utc().signed_duration_since(now);
    Some(wait.to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use rstest::rstest;

    fn asked_for(text: &str) -> Option<Duration> {
        let now = DateTime::from_timestamp(784_111_777, 0).unwrap() - Duration::from_secs(90);
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        of(&headers, now)
    }

    #[rstest]
    #[case("120", 120)]
    #[case(" 7 ", 7)]
    #[case("0", 0)]
    #[case("18446744073709551615", u64::MAX)]
    #[case("99999999999999999999999999", u64::MAX)]
    #[case("Sun, 06 Nov 1994 08:49:37 GMT", 90)]
    #[case("Sunday, 06-Nov-94 08:49:37 GMT", 90)]
    #[case("Sun Nov  6 08:49:37 1994", 90)]
    #[case::past("Sun, 06 Nov 1994 08:40:00 GMT", 0)]
    fn seconds_and_dates_are_read(#[case] text: &str, #[case] seconds: u64) {
        assert_eq!(asked_for(text), Some(Duration::from_secs(seconds)));
    }

    #[rstest]
    fn what_is_neither_asks_for_nothing(
        #[values(
            "",
            "-5",
            "1.5",
            "+3",
            "soon",
            "120 s",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z"
        )]
        text: &str,
    ) {
        assert_eq!(asked_for(text), None);
    }

    #[test]
    fn no_header_asks_for_nothing() {
        assert_eq!(of(&HeaderMap::new(), DateTime::UNIX_EPOCH), None);
    }
}

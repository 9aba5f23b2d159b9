//! The forms in which files were built, and which of them a client takes
//! (RFC 9110, 12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// How a file was compressed when it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The name of a file in this form.
    pub(super) fn name_of(self, file: &str) -> String {
        match self {
            Self::Brotli => format!("{file}.br"),
            Self::Gzip => format!("{file}.gz"),
            Self::Identity => file.to_owned(),
        }
    }

    /// As it is said in HTTP.
    pub(super) fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// What the client takes, the smallest first.
pub(super) fn accepted(headers: &HeaderMap) -> impl Iterator<Item = Encoding> {
    let said: Vec<&str> = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|coding| !is_refused(coding))
        .map(|coding| coding.split(';').next().unwrap_or_default().trim())
        .collect();
    let is_taken = move |encoding: &Encoding| {
        encoding
            .token()
            .is_some_and(|token| said.iter().any(|said| said.eq_ignore_ascii_case(token)))
    };
    [Encoding::Brotli, Encoding::Gzip]
        .into_iter()
        .filter(is_taken)
}

/// Whether a coding has the weight 0: "not this one".
fn is_refused(coding: &str) -> bool {
    coding
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.trim().strip_prefix("q="))
        .any(|weight| {
            weight
                .trim()
                .parse::<f32>()
                .is_ok_and(|weight| weight <= 0.0)
        })
}

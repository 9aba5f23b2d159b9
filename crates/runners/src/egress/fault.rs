//! Why a request got no answer.

use crate::network::{Forbidden, ResolveError};
use std::error::Error as StdError;
use std::io;

/// Why a request got no answer.
#[derive(Debug)]
pub(crate) enum Fault<'a> {
    /// The host is at an address that may not be reached.
    Forbidden(Forbidden),
    /// The name could not be resolved; for people.
    UnknownName(String),
    /// No secure connection came about.
    Tls(&'a rustls::Error),
    /// No connection came about.
    Connecting(Option<&'a io::Error>),
    /// There was a connection, and no answer in HTTP.
    Talking(Option<&'a io::Error>),
}

impl<'a> Fault<'a> {
    /// What the client's error means. Its own text holds the URL with its
    /// query.
    pub(crate) fn of(error: &'a reqwest::Error) -> Self {
        for cause in causes(error) {
            if let Some(error) = cause.downcast_ref::<ResolveError>() {
                return match error {
                    ResolveError::Forbidden(forbidden) => Self::Forbidden(forbidden.clone()),
                    ResolveError::Unknown { .. } => Self::UnknownName(error.to_string()),
                };
            }
        }
        if let Some(tls) = causes(error).find_map(tls_error) {
            return Self::Tls(tls);
        }
        let io = causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .last();
        if error.is_connect() {
            Self::Connecting(io)
        } else {
            Self::Talking(io)
        }
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// The error of the TLS library. It is wrapped into `io::Error`s, which do not
/// name what they wrap as their source.
fn tls_error<'a>(mut cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    loop {
        if let Some(error) = cause.downcast_ref() {
            return Some(error);
        }
        cause = cause.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

/// What an error of the system means, for people.
pub(crate) fn reason(error: &io::Error) -> String {
    use io::ErrorKind;
    match error.kind() {
        // The kind's text alone: without the number that the system's has.
        ErrorKind::ConnectionRefused
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::TimedOut
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => error.kind().to_string(),
        _ => error.to_string(),
    }
}

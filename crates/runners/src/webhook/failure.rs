//! Why an attempt got no answer.

use crate::network::{Forbidden, ResolveError};
use stagehook_core::execution::{Execution, ExecutionStatus};
use std::error::Error as StdError;
use std::io;
use std::time::Duration;
use url::Url;

/// An attempt without an answer.
#[derive(Debug)]
pub(super) struct Failure {
    status: ExecutionStatus,
    error: String,
    retryable: bool,
}

impl From<Forbidden> for Failure {
    fn from(forbidden: Forbidden) -> Self {
        Self::refused(forbidden.to_string())
    }
}

impl Failure {
    pub(super) fn new(status: ExecutionStatus, error: impl Into<String>) -> Self {
        Self {
            status,
            error: error.into(),
            retryable: false,
        }
    }

    pub(super) fn refused(error: impl Into<String>) -> Self {
        Self::new(ExecutionStatus::Refused, error)
    }

    pub(super) fn timed_out(timeout: Duration) -> Self {
        Self {
            status: ExecutionStatus::TimedOut,
            error: format!("no complete answer within {} s", timeout.as_secs_f64()),
            retryable: true,
        }
    }

    /// What the client's error means. Its own text is not used: it holds the
    /// URL with its query.
    pub(super) fn of_sending(url: &Url, error: &reqwest::Error) -> Self {
        for cause in causes(error) {
            if let Some(error) = cause.downcast_ref::<ResolveError>() {
                return match error {
                    ResolveError::Forbidden(forbidden) => Self::refused(forbidden.to_string()),
                    ResolveError::Unknown { .. } => Self::unreachable(error.to_string()),
                };
            }
        }
        let host = host_of(url);
        let tls = causes(error).find_map(tls_error);
        let io = causes(error)
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .last();
        Self::unreachable(if let Some(tls) = tls {
            format!("could not connect to {host}: TLS: {tls}")
        } else if error.is_connect() {
            match io {
                Some(io) => format!("could not connect to {host}: {}", reason(io)),
                None => format!("could not connect to {host}"),
            }
        } else {
            match io {
                Some(io) => format!("{host} did not answer: {}", reason(io)),
                None => format!("{host} did not answer with HTTP, or closed the connection"),
            }
        })
    }

    fn unreachable(error: String) -> Self {
        Self {
            status: ExecutionStatus::Failed,
            error,
            retryable: true,
        }
    }

    pub(super) fn into_execution(self, redact: impl FnOnce(String) -> String) -> Execution {
        Execution {
            retryable: self.retryable,
            ..Execution::not_run(self.status, redact(self.error))
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

/// The host, with its port where it is not the usual one.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn reason(error: &io::Error) -> String {
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

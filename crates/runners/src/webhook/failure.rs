//! Why an attempt got no answer.

use crate::NoSecret;
use crate::egress::{Fault, reason};
use crate::network::Forbidden;
use crate::secrets::Redactor;
use stagehook_core::execution::{Execution, ExecutionStatus};
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

impl From<NoSecret> for Failure {
    fn from(missing: NoSecret) -> Self {
        Self::refused(missing.to_string())
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
        let host = host_of(url);
        Self::unreachable(match Fault::of(error) {
            Fault::Forbidden(forbidden) => return forbidden.into(),
            Fault::UnknownName(error) => error,
            Fault::Tls(tls) => format!("could not connect to {host}: TLS: {tls}"),
            Fault::Connecting(Some(io)) => {
                format!("could not connect to {host}: {}", reason(io))
            }
            Fault::Connecting(None) => format!("could not connect to {host}"),
            Fault::Talking(Some(io)) => format!("{host} did not answer: {}", reason(io)),
            Fault::Talking(None) => {
                format!("{host} did not answer with HTTP, or closed the connection")
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

    pub(super) fn into_execution(self, redactor: &Redactor) -> Execution {
        Execution {
            retryable: self.retryable,
            ..Execution::not_run(self.status, redactor.redact(self.error))
        }
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

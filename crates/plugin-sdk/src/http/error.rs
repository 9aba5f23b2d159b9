//! Why a request has no response.

use std::fmt;

use crate::Failure;

/// Why a request has no response. Every text names the target without its query
/// and without credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The hook does not grant this host, or this server allows no address of
    /// it.
    Denied(String),
    /// The request cannot be sent: its URL, a header, or its body as JSON.
    Invalid {
        /// Where to.
        target: String,
        /// What is wrong with it.
        detail: String,
    },
    /// It was sent, or nearly so, and no whole response came back.
    Failed {
        /// Where to.
        target: String,
        /// What went wrong, in the terms of `wasi:http`.
        detail: String,
        /// Whether the same may succeed later: a connection that was refused or
        /// lost, a name that did not resolve, a time that was over.
        retryable: bool,
    },
    /// The response's body is larger than the request takes
    /// ([`Request::max_response_bytes`](super::Request::max_response_bytes)).
    TooLarge {
        /// Where to.
        target: String,
        /// Most bytes that are taken.
        max_bytes: usize,
    },
    /// The response's status is not one of success. Only from
    /// [`Response::error_for_status`](super::Response::error_for_status).
    Status {
        /// Where to.
        target: String,
        /// The status.
        status: u16,
    },
}

impl Error {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Failed { retryable, .. } => *retryable,
            Self::Status { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            Self::Denied(_) | Self::Invalid { .. } | Self::TooLarge { .. } => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(target) => write!(
                f,
                "{target}: the request was denied (HTTP-request-denied): the hook must grant the \
                 host with \"http\", and the server must allow its address"
            ),
            Self::Invalid { target, detail } => {
                write!(f, "{target}: the request cannot be sent: {detail}")
            }
            Self::Failed { target, detail, .. } => {
                write!(f, "{target}: no response: {detail}")
            }
            Self::TooLarge { target, max_bytes } => write!(
                f,
                "{target}: the response has more than the {max_bytes} bytes that are taken"
            ),
            Self::Status { target, status } => write!(f, "{target}: answered with {status}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            retryable: error.is_retryable(),
            message: error.to_string(),
        }
    }
}

//! A request.

use std::time::Duration;

use serde::Serialize;

use super::{Error, Response, sandbox};

const RESPONSE_MAX_BYTES: usize = 8 << 20;

/// A request. Begun with its method, ended with [`send`](Self::send).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    body: Result<Vec<u8>, String>,
    pub(super) timeout: Option<Duration>,
    pub(super) max_response_bytes: usize,
}

impl Request {
    /// A request with any method to an absolute URL.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Ok(Vec::new()),
            timeout: None,
            max_response_bytes: RESPONSE_MAX_BYTES,
        }
    }

    /// GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// POST.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// PUT.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// PATCH.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// DELETE.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header. The host puts a secret where `{{secret:name}}` stands in
    /// its value, if the hook grants it for this host (`http_secrets`).
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Ok(body.into());
        self
    }

    /// Sets the body to this as JSON, and says so in a header.
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).map_err(|error| error.to_string());
        self.header("content-type", "application/json")
    }

    /// How long to wait for the connection, for the first byte of the response,
    /// and between two of its parts. At most what the call has left.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Largest body of a response that is taken, in bytes. 8 MiB by default.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sends it, and waits for the whole response. Whatever the status is, it is
    /// a response: see [`Response::error_for_status`].
    ///
    /// # Errors
    ///
    /// [`Error`]; with `?`, it becomes a [`Failure`](crate::Failure) that is
    /// retryable where a retry may help.
    pub fn send(self) -> Result<Response, Error> {
        if let Err(detail) = &self.body {
            return Err(self.invalid(format!("its body is no JSON: {detail}")));
        }
        let mut response = sandbox::send(&self)?;
        response.target = self.target();
        Ok(response)
    }

    /// Its method, such as `POST`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Where to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers, in the order in which they were added.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body.
    pub fn body_bytes(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }

    /// Method and URL for people: without credentials, query and fragment.
    pub(crate) fn target(&self) -> String {
        let url = self.url.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        format!("{} {scheme}://{host}{path}", self.method)
    }

    pub(super) fn invalid(&self, detail: impl Into<String>) -> Error {
        Error::Invalid {
            target: self.target(),
            detail: detail.into(),
        }
    }
}

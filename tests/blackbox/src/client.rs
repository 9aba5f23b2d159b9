//! HTTP with a token; answers and problems.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Once;
use std::time::Duration;

/// Speaks to one server.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: String,
    token: Option<String>,
}

impl Client {
    /// Speaks to the server at this address.
    pub fn new(address: &str, token: Option<&str>) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Only the first one to install it can.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_mins(2))
            .build()
            .unwrap();
        Self {
            http,
            address: address.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    /// The same with another token, or with none.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self {
            token: token.map(str::to_owned),
            ..self.clone()
        }
    }

    /// A request to a path below `/api/v1`, or to one that begins with `//`
    /// outside of it, to be completed and [sent](Self::send).
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.strip_prefix("//") {
            Some(path) => format!("{}/{path}", self.address),
            None => format!("{}/api/v1{path}", self.address),
        };
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; it must be answered.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    /// Sends a request that may be cut off.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let request = request.build()?;
        let asked = format!("{} {}", request.method(), request.url().path());
        let response = self.http.execute(request).await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let text = response.text().await?;
        Ok(Answer {
            asked,
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        })
    }

    /// GET
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// DELETE
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Every item of a listing, page after page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let separator = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut next = format!("{path}{separator}limit=200");
        loop {
            let mut page = self.get(&next).await.ok();
            items.append(page["items"].as_array_mut().unwrap());
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("{path}{separator}limit=200&cursor={cursor}"),
                None => return items,
            }
        }
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answer {
    asked: String,
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, `null` when it is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        self.body
    }

    /// The body of an answer that must be 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The answer as a problem (RFC 9457), which must be of this kind.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Problem {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, Some("application/problem+json")),
            "{}: {}",
            self.asked,
            self.text
        );
        let text = |key: &str| self.body[key].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("type"), format!("/problems/{kind}"), "{}", self.text);
        assert_eq!(self.body["status"], status, "{}", self.text);
        assert!(!text("title").is_empty(), "{}", self.text);
        assert!(!text("detail").is_empty(), "{}", self.text);
        let errors = self.body["errors"].as_array();
        let pointers = errors
            .into_iter()
            .flatten()
            .map(|error| {
                let detail = error["detail"].as_str().unwrap_or_default();
                assert!(!detail.is_empty(), "{}", self.text);
                error["pointer"].as_str().unwrap().to_owned()
            })
            .collect();
        Problem {
            detail: text("detail"),
            pointers,
        }
    }
}

/// A problem, as far as tests care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What happened.
    pub detail: String,
    /// What is wrong where.
    pub pointers: BTreeSet<String>,
}

impl Problem {
    /// Exactly these pointers are named.
    #[track_caller]
    pub fn at<const N: usize>(&self, pointers: [&str; N]) {
        let expected: BTreeSet<String> = pointers.into_iter().map(str::to_owned).collect();
        assert_eq!(self.pointers, expected, "{}", self.detail);
    }
}

//! Speaks to a server over HTTP.

mod problem;

pub(crate) use problem::Problem;

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use std::error::Error as _;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Items of a page that is read on the way through a whole listing.
const PAGE: usize = 200;

/// Which server, and as whom.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// Address of the server
    #[arg(
        long,
        global = true,
        env = "STAGEHOOK_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:7878",
        help_heading = "Server"
    )]
    server: String,
    /// API token
    #[arg(
        long,
        global = true,
        env = "STAGEHOOK_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Server"
    )]
    token: Option<String>,
    /// Print JSON instead of tables
    #[arg(long, global = true, help_heading = "Server")]
    pub(crate) json: bool,
}

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    server: String,
}

impl Connection {
    /// Gets ready to speak to the server; nothing is sent yet.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let server = self.server.trim_end_matches('/').to_owned();
        if !server.starts_with("http://") && !server.starts_with("https://") {
            bail!("--server must begin with http:// or https://, not '{server}'");
        }
        let Some(token) = self.token.as_deref().filter(|token| !token.is_empty()) else {
            bail!("no API token: give --token, or set STAGEHOOK_TOKEN");
        };
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}"))
            .ok()
            .context("the API token contains characters that no token has")?;
        authorization.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let http = reqwest::Client::builder()
            .user_agent(concat!("stagehook-cli/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            // The token is for the named server alone.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("the HTTP client cannot be set up")?;
        Ok(Client { http, server })
    }
}

impl Client {
    /// GET; the answer's body.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, path, None, &[]).await
    }

    /// POST of a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// POST of a JSON body with further headers.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&'static str, &str)],
    ) -> anyhow::Result<Value> {
        self.send(Method::POST, path, Some(body), headers).await
    }

    /// PUT of a JSON body.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    /// PUT of bytes; whether something new came of it, and the answer's body.
    pub(crate) async fn put_bytes(
        &self,
        path: &str,
        bytes: Vec<u8>,
    ) -> anyhow::Result<(bool, Value)> {
        let request = self
            .http
            .put(self.url(path))
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(bytes);
        let (status, body) = self.answered(request).await?;
        Ok((status == StatusCode::CREATED, body))
    }

    /// DELETE.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// POST of bytes of this media type.
    pub(crate) async fn upload(
        &self,
        path: &str,
        media_type: &'static str,
        bytes: Vec<u8>,
        headers: &[(&'static str, &str)],
    ) -> anyhow::Result<Value> {
        let mut request = self
            .http
            .post(self.url(path))
            .header(CONTENT_TYPE, media_type)
            .body(bytes);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.answer(request).await
    }

    /// GET of bytes.
    pub(crate) async fn download(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let response = match self.http.get(self.url(path)).send().await {
            Ok(response) => response,
            Err(error) => return Err(self.unreachable(error)),
        };
        let status = response.status();
        if !status.is_success() {
            let body = self.body(response).await?;
            return Err(Problem::new(status.as_u16(), &body).into());
        }
        let bytes = response
            .bytes()
            .await
            .with_context(|| format!("the answer of {} broke off", self.server))?;
        Ok(bytes.into())
    }

    /// GET of a stream of events, which ends when the server does.
    pub(crate) async fn stream(&self, path: &str) -> anyhow::Result<Response> {
        let request = self.http.get(self.url(path));
        let request = request.header(ACCEPT, "text/event-stream");
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.unreachable(error)),
        };
        let status = response.status();
        if !status.is_success() {
            let body = self.body(response).await?;
            return Err(Problem::new(status.as_u16(), &body).into());
        }
        Ok(response)
    }

    /// The items of a listing, page by page, at most `limit` of them.
    pub(crate) async fn list(
        &self,
        path: &str,
        query: &[(&str, Option<String>)],
        limit: Option<usize>,
    ) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let wanted = limit.map_or(PAGE, |limit| PAGE.min(limit - items.len()));
            let page_of = [
                ("limit", Some(wanted.to_string())),
                ("cursor", cursor.take()),
            ];
            let given: Vec<(&str, &str)> = query
                .iter()
                .chain(&page_of)
                .filter_map(|(key, value)| value.as_deref().map(|value| (*key, value)))
                .collect();
            let request = self.http.get(self.url(&with_query(path, &given)));
            let mut page = self.answer(request).await?;
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(more)) => items.extend(more),
                _ => bail!("the server's answer to {path} is no listing"),
            }
            cursor = page
                .get("next_cursor")
                .and_then(Value::as_str)
                .map(str::to_owned);
            if cursor.is_none() || limit.is_some_and(|limit| items.len() >= limit) {
                return Ok(items);
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> anyhow::Result<Value> {
        let mut request = self.http.request(method, self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.server)
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let (_, body) = self.answered(request).await?;
        Ok(body)
    }

    async fn answered(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => return Err(self.unreachable(error)),
        };
        let status = response.status();
        let body = self.body(response).await?;
        if status.is_success() {
            return Ok((status, body));
        }
        Err(Problem::new(status.as_u16(), &body).into())
    }

    async fn body(&self, response: Response) -> anyhow::Result<Value> {
        let bytes = response
            .bytes()
            .await
            .with_context(|| format!("the answer of {} broke off", self.server))?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
    }

    fn unreachable(&self, error: reqwest::Error) -> anyhow::Error {
        // The innermost cause says it best: "Connection refused (os error 111)".
        let error = error.without_url();
        let mut cause = error.source();
        while let Some(inner) = cause.and_then(std::error::Error::source) {
            cause = Some(inner);
        }
        let why = cause.map_or_else(|| error.to_string(), ToString::to_string);
        anyhow::anyhow!(
            "no answer from {}: {why}\n  Is the server running (`stagehook serve`), and is --server right?",
            self.server
        )
    }
}

/// A path with a query, percent-encoded.
pub(crate) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    format!("{path}?{query}")
}

/// A text as one segment of a path.
pub(crate) fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

//! Config of webhooks.

use super::{ENTRIES_MAX, Retry, check_timeout, delivery};
use crate::delivery::{OrderKey, RateLimit};
use crate::invalid::{Findings, Invalid, from_value, pointer_token};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use url::Url;
use utoipa::ToSchema;

/// The name of a secret; its value never appears in a config.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "tracker_token")]
pub struct SecretName(String);

/// The text is no name of a secret.
#[derive(Debug, thiserror::Error)]
#[error("must be the name of a secret: 1 to 64 letters, digits, '_' or '-'")]
pub struct InvalidSecretName;

impl SecretName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretName {
    type Error = InvalidSecretName;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let named = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if named {
            Ok(Self(name))
        } else {
            Err(InvalidSecretName)
        }
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// HTTP methods a webhook may use: those that carry a body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// POST
    #[default]
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
}

impl Method {
    /// The method's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// How a webhook authenticates; every secret by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// `Authorization: Bearer <secret>`
    Bearer {
        /// The token's secret.
        secret: SecretName,
    },
    /// `Authorization: Basic …` (RFC 7617)
    Basic {
        /// The user's name.
        username: String,
        /// The password's secret.
        secret: SecretName,
    },
    /// A header of its own.
    Header {
        /// The header's name.
        name: String,
        /// The secret that is its value.
        secret: SecretName,
    },
}

impl Auth {
    fn parse(auth: Value) -> Result<Self, Invalid> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Bearer {
            secret: SecretName,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Basic {
            username: String,
            secret: SecretName,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Header {
            name: String,
            secret: SecretName,
        }
        let Value::Object(mut keys) = auth else {
            return Err(Invalid::one("", "must be an object with a type"));
        };
        let kind = keys.remove("type");
        let rest = Value::Object(keys);
        let auth = match kind.as_ref().and_then(Value::as_str) {
            Some("bearer") => from_value(rest).map(|Bearer { secret }| Self::Bearer { secret })?,
            Some("basic") => from_value(rest)
                .map(|Basic { username, secret }| Self::Basic { username, secret })?,
            Some("header") => {
                from_value(rest).map(|Header { name, secret }| Self::Header { name, secret })?
            }
            _ => {
                return Err(Invalid::one(
                    "/type",
                    "must be one of bearer, basic, header",
                ));
            }
        };
        auth.checked()
    }

    fn checked(self) -> Result<Self, Invalid> {
        let mut findings = Findings::default();
        match &self {
            Self::Header { name, .. } => check_header(&mut findings, "/name", name, true),
            Self::Basic { username, .. } => {
                findings.require(
                    !username.contains(':') && !username.chars().any(char::is_control),
                    "/username",
                    "must not contain ':' or control characters (RFC 7617)",
                );
            }
            Self::Bearer { .. } => {}
        }
        findings.finish().map(|()| self)
    }

    /// The secret it refers to.
    pub const fn secret(&self) -> &SecretName {
        match self {
            Self::Bearer { secret } | Self::Basic { secret, .. } | Self::Header { secret, .. } => {
                secret
            }
        }
    }
}

/// Config of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where to: `http` or `https`, without credentials.
    #[schema(value_type = String, format = Uri, example = "https://tracker.example.com/hooks/shots")]
    #[serde(deserialize_with = "url_not_repeated")]
    pub url: Url,
    /// How; POST by default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub method: Method,
    /// Headers beside Stagehook's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// How long the whole attempt may take, in seconds; 10 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
    /// How it authenticates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// The secret that signs the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretName>,
    /// How deliveries of events are retried; without meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Attempts at deliveries at once, 1 to 256; 16 by default, and without
    /// meaning for a stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 256)]
    pub concurrency: Option<u32>,
    /// How fast deliveries begin, retries counted, whichever server begins them;
    /// without a bound by default. For event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// What deliveries have in common that are made one after the other, in the
    /// order of their events: `job_id`, or a JSON pointer into the data. For
    /// event hooks alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "/shot/id")]
    pub order_key: Option<OrderKey>,
}

/// Reads a URL; the error does not repeat it, since a mistyped URL may hold
/// credentials all the same.
fn url_not_repeated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    Url::parse(&text).map_err(|error| D::Error::custom(format!("is no URL: {error}")))
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_default(method: &Method) -> bool {
    *method == Method::default()
}

impl WebhookConfig {
    /// Reads the config. `auth` is read on its own: serde reads an enum that
    /// is tagged from within out of a buffer, where the path to an unknown key
    /// is lost.
    pub(super) fn parse(mut config: Value) -> Result<Self, Invalid> {
        let auth = config.as_object_mut().and_then(|keys| keys.remove("auth"));
        let mut findings = Findings::default();
        let parsed = findings.take(from_value::<Self>(config).and_then(Self::checked));
        let auth = match auth {
            None | Some(Value::Null) => None,
            Some(auth) => {
                findings.take(Auth::parse(auth).map_err(|invalid| invalid.below("/auth")))
            }
        };
        findings.finish()?;
        parsed
            .map(|parsed| Self { auth, ..parsed })
            .ok_or_else(|| Invalid::one("", "is incomplete"))
    }

    fn checked(self) -> Result<Self, Invalid> {
        let mut findings = Findings::default();
        let url = &self.url;
        findings.require(
            matches!(url.scheme(), "http" | "https"),
            "/url",
            "must begin with http:// or https://",
        );
        findings.require(url.host().is_some(), "/url", "must name a host");
        findings.require(
            url.username().is_empty() && url.password().is_none(),
            "/url",
            "must not contain credentials: use auth with the name of a secret",
        );
        findings.require(
            url.as_str().len() <= 2048,
            "/url",
            "must be at most 2048 characters",
        );
        check_timeout(&mut findings, "/timeout_seconds", self.timeout_seconds);
        findings.require(
            self.headers.len() <= ENTRIES_MAX,
            "/headers",
            format!("must have at most {ENTRIES_MAX} entries"),
        );
        for (name, value) in &self.headers {
            let at = format!("/headers/{}", pointer_token(name));
            check_header(&mut findings, &at, name, false);
            findings.require(
                value.len() <= 4096 && value.chars().all(|c| c == '\t' || !c.is_control()),
                at,
                "must be at most 4096 characters, without line breaks or other control characters",
            );
        }
        delivery::check(&mut findings, self.retry, self.concurrency, self.rate_limit);
        findings.finish().map(|()| self)
    }

    pub(super) fn secrets(&self) -> Vec<(String, &SecretName)> {
        let auth = self
            .auth
            .iter()
            .map(|auth| ("/config/auth/secret".to_owned(), auth.secret()));
        let signing = self
            .secret
            .iter()
            .map(|name| ("/config/secret".to_owned(), name));
        auth.chain(signing).collect()
    }
}

fn check_header(findings: &mut Findings, pointer: &str, name: &str, authenticates: bool) {
    let token = !name.is_empty()
        && name.len() <= 128
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    findings.require(token, pointer, "is no header name (RFC 9110, section 5.1)");
    let lower = name.to_ascii_lowercase();
    let ours = matches!(
        lower.as_str(),
        // What frames the message, belongs to one connection, or says who we are.
        "host"
            | "connection"
            | "content-length"
            | "content-type"
            | "content-encoding"
            | "accept-encoding"
            | "expect"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "webhook-id"
            | "webhook-timestamp"
            | "webhook-signature"
    ) || lower.starts_with("x-stagehook-");
    findings.require(
        !ours,
        pointer,
        "is set by Stagehook or by HTTP itself and cannot be configured",
    );
    findings.require(
        authenticates || lower != "authorization",
        pointer,
        "belongs into auth, with the name of a secret",
    );
}

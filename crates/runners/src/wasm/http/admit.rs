//! Whether a request may be sent, and what it becomes.

use super::{Http, note};
use crate::Egress;
use crate::wasm::traffic::Open;
use http::uri::Scheme;
use http::{HeaderMap, Method};
use url::{Host, Url};
use wasmtime_wasi_http::{Error, WasiBody};

/// A request that may be sent.
pub(super) struct Admitted {
    pub(super) egress: Egress,
    /// Without its body.
    pub(super) request: reqwest::Request,
    pub(super) body: WasiBody,
    /// Its place among those under way.
    pub(super) open: Open,
}

/// What the guest is told, and what the log.
struct Denied(Error, String);

impl Denied {
    /// The hook's grants, or the rules, forbid it.
    fn new(why: impl Into<String>) -> Self {
        Self(Error::HttpRequestDenied, why.into())
    }
}

impl Http {
    /// Judges a request by the URL that is connected to, and puts secrets into
    /// it. What was refused is told to the log.
    pub(super) fn admit(&self, request: http::Request<WasiBody>) -> Result<Admitted, Error> {
        self.try_admit(request).map_err(|Denied(error, why)| {
            note(&self.log, format!("request denied: {why}"));
            error
        })
    }

    fn try_admit(&self, request: http::Request<WasiBody>) -> Result<Admitted, Denied> {
        let open = self
            .traffic
            .request()
            .map_err(|breach| Denied(Error::ConnectionLimitReached, breach.to_string()))?;
        let (parts, body) = request.into_parts();
        if matches!(parts.method, Method::CONNECT | Method::TRACE) {
            return Err(Denied(
                Error::HttpRequestMethodInvalid,
                format!("the method {} is not sent for plugins", parts.method),
            ));
        }
        let url = destination(&parts.uri)?;
        self.check_host(&url)?;
        let Some(egress) = &self.egress else {
            return Err(Denied::new("this server has no network for plugins"));
        };
        if let Some(host) = url.host()
            && let Err(forbidden) = egress.network().check_host(&host)
        {
            return Err(Denied(
                Error::DestinationIpProhibited,
                forbidden.to_string(),
            ));
        }
        let headers = self.headers(&url, &parts.headers)?;
        let mut request = reqwest::Request::new(parts.method, url);
        *request.headers_mut() = headers;
        Ok(Admitted {
            egress: egress.clone(),
            request,
            body,
            open,
        })
    }

    fn check_host(&self, url: &Url) -> Result<(), Denied> {
        let (host, port, default_port) = address(url)?;
        if self
            .hosts
            .iter()
            .any(|granted| granted.matches(host, port, default_port))
        {
            return Ok(());
        }
        let advice = if matches!(url.host(), Some(Host::Ipv6(_))) {
            "only a name or an IPv4 address can be granted".to_owned()
        } else if let Some(name) = host.strip_suffix('.') {
            format!("write it without the dot at its end, {name}")
        } else if port == default_port {
            format!("add \"{host}\" to grants.http of the hook")
        } else {
            format!("add \"{host}:{port}\" to grants.http of the hook")
        };
        Err(Denied::new(format!(
            "{}://{host}:{port} is not granted: {advice}",
            url.scheme()
        )))
    }

    fn headers(&self, url: &Url, headers: &HeaderMap) -> Result<HeaderMap, Denied> {
        let (host, port, default_port) = address(url)?;
        let is_private = url.scheme() == Scheme::HTTPS.as_str() || is_loopback(url);
        let mut sent = HeaderMap::with_capacity(headers.len());
        // Not by entry: of a name with several values only the first names it.
        for (name, value) in headers {
            let filled = super::sent_secret::fill(value, |wanted| {
                let secret = self
                    .secrets
                    .iter()
                    .find(|secret| secret.name.as_str().as_bytes() == wanted);
                let Some(secret) = secret else {
                    return Err("no such secret is granted in grants.http_secrets".to_owned());
                };
                let name = &secret.name;
                if !secret
                    .hosts
                    .iter()
                    .any(|granted| granted.matches(host, port, default_port))
                {
                    return Err(format!(
                        "the secret {name} is not granted for {host} in grants.http_secrets"
                    ));
                }
                if !is_private {
                    return Err(format!(
                        "the secret {name} would be readable on its way: use https (plain http \
                         carries secrets only to a loopback address such as 127.0.0.1)"
                    ));
                }
                secret.value.as_deref().map_err(ToString::to_string)
            });
            let value = filled.map_err(|why| Denied::new(format!("header {name}: {why}")))?;
            sent.append(name.clone(), value);
        }
        Ok(sent)
    }
}

/// Where a request goes, in the form in which it is connected to.
fn destination(uri: &http::Uri) -> Result<Url, Denied> {
    let invalid = |why: &str| Denied(Error::HttpRequestUriInvalid, why.to_owned());
    let authority = uri
        .authority()
        .ok_or_else(|| invalid("the URL names no host"))?;
    if authority.as_str().contains('@') {
        return Err(Denied::new(
            "the URL holds a user or a password: use a header, and {{secret:NAME}} in it",
        ));
    }
    let text = uri.to_string();
    if text.contains(super::sent_secret::OPENING) {
        return Err(Denied::new(
            "a secret is named in the URL: it can be put into the values of headers alone",
        ));
    }
    let url = Url::parse(&text).map_err(|_| invalid("the URL cannot be read"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("only http and https are spoken"));
    }
    Ok(url)
}

/// An address alone: a name is whatever the resolver says.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

fn address(url: &Url) -> Result<(&str, u16, u16), Denied> {
    let default_port = if url.scheme() == Scheme::HTTPS.as_str() {
        443
    } else {
        80
    };
    match url.host_str() {
        Some(host) => Ok((host, url.port().unwrap_or(default_port), default_port)),
        None => Err(Denied(
            Error::HttpRequestUriInvalid,
            "the URL names no host".to_owned(),
        )),
    }
}

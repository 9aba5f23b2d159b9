//! Which hosts a plugin may call. REQ-WASM-1

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::Host;

/// Longest name of a host, in bytes (RFC 1035).
const HOST_MAX: usize = 253;
/// Longest label of one, in bytes.
const LABEL_MAX: usize = 63;
const ANY_SUBDOMAIN: &str = "*.";

/// A host, or all subdomains of one, at one port: `tracker.example.com` is the
/// default port of the request's scheme and no other,
/// `tracker.example.com:8443` is that port alone, and `*.studio.lan` is every
/// name below `studio.lan`, however deep, but not `studio.lan`.
///
/// Names are compared as ASCII without regard to case: an international name is
/// granted in the form that DNS knows (`xn--…`). An address is written as four
/// decimal numbers; there is no pattern of addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    /// In lower case, without the star.
    host: String,
    any_subdomain: bool,
    port: Option<u16>,
}

/// The text is no pattern of hosts.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be a host name, perhaps beginning with '*.' and perhaps with ':port'; no scheme, no path"
)]
pub struct InvalidHostPattern;

impl HostPattern {
    /// The host, or the domain whose subdomains are meant; in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether all subdomains of [`host`](Self::host) are meant, and not the
    /// host itself.
    pub fn is_any_subdomain(&self) -> bool {
        self.any_subdomain
    }

    /// The port; `None` is the default port of the scheme.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether a request to this host and port is meant, where `default_port`
    /// is that of the request's scheme.
    ///
    /// The host is compared as it stands. Whoever asks has brought it into the
    /// form in which it will be connected to: an address in another notation,
    /// or a name with a dot at its end, matches nothing.
    pub fn matches(&self, host: &str, port: u16, default_port: u16) -> bool {
        self.port.unwrap_or(default_port) == port && self.matches_host(host)
    }

    /// Whether everything that `other` means is also meant by this.
    pub fn covers(&self, other: &Self) -> bool {
        if self.port != other.port {
            return false;
        }
        match (self.any_subdomain, other.any_subdomain) {
            (false, true) => false,
            (true, true) => self.host == other.host || self.matches_host(&other.host),
            (_, false) => self.matches_host(&other.host),
        }
    }

    fn matches_host(&self, host: &str) -> bool {
        if !self.any_subdomain {
            return host.eq_ignore_ascii_case(&self.host);
        }
        let Some(at) = host.len().checked_sub(self.host.len()) else {
            return false;
        };
        let (Some(below), Some(domain)) = (host.get(..at), host.get(at..)) else {
            return false;
        };
        let is_below = below
            .strip_suffix('.')
            .is_some_and(|labels| !labels.is_empty());
        is_below && domain.eq_ignore_ascii_case(&self.host)
    }
}

impl FromStr for HostPattern {
    type Err = InvalidHostPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        };
        let (host, any_subdomain) = match host.strip_prefix(ANY_SUBDOMAIN) {
            Some(domain) => (domain, true),
            None => (host, false),
        };
        let port = port
            .map(|port| {
                let is_number = port.bytes().all(|b| b.is_ascii_digit());
                let number = port.parse().ok().filter(|port| *port > 0);
                number.filter(|_| is_number).ok_or(InvalidHostPattern)
            })
            .transpose()?;
        let is_named = (1..=HOST_MAX).contains(&host.len()) && host.split('.').all(is_label);
        if !is_named {
            return Err(InvalidHostPattern);
        }
        // `2130706433` and `0x7f.1` are names to us and addresses to a URL.
        let host = host.to_ascii_lowercase();
        match Host::parse(&host) {
            Ok(Host::Domain(name)) if name == host => {}
            Ok(Host::Ipv4(address)) if !any_subdomain && address.to_string() == host => {}
            _ => return Err(InvalidHostPattern),
        }
        Ok(Self {
            host,
            any_subdomain,
            port,
        })
    }
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_MAX).contains(&label.len())
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl TryFrom<String> for HostPattern {
    type Error = InvalidHostPattern;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.any_subdomain {
            f.write_str(ANY_SUBDOMAIN)?;
        }
        f.write_str(&self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

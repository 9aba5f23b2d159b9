//! The HTTP client behind [`Egress`](super::Egress).
//!
//! Certificate authorities are the system's, so that a studio's own authority
//! is trusted where its machines trust it. Where a system has none at all (a
//! bare container), it is Mozilla's list as of the build.

use crate::{HostBroken, NetworkPolicy};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection that nobody uses is kept: below what common servers
/// and load balancers close after.
const IDLE: Duration = Duration::from_secs(30);
/// Connections kept to one host.
const IDLE_PER_HOST: usize = 16;

pub(super) fn build(
    network: NetworkPolicy,
    user_agent: &str,
) -> Result<reqwest::Client, HostBroken> {
    let broken = |error: Box<dyn StdError + Send + Sync>| {
        HostBroken::new("cannot set up the HTTP client", io::Error::other(error))
    };
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls().map_err(|error| broken(error.into()))?)
        .dns_resolver(Resolver(network))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(user_agent)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .build()
        .map_err(|error| broken(error.into()))
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

/// Resolves names to addresses that may be reached, or to an error. What it
/// answers is what the client connects to: nothing is resolved twice.
#[derive(Debug)]
struct Resolver(NetworkPolicy);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let network = self.0;
        Box::pin(async move {
            // Port 0 becomes that of the URL.
            let addresses = network.resolve(name.as_str(), 0).await?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

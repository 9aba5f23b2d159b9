//! The one way out of the server: whatever a hook sends over HTTP goes through
//! here, webhooks and the requests of plugins alike.
//!
//! Every address is judged by the [`NetworkPolicy`] after its name was
//! resolved, and the connection is made to exactly what was judged. There is no
//! proxy, no redirect is followed, nothing is sent twice, and nothing is
//! decompressed. Connections are pooled.

mod client;
mod fault;

pub(crate) use fault::{Fault, reason};

use crate::{HostBroken, NetworkPolicy};
use reqwest::{Request, Response};

/// The way out. Clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct Egress {
    network: NetworkPolicy,
    client: reqwest::Client,
}

impl Egress {
    /// Sets up the client, with the certificate authorities of the system.
    ///
    /// # Errors
    ///
    /// [`HostBroken`], where the host has no TLS to offer.
    pub fn new(network: NetworkPolicy, user_agent: &str) -> Result<Self, HostBroken> {
        Ok(Self {
            network,
            client: client::build(network, user_agent)?,
        })
    }

    /// Which addresses may be reached.
    pub fn network(&self) -> NetworkPolicy {
        self.network
    }

    /// Sends a request. Names are judged on the way; an address that stands in
    /// the URL is the caller's to judge ([`NetworkPolicy::check_host`]).
    pub(crate) async fn send(&self, request: Request) -> reqwest::Result<Response> {
        self.client.execute(request).await
    }
}

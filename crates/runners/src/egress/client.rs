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
    build_with(Resolver(network), user_agent)
}

fn build_with(
    resolver: impl Resolve + 'static,
    user_agent: &str,
) -> Result<reqwest::Client, HostBroken> {
    let broken = |error: Box<dyn StdError + Send + Sync>| {
        HostBroken::new("cannot set up the HTTP client", io::Error::other(error))
    };
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls().map_err(|error| broken(error.into()))?)
        .dns_resolver(resolver)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::{Resolver, build_with};
    use crate::NetworkPolicy;
    use crate::egress::Fault;
    use crate::network::ResolveError;
    use reqwest::dns::{Addrs, Name, Resolve, Resolving};
    use std::collections::VecDeque;
    use std::net::SocketAddr;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    const CLOSED: NetworkPolicy = NetworkPolicy {
        allow_private: false,
    };
    const OPEN: NetworkPolicy = NetworkPolicy {
        allow_private: true,
    };

    /// A name server that answers each question with what is next, judged like
    /// the system's.
    #[derive(Debug, Clone)]
    struct Fickle(NetworkPolicy, Arc<Mutex<VecDeque<Vec<SocketAddr>>>>);

    impl Fickle {
        fn new<const N: usize>(network: NetworkPolicy, answers: [Vec<SocketAddr>; N]) -> Self {
            Self(network, Arc::new(Mutex::new(answers.into())))
        }

        fn left(&self) -> usize {
            self.1.lock().unwrap().len()
        }
    }

    impl Resolve for Fickle {
        fn resolve(&self, name: Name) -> Resolving {
            let found = self.1.lock().unwrap().pop_front().unwrap_or_default();
            let judged = self.0.judge(name.as_str(), Ok(found));
            Box::pin(async move {
                let addresses: Addrs = Box::new(judged?.into_iter());
                Ok(addresses)
            })
        }
    }

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    async fn answer(listener: TcpListener) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        let said = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
        stream.write_all(said).await.unwrap();
    }

    /// The connection is made to what was judged, and the name is asked for once:
    /// what it would answer a moment later is nobody's business.
    #[tokio::test]
    async fn a_name_is_asked_for_once_and_its_answer_is_what_is_connected_to() {
        let (judged, at) = listener().await;
        let (_other, elsewhere) = listener().await;
        let names = Fickle::new(OPEN, [vec![at], vec![elsewhere]]);
        let client = build_with(names.clone(), "test").unwrap();
        tokio::spawn(answer(judged));
        // Without a port, that of the address counts.
        let sent = client.get("http://rebinding.example.com/").send().await;
        assert_eq!(sent.unwrap().status(), 204);
        assert_eq!(names.left(), 1, "it was asked for once");
    }

    /// A new connection asks anew, and what it is answered is judged anew.
    #[tokio::test]
    async fn a_name_that_has_turned_to_a_forbidden_address_is_refused() {
        let (listener, at) = listener().await;
        for found in [vec![at], vec!["1.1.1.1:80".parse().unwrap(), at]] {
            let names = Fickle::new(CLOSED, [found]);
            let client = build_with(names, "test").unwrap();
            let sent = client.get("http://rebinding.example.com/").send();
            let error = sent.await.unwrap_err();
            assert!(
                matches!(Fault::of(&error), Fault::Forbidden(_)),
                "{error:?}"
            );
        }
        let met = std::future::poll_fn(|cx| match listener.poll_accept(cx) {
            std::task::Poll::Pending => std::task::Poll::Ready(false),
            std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
        });
        assert!(!met.await, "somebody came");
    }

    #[tokio::test]
    async fn the_systems_names_are_judged_the_same_way() {
        let name = "127.0.0.1".parse::<Name>().unwrap();
        let Err(error) = Resolver(CLOSED).resolve(name).await else {
            panic!("it is a loopback address")
        };
        let error = error.downcast_ref::<ResolveError>();
        assert!(matches!(error, Some(ResolveError::Forbidden(_))));
    }
}

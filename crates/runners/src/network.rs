//! Which addresses the server may be made to talk to.
//!
//! A hook's URL is input: whoever may save one must not be able to reach what
//! only the server can reach. Names are resolved here, every address is
//! judged, and the connection is made to exactly the addresses that were
//! judged, so that a name cannot change its mind in between.
//!
//! | class | examples | reached |
//! | --- | --- | --- |
//! | public | global unicast | always |
//! | private | loopback, RFC 1918, CGNAT, benchmarking, unique local | where the operator allows it |
//! | never | unspecified, link-local, cloud metadata, multicast, reserved, documentation, 6to4, Teredo | never |
//!
//! The last class stays closed also where private addresses are open: no
//! studio serves hooks there, and the machine's own credentials live there.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::Host;

/// What the operator allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NetworkPolicy {
    /// Whether private addresses (loopback included) may be reached.
    pub allow_private: bool,
}

/// What an address is to a server that must not be abused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// Anybody could reach it.
    Public,
    /// Of this machine or its own network.
    Private,
    /// Nothing that a hook has business with.
    Never,
}

/// Why a host may not be reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It is, or resolves to, a private address.
    #[error(
        "{host} is at a private address; the server reaches these only when it is started with --allow-private-network"
    )]
    Private {
        /// The host as it was configured.
        host: String,
    },
    /// It is, or resolves to, an address that is never reached.
    #[error(
        "{host} is at a link-local, metadata, multicast or reserved address, which is never reached"
    )]
    Never {
        /// The host as it was configured.
        host: String,
    },
}

/// Why a host has no address that may be reached.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// One of its addresses is forbidden.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The name could not be resolved.
    #[error("the name {host} could not be resolved")]
    Unknown {
        /// The name.
        host: String,
        /// What the resolver said.
        #[source]
        source: Option<io::Error>,
    },
}

impl NetworkPolicy {
    /// Whether this address may be reached; `host` is only for the error.
    pub fn check_address(self, host: impl fmt::Display, address: IpAddr) -> Result<(), Forbidden> {
        match classify(address) {
            AddressClass::Public => Ok(()),
            AddressClass::Private if self.allow_private => Ok(()),
            AddressClass::Private => Err(Forbidden::Private {
                host: host.to_string(),
            }),
            AddressClass::Never => Err(Forbidden::Never {
                host: host.to_string(),
            }),
        }
    }

    /// Whether this host may be reached as far as can be told without
    /// resolving it. Parsing a URL has already turned decimal, octal, hex and
    /// short forms into an address.
    pub fn check_host(self, host: &Host<&str>) -> Result<(), Forbidden> {
        match host {
            Host::Ipv4(address) => self.check_address(host, IpAddr::V4(*address)),
            Host::Ipv6(address) => self.check_address(host, IpAddr::V6(*address)),
            Host::Domain(name) if is_localhost(name) && !self.allow_private => {
                Err(Forbidden::Private {
                    host: (*name).to_owned(),
                })
            }
            Host::Domain(_) => Ok(()),
        }
    }

    /// Whether a host that resolves to these addresses may be reached. One
    /// forbidden address forbids the host, also where others are public: which
    /// one is used would be chance.
    pub fn check_addresses(self, host: &str, addresses: &[SocketAddr]) -> Result<(), Forbidden> {
        addresses
            .iter()
            .try_for_each(|address| self.check_address(host, address.ip()))
    }

    /// The addresses of a host, all of which may be reached.
    pub async fn resolve(self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        if is_localhost(host) && !self.allow_private {
            return Err(Forbidden::Private {
                host: host.to_owned(),
            }
            .into());
        }
        let found = tokio::net::lookup_host((host, port)).await;
        self.judge(host, found.map(Iterator::collect))
    }

    /// The addresses that were found for a host, if all may be reached.
    pub(crate) fn judge(
        self,
        host: &str,
        found: io::Result<Vec<SocketAddr>>,
    ) -> Result<Vec<SocketAddr>, ResolveError> {
        let unknown = |source| ResolveError::Unknown {
            host: host.to_owned(),
            source,
        };
        let addresses = found.map_err(|error| unknown(Some(error)))?;
        if addresses.is_empty() {
            return Err(unknown(None));
        }
        self.check_addresses(host, &addresses)?;
        Ok(addresses)
    }
}

/// RFC 6761, section 6.3; with the root's dot it means the same.
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// What an address is, by the IANA special-purpose registries, what clouds
/// put their metadata at, and what IPv6 addresses carry inside.
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

/// Blocks of IPv4 that are never reached, each with the length of its prefix.
const NEVER_V4: [(Ipv4Addr, u32); 11] = [
    // "This network": on Linux, this machine.
    (Ipv4Addr::UNSPECIFIED, 8),
    // Link-local, with most clouds' metadata.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // IETF protocol assignments, with the metadata of Oracle.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // The metadata of Alibaba and of Azure.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    // Documentation.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Relays of 6to4.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Multicast, reserved, broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Blocks of IPv4 within a machine or a network.
const PRIVATE_V4: [(Ipv4Addr, u32); 6] = [
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // RFC 1918.
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Carrier-grade NAT (RFC 6598).
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Benchmarking (RFC 2544), which some networks use as private space.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
];

/// Global unicast, `2000::/3`: what is public in IPv6 is in here.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Unique local: what is private in IPv6, beside loopback.
const UNIQUE_LOCAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

/// Blocks within those two that are never reached.
const NEVER_V6: [(Ipv6Addr, u32); 6] = [
    // The metadata of AWS and of Google.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128),
    // IETF protocol assignments with Teredo, and 6to4: tunnels to any IPv4
    // address.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // Documentation.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Blocks whose last 32 bits are an IPv4 address: IPv4-mapped, and NAT64
/// (RFC 6052), which names an address of the inner network.
const EMBEDDING_V6: [(Ipv6Addr, u32); 2] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
];

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    let within = |&(block, prefix): &(Ipv4Addr, u32)| {
        (u32::from(address) ^ u32::from(block)) >> (32 - prefix) == 0
    };
    if NEVER_V4.iter().any(within) {
        AddressClass::Never
    } else if PRIVATE_V4.iter().any(within) {
        AddressClass::Private
    } else {
        AddressClass::Public
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    let within = |&(block, prefix): &(Ipv6Addr, u32)| {
        (u128::from(address) ^ u128::from(block)) >> (128 - prefix) == 0
    };
    if EMBEDDING_V6.iter().any(within) {
        let [.., a, b, c, d] = address.octets();
        classify_v4(Ipv4Addr::new(a, b, c, d))
    } else if NEVER_V6.iter().any(within) {
        AddressClass::Never
    } else if within(&GLOBAL_V6) {
        AddressClass::Public
    } else if within(&UNIQUE_LOCAL_V6) || address.is_loopback() {
        AddressClass::Private
    } else {
        // Unspecified, IPv4-compatible, local NAT64, discard, link-local,
        // site-local, multicast, unassigned.
        AddressClass::Never
    }
}

//! Which addresses a hook may make the server talk to.

use proptest::prelude::*;
use rstest::rstest;
use stagehook_runners::{AddressClass, Forbidden, NetworkPolicy, ResolveError, classify};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::Url;

const CLOSED: NetworkPolicy = NetworkPolicy {
    allow_private: false,
};
const OPEN: NetworkPolicy = NetworkPolicy {
    allow_private: true,
};

#[rstest]
fn public(
    #[values(
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "2001:200::1",
        "2001:db7::1",
        "2001:db9::1",
        "3ffe::1",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1"
    )]
    address: IpAddr,
) {
    assert_eq!(classify(address), AddressClass::Public);
}

#[rstest]
fn private(
    #[values(
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "::1",
        "fc00::1",
        "fd12:3456::1",
        "fdff:ffff::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::192.168.0.1",
        "64:ff9b::7f00:1"
    )]
    address: IpAddr,
) {
    assert_eq!(classify(address), AddressClass::Private);
}

#[rstest]
fn never(
    #[values(
        "0.0.0.0",
        "0.1.2.3",
        "100.100.100.200",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::2",
        "::127.0.0.1",
        "::ffff:0.0.0.0",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "64:ff9c::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "2002:101:101::",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1"
    )]
    address: IpAddr,
) {
    assert_eq!(classify(address), AddressClass::Never);
    assert!(OPEN.check_address("host", address).is_err());
}

/// Every way to write an address in a URL that parsers have been seen to take.
#[rstest]
fn however_loopback_is_written_it_is_loopback(
    #[values(
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.01/",
        "http://017700000001/",
        "http://127.1/",
        "http://127.0.1/",
        "http://127.0.0.1./",
        "http://①②⑦.0.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://LOCALHOST/",
        "http://localhost./",
        "http://hooks.localhost/",
        "http://hooks.localhost./"
    )]
    url: Url,
) {
    let host = url.host().unwrap();
    assert!(matches!(
        CLOSED.check_host(&host),
        Err(Forbidden::Private { .. })
    ));
    assert_eq!(OPEN.check_host(&host), Ok(()));
}

#[rstest]
fn however_the_metadata_service_is_written_it_is_never_reached(
    #[values(
        "http://169.254.169.254/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[fd00:ec2::254]/",
        "http://0/",
        "http://0.0.0.0/",
        "http://[::]/"
    )]
    url: Url,
) {
    for policy in [OPEN, CLOSED] {
        assert!(matches!(
            policy.check_host(&url.host().unwrap()),
            Err(Forbidden::Never { .. })
        ));
    }
}

#[test]
fn a_name_with_a_public_and_a_private_address_is_refused() {
    let addresses: Vec<SocketAddr> = vec![
        "1.1.1.1:443".parse().unwrap(),
        "10.0.0.1:443".parse().unwrap(),
    ];
    assert_eq!(
        CLOSED.check_addresses("rebind.example.com", &addresses),
        Err(Forbidden::Private {
            host: "rebind.example.com".to_owned()
        })
    );
    assert_eq!(OPEN.check_addresses("studio.lan", &addresses), Ok(()));
    assert_eq!(
        CLOSED.check_addresses("ok.example", &addresses[..1]),
        Ok(())
    );
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to() {
    assert!(matches!(
        CLOSED.resolve("localhost", 80).await,
        Err(ResolveError::Forbidden(Forbidden::Private { .. }))
    ));
    // A numeric name never gets past the check because it is no URL's domain.
    assert!(matches!(
        CLOSED.resolve("127.0.0.1", 80).await,
        Err(ResolveError::Forbidden(Forbidden::Private { .. }))
    ));
    let found = OPEN.resolve("127.0.0.1", 80).await.unwrap();
    assert_eq!(found, ["127.0.0.1:80".parse().unwrap()]);
    assert!(matches!(
        OPEN.resolve("no-such-host.invalid", 80).await,
        Err(ResolveError::Unknown { .. })
    ));
}

proptest! {
    #[test]
    fn nothing_the_standard_library_calls_special_is_public(bits: u32) {
        let address = Ipv4Addr::from(bits);
        if classify(IpAddr::V4(address)) == AddressClass::Public {
            prop_assert!(!address.is_private());
            prop_assert!(!address.is_loopback());
            prop_assert!(!address.is_link_local());
            prop_assert!(!address.is_multicast());
            prop_assert!(!address.is_broadcast());
            prop_assert!(!address.is_documentation());
            prop_assert!(!address.is_unspecified());
        }
    }

    #[test]
    fn an_address_inside_another_is_judged_as_itself(bits: u32) {
        let inner = Ipv4Addr::from(bits);
        let class = classify(IpAddr::V4(inner));
        prop_assert_eq!(classify(IpAddr::V6(inner.to_ipv6_mapped())), class);
        let [a, b, c, d] = inner.octets();
        let nat64 = Ipv6Addr::new(
            0x64, 0xff9b, 0, 0, 0, 0,
            u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]),
        );
        prop_assert_eq!(classify(IpAddr::V6(nat64)), class);
    }

    #[test]
    fn only_global_unicast_is_public_in_ipv6(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if classify(IpAddr::V6(address)) == AddressClass::Public {
            prop_assert_eq!(address.octets()[0] >> 5, 1);
        }
    }

    #[test]
    fn opening_private_addresses_closes_none(bits: u128) {
        let address = IpAddr::V6(Ipv6Addr::from(bits));
        if CLOSED.check_address("host", address).is_ok() {
            prop_assert!(OPEN.check_address("host", address).is_ok());
        }
    }
}

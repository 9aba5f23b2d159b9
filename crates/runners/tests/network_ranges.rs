//! Every address of every special block is refused, however it is written.
//!
//! The blocks are those of the IANA special-purpose registries, written down here
//! once more: as first and last address, and from the registries, not from the
//! table that is tested.

use proptest::prelude::*;
use stagehook_runners::{AddressClass, NetworkPolicy, classify};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Url;

const CLOSED: NetworkPolicy = NetworkPolicy {
    allow_private: false,
};
const OPEN: NetworkPolicy = NetworkPolicy {
    allow_private: true,
};

/// First and last address, and whether an operator may open them.
type Block<A> = (A, A, bool);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const BLOCKS_V4: [Block<Ipv4Addr>; 16] = [
    // This network.
    (v4(0, 0, 0, 0), v4(0, 255, 255, 255), false),
    // Private.
    (v4(10, 0, 0, 0), v4(10, 255, 255, 255), true),
    (v4(172, 16, 0, 0), v4(172, 31, 255, 255), true),
    (v4(192, 168, 0, 0), v4(192, 168, 255, 255), true),
    // Shared, but for the metadata of a cloud.
    (v4(100, 64, 0, 0), v4(100, 100, 100, 199), true),
    (v4(100, 100, 100, 201), v4(100, 127, 255, 255), true),
    // Loopback.
    (v4(127, 0, 0, 0), v4(127, 255, 255, 255), true),
    // Link-local, with metadata.
    (v4(169, 254, 0, 0), v4(169, 254, 255, 255), false),
    // IETF protocol assignments.
    (v4(192, 0, 0, 0), v4(192, 0, 0, 255), false),
    // Documentation.
    (v4(192, 0, 2, 0), v4(192, 0, 2, 255), false),
    (v4(198, 51, 100, 0), v4(198, 51, 100, 255), false),
    (v4(203, 0, 113, 0), v4(203, 0, 113, 255), false),
    // Relays of 6to4.
    (v4(192, 88, 99, 0), v4(192, 88, 99, 255), false),
    // Benchmarking.
    (v4(198, 18, 0, 0), v4(198, 19, 255, 255), true),
    // Multicast.
    (v4(224, 0, 0, 0), v4(239, 255, 255, 255), false),
    // Reserved, broadcast.
    (v4(240, 0, 0, 0), v4(255, 255, 255, 255), false),
];

const fn v6(head: [u16; 4], tail: [u16; 4]) -> Ipv6Addr {
    Ipv6Addr::new(
        head[0], head[1], head[2], head[3], tail[0], tail[1], tail[2], tail[3],
    )
}

const ALL: u16 = 0xffff;
const ONES: [u16; 4] = [ALL; 4];
const NONE: [u16; 4] = [0; 4];

const BLOCKS_V6: [Block<Ipv6Addr>; 15] = [
    // Unspecified.
    (v6(NONE, NONE), v6(NONE, NONE), false),
    // Loopback.
    (v6(NONE, [0, 0, 0, 1]), v6(NONE, [0, 0, 0, 1]), true),
    // IPv4-compatible.
    (v6(NONE, [0, 0, 0, 2]), v6(NONE, [0, 0, ALL, ALL]), false),
    // IPv4-translated.
    (
        v6(NONE, [ALL, 0, 0, 0]),
        v6(NONE, [ALL, 0, ALL, ALL]),
        false,
    ),
    // NAT64 of a network of its own.
    (
        v6([0x64, 0xff9b, 1, 0], NONE),
        v6([0x64, 0xff9b, 1, ALL], ONES),
        false,
    ),
    // Discard only.
    (
        v6([0x100, 0, 0, 0], NONE),
        v6([0x100, 0, 0, 0], ONES),
        false,
    ),
    // Teredo, and the other protocol assignments.
    (
        v6([0x2001, 0, 0, 0], NONE),
        v6([0x2001, 0x1ff, ALL, ALL], ONES),
        false,
    ),
    // Documentation.
    (
        v6([0x2001, 0xdb8, 0, 0], NONE),
        v6([0x2001, 0xdb8, ALL, ALL], ONES),
        false,
    ),
    (
        v6([0x3fff, 0, 0, 0], NONE),
        v6([0x3fff, 0xfff, ALL, ALL], ONES),
        false,
    ),
    // 6to4.
    (
        v6([0x2002, 0, 0, 0], NONE),
        v6([0x2002, ALL, ALL, ALL], ONES),
        false,
    ),
    // Segment routing, and what is not assigned before it.
    (
        v6([0x4000, 0, 0, 0], NONE),
        v6([0x5f00, ALL, ALL, ALL], ONES),
        false,
    ),
    // Unique local, but for where two clouds keep metadata.
    (
        v6([0xfc00, 0, 0, 0], NONE),
        v6([0xfcff, ALL, ALL, ALL], ONES),
        true,
    ),
    // Link-local.
    (
        v6([0xfe80, 0, 0, 0], NONE),
        v6([0xfebf, ALL, ALL, ALL], ONES),
        false,
    ),
    // Site-local.
    (
        v6([0xfec0, 0, 0, 0], NONE),
        v6([0xfeff, ALL, ALL, ALL], ONES),
        false,
    ),
    // Multicast.
    (v6([0xff00, 0, 0, 0], NONE), v6([ALL; 4], ONES), false),
];

fn within_v4() -> impl Strategy<Value = (Ipv4Addr, bool)> {
    prop::sample::select(&BLOCKS_V4[..]).prop_flat_map(|(first, last, may_open)| {
        let any = u32::from(first)..=u32::from(last);
        prop_oneof![1 => Just(u32::from(first)), 1 => Just(u32::from(last)), 8 => any]
            .prop_map(move |bits| (Ipv4Addr::from(bits), may_open))
    })
}

fn within_v6() -> impl Strategy<Value = (Ipv6Addr, bool)> {
    prop::sample::select(&BLOCKS_V6[..]).prop_flat_map(|(first, last, may_open)| {
        let any = u128::from(first)..=u128::from(last);
        prop_oneof![1 => Just(u128::from(first)), 1 => Just(u128::from(last)), 8 => any]
            .prop_map(move |bits| (Ipv6Addr::from(bits), may_open))
    })
}

/// Addresses that carry this one inside and name it.
fn carrying(inner: Ipv4Addr) -> [Ipv6Addr; 2] {
    let low = u128::from(u32::from(inner));
    let mapped = 0xffff_u128 << 32;
    let nat64 = 0x0064_ff9b_u128 << 96;
    [mapped, nat64].map(|prefix| Ipv6Addr::from(prefix | low))
}

fn is_refused(address: IpAddr, may_open: bool) -> Result<(), TestCaseError> {
    prop_assert!(
        CLOSED.check_address("host", address).is_err(),
        "{}",
        address
    );
    prop_assert_eq!(
        OPEN.check_address("host", address).is_ok(),
        may_open,
        "{}",
        address
    );
    Ok(())
}

/// Each dot or digit may be one that is not ASCII's, or be written as bytes.
fn disguised(plain: &str, how: &[u8]) -> String {
    let mut text = String::new();
    for (character, how) in plain.chars().zip(how.iter().cycle()) {
        match (how % 5, character) {
            (0, '0'..='9') => {
                let digit = u32::from(character) - u32::from('0');
                text.extend(char::from_u32(u32::from('０') + digit));
            }
            (0, '.') => text.push('。'),
            (1, '.') => text.push('．'),
            (1, _) => {
                let _ = write!(text, "%{:02X}", u32::from(character));
            }
            (2, _) => text.extend(character.to_uppercase()),
            _ => text.push(character),
        }
    }
    text
}

/// A number in one of the bases that `inet_aton` reads.
fn number(value: u64, how: u8) -> String {
    match how % 5 {
        0 => format!("0x{value:x}"),
        1 => format!("0{value:o}"),
        2 => format!("0x000{value:X}"),
        3 => format!("000{value:o}"),
        _ => value.to_string(),
    }
}

/// One of the forms of `inet_aton`: one to four numbers, the last one the rest.
fn numbers(address: Ipv4Addr, parts: usize, how: &[u8]) -> String {
    let bits = u64::from(u32::from(address));
    let octets = address.octets();
    let mut text = String::new();
    for part in 0..parts - 1 {
        text += &number(octets[part].into(), how[part]);
        text.push('.');
    }
    let rest = bits & (u64::from(u32::MAX) >> (8 * (parts - 1)));
    text + &number(rest, how[parts - 1])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_address_of_a_block_is_refused((address, may_open) in within_v4()) {
        is_refused(IpAddr::V4(address), may_open)?;
        for carrying in carrying(address) {
            is_refused(IpAddr::V6(carrying), may_open)?;
        }
    }

    #[test]
    fn every_address_of_a_block_of_ipv6_is_refused((address, may_open) in within_v6()) {
        is_refused(IpAddr::V6(address), may_open)?;
    }

    #[test]
    fn what_lies_beside_the_blocks_is_public(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let is_special = BLOCKS_V4.iter().any(|(first, last, _)| (first..=last).contains(&&address))
            || [v4(100, 100, 100, 200), v4(168, 63, 129, 16)].contains(&address);
        let is_public = classify(IpAddr::V4(address)) == AddressClass::Public;
        prop_assert_eq!(is_public, !is_special, "{}", address);
    }

    #[test]
    fn however_it_is_written_in_a_url_it_is_refused(
        (address, may_open) in within_v4(),
        parts in 1..=4_usize,
        bases in prop::array::uniform4(any::<u8>()),
        disguise in prop::collection::vec(any::<u8>(), 1..12),
        ends_with_a_dot: bool,
        port in prop::option::of(1..=u16::MAX),
    ) {
        let mut host = numbers(address, parts, &bases);
        if ends_with_a_dot {
            host.push('.');
        }
        let mut text = format!("http://{}", disguised(&host, &disguise));
        if let Some(port) = port {
            let _ = write!(text, ":{port}");
        }
        text.push_str("/hook");
        // What cannot be read is not asked.
        let Ok(url) = Url::parse(&text) else { return Ok(()) };
        let host = url.host().unwrap();
        prop_assert_eq!(host.to_string(), address.to_string(), "{}", text);
        prop_assert!(CLOSED.check_host(&host).is_err(), "{}", text);
        prop_assert_eq!(OPEN.check_host(&host).is_ok(), may_open, "{}", text);
    }

    #[test]
    fn however_it_is_written_in_brackets_it_is_refused(
        (inner, inner_may_open) in within_v4(),
        (address, may_open) in within_v6(),
        form in 0..6_u8,
    ) {
        let [mapped, nat64] = carrying(inner);
        let groups = |address: Ipv6Addr| address.segments().map(|group| format!("{group:04X}"));
        let (host, may_open) = match form {
            0 => (address.to_string(), may_open),
            1 => (groups(address).join(":"), may_open),
            2 => (format!("::ffff:{inner}"), inner_may_open),
            3 => (groups(mapped).join(":"), inner_may_open),
            4 => (format!("64:ff9b::{inner}"), inner_may_open),
            _ => (nat64.to_string(), inner_may_open),
        };
        let text = format!("https://[{host}]:8443/");
        let url = Url::parse(&text).unwrap();
        let host = url.host().unwrap();
        prop_assert!(CLOSED.check_host(&host).is_err(), "{}", text);
        prop_assert_eq!(OPEN.check_host(&host).is_ok(), may_open, "{}", text);
    }

    #[test]
    fn one_forbidden_address_among_many_forbids_the_name(
        (address, _) in within_v4(),
        public in prop::collection::vec(any::<u32>(), 0..5),
        place in any::<prop::sample::Index>(),
    ) {
        let socket = |ip: Ipv4Addr| std::net::SocketAddr::new(ip.into(), 443);
        let mut all: Vec<_> = public.into_iter().map(|bits| socket(bits.into())).collect();
        all.insert(place.index(all.len() + 1), socket(address));
        prop_assert!(CLOSED.check_addresses("name.example.com", &all).is_err());
    }
}

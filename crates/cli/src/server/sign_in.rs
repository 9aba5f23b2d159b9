//! Where people sign in.

use stagehook_core::secret::SecretValue;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address of the page where people sign in; with the token that was just
/// made, if one was. It is behind the `#`, which browsers send to no server.
pub(super) fn link(listening: SocketAddr, made: Option<&SecretValue>) -> String {
    let mut address = listening;
    if address.ip().is_unspecified() {
        // Whoever reads this is on this machine.
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let token = made.map(|token| format!("#token={}", token.reveal()));
    format!("http://{address}/sign-in{}", token.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_can_be_followed_on_this_machine() {
        let made = SecretValue::try_from("sthk_0a".to_owned()).unwrap();
        for (listening, link_to) in [
            ("10.0.0.7:80", "http://10.0.0.7:80/sign-in"),
            ("0.0.0.0:7878", "http://127.0.0.1:7878/sign-in"),
            ("[::]:7878", "http://[::1]:7878/sign-in"),
        ] {
            let listening = listening.parse().unwrap();
            assert_eq!(link(listening, None), link_to);
            let with_token = format!("{link_to}#token=sthk_0a");
            assert_eq!(link(listening, Some(&made)), with_token);
        }
    }
}

//! Whose request it is where proxies stand in between: each of them writes behind `X-Forwarded-For` who spoke to it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request},
    http::HeaderMap,
};
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address that a request comes from. Of what `X-Forwarded-For` says the last entry counts that is no proxy of ours:
/// those before it anybody can write.
pub fn of(request: &Request, proxies: &[IpNet]) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    // Where nothing is known of the connection all are one.
    behind(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), request.headers(), proxies)
}

fn behind(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let mut from = peer.to_canonical();
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for entry in entries {
        // A proxy on this machine needs no mention: who is here could do worse than say a wrong address.
        let is_proxy = from.is_loopback() || proxies.iter().any(|net| net.contains(&from));
        let Some(before) = address(entry.trim()).filter(|_| is_proxy) else { break };
        from = before;
    }
    from
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let ip = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|addr| addr.ip()));
    ip.ok().map(|ip: IpAddr| ip.to_canonical())
}

/// Reads `10.0.0.0/8` or a single address. For clap's `value_parser`.
///
/// # Errors
/// What it must be.
pub fn parse_net(text: &str) -> Result<IpNet, String> {
    let single = |text: &str| text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| single(text)).map_err(|_| "must be an address, or a network as 10.0.0.0/8".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, lines: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies: Vec<IpNet> = proxies.iter().map(|net| parse_net(net).unwrap()).collect();
        behind(peer.parse().unwrap(), &headers, &proxies).to_string()
    }

    #[test]
    fn only_proxies_that_are_ours_are_believed() {
        let ours = ["10.0.0.0/8", "192.0.2.9"];
        assert_eq!(from("203.0.113.5", &["1.2.3.4"], &ours), "203.0.113.5", "anybody can write a header");
        assert_eq!(from("10.1.2.3", &["203.0.113.5"], &ours), "203.0.113.5");
        assert_eq!(from("10.1.2.3", &["1.2.3.4, 203.0.113.5"], &ours), "203.0.113.5", "what stands before is hearsay");
        assert_eq!(from("10.1.2.3", &["1.2.3.4, 203.0.113.5, 192.0.2.9"], &ours), "203.0.113.5");
        assert_eq!(from("10.1.2.3", &["1.2.3.4", "203.0.113.5"], &ours), "203.0.113.5", "two lines are one");
        assert_eq!(from("10.1.2.3", &["nonsense, 10.3.3.3"], &ours), "10.3.3.3");
        assert_eq!(from("10.1.2.3", &["203.0.113.5:4711"], &ours), "203.0.113.5");
        assert_eq!(from("10.1.2.3", &["[2001:db8::1]:4711"], &ours), "2001:db8::1");
        assert_eq!(from("10.1.2.3", &[], &ours), "10.1.2.3");
        assert_eq!(from("127.0.0.6", &["203.0.113.5"], &[]), "203.0.113.5", "a proxy beside us");
        assert_eq!(from("::ffff:10.1.2.3", &["203.0.113.5"], &ours), "203.0.113.5");
    }

    #[test]
    fn networks_are_read() {
        assert!(parse_net("10.0.0.0/8").is_ok() && parse_net("2001:db8::/32").is_ok() && parse_net("::1").is_ok());
        for wrong in ["", "10.0.0.0/33", "proxy", "10.0.0", "10.0.0.0/8/8"] {
            assert!(parse_net(wrong).is_err(), "{wrong}");
        }
    }
}

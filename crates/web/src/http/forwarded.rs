//! Where a request came from when it came through proxies: what a trusted one says in `X-Forwarded-For`, and nobody else's word.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::HeaderMap;
use ipnet::IpNet;

/// Hops that are followed at most.
const MOST_HOPS: usize = 16;

/// Puts the address of whoever asked in the place of the proxy's.
pub(crate) fn resolve(trusted: &[IpNet], request: &mut Request) {
    if !trusted.is_empty()
        && let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied()
    {
        let client = client(peer.ip(), request.headers(), trusted);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(client, peer.port())));
    }
}

/// The nearest address that no trusted proxy vouches beyond. Each proxy adds at the end whom it saw, so the list is read from there;
/// what stands before the first address that is not trusted can be anybody's invention.
fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let said: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .collect();
    let mut nearest = peer.to_canonical();
    for hop in said.iter().rev().take(MOST_HOPS) {
        if !trusted.iter().any(|network| network.contains(&nearest)) {
            break;
        }
        let Some(before) = address(hop.trim()) else { break };
        nearest = before;
    }
    nearest
}

/// An address as proxies write it: bare, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    bare.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use super::*;

    fn seen(peer: &str, said: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.9"]), "192.0.2.1");
        assert_eq!(seen("10.0.0.1", &["198.51.100.9"]), "198.51.100.9");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_invented_before_is_passed_over() {
        assert_eq!(seen("10.0.0.1", &["203.0.113.5, 198.51.100.9, 10.0.0.2"]), "198.51.100.9");
        assert_eq!(seen("10.0.0.1", &["203.0.113.5", "198.51.100.9"]), "198.51.100.9");
        assert_eq!(seen("::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.9:80"]), "198.51.100.9");
    }

    #[test]
    fn nonsense_ends_the_search() {
        assert_eq!(seen("10.0.0.1", &["198.51.100.9, unknown"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[&vec!["10.0.0.1"; 100].join(",")]), "10.0.0.1");
    }
}

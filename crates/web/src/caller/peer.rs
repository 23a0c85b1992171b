//! The address that a request came from, as the listener saw it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;

/// The other end of the connection. A listener that does not tell, such as a test's, counts as this machine.
pub(crate) fn of(parts: &Parts) -> IpAddr {
    let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip());
    address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical()
}

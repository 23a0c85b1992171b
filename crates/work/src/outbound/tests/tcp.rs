//! Connections that are no requests: the same gates, other ports.

use super::*;

async fn refused(outbound: &Outbound, host: &str) -> Option<IpAddr> {
    match outbound.connect_tcp(host, 2_121, Service::Ftp).await {
        Err(OutboundError::Refused { address, .. }) => Some(address),
        _ => None,
    }
}

#[tokio::test]
async fn addresses_in_digits_are_judged_in_every_form() {
    let shut = outbound("", Names::of(&[]));
    for loopback in ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.01", "１２７.０.０.１", "127.0.0.1."]
    {
        assert_eq!(refused(&shut, loopback).await, Some([127, 0, 0, 1].into()), "{loopback}");
    }
    for inside in
        ["::1", "[::1]", "::ffff:10.0.0.5", "64:ff9b::10.0.0.1", "2002:7f00:1::", "fd00::1", "169.254.169.254", "0"]
    {
        assert!(refused(&shut, inside).await.is_some(), "{inside}");
    }
    for none in ["", "a b", "a/b", "user@a.example", "[::1", "1.2.3.4.5"] {
        let error = shut.connect_tcp(none, 2_121, Service::Ftp).await.unwrap_err();
        assert!(matches!(error, OutboundError::Url(UrlFault::Malformed)), "{none}: {error:?}");
    }
}

#[tokio::test]
async fn names_are_looked_up_once_and_judged_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let names = Names::of(&[
        ("inside.example", &[&["10.0.0.5"]]),
        ("both.example", &[&["127.0.0.1", "10.0.0.5"]]),
        // Allowed at the first look, and not at the second.
        ("turns.example", &[&["127.0.0.1"], &["10.0.0.5"]]),
    ]);
    let outbound = outbound("127.0.0.0/8", Arc::clone(&names));
    for name in ["inside.example", "both.example"] {
        assert_eq!(refused(&outbound, name).await, Some([10, 0, 0, 5].into()), "{name}");
    }
    let unknown = outbound.connect_tcp("no.example", port, Service::Sftp).await.unwrap_err();
    assert!(matches!(unknown, OutboundError::NameUnknown { .. }), "{unknown:?}");
    let before = names.lookups();
    let connection = outbound.connect_tcp("turns.example", port, Service::Sftp).await.unwrap();
    assert_eq!(connection.peer.host(), "turns.example");
    // What follows goes to the same machine, and asks nobody where that is.
    outbound.connect_again(&connection.peer, port).await.unwrap();
    assert_eq!(names.lookups(), before + 1);
    assert_eq!(format!("{:?}", connection.peer), "Peer(turns.example at 127.0.0.1)");
}

#[tokio::test]
async fn each_service_has_its_ports() {
    let outbound = local();
    let ports =
        [(Service::Sftp, 21), (Service::Sftp, 990), (Service::Ftp, 22), (Service::Ftp, 25), (Service::Ftp, 1_023)];
    for (service, port) in ports {
        let error = outbound.connect_tcp("127.0.0.1", port, service).await.unwrap_err();
        assert!(matches!(error, OutboundError::Port { port: found } if found == port), "{error:?}");
        assert!(!error.is_passing());
    }
    // Nobody listens on these here, and that is what is said.
    for (service, port) in [(Service::Sftp, 22), (Service::Ftp, 21), (Service::Ftp, 990)] {
        let done = outbound.connect_tcp("127.77.66.55", port, service).await;
        assert!(!matches!(done, Err(OutboundError::Port { .. })), "{done:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = outbound.connect_tcp("127.0.0.1", port, Service::Ftp).await.unwrap().peer;
    for port in [20, 22, 25, 1_023] {
        assert!(matches!(outbound.connect_again(&peer, port).await, Err(OutboundError::Port { .. })), "{port}");
    }
}

//! Servers that have to prove who they are. The authority and its certificate for secure.example are beside this file; they were
//! made with openssl for these tests, their keys are worth nothing, and they are valid for a hundred years.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::*;

const AUTHORITY: &[u8] = include_bytes!("authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("server.pem");
const KEY: &[u8] = include_bytes!("server.key.pem");

async fn secure() -> u16 {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

fn trusting(roots: Vec<CertificateDer<'static>>) -> Outbound {
    let lookup = Names::of(&[("secure.example", &[&["127.0.0.1"]]), ("other.example", &[&["127.0.0.1"]])]);
    Outbound::new(Options { allow: "127.0.0.0/8".parse().unwrap(), lookup, roots: Roots::Only(roots) }).unwrap()
}

#[tokio::test]
async fn a_server_proves_its_name() {
    let port = secure().await;
    let trusting_it = trusting(vec![CertificateDer::from_pem_slice(AUTHORITY).unwrap()]);
    assert_eq!(fetch(&trusting_it, &format!("https://secure.example:{port}/")).await.unwrap().1, b"hi");
    let other = fetch(&trusting_it, &format!("https://other.example:{port}/")).await.unwrap_err();
    assert_eq!(other.to_string(), "other.example cannot be trusted: its certificate is for another name.");
    let unknown = fetch(&trusting(Vec::new()), &format!("https://secure.example:{port}/")).await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "secure.example cannot be trusted: nobody whom this machine trusts has signed its certificate."
    );
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhi").await
    });
    let plain = fetch(&local(), &format!("https://{address}/")).await;
    assert!(matches!(plain, Err(OutboundError::Untrusted { .. })), "{plain:?}");
}

//! Redirects: followed for files, each hop checked anew; never followed for anything that is sent.

use super::*;

/// Passes `/5` on to `/4`, and so on; `/0` has the file.
async fn staircase() -> Server {
    Server::start(|mut stream, head| async move {
        let step: usize = head.split(['/', ' ']).nth(2).and_then(|step| step.parse().ok()).unwrap_or(0);
        let text = match step {
            0 => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfile".to_owned(),
            _ => format!("HTTP/1.1 302 Found\r\nlocation: /{}\r\nconnection: close\r\n\r\n", step - 1),
        };
        stream.write_all(text.as_bytes()).await
    })
    .await
}

#[tokio::test]
async fn five_hops_are_followed_and_no_sixth() {
    let server = staircase().await;
    let (fetched, bytes) = fetch(&local(), &server.url("/5")).await.unwrap();
    assert_eq!((fetched.target.url().as_str(), bytes.as_slice()), (server.url("/0").as_str(), b"file".as_slice()));
    let many = fetch(&local(), &server.url("/6")).await;
    assert!(matches!(many, Err(OutboundError::TooManyRedirects { .. })), "{many:?}");
}

#[tokio::test]
async fn a_circle_ends() {
    let server = Server::saying("HTTP/1.1 301 Moved\r\nlocation: /again\r\nconnection: close\r\n\r\n").await;
    let circle = fetch(&local(), &server.url("/")).await;
    assert!(matches!(circle, Err(OutboundError::TooManyRedirects { .. })), "{circle:?}");
    assert_eq!(server.connections(), MOST_REDIRECTS + 1);
}

#[tokio::test]
async fn every_hop_is_checked() {
    let inner = Server::saying("HTTP/1.1 200 OK\r\n\r\nsecret").await;
    let names = Names::of(&[("inside.example", &[&["127.0.0.1"]]), ("outside.example", &[&["127.0.0.2"]])]);
    // 127.0.0.2 plays the public internet.
    let outbound = outbound("127.0.0.2", names);
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let outside = listener.local_addr().unwrap().port();
    let port = inner.address.port();
    let (tell, told) = tokio::sync::watch::channel(String::new());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_head(&mut stream).await;
            let text = format!("HTTP/1.1 307 On\r\nlocation: {}\r\nconnection: close\r\n\r\n", told.borrow().as_str());
            let _ = stream.write_all(text.as_bytes()).await;
        }
    });
    for location in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("//[::ffff:127.0.0.1]:{port}/"),
        format!("http://inside.example:{port}/"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        tell.send_replace(location.clone());
        let refused = fetch(&outbound, &format!("http://outside.example:{outside}/")).await;
        assert!(matches!(refused, Err(OutboundError::Refused { .. })), "{location}: {refused:?}");
    }
    for (location, fault) in [
        ("file:///etc/passwd", UrlFault::Scheme),
        ("http://u:p@outside.example/", UrlFault::Credentials),
        ("http://outside.example:25/", UrlFault::Port(25)),
        ("http://[", UrlFault::Malformed),
    ] {
        tell.send_replace(location.to_owned());
        let refused = fetch(&outbound, &format!("http://outside.example:{outside}/")).await;
        assert!(matches!(refused, Err(OutboundError::Url(found)) if found == fault), "{location}: {refused:?}");
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_named() {
    for head in ["HTTP/1.1 302 Found\r\n\r\n", "HTTP/1.1 308 On\r\nlocation: \u{ff}\r\n\r\n"] {
        let bytes: Vec<u8> = head.chars().map(|c| c as u8).collect();
        let server = Server::saying(bytes).await;
        let nowhere = fetch(&local(), &server.url("/")).await;
        assert!(matches!(nowhere, Err(OutboundError::RedirectNowhere { .. })), "{nowhere:?}");
    }
}

#[tokio::test]
async fn what_is_sent_is_sent_to_nobody_else() {
    let server = staircase().await;
    let answer = post(&local(), &server.url("/1"), answer_limits(4_096, 20_000)).await.unwrap();
    assert_eq!((answer.status.as_u16(), server.connections()), (302, 1));
}

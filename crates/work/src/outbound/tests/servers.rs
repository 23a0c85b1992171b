//! Servers that hang, drip, lie, flood and break off.

use super::*;

/// Sends a head and then the same bytes for ever.
async fn endless(head: &'static str, again: &'static [u8]) -> Server {
    Server::start(move |mut stream, _| async move {
        stream.write_all(head.as_bytes()).await?;
        loop {
            stream.write_all(again).await?;
        }
    })
    .await
}

/// Sends a head and then nothing for ever.
async fn hanging(head: &'static str) -> Server {
    Server::start(move |mut stream, _| async move {
        stream.write_all(head.as_bytes()).await?;
        std::future::pending().await
    })
    .await
}

fn hasty() -> FetchLimits {
    FetchLimits { silence: Duration::from_millis(150), ..LIMITS }
}

#[tokio::test]
async fn a_file_is_fetched_with_what_is_said_about_it() {
    let server = Server::start(|mut stream, head| async move {
        assert!(head.contains("accept-encoding: identity\r\n") && head.contains("user-agent: Soundpost/"), "{head}");
        let text = "HTTP/1.1 200 OK\r\ncontent-type: audio/wav\r\ncontent-disposition: attachment; filename=\"../a b.wav\"\r\n\
                    transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        stream.write_all(text.as_bytes()).await
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in");
    let heard = Mutex::new(Vec::new());
    let hear = |received: Received| heard.lock().unwrap().push(received.bytes);
    let fetched = local().fetch_to_file(&server.url("/x.wav?token=1"), &path, &LIMITS, &hear).await.unwrap();
    assert_eq!(
        (fetched.name.as_str(), fetched.size, fetched.content_type.as_deref()),
        ("a b.wav", 5, Some("audio/wav"))
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"abcde");
    assert_eq!(heard.into_inner().unwrap().last(), Some(&5));
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    for head in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"] {
        let server = hanging(head).await;
        let silent = local().fetch_bytes(&server.url("/"), &hasty()).await;
        assert!(matches!(silent, Err(OutboundError::Silent { .. })), "{head}: {silent:?}");
    }
    let server = hanging("").await;
    let slow = post(&local(), &server.url("/"), answer_limits(9, 150)).await;
    assert!(matches!(slow, Err(OutboundError::TooSlow { .. })), "{slow:?}");
}

#[tokio::test]
async fn a_server_that_drips_is_left_too() {
    for head in ["HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n"] {
        let server = Server::start(move |mut stream, _| async move {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(b"a").await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        let limits = FetchLimits { whole: Duration::from_millis(300), ..LIMITS };
        let slow = local().fetch_bytes(&server.url("/"), &limits).await;
        assert!(matches!(slow, Err(OutboundError::TooSlow { .. })), "{head}: {slow:?}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off_and_nothing_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in");
    for (head, again) in [
        ("HTTP/1.1 200 OK\r\n\r\n", [b'a'; 1_000].as_slice()),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"4\r\nabcd\r\n"),
    ] {
        let server = endless(head, again).await;
        let large = local().fetch_to_file(&server.url("/"), &path, &LIMITS, &|_| ()).await;
        assert!(matches!(large, Err(OutboundError::BodyTooLarge { limit: 1_048_576, .. })), "{large:?}");
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn a_length_that_is_a_lie_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in");
    let get = |server: Server| {
        let (outbound, path) = (local(), path.clone());
        async move { outbound.fetch_to_file(&server.url("/"), &path, &LIMITS, &|_| ()).await }
    };
    let more = get(Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await).await;
    assert!(matches!(more, Err(OutboundError::BrokenOff { .. })) && !path.exists(), "{more:?}");
    let cut = get(Server::saying("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab").await).await;
    assert!(matches!(cut, Err(OutboundError::BrokenOff { .. })) && !path.exists(), "{cut:?}");
    let less = get(Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nabcdef").await).await;
    assert_eq!(less.unwrap().size, 2);
    let huge = get(hanging("HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n").await).await;
    assert!(matches!(huge, Err(OutboundError::BodyTooLarge { .. })), "{huge:?}");
    for nonsense in ["-1", "ten", "2\r\ncontent-length: 3", "99999999999999999999999"] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {nonsense}\r\n\r\nab");
        let wrong = get(Server::saying(head).await).await;
        assert!(matches!(wrong, Err(OutboundError::NotHttp { .. })), "{nonsense}: {wrong:?}");
    }
}

#[tokio::test]
async fn a_flood_of_headers_is_stopped() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(500));
    let large = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(MOST_HEADER_BYTES));
    for server in [
        endless("HTTP/1.1 200 OK\r\nx: ", &[b'y'; 1_000]).await,
        endless("HTTP/1.1 200 OK\r\n", b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n").await,
        Server::saying(many).await,
        Server::saying(large).await,
    ] {
        let flood = fetch(&local(), &server.url("/")).await;
        assert!(matches!(flood, Err(OutboundError::HeadTooLarge { .. })), "{flood:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_named() {
    for text in ["SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        let server = Server::saying(text).await;
        let wrong = fetch(&local(), &server.url("/")).await;
        assert!(matches!(wrong, Err(OutboundError::NotHttp { .. })), "{text:?}: {wrong:?}");
    }
    let server = Server::saying("").await;
    let nothing = fetch(&local(), &server.url("/")).await;
    assert!(matches!(nothing, Err(OutboundError::BrokenOff { .. })), "{nothing:?}");
}

#[tokio::test]
async fn nothing_is_decompressed() {
    // 28 bytes that say they are a gzip of something.
    let bomb = b"\x1f\x8b\x08\0\0\0\0\0\x02\xffbombbombbombbomb";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let server = Server::saying([head.as_bytes(), bomb].concat()).await;
    let refused = fetch(&local(), &server.url("/")).await;
    assert!(matches!(refused, Err(OutboundError::Compressed { .. })), "{refused:?}");
    let answer = post(&local(), &server.url("/"), answer_limits(4_096, 20_000)).await.unwrap();
    assert_eq!((answer.body.as_slice(), answer.ending), (bomb.as_slice(), Ending::Whole));
    let plain = Server::saying("HTTP/1.1 200 OK\r\ncontent-encoding: Identity\r\n\r\nab").await;
    assert_eq!(fetch(&local(), &plain.url("/")).await.unwrap().1, b"ab");
}

#[tokio::test]
async fn an_answer_that_is_no_file_is_named() {
    for (status, passing) in [(404, false), (204, false), (206, false), (304, false), (503, true), (429, true)] {
        let server = Server::saying(format!("HTTP/1.1 {status} So\r\n\r\n")).await;
        let error = fetch(&local(), &server.url("/")).await.unwrap_err();
        assert!(matches!(&error, OutboundError::Status { status: found, .. } if found.as_u16() == status), "{error:?}");
        assert_eq!(error.is_passing(), passing, "{status}");
    }
}

#[tokio::test]
async fn a_status_counts_however_the_body_ends() {
    for (server, body, ending) in [
        (Server::saying("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok").await, "ok", Ending::Whole),
        (Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok").await, "ok", Ending::BrokenOff),
        (Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nabcdef").await, "abcd", Ending::Cut),
        (Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd").await, "abcd", Ending::Whole),
        (hanging("HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\nok").await, "ok", Ending::TimedOut),
        (endless("HTTP/1.1 500 No\r\n\r\n", b"abcd").await, "abcd", Ending::Cut),
    ] {
        let answer = post(&local(), &server.url("/"), answer_limits(4, 500)).await.unwrap();
        assert!(answer.status.as_u16() >= 200);
        assert_eq!((String::from_utf8_lossy(&answer.body).as_ref(), answer.ending), (body, ending));
        assert_eq!(answer.address, Some(server.address));
    }
}

#[tokio::test]
async fn nobody_there_is_said() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = fetch(&local(), &format!("http://{gone}/")).await.unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1 cannot be reached: it refuses connections.");
    assert!(error.is_passing());
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind() {
    let server = hanging("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in");
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let hear = move |received: Received| tell.send(received.bytes).unwrap();
    let (outbound, url) = (local(), server.url("/"));
    let fetching = outbound.fetch_to_file(&url, &path, &LIMITS, &hear);
    tokio::select! {
        done = fetching => panic!("{done:?}"),
        bytes = told.recv() => assert_eq!(bytes, Some(3)),
    }
    assert!(!path.exists());
}

#[tokio::test]
async fn a_sink_that_is_full_is_said() {
    let server = Server::saying("HTTP/1.1 200 OK\r\n\r\nabc").await;
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/folder");
    let error = local().fetch_to_file(&server.url("/"), &nowhere, &LIMITS, &|_| ()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Write(_)), "{error:?}");
    let mut full = tokio::fs::OpenOptions::new().write(true).open("/dev/full").await.unwrap();
    let error = local().fetch(&server.url("/"), &LIMITS, &mut full, &|_| ()).await.unwrap_err();
    assert!(matches!(error, OutboundError::Write(_)), "{error:?}");
}

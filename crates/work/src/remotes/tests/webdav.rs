//! WebDAV: permissions, and servers that lie, pass on, break off or hang.

use serde_json::json;
use testkit::stores::{Cut, webdavd};

use super::scripted::{Web, answer};
use super::*;

fn at(port: u16) -> Remote {
    read(json!({"type": "webdav", "url": format!("http://127.0.0.1:{port}/dav"), "path": "in", "user": "ada"}))
}

#[tokio::test]
async fn other_passwords_do_not_open() {
    let server = webdavd().await;
    let error = remotes().check(&by_webdav(&server), &wrong_password()).await.unwrap_err();
    assert_eq!(said(&error), "127.0.0.1 does not let ada in. Check the name and the password.");
    let error = put(&remotes(), &by_webdav(&server), &wrong_password(), "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::SignIn { .. }), "{error:?}");
    assert!(server.names().is_empty());
}

#[tokio::test]
async fn what_is_not_allowed_or_not_there_is_said() {
    let server = webdavd().await;
    server.has("there.wav", b"abc");
    let Remote::WebDav(at) = by_webdav(&server) else { panic!() };
    let elsewhere = Remote::WebDav(model::remote::WebDav { path: "no such".to_owned(), ..at });
    let error = remotes().check(&elsewhere, &password()).await.unwrap_err();
    assert_eq!(said(&error), "127.0.0.1 has no folder \"no such\". Check the spelling, or make it there first.");
    let error = put(&remotes(), &elsewhere, &password(), "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::NoFolder { .. } | RemoteError::Denied { .. }), "{error:?}");
    server.may_write(false);
    let checked = remotes().check(&by_webdav(&server), &password()).await;
    // Apache says of a file that the system does not let it write that it has an error of its own.
    match checked {
        Ok(checked) => assert!(checked.may_read && !checked.may_write),
        Err(error) => assert!(matches!(error, RemoteError::Busy { .. } | RemoteError::Denied { .. }), "{error:?}"),
    }
    server.may_write(true);
    assert_eq!(server.names(), ["there.wav"]);
}

#[tokio::test]
async fn statuses_are_put_into_words() {
    let meant = [
        (
            "507 Insufficient Storage",
            "127.0.0.1 has no room left for this file. Delete something there, or get more room.",
            true,
        ),
        (
            "403 Forbidden",
            "127.0.0.1 does not allow it: writing a file. Whoever runs it can give the permission.",
            false,
        ),
        ("409 Conflict", "127.0.0.1 has no folder \"in\". Check the spelling, or make it there first.", false),
        ("503 Service Unavailable", "127.0.0.1 does not take it now: 503 Service Unavailable.", true),
        ("301 Moved", "127.0.0.1 passes this address on to another. Give the address that it leads to.", false),
        (
            "418 I'm a teapot",
            "127.0.0.1 answers 418 I'm a teapot where an answer of WebDAV is expected. This may be no server of that kind, or not its address.",
            false,
        ),
    ];
    for (status, text, passing) in meant {
        let server = Web::start(move |_| answer(status, "location: http://169.254.169.254/\r\n", "")).await;
        let error = put(&remotes(), &at(server.port), &password(), "a.wav", 3).await.unwrap_err();
        assert_eq!((said(&error).as_str(), error.is_passing()), (text, passing));
    }
    let site = Web::start(|_| answer("200 OK", "", "<html>Welcome</html>")).await;
    let error = remotes().check(&at(site.port), &password()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Strange { wanted: "a list of files by WebDAV", .. }), "{error:?}");
}

#[tokio::test]
async fn a_part_is_removed_when_it_cannot_be_moved() {
    let server = Web::start(|head| match head.split(' ').next().unwrap_or_default() {
        "MOVE" => answer("403 Forbidden", "", ""),
        _ => answer("201 Created", "", ""),
    })
    .await;
    let error = put(&remotes(), &at(server.port), &password(), "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::Denied { what: "renaming a file", .. }), "{error:?}");
    let asked = server.asked();
    let part = asked[0].strip_prefix("PUT /dav/in/").unwrap();
    assert_eq!(asked[1..], [format!("MOVE /dav/in/{part}"), format!("DELETE /dav/in/{part}")]);
    // A server that cannot move at all gets the file under its name.
    let server = Web::start(|head| match head.split(' ').next().unwrap_or_default() {
        "MOVE" => answer("501 Not Implemented", "", ""),
        _ => answer("201 Created", "", ""),
    })
    .await;
    put(&remotes(), &at(server.port), &password(), "a b.wav", 3).await.unwrap();
    let asked = server.asked();
    assert_eq!((asked.len(), asked[2].as_str()), (4, "PUT /dav/in/a%20b.wav"));
    assert!(asked[3].starts_with("DELETE /dav/in/soundpost-"), "{asked:?}");
}

#[tokio::test]
async fn lists_with_tricks_in_them_are_read() {
    let file = |href: &str, size: &str| {
        format!(
            "<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:resourcetype/><d:getcontentlength>{size}</d:getcontentlength></d:prop></d:propstat></d:response>"
        )
    };
    let hrefs = [
        "/dav/in/..%2f..%2fetc%2fpasswd.wav",
        "/dav/in/a%0Ab.wav",
        "/dav/in/fine.wav",
        "http://elsewhere.example/b.wav",
        "/dav/in/%ff.wav",
        "",
    ];
    let list = hrefs.map(|href| file(href, "0")).concat();
    let body = format!("<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\">{list}</d:multistatus>");
    let server = Web::start(move |_| answer("207 Multi-Status", "", &body)).await;
    let listing = remotes().list(&at(server.port), &password(), 10).await.unwrap();
    let names: Vec<_> = listing.files.iter().map(|file| file.name.as_str()).collect();
    // Whatever the address says, a name is asked for in the folder.
    assert_eq!((names, listing.passed_over, listing.more), (vec!["b.wav", "fine.wav"], 2, false));

    let endless = format!("<d:multistatus>{}", file("/dav/in/fine.txt", "1").repeat(80_000));
    let server = Web::start(move |_| answer("207 Multi-Status", "", &endless)).await;
    let listing = remotes().list(&at(server.port), &password(), 10).await.unwrap();
    assert_eq!((listing.files.len(), listing.more), (0, true));
}

#[tokio::test]
async fn a_wire_that_is_cut_leaves_nothing_half() {
    let server = webdavd().await;
    server.has("there.wav", &file(2_000_000).2);
    let through =
        |wire: &Cut| read(json!({"type": "webdav", "url": format!("http://127.0.0.1:{}", wire.port), "user": "ada"}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("to.wav");
    let wire = Cut::after(1_000_000, server.port).await;
    let cut = remotes().fetch_to_file(&through(&wire), &password(), "there.wav", &path, 1 << 30, &|_| ()).await;
    assert!(matches!(cut, Err(RemoteError::Outbound(OutboundError::BrokenOff { .. }))), "{cut:?}");
    assert!(!path.exists());
    let wire = Cut::after(1_000_000, server.port).await;
    let cut = put(&remotes(), &through(&wire), &password(), "new.wav", 2_000_000).await.unwrap_err();
    assert!(matches!(cut, RemoteError::Outbound(OutboundError::BrokenOff { .. })) && cut.is_passing(), "{cut:?}");
    // Apache has a file of its own for what comes in, until it notices that nothing more does.
    let names: Vec<_> = server.names().into_iter().filter(|name| !name.starts_with(".davfs.tmp")).collect();
    assert_eq!(names, ["there.wav"]);
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let hasty = || remotes_that("127.0.0.0/8", HASTY);
    let server = Web::start(|_| String::new()).await;
    for error in [
        hasty().check(&at(server.port), &password()).await.unwrap_err(),
        put(&hasty(), &at(server.port), &password(), "a.wav", 30_000_000).await.unwrap_err(),
        fetched(&hasty(), &at(server.port), &password(), "a.wav").await.unwrap_err(),
    ] {
        assert!(
            matches!(error, RemoteError::Outbound(OutboundError::Silent { .. })) && error.is_passing(),
            "{error:?}"
        );
    }
}

//! FTP: permissions, where data may come from, and servers that lie, flood, break off or hang.

use serde_json::json;
use testkit::stores::ftpd;

use super::scripted::{Ftp, Say};
use super::*;

#[expect(clippy::unnecessary_wraps, reason = "answers are told apart from the usual ones by being there")]
fn line(text: &str) -> Option<Say> {
    Some(Say::Line(text.to_owned()))
}

async fn checked(server: &Ftp) -> Result<Checked, RemoteError> {
    remotes_that("127.0.0.0/8", HASTY).check(&by_ftp(server.port), &password()).await
}

#[tokio::test]
async fn other_passwords_do_not_open() {
    let server = ftpd(json!({"tls": "none"}));
    let error = remotes().check(&by_ftp(server.port), &wrong_password()).await.unwrap_err();
    assert_eq!(said(&error), "127.0.0.1 does not let ada in. Check the name and the password.");
    assert!(matches!(error, RemoteError::SignIn { .. }) && !error.is_passing());
}

#[tokio::test]
async fn what_is_not_allowed_is_said() {
    let server = ftpd(json!({"tls": "none", "may": "elr"}));
    let remote = by_ftp(server.port);
    server.has("there.wav", b"abc");
    let checked = remotes().check(&remote, &password()).await.unwrap();
    assert!(checked.may_read && !checked.may_write);
    let error = put(&remotes(), &remote, &password(), "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::Denied { .. }), "{error:?}");
    assert_eq!(fetched(&remotes(), &remote, &password(), "there.wav").await.unwrap(), b"abc");
    let elsewhere = read(json!({
        "type": "ftp", "host": "127.0.0.1", "port": server.port, "user": "ada", "tls": "none", "path": "no/such"
    }));
    let error = remotes().list(&elsewhere, &password(), 1).await.unwrap_err();
    assert!(matches!(&error, RemoteError::NoFolder { path, .. } if path == "no/such"), "{error:?}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_stays() {
    let server = ftpd(json!({"tls": "none", "full": true}));
    let error = put(&remotes(), &by_ftp(server.port), &password(), "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::Full { .. }) && error.is_passing(), "{error:?}");
    assert!(server.names().is_empty());
    // In the middle of the data: the server hangs up on it and says why.
    let server = Ftp::start(|command| match command.split(' ').next().unwrap_or_default() {
        "STOR" => Some(Say::Send(Vec::new(), "452 There is no room left")),
        _ => None,
    })
    .await;
    let error = put(&remotes(), &by_ftp(server.port), &password(), "a.wav", 5_000_000).await.unwrap_err();
    assert!(matches!(error, RemoteError::Full { .. }), "{error:?}");
    let part = server.asked().iter().find_map(|asked| asked.strip_prefix("STOR ").map(str::to_owned)).unwrap();
    assert!(part.starts_with("soundpost-") && server.asked().contains(&format!("DELE {part}")), "{:?}", server.asked());
}

#[tokio::test]
async fn data_comes_from_whoever_was_asked() {
    // The reply to PASV names 203.0.113.7, which is nobody's; EPSV is not known.
    let server = ftpd(json!({"tls": "none", "elsewhere": "203.0.113.7", "without": ["EPSV"]}));
    server.has("there.wav", b"abc");
    assert_eq!(fetched(&remotes(), &by_ftp(server.port), &password(), "there.wav").await.unwrap(), b"abc");
    // Ports of other services are not asked there either.
    let server = Ftp::start(|command| match command {
        "EPSV" => line("229 there (|||25|)"),
        _ => None,
    })
    .await;
    let error = checked(&server).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::Port { port: 25 })), "{error:?}");
}

#[tokio::test]
async fn what_is_said_before_it_is_encrypted_is_not_believed() {
    let with_tls = |port: u16| read(json!({"type": "ftp", "host": "secure.example", "port": port, "user": "ada"}));
    for (reply, what) in [
        ("500 what is that", "it does not agree to an encrypted connection"),
        ("234 go on\r\n230 in", "somebody speaks before the connection is encrypted"),
    ] {
        let server = Ftp::start(move |command| (command == "AUTH TLS").then(|| Say::Line(reply.to_owned()))).await;
        let error = remotes().check(&with_tls(server.port), &password()).await.unwrap_err();
        assert_eq!(said(&error), format!("secure.example cannot be trusted: {what}."));
        assert_eq!(server.asked(), ["AUTH TLS"], "nothing secret is said");
    }
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("server.pem");
    std::fs::write(&certificate, CERTIFICATE).unwrap();
    let server = ftpd(json!({"tls": "explicit", "certificate": certificate}));
    let other = read(json!({"type": "ftp", "host": "other.example", "port": server.port, "user": "ada"}));
    let error = remotes().check(&other, &password()).await.unwrap_err();
    assert_eq!(said(&error), "other.example cannot be trusted: its certificate is for another name.");
    // A server that wants TLS, and somebody who does not.
    let error = remotes().check(&by_ftp(server.port), &password()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Denied { .. } | RemoteError::SignIn { .. }), "{error:?}");
}

#[tokio::test]
async fn a_wire_that_is_cut_leaves_nothing_half() {
    let server = Ftp::start(|command| match command.split(' ').next().unwrap_or_default() {
        "SIZE" => line("213 9"),
        "RETR" => Some(Say::Send(b"abc".to_vec(), "226 all of it")),
        "STOR" => Some(Say::TakeAndCut(100_000)),
        _ => None,
    })
    .await;
    let (folder, remote) = (tempfile::tempdir().unwrap(), by_ftp(server.port));
    let path = folder.path().join("to.wav");
    let error = remotes().fetch_to_file(&remote, &password(), "a.wav", &path, 1 << 30, &|_| ()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::BrokenOff { .. })) && error.is_passing(), "{error:?}");
    assert!(!path.exists());
    let error = put(&remotes(), &remote, &password(), "a.wav", 20_000_000).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::BrokenOff { .. })), "{error:?}");
    let asked = server.asked();
    let part = asked.iter().find_map(|asked| asked.strip_prefix("STOR ")).unwrap();
    assert!(
        asked.contains(&format!("DELE {part}")) && !asked.iter().any(|asked| asked.starts_with("RNTO")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn a_file_that_is_shorter_there_is_none() {
    // The server takes the end of a cut connection for the end of the file, and says that all is well.
    for (size, whole) in [("213 2", false), ("213 3", true), ("550 what", true)] {
        let server = Ftp::start(move |command| match command.split(' ').next().unwrap_or_default() {
            "STOR" => Some(Say::Take("226 all of it")),
            "SIZE" => line(size),
            _ => None,
        })
        .await;
        let done = put(&remotes(), &by_ftp(server.port), &password(), "a.wav", 3).await;
        assert_eq!(done.is_ok(), whole, "{size}: {done:?}");
        let asked = server.asked();
        assert_eq!(asked.contains(&"RNTO a.wav".to_owned()), whole, "{asked:?}");
        assert_eq!(asked.iter().any(|asked| asked.starts_with("DELE soundpost-")), !whole, "{asked:?}");
    }
}

#[tokio::test]
async fn a_transfer_that_the_server_takes_back_is_none() {
    for (after, passing) in [("426 cut", true), ("451 disk trouble", true), ("550 no", false)] {
        let server = Ftp::start(move |command| match command.split(' ').next().unwrap_or_default() {
            "SIZE" => line("550 no size"),
            "RETR" => Some(Say::Send(b"abc".to_vec(), after)),
            _ => None,
        })
        .await;
        let error = fetched(&remotes(), &by_ftp(server.port), &password(), "a.wav").await.unwrap_err();
        assert_eq!(error.is_passing(), passing, "{after}: {error:?}");
    }
}

#[tokio::test]
async fn lists_with_tricks_in_them_are_read() {
    let list = "type=dir; folder.wav\r\ntype=file;size=7; ../../etc/passwd.wav\r\ntype=file;size=7; fine.wav\r\n\
                type=file;size=-1; odd.wav\r\ntype=file;size=99999999999999999999; huge.wav\r\nnonsense\r\n\r\n\
                type=file;size=0;modify=tomorrow; empty.wav\r\ntype=file; a\\b.wav";
    let server =
        Ftp::start(move |command| (command == "MLSD").then(|| Say::Send(list.as_bytes().to_vec(), "226 done"))).await;
    let listing = remotes().list(&by_ftp(server.port), &password(), 10).await.unwrap();
    let names: Vec<_> = listing.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!(names, [("empty.wav", Some(0)), ("fine.wav", Some(7)), ("huge.wav", None), ("odd.wav", None)]);
    assert_eq!((listing.passed_over, listing.more), (2, false));
}

#[tokio::test]
async fn floods_are_bounded() {
    // A list that does not end, by lines and without any; as much as is wanted of it is taken.
    for again in [b"type=file;size=7; fine.wav\r\n".to_vec(), vec![b'a'; 1_000], b"type=file; notes.txt\r\n".to_vec()] {
        let wanted = usize::from(again.len() == 28) * 10;
        let server = Ftp::start(move |command| (command == "MLSD").then(|| Say::SendForEver(again.clone()))).await;
        let listing = remotes().list(&by_ftp(server.port), &password(), 10).await.unwrap();
        assert_eq!((listing.files.len(), listing.more), (wanted, true));
    }
    // Replies that do not end.
    for flood in ["2".repeat(100_000), "220-\r\n".repeat(10_000), "x".repeat(100)] {
        let server = Ftp::start(move |command| (command == "(greeting)").then(|| Say::Line(flood.clone()))).await;
        let error = checked(&server).await.unwrap_err();
        assert!(matches!(&error, RemoteError::Strange { wanted: "FTP", .. }), "{error:?}");
    }
    // A file that does not end.
    let server = Ftp::start(|command| match command.split(' ').next().unwrap_or_default() {
        "SIZE" => line("213 10"),
        "RETR" => Some(Say::SendForEver(vec![b'a'; 1_000])),
        _ => None,
    })
    .await;
    let mut sink = Vec::new();
    let large = remotes().fetch(&by_ftp(server.port), &password(), "a.wav", &mut sink, 100_000, &|_| ()).await;
    assert!(matches!(large, Err(RemoteError::Outbound(OutboundError::BodyTooLarge { .. }))), "{large:?}");
    assert!(sink.len() <= 100_000);
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    for hangs in ["(greeting)", "USER", "PASS", "TYPE", "EPSV", "MLSD", "STOR", "DELE"] {
        let server = Ftp::start(move |command| match command.split(' ').next().unwrap_or_default() {
            name if name == hangs => Some(Say::Nothing),
            "MLSD" => Some(Say::Send(Vec::new(), "226 done")),
            "STOR" => Some(Say::SendNothing),
            _ => None,
        })
        .await;
        let error = checked(&server).await.unwrap_err();
        assert!(
            matches!(error, RemoteError::Outbound(OutboundError::Silent { .. })) && error.is_passing(),
            "{hangs}: {error:?}"
        );
    }
    let server = Ftp::start(|command| (command == "MLSD").then_some(Say::SendNothing)).await;
    let error = checked(&server).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::Silent { .. })), "{error:?}");
}

#[tokio::test]
async fn what_a_server_repeats_of_a_password_is_not_told() {
    let server = Ftp::start(|command| match command.split(' ').next().unwrap_or_default() {
        "TYPE" => line(&format!("599 you said {PASSWORD}")),
        _ => None,
    })
    .await;
    let error = checked(&server).await.unwrap_err();
    assert!(said(&error).contains("you said …"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    for (command, text) in [("(greeting)", "421 too many"), ("PASS", "421 too many"), ("CWD", "421 closing")] {
        let server = Ftp::start(move |asked| asked.starts_with(command).then(|| Say::Line(text.to_owned()))).await;
        let error = checked(&server).await;
        assert!(command == "CWD" || error.unwrap_err().is_passing(), "{command}");
    }
}

//! SFTP: keys of both sides, permissions, wires that are cut, and servers that lie or hang.

use serde_json::json;
use testkit::stores::{Cut, sftp_by_password, sshd};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn keys_open_and_other_keys_do_not() {
    let server = sshd().await;
    let (remotes, remote) = (remotes(), by_sftp(&server));
    for (name, passphrase) in [("ed25519", None), ("rsa", None), ("locked", Some(PASSWORD))] {
        let checked = remotes.check(&remote, &key_of(&server, name, passphrase)).await.unwrap();
        assert!(checked.may_write, "{name}: {checked:?}");
    }
    let other = sshd().await;
    let error = remotes.check(&remote, &key_of(&other, "ed25519", None)).await.unwrap_err();
    assert!(matches!(&error, RemoteError::SignIn { what: "key", .. }), "{error:?}");
    assert!(said(&error).contains("Check the name and the key."));
    for (name, passphrase, why) in [
        ("locked", None, "it is locked, and its passphrase was not given"),
        ("locked", Some("hunter2"), "the passphrase is not its own, or it is no private key"),
        ("authorized", None, "it is no private key, or one of a kind that is not known here"),
    ] {
        let error = remotes.check(&remote, &key_of(&server, name, passphrase)).await.unwrap_err();
        assert_eq!(said(&error), format!("The private key cannot be read: {why}."));
    }
    // OpenSSH is not asked by password here.
    let error = remotes.check(&remote, &wrong_password()).await.unwrap_err();
    assert!(matches!(&error, RemoteError::SignIn { what: "password", .. }), "{error:?}");
}

#[tokio::test]
async fn passwords_open_and_other_passwords_do_not() {
    for ask in ["password", "question"] {
        let server = sftp_by_password(json!({"ask": ask}));
        let error = remotes().check(&by_sftp(&server), &wrong_password()).await.unwrap_err();
        assert!(matches!(&error, RemoteError::SignIn { user, .. } if user == "ada"), "{error:?}");
        assert_eq!(said(&error), "127.0.0.1 does not let ada in. Check the name and the password.");
        assert!(!error.is_passing());
    }
}

#[tokio::test]
async fn a_server_is_known_by_its_key() {
    let server = sshd().await;
    let (remotes, secret) = (remotes(), key_of(&server, "ed25519", None));
    let unknown = by_sftp(&server);
    let error = remotes.list(&unknown, &secret, 1).await.unwrap_err();
    assert!(matches!(error, RemoteError::HostKeyUnknown { .. }), "{error:?}");
    let Remote::Sftp(mut at) = met(&remotes, unknown, &secret).await else { panic!() };
    let fingerprint = testkit::witness::run("ssh-keygen", &["-lf", testkit::witness::text(&server.beside("host.pub"))]);
    assert!(fingerprint.contains(at.host_key.as_deref().unwrap()), "{fingerprint}: {:?}", at.host_key);
    remotes.list(&Remote::Sftp(at.clone()), &secret, 1).await.unwrap();

    // The same name and port, and somebody else behind it.
    let other = sshd().await;
    at.port = other.port;
    for error in [
        remotes.list(&Remote::Sftp(at.clone()), &secret, 1).await.unwrap_err(),
        put(&remotes, &Remote::Sftp(at.clone()), &secret, "a.wav", 3).await.unwrap_err(),
        remotes.check(&Remote::Sftp(at.clone()), &secret).await.unwrap_err(),
    ] {
        assert!(matches!(error, RemoteError::HostKeyChanged { .. }), "{error:?}");
        assert!(said(&error).contains("Somebody may be in between."));
    }
    assert!(other.names().is_empty());
}

#[tokio::test]
async fn what_is_not_allowed_is_said() {
    let server = sshd().await;
    let (remotes, secret) = (remotes(), key_of(&server, "ed25519", None));
    let remote = met(&remotes, by_sftp(&server), &secret).await;
    server.may_write(false);
    let checked = remotes.check(&remote, &secret).await.unwrap();
    assert!(checked.may_read && !checked.may_write);
    let error = put(&remotes, &remote, &secret, "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::Denied { .. }), "{error:?}");
    assert!(said(&error).starts_with("127.0.0.1 does not allow it: writing a file."));
    server.may_write(true);
    let Remote::Sftp(at) = remote else { panic!() };
    let elsewhere = Remote::Sftp(model::remote::Sftp { path: "no/such".to_owned(), ..at });
    let error = remotes.list(&elsewhere, &secret, 1).await.unwrap_err();
    assert_eq!(said(&error), "127.0.0.1 has no folder \"no/such\". Check the spelling, or make it there first.");
    let error = put(&remotes, &elsewhere, &secret, "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::NoFolder { .. }), "{error:?}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_stays() {
    let server = sftp_by_password(json!({"ask": "password", "full": true}));
    let error = remotes().check(&by_sftp(&server), &password()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Full { .. }) && error.is_passing(), "{error:?}");
    assert!(server.names().is_empty(), "{:?}", server.names());
    let read_only = sftp_by_password(json!({"ask": "password", "read_only": true}));
    let checked = remotes().check(&by_sftp(&read_only), &password()).await.unwrap();
    assert!(checked.may_read && !checked.may_write);
}

#[tokio::test]
async fn lists_with_tricks_in_them_are_read() {
    let server = sftp_by_password(json!({"ask": "password", "hostile": true}));
    let remote = met(&remotes(), by_sftp(&server), &password()).await;
    let listing = remotes().list(&remote, &password(), 100).await.unwrap();
    let names: Vec<_> = listing.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!(names, [("empty.wav", Some(0)), ("fine.mp3", Some(0))]);
    assert_eq!((listing.more, listing.passed_over), (false, 4));
}

#[tokio::test]
async fn a_wire_that_is_cut_leaves_nothing_half() {
    let server = sshd().await;
    let secret = key_of(&server, "ed25519", None);
    server.has("there.wav", &file(2_000_000).2);
    let Remote::Sftp(at) = met(&remotes(), by_sftp(&server), &secret).await else { panic!() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("to.wav");
    let wire = Cut::after(1_000_000, server.port).await;
    let cut = Remote::Sftp(model::remote::Sftp { port: wire.port, ..at.clone() });
    let error = remotes().fetch_to_file(&cut, &secret, "there.wav", &path, 1 << 30, &|_| ()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::BrokenOff { .. })) && error.is_passing(), "{error:?}");
    assert!(!path.exists());

    let wire = Cut::after(1_000_000, server.port).await;
    let cut = Remote::Sftp(model::remote::Sftp { port: wire.port, ..at });
    let error = put(&remotes(), &cut, &secret, "new.wav", 2_000_000).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::BrokenOff { .. })), "{error:?}");
    assert_eq!(server.names(), ["there.wav"]);
}

#[tokio::test]
async fn who_gives_up_leaves_nothing_behind() {
    let server = sshd().await;
    let (remotes, secret) = (remotes(), key_of(&server, "ed25519", None));
    let remote = met(&remotes, by_sftp(&server), &secret).await;
    let (_folder, path, _) = file(50_000_000);
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let hear = move |moved: Moved| {
        let _ = tell.send(moved.bytes);
    };
    tokio::select! {
        done = remotes.put(&remote, &secret, "new.wav", &path, &hear) => panic!("{done:?}"),
        _ = told.recv() => {}
    }
    // The part is removed by a task of its own, which nobody waits for.
    for _ in 0..500 {
        if server.names().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?} stays", server.names());
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            // The first says nothing, the second its name and then nothing.
            if !held.is_empty() {
                let _ = stream.write_all(b"SSH-2.0-hangs\r\n").await;
            }
            held.push(stream);
        }
    });
    let remote = read(json!({"type": "sftp", "host": "127.0.0.1", "port": port, "user": "ada"}));
    for _ in 0..2 {
        let error = remotes_that("127.0.0.0/8", HASTY).check(&remote, &password()).await.unwrap_err();
        let is_silence =
            matches!(error, RemoteError::Outbound(OutboundError::Silent { .. } | OutboundError::Unreachable { .. }));
        assert!(is_silence && error.is_passing(), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_ssh_is_said() {
    for text in ["HTTP/1.1 400 Bad Request\r\n\r\n", "220 ftp.example\r\n", "", "SSH-1.0-old\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        });
        let remote = read(json!({"type": "sftp", "host": "127.0.0.1", "port": port, "user": "ada"}));
        let error = remotes_that("127.0.0.0/8", HASTY).check(&remote, &password()).await.unwrap_err();
        assert!(
            matches!(error, RemoteError::Strange { .. } | RemoteError::Outbound(OutboundError::BrokenOff { .. })),
            "{text}: {error:?}"
        );
    }
}

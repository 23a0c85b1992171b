//! What holds for every store alike.

use serde_json::json;
use testkit::stores::{ftpd, sftp_by_password, sshd, webdavd};

use super::*;

/// Puts, lists, fetches, replaces: names with spaces and letters of other languages, nothing at all, and more than a piece.
async fn both_ways(remote: &Remote, secret: &RemoteSecret, names: impl Fn() -> Vec<String>) {
    let remotes = remotes();
    assert!(names().is_empty(), "{:?}", names());
    let checked = remotes.check(remote, secret).await.unwrap();
    assert!(checked.may_read && checked.may_write, "{checked:?}");
    assert!(names().is_empty(), "a test leaves nothing behind: {:?}", names());
    assert_eq!(remotes.list(remote, secret, 10).await.unwrap().files, []);

    let (_folder, path, content) = file(3_000_001);
    let heard = Mutex::new(Vec::new());
    let hear = |moved: Moved| heard.lock().unwrap().push((moved.bytes, moved.of));
    let put_there = remotes.put(remote, secret, "Füße & 1 50% #+?.wav", &path, &hear).await.unwrap();
    assert_eq!(put_there.bytes, 3_000_001);
    assert_eq!(heard.lock().unwrap().last(), Some(&(3_000_001, Some(3_000_001))));
    put(&remotes, remote, secret, "empty.mp3", 0).await.unwrap();
    put(&remotes, remote, secret, "notes.txt", 7).await.unwrap();
    assert_eq!(names(), ["Füße & 1 50% #+?.wav", "empty.mp3", "notes.txt"]);

    let listing = remotes.list(remote, secret, 10).await.unwrap();
    let listed: Vec<_> = listing.files.iter().map(|file| (file.name.as_str(), file.size)).collect();
    assert_eq!(listed, [("Füße & 1 50% #+?.wav", Some(3_000_001)), ("empty.mp3", Some(0))]);
    // Not before this was written, and not in another century.
    let dates = listing.files.iter().map(|file| file.changed.unwrap().as_ms() / 1_000);
    assert!(dates.clone().all(|at| (1_767_225_600..4_102_444_800).contains(&at)), "{:?}", dates.collect::<Vec<_>>());
    assert!(!listing.more && listing.passed_over == 0);
    let first = remotes.list(remote, secret, 1).await.unwrap();
    assert_eq!((first.files.len(), first.more), (1, true));

    heard.lock().unwrap().clear();
    let (folder, to) = (tempfile::tempdir().unwrap(), "Füße & 1 50% #+?.wav");
    let path = folder.path().join("to.wav");
    let bytes = remotes.fetch_to_file(remote, secret, to, &path, 3_000_001, &hear).await.unwrap();
    assert_eq!((bytes, std::fs::read(&path).unwrap() == content), (3_000_001, true));
    assert_eq!(heard.lock().unwrap().last(), Some(&(3_000_001, Some(3_000_001))));
    assert_eq!(fetched(&remotes, remote, secret, "empty.mp3").await.unwrap(), b"");

    // What has the name is replaced.
    put(&remotes, remote, secret, "empty.mp3", 9).await.unwrap();
    assert_eq!(fetched(&remotes, remote, secret, "empty.mp3").await.unwrap().len(), 9);

    // Neither more than is allowed nor what is not there.
    let large = remotes.fetch_to_file(remote, secret, to, &path, 3_000_000, &|_| ()).await.unwrap_err();
    assert!(matches!(large, RemoteError::Outbound(OutboundError::BodyTooLarge { limit: 3_000_000, .. })), "{large:?}");
    assert!(!path.exists());
    let gone = fetched(&remotes, remote, secret, "no such.wav").await.unwrap_err();
    assert!(matches!(&gone, RemoteError::NoFile { name, .. } if name == "no such.wav"), "{gone:?}");
    assert!(!gone.is_passing());
    for trick in ["../a.wav", "a/b.wav", "a\r\nDELE notes.txt", ""] {
        assert!(matches!(fetched(&remotes, remote, secret, trick).await, Err(RemoteError::Name(_))));
        assert!(matches!(put(&remotes, remote, secret, trick, 1).await, Err(RemoteError::Name(_))));
    }
    assert_eq!(names().len(), 3);
}

#[tokio::test]
async fn a_bucket_works_both_ways() {
    let server = S3::start().await;
    let (remote, secret) = in_bucket(&server);
    let names = || server.files().iter().map(|name| name.trim_start_matches("of/ada/").to_owned()).collect();
    both_ways(&remote, &secret, names).await;
}

#[tokio::test]
async fn openssh_works_both_ways() {
    let server = sshd().await;
    let secret = key_of(&server, "ed25519", None);
    let remote = met(&remotes(), by_sftp(&server), &secret).await;
    both_ways(&remote, &secret, || server.names()).await;
}

#[tokio::test]
async fn sftp_by_password_works_both_ways() {
    for options in [json!({"ask": "password"}), json!({"ask": "question", "replaces": false})] {
        let server = sftp_by_password(options);
        let remote = met(&remotes(), by_sftp(&server), &password()).await;
        both_ways(&remote, &password(), || server.names()).await;
    }
}

#[tokio::test]
async fn ftp_works_both_ways() {
    // As it is, and as old servers are: no lists that say more than names, no EPSV.
    for options in [json!({"tls": "none"}), json!({"tls": "none", "without": ["MLSD", "EPSV"]})] {
        let server = ftpd(options);
        both_ways(&by_ftp(server.port), &password(), || server.names()).await;
    }
}

#[tokio::test]
async fn ftp_with_tls_works_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("server.pem");
    std::fs::write(&certificate, CERTIFICATE).unwrap();
    for tls in ["explicit", "implicit"] {
        let server = ftpd(json!({"tls": tls, "certificate": certificate}));
        let remote = read(json!({
            "type": "ftp", "host": "secure.example", "port": server.port, "user": "ada", "tls": tls
        }));
        both_ways(&remote, &password(), || server.names()).await;
    }
}

#[tokio::test]
async fn webdav_works_both_ways() {
    let server = webdavd().await;
    both_ways(&by_webdav(&server), &password(), || server.names()).await;
}

#[tokio::test]
async fn what_is_put_has_a_public_address_where_there_is_one() {
    let server = S3::start().await;
    let (remote, secret) = in_bucket(&server);
    let there = put(&remotes(), &remote, &secret, "a b.mp3", 3).await.unwrap();
    assert_eq!(there.address.as_deref(), Some("https://cdn.example/ada/a%20b.mp3"));
    let server = ftpd(json!({"tls": "none"}));
    assert_eq!(put(&remotes(), &by_ftp(server.port), &password(), "a.mp3", 3).await.unwrap().address, None);
}

#[tokio::test]
async fn stores_are_not_gone_to_where_nobody_may_go() {
    let shut = remotes_that("", LIMITS);
    let stores = [
        json!({"type": "ftp", "host": "files.example", "port": 2121, "user": "ada"}),
        json!({"type": "ftp", "host": "127.1", "port": 2121, "user": "ada"}),
        json!({"type": "sftp", "host": "0x7f000001", "user": "ada"}),
        json!({"type": "sftp", "host": "::ffff:127.0.0.1", "user": "ada"}),
        json!({"type": "webdav", "url": "http://files.example:8080/dav", "user": "ada"}),
    ];
    for store in stores {
        let error = shut.check(&read(store.clone()), &password()).await.unwrap_err();
        assert!(matches!(error, RemoteError::Outbound(OutboundError::Refused { .. })), "{store}: {error:?}");
        assert!(said(&error).contains("this machine itself"), "{error}");
    }
    let s3 = json!({"type": "amazons3", "bucket": "b", "endpoint": "http://[::1]:9000", "access_key": "AK"});
    let error = shut.check(&read(s3), &RemoteSecret::SecretKey { secret_key: "s".to_owned() }).await.unwrap_err();
    assert!(matches!(error, RemoteError::Outbound(OutboundError::Refused { .. })), "{error:?}");
}

#[tokio::test]
async fn fields_that_make_no_sense_go_nowhere() {
    let wrong = read(json!({"type": "ftp", "host": "a.example", "user": "ada\r\nDELE x"}));
    let error = remotes().check(&wrong, &password()).await.unwrap_err();
    assert!(matches!(&error, RemoteError::Field(fault) if fault.field == "user"), "{error:?}");
    let error =
        remotes().list(&read(json!({"type": "sftp", "host": "a", "port": 25, "user": "ada"})), &password(), 1).await;
    assert!(matches!(&error, Err(RemoteError::Field(fault)) if fault.field == "port"), "{error:?}");
}

#[tokio::test]
async fn nobody_there_is_said() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = remotes().check(&by_ftp(gone), &password()).await.unwrap_err();
    assert_eq!(said(&error), "127.0.0.1 cannot be reached: it refuses connections.");
    assert!(error.is_passing());
}

#[tokio::test]
async fn a_file_of_ours_that_is_gone_is_said() {
    let server = ftpd(json!({"tls": "none"}));
    let gone = Path::new("/no/such/file");
    let error = remotes().put(&by_ftp(server.port), &password(), "a.wav", gone, &|_| ()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Read(_)), "{error:?}");
}

//! Stores as they are written and read, and faults as they are named.

#![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

use serde_json::json;

use super::*;

fn read(value: serde_json::Value) -> Remote {
    serde_json::from_value(value).unwrap()
}

fn password() -> RemoteSecret {
    RemoteSecret::Password { password: "hunter2".to_owned() }
}

fn faults(value: serde_json::Value, secret: &RemoteSecret) -> Vec<&'static str> {
    let faults = read(value).check(secret).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.field).collect()
}

#[test]
fn what_is_left_out_is_the_usual() {
    let Remote::Ftp(mut ftp) = read(json!({"type": "ftp", "host": "a.example", "user": "ada"})) else { panic!() };
    assert_eq!((ftp.port(), ftp.tls), (21, FtpTls::Explicit));
    ftp.tls = FtpTls::Implicit;
    assert_eq!(ftp.port(), 990);
    let Remote::Sftp(sftp) = read(json!({"type": "sftp", "host": "a.example", "user": "ada"})) else { panic!() };
    assert_eq!((sftp.port, sftp.host_key), (22, None));
    let s3 = read(json!({"type": "amazons3", "bucket": "b", "access_key": "AK", "acl": "public-read"}));
    let Remote::S3(s3) = s3 else { panic!() };
    assert_eq!((s3.region(), s3.acl.map(Acl::word)), ("us-east-1", Some("public-read")));
}

#[test]
fn what_is_written_is_read_again() {
    for value in [
        json!({"type": "amazons3", "bucket": "b", "path": "", "access_key": "AK"}),
        json!({"type": "sftp", "host": "a.example", "port": 2222, "path": "in", "user": "ada", "base_url": "https://a.example/"}),
        json!({"type": "ftp", "host": "a.example", "path": "", "user": "ada", "tls": "none"}),
        json!({"type": "webdav", "url": "https://a.example/dav", "path": "in", "user": "ada"}),
    ] {
        let remote = read(value.clone());
        assert_eq!(serde_json::to_value(&remote).unwrap(), value);
        assert_eq!(value["type"], remote.word());
    }
    assert!(
        serde_json::from_value::<Remote>(json!({"type": "ftp", "host": "a", "user": "b", "passphrase": "c"})).is_err()
    );
}

#[test]
fn acls_have_one_word_each() {
    for acl in
        [Acl::Private, Acl::PublicRead, Acl::AuthenticatedRead, Acl::BucketOwnerRead, Acl::BucketOwnerFullControl]
    {
        assert_eq!(serde_json::to_value(acl).unwrap(), acl.word());
    }
}

#[test]
fn secrets_are_written_for_the_seal_and_shown_to_nobody() {
    for (value, shown) in [
        (json!({"kind": "password", "password": "hunter2"}), "Password(…)"),
        (json!({"kind": "private_key", "private_key": "hunter2", "passphrase": "hunter2"}), "PrivateKey(…)"),
        (json!({"kind": "secret_key", "secret_key": "hunter2"}), "SecretKey(…)"),
    ] {
        let secret: RemoteSecret = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(format!("{secret:?}"), shown);
        assert_eq!(serde_json::to_value(&secret).unwrap(), value);
    }
}

#[test]
fn the_wrong_field_is_named() {
    let fine = [
        json!({"type": "sftp", "host": "a.example", "user": "ada", "path": "/in/ö", "host_key": format!("SHA256:{}", "a".repeat(43))}),
        json!({"type": "ftp", "host": "127.0.0.1", "user": "ada", "port": 2121, "base_url": "https://a.example/files/"}),
        json!({"type": "ftp", "host": "::1", "user": "ada", "port": 990}),
        json!({"type": "webdav", "url": "https://a.example/dav", "user": "ada"}),
    ];
    for value in fine {
        assert_eq!(faults(value.clone(), &password()), [""; 0], "{value}");
    }
    let wrong = [
        (json!({"type": "sftp", "host": "", "user": " "}), vec!["host", "user"]),
        (json!({"type": "sftp", "host": "ssh://a/b", "user": "ada", "port": 21}), vec!["host", "port"]),
        (json!({"type": "sftp", "host": "a", "user": "ada", "host_key": "MD5:1"}), vec!["host_key"]),
        (json!({"type": "ftp", "host": "a", "user": "ada\r\nDELE x", "path": "../b"}), vec!["path", "user"]),
        (json!({"type": "ftp", "host": "a", "user": "ada", "port": 22}), vec!["port"]),
        (
            json!({"type": "webdav", "url": "a.example", "user": "a:b", "base_url": "javascript:1"}),
            vec!["url", "user", "base_url"],
        ),
        (
            json!({"type": "webdav", "url": "https://u:p@a.example", "user": "a", "path": "a".repeat(1_025)}),
            vec!["url", "path"],
        ),
        (
            json!({"type": "webdav", "url": "https://a.example/?a", "user": "a", "base_url": "https://"}),
            vec!["url", "base_url"],
        ),
        (
            json!({"type": "amazons3", "bucket": "a/b", "region": "a b", "endpoint": "s3", "access_key": ""}),
            vec!["bucket", "region", "endpoint", "access_key", "secret_key"],
        ),
    ];
    for (value, fields) in wrong {
        assert_eq!(faults(value.clone(), &password()), fields, "{value}");
    }
}

#[test]
fn what_opens_one_store_does_not_open_another() {
    let key = |text: &str| RemoteSecret::PrivateKey { private_key: text.to_owned(), passphrase: None };
    let sftp = json!({"type": "sftp", "host": "a", "user": "ada"});
    assert_eq!(faults(sftp.clone(), &key("-----BEGIN…")), [""; 0]);
    assert_eq!(faults(sftp.clone(), &key("\n")), ["private_key"]);
    assert_eq!(faults(sftp.clone(), &key(&"a".repeat(40_000))), ["private_key"]);
    let secret = RemoteSecret::SecretKey { secret_key: "s".to_owned() };
    assert_eq!(faults(sftp, &secret), ["password"]);
    assert_eq!(faults(json!({"type": "ftp", "host": "a", "user": "ada"}), &key("k")), ["password"]);
    let s3 = json!({"type": "amazons3", "bucket": "b", "access_key": "AK", "endpoint": "http://127.0.0.1:9000"});
    assert_eq!(faults(s3.clone(), &secret), [""; 0]);
    assert_eq!(faults(s3, &password()), ["secret_key"]);
}

//! S3: keys, regions, parts, and servers that lie, break off or hang.

use serde_json::json;
use testkit::stores::Cut;

use super::scripted::{Web, answer};
use super::*;

fn at(port: u16) -> Remote {
    read(
        json!({"type": "amazons3", "bucket": "b", "endpoint": format!("http://127.0.0.1:{port}"), "access_key": "AK", "acl": "public-read"}),
    )
}

fn secret() -> RemoteSecret {
    RemoteSecret::SecretKey { secret_key: SECRET_KEY.to_owned() }
}

fn error_of(status: &str, code: &str) -> String {
    answer(status, "", &format!("<Error><Code>{code}</Code><Message>Not this time.</Message></Error>"))
}

#[tokio::test]
async fn other_keys_do_not_open() {
    let server = S3::start().await;
    let (remote, _) = in_bucket(&server);
    let wrong = RemoteSecret::SecretKey { secret_key: "hunter2".to_owned() };
    let error = remotes().check(&remote, &wrong).await.unwrap_err();
    assert!(matches!(&error, RemoteError::SignIn { user, .. } if user == ACCESS_KEY), "{error:?}");
    assert!(said(&error).ends_with("Check the name and the secret key."));
    let Remote::S3(at) = remote else { panic!() };
    let elsewhere = Remote::S3(model::remote::S3 { bucket: "no-such".to_owned(), ..at });
    let error = remotes().check(&elsewhere, &secret()).await.unwrap_err();
    assert!(matches!(&error, RemoteError::NoFolder { what: "bucket", .. }), "{error:?}");
}

#[tokio::test]
async fn a_full_store_is_said() {
    let server = S3::start().await;
    let (remote, secret) = in_bucket(&server);
    server.be_full(true);
    let error = put(&remotes(), &remote, &secret, "a.wav", 3).await.unwrap_err();
    assert!(matches!(error, RemoteError::Full { .. }) && error.is_passing(), "{error:?}");
}

#[tokio::test]
async fn a_large_file_is_put_in_parts() {
    let server = S3::start().await;
    let (remote, secret) = in_bucket(&server);
    let (_folder, path, content) = file(20_000_000);
    let heard = Mutex::new(Vec::new());
    let hear = |moved: Moved| heard.lock().unwrap().push(moved.bytes);
    remotes().put(&remote, &secret, "large ö.wav", &path, &hear).await.unwrap();
    assert_eq!(heard.into_inner().unwrap(), [8 << 20, 16 << 20, 20_000_000]);
    assert!(fetched(&remotes(), &remote, &secret, "large ö.wav").await.unwrap() == content);
}

#[tokio::test]
async fn a_wire_that_is_cut_leaves_no_parts() {
    let server = S3::start().await;
    let (Remote::S3(at), secret) = in_bucket(&server) else { panic!() };
    let port = server.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let wire = Cut::after(12_000_000, port).await;
    let through = Remote::S3(model::remote::S3 { endpoint: Some(format!("http://127.0.0.1:{}", wire.port)), ..at });
    let cut = put(&remotes(), &through, &secret, "large.wav", 20_000_000).await.unwrap_err();
    assert!(matches!(cut, RemoteError::Outbound(OutboundError::BrokenOff { .. })) && cut.is_passing(), "{cut:?}");
    assert_eq!(server.files(), [""; 0]);
    // What was half there does not stand in the way.
    put(&remotes(), &through, &secret, "large.wav", 20_000_000).await.unwrap();
    assert_eq!(server.files(), ["of/ada/large.wav"]);
    let wire = Cut::after(1_000_000, port).await;
    let Remote::S3(at) = through else { panic!() };
    let through = Remote::S3(model::remote::S3 { endpoint: Some(format!("http://127.0.0.1:{}", wire.port)), ..at });
    let cut = fetched(&remotes(), &through, &secret, "large.wav").await.unwrap_err();
    assert!(matches!(cut, RemoteError::Outbound(OutboundError::BrokenOff { .. })), "{cut:?}");
}

#[tokio::test]
async fn an_upload_that_fails_is_given_up() {
    for (fails, reply) in [
        ("partNumber=2", error_of("503 Slow", "SlowDown")),
        ("POST /b/a.wav?uploadId", error_of("200 OK", "InternalError")),
    ] {
        let server = Web::start(move |head| {
            if head.contains(fails) {
                reply.clone()
            } else if head.contains("?uploads=") {
                assert!(
                    head.contains("x-amz-acl: public-read\r\n") && head.contains("content-type: audio/wav\r\n"),
                    "{head}"
                );
                assert!(head.contains("SignedHeaders=content-type;host;x-amz-acl;"), "{head}");
                answer(
                    "200 OK",
                    "",
                    "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>",
                )
            } else {
                answer("200 OK", "etag: \"1\"\r\n", "")
            }
        })
        .await;
        let error = put(&remotes(), &at(server.port), &secret(), "a.wav", 20_000_000).await.unwrap_err();
        assert!(matches!(error, RemoteError::Busy { .. }) && error.is_passing(), "{error:?}");
        assert_eq!(server.asked().last().unwrap(), "DELETE /b/a.wav?uploadId=u%2F1");
    }
}

/// Each look at it is ten minutes after the one before.
#[derive(Default)]
struct Slow(std::sync::atomic::AtomicI64);

impl Clock for Slow {
    fn now(&self) -> Time {
        Time::from_ms(self.0.fetch_add(600_000, std::sync::atomic::Ordering::SeqCst))
    }
}

#[tokio::test]
async fn each_part_is_signed_when_it_is_sent() {
    let dates = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&dates);
    let server = Web::start(move |head| {
        let date = head.lines().find_map(|line| line.strip_prefix("x-amz-date: ")).unwrap();
        seen.lock().unwrap().push(date.to_owned());
        let id = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
        answer("200 OK", "etag: \"1\"\r\n", if head.contains("?uploads=") { id } else { "" })
    })
    .await;
    let remotes = remotes_by(Arc::new(Slow::default()), "127.0.0.0/8", LIMITS);
    put(&remotes, &at(server.port), &secret(), "a.wav", 20_000_000).await.unwrap();
    let expected = ["00", "10", "20", "30", "40"].map(|minutes| format!("19700101T00{minutes}00Z"));
    assert_eq!(*dates.lock().unwrap(), expected);
}

#[tokio::test]
async fn refusals_are_put_into_words() {
    let meant = [
        (
            error_of("403 Forbidden", "SignatureDoesNotMatch"),
            "127.0.0.1 does not let AK in. Check the name and the secret key.",
        ),
        (
            error_of("403 Forbidden", "RequestTimeTooSkewed"),
            "The clock of this server and that of 127.0.0.1 are more than minutes apart. Whoever runs Soundpost can set its clock.",
        ),
        (
            error_of("400 Bad Request", "InvalidRequest"),
            "127.0.0.1 answers InvalidRequest where another answer of S3 is expected. This may be no server of that kind, or not its address.",
        ),
        (
            answer(
                "301 Moved",
                "x-amz-bucket-region: eu-central-1\r\n",
                "<Error><Code>PermanentRedirect</Code></Error>",
            ),
            "The bucket is in the region eu-central-1. Put that into the field region.",
        ),
        (
            answer("307 Moved", "location: http://169.254.169.254/\r\n", ""),
            "127.0.0.1 passes this address on to another. Give the address that it leads to.",
        ),
        (
            error_of("404 Not Found", "NoSuchBucket"),
            "127.0.0.1 has no bucket \"b\". Check the spelling, or make it there first.",
        ),
        (answer("503 Busy", "", "<html>"), "127.0.0.1 does not take it now: 503 Service Unavailable."),
    ];
    for (reply, text) in meant {
        let server = Web::start(move |_| reply.clone()).await;
        let error = put(&remotes(), &at(server.port), &secret(), "a.wav", 3).await.unwrap_err();
        assert_eq!(said(&error), text);
    }
    let site = Web::start(|_| answer("200 OK", "", "<html>Welcome</html>")).await;
    let error = remotes().check(&at(site.port), &secret()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Strange { wanted: "a list of files by S3", .. }), "{error:?}");
}

#[tokio::test]
async fn what_may_only_be_read_or_only_be_written_is_told() {
    let read_only = Web::start(|head| match head.split(' ').next().unwrap_or_default() {
        "GET" => answer("200 OK", "", "<ListBucketResult></ListBucketResult>"),
        _ => error_of("403 Forbidden", "AccessDenied"),
    })
    .await;
    let checked = remotes().check(&at(read_only.port), &secret()).await.unwrap();
    assert!(checked.may_read && !checked.may_write);
    let write_only = Web::start(|head| match head.split(' ').next().unwrap_or_default() {
        "GET" => error_of("403 Forbidden", "AccessDenied"),
        _ => answer("200 OK", "", ""),
    })
    .await;
    let checked = remotes().check(&at(write_only.port), &secret()).await.unwrap();
    assert!(!checked.may_read && checked.may_write);
    let shut = Web::start(|_| error_of("403 Forbidden", "AccessDenied")).await;
    let error = remotes().check(&at(shut.port), &secret()).await.unwrap_err();
    assert!(matches!(error, RemoteError::Denied { .. }), "{error:?}");
}

#[tokio::test]
async fn lists_with_tricks_in_them_are_read() {
    let list = "<ListBucketResult><Contents><Key>of/ada/</Key></Contents><Contents><Key>../x.wav</Key></Contents>\
                <Contents><Key>a&#10;b.wav</Key><Size>1</Size></Contents><Contents><Key>fine.wav</Key><Size>0</Size></Contents>\
                <NextContinuationToken>again</NextContinuationToken></ListBucketResult>";
    // Each page says that there is another.
    let server = Web::start(move |_| answer("200 OK", "", list)).await;
    let listing = remotes().list(&at(server.port), &secret(), 1_000).await.unwrap();
    assert!(listing.more && listing.files.len() == 20 && listing.passed_over == 40, "{listing:?}");
    assert_eq!(server.asked().len(), 20);
    assert!(server.asked()[1].contains("continuation-token=again"));
}

#[tokio::test]
async fn a_server_that_hangs_is_left() {
    let server = Web::start(|_| String::new()).await;
    let hasty = || remotes_that("127.0.0.0/8", HASTY);
    for error in [
        hasty().check(&at(server.port), &secret()).await.unwrap_err(),
        put(&hasty(), &at(server.port), &secret(), "a.wav", 20_000_000).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, RemoteError::Outbound(OutboundError::Silent { .. })) && error.is_passing(),
            "{error:?}"
        );
    }
}

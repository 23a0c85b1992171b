//! OAuth 1.0: what is gathered, what is refused, and that a second implementation signs the same.

use proptest::prelude::*;
use protocols::Secret;
use protocols::oauth1::{
    Callback, Channel, Draft, MAX_BYTES, Problem, RawRequest, Rejected, Revision, Secrets, SignatureMethod,
    SignedRequest, Stamp, TokenReply, callback_with, is_callback_of,
};

use crate::naive;

const SECRETS: Secrets<'_> = Secrets { consumer: "consumer secret", token: "token&secret" };

/// What every request has, as a header without its scheme.
const OWN: &str = r#"oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="7", oauth_nonce="n", oauth_signature="s""#;

fn get(authorization: &str) -> RawRequest<'_> {
    RawRequest {
        method: "GET",
        scheme: "https",
        host: "example.com",
        path: "/me",
        query: None,
        authorization: Some(authorization),
        content_type: None,
        body: b"",
        channel: Channel::Open,
    }
}

fn refused(raw: &RawRequest<'_>) -> Problem {
    SignedRequest::gather(raw).unwrap_err()
}

fn base_string(raw: &RawRequest<'_>) -> String {
    SignedRequest::gather(raw).unwrap().unwrap().base_string()
}

#[test]
fn without_credentials_there_is_nothing_to_check() {
    for (authorization, query) in [
        (None, None),
        (None, Some("oauth_token=t&a=1")),
        (Some("Basic YTpi"), Some("oauth_token=t")),
        (Some("OAuth spo_a_bare_token"), None),
        (Some("OAuth2 a=\"b\""), None),
        (Some(""), None),
    ] {
        let raw = RawRequest { authorization, query, ..get("") };
        assert!(SignedRequest::gather(&raw).unwrap().is_none(), "{authorization:?} {query:?}");
    }
}

#[test]
fn the_address_is_tidied_and_the_path_is_not() {
    let header = format!("OAuth {OWN}");
    let start = |scheme: &str, host: &str, path: &str| {
        let whole = base_string(&RawRequest { scheme, host, path, ..get(&header) });
        whole.split('&').nth(1).unwrap().to_owned()
    };
    assert_eq!(start("HTTP", "EXAMPLE.com:80", "/A/../b%2f/"), naive::encode("http://example.com/A/../b%2f/"));
    assert_eq!(start("https", "example.com:443", ""), naive::encode("https://example.com/"));
    assert_eq!(start("http", "example.com:443", "/"), naive::encode("http://example.com:443/"));
    assert_eq!(start("https", "example.com:", "//x"), naive::encode("https://example.com//x"));
    assert_eq!(start("https", "[::1]:8080", "/ü"), naive::encode("https://[::1]:8080/ü"));
    for (scheme, host, path) in [
        ("ftp", "a", "/"),
        ("http", "", "/"),
        ("http", "a:b", "/"),
        ("http", "a@b", "/"),
        ("http", "a/b", "/"),
        ("http", "a b", "/"),
        ("http", ":80", "/"),
        ("http", "a", "b"),
        ("http", "a", "/b?c"),
    ] {
        assert_eq!(
            refused(&RawRequest { scheme, host, path, ..get(&header) }),
            Rejected::Address.into(),
            "{host}{path}"
        );
    }
}

#[test]
fn a_form_counts_only_if_it_says_so() {
    let header = format!("OAuth {OWN}");
    let with =
        |content_type| base_string(&RawRequest { method: "post", content_type, body: b"b=2&b=1&c", ..get(&header) });
    for form in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; charset=utf-8"] {
        assert!(with(Some(form)).starts_with("POST&https%3A%2F%2Fexample.com%2Fme&b%3D1%26b%3D2%26c%3D%26oauth_"));
    }
    for other in [None, Some("application/json"), Some("multipart/form-data; boundary=x")] {
        assert!(with(other).starts_with("POST&https%3A%2F%2Fexample.com%2Fme&oauth_consumer_key"));
    }
}

#[test]
fn a_header_is_read_as_clients_write_it() {
    for header in [
        format!("OAuth realm=\"a, \\\"b=c\\\"\",{OWN}"),
        format!("oauth\t{OWN} ,"),
        format!("OAUTH {}", OWN.replace(", ", ",")),
        format!("OAuth {}", OWN.replace(", ", "\r\n  , ")),
        format!("OAuth {}", OWN.replace("\"n\"", "n")),
        format!("OAuth {}", OWN.replace("nonce=", "nonce = ")),
        format!("OAuth {}", OWN.replace("oauth_nonce", "oauth%5Fnonce")),
    ] {
        let request = SignedRequest::gather(&get(&header)).unwrap().unwrap();
        assert_eq!(request.stamp(), Some(Stamp { seconds: 7, nonce: "n" }), "{header}");
        assert_eq!(request.parameters().count(), 4, "{header}");
    }
    for header in
        ["OAuth =", "OAuth a=\"b", "OAuth a=\"b\"c=\"d\"", "OAuth a b=\"c\"", "OAuth a,b=c", "OAuth a=\"b\", c"]
    {
        assert_eq!(refused(&get(header)), Rejected::Header.into(), "{header}");
    }
}

#[test]
fn a_plus_is_a_space_in_forms_and_a_plus_in_headers() {
    let header = format!("OAuth x=\"a+b\", {OWN}");
    let whole = base_string(&RawRequest { query: Some("y=a+b&&z=%zz"), ..get(&header) });
    assert!(whole.contains("x%3Da%252Bb%26y%3Da%2520b%26z%3D%2525zz"), "{whole}");
}

#[test]
fn all_that_is_missing_is_named_at_once() {
    assert_eq!(
        refused(&get("OAuth oauth_token=\"t\"")),
        Problem::ParameterAbsent(vec!["oauth_consumer_key", "oauth_signature_method", "oauth_signature"])
    );
    let stampless = OWN.replace("oauth_timestamp=\"7\", oauth_nonce=\"n\", ", "");
    let problem = refused(&get(&format!("OAuth {stampless}")));
    assert_eq!(problem, Problem::ParameterAbsent(vec!["oauth_timestamp", "oauth_nonce"]));
    assert_eq!(
        problem.challenge("A \"realm\""),
        "OAuth realm=\"A 'realm'\", oauth_problem=\"parameter_absent\", oauth_parameters_absent=\"oauth_timestamp%26oauth_nonce\""
    );
    assert_eq!(problem.status(), 401);
    assert!(problem.form().starts_with(
        "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_timestamp%26oauth_nonce&oauth_problem_advice=The%20request%20lacks"
    ));
}

#[test]
fn what_comes_twice_or_from_two_places_is_refused() {
    let header = format!("OAuth {OWN}, oauth_nonce=\"m\"");
    assert_eq!(refused(&get(&header)), Rejected::Repeated("oauth_nonce".to_owned()).into());
    let header = format!("OAuth {OWN}");
    for (query, body) in [(Some("oauth_callback=oob"), &b""[..]), (None, b"oauth_token=t"), (Some("oauth_x="), b"")] {
        let content_type = Some("application/x-www-form-urlencoded");
        let raw = RawRequest { query, content_type, body, ..get(&header) };
        assert_eq!(refused(&raw), Rejected::SeveralPlaces.into());
    }
    // Other parameters may come as often as they like, and be alike.
    let whole = base_string(&RawRequest { query: Some("a=1&a=1&a=0"), ..get(&header) });
    assert!(whole.contains("&a%3D0%26a%3D1%26a%3D1%26"));
}

#[test]
fn there_is_an_end_to_how_much_is_looked_at() {
    let header = format!("OAuth {OWN}");
    let most = "a&".repeat(507);
    assert!(SignedRequest::gather(&RawRequest { query: Some(&most), ..get(&header) }).is_ok());
    let many = "a&".repeat(508);
    let problem = refused(&RawRequest { query: Some(&many), ..get(&header) });
    assert_eq!((problem.status(), problem), (413, Rejected::TooMany.into()));
    let large = vec![b'a'; MAX_BYTES + 1];
    let form = Some("application/x-www-form-urlencoded");
    let raw = RawRequest { body: &large, content_type: form, ..get(&header) };
    assert_eq!(refused(&raw), Rejected::TooLarge.into());
    assert!(SignedRequest::gather(&RawRequest { content_type: None, ..raw }).is_ok());
    let long = format!("OAuth {}", OWN.replace("\"n\"", &format!("\"{}\"", "n".repeat(1025))));
    assert_eq!(refused(&get(&long)), Rejected::Value("oauth_nonce").into());
}

#[test]
fn versions_methods_and_stamps_are_checked() {
    let with = |from: &str, to: &str| refused(&get(&format!("OAuth {}", OWN.replace(from, to))));
    assert!(SignedRequest::gather(&get(&format!("OAuth {OWN}, oauth_version=\"1.0\""))).is_ok());
    assert_eq!(with("oauth_nonce", "oauth_version=\"2.0\", oauth_nonce"), Problem::VersionRejected);
    for name in ["RSA-SHA1", "hmac-sha1", "PLAINTEXT"] {
        assert_eq!(with("HMAC-SHA1", name), Problem::SignatureMethodRejected, "{name}");
    }
    for stamp in ["-7", "+7", "7.5", "x", "99999999999999999999999"] {
        assert_eq!(with("\"7\"", &format!("\"{stamp}\"")), Rejected::Value("oauth_timestamp").into(), "{stamp}");
    }
    assert_eq!(with("\"n\"", "\"\""), Problem::ParameterAbsent(vec!["oauth_nonce"]));
    assert_eq!(with("\"n\"", "\"%FF\""), Rejected::Value("oauth_nonce").into());
    let now = 1_000;
    let at = |seconds| Stamp { seconds, nonce: "n" }.check(now);
    assert_eq!((at(700), at(1_300)), (Ok(()), Ok(())));
    for far in [0, 699, 1_301, u64::MAX] {
        assert_eq!(at(far), Err(Problem::TimestampRefused { now }), "{far}");
    }
    let challenge = Problem::TimestampRefused { now }.challenge("x");
    assert!(challenge.ends_with("oauth_acceptable_timestamps=\"700-1300\""), "{challenge}");
}

#[test]
fn plaintext_is_for_private_channels_and_needs_no_stamp() {
    let header = "OAuth oauth_consumer_key=\"k\", oauth_signature_method=\"PLAINTEXT\", oauth_signature=\"consumer%2520secret%26token%2526secret\"";
    assert_eq!(refused(&get(header)), Problem::SignatureMethodRejected);
    let request = SignedRequest::gather(&RawRequest { channel: Channel::Private, ..get(header) }).unwrap().unwrap();
    assert_eq!((request.stamp(), request.verify(&SECRETS)), (None, Ok(())));
    assert_eq!(request.verify(&Secrets { token: "", ..SECRETS }), Err(Problem::SignatureInvalid));
}

#[test]
fn secrets_do_not_show() {
    let header = "OAuth oauth_consumer_key=\"k\", oauth_signature_method=\"PLAINTEXT\", oauth_signature=\"hunter2%26\"";
    let raw = RawRequest { channel: Channel::Private, ..get(header) };
    let request = SignedRequest::gather(&raw).unwrap().unwrap();
    let reply = TokenReply { token: "t".to_owned(), secret: Secret::new("hunter2") };
    let secrets = Secrets { consumer: "hunter2", token: "hunter2" };
    assert!(!format!("{raw:?} {request:?} {reply:?} {secrets:?}").contains("hunter2"));
}

#[test]
fn replies_are_forms() {
    let reply = TokenReply { token: "a b".to_owned(), secret: Secret::new("c&d") };
    assert_eq!(reply.access_token(), "oauth_token=a+b&oauth_token_secret=c%26d");
    assert_eq!(reply.request_token(Revision::Original), reply.access_token());
    let form = reply.request_token(Revision::A);
    assert_eq!(form, "oauth_token=a+b&oauth_token_secret=c%26d&oauth_callback_confirmed=true");
    assert_eq!(TokenReply::read(&form), Some(reply));
    assert_eq!(TokenReply::read("oauth_token=a"), None);
}

#[test]
fn callbacks_stay_where_they_were_registered() {
    let registered = "https://app.example/x";
    for fine in ["https://app.example/y?z", "https://APP.example:443/"] {
        assert!(is_callback_of(fine, registered), "{fine}");
    }
    for other in [
        "http://app.example/",
        "https://app.example:444/",
        "https://app.example.evil.example/",
        "https://evil.example/https://app.example/",
        "https://app.example@evil.example/",
        "https://a@app.example/",
        "//app.example/",
        "oob",
        "javascript:alert(1)",
        "",
    ] {
        assert!(!is_callback_of(other, registered), "{other}");
    }
    assert!(is_callback_of("myapp://done/here", "myapp://done"));
    let sent = callback_with("https://app.example/y?z#part", &[("oauth_token", "a b"), ("denied", "1")]);
    assert_eq!(sent.as_deref(), Some("https://app.example/y?z&oauth_token=a+b&denied=1#part"));
    assert_eq!(callback_with("oob", &[]), None);
    assert_eq!(Callback::read("oob"), Callback::OutOfBand);
}

#[test]
fn every_problem_has_a_word_and_a_status() {
    let all = [
        (Problem::VersionRejected, "version_rejected", 400),
        (Problem::ParameterAbsent(vec!["oauth_token"]), "parameter_absent", 401),
        (Rejected::SeveralPlaces.into(), "parameter_rejected", 400),
        (Rejected::Value("oauth_nonce").into(), "parameter_rejected", 400),
        (Problem::SignatureMethodRejected, "signature_method_rejected", 400),
        (Problem::SignatureInvalid, "signature_invalid", 401),
        (Problem::TimestampRefused { now: 0 }, "timestamp_refused", 401),
        (Problem::NonceUsed, "nonce_used", 401),
        (Problem::ConsumerKeyUnknown, "consumer_key_unknown", 401),
        (Problem::ConsumerKeyRejected, "consumer_key_rejected", 401),
        (Problem::ConsumerKeyRefused, "consumer_key_refused", 401),
        (Problem::TokenUsed, "token_used", 401),
        (Problem::TokenExpired, "token_expired", 401),
        (Problem::TokenRevoked, "token_revoked", 401),
        (Problem::TokenRejected, "token_rejected", 401),
        (Problem::VerifierInvalid, "verifier_invalid", 401),
        (Problem::PermissionUnknown, "permission_unknown", 401),
        (Problem::PermissionDenied, "permission_denied", 403),
        (Problem::UserRefused, "user_refused", 403),
    ];
    for (problem, word, status) in all {
        assert_eq!((problem.word(), problem.status()), (word, status));
        assert!(problem.challenge("r").starts_with(&format!("OAuth realm=\"r\", oauth_problem=\"{word}\"")));
        assert!(problem.to_string().ends_with('.'));
    }
}

/// Names and values with every kind of character.
fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("[a-c%+=&~ ü☃]{0,3}", "[a-c%+=&~ /ü☃]{0,4}"), 0..6)
}

fn form(pairs: &[(String, String)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", naive::encode(name), naive::encode(value))).collect();
    pairs.join("&")
}

proptest! {
    #[test]
    fn a_second_implementation_signs_the_same(
        query in pairs(), body in pairs(), nonce in "[ -~]{1,12}", token in proptest::option::of("[a-z &]{0,6}"),
        path in "(/[a-z%.;~ü]{0,4}){1,3}", consumer_secret in ".{0,80}", token_secret in ".{0,8}",
    ) {
        let (query_text, body_text) = (form(&query), form(&body));
        let secrets = Secrets { consumer: &consumer_secret, token: &token_secret };
        let draft = Draft {
            query: Some(&query_text),
            form: Some(&body_text),
            stamp: Some(Stamp { seconds: 7, nonce: &nonce }),
            token: token.as_deref(),
            version: Some("1.0"),
            realm: Some("a, \"b\""),
            ..Draft::new("post", "https", "example.com", &path, "k")
        };
        let own = [("oauth_consumer_key", "k"), ("oauth_signature_method", "HMAC-SHA1"), ("oauth_timestamp", "7"),
            ("oauth_nonce", &nonce), ("oauth_version", "1.0")];
        let own = own.into_iter().chain(token.as_deref().map(|token| ("oauth_token", token)));
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let all: Vec<_> = query.into_iter().chain(body).chain(own).collect();
        let expected = naive::base_string("post", &format!("https://example.com{path}"), &all);
        prop_assert_eq!(draft.base_string(), Ok(expected.clone()));

        let signature = naive::hmac_sha1(&expected, &consumer_secret, &token_secret);
        let header = draft.authorization(&secrets).unwrap();
        let end = format!("oauth_signature=\"{}\"", naive::encode(&signature));
        prop_assert!(header.ends_with(&end), "{}", header);

        let raw = RawRequest {
            method: "POST", path: &path, query: Some(&query_text), body: body_text.as_bytes(),
            content_type: Some("application/x-www-form-urlencoded"), ..get(&header)
        };
        let request = SignedRequest::gather(&raw).unwrap().unwrap();
        prop_assert_eq!(request.verify(&secrets), Ok(()));
        prop_assert_eq!(request.token(), token.as_deref().filter(|token| !token.is_empty()));
        let other = RawRequest { path: "/other", ..raw };
        let other = SignedRequest::gather(&other).unwrap().unwrap();
        prop_assert_eq!(other.verify(&secrets), Err(Problem::SignatureInvalid));
    }

    #[test]
    fn the_three_places_are_as_good_as_each_other(nonce in "[ -~]{1,12}", more in pairs()) {
        let more = form(&more);
        for signature_method in [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::Plaintext] {
            let stamp = Some(Stamp { seconds: 7, nonce: &nonce });
            let draft = Draft { signature_method, stamp, ..Draft::new("GET", "https", "example.com", "/me", "k") };
            let draft = Draft { query: Some(&more), ..draft };
            let own = draft.parameters(&SECRETS).unwrap();
            let header = draft.authorization(&SECRETS).unwrap();
            let both = format!("{own}&{more}");
            let raw = RawRequest { query: Some(&more), authorization: None, channel: Channel::Private, ..get("") };
            for raw in [
                RawRequest { authorization: Some(&header), ..raw },
                RawRequest { query: Some(&both), ..raw },
                RawRequest { content_type: Some("application/x-www-form-urlencoded"), body: own.as_bytes(), ..raw },
            ] {
                let request = SignedRequest::gather(&raw).unwrap().unwrap();
                prop_assert_eq!(request.verify(&SECRETS), Ok(()));
                prop_assert_eq!(request.signature_method(), signature_method);
            }
        }
    }

    #[test]
    fn anything_can_be_sent(header in "(OAuth )?[a-z_=\", %\\\\é]{0,40}", query in "[a-z_=&%+é]{0,40}", host in ".{0,8}", path in "/?.{0,8}") {
        let raw = RawRequest { query: Some(&query), host: &host, path: &path, ..get(&header) };
        let _ = SignedRequest::gather(&raw);
    }
}

//! OAuth 2.0: what is read, what is refused with which word, and where browsers may be sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use protocols::Secret;
use protocols::oauth2::{
    Authentication, AuthorizationRequest, Challenge, Endpoints, ErrorCode, Grant, GrantType, Introspection, Metadata,
    RedirectProblem, Refusal, Scope, ScopeSet, TokenHint, TokenQuestion, TokenReply, TokenRequest, Verifier,
    bearer_challenge, bearer_token, check_redirect, is_redirect_of, redirect_with_code, redirect_with_refusal,
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What the app is told by redirect.
fn told(query: &str) -> ErrorCode {
    AuthorizationRequest::parse(query).unwrap().asked.unwrap_err().code
}

#[test]
fn an_authorization_request_is_read() {
    let query = format!(
        "response_type=code&client_id=spa_x&redirect_uri=https%3A%2F%2Fapp.example%2Fback%3Fa%3D1&state=a+%C3%BC%26&scope=profile+production.read+profile&code_challenge={CHALLENGE}&code_challenge_method=S256&unknown=1&unknown=2&prompt="
    );
    let request = AuthorizationRequest::parse(&query).unwrap();
    assert_eq!(request.client_id, "spa_x");
    assert_eq!(request.redirect_uri.as_deref(), Some("https://app.example/back?a=1"));
    assert_eq!(request.state.as_deref(), Some("a ü&"));
    let asked = request.asked.unwrap();
    assert_eq!(asked.scopes, Some([Scope::Profile, Scope::ProductionRead].into_iter().collect()));
    assert_eq!(asked.challenge, Challenge::parse(CHALLENGE));

    // What has no value is as good as not there.
    let bare = AuthorizationRequest::parse("client_id=a&response_type=code&scope=&state=&redirect_uri=").unwrap();
    assert_eq!((bare.redirect_uri, bare.state), (None, None));
    let asked = bare.asked.unwrap();
    assert_eq!((asked.scopes, asked.challenge), (None, None));
}

#[test]
fn what_cannot_be_told_by_redirect_is_shown() {
    let many = "client_id=a&".to_owned() + &"x=1&".repeat(64);
    let large = format!("client_id={}", "a".repeat(70_000));
    for query in [
        "",
        "response_type=code",
        "client_id=",
        "client_id=a&client_id=a",
        "client_id=a&redirect_uri=b&redirect_uri=b",
        many.as_str(),
        large.as_str(),
    ] {
        assert_eq!(AuthorizationRequest::parse(query).unwrap_err().code, ErrorCode::InvalidRequest);
    }
}

#[test]
fn what_can_be_told_by_redirect_is() {
    for (rest, code) in [
        ("", ErrorCode::InvalidRequest),
        ("response_type=token", ErrorCode::UnsupportedResponseType),
        ("response_type=code+token", ErrorCode::UnsupportedResponseType),
        ("response_type=code&response_type=code", ErrorCode::InvalidRequest),
        ("response_type=code&response_mode=fragment", ErrorCode::InvalidRequest),
        ("response_type=code&scope=everything", ErrorCode::InvalidScope),
        ("response_type=code&state=1&state=1", ErrorCode::InvalidRequest),
        ("response_type=code&code_challenge_method=S256", ErrorCode::InvalidRequest),
        (format!("response_type=code&code_challenge={CHALLENGE}").as_str(), ErrorCode::InvalidRequest),
        (
            format!("response_type=code&code_challenge={VERIFIER}&code_challenge_method=plain").as_str(),
            ErrorCode::InvalidRequest,
        ),
        ("response_type=code&code_challenge=abc&code_challenge_method=S256", ErrorCode::InvalidRequest),
    ] {
        assert_eq!(told(&format!("client_id=a&{rest}")), code, "{rest}");
    }
}

#[test]
fn proof_is_that_of_the_rfc() {
    let (challenge, verifier) = (Challenge::parse(CHALLENGE).unwrap(), Verifier::parse(VERIFIER).unwrap());
    assert!(challenge.fits(&verifier));
    assert_eq!(verifier.challenge().as_str(), CHALLENGE);
    assert!(!challenge.fits(&Verifier::parse(&"a".repeat(43)).unwrap()));
    for (text, fits) in [
        ("a".repeat(42), false),
        ("~".repeat(43), true),
        ("a".repeat(128), true),
        ("a".repeat(129), false),
        (format!("{} ", "a".repeat(43)), false),
        ("ü".repeat(30), false),
    ] {
        assert_eq!(Verifier::parse(&text).is_some(), fits, "{text}");
    }
    for wrong in [
        "",
        VERIFIER.get(1..).unwrap(),
        format!("{CHALLENGE}=").as_str(),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
    ] {
        assert_eq!(Challenge::parse(wrong), None, "{wrong}");
    }
}

/// A header with name and secret, each encoded as RFC 6749 §2.3.1 says.
fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

fn refused(authorization: Option<&str>, form: &str) -> ErrorCode {
    TokenRequest::parse(authorization, form.as_bytes()).unwrap_err().code
}

#[test]
fn every_grant_is_read() {
    let read = |form: &str| TokenRequest::parse(Some(&basic("spa_x:spx_x")), form.as_bytes()).unwrap().grant;
    assert_eq!(
        read(&format!(
            "grant_type=authorization_code&code=spc_x&redirect_uri=https://a.example/&code_verifier={VERIFIER}"
        )),
        Grant::AuthorizationCode {
            code: Secret::new("spc_x"),
            redirect_uri: Some("https://a.example/".to_owned()),
            verifier: Verifier::parse(VERIFIER),
        }
    );
    assert_eq!(
        read("grant_type=refresh_token&refresh_token=spr_x&scope=profile"),
        Grant::RefreshToken { token: Secret::new("spr_x"), scopes: Some(ScopeSet::NONE.with(Scope::Profile)) }
    );
    assert_eq!(
        read("grant_type=password&username=ada&password=a%2Bb+c"),
        Grant::Password { username: "ada".to_owned(), password: Secret::new("a+b c"), scopes: None }
    );
    for name in ["oauth_token", "refresh_token"] {
        let grant = read(&format!("grant_type=oauth1_token&{name}=sp1a_x"));
        assert_eq!(grant, Grant::OAuth1Token { token: Secret::new("sp1a_x"), scopes: None });
        assert_eq!(grant.grant_type().name(), "oauth1_token");
    }
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "r"), ("client_id", "a")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(TokenRequest::from_fields(None, fields).unwrap().client.authentication, Authentication::None);
}

#[test]
fn token_requests_are_refused_by_name() {
    let client = "client_id=a&client_secret=b";
    for (form, code) in [
        ("", ErrorCode::InvalidRequest),
        ("grant_type=client_credentials", ErrorCode::UnsupportedGrantType),
        ("grant_type=implicit", ErrorCode::UnsupportedGrantType),
        ("grant_type=refresh_token", ErrorCode::InvalidRequest),
        ("grant_type=authorization_code", ErrorCode::InvalidRequest),
        ("grant_type=password&username=a", ErrorCode::InvalidRequest),
        ("grant_type=oauth1_token", ErrorCode::InvalidRequest),
        ("grant_type=oauth1_token&oauth_token=a&refresh_token=b", ErrorCode::InvalidRequest),
        ("grant_type=authorization_code&code=a&code=a", ErrorCode::InvalidRequest),
        ("grant_type=authorization_code&code=a&code_verifier=short", ErrorCode::InvalidRequest),
        ("grant_type=refresh_token&refresh_token=a&scope=x", ErrorCode::InvalidScope),
    ] {
        assert_eq!(refused(None, &format!("{client}&{form}")), code, "{form}");
    }
}

#[test]
fn an_app_shows_itself_once() {
    let rest = "grant_type=refresh_token&refresh_token=r";
    let client = |authorization: Option<&str>, form: &str| {
        TokenRequest::parse(authorization, format!("{rest}&{form}").as_bytes()).map(|request| request.client)
    };
    let by_basic = client(Some(&basic("a%20b:c%2Bd+e%3A")), "").unwrap();
    assert_eq!((by_basic.id.as_str(), by_basic.authentication), ("a b", Authentication::Basic(Secret::new("c+d e:"))));
    let by_body = client(None, "client_id=a&client_secret=b").unwrap();
    assert_eq!(by_body.authentication, Authentication::Body(Secret::new("b")));
    assert_eq!(by_body.authentication.secret(), Some(&Secret::new("b")));
    assert_eq!(client(Some(&basic("a:b")), "client_id=a").unwrap().id, "a");
    assert_eq!(client(Some("Bearer x"), "client_id=a").unwrap().authentication, Authentication::None);
    assert_eq!(client(Some(&basic("a:")), "").unwrap().authentication, Authentication::None);
    for (authorization, form, code) in [
        (Some(basic("a:b")), "client_id=a&client_secret=b", ErrorCode::InvalidRequest),
        (Some(basic("a:b")), "client_secret=b", ErrorCode::InvalidRequest),
        (Some(basic("a:b")), "client_id=c", ErrorCode::InvalidRequest),
        (None, "", ErrorCode::InvalidClient),
        (None, "client_secret=b", ErrorCode::InvalidClient),
        (Some(basic("a")), "", ErrorCode::InvalidClient),
        (Some(basic(":b")), "", ErrorCode::InvalidClient),
        (Some("Basic !!".to_owned()), "", ErrorCode::InvalidClient),
        (Some("Basic".to_owned()), "", ErrorCode::InvalidClient),
    ] {
        assert_eq!(client(authorization.as_deref(), form).unwrap_err().code, code, "{authorization:?} {form}");
    }
}

#[test]
fn tokens_can_be_asked_about() {
    let read = |form: &str| TokenQuestion::parse(None, form.as_bytes());
    let question = read("token=spo_x&token_type_hint=refresh_token&client_id=a").unwrap();
    assert_eq!((question.token.reveal(), question.hint), ("spo_x", Some(TokenHint::Refresh)));
    assert_eq!(read("token=a&token_type_hint=other&client_id=a").unwrap().hint, None);
    assert_eq!(read("client_id=a").unwrap_err().code, ErrorCode::InvalidRequest);
    assert_eq!(read("token=a").unwrap_err().code, ErrorCode::InvalidClient);
}

#[test]
fn some_addresses_may_be_registered() {
    for fine in [
        "https://app.example",
        "https://app.example:8443/back?a=1&b=%20",
        "http://127.0.0.1/",
        "http://127.0.0.1:8080/back",
        "http://[::1]/back",
        "http://localhost:3000",
        "com.example.app:/back",
        "com.example.app://back",
    ] {
        assert_eq!(check_redirect(fine), Ok(()), "{fine}");
    }
    for (wrong, problem) in [
        ("", RedirectProblem::NotAbsolute),
        ("/back", RedirectProblem::NotAbsolute),
        ("//app.example/back", RedirectProblem::NotAbsolute),
        ("https:app.example", RedirectProblem::NotAbsolute),
        ("https:///app.example", RedirectProblem::NotAbsolute),
        ("https://", RedirectProblem::NotAbsolute),
        ("https://app.example\\@evil.example/", RedirectProblem::NotAbsolute),
        ("https://app.example/ü", RedirectProblem::NotAbsolute),
        ("https://app.example/a b", RedirectProblem::NotAbsolute),
        ("https://app.example/\n", RedirectProblem::NotAbsolute),
        ("https://app.example/#", RedirectProblem::Fragment),
        ("https://app.example/#part", RedirectProblem::Fragment),
        ("https://a@app.example/", RedirectProblem::UserInfo),
        ("https://@app.example/", RedirectProblem::UserInfo),
        ("http://127.0.0.1@evil.example/", RedirectProblem::UserInfo),
        ("http://app.example/", RedirectProblem::Insecure),
        ("http://127.0.0.1.evil.example/", RedirectProblem::Insecure),
        ("http://localhost.evil.example/", RedirectProblem::Insecure),
        ("http://127.1/", RedirectProblem::Insecure),
        ("javascript:alert(1)", RedirectProblem::Scheme),
        ("data:text/html,x", RedirectProblem::Scheme),
        ("myapp://back", RedirectProblem::Scheme),
        ("urn:ietf:wg:oauth:2.0:oob", RedirectProblem::Scheme),
    ] {
        assert_eq!(check_redirect(wrong), Err(problem), "{wrong}");
    }
    assert_eq!(check_redirect(&format!("https://a.example/{}", "a".repeat(2048))), Err(RedirectProblem::TooLong));
}

#[test]
fn an_address_is_the_same_or_another() {
    for (asked, registered, same) in [
        ("https://a.example/b", "https://a.example/b", true),
        ("https://a.example/b?", "https://a.example/b", false),
        ("https://A.example/b", "https://a.example/b", false),
        ("https://a.example:443/b", "https://a.example/b", false),
        ("https://127.0.0.1:1/b", "https://127.0.0.1:2/b", false),
        ("http://127.0.0.1:1/b", "http://127.0.0.1:2/b", true),
        ("http://127.0.0.1/b", "http://127.0.0.1:2/b", true),
        ("http://[::1]:1/b?c", "http://[::1]/b?c", true),
        ("http://localhost:1", "http://localhost", true),
        ("http://localhost:1/", "http://localhost", false),
        ("http://localhost:1/b", "http://127.0.0.1/b", false),
        ("http://127.0.0.1:x/b", "http://127.0.0.1/b", false),
        ("http://127.0.0.1:99999/b", "http://127.0.0.1/b", false),
        ("http://127.0.0.1:80@evil.example/b", "http://127.0.0.1/b", false),
        ("http://127.0.0.1.evil.example/b", "http://127.0.0.1/b", false),
        ("http://127.0.0.1:1/c", "http://127.0.0.1/b", false),
    ] {
        assert_eq!(is_redirect_of(asked, registered), same, "{asked} {registered}");
    }
}

#[test]
fn answers_are_added_to_what_was_registered() {
    let issuer = "https://soundpost.example";
    assert_eq!(
        redirect_with_code("https://a.example/b", "spc_x", Some("a b&"), issuer),
        "https://a.example/b?code=spc_x&state=a+b%26&iss=https%3A%2F%2Fsoundpost.example"
    );
    assert_eq!(
        redirect_with_code("com.example.app:/b?c", "spc_x", None, issuer),
        "com.example.app:/b?c&code=spc_x&iss=https%3A%2F%2Fsoundpost.example"
    );
    let refusal = Refusal::new(ErrorCode::AccessDenied, "The user said “no”.");
    assert_eq!(
        redirect_with_refusal("https://a.example/b?", &refusal, Some("s"), issuer),
        "https://a.example/b?error=access_denied&error_description=The+user+said+%27no%27.&state=s&iss=https%3A%2F%2Fsoundpost.example"
    );
}

#[test]
fn scopes_are_a_set() {
    let all: ScopeSet =
        "tracks.write profile service.connect production.write  production.read profile".parse().unwrap();
    assert_eq!(all, ScopeSet::ALL);
    assert_eq!(all.to_string(), "production.read production.write service.connect profile tracks.write");
    let some: ScopeSet = "profile tracks.write".parse().unwrap();
    assert!(some.is_subset(all) && !all.is_subset(some) && ScopeSet::NONE.is_subset(some));
    assert_eq!(some.and(ScopeSet::NONE.with(Scope::Profile)).to_string(), "profile");
    assert_eq!("".parse(), Ok(ScopeSet::NONE));
    assert!("profile,tracks.write".parse::<ScopeSet>().is_err());
    assert!("Profile".parse::<ScopeSet>().unwrap_err().to_string().contains("no scope Profile"));
}

#[test]
fn answers_are_json_of_the_rfcs() {
    let reply = TokenReply {
        access_token: Secret::new("spo_x"),
        expires_in: 31_536_000,
        refresh_token: Secret::new("spr_x"),
        scope: ScopeSet::NONE.with(Scope::Profile),
        user_name: "ada".to_owned(),
    };
    let json = r#"{"access_token":"spo_x","token_type":"bearer","expires_in":31536000,"refresh_token":"spr_x","scope":"profile","user_name":"ada"}"#;
    assert_eq!(serde_json::to_string(&reply).unwrap(), json);
    assert!(!format!("{reply:?}").contains("_x"));
    assert_eq!(serde_json::to_string(&Introspection::Dead).unwrap(), r#"{"active":false}"#);
    let alive = Introspection::Alive {
        scope: ScopeSet::NONE,
        client_id: "spa_x".to_owned(),
        username: "ada".to_owned(),
        expires: 2,
        issued: 1,
        subject: "acc_1".to_owned(),
        issuer: "https://s.example".to_owned(),
    };
    let json = r#"{"active":true,"scope":"","client_id":"spa_x","username":"ada","token_type":"bearer","exp":2,"iat":1,"sub":"acc_1","iss":"https://s.example"}"#;
    assert_eq!(serde_json::to_string(&alive).unwrap(), json);
    let refusal = Refusal::new(ErrorCode::InvalidGrant, "The code was \"spent\".");
    assert_eq!(
        serde_json::to_string(&refusal).unwrap(),
        r#"{"error":"invalid_grant","error_description":"The code was 'spent'."}"#
    );
}

#[test]
fn the_document_lists_only_what_works() {
    let endpoints = Endpoints {
        authorization: "https://s.example/oauth2/authorize/".to_owned(),
        token: "https://s.example/oauth2/token/".to_owned(),
        revocation: "https://s.example/oauth2/revoke/".to_owned(),
        introspection: "https://s.example/oauth2/introspect/".to_owned(),
    };
    let document =
        Metadata::new("https://s.example", endpoints, &[GrantType::AuthorizationCode, GrantType::RefreshToken]);
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["issuer"], "https://s.example");
    assert_eq!(json["grant_types_supported"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(json["introspection_endpoint_auth_methods_supported"].as_array().unwrap().len(), 2);
    assert_eq!(json["authorization_response_iss_parameter_supported"], true);
}

#[test]
fn bearers_are_told_what_is_wrong() {
    assert_eq!(bearer_token("BEARER  abc-._~+/=="), Some("abc-._~+/=="));
    for wrong in ["", "Bearer", "Bearer ", "Bearer =", "Bearer a b", "Bearer ü", "Bearerabc", "OAuth abc", "Bearer a=b"]
    {
        assert_eq!(bearer_token(wrong), None, "{wrong}");
    }
    let refusal = Refusal::new(ErrorCode::InvalidToken, "It has \"expired\"\r\nX: 1");
    assert_eq!(
        bearer_challenge("S \"x\"", Some(&refusal), None),
        "Bearer realm=\"S 'x'\", error=\"invalid_token\", error_description=\"It has 'expired'??X: 1\""
    );
    assert_eq!(refusal.code.status(), 401);
}

#[test]
fn secrets_do_not_show() {
    let forms = [
        "grant_type=authorization_code&code=hunter2&client_id=a&client_secret=hunter2",
        "grant_type=refresh_token&refresh_token=hunter2&client_id=a",
        "grant_type=password&username=a&password=hunter2&client_id=a",
        "grant_type=oauth1_token&oauth_token=hunter2&client_id=a",
    ];
    for form in forms {
        let shown = format!("{:?}", TokenRequest::parse(None, form.as_bytes()).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let question = TokenQuestion::parse(None, b"token=hunter2&client_id=a").unwrap();
    assert!(!format!("{question:?} {:?}", Verifier::parse(&"hunter2".repeat(7))).contains("hunter2"));
}

proptest! {
    #[test]
    fn names_and_secrets_come_through_a_basic_header(id in "[^\u{0}]{1,12}", secret in ".{1,12}") {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let header = basic(&format!("{}:{}", encode(&id), encode(&secret)));
        let client = TokenRequest::parse(Some(&header), b"grant_type=refresh_token&refresh_token=r").unwrap().client;
        prop_assert_eq!(client.id, id);
        prop_assert_eq!(client.authentication, Authentication::Basic(Secret::new(secret)));
    }

    #[test]
    fn scopes_are_written_as_they_are_read(picked in proptest::collection::vec(0usize..5, 0..8)) {
        let set: ScopeSet = picked.into_iter().map(|at| Scope::ALL[at]).collect();
        prop_assert_eq!(set.to_string().parse(), Ok(set));
    }

    #[test]
    fn anything_can_be_sent(text in ".{0,60}", header in "(Basic |Bearer )?.{0,20}") {
        let _ = (AuthorizationRequest::parse(&text), TokenRequest::parse(Some(&header), text.as_bytes()));
        let _ = (check_redirect(&text), is_redirect_of(&text, &header), bearer_token(&header));
    }
}

//! A request as it came, and what a signature says about it.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

use super::base::{self, SIGNATURE};
use super::parameters::{Parameter, Parameters};
use super::{Callback, MAX_FIELD, Problem, Rejected, Secrets, SignatureMethod, Stamp};
use crate::header;

/// Whether somebody between the client and us could have read the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// TLS all the way to the address that the client knows, or a machine talking to itself.
    Private,
    /// Anything else: `PLAINTEXT` is refused.
    Open,
}

/// A request as the client sent it; nothing in it is decoded or tidied up.
#[derive(Clone, Copy)]
pub struct RawRequest<'a> {
    /// The method, `GET`.
    pub method: &'a str,
    /// `http` or `https`, as the client typed it: behind a proxy, that of the public address.
    pub scheme: &'a str,
    /// Host and perhaps port, as the client typed them: `api.example.com:8080`.
    pub host: &'a str,
    /// The path byte for byte, before any routing: `/v1/me/`.
    pub path: &'a str,
    /// What follows the question mark.
    pub query: Option<&'a str>,
    /// The `Authorization` header. Schemes other than `OAuth` are passed over.
    pub authorization: Option<&'a str>,
    /// The `Content-Type` header. The body is looked at only if it is a form.
    pub content_type: Option<&'a str>,
    /// The body, whole, if it is a form; otherwise it may be left empty.
    pub body: &'a [u8],
    /// Who could have read it on its way.
    pub channel: Channel,
}

impl RawRequest<'_> {
    /// Whether the body belongs to what is signed (RFC 5849 §3.4.1.3.1), and so has to be read before the signature is
    /// checked.
    pub fn has_form(&self) -> bool {
        let essence = self.content_type.and_then(|header| header.split(';').next()).unwrap_or_default();
        essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

impl fmt::Debug for RawRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawRequest({} {}://{}{} …)", self.method, self.scheme, self.host, self.path)
    }
}

/// A request with credentials of OAuth 1.0 on it, all of them read and none of them believed yet.
///
/// ```
/// use protocols::oauth1::{Channel, RawRequest, Secrets, SignedRequest};
///
/// // RFC 5849 §1.2: a printer fetches a photograph.
/// let raw = RawRequest {
///     method: "GET",
///     scheme: "http",
///     host: "photos.example.net",
///     path: "/photos",
///     query: Some("file=vacation.jpg&size=original"),
///     authorization: Some(
///         r#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk",
///            oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH",
///            oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#,
///     ),
///     content_type: None,
///     body: b"",
///     channel: Channel::Open,
/// };
/// let request = SignedRequest::gather(&raw)?.expect("credentials are there");
/// assert_eq!(request.consumer_key(), "dpf43f3p2l4k3l03");
/// // Look up key and token; then:
/// request.verify(&Secrets { consumer: "kd94hf93k423kf44", token: "pfkkdhi9sl3r4s00" })?;
/// # Ok::<(), protocols::oauth1::Problem>(())
/// ```
pub struct SignedRequest<'a> {
    method: &'a str,
    uri: String,
    parameters: Vec<Parameter<'a>>,
    consumer_key: Cow<'a, str>,
    token: Option<Cow<'a, str>>,
    signature_method: SignatureMethod,
    signature: Cow<'a, str>,
    stamp: Option<(u64, Cow<'a, str>)>,
    callback: Option<Cow<'a, str>>,
    verifier: Option<Cow<'a, str>>,
}

impl<'a> SignedRequest<'a> {
    /// Gathers parameters from header, query and form (RFC 5849 §3.4.1.3) and reads those of OAuth.
    ///
    /// `None` is a request that carries no credentials of OAuth 1.0: no `Authorization: OAuth name="value"`, and no
    /// `oauth_consumer_key`, `oauth_signature` or `oauth_signature_method` in query or form. An `oauth_token` alone is
    /// none: that is how pages are linked.
    pub fn gather(raw: &RawRequest<'a>) -> Result<Option<Self>, Problem> {
        let Some(parameters) = gather(raw)? else { return Ok(None) };
        let own = Own::of(&parameters);
        own.check_presence()?;
        let signature_method = SignatureMethod::parse(&own.required("oauth_signature_method")?);
        let signature_method = signature_method.ok_or(Problem::SignatureMethodRejected)?;
        if signature_method == SignatureMethod::Plaintext && raw.channel == Channel::Open {
            return Err(Problem::SignatureMethodRejected);
        }
        if own.value("oauth_version")?.is_some_and(|version| version != "1.0") {
            return Err(Problem::VersionRejected);
        }
        Ok(Some(Self {
            method: raw.method,
            uri: base::uri(raw.scheme, raw.host, raw.path)?,
            consumer_key: own.required("oauth_consumer_key")?,
            // An empty token is signed as it was sent, and otherwise no token.
            token: own.value("oauth_token")?.filter(|token| !token.is_empty()),
            signature_method,
            signature: own.required(SIGNATURE)?,
            stamp: own.stamp(signature_method)?,
            callback: own.value("oauth_callback")?,
            verifier: own.value("oauth_verifier")?.filter(|verifier| !verifier.is_empty()),
            parameters,
        }))
    }

    /// Who the app says it is.
    pub fn consumer_key(&self) -> &str {
        &self.consumer_key
    }

    /// The token, if one was sent that is not empty.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// How it was signed.
    pub fn signature_method(&self) -> SignatureMethod {
        self.signature_method
    }

    /// When it was made and what makes it unlike all others. Only `PLAINTEXT` may lack it (RFC 5849 §3.1).
    pub fn stamp(&self) -> Option<Stamp<'_>> {
        self.stamp.as_ref().map(|(seconds, nonce)| Stamp { seconds: *seconds, nonce })
    }

    /// Where the user is to be sent. When a request token is asked for, its absence means OAuth 1.0 without the
    /// revision A.
    pub fn callback(&self) -> Option<Callback<'_>> {
        self.callback.as_deref().map(Callback::read)
    }

    /// What shows that the user came back to the same app (revision A).
    pub fn verifier(&self) -> Option<&str> {
        self.verifier.as_deref()
    }

    /// What is signed, as this server understood it: to be shown to developers who look for their mistake. It has no
    /// secrets in it.
    pub fn base_string(&self) -> String {
        base::string(self.method, &self.uri, &self.parameters)
    }

    /// Whether the signature is that of these secrets. During a rotation ask once for each secret of the app.
    ///
    /// The comparison takes the same time whatever is wrong. Errors are [`Problem::SignatureInvalid`] only.
    pub fn verify(&self, secrets: &Secrets<'_>) -> Result<(), Problem> {
        let base_string =
            if self.signature_method == SignatureMethod::Plaintext { String::new() } else { self.base_string() };
        let fits = self.signature_method.verify(&base_string, secrets, &self.signature);
        if fits { Ok(()) } else { Err(Problem::SignatureInvalid) }
    }

    /// Every parameter but the signature, decoded, in the order in which they are signed. What is not UTF-8 is
    /// replaced.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let shown = self.parameters.iter().filter(|parameter| parameter.name != SIGNATURE);
        shown.map(move |parameter| (decode(&parameter.name), decode(&parameter.value)))
    }
}

impl fmt::Debug for SignedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedRequest({} {} by {}, {} …)", self.method, self.uri, self.consumer_key, self.signature_method)
    }
}

/// The base string of a request that need not be signed yet.
pub(super) fn unsigned_base_string(raw: &RawRequest<'_>) -> Result<String, Problem> {
    let parameters = gather(raw)?.unwrap_or_default();
    Ok(base::string(raw.method, &base::uri(raw.scheme, raw.host, raw.path)?, &parameters))
}

fn gather<'a>(raw: &RawRequest<'a>) -> Result<Option<Vec<Parameter<'a>>>, Problem> {
    // Later clients of this API send a bare token of OAuth 2 under the same scheme. It is not for us.
    let credentials =
        raw.authorization.and_then(|text| header::credentials(text, "OAuth")).filter(|text| text.contains('='));
    let mut parameters = Parameters::new();
    if let Some(query) = raw.query {
        parameters.add_form(query.as_bytes())?;
    }
    if raw.has_form() {
        parameters.add_form(raw.body)?;
    }
    if let Some(credentials) = credentials {
        parameters.add_header(credentials)?;
    }
    let parameters = parameters.sorted()?;
    let marks = ["oauth_consumer_key", SIGNATURE, "oauth_signature_method"];
    let is_marked = || parameters.iter().any(|parameter| marks.contains(&&*parameter.name));
    let is_signed = credentials.is_some() || is_marked();
    Ok(is_signed.then_some(parameters))
}

/// The parameters of OAuth itself, which stand together because all are sorted.
struct Own<'p, 'a>(&'p [Parameter<'a>]);

impl<'p, 'a> Own<'p, 'a> {
    fn of(sorted: &'p [Parameter<'a>]) -> Self {
        let from = sorted.iter().position(Parameter::is_own).unwrap_or(sorted.len());
        let own = sorted.get(from..).unwrap_or_default();
        let to = own.iter().position(|parameter| !parameter.is_own()).unwrap_or(own.len());
        Self(own.get(..to).unwrap_or_default())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|parameter| parameter.name == name)
    }

    /// Names all that are missing at once.
    fn check_presence(&self) -> Result<(), Problem> {
        let required = ["oauth_consumer_key", "oauth_signature_method", SIGNATURE];
        let absent: Vec<_> = required.into_iter().filter(|name| !self.has(name)).collect();
        if absent.is_empty() { Ok(()) } else { Err(Problem::ParameterAbsent(absent)) }
    }

    fn value(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, Problem> {
        let Some(parameter) = self.0.iter().find(|parameter| parameter.name == name) else { return Ok(None) };
        let most = if name == "oauth_callback" { MAX_CALLBACK } else { MAX_FIELD };
        let wrong = || Problem::from(Rejected::Value(name));
        if parameter.value.len() > most {
            return Err(wrong());
        }
        match &parameter.value {
            Cow::Borrowed(text) if !text.contains('%') => Ok(Some(Cow::Borrowed(text))),
            text => {
                let decoded = percent_decode_str(text).decode_utf8().map_err(|_| wrong())?;
                Ok(Some(Cow::Owned(decoded.into_owned())))
            }
        }
    }

    fn required(&self, name: &'static str) -> Result<Cow<'a, str>, Problem> {
        self.value(name)?.filter(|value| !value.is_empty()).ok_or_else(|| Problem::ParameterAbsent(vec![name]))
    }

    fn stamp(&self, method: SignatureMethod) -> Result<Option<(u64, Cow<'a, str>)>, Problem> {
        let (timestamp, nonce) = ("oauth_timestamp", "oauth_nonce");
        if method == SignatureMethod::Plaintext && !self.has(timestamp) && !self.has(nonce) {
            return Ok(None);
        }
        let absent: Vec<_> = [timestamp, nonce].into_iter().filter(|name| !self.has(name)).collect();
        if !absent.is_empty() {
            return Err(Problem::ParameterAbsent(absent));
        }
        let text = self.required(timestamp)?;
        // §3.3: a positive integer. A sign, which Rust would read, is not part of one.
        let seconds = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        Ok(Some((seconds.ok_or(Rejected::Value(timestamp))?, self.required(nonce)?)))
    }
}

/// Bytes of an encoded callback.
const MAX_CALLBACK: usize = 4096;

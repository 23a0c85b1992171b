//! The client's side: a request to be signed. For tests, and for examples that others copy.

use std::fmt::{self, Write};

use super::request::unsigned_base_string;
use super::{Channel, Problem, RawRequest, Secrets, SignatureMethod, Stamp};
use crate::{header, percent};

/// A request before it is signed.
///
/// ```
/// use protocols::oauth1::{Draft, Secrets, SignatureMethod, Stamp};
///
/// let draft = Draft {
///     stamp: Some(Stamp { seconds: 137131202, nonce: "chapoH" }),
///     token: Some("nnch734d00sl2jdk"),
///     query: Some("file=vacation.jpg&size=original"),
///     ..Draft::new("GET", "http", "photos.example.net", "/photos", "dpf43f3p2l4k3l03")
/// };
/// let secrets = Secrets { consumer: "kd94hf93k423kf44", token: "pfkkdhi9sl3r4s00" };
/// assert!(draft.authorization(&secrets)?.ends_with(r#"oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#));
/// # Ok::<(), protocols::oauth1::Problem>(())
/// ```
#[derive(Clone, Copy)]
pub struct Draft<'a> {
    /// The method.
    pub method: &'a str,
    /// `http` or `https`.
    pub scheme: &'a str,
    /// Host and perhaps port.
    pub host: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query, encoded.
    pub query: Option<&'a str>,
    /// The body, if it is a form.
    pub form: Option<&'a str>,
    /// The realm, which is not signed.
    pub realm: Option<&'a str>,
    /// The key of the app.
    pub consumer_key: &'a str,
    /// The token. `Some("")` sends an empty one, as some libraries do.
    pub token: Option<&'a str>,
    /// How to sign.
    pub signature_method: SignatureMethod,
    /// When, and a nonce.
    pub stamp: Option<Stamp<'a>>,
    /// Where the user is to be sent.
    pub callback: Option<&'a str>,
    /// What the user brought back.
    pub verifier: Option<&'a str>,
    /// Whether to say `oauth_version=1.0`.
    pub version: Option<&'a str>,
}

impl<'a> Draft<'a> {
    /// A draft with nothing but who asks for what; signed with HMAC-SHA1.
    pub fn new(method: &'a str, scheme: &'a str, host: &'a str, path: &'a str, consumer_key: &'a str) -> Self {
        Self {
            method,
            scheme,
            host,
            path,
            query: None,
            form: None,
            realm: None,
            consumer_key,
            token: None,
            signature_method: SignatureMethod::HmacSha1,
            stamp: None,
            callback: None,
            verifier: None,
            version: None,
        }
    }

    /// The value of the `Authorization` header.
    pub fn authorization(&self, secrets: &Secrets<'_>) -> Result<String, Problem> {
        let mut out = "OAuth ".to_owned();
        let mut before = "";
        if let Some(realm) = self.realm {
            // Writing to a string cannot fail.
            let _ = write!(out, "realm=\"{}\"", header::quotable(realm));
            before = ", ";
        }
        for (name, value) in self.signed(secrets)? {
            let _ = write!(out, "{before}{name}=\"{}\"", percent::encode(&value));
            before = ", ";
        }
        Ok(out)
    }

    /// The parameters of OAuth as a query or a form, to be added to those of the request.
    pub fn parameters(&self, secrets: &Secrets<'_>) -> Result<String, Problem> {
        Ok(join(&self.signed(secrets)?))
    }

    /// What is signed.
    pub fn base_string(&self) -> Result<String, Problem> {
        let own = join(&self.own());
        let query = match self.query {
            Some(query) if !query.is_empty() => format!("{query}&{own}"),
            _ => own,
        };
        unsigned_base_string(&RawRequest {
            method: self.method,
            scheme: self.scheme,
            host: self.host,
            path: self.path,
            query: Some(&query),
            authorization: None,
            content_type: self.form.map(|_| Problem::MEDIA_TYPE),
            body: self.form.unwrap_or_default().as_bytes(),
            channel: Channel::Private,
        })
    }

    fn signed(&self, secrets: &Secrets<'_>) -> Result<Vec<(&'static str, String)>, Problem> {
        let mut parameters = self.own();
        parameters.push(("oauth_signature", self.signature_method.sign(&self.base_string()?, secrets)));
        Ok(parameters)
    }

    fn own(&self) -> Vec<(&'static str, String)> {
        let stamp = self.stamp.map(|stamp| (stamp.seconds.to_string(), stamp.nonce.to_owned()));
        let (timestamp, nonce) = stamp.unzip();
        let text = |text: Option<&str>| text.map(str::to_owned);
        let all = [
            ("oauth_consumer_key", text(Some(self.consumer_key))),
            ("oauth_token", text(self.token)),
            ("oauth_signature_method", text(Some(self.signature_method.name()))),
            ("oauth_timestamp", timestamp),
            ("oauth_nonce", nonce),
            ("oauth_callback", text(self.callback)),
            ("oauth_verifier", text(self.verifier)),
            ("oauth_version", text(self.version)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Draft({} {}://{}{} …)", self.method, self.scheme, self.host, self.path)
    }
}

fn join(parameters: &[(&str, String)]) -> String {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", percent::encode(value))).collect();
    pairs.join("&")
}

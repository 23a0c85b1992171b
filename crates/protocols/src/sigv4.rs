//! Signatures of requests to S3: AWS Signature Version 4, in the header `Authorization`.
//!
//! Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", with
//! its examples as tests. What belongs here: the signature. What does not: which requests there are.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::secret::Secret;
use crate::{mac, percent};

/// The hash of a body that is empty.
pub const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What is signed. Nothing in it is encoded yet.
#[derive(Clone, Debug)]
pub struct Unsigned<'a> {
    /// The method in upper case.
    pub method: &'a str,
    /// The path, from its first slash on.
    pub path: &'a str,
    /// Names and values of the query, in any order.
    pub query: &'a [(&'a str, &'a str)],
    /// Headers to sign, `host` among them, names in lower case, in any order. `x-amz-date` and `x-amz-content-sha256` are added.
    pub headers: &'a [(&'a str, &'a str)],
    /// The SHA-256 of the body, in hexadecimal.
    pub body: &'a str,
}

/// Who signs, and when.
#[derive(Clone, Debug)]
pub struct Signer<'a> {
    /// The public name of the key.
    pub access_key: &'a str,
    /// Its secret half.
    pub secret_key: &'a Secret,
    /// Where the bucket is.
    pub region: &'a str,
    /// The moment, as in `20130524T000000Z`.
    pub date: &'a str,
}

/// The SHA-256 of a body, in hexadecimal.
pub fn body_hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

/// A path as it is signed and sent: everything but slashes and the unreserved characters is escaped.
pub fn encode_path(path: &str) -> String {
    path.split('/').map(percent::encode).collect::<Vec<_>>().join("/")
}

/// A query as it is signed and sent, in the order in which it is signed.
pub fn encode_query(query: &[(&str, &str)]) -> String {
    let mut pairs: Vec<_> = query.iter().map(|(name, value)| (percent::encode(name), percent::encode(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// The value of `Authorization`.
pub fn authorization(request: &Unsigned<'_>, signer: &Signer<'_>) -> String {
    let mut headers: Vec<(&str, &str)> = request.headers.to_vec();
    headers.extend([("x-amz-content-sha256", request.body), ("x-amz-date", signer.date)]);
    headers.sort_unstable();
    let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let mut canonical = format!("{}\n{}\n{}\n", request.method, encode_path(request.path), encode_query(request.query));
    for (name, value) in &headers {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        // Writing to a string cannot fail.
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(canonical, "\n{names}\n{}", request.body);

    let day = signer.date.get(..8).unwrap_or(signer.date);
    let scope = format!("{day}/{}/s3/aws4_request", signer.region);
    let to_sign = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", signer.date, body_hash(canonical.as_bytes()));
    let mut key = mac::sha256(format!("AWS4{}", signer.secret_key.reveal()).as_bytes(), &[day.as_bytes()]);
    for part in [signer.region, "s3", "aws4_request"] {
        key = mac::sha256(&key, &[part.as_bytes()]);
    }
    let signature = hex(&mac::sha256(&key, &[to_sign.as_bytes()]));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}", signer.access_key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("host", "examplebucket.s3.amazonaws.com");

    fn signature(request: &Unsigned<'_>) -> String {
        let secret_key = Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        let signer = Signer {
            access_key: "AKIAIOSFODNN7EXAMPLE",
            secret_key: &secret_key,
            region: "us-east-1",
            date: "20130524T000000Z",
        };
        let whole = authorization(request, &signer);
        assert!(whole.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="
        ));
        whole.rsplit('=').next().unwrap_or_default().to_owned()
    }

    /// The examples of the source, in their order.
    #[test]
    fn published_examples() {
        let get = Unsigned {
            method: "GET",
            path: "/test.txt",
            query: &[],
            headers: &[HOST, ("range", "bytes=0-9")],
            body: EMPTY_BODY,
        };
        assert_eq!(signature(&get), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
        let put = Unsigned {
            method: "PUT",
            path: "/test$file.text",
            query: &[],
            headers: &[HOST, ("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            body: &body_hash(b"Welcome to Amazon S3."),
        };
        assert_eq!(signature(&put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
        let lifecycle =
            Unsigned { method: "GET", path: "/", query: &[("lifecycle", "")], headers: &[HOST], body: EMPTY_BODY };
        assert_eq!(signature(&lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
        let list = Unsigned { query: &[("prefix", "J"), ("max-keys", "2")], ..lifecycle };
        assert_eq!(signature(&list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    }

    #[test]
    fn what_is_special_is_escaped_once() {
        assert_eq!(encode_path("/a b/ö+~.wav"), "/a%20b/%C3%B6%2B~.wav");
        assert_eq!(encode_query(&[("b", "1/2"), ("a", "")]), "a=&b=1%2F2");
        assert_eq!(body_hash(b""), EMPTY_BODY);
    }
}

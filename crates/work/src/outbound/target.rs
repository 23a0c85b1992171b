//! A URL that may be asked for: what is checked about it before anything is sent, and how it is named in texts. Names are
//! looked up later, in `resolver.rs`.

use std::fmt;

use url::{Host, Url};

use super::allow::AllowNetworks;
use super::error::{OutboundError, UrlFault};

/// Characters that a URL may have.
pub const MOST_URL_CHARS: usize = 2_048;

/// The lowest port that needs no privilege on the other side; below it only those of HTTP are open.
pub(super) const FIRST_FREE_PORT: u16 = 1_024;

/// A URL that may be asked for: http or https, a fine port, no credentials, and no forbidden address.
///
/// It is written and logged without query and fragment, where secrets are; [`Target::url`] has all of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Checks a URL. Addresses in digits are judged here, in every form that the URL standard takes for one: `127.1`,
    /// `0x7f000001` and `2130706433` are 127.0.0.1.
    pub fn parse(text: &str, allow: &AllowNetworks) -> Result<Self, OutboundError> {
        if text.chars().count() > MOST_URL_CHARS {
            return Err(UrlFault::TooLong.into());
        }
        // The parser leaves out line breaks and tabs without a word, and cuts spaces off; whoever reads the text sees another URL.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(UrlFault::Malformed.into());
        }
        let url = Url::parse(text).map_err(|_| UrlFault::Malformed)?;
        Self::check(url, allow)
    }

    /// The target that this one's answer points to.
    pub fn join(&self, location: &str, allow: &AllowNetworks) -> Result<Self, OutboundError> {
        if location.chars().count() > MOST_URL_CHARS {
            return Err(UrlFault::TooLong.into());
        }
        let url = self.0.join(location).map_err(|_| UrlFault::Malformed)?;
        Self::check(url, allow)
    }

    fn check(url: Url, allow: &AllowNetworks) -> Result<Self, OutboundError> {
        // Normalising can make it longer.
        if url.as_str().len() > 3 * MOST_URL_CHARS {
            return Err(UrlFault::TooLong.into());
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(UrlFault::Scheme.into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlFault::Credentials.into());
        }
        match url.port_or_known_default() {
            Some(80 | 443 | FIRST_FREE_PORT..) => {}
            Some(port) => return Err(UrlFault::Port(port).into()),
            None => return Err(UrlFault::Malformed.into()),
        }
        let address = match url.host() {
            None | Some(Host::Domain("")) => return Err(UrlFault::Malformed.into()),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
        };
        if let Some((address, why)) = address.and_then(|address| Some((address, allow.refusal(address)?))) {
            return Err(OutboundError::Refused { address, why });
        }
        Ok(Self(url))
    }

    /// The whole URL, secrets and all: for the request, not for texts.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The name or address of the other side.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The last part of the path, as it is written there.
    pub(super) fn last_segment(&self) -> &str {
        self.0.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.clone();
        said.set_query(None);
        said.set_fragment(None);
        f.write_str(said.as_str())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    fn fault(text: &str) -> Option<UrlFault> {
        match Target::parse(text, &AllowNetworks::default()) {
            Err(OutboundError::Url(fault)) => Some(fault),
            _ => None,
        }
    }

    fn refused(text: &str) -> Option<IpAddr> {
        match Target::parse(text, &AllowNetworks::default()) {
            Err(OutboundError::Refused { address, .. }) => Some(address),
            _ => None,
        }
    }

    #[test]
    fn fine_urls_pass() {
        for fine in [
            "http://example.com",
            "https://example.com/a?b=c#d",
            "HTTPS://EXAMPLE.COM:443/",
            "http://example.com:1024/",
            "http://example.com:65535/",
            "https://bücher.example/ö",
            "http://93.184.216.34/",
            "http://[2606:4700::1111]/",
            "http://example.com:80",
            "https://example.com:80/",
        ] {
            assert!(Target::parse(fine, &AllowNetworks::default()).is_ok(), "{fine}");
        }
    }

    #[test]
    fn wrong_urls_are_named() {
        for scheme in
            ["ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "data:text/plain,a", "javascript:1"]
        {
            assert_eq!(fault(scheme), Some(UrlFault::Scheme), "{scheme}");
        }
        for secret in ["http://user@example.com/", "http://user:pass@example.com/", "http://:pass@example.com/"] {
            assert_eq!(fault(secret), Some(UrlFault::Credentials), "{secret}");
        }
        for (url, port) in
            [("http://example.com:22/", 22), ("http://example.com:0/", 0), ("http://example.com:1023/", 1023)]
        {
            assert_eq!(fault(url), Some(UrlFault::Port(port)), "{url}");
        }
        for malformed in [
            "",
            "example.com",
            "//example.com",
            "http://",
            "http:///",
            "http://exa mple.com/",
            "http://example.com/\n",
            " http://a.example",
            "http://exam\tple.com",
            "http://example.com:65536/",
            "http://[::1",
            "http://1.2.3.4.5/",
            "http://256.1.1.1/",
            "http://a\0b/",
        ] {
            assert_eq!(fault(malformed), Some(UrlFault::Malformed), "{malformed:?}");
        }
        assert_eq!(fault(&format!("http://a.example/{}", "a".repeat(2_031))), None);
        assert_eq!(fault(&format!("http://a.example/{}", "a".repeat(2_032))), Some(UrlFault::TooLong));
    }

    #[test]
    fn every_way_to_write_an_address_is_seen_through() {
        for loopback in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://127.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://0177.0.0.01/",
            "http://0x7F.0x0.0x0.0x1/",
            "http://127.0.0.1./",
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http://%31%32%37.0.0.1/",
            "https://127.0.0.1:8443/",
        ] {
            assert_eq!(refused(loopback), Some(Ipv4Addr::LOCALHOST.into()), "{loopback}");
        }
        for inside in [
            "http://0/",
            "http://[::]/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[0:0:0:0:0:ffff:a00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::10.0.0.1]/",
            "http://[64:ff9b:1::1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:0:5db8:d822::3f57:fefe]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://100.64.0.1/",
            "http://4294967295/",
            "http://[ff02::1]/",
        ] {
            assert!(refused(inside).is_some(), "{inside}");
        }
    }

    #[test]
    fn what_the_operator_opened_passes() {
        let allow: AllowNetworks = "127.0.0.0/8".parse().unwrap();
        assert!(Target::parse("http://127.0.0.1:8080/", &allow).is_ok());
        assert!(Target::parse("http://0x7f000001:8080/", &allow).is_ok());
        assert!(Target::parse("http://[::1]:8080/", &allow).is_err());
    }

    #[test]
    fn texts_keep_secrets() {
        let target = Target::parse("https://a.example/x.mp3?token=s3cret#frag", &AllowNetworks::default()).unwrap();
        assert_eq!(target.to_string(), "https://a.example/x.mp3");
        assert_eq!(format!("{target:?}"), "Target(https://a.example/x.mp3)");
        let error = Target::parse("https://user:s3cret@a.example/?k=s3cret", &AllowNetworks::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }

    #[test]
    fn a_hop_is_checked_like_the_first() {
        let allow = AllowNetworks::default();
        let target = Target::parse("https://a.example/x/y?z", &allow).unwrap();
        assert_eq!(target.join("../b", &allow).unwrap().url().as_str(), "https://a.example/b");
        assert_eq!(target.join("//b.example/", &allow).unwrap().host(), "b.example");
        for wrong in [
            "http://127.1/",
            "//[::1]/",
            "file:///etc/passwd",
            "//a.example:25/",
            "//u:p@a.example/",
            &"a".repeat(2_049),
        ] {
            assert!(target.join(wrong, &allow).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_what_was_promised(text in "(https?|ftp)://[a-z0-9.:@%\\[\\]x-]{0,40}(/.{0,20})?") {
            if let Ok(target) = Target::parse(&text, &AllowNetworks::default()) {
                let url = target.url();
                prop_assert!(url.username().is_empty() && url.password().is_none());
                prop_assert!(matches!(url.port_or_known_default(), Some(80 | 443 | 1024..)));
                // Digits never get to the resolver, nor to the connector without having been judged.
                prop_assert!(target.host().parse::<Ipv4Addr>().is_err() || matches!(url.host(), Some(Host::Ipv4(_))));
            }
        }
    }
}

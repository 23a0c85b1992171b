//! What WebDAV says about the files of a folder (RFC 4918): the question, and how its answer is read.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::xml::{Step, ends_with, walk};

/// The body of `PROPFIND`: what there is, how large, and since when (RFC 4918, 9.1).
pub const PROPFIND: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/>\
                            <getcontentlength/><getlastmodified/></prop></propfind>";

/// An answer to `PROPFIND`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Multistatus {
    /// What there is.
    pub resources: Vec<Resource>,
    /// Whether the whole of it could be read.
    pub whole: bool,
}

/// A file or a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Its address, or the path of it.
    pub href: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was last changed, as in `Mon, 05 Jan 2026 12:00:00 GMT`.
    pub changed: String,
}

impl Resource {
    /// The last part of its address, decoded; nothing where that is no text, or empty.
    pub fn name(&self) -> Option<String> {
        let path = self.href.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
        percent_decode_str(last).decode_utf8().ok().map(Cow::into_owned)
    }
}

/// Reads a multi-status; nothing where the answer is something else.
pub fn multistatus(xml: &str) -> Option<Multistatus> {
    let (mut found, mut at, mut is_one) = (Multistatus::default(), Resource::default(), false);
    let done = walk(xml, |path, step| match step {
        Step::Open if path.len() == 1 => is_one = ends_with(path, &["multistatus"]),
        Step::Open if path.len() == 2 => at = Resource::default(),
        Step::Open if ends_with(path, &["prop", "resourcetype", "collection"]) => at.is_folder = true,
        Step::Close(text) if path.len() == 3 && ends_with(path, &["response", "href"]) => text.clone_into(&mut at.href),
        Step::Close(text) if ends_with(path, &["prop", "getcontentlength"]) => {
            at.size = text.parse().ok().or(at.size);
        }
        Step::Close(text) if ends_with(path, &["prop", "getlastmodified"]) && !text.is_empty() => {
            text.clone_into(&mut at.changed);
        }
        Step::Close(_) if path.len() == 2 && path[1] == "response" => found.resources.push(std::mem::take(&mut at)),
        _ => {}
    });
    found.whole = done.is_ok();
    is_one.then_some(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_and_files_are_told_apart() {
        let xml = "<?xml version=\"1.0\"?><D:multistatus xmlns:D=\"DAV:\"><D:response xmlns:lp1=\"DAV:\"><D:href>/dav/</D:href>\
            <D:propstat><D:prop><lp1:resourcetype><D:collection/></lp1:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>\
            <D:propstat><D:prop><D:getcontentlength/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>\
            <D:response><D:href>https://a.example/dav/a%20%C3%B6.wav</D:href><D:propstat><D:prop><lp1:resourcetype/>\
            <lp1:getcontentlength>7</lp1:getcontentlength><lp1:getlastmodified>Mon, 05 Jan 2026 12:00:00 GMT</lp1:getlastmodified>\
            </D:prop></D:propstat></D:response></D:multistatus>";
        let found = multistatus(xml).unwrap();
        assert!(found.whole && found.resources[0].is_folder && !found.resources[1].is_folder);
        assert_eq!(found.resources[0].name().as_deref(), Some("dav"));
        assert_eq!(found.resources[1].name().as_deref(), Some("a ö.wav"));
        assert_eq!(found.resources[1].size, Some(7));
        assert_eq!(found.resources[1].changed, "Mon, 05 Jan 2026 12:00:00 GMT");
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for other in ["", "<html><body>Sign in</body></html>", "no XML at all", "<a><multistatus/></a>"] {
            assert_eq!(multistatus(other), None, "{other}");
        }
        let cut = multistatus("<multistatus><response><href>/a</href></response><response><href>/b").unwrap();
        assert_eq!((cut.resources.len(), cut.whole), (1, false));
        let grown = format!("<!DOCTYPE a [<!ENTITY b \"{}\">]><multistatus>&b;</multistatus>", "b".repeat(99));
        assert!(!multistatus(&grown).unwrap().whole);
        let deep = "<multistatus>".repeat(1_000);
        assert!(!multistatus(&deep).unwrap().whole);
    }

    #[test]
    fn names_that_are_no_text_are_none() {
        for href in ["", "/", "//", "/a/%ff", "?", "#a"] {
            assert_eq!(Resource { href: href.to_owned(), ..Resource::default() }.name(), None, "{href}");
        }
        let tricky = Resource { href: "/dav/..%2f..%2fetc%2fpasswd".to_owned(), ..Resource::default() };
        // Whoever asks for names decides about slashes in them.
        assert_eq!(tricky.name().as_deref(), Some("../../etc/passwd"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(<[A-Za-z:/]{0,12}>|&[a-z#0-9]{0,5};|.){0,60}") {
            for resource in multistatus(&text).unwrap_or_default().resources {
                let _ = resource.name();
            }
        }
    }
}

//! What S3 says about buckets and files in them, as XML. Signatures are in `sigv4`.
//!
//! Source: Amazon Simple Storage Service API Reference, API version 2006-03-01: ListObjectsV2, CreateMultipartUpload,
//! CompleteMultipartUpload, Error Responses.

use std::fmt::Write as _;

use crate::xml::{Step, ends_with, walk};

/// A part of a list of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Files, in the order of their names.
    pub files: Vec<Listed>,
    /// What the next part is asked for with, where there is one.
    pub next: Option<String>,
    /// Whether the whole of it could be read.
    pub whole: bool,
}

/// A file in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its whole name.
    pub key: String,
    /// Bytes.
    pub size: Option<u64>,
    /// When it was last changed, as in `2026-01-05T12:00:00.000Z`.
    pub changed: String,
}

/// Reads an answer to `ListObjectsV2`; nothing where it is something else.
pub fn page(xml: &str) -> Option<Page> {
    let (mut page, mut file, mut is_list) = (Page::default(), Listed::default(), false);
    let done = walk(xml, |path, step| match step {
        Step::Open if path.len() == 1 => is_list = ends_with(path, &["ListBucketResult"]),
        Step::Open if ends_with(path, &["ListBucketResult", "Contents"]) => file = Listed::default(),
        Step::Close(text) if path.len() == 3 && path[1] == "Contents" => match path[2].as_str() {
            "Key" => text.clone_into(&mut file.key),
            "Size" => file.size = text.parse().ok(),
            "LastModified" => text.clone_into(&mut file.changed),
            _ => {}
        },
        Step::Close(_) if path.len() == 2 && path[1] == "Contents" => page.files.push(std::mem::take(&mut file)),
        Step::Close(text) if path.len() == 2 && path[1] == "NextContinuationToken" => page.next = Some(text.to_owned()),
        _ => {}
    });
    page.whole = done.is_ok();
    is_list.then_some(page)
}

/// The word for an error, as in `NoSuchBucket`; nothing where the answer is none.
pub fn error_code(xml: &str) -> Option<String> {
    let mut code = None;
    let _ = walk(xml, |path, step| {
        if let (Step::Close(text), [error, name]) = (step, path)
            && error == "Error"
            && name == "Code"
        {
            code = Some(text.to_owned());
        }
    });
    code.filter(|code| !code.is_empty() && code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The id of an upload in parts, in the answer to `CreateMultipartUpload`.
pub fn upload_id(xml: &str) -> Option<String> {
    let mut id = None;
    let _ = walk(xml, |path, step| {
        if let Step::Close(text) = step
            && ends_with(path, &["InitiateMultipartUploadResult", "UploadId"])
        {
            id = Some(text.to_owned());
        }
    });
    id.filter(|id| !id.is_empty() && id.len() <= 1_024)
}

/// The body of `CompleteMultipartUpload`: the tags of all parts, from the first on.
pub fn complete(tags: &[String]) -> String {
    let mut xml = String::from("<CompleteMultipartUpload>");
    for (index, tag) in tags.iter().enumerate() {
        let tag = quick_xml::escape::escape(tag.as_str());
        // Writing to a string cannot fail.
        let _ = write!(xml, "<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>", index + 1);
    }
    xml.push_str("</CompleteMultipartUpload>");
    xml
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests stop where they fail")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_is_read() {
        let xml = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
                   <Contents><Key>a &amp; b.wav</Key><LastModified>2026-01-05T12:00:00.000Z</LastModified><Size>7</Size>\
                   <Owner><ID>1</ID></Owner></Contents><Contents><Key>&#xf6;.mp3</Key><Size>x</Size></Contents>\
                   <NextContinuationToken>t/=</NextContinuationToken></ListBucketResult>";
        let page = page(xml).unwrap();
        assert_eq!(page.files[0].key, "a & b.wav");
        assert_eq!((page.files[0].size, page.files[0].changed.as_str()), (Some(7), "2026-01-05T12:00:00.000Z"));
        assert_eq!((page.files[1].key.as_str(), page.files[1].size), ("ö.mp3", None));
        assert_eq!((page.next.as_deref(), page.whole), (Some("t/="), true));
    }

    #[test]
    fn what_is_cut_off_is_said_to_be() {
        let cut = page("<ListBucketResult><Contents><Key>a</Key></Contents><Contents><Key>b").unwrap();
        assert_eq!((cut.files.len(), cut.whole), (1, false));
        assert_eq!(page("<Error><Code>NoSuchBucket</Code></Error>"), None);
        assert_eq!(page("hello"), None);
    }

    #[test]
    fn errors_and_uploads_are_read() {
        assert_eq!(error_code("<Error><Code>NoSuchBucket</Code></Error>").as_deref(), Some("NoSuchBucket"));
        for none in
            ["", "<Error><Code></Code></Error>", "<Error><Code>a b</Code></Error>", "<html>", "<a><Code>A</Code></a>"]
        {
            assert_eq!(error_code(none), None, "{none}");
        }
        let id = upload_id("<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>");
        assert_eq!(id.as_deref(), Some("u1"));
        assert_eq!(upload_id("<UploadId>u1</UploadId>"), None);
        let body = complete(&["\"a\"".to_owned(), "<b>".to_owned()]);
        assert!(body.contains("<PartNumber>2</PartNumber><ETag>&lt;b&gt;</ETag>"), "{body}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(<[A-Za-z/]{0,9}>|&[a-z#0-9]{0,5};|.){0,60}") {
            let _ = (page(&text), error_code(&text), upload_id(&text));
        }
    }
}

//! How much of a request may stand before its body.

use http::StatusCode;
use http::request::Parts;

use super::problem::Problem;

/// Bytes of all header fields together.
const MOST_HEADERS: usize = 32 << 10;
/// Header fields.
const MOST_FIELDS: usize = 100;
/// Bytes of an address.
const LONGEST_ADDRESS: usize = 8 << 10;

/// Refuses what is longer than any client needs.
pub(crate) fn check(parts: &Parts) -> Result<(), Problem> {
    let address = parts.uri.path().len() + parts.uri.query().map_or(0, str::len);
    if address > LONGEST_ADDRESS {
        let message = format!("The address has {address} bytes, more than the {LONGEST_ADDRESS} that are read.");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "address_too_long", message));
    }
    let bytes: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MOST_HEADERS || parts.headers.len() > MOST_FIELDS {
        let fields = parts.headers.len();
        let message = format!(
            "The request has {fields} header fields of {bytes} bytes; at most {MOST_FIELDS} and {MOST_HEADERS} bytes are read."
        );
        return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", message));
    }
    Ok(())
}

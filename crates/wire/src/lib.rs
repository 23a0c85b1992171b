//! What crosses the wire: request and reply types of every surface, and how they are read.
//!
//! What belongs here: names, numbers and forms that clients rely on. What does not: who carries them, and what they do.

pub mod narration;
pub mod productions;
pub mod social;

/// A moment as HTTP's own headers have it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
pub fn http_date(time: model::Time) -> String {
    let moment = jiff::Timestamp::from_millisecond(time.as_ms()).unwrap_or_default();
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod http_date_tests {
    #[test]
    fn dates_of_headers() {
        assert_eq!(super::http_date(model::Time::from_ms(784_111_777_000)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}

//! Drawings beside words, 24 by 24, in lines. Each is looked at with its word, at 16 pixels.

/// What is inside of an icon; nothing for a name that there is none of.
pub(crate) fn path(name: &str) -> &'static str {
    match name {
        "clock" => r#"<circle cx="12" cy="12" r="9.5"/><path d="M12 6.5V12l3.5 2.5"/>"#,
        "note" => r#"<circle cx="7" cy="18" r="3"/><path d="M10 18V4l8 3.5v4L10 8"/>"#,
        "pen" => r#"<path d="M4 20l1-4.5L16 4.5l3.5 3.5-11 11z"/><path d="M13 20h7"/>"#,
        "person" => r#"<circle cx="12" cy="8" r="4.5"/><path d="M3.5 21c1-5 4.5-7 8.5-7s7.5 2 8.5 7"/>"#,
        "plug" => r#"<path d="M9 2.5V8M15 2.5V8M6 8h12v4a6 6 0 0 1-12 0zM12 18v4"/>"#,
        "wave" => r#"<path d="M3 10v4M7.5 6v12M12 3v18M16.5 7v10M21 10v4"/>"#,
        _ => "",
    }
}

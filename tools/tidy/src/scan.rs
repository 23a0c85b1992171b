//! Rust source, line by line, with code and comments told apart. Strings count as neither.
//!
//! This is no parser: it knows just enough of the lexer (strings, characters, comments, lifetimes) that a word in a string
//! or a comment is never taken for code.

/// A line of source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: usize,
    /// What the compiler sees, with the inside of strings left out.
    pub(crate) code: String,
    /// What stands in comments, slashes included.
    pub(crate) comment: String,
    /// Whether it belongs to an item under `#[cfg(test)]`.
    pub(crate) test: bool,
}

/// Takes source apart.
pub(crate) fn lines(source: &str) -> Vec<Line> {
    let mut lines = separate(source);
    mark_tests(&mut lines);
    lines
}

/// Whether `word` stands in the code on its own, not as a part of a longer name.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part_of_name)
            && !code[at + word.len()..].chars().next().is_some_and(part_of_name)
    })
}

/// What the character at hand is inside of.
#[derive(Clone, Copy)]
enum Inside {
    Code,
    LineComment,
    /// Comments between stars nest.
    BlockComment(usize),
    Text,
    /// A raw string that ends with a quote and so many hashes.
    RawText(usize),
}

fn separate(source: &str) -> Vec<Line> {
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut lines = Vec::new();
    let mut line = Line { number: 1, code: String::new(), comment: String::new(), test: false };
    let mut inside = Inside::Code;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        if c == '\n' {
            if matches!(inside, Inside::LineComment) {
                inside = Inside::Code;
            }
            let next = Line { number: line.number + 1, code: String::new(), comment: String::new(), test: false };
            lines.push(std::mem::replace(&mut line, next));
            i += 1;
            continue;
        }
        match inside {
            Inside::Code => match (c, at(i + 1)) {
                ('/', '/') => {
                    inside = Inside::LineComment;
                    line.comment.push(c);
                }
                ('/', '*') => {
                    inside = Inside::BlockComment(1);
                    line.comment.push_str("/*");
                    i += 1;
                }
                ('"', _) => {
                    inside = Inside::Text;
                    line.code.push(c);
                }
                ('r', '"' | '#') if !ends_in_name(&line.code) => {
                    let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
                    if at(i + 1 + hashes) == '"' {
                        inside = Inside::RawText(hashes);
                        line.code.push('"');
                        i += 1 + hashes;
                    } else {
                        line.code.push(c); // a raw name: r#type
                    }
                }
                ('\'', '\\') => {
                    // An escaped character: past the backslash and what it escapes, then to the quote.
                    i += 3;
                    while i < chars.len() && chars[i] != '\'' && chars[i] != '\n' {
                        i += 1;
                    }
                    line.code.push_str("''");
                }
                ('\'', _) if at(i + 2) == '\'' => {
                    line.code.push_str("''");
                    i += 2;
                }
                _ => line.code.push(c),
            },
            Inside::LineComment => line.comment.push(c),
            Inside::BlockComment(depth) => {
                line.comment.push(c);
                match (c, at(i + 1)) {
                    ('*', '/') => {
                        line.comment.push('/');
                        i += 1;
                        inside = if depth == 1 { Inside::Code } else { Inside::BlockComment(depth - 1) };
                    }
                    ('/', '*') => {
                        line.comment.push('*');
                        i += 1;
                        inside = Inside::BlockComment(depth + 1);
                    }
                    _ => {}
                }
            }
            // What is escaped is skipped, except the end of a line, which has to be counted.
            Inside::Text if c == '\\' && at(i + 1) != '\n' => i += 1,
            Inside::Text if c == '"' => {
                inside = Inside::Code;
                line.code.push(c);
            }
            Inside::RawText(hashes) if c == '"' && (1..=hashes).all(|n| at(i + n) == '#') => {
                inside = Inside::Code;
                line.code.push(c);
                i += hashes;
            }
            Inside::Text | Inside::RawText(_) => {}
        }
        i += 1;
    }
    if !line.code.is_empty() || !line.comment.is_empty() {
        lines.push(line);
    }
    lines
}

/// Whether what comes next would belong to a name, so that an `r` is no prefix. `b` and `c` are prefixes themselves.
fn ends_in_name(code: &str) -> bool {
    let name = code.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    !matches!(name, "" | "b" | "c")
}

/// Marks what `#[cfg(test)]` covers: up to the brace that closes its item, or the semicolon of `mod tests;`.
fn mark_tests(lines: &mut [Line]) {
    let mut depth = 0usize;
    let mut waiting = false;
    let mut ends_at = None;
    for line in lines {
        if ends_at.is_none() && line.code.contains("#[cfg(test)]") {
            waiting = true;
        }
        line.test = waiting || ends_at.is_some();
        for c in line.code.chars() {
            match c {
                '{' => {
                    depth += 1;
                    if waiting {
                        waiting = false;
                        ends_at = Some(depth);
                    }
                }
                '}' => {
                    if ends_at == Some(depth) {
                        ends_at = None;
                    }
                    depth = depth.saturating_sub(1);
                }
                ';' => waiting = false,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(source: &str) -> Vec<String> {
        lines(source).into_iter().map(|line| line.code).collect()
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        assert_eq!(code("let a = \"unsafe\"; // unsafe"), ["let a = \"\"; "]);
        assert_eq!(code("let a = r#\"un\"safe\"#;"), ["let a = \"\";"]);
        assert_eq!(code("let a = br\"unsafe\";"), ["let a = b\"\";"]);
        assert_eq!(code("a /* unsafe /* still */ unsafe */ b"), ["a  b"]);
        assert_eq!(code("let a = \"\\\"unsafe\";"), ["let a = \"\";"]);
        assert_eq!(code("\"one\ntwo\" three"), ["\"", "\" three"]);
    }

    #[test]
    fn characters_lifetimes_and_raw_names_do_not_open_strings() {
        assert_eq!(
            code("fn a<'a>(b: &'a str) { c('\"', '\\'', '\\u{22}') }"),
            ["fn a<'a>(b: &'a str) { c('', '', '') }"]
        );
        assert_eq!(code("let r#type = for_each(x);"), ["let r#type = for_each(x);"]);
    }

    #[test]
    fn comments_are_kept_apart() {
        let found = lines("a(); // later\n/* one\ntwo */ b();");
        let comments: Vec<_> = found.iter().map(|line| line.comment.as_str()).collect();
        assert_eq!(comments, ["// later", "/* one", "two */"]);
    }

    #[test]
    fn test_items_are_marked_to_their_last_brace() {
        let found = lines(
            "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { c() }\n}\nfn d() {}\n#[cfg(test)]\nmod more;\nfn e() {}",
        );
        let tests: Vec<_> = found.iter().filter(|line| line.test).map(|line| line.number).collect();
        assert_eq!(tests, [2, 3, 4, 5, 7, 8]);
    }

    #[test]
    fn words_stand_alone() {
        assert!(has_word("unsafe { }", "unsafe"));
        assert!(!has_word("expect(unsafe_code)", "unsafe"));
        assert!(!has_word("not_unsafe", "unsafe"));
    }
}

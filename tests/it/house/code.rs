//! Rust source with everything blanked that is not code, line by line as it was.

/// `source` with comments and the insides of literals as blanks; with `tests` false, items under `#[cfg(test)]` too.
pub fn code(source: &str, tests: bool) -> String {
    let code = without_literals(source);
    if tests { code } else { without_tests(&code) }
}

fn without_literals(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while !rest.is_empty() {
        let Piece { kept, blanked, closing } = next(rest);
        let (open, inside) = (&rest[..kept], &rest[kept..kept + blanked]);
        let end = (kept + blanked + closing).min(rest.len());
        out.push_str(open);
        out.push_str(&blank(inside));
        out.push_str(&rest[kept + blanked..end]);
        rest = &rest[end..];
    }
    out
}

/// As many bytes, all of them blanks or line ends: places in source and code are the same.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Bytes that are code, bytes after them that are none, and the delimiter that closes these.
struct Piece {
    kept: usize,
    blanked: usize,
    closing: usize,
}

fn next(rest: &str) -> Piece {
    let piece = |kept, blanked, closing| Piece { kept, blanked, closing };
    if rest.starts_with("//") {
        return piece(0, rest.find('\n').unwrap_or(rest.len()), 0);
    }
    if rest.starts_with("/*") {
        return piece(0, block_comment(rest), 0);
    }
    if let Some(hashes) = raw_string(rest) {
        let close = format!("\"{}", "#".repeat(hashes));
        let open = rest.find('"').map_or(rest.len(), |at| at + 1);
        return piece(open, rest[open..].find(&close).unwrap_or(rest.len() - open), close.len());
    }
    match rest.as_bytes()[0] {
        b'"' => piece(1, until_unescaped(&rest[1..], '"'), 1),
        b'\'' if is_character(rest) => piece(1, until_unescaped(&rest[1..], '\''), 1),
        // A whole word, so that the `r` at its end begins no raw string.
        byte if byte.is_ascii_alphanumeric() || byte == b'_' => {
            piece(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()), 0, 0)
        }
        _ => piece(rest.chars().next().map_or(1, char::len_utf8), 0, 0),
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The number of `#` of a raw string that begins here.
fn raw_string(rest: &str) -> Option<usize> {
    let after = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// Whether the quote begins a character, not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    matches!((chars.next(), chars.next()), (Some('\\'), _) | (_, Some('\'')))
}

/// The place of `end` that no backslash escapes.
fn until_unescaped(text: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == end => return at,
            _ => {}
        }
    }
    text.len()
}

fn without_tests(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let item = &rest[at..];
        let end = item_end(item);
        out.push_str(&rest[..at]);
        out.push_str(&blank(&item[..end]));
        rest = &item[end..];
    }
    out + rest
}

/// Where an item ends: at its `;` or at the brace that closes it.
fn item_end(item: &str) -> usize {
    let mut depth = 0usize;
    for (at, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// The line (from 1) of a place in the code.
pub fn line(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// The places of `word` in `code` where it is not part of a longer name.
pub fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_name = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let begins_name = is_name(word.chars().next());
    let ends_name = is_name(word.chars().next_back());
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let longer_before = begins_name && is_name(code[..at].chars().next_back());
        let longer_after = ends_name && is_name(code[at + word.len()..].chars().next());
        !longer_before && !longer_after
    })
}

#[test]
fn comments_and_literals_are_no_code() {
    let source = "a // x\nb /* y /* z */ */ c \"d\\\"e\" 'f' '\\'' r#\"g\"h\"# &'i str br\"j\" for\"k\"";
    assert_eq!(
        code(source, true).split_whitespace().collect::<Vec<_>>().join(" "),
        "a b c \" \" ' ' ' ' r#\" \"# &'i str br\" \" for\" \""
    );
    assert_eq!(code(source, true).len(), source.len());
}

#[test]
fn test_items_are_blanked_and_lines_stay() {
    let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}";
    let code = code(source, false);
    assert_eq!(code.split_whitespace().collect::<Vec<_>>().join(" "), "fn a() {} fn c() {} fn e() {}");
    assert_eq!(code.find("fn c").map(|at| line(&code, at)), Some(6));
}

#[test]
fn words_are_whole() {
    assert_eq!(places("unsafe unsafely not_unsafe x.unsafe", "unsafe").collect::<Vec<_>>(), [0, 29]);
    assert_eq!(places("a.unwrap() a.unwrap_or()", ".unwrap()").collect::<Vec<_>>(), [1]);
}

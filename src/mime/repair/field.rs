//! One field's raw 8-bit text as RFC 2047 encoded words, in the places where that field may have them.

use std::borrow::Cow;

use crate::mime::{
    encode,
    header::{Field, without_nul},
    text::Reader,
};

/// Address fields: encoded words stand for a display name or in a comment (RFC 2047 §5).
const ADDRESSES: [&str; 15] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-Reply-To",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Return-Receipt-To",
    "Disposition-Notification-To",
    "Errors-To",
];
/// MIME fields: an encoded word within quotes is against RFC 2047 §5, and what mail programs write and read.
const PARAMETERS: [&str; 2] = ["Content-Type", "Content-Disposition"];

/// The field's value with encoded words for its 8-bit text; `None` where it has none.
pub(super) fn encoded(field: &Field<'_>, reader: &Reader<'_>, line_end: &str) -> Option<String> {
    if field.value.is_ascii() {
        return None;
    }
    // A NUL would hide from the rules below that two encoded words are neighbours.
    let value = without_nul(field.value);
    let text = reader.unicode(&value);
    let is_one_of = |names: &[&str]| names.iter().any(|name| field.is(name));
    if is_one_of(&ADDRESSES) {
        Some(addresses(&text, line_end))
    } else if is_one_of(&PARAMETERS) {
        Some(parameters(&text))
    } else {
        Some(unstructured(&text, reader, line_end))
    }
}

/// Words with 8-bit text and the blanks between them, run by run; everything else stays.
fn unstructured(text: &str, reader: &Reader<'_>, line_end: &str) -> String {
    let tokens = tokens(text, |c| c.is_ascii_whitespace());
    let raw = |at: usize| tokens.get(at).is_some_and(|token| !token.is_ascii());
    let mut out = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if !raw(at) {
            out.push_str(token);
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while raw(end + 1) {
            end += 2;
        }
        let run: String =
            tokens.get(at..end).unwrap_or_default().iter().map(|t| if is_blank(t) { " " } else { t }).collect();
        // Raw bytes within an encoded word: what it says is encoded, not how it says it.
        let run = if run.contains("=?") { reader.unstructured(run.as_bytes()) } else { run };
        // Blanks between two encoded words are not shown (RFC 2047 §6.2): such a blank goes into the word.
        let before = at.checked_sub(2).and_then(|at| tokens.get(at)).is_some_and(|t| is_encoded(t));
        let after = tokens.get(end + 1).is_some_and(|t| is_encoded(t));
        let run = [if before { " " } else { "" }, &run, if after { " " } else { "" }].concat();
        out.push_str(&encode::words(&run).join(&format!("{line_end} ")));
        at = end;
    }
    out
}

/// Quoted names and bare words with 8-bit text; an address itself cannot be encoded and stays.
fn addresses(text: &str, line_end: &str) -> String {
    let fold = format!("{line_end} ");
    let tokens = quote_tokens(text, |c| c.is_ascii_whitespace() || "()<>,:;".contains(c));
    let mut out = String::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1).map_or("", |next| next);
        if token.is_ascii() || token.contains('@') || next.starts_with('@') {
            out.push_str(token);
            continue;
        }
        let follows_word = at >= 2 && tokens.get(at - 1).is_some_and(|t| is_blank(t)) && ends_encoded(&out);
        let text = unquoted(token);
        let text = if follows_word { Cow::from(format!(" {text}")) } else { text };
        out.push_str(&encode::words(&text).join(&fold));
        if next.starts_with('<') {
            out.push(' ');
        }
    }
    out
}

/// Values of parameters, in quotes.
fn parameters(text: &str) -> String {
    let tokens = quote_tokens(text, |c| c.is_ascii_whitespace() || ";=".contains(c));
    let encode = |token: &String| format!("\"{}\"", encode::words(&unquoted(token)).join(" "));
    tokens.iter().map(|token| if token.is_ascii() { token.clone() } else { encode(token) }).collect()
}

/// Runs of delimiters and runs of everything else, alternating.
fn tokens(text: &str, delimiter: impl Fn(char) -> bool) -> Vec<String> {
    let mut tokens: Vec<(bool, String)> = Vec::new();
    for c in text.chars() {
        let kind = delimiter(c);
        match tokens.last_mut() {
            Some((last, token)) if *last == kind => token.push(c),
            _ => tokens.push((kind, c.to_string())),
        }
    }
    tokens.into_iter().map(|(_, token)| token).collect()
}

/// Like [`tokens`], with quoted strings as tokens of their own.
fn quote_tokens(text: &str, delimiter: impl Fn(char) -> bool + Copy) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('"') {
        let (before, from_quote) = rest.split_at(open);
        out.extend(tokens(before, delimiter));
        let (quoted, after) = from_quote.split_at(quote_end(from_quote));
        out.push(quoted.to_owned());
        rest = after;
    }
    out.extend(tokens(rest, delimiter));
    out
}

/// Where the quoted string that `text` begins with ends.
fn quote_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// What a quoted string says; other text as it is. Line ends within are folding.
fn unquoted(token: &str) -> Cow<'_, str> {
    let Some(inner) = token.strip_prefix('"') else { return token.into() };
    let mut escaped = false;
    let said = inner.strip_suffix('"').unwrap_or(inner).chars().filter(|&c| {
        escaped = c == '\\' && !escaped;
        !escaped && !matches!(c, '\r' | '\n')
    });
    said.collect::<String>().into()
}

fn is_blank(token: &str) -> bool {
    token.chars().all(|c| c.is_ascii_whitespace())
}

fn is_encoded(word: &str) -> bool {
    word.starts_with("=?") && word.ends_with("?=")
}

fn ends_encoded(text: &str) -> bool {
    text.trim_ascii_end().ends_with("?=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::header::fields;

    /// The field encoded, and read again by mail-parser.
    fn both(field: &str) -> (String, String) {
        let reader = Reader::of(b"");
        let parsed = fields(field.as_bytes()).next().and_then(|f| encoded(&f, &reader, "\r\n")).unwrap_or_default();
        assert!(parsed.is_ascii(), "{parsed}");
        let read = reader.unstructured(parsed.as_bytes());
        (parsed, read)
    }

    #[test]
    fn encodes_runs_of_words_and_leaves_the_rest() {
        let (encoded, read) = both("Subject: Re: Grüße  aus Köln am Rhein");
        assert_eq!(encoded, " Re: =?utf-8?B?R3LDvMOfZQ==?=  aus =?utf-8?B?S8O2bG4=?= am Rhein");
        assert_eq!(read, "Re: Grüße aus Köln am Rhein");
        assert_eq!(both("Subject: Grüße\r\n Köln").1, "Grüße Köln");
    }

    #[test]
    fn keeps_the_blank_beside_words_that_were_encoded_before() {
        assert_eq!(both("Subject: =?utf-8?Q?a?= ü =?utf-8?Q?b?= c").1, "a ü b c");
        assert_eq!(both("Subject: =?utf-8?Q?Grü=C3=9Fe?= c").1, "Grüße c");
    }

    #[test]
    fn encodes_names_but_not_addresses() {
        let (encoded, _) = both("From: \"Müller, \\\"X\\\"\"<m@x.org>, Jörg Äpfel <j@x.org> (Köln)");
        assert_eq!(
            encoded,
            " =?utf-8?B?TcO8bGxlciwgIlgi?= <m@x.org>, =?utf-8?B?SsO2cmc=?= =?utf-8?B?IMOEcGZlbA==?= <j@x.org> (=?utf-8?B?S8O2bG4=?=)"
        );
        let field = "To: jörg@x.org";
        let kept = fields(field.as_bytes()).next().and_then(|f| super::encoded(&f, &Reader::of(b""), "\r\n"));
        assert_eq!(kept.as_deref(), Some(" jörg@x.org"));
    }

    #[test]
    fn encodes_parameters_within_quotes() {
        let (encoded, _) = both("Content-Disposition: attachment; filename=Übung.pdf; x=\"a b\"");
        assert_eq!(encoded, " attachment; filename=\"=?utf-8?B?w5xidW5nLnBkZg==?=\"; x=\"a b\"");
    }
}

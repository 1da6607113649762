//! Bytes in the encodings of MIME: lossless both ways, lines of at most 76 characters.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The longest line of encoded text (RFC 2045 §6.7, §6.8).
const LINE: usize = 76;

/// Text as quoted-printable; its line ends stay line ends, a CR or LF by itself becomes `=0D` or `=0A`.
pub fn quoted(text: &[u8], line_end: &str) -> Vec<u8> {
    if line_end == "\r\n" {
        return quoted_crlf(text);
    }
    let crlf = text.split(|&b| b == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..]);
    quoted_crlf(&crlf).into_iter().filter(|&b| b != b'\r').collect()
}

/// The `F` of a line's leading `From ` is hidden: an mbox store would change it to `>From `.
fn quoted_crlf(text: &[u8]) -> Vec<u8> {
    const HIDDEN: &str = "=46";
    let options = quoted_printable::Options::default()
        .input_mode(quoted_printable::InputMode::Text)
        .line_length_limit(LINE + 1 - HIDDEN.len());
    let encoded = quoted_printable::encode_with_options(text, options);
    let lines = encoded.split_inclusive('\n');
    lines
        .map(|line| {
            line.strip_prefix('F')
                .filter(|rest| rest.starts_with("rom "))
                .map_or(line.to_owned(), |rest| format!("{HIDDEN}{rest}"))
        })
        .collect::<String>()
        .into_bytes()
}

/// Quoted-printable text with its long lines cut by soft breaks and its control characters escaped; it decodes to the same.
pub fn requoted(encoded: &[u8], line_end: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(encoded.len() + encoded.len() / LINE);
    for line in encoded.split_inclusive(|&b| b == b'\n') {
        let text = super::header::trim_end(line);
        let mut width = 0;
        let mut rest = text;
        while let Some((token, after)) = token(rest) {
            // Only the line's last token needs no room for a soft break after it.
            let room = LINE - usize::from(!after.is_empty());
            if width + token.len() > room {
                out.push(b'=');
                out.extend_from_slice(line_end.as_bytes());
                width = 0;
            }
            out.extend_from_slice(&token);
            width += token.len();
            rest = after;
        }
        out.extend_from_slice(line.get(text.len()..).unwrap_or_default());
    }
    out
}

/// The next `=XX`, escaped control character or other byte of quoted-printable text.
fn token(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    match text {
        [b'=', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => Some((vec![b'=', *a, *b], rest)),
        [byte, rest @ ..] if super::scan::is_control(*byte) => Some((format!("={byte:02X}").into_bytes(), rest)),
        [byte, rest @ ..] => Some((vec![*byte], rest)),
        [] => None,
    }
}

/// Bytes as base64 in lines.
pub fn base64(bytes: &[u8], line_end: &str) -> Vec<u8> {
    lines(STANDARD.encode(bytes).as_bytes(), line_end)
}

/// Base64 text in lines of the right length; what is no base64 is left out, as every decoder does (RFC 2045 §6.8).
pub fn relined(encoded: &[u8], line_end: &str) -> Vec<u8> {
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    lines(&encoded.iter().copied().filter(is_base64).collect::<Vec<u8>>(), line_end)
}

fn lines(encoded: &[u8], line_end: &str) -> Vec<u8> {
    encoded.chunks(LINE).collect::<Vec<_>>().join(line_end.as_bytes())
}

/// Text as RFC 2047 encoded words of at most 75 characters, cut between characters.
pub fn words(text: &str) -> Vec<String> {
    // "=?utf-8?B?" and "?=" leave 63 characters, so 60 of base64.
    const BYTES: usize = 45;
    let mut pieces = vec![String::new()];
    for character in text.chars() {
        match pieces.last_mut() {
            Some(piece) if piece.len() + character.len_utf8() <= BYTES => piece.push(character),
            _ => pieces.push(character.to_string()),
        }
    }
    pieces.into_iter().map(|piece| format!("=?utf-8?B?{}?=", STANDARD.encode(piece))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unquoted(encoded: &[u8]) -> Vec<u8> {
        quoted_printable::decode(encoded, quoted_printable::ParseMode::Strict).unwrap_or_default()
    }

    fn longest(encoded: &[u8]) -> usize {
        encoded.split(|&b| b == b'\n').map(|line| super::super::header::trim_end(line).len()).max().unwrap_or(0)
    }

    proptest::proptest! {
        #[test]
        fn quoted_text_decodes_to_itself(text in "(From |[a-z =\t\n\r\u{7}é]|\r\n|x{30}){0,80}") {
            let encoded = quoted(text.as_bytes(), "\r\n");
            proptest::prop_assert_eq!(unquoted(&encoded), text.as_bytes());
            proptest::prop_assert!(longest(&encoded) <= LINE);
            proptest::prop_assert!(!encoded.split(|&b| b == b'\n').any(|line| line.starts_with(b"From ")));
        }

        #[test]
        fn requoting_changes_nothing_that_is_decoded(text in "[a-z =\té]{0,300}") {
            let one_line = quoted_printable::encode(&text);
            let long: Vec<u8> = String::from_utf8_lossy(&one_line).replace("=\r\n", "").into_bytes();
            let short = requoted(&long, "\r\n");
            proptest::prop_assert_eq!(unquoted(&short), text.as_bytes());
            proptest::prop_assert!(longest(&short) <= LINE);
        }

        #[test]
        fn words_decode_to_the_text(text in "\\PC{0,120}") {
            let words = words(&text);
            proptest::prop_assert!(words.iter().all(|word| word.len() <= 75));
            let decode = |w: &String| STANDARD.decode(&w[10..w.len() - 2]).unwrap_or_default();
            let decoded: Vec<u8> = words.iter().flat_map(decode).collect();
            proptest::prop_assert_eq!(decoded, text.as_bytes());
        }
    }

    #[test]
    fn base64_is_put_into_lines_without_dirt() {
        let long = "QUJD".repeat(30);
        let dirty = format!("\x07{long}\r\n\0=");
        assert_eq!(relined(dirty.as_bytes(), "\r\n"), [&long[..76], "\r\n", &long[76..], "="].concat().into_bytes());
        assert_eq!(base64(b"ABC", "\n"), b"QUJD");
    }

    #[test]
    fn lines_keep_the_line_end_of_the_message() {
        assert_eq!(quoted("é\nb\n".as_bytes(), "\n"), b"=C3=A9\nb\n");
        assert!(!requoted(&[b'a'; 200], "\n").contains(&b'\r'));
    }
}

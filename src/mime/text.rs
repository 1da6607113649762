//! Header values as text: unfolded, RFC 2047 decoded, in Unicode whatever charset they came in.

use std::{borrow::Cow, cell::OnceCell, ops::Range};

use mail_parser::{HeaderValue, decoders::charsets::map::charset_decoder, parsers::MessageStream};

use super::header;

/// The charset of bytes whose charset nobody tells or knows: every byte is a character in it.
pub const FALLBACK: &str = "windows-1252";

/// Turns the values of one header into text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    head: &'a [u8],
    /// Of raw 8-bit bytes, looked for once there are some.
    decoder: OnceCell<Option<Decoder>>,
}

type Decoder = fn(&[u8]) -> String;

impl<'a> Reader<'a> {
    /// A reader for the values of this header.
    ///
    /// Raw 8-bit bytes that are no UTF-8 are read in the charset that the header's own Content-Type names, as mail programs
    /// write both with one charset; without one as windows-1252, which gives every byte a character.
    pub fn of(head: &'a [u8]) -> Self {
        Reader { head, decoder: OnceCell::new() }
    }

    /// `bytes` in Unicode, nothing else done to them.
    pub fn unicode<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        std::str::from_utf8(bytes).map_or_else(|_| self.decoded(bytes), Cow::from)
    }

    fn decoded<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        let told = || header::value(self.head, "Content-Type").and_then(decoder_of);
        let decoder = self.decoder.get_or_init(|| told().or_else(|| charset_decoder(FALLBACK.as_bytes())));
        decoder.map_or_else(|| String::from_utf8_lossy(bytes), |decode| decode(bytes).into())
    }

    /// An unstructured value (RFC 5322 §2.2.1): decoded, each run of blanks one space, none at the ends.
    pub fn unstructured(&self, value: &[u8]) -> String {
        let text = self.unicode(value);
        if !text.contains("=?") {
            return squeeze(&text);
        }
        let line = self.line(value);
        squeeze(MessageStream::new(line.as_bytes()).parse_unstructured().as_text().unwrap_or_default())
    }

    /// The addresses of an address list (RFC 5322 §3.4), without names and groups, in order.
    pub fn addresses(&self, value: &[u8]) -> Vec<String> {
        let line = self.line(value);
        match MessageStream::new(line.as_bytes()).parse_address() {
            HeaderValue::Address(list) => list.iter().filter_map(|a| a.address()).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// The value on one line that ends, as mail-parser's field parsers ask for it.
    fn line(&self, value: &[u8]) -> String {
        let mut line = self.unicode(value).replace(['\r', '\n'], " ");
        for charset in unknown_charsets(line.as_bytes()).into_iter().rev() {
            line.replace_range(charset, FALLBACK);
        }
        line.push('\n');
        line
    }
}

/// The places of the charsets in encoded words (RFC 2047 §2) that nobody knows, such as TELETEX (quirk 7).
pub fn unknown_charsets(bytes: &[u8]) -> Vec<Range<usize>> {
    let charset = |at: usize| {
        let word = bytes.get(at + 2..)?;
        let end = word.iter().position(|&b| b == b'?')?;
        let name = word.get(..end)?.split(|&b| b == b'*').next()?;
        let encoded = matches!(word.get(end..end + 3)?, [b'?', b'b' | b'B' | b'q' | b'Q', b'?']);
        let named = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
        (encoded && named && !is_known(name)).then_some(at + 2..at + 2 + name.len())
    };
    memchr::memmem::find_iter(bytes, b"=?").filter_map(charset).collect()
}

fn is_known(charset: &[u8]) -> bool {
    let utf8 = ["utf-8", "utf8", "unicode-1-1-utf-8"].iter().any(|name| charset.eq_ignore_ascii_case(name.as_bytes()));
    utf8 || charset_decoder(charset).is_some()
}

/// `text` with each run of blanks as one space and none at the ends.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The decoder of the charset that a Content-Type names, if there is one.
fn decoder_of(content_type: &[u8]) -> Option<Decoder> {
    let mut line = header::trim_end(content_type).to_vec();
    line.push(b'\n');
    let parsed = MessageStream::new(&line).parse_content_type();
    charset_decoder(parsed.as_content_type()?.attribute("charset")?.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Reader<'static> {
        Reader::of(b"")
    }

    #[test]
    fn decodes_encoded_words_of_any_charset() {
        assert_eq!(
            plain().unstructured(b" =?utf-8?Q?Gr=C3=BC?=\r\n =?iso-8859-1?B?3w==?= und  mehr "),
            "Grüß und mehr"
        );
        assert_eq!(plain().unstructured(b" =?gb2312?B?xOO6ww==?="), "你好");
    }

    #[test]
    fn reads_raw_bytes_in_the_charset_of_the_content_type() {
        let koi = Reader::of(b"Content-Type: text/plain;\r\n charset=\"koi8-r\"\r\n");
        assert_eq!(koi.unstructured(b" \xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
        assert_eq!(plain().unstructured(b" Gr\xfc\xdfe"), "Grüße");
        assert_eq!(koi.unstructured("Grüße".as_bytes()), "Grüße");
    }

    #[test]
    fn finds_addresses_with_or_without_names() {
        let value = b" Bob <b@x.org>, c@x.org, \"D, E\" <d@x.org>,\r\n g: h@x.org;";
        assert_eq!(plain().addresses(value), ["b@x.org", "c@x.org", "d@x.org", "h@x.org"]);
        assert!(plain().addresses(b" undisclosed-recipients:;").is_empty());
    }

    #[test]
    fn finds_unknown_charsets_of_encoded_words() {
        let value = b"=?utf-8?Q?a?= =?TELETEX?q?b?= =?x*en?B?Yg==?= =?us-ascii*en?Q?c?= =?no word? =?TELETEX?x?";
        let found: Vec<_> = unknown_charsets(value).into_iter().filter_map(|place| value.get(place)).collect();
        assert_eq!(found, [b"TELETEX".as_slice(), b"x"]);
        assert_eq!(plain().unstructured(b"=?TELETEX?Q?Gr=FC=DFe?="), "Grüße");
    }

    proptest::proptest! {
        /// Text without encoded words takes a shorter way, to the same end as mail-parser's.
        #[test]
        fn plain_text_reads_as_mail_parser_reads_it(text in "[ \t\r\na=?é\u{a0}\u{b}.]{0,30}") {
            let line = plain().line(text.as_bytes());
            let parsed = MessageStream::new(line.as_bytes()).parse_unstructured();
            let expected = squeeze(parsed.as_text().unwrap_or_default());
            proptest::prop_assert_eq!(plain().unstructured(text.as_bytes()), expected);
        }
    }

    #[test]
    fn an_unknown_charset_is_not_fatal() {
        assert_eq!(Reader::of(b"Content-Type: text/plain; charset=x-unheard\n").unstructured(b"\xfc"), "ü");
    }
}

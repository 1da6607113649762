use mail_parser::MessageParser;

use super::*;

const NESTED: &str = "Content-Type: multipart/mixed; boundary=a\r\n\r\npreamble\r\n--a\r\n\r\nfirst\r\n--a  \r\n\
    Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/alternative; boundary=\"b b\"\r\n\r\n\
    --b b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n<p>--a in a line\r\n\
    --b b--\r\n--a\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n--a--\r\nepilogue\r\n";

fn seen(message: &str) -> Vec<(Content, Encoding, &str)> {
    let show = |part: Part| (part.content, part.encoding, message.get(part.body).unwrap_or_default());
    parts(message.as_bytes()).into_iter().map(show).collect()
}

fn leaves(message: &str) -> Vec<(Content, Encoding, &str)> {
    seen(message).into_iter().filter(|(content, ..)| *content != Content::Container).collect()
}

#[test]
fn finds_the_leaves_of_nested_messages() {
    assert_eq!(
        leaves(NESTED),
        [
            (Content::Text, Encoding::Plain, "first"),
            (Content::Text, Encoding::Quoted, "<p>--a in a line"),
            (Content::Binary, Encoding::Base64, "QUJD"),
        ]
    );
}

#[test]
fn line_ends_may_be_lf() {
    let lf = NESTED.replace("\r\n", "\n");
    assert_eq!(leaves(&lf).into_iter().map(|leaf| leaf.2).collect::<Vec<_>>(), ["first", "<p>--a in a line", "QUJD"]);
}

#[test]
fn agrees_with_mail_parser_on_the_borders() {
    let ours: Vec<_> = parts(NESTED.as_bytes()).into_iter().map(|part| (part.body.start, part.body.end)).collect();
    // mail-parser ends the HTML part at the "--a" within its line.
    let plain = NESTED.replace("--a in", "a in");
    let message = MessageParser::new().parse(&plain).expect("a message");
    let borders = |p: &mail_parser::MessagePart<'_>| (p.raw_body_offset() as usize, p.raw_end_offset() as usize);
    let first = message.parts.get(1).map(borders).expect("a part");
    assert_eq!(ours.get(1), Some(&first));
}

#[test]
fn a_single_part_is_the_whole_body() {
    assert_eq!(seen("A: 1\r\n\r\nbody\r\n"), [(Content::Text, Encoding::Plain, "body\r\n")]);
    assert_eq!(seen("A: 1\r\n"), [(Content::Text, Encoding::Plain, "")]);
    assert_eq!(seen(""), [(Content::Text, Encoding::Plain, "")]);
}

#[test]
fn tells_what_must_not_change() {
    for (content_type, content) in [
        ("multipart/signed; boundary=a", Content::Sealed),
        ("multipart/encrypted; boundary=a", Content::Sealed),
        ("application/pkcs7-mime", Content::Sealed),
        ("message/delivery-status", Content::Rigid),
        ("multipart/mixed", Content::Rigid),
        ("multipart/mixed; boundary=absent", Content::Rigid),
        ("text/plain; charset=UTF-16LE", Content::Binary),
        ("application/json", Content::Binary),
        ("text/x-unheard", Content::Text),
        ("nonsense", Content::Text),
    ] {
        let message = format!("Content-Type: {content_type}\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n");
        assert_eq!(seen(&message).first().map(|part| part.0), Some(content), "{content_type}");
        let sealed = content == Content::Sealed;
        assert!(!sealed || seen(&message).len() == 1, "{content_type} is not looked into");
    }
}

#[test]
fn an_unclosed_multipart_ends_with_the_message() {
    let message = "Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a\n\ntwo\n";
    assert_eq!(leaves(message).into_iter().map(|leaf| leaf.2).collect::<Vec<_>>(), ["one", "two\n"]);
}

#[test]
fn nesting_has_an_end() {
    let deep = "Content-Type: message/rfc822\r\n\r\n".repeat(1000);
    assert_eq!(parts(deep.as_bytes()).len(), limits::MIME_DEPTH + 1);
    let wide = format!("Content-Type: multipart/mixed; boundary=a\r\n\r\n{}", "--a\r\n".repeat(20_000));
    assert_eq!(parts(wide.as_bytes()).len(), limits::MIME_PARTS);
}

proptest::proptest! {
    #[test]
    fn borders_lie_within_and_do_not_cross(text in "(--a|--a--|\r\n|\n|Content-Type: (multipart/mixed; boundary=a|message/rfc822)|x|:){0,40}") {
        let message = format!("Content-Type: multipart/mixed; boundary=a\n\n{text}");
        for part in parts(message.as_bytes()) {
            proptest::prop_assert!(part.header.start <= part.header.end && part.header.end <= part.body.start);
            proptest::prop_assert!(part.body.start <= part.body.end && part.body.end <= message.len());
        }
    }
}

use super::*;

const MESSAGE: &str = "Received: from a by b; Tue, 24 Aug 2010 16:00:01 +0200\r\n\
    Message-ID: <Abc.1@Example.ORG>\r\n\
    Date: Tue, 24 Aug 2010 16:00:00 +0200\r\n\
    From: =?utf-8?Q?J=C3=B6rg?= <Joerg@example.org>\r\n\
    To: b@example.org, \"A, B\" <a@example.org>\r\n\
    Subject: =?iso-8859-1?Q?Gr=FC=DFe?= aus  Wien\r\n\
    In-Reply-To: <x@y>\r\n\
    \r\n\
    Subject: not a header\r\n";

fn of(text: &str) -> Fingerprint {
    fingerprint(text.as_bytes())
}

fn hex(fingerprint: Fingerprint) -> String {
    fingerprint.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ledgers hold fingerprints: a change here is a new [`VERSION`] and never an accident.
#[test]
fn is_stable() {
    assert_eq!(hex(of(MESSAGE)), "01cb3a62db325b3912aacb57fe37d122");
    assert_eq!(hex(of("")), "01fc5f55fa3981189522b61d817bc5a2");
    assert_eq!(of(MESSAGE).0[0], VERSION);
}

#[test]
fn survives_what_servers_do() {
    for (before, after) in [
        ("<Abc.1@Example.ORG>", "<ABC.1@other.example>"),
        ("<Abc.1@Example.ORG>", "\r\n <Abc.1@Example.ORG>"),
        ("16:00:00 +0200", "14:00:00 +0000 (UTC)"),
        ("=?utf-8?Q?J=C3=B6rg?= <Joerg@example.org>", "\"Jörg Müller\" <joerg@EXAMPLE.org>"),
        ("b@example.org, \"A, B\" <a@example.org>", "A B <a@example.org>,\r\n\tb@example.org"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= aus  Wien", "=?utf-8?B?R3LDvMOfZQ==?= aus\r\n\tWien \t"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= aus  Wien", "Grüße aus Wien"),
        ("Subject: =", "SUBJECT : ="),
        ("16:00:01 +0200\r\n", "16:00:01 +0200\r\nReferences: <x@y> <z@y>\r\nX-New: 1\r\nnonsense\r\n"),
        ("\r\n", "\n"),
        ("Received:", "From b@x Tue Aug 24 16:00:00 2010\r\nReceived:"),
        ("Received:", "X-Nul: \0\r\nSubj\0ect:\r\nReceived:"),
        ("Subject: not a header", "other text"),
    ] {
        let changed = MESSAGE.replace(before, after);
        assert_ne!(changed, MESSAGE, "{before}");
        assert_eq!(of(&changed), of(MESSAGE), "{before} → {after}");
    }
}

#[test]
fn reads_raw_bytes_like_the_encoded_word_of_their_charset() {
    let raw = b"Content-Type: text/plain; charset=koi8-r\r\nSubject: \xf0\xd2\xc9\xd7\xc5\xd4\r\n\r\n";
    assert_eq!(fingerprint(raw), of("Subject: =?utf-8?B?0J/RgNC40LLQtdGC?=\r\n"));
}

#[test]
fn tells_messages_apart() {
    for (before, after) in [
        ("<Abc.1@", "<Abc.2@"),
        ("16:00:00", "16:00:01 "),
        ("Joerg@", "Georg@"),
        ("\"A, B\" <a@", "\"A, B\" <c@"),
        ("To: ", "Cc: "),
        ("aus  Wien", "aus Graz"),
        ("In-Reply-To: <x@y>", "In-Reply-To: <z@y>"),
    ] {
        assert_ne!(of(&MESSAGE.replace(before, after)), of(MESSAGE), "{before} → {after}");
    }
    assert_ne!(of("To: a@x\r\nCc: b@x\r\n"), of("To: a@x, b@x\r\n"));
}

#[test]
fn header_and_message_give_the_same() {
    let head = MESSAGE.split_once("\r\n\r\n").map(|(head, _)| format!("{head}\r\n")).unwrap_or_default();
    assert_eq!(of(&head), of(MESSAGE));
    assert_eq!(fingerprint_body(&Body::from_bytes(MESSAGE)).ok(), Some(of(MESSAGE)));
}

#[test]
fn a_header_longer_than_the_first_chunk_is_read_whole() {
    let long = format!("X-Long: {}\r\n{MESSAGE}", "a ".repeat(20_000));
    assert_eq!(fingerprint_body(&Body::from_bytes(long)).ok(), Some(of(MESSAGE)));
}

#[test]
fn a_first_chunk_without_lf_tells_nothing_of_line_ends() {
    let late = format!("Subject: a\r\rb{}\nTo: a@x\n\n", " ".repeat(20_000));
    assert_eq!(fingerprint_body(&Body::from_bytes(late.clone())).ok(), Some(of(&late)));
}

#[test]
fn empty_and_absent_fields_are_the_same() {
    let empty = "Message-ID: <>\r\nTo: undisclosed-recipients:;\r\nSubject: \r\nCc:\r\nFrom: root\r\n\r\n";
    assert_eq!(of(empty), of(""));
}

proptest::proptest! {
    #[test]
    fn takes_any_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let mut message = b"Subject: ".to_vec();
        message.extend(&bytes);
        fingerprint(&message);
        fingerprint(&bytes);
    }
}

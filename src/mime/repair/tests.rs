use mail_parser::{MessageParser, PartType};
use proptest::prelude::*;

use super::*;
use crate::mime::fingerprint;

const LONGEST: usize = 100;

fn repaired(message: &[u8], repairs: &[Repair]) -> Result<Option<(Vec<u8>, Vec<RepairNote>)>> {
    let done = repair(&Body::from_bytes(message.to_vec()), repairs, Some(LONGEST))?;
    Ok(done.map(|(body, notes)| (body.as_memory().map(|bytes| bytes.to_vec()).unwrap_or_default(), notes)))
}

/// The repaired message and its notes in words.
fn after(message: &str, repair: Repair) -> (String, String) {
    let (bytes, notes) = repaired(message.as_bytes(), &[repair]).expect("repairable").expect("something to repair");
    let words: Vec<String> = notes.iter().map(ToString::to_string).collect();
    (String::from_utf8_lossy(&bytes).into_owned(), words.join(", "))
}

fn refusal(message: &str, repair: Repair) -> String {
    repaired(message.as_bytes(), &[repair]).expect_err("cannot be repaired").subject().to_owned()
}

/// A multipart of three parts; `text` is the body of the middle one, `fields` its header.
fn mixed(fields: &str, text: &str) -> String {
    format!(
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\nfirst  \t\r\n\
         --b\r\n{fields}\r\n{text}\r\n--b\r\nContent-Type: image/png\r\n\r\nlast\r\n--b--\r\n"
    )
}

#[test]
fn a_message_without_the_fault_is_left_alone() {
    for repair in Repair::ALL {
        assert!(repaired(mixed("", "text").as_bytes(), &[repair]).expect("repairable").is_none(), "{repair:?}");
    }
}

#[test]
fn a_long_line_encodes_its_part_and_nothing_else() {
    let long = format!("é {}  end \r\nnext=1", "word ".repeat(40));
    let (out, note) = after(
        &mixed("Content-type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", &long),
        Repair::BodyLine,
    );
    let (head, rest) = out.split_once("Encoding: quoted-printable\r\n\r\n").expect("declared");
    let (text, tail) = rest.split_once("\r\n--b\r\nContent-Type: image").expect("the border after it");
    assert_eq!(
        quoted_printable::decode(text, quoted_printable::ParseMode::Strict).ok(),
        Some(long.clone().into_bytes())
    );
    let original = mixed("Content-type: text/plain;\r\n charset=utf-8\r\nContent-Transfer-", "");
    assert!(original.starts_with(head), "{head}");
    assert_eq!(tail, "/png\r\n\r\nlast\r\n--b--\r\n");
    assert_eq!(note, "parts with long lines re-encoded: 1");
}

#[test]
fn a_message_that_was_no_mime_becomes_it() {
    let (out, _) = after(&format!("Subject: x\r\n\r\n{}\r\n", "y".repeat(120)), Repair::BodyLine);
    assert!(
        out.starts_with("Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n\r\nyyy")
    );
    assert!(out.ends_with("y\r\n"));
}

#[test]
fn data_becomes_base64_and_base64_is_put_into_lines() {
    let data = "z".repeat(150);
    let (out, _) = after(&mixed("Content-Type: application/json\r\n", &data), Repair::BodyLine);
    let encoded = String::from_utf8(crate::mime::encode::base64(data.as_bytes(), "\r\n")).expect("ASCII");
    assert_eq!(out, mixed("Content-Type: application/json\r\nContent-Transfer-Encoding: base64\r\n", &encoded));
    let fields = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n";
    let (out, _) = after(&mixed(fields, &encoded.replace("\r\n", "")), Repair::BodyLine);
    assert_eq!(out, mixed(fields, &encoded));
}

#[test]
fn long_lines_of_a_parts_header_are_folded() {
    let (out, _) = after(&mixed(&format!("X-Long:{}\r\n", " word".repeat(30)), "text"), Repair::BodyLine);
    assert_eq!(out, mixed(&format!("X-Long:{}\r\n{}\r\n", " word".repeat(18), " word".repeat(12)), "text"));
}

#[test]
fn long_header_lines_are_folded_at_blanks() {
    let message = format!("Subject:{}\r\nTo: a@b\r\n\r\nbody\r\n", " word".repeat(30));
    let (out, note) = after(&message, Repair::HeaderLine);
    assert_eq!(out.replacen("\r\n word", " word", 1), message);
    assert_eq!(note, "long header lines folded: 1");
    assert_eq!(
        refusal(&format!("X: {}\r\n\r\n", "a".repeat(120)), Repair::HeaderLine),
        "the fault lies where nothing may be encoded"
    );
}

#[test]
fn nul_octets_go_from_header_and_text_and_stay_in_data() {
    let (out, note) = after(&mixed("X\0: 1\r\n", "a\0b\0"), Repair::Nul);
    assert_eq!((out.as_str(), note.as_str()), (mixed("X: 1\r\n", "ab").as_str(), "NUL octets removed or encoded: 3"));
    let (out, _) = after(&mixed("Content-Type: image/png\r\n", "A\0B"), Repair::Nul);
    assert_eq!(out, mixed("Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n", "QQBC"));
}

#[test]
fn bare_newlines_become_crlf() {
    let (out, note) = after("A: 1\n b\n\nx\ry\r\nend", Repair::Newline);
    assert_eq!((out.as_str(), note.as_str()), ("A: 1\r\n b\r\n\r\nx\r\ny\r\nend\r\n", "line ends made CRLF: 5"));
    let (out, _) = after(&mixed("Content-Type: image/png\r\n", "A\nB"), Repair::Newline);
    assert!(out.contains("base64\r\n\r\nQQpC\r\n"), "a line end in data is data");
    let (out, _) = after(&mixed("Content-Type: image/png\r\n", "A\r\nB").replace('\r', ""), Repair::Newline);
    assert_eq!(out, mixed("Content-Type: image/png\r\n", "A\r\nB"), "a store that writes LF");
}

#[test]
fn the_header_becomes_well_formed() {
    let message = "Subject : Grüße\r\nno colon\r\n: empty\r\nTo: \"Jörg\" <j@x>\r\n\r\nbody ü\r\n";
    let (out, note) = after(message, Repair::Header);
    assert_eq!(
        out,
        "Subject: =?utf-8?B?R3LDvMOfZQ==?=\r\nX-Malformed: no colon\r\nX-Malformed: : empty\r\n\
         To: =?utf-8?B?SsO2cmc=?= <j@x>\r\n\r\nbody ü\r\n"
    );
    assert_eq!(note, "malformed header lines corrected: 4");
    assert_eq!(refusal("To: jörg@x\r\n\r\n", Repair::Header), "the fault lies where nothing may be encoded");
}

#[test]
fn unknown_charsets_are_named_anew() {
    let (out, note) = after("Subject: =?TELETEX?Q?Gr=FC=DFe?=\r\n\r\n=?TELETEX?Q?x?=\r\n", Repair::Charset);
    assert_eq!(out, "Subject: =?windows-1252?Q?Gr=FC=DFe?=\r\n\r\n=?TELETEX?Q?x?=\r\n");
    assert_eq!(note, "unknown charsets in the header replaced: 1");
}

#[test]
fn the_mbox_line_goes() {
    let (out, note) = after("From a@b Mon Jan  1 10:00:00 2001\r\nA: 1\r\n\r\nFrom x\r\n", Repair::MboxFrom);
    assert_eq!((out.as_str(), note.as_str()), ("A: 1\r\n\r\nFrom x\r\n", "mbox \"From \" line removed"));
}

#[test]
fn control_characters_are_encoded_or_dropped_from_base64() {
    let (out, _) = after(&mixed("", "a\x07b"), Repair::Control);
    assert_eq!(out, mixed("Content-Transfer-Encoding: quoted-printable\r\n", "a=07b"));
    let fields = "Content-Transfer-Encoding: base64\r\n";
    assert_eq!(after(&mixed(fields, "QU\x1aJD"), Repair::Control).0, mixed(fields, "QUJD"));
}

#[test]
fn signed_and_encrypted_parts_are_never_touched() {
    let seal = "it cannot be repaired without breaking a signature or encryption";
    let long = "x".repeat(120);
    for (fault, repair) in
        [("a\0", Repair::Nul), ("a\nb", Repair::Newline), ("\x07", Repair::Control), (&long, Repair::BodyLine)]
    {
        for kind in ["multipart/signed; boundary=s", "multipart/encrypted; boundary=s", "application/pkcs7-mime"] {
            let fields = format!("Content-Type: {kind}\r\n");
            let inner = format!("--s\r\n\r\n{fault}\r\n--s--");
            assert_eq!(refusal(&mixed(&fields, &inner), repair), seal, "{kind} {repair:?}");
            // A fault beside it is repaired, and the sealed bytes stay.
            let clean = "--s\r\n\r\nsigned  \r\n--s--";
            let beside = mixed(&fields, clean).replace("first", fault);
            assert!(after(&beside, repair).0.contains(&format!("{fields}\r\n{clean}\r\n--b")), "{kind} {repair:?}");
        }
    }
    let (out, _) = after("Subject: ü\r\nContent-Type: application/pkcs7-mime\r\n\r\nMIIB\r\n", Repair::Header);
    assert!(out.is_ascii(), "the message's own header is not signed");
}

#[test]
fn repairs_follow_one_another_in_one_copy() {
    let message = format!("From x\r\nSubject: é\r\nX:{}\r\n\r\na\0{}\nlast", " w".repeat(99), "y".repeat(120));
    let (out, notes) = repaired(message.as_bytes(), &Repair::ALL).expect("repairable").expect("faults");
    let seen = inspect_bytes(&out);
    assert!(Repair::ALL.iter().all(|&repair| !seen.needs(repair, LONGEST)), "{seen:?}");
    assert_eq!(notes.len(), 6);
}

#[test]
fn a_message_above_the_limit_is_not_loaded() {
    let huge = Body::from_bytes(vec![0; limits::REPAIR_MAX as usize + 1]);
    let error = repair(&huge, &[Repair::Nul], None).expect_err("too large");
    assert_eq!((error.code(), error.scope()), (Code::ItemMalformed, Scope::Message));
}

/// What a reader sees of each part, by an outside parser: text as [`plain`], or bytes.
fn read(message: &[u8]) -> Vec<String> {
    let Some(message) = MessageParser::new().parse(message) else { return Vec::new() };
    let parts = message.parts.iter().filter_map(|part| match &part.body {
        PartType::Text(text) | PartType::Html(text) => Some(plain(text)),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => Some(format!("{bytes:?}")),
        _ => None,
    });
    parts.collect()
}

/// The lines of `text` without NUL and without empty ones, whatever its line ends are.
fn plain(text: &str) -> String {
    let text = text.replace('\0', "");
    text.split(['\r', '\n']).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Messages with faults of every kind, at random places.
fn messages() -> impl Strategy<Value = String> {
    let word = || {
        prop_oneof!["[a-z]{1,12}", prop::sample::select(vec!["é", "=", "\0", "=?x?Q?=E9?="]).prop_map(str::to_owned)]
    };
    let end = || prop_oneof![8 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r")];
    let line = || (prop::collection::vec(word(), 0..30), end()).prop_map(|(words, end)| words.join(" ") + end);
    let text = || prop::collection::vec(line(), 0..6).prop_map(|lines| lines.concat());
    let subject = prop::collection::vec(word(), 1..40).prop_map(|words| words.join(" "));
    let kind = || {
        prop::sample::select(vec![
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
            "Content-Type: application/x-data\r\n",
            "",
        ])
    };
    let parts = prop::collection::vec((kind(), text()), 1..4);
    (subject, parts, any::<bool>()).prop_map(|(subject, parts, mbox)| {
        let mbox = if mbox { "From a@b Mon Jan  1 10:00:00 2001\r\n" } else { "" };
        let body: String = parts.iter().map(|(kind, text)| format!("--b\r\n{kind}\r\n{text}\r\n")).collect();
        let head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
        format!("{mbox}Subject: {subject}\r\n{head}{body}--b--\r\n")
    })
}

proptest! {
    /// No fault of the kind is left, a second time there is nothing to do, and readers see what they saw.
    #[test]
    fn repairs_hold(message in messages(), which in prop::sample::select(Repair::ALL.to_vec())) {
        let Some((out, notes)) = repaired(message.as_bytes(), &[which]).expect("repairable") else {
            prop_assert!(!inspect_bytes(message.as_bytes()).needs(which, LONGEST));
            return Ok(());
        };
        prop_assert!(notes.iter().all(|note| note.places > 0));
        prop_assert!(!inspect_bytes(&out).needs(which, LONGEST));
        prop_assert!(repaired(&out, &[which]).expect("repairable").is_none());
        prop_assert_eq!(fingerprint(&out), fingerprint(message.as_bytes()));
        prop_assert_eq!(read(&out), read(message.as_bytes()), "{}", String::from_utf8_lossy(&out));
    }

    /// Whatever the bytes, a repair ends with a message or a reason.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), which in prop::sample::select(Repair::ALL.to_vec())) {
        if let Ok(Some((out, _))) = repaired(&bytes, &[which]) {
            prop_assert!(!inspect_bytes(&out).needs(which, LONGEST));
        }
    }
}

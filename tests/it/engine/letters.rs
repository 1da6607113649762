//! Small messages for scenes: each number gives the same bytes, date and flags.

use mailhaul::{lab::mailstore::NewMessage, model::ReceivedAt};

/// The `n`-th letter: a header and a body of its own, sound enough for every server.
pub fn letter(n: u32) -> NewMessage {
    with_body(n, &format!("Letter {n} says hello.\r\n{}\r\n", "x".repeat(n as usize % 60)))
}

/// A letter with the header of the `n`-th and another body: equal headers are not equal messages.
pub fn twin(n: u32, variant: u32) -> NewMessage {
    with_body(n, &format!("Letter {n}, variant {variant}.\r\n"))
}

/// The header of the `n`-th letter before `body`.
pub fn with_body(n: u32, body: &str) -> NewMessage {
    let header = format!(
        "From: sender{n}@example.org\r\nTo: ann@example.org\r\nDate: Fri, 1 Mar 2024 09:{:02}:00 +0100\r\n\
         Message-ID: <letter-{n}@example.org>\r\nSubject: Letter {n}\r\n",
        n % 60
    );
    of_bytes(n, format!("{header}\r\n{body}").into_bytes())
}

/// These bytes, with the date and the flags of the `n`-th letter.
pub fn of_bytes(n: u32, bytes: Vec<u8>) -> NewMessage {
    const FLAGS: [&[&str]; 4] = [&["\\Seen"], &[], &["\\Seen", "\\Answered", "work"], &["\\Flagged", "$Forwarded"]];
    let received_at = ReceivedAt { unix: 1_709_280_000 + i64::from(n) * 61, offset: 60 * (n as i32 % 3) };
    NewMessage::new(bytes, received_at).flagged(FLAGS[n as usize % FLAGS.len()].iter().copied())
}

/// A letter that a strict target refuses in one way after the other.
pub fn with_nul(n: u32) -> NewMessage {
    with_body(n, "a\0b\r\n")
}

/// A body line of `length` octets.
pub fn with_long_line(n: u32, length: usize) -> NewMessage {
    with_body(n, &format!("{}\r\nthe end\r\n", "y".repeat(length)))
}

/// Lines that end in a bare LF.
pub fn with_bare_newlines(n: u32) -> NewMessage {
    with_body(n, "one\ntwo\nthree\r\n")
}

/// A signed message that would have to be changed to be accepted.
pub fn signed_with_long_line(n: u32, length: usize) -> NewMessage {
    let part = format!("Content-Type: text/plain\r\n\r\n{}\r\n", "z".repeat(length));
    let body = format!(
        "--b\r\n{part}--b\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         AAAA\r\n--b--\r\n"
    );
    let text = format!(
        "From: s@example.org\r\nSubject: Signed {n}\r\nMessage-ID: <signed-{n}@example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b\r\n\r\n{body}"
    );
    of_bytes(n, text.into_bytes())
}

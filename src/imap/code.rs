//! The response code and the text of a condition: `[UIDNEXT 7] Predicted next UID`.
//!
//! The codes are typed by async-imap's parser, imap-proto. It gets the code alone and in ASCII: on a text that
//! begins with a character of several bytes right after the bracket, version 0.17 panics (`&s[1..]` in `Outcome::parse`).

use imap_proto::{Response, ResponseCode as Typed, rfc4315::UidSetMember};

use super::{ResponseCode, reader::words};

/// Takes the text of a condition apart.
pub(super) fn read(text: &[u8]) -> (ResponseCode, String) {
    match bracketed(text) {
        Some((inner, rest)) => (typed(inner).unwrap_or_else(|| other(inner)), words(rest)),
        None => (ResponseCode::None, words(text)),
    }
}

/// What stands in the bracket at the beginning, and what follows. A `]` in a list does not end it
/// (`[PERMANENTFLAGS (OIB-Seen-[Gmail]/All)]` was seen).
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"[")?;
    let mut depth = 0_i32;
    let end = inner.iter().position(|c| {
        depth += i32::from(*c == b'(') - i32::from(*c == b')');
        *c == b']' && depth <= 0
    });
    let end = end.or_else(|| inner.iter().position(|c| *c == b']'))?;
    Some((&inner[..end], &inner[end + 1..]))
}

fn typed(inner: &[u8]) -> Option<ResponseCode> {
    let ascii = inner.iter().map(|c| if c.is_ascii() { *c } else { b'?' });
    let line: Vec<u8> = b"* OK [".iter().copied().chain(ascii).chain(*b"]\r\n").collect();
    let Ok((_, Response::Data { outcome, .. })) = Response::parse(&line) else { return None };
    Some(match outcome.code? {
        Typed::AppendUid(validity, uids) => ResponseCode::AppendUid(validity, ranges(&uids)),
        Typed::CopyUid(validity, from, to) => ResponseCode::CopyUid(validity, ranges(&from), ranges(&to)),
        Typed::UidValidity(validity) => ResponseCode::UidValidity(validity),
        Typed::UidNext(next) => ResponseCode::UidNext(next),
        Typed::HighestModSeq(modseq) => ResponseCode::HighestModSeq(modseq),
        Typed::PermanentFlags(flags) => {
            ResponseCode::PermanentFlags(flags.into_iter().map(|flag| flag.into_owned()).collect())
        }
        Typed::ReadOnly => ResponseCode::ReadOnly,
        Typed::ReadWrite => ResponseCode::ReadWrite,
        _ => return None,
    })
}

fn ranges(set: &[UidSetMember]) -> Vec<(u32, u32)> {
    let range = |member: &UidSetMember| match member {
        UidSetMember::Uid(uid) => (*uid, *uid),
        UidSetMember::UidRange(range) => (*range.start(), *range.end()),
    };
    set.iter().map(range).collect()
}

/// A code that imap-proto does not type: its word and its arguments.
fn other(inner: &[u8]) -> ResponseCode {
    let text = words(inner);
    let (word, arguments) = text.split_once(' ').unwrap_or((&text, ""));
    match word.to_ascii_uppercase().as_str() {
        "NOMODSEQ" => ResponseCode::NoModSeq,
        // imap-proto takes a list without IMAP4rev1 for none; and `words` cuts, which a list must not be.
        "CAPABILITY" => ResponseCode::Capability(
            String::from_utf8_lossy(inner).split_ascii_whitespace().skip(1).map(str::to_owned).collect(),
        ),
        word => ResponseCode::Other(word.to_owned(), arguments.to_owned()),
    }
}

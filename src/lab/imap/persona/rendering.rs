//! How a stored message is shown: as it came, or rendered anew at every FETCH (microsoft365.md §1.7, §1.8).

use std::{collections::BTreeSet, ops::Range};

use bytes::Bytes;

use crate::lab::mailstore::Content;

/// What FETCH shows of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendering {
    /// New boundaries, another folding and an own header field at each FETCH; the values of the fields stay.
    pub anew: bool,
    /// RFC822.SIZE is wrong by up to this share.
    pub size_error_percent: u8,
    /// UIDs whose body is replaced by the message "Retrieval using the IMAP4 protocol failed" (quirk 37).
    pub stubs: BTreeSet<u32>,
    /// UIDs whose body is left out of the reply, which is OK all the same (quirk 36).
    pub left_out: BTreeSet<u32>,
}

impl Rendering {
    pub(in crate::lab::imap) fn size(&self, uid: u32, len: u64) -> u64 {
        let percent = u64::from(self.size_error_percent);
        let error = len * (u64::from(uid) % (percent + 1)) / 100;
        if uid.is_multiple_of(2) { len + error } else { len.saturating_sub(error) }
    }

    pub(in crate::lab::imap) fn show(&self, uid: u32, content: &Content) -> Content {
        match content {
            _ if self.stubs.contains(&uid) => Content::Stored(stub(uid)),
            Content::Stored(bytes) if self.anew => Content::Stored(anew(bytes, fastrand::u64(..)).into()),
            other => other.clone(),
        }
    }
}

fn stub(uid: u32) -> Bytes {
    format!(
        "From: \"Microsoft Exchange Server\"\r\nTo: <user@example.com>\r\n\
         Subject: Retrieval using the IMAP4 protocol failed for the following message: {uid}\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"us-ascii\"\r\n\r\n\
         The server couldn't retrieve the following message:\r\n"
    )
    .into()
}

/// The message with another folding, another boundary and one more field.
fn anew(bytes: &[u8], seed: u64) -> Vec<u8> {
    let content = Content::Stored(Bytes::copy_from_slice(bytes));
    let header = content.header();
    let (header, body) = bytes.split_at(header.len());
    let mut random = fastrand::Rng::with_seed(seed);
    let mut out = format!("X-MS-Exchange-Stand-In: {seed:016x}\r\n").into_bytes();
    let refolded = refold(header, random.usize(50..90));
    match boundary(&refolded) {
        None => out.extend(refolded.iter().chain(body)),
        Some(place) => {
            let new = format!("_000_{:016x}_", random.u64(..));
            out.extend_from_slice(&refolded[..place.start]);
            out.extend_from_slice(new.as_bytes());
            out.extend_from_slice(&refolded[place.end..]);
            delimit(body, &refolded[place], new.as_bytes(), &mut out);
        }
    }
    out
}

/// Unfolds each field and folds it again at blanks so that lines are about `width` long; what stands between the
/// folds does not change.
fn refold(header: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len());
    let mut column = 0;
    for line in header.split_inclusive(|&b| b == b'\n') {
        let text = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line);
        let continues = text.first().is_some_and(|b| b" \t".contains(b)) && column > 0;
        if !continues && column > 0 {
            out.extend_from_slice(b"\r\n");
            column = 0;
        }
        if text.is_empty() {
            break;
        }
        for &byte in text {
            // A fold after the colon alone would leave a line of the name only, which some readers drop.
            let fold = byte == b' ' && column > width && !out.ends_with(b" ") && !out.ends_with(b":");
            if fold {
                out.extend_from_slice(b"\r\n");
                column = 0;
            }
            out.push(byte);
            column += 1;
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// Where the value of the header's `boundary=` stands.
fn boundary(header: &[u8]) -> Option<Range<usize>> {
    let at = header.windows(9).position(|window| window.eq_ignore_ascii_case(b"boundary="))? + 9;
    let (start, end) = match &header[at..] {
        [b'"', quoted @ ..] => (at + 1, quoted.iter().position(|&b| b == b'"')?),
        value => (at, value.iter().position(|b| b"; \t\r\n".contains(b))?),
    };
    (end > 0).then_some(start..start + end)
}

/// Writes `body` with its delimiter lines for `new` instead of `old`.
fn delimit(body: &[u8], old: &[u8], new: &[u8], out: &mut Vec<u8>) {
    for line in body.split_inclusive(|&b| b == b'\n') {
        match line.strip_prefix(b"--").and_then(|rest| rest.strip_prefix(old)) {
            Some(rest) => out.extend([b"--", new, rest].concat()),
            None => out.extend_from_slice(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] = b"Subject: a long subject that was\r\n folded once at this very place and goes on\r\n\
        Content-Type: multipart/mixed; boundary=\"xyz\"\r\n\r\n--xyz\r\n\r\none\r\n--xyz--\r\n";

    fn unfolded(bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ")
    }

    #[test]
    fn each_rendering_differs_and_keeps_the_fields() {
        let (one, two) = (anew(MAIL, 1), anew(MAIL, 2));
        assert_ne!(one, two);
        for shown in [one, two] {
            let subject = unfolded(&shown);
            assert!(subject.contains("Subject: a long subject that was folded once at this very place and goes on"));
            let new = shown[boundary(&shown).unwrap()].to_vec();
            assert_ne!(new, b"xyz");
            assert!(shown.ends_with(&[b"\r\n\r\none\r\n--", &new[..], b"--\r\n"].concat()), "{subject}");
        }
    }

    #[test]
    fn sizes_are_off_by_little() {
        let rendering = Rendering { size_error_percent: 3, ..Rendering::default() };
        let off = (1..50).filter(|uid| rendering.size(*uid, 1000) != 1000).count();
        assert!(off > 20);
        assert!((1..50).all(|uid| rendering.size(uid, 1000).abs_diff(1000) <= 30));
        assert_eq!(Rendering::default().size(7, 1000), 1000);
    }
}

//! Repairs that reach into the body: part by part, with the borders from [`part`](crate::mime::part).

use super::{Edits, Result, Work, beyond_repair, header};
use crate::mime::{
    encode,
    header::{fields, measured},
    part::{Content, Encoding, Part},
    scan::is_control,
};

impl Work<'_> {
    /// Without NUL octets, and how many places that took. Where NUL is data, the part becomes base64.
    pub(super) fn without_nul(&self) -> Result<(Vec<u8>, usize)> {
        let has_nul = |body: &[u8]| body.contains(&0);
        let (message, parts) = self.encoded(|part, body| is_data(part) && has_nul(body), has_nul)?;
        let clean: Vec<u8> = message.iter().copied().filter(|&b| b != 0).collect();
        let places = parts + message.len() - clean.len();
        Ok((clean, places))
    }

    /// With CRLF at the end of every line, the last one too, and how many places that took.
    pub(super) fn with_crlf(&self) -> Result<(Vec<u8>, usize)> {
        // Where no line has a CRLF, LF is how this store writes line ends, in data parts too.
        let uniform = self.line_end() == "\n";
        let data = |part: &Part, body: &[u8]| !uniform && is_data(part) && has_bare_newline(body);
        let (message, parts) = self.encoded(data, has_bare_newline)?;
        let (message, ends) = crlf(&message);
        Ok((message, parts + ends))
    }

    /// With every part encoded that has control characters.
    pub(super) fn without_control(&self) -> Result<(Vec<u8>, usize)> {
        let has_control = |body: &[u8]| body.iter().copied().any(is_control);
        self.encoded(|_, body| has_control(body), has_control)
    }

    /// With every part encoded that has a long line, and its long header lines folded.
    pub(super) fn without_long_lines(&self) -> Result<(Vec<u8>, usize)> {
        let has_long =
            |bytes: &[u8]| bytes.split_inclusive(|&b| b == b'\n').any(|line| measured(line).len() > self.longest);
        let (message, parts) = self.encoded(|_, body| has_long(body), has_long)?;
        let work = Work::new(&message, self.longest);
        let mut folds = Edits::default();
        for part in work.parts.iter().skip(1) {
            header::fold(&message, part.header.clone(), self.longest, self.line_end(), &mut folds);
        }
        let places = parts + folds.len();
        Ok((folds.apply(&message), places))
    }

    /// The message with every part encoded that `which` names, and how many those are.
    fn encoded(
        &self,
        which: impl Fn(&Part, &[u8]) -> bool,
        faulty: impl Fn(&[u8]) -> bool,
    ) -> Result<(Vec<u8>, usize)> {
        let mut edits = Edits::default();
        let mut places = 0;
        for (at, part) in self.parts.iter().enumerate() {
            let body = self.slice(part.body.clone());
            if part.content == Content::Sealed && faulty(body) {
                return Err(beyond_repair("it cannot be repaired without breaking a signature or encryption"));
            }
            if matches!(part.content, Content::Text | Content::Binary) && which(part, body) {
                self.encode(part, at == 0, &mut edits);
                places += 1;
            }
        }
        Ok((edits.apply(self.message), places))
    }

    /// Encodes the body of a part anew: what is decoded stays the same.
    fn encode(&self, part: &Part, outermost: bool, edits: &mut Edits) {
        let (body, line_end) = (self.slice(part.body.clone()), self.line_end());
        let body = match (part.encoding, part.content) {
            (Encoding::Base64, _) => encode::relined(body, line_end),
            (Encoding::Quoted, _) => encode::requoted(body, line_end),
            (Encoding::Plain, Content::Text) => {
                self.declare(part, "quoted-printable", outermost, edits);
                encode::quoted(body, line_end)
            }
            (Encoding::Plain, _) => {
                self.declare(part, "base64", outermost, edits);
                encode::base64(body, line_end)
            }
            (Encoding::Unknown, _) => return,
        };
        edits.replace(part.body.clone(), body);
    }

    /// Puts `encoding` into the part's header; the outermost one must be MIME then (RFC 2045 §4).
    fn declare(&self, part: &Part, encoding: &str, outermost: bool, edits: &mut Edits) {
        let (start, line_end) = (part.header.start, self.line_end());
        let head = self.slice(part.header.clone());
        let mut line = format!("Content-Transfer-Encoding: {encoding}{line_end}");
        for field in fields(head).filter(|f| f.is("Content-Transfer-Encoding")) {
            edits.replace(start + field.range.start..start + field.range.end, std::mem::take(&mut line));
        }
        if outermost && !fields(head).any(|f| f.is("MIME-Version")) {
            line.push_str("MIME-Version: 1.0");
            line.push_str(line_end);
        }
        if !line.is_empty() {
            edits.replace(part.header.end..part.header.end, line);
        }
    }

    fn slice(&self, range: std::ops::Range<usize>) -> &[u8] {
        self.message.get(range).unwrap_or_default()
    }
}

/// Whether each octet of the part's body counts as it is.
fn is_data(part: &Part) -> bool {
    part.content == Content::Binary && part.encoding == Encoding::Plain
}

/// Whether there is a CR or LF that is no part of a CRLF.
fn has_bare_newline(bytes: &[u8]) -> bool {
    let bare_lf = bytes.iter().enumerate().any(|(at, &b)| b == b'\n' && (at == 0 || bytes.get(at - 1) != Some(&b'\r')));
    let bare_cr = bytes.iter().enumerate().any(|(at, &b)| b == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    bare_lf || bare_cr
}

/// CRLF for every line end, and how many were none before.
///
/// CRs before a CRLF are part of it. A lone CR is a line end, but in a header it is dirt and becomes a blank, unless CR is
/// the only line end there is: a line end there would break the field.
fn crlf(message: &[u8]) -> (Vec<u8>, usize) {
    let head = crate::mime::header::blank_line(message).map_or(message.len(), |blank| blank.start);
    let macintosh = !message.contains(&b'\n');
    let mut out = Vec::with_capacity(message.len() + message.len() / 32);
    let (mut at, mut changed) = (0, 0);
    while let Some(&byte) = message.get(at) {
        let rest = message.get(at..).unwrap_or_default();
        let crs = rest.iter().take_while(|&&b| b == b'\r').count();
        let (taken, with): (usize, &[u8]) = match rest.get(crs) {
            Some(b'\n') => (crs + 1, b"\r\n"),
            _ if crs == 0 => (1, &[byte]),
            _ if at < head && !macintosh => (1, b" "),
            _ => (1, b"\r\n"),
        };
        changed += usize::from(rest.get(..taken) != Some(with));
        out.extend_from_slice(with);
        at += taken;
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
        changed += 1;
    }
    (out, changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_crlf_of_every_line_end() {
        for (before, after, changed) in [
            ("A: 1\r\n\r\nb\r\n", "A: 1\r\n\r\nb\r\n", 0),
            ("A: 1\n\nb", "A: 1\r\n\r\nb\r\n", 3),
            ("A: 1\r\r\n\r\nb\r\n", "A: 1\r\n\r\nb\r\n", 1),
            ("A: 1\r2\r\n\r\nb\rc\r\n", "A: 1 2\r\n\r\nb\r\nc\r\n", 2),
            ("A: 1\rB: 2\r\rc", "A: 1\r\nB: 2\r\n\r\nc\r\n", 4),
        ] {
            let (out, count) = crlf(before.as_bytes());
            assert_eq!((String::from_utf8_lossy(&out).as_ref(), count), (after, changed), "{before:?}");
            assert_eq!(has_bare_newline(before.as_bytes()), changed > 0, "{before:?}");
        }
    }
}

//! Receiving one command: its lines and literals, with the decisions that are due before a literal is read.

use bytes::Bytes;

use super::{
    ending::{Cause, Ending},
    fault::Fault,
    parse::{Malformed, Part, Scanner, Verb},
    reply::Reply,
    session::Session,
};
use crate::{clock, clock::Instant, limits};

/// A command as it arrived.
pub(super) struct Request {
    pub tag: String,
    pub verb: Verb,
    /// What follows the verb.
    pub parts: Vec<Part>,
    /// Decided before the end was read: the command is not executed.
    pub refusal: Option<Reply>,
    pub fault: Option<Fault>,
    /// It was sent before the reply to the command before it was seen.
    pub pipelined: bool,
    /// When its first line was read.
    pub started: Instant,
    /// Bytes of its literals, refused ones among them.
    pub literal_bytes: u64,
}

/// `{n}` or `{n+}` at the end of a line (RFC 3501 §4.3, RFC 7888).
struct Announcement {
    len: u64,
    synchronising: bool,
}

impl Session {
    /// The next command. A tag that is none ends the session: nobody could be answered.
    pub(super) async fn receive(&mut self) -> Result<Request, Ending> {
        let line = self.read_first_line().await?;
        let (started, pipelined) = (clock::instant(), self.wire.is_behind());
        let (text, mut announced) = split_announcement(&line);
        let first = [Part::Text(text)];
        let mut scan = Scanner::new(&first);
        let Ok(tag) = scan.tag() else { return Err(Ending::Bye(Cause::Syntax, "A command begins with a tag.".into())) };
        let verb = scan.space().and_then(|()| scan.verb());
        let mut request = Request {
            tag: tag.to_owned(),
            verb: verb.unwrap_or(Verb::Unknown),
            parts: vec![Part::Text(scan.rest())],
            refusal: verb.err().map(|wanted| self.malformed(wanted)),
            fault: None,
            pipelined,
            started,
            literal_bytes: 0,
        };
        request.fault = self.host.faults.draw(request.verb);
        while let Some(literal) = announced {
            if !self.take_literal(&mut request, &literal).await? {
                return Ok(request);
            }
            let line = self.wire.read_line().await?;
            let (text, next) = split_announcement(&line);
            request.parts.push(Part::Text(text));
            announced = next;
        }
        Ok(request)
    }

    /// Reads or refuses one literal; `false`: the command ends here.
    async fn take_literal(&mut self, request: &mut Request, literal: &Announcement) -> Result<bool, Ending> {
        request.literal_bytes += literal.len;
        if literal.len > limits::LAB_LITERAL {
            return Err(Ending::Bye(Cause::Syntax, "Literal is too long.".into()));
        }
        if !literal.synchronising && !self.offers("LITERAL+") {
            return Err(Ending::Bye(Cause::Syntax, "Non-synchronising literals are not offered.".into()));
        }
        if request.refusal.is_none() {
            request.refusal = self.refuse_literal(request, literal.len, literal.synchronising);
        }
        if literal.synchronising {
            if request.refusal.is_some() {
                return Ok(false);
            }
            self.wire.line("+ Ready for additional command text.");
        }
        let len = literal.len as usize;
        if request.refusal.is_some() {
            self.wire.discard(len).await?;
            request.parts.push(Part::Literal(Bytes::new()));
        } else {
            let cut = match request.fault {
                Some(Fault::CutInLiteral(bytes)) => Some(bytes.min(len)),
                _ => None,
            };
            request.parts.push(Part::Literal(self.wire.read_literal(len, cut).await?));
        }
        Ok(true)
    }

    pub(super) fn malformed(&self, Malformed(wanted): Malformed) -> Reply {
        Reply::bad(self.persona().wording.malformed(wanted))
    }
}

/// Divides a line into its text and the literal that it announces.
fn split_announcement(line: &Bytes) -> (Bytes, Option<Announcement>) {
    let announced = || {
        let inner = line.strip_suffix(b"}")?;
        let open = inner.iter().rposition(|&b| b == b'{')?;
        let digits = std::str::from_utf8(&inner[open + 1..]).ok()?;
        let (digits, synchronising) = match digits.strip_suffix('+') {
            Some(digits) => (digits, false),
            None => (digits, true),
        };
        let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let len = all_digits.then(|| digits.parse().unwrap_or(u64::MAX))?;
        Some((line.slice(..open), Announcement { len, synchronising }))
    };
    match announced() {
        Some((text, literal)) => (text, Some(literal)),
        None => (line.clone(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_announced_in_two_ways() {
        let of = |line: &'static str| {
            let (text, literal) = split_announcement(&Bytes::from_static(line.as_bytes()));
            (String::from_utf8(text.to_vec()).unwrap(), literal.map(|l| (l.len, l.synchronising)))
        };
        assert_eq!(of("a LOGIN {3}"), ("a LOGIN ".into(), Some((3, true))));
        assert_eq!(of("a LOGIN {3+}"), ("a LOGIN ".into(), Some((3, false))));
        for plain in ["a NOOP", "a X {}", "a X {+}", "a X {-1}", "a X 3}"] {
            assert_eq!(of(plain), (plain.into(), None));
        }
    }
}

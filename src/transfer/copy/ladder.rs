//! The repair ladder (design §8): what is tried with a message that the target refuses, from nothing to the most.
//!
//! A refusal that names the fault goes straight to the smallest repair of it; a vague one is first answered with the same bytes on a fresh
//! session (Exchange's catch-all replies are often about the session, quirk 6), then with every repair that has something to do. Too
//! large and malware end at once. What is known to be refused by any server (NUL, quirk 81) or by this one (its line limit) is repaired
//! before it is sent.

use crate::{
    body::Body,
    error::{Code, Result, Scope},
    limits,
    mime::{self, Inspection, Repair, Survey},
    model::{BodyHash, Fingerprint},
    target::{Fault, Refusal},
    transfer::bodies::spool_error,
};

/// A rung: what is done to a message's bytes before they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Rung {
    /// As it is.
    Original,
    /// As it is, on a fresh session.
    Fresh,
    /// The repairs of the fault that the target named.
    Named(Fault),
    /// Every repair that has something to do.
    Everything,
    /// An item as mail: what only its service keeps of it is lost.
    AsMail,
}

impl Rung {
    /// The number that the ledger keeps.
    pub fn number(self) -> u8 {
        match self {
            Rung::Original => 0,
            Rung::Fresh => 1,
            Rung::Named(_) => 2,
            Rung::Everything => 3,
            Rung::AsMail => 4,
        }
    }

    fn repairs(self) -> &'static [Repair] {
        match self {
            Rung::Original | Rung::Fresh | Rung::AsMail => &[],
            Rung::Named(Fault::LongLine) => &[Repair::HeaderLine, Repair::BodyLine],
            Rung::Named(Fault::Nul) => &[Repair::Nul],
            Rung::Named(Fault::BareNewline) => &[Repair::Newline],
            Rung::Named(Fault::Header) => &[Repair::MboxFrom, Repair::Header, Repair::Charset],
            Rung::Named(_) | Rung::Everything => &Repair::ALL,
        }
    }
}

/// The rung after `rung`, given what the target named; `None`: the message ends as refused.
pub(in crate::transfer) fn next(rung: Rung, fault: Fault) -> Option<Rung> {
    match (rung, fault) {
        (_, Fault::TooBig | Fault::Virus) | (Rung::Everything | Rung::AsMail, _) => None,
        (Rung::Original, Fault::Unknown) => Some(Rung::Fresh),
        (Rung::Fresh, Fault::Unknown) | (Rung::Named(_), _) => Some(Rung::Everything),
        (Rung::Original | Rung::Fresh, named) => Some(Rung::Named(named)),
    }
}

/// The same for an item, which nobody but its service can repair: once more where the words are vague, and then as mail.
pub(in crate::transfer) fn next_of_item(rung: Rung, refusal: &Refusal) -> Option<Rung> {
    let is_vague = refusal.fault == Fault::Unknown && refusal.reason.code != Code::ItemFetch;
    match rung {
        _ if refusal.fault == Fault::Virus => None,
        Rung::Original if is_vague => Some(Rung::Fresh),
        Rung::AsMail => None,
        _ => Some(Rung::AsMail),
    }
}

/// What this target is known to refuse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The longest line it takes (bytes).
    pub max_line: Option<usize>,
}

/// A message as it is sent.
pub(super) struct Fitted {
    pub body: Body,
    pub hash: BodyHash,
    pub fingerprint: Fingerprint,
    /// The header it came with: tells a date where the source told none.
    pub head: Vec<u8>,
    /// What was repaired, in words.
    pub repairs: String,
    pub size: u64,
}

/// Repairs what `rung` asks for and what this target is known to refuse; hashes the outcome.
///
/// # Errors
/// The message can't be repaired without breaking a signature (scope message), or the spool failed (scope run).
pub(super) fn fit(body: &Body, rung: Rung, limits: Limits) -> Result<Fitted> {
    let Survey { inspection, hash, fingerprint, head } = mime::survey(body).map_err(spool_error)?;
    let mut wanted = before_sending(&inspection, limits);
    wanted.extend(rung.repairs().iter().filter(|repair| !wanted.contains(repair)).copied().collect::<Vec<_>>());
    let repaired = match if wanted.is_empty() { Ok(None) } else { mime::repair(body, &wanted, limits.max_line) } {
        // A guess about the target's limits breaks no signature: the original is sent, and the target decides. NUL can't be sent.
        Err(error) if error.scope() == Scope::Message && rung.repairs().is_empty() && !inspection.nul => None,
        repaired => repaired?,
    };
    let as_read = repaired.is_none();
    let (body, notes) = repaired.unwrap_or_else(|| (body.clone(), Vec::new()));
    let hash = match inspection.bare_newline {
        true => body.wire_hash().map_err(spool_error)?,
        false if as_read => hash,
        false => body.hash().map_err(spool_error)?,
    };
    let fingerprint = if as_read { fingerprint } else { mime::fingerprint_body(&body).map_err(spool_error)? };
    let repairs = notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Ok(Fitted { size: body.len(), body, hash, fingerprint, head, repairs })
}

/// The hashes of everything that these bytes may have been sent as, their own first: by them a message that an earlier pass had
/// to repair is recognised.
///
/// # Errors
/// The spool failed.
pub(in crate::transfer) fn forms(body: &Body, max_line: Option<usize>) -> Result<Vec<BodyHash>> {
    let Survey { inspection, hash, .. } = mime::survey(body).map_err(spool_error)?;
    let mut forms = vec![hash];
    let longest = max_line.unwrap_or(limits::LINE_SAFE);
    if Repair::ALL.iter().all(|repair| !inspection.needs(*repair, longest)) {
        return Ok(forms);
    }
    let named = [Fault::LongLine, Fault::Nul, Fault::BareNewline, Fault::Header].map(Rung::Named);
    for rung in [Rung::Original, Rung::Everything].into_iter().chain(named) {
        match fit(body, rung, Limits { max_line }) {
            Ok(fitted) if !forms.contains(&fitted.hash) => forms.push(fitted.hash),
            Err(error) if error.scope() > Scope::Message => return Err(error),
            // The same again, or a repair that cannot be made.
            _ => {}
        }
    }
    Ok(forms)
}

fn before_sending(inspection: &Inspection, limits: Limits) -> Vec<Repair> {
    let mut repairs = Vec::new();
    if inspection.nul {
        repairs.push(Repair::Nul);
    }
    if let Some(longest) = limits.max_line {
        let lines = [Repair::HeaderLine, Repair::BodyLine];
        repairs.extend(lines.into_iter().filter(|repair| inspection.needs(*repair, longest)));
    }
    repairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_climb_ends() {
        let faults = [
            Fault::Unknown,
            Fault::LongLine,
            Fault::Nul,
            Fault::BareNewline,
            Fault::Header,
            Fault::TooBig,
            Fault::Virus,
        ];
        for first in faults {
            for second in faults {
                let (mut rung, mut steps) = (Some(Rung::Original), 0);
                while let Some(at) = rung {
                    rung = next(at, if steps % 2 == 0 { first } else { second });
                    steps += 1;
                }
                assert!(steps <= 4, "{first:?} {second:?} took {steps} attempts");
            }
        }
    }

    #[test]
    fn a_named_fault_goes_straight_to_its_repair() {
        assert_eq!(next(Rung::Original, Fault::Nul), Some(Rung::Named(Fault::Nul)));
        assert_eq!(next(Rung::Original, Fault::Unknown), Some(Rung::Fresh));
        assert_eq!(next(Rung::Fresh, Fault::Unknown), Some(Rung::Everything));
        assert_eq!(next(Rung::Original, Fault::Virus), None);
    }

    #[test]
    fn nul_never_leaves() {
        let body = Body::from_bytes(&b"Subject: x\r\n\r\na\0b\r\n"[..]);
        let fitted = fit(&body, Rung::Original, Limits { max_line: None }).unwrap();
        assert_eq!(fitted.body.as_memory().unwrap().as_ref(), b"Subject: x\r\n\r\nab\r\n");
        assert!(!fitted.repairs.is_empty());
    }

    #[test]
    fn a_repaired_message_is_among_the_forms_of_its_original() {
        let body = Body::from_bytes(&b"Subject: x\r\n\r\na\0b\nc\r\n"[..]);
        let forms = forms(&body, Some(1000)).unwrap();
        assert_eq!(forms.first(), Some(&body.hash().unwrap()));
        for rung in [Rung::Original, Rung::Named(Fault::BareNewline), Rung::Everything] {
            assert!(forms.contains(&fit(&body, rung, Limits { max_line: Some(1000) }).unwrap().hash), "{rung:?}");
        }
        let sound = Body::from_bytes(&b"Subject: x\r\n\r\nhello\r\n"[..]);
        assert_eq!(super::forms(&sound, None).unwrap(), [sound.hash().unwrap()]);
    }

    #[test]
    fn a_signed_message_is_sent_as_it_is_before_it_counts_as_refused() {
        let line = "x".repeat(2000);
        let signed = format!(
            "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n{line}\r\n--b\r\n\r\nsignature\r\n--b--\r\n"
        );
        let body = Body::from_bytes(signed.clone().into_bytes());
        let limits = Limits { max_line: Some(1000) };
        let fitted = fit(&body, Rung::Original, limits).unwrap();
        assert_eq!(fitted.body.as_memory().unwrap().as_ref(), signed.as_bytes());
        assert!(fitted.repairs.is_empty());
        assert!(fit(&body, Rung::Everything, limits).is_err());
    }

    #[test]
    fn sound_mail_is_not_touched() {
        let bytes = &b"Subject: x\r\n\r\nhello\r\n"[..];
        let fitted = fit(&Body::from_bytes(bytes), Rung::Everything, Limits { max_line: Some(1000) }).unwrap();
        assert_eq!(fitted.body.as_memory().unwrap().as_ref(), bytes);
        assert_eq!(fitted.hash, Body::from_bytes(bytes).hash().unwrap());
        assert!(fitted.repairs.is_empty());
    }
}

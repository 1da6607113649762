//! What a NO or BAD to an APPEND says about the message, as far as its words go.
//!
//! Words that name no fault are [`Fault::Unknown`]: `BAD Command Argument Error. 11` has at least six causes (quirk 6), so
//! guessing one would start the wrong repair. What concerns more than the message is [`Connection::refusal`]'s
//! to say, which is asked first.

use crate::{
    error::{Code, Error},
    imap::{Connection, ResponseCode, Tagged},
    model::Reason,
    target::{Fault, Refusal},
};

/// Words in lower case, each with the fault it names.
const WORDS: &[(Fault, &[&str])] = &[
    (Fault::Virus, &["virus", "malware", "malicious", "infected"]), // quirk 91
    (Fault::Nul, &["nul character", "nul byte", "null character", "null byte", "nul octet"]), // quirk 81
    // Gmail means bare LF in headers by "unable to parse" (quirk 52).
    (Fault::BareNewline, &["bare newline", "bare lf", "bare linefeed", "bare cr", "unable to parse message"]),
    (Fault::Header, &["invalid header", "header limit reached"]), // quirks 81, 91
    // Error 10 is Exchange's line limit, error 11 is anything (quirk 8, microsoft365.md §1.7).
    (Fault::LongLine, &["line limit", "line too long", "long line", "line length", "command error. 10"]),
    (
        Fault::TooBig,
        &[
            "maximum size of appendable message", // quirk 10
            "maximum message size",
            "larger than the maximum size allowed", // Dovecot's quota_max_mail_size
            "message too large",
            "message size exceeds",
            "message is too large",
            "message too big",
            "size limit",
        ],
    ),
];

/// Why nothing more can be appended, if the reply is about more than its message: the pace, the quota, the folder, the rights,
/// the session.
pub(super) fn stops(connection: &Connection, reply: &Tagged) -> Option<Error> {
    let error = connection.refusal(reply);
    match error.code() {
        Code::Quota | Code::ReadOnly | Code::NotFound | Code::Throttled => Some(error),
        Code::Auth | Code::AuthAccess | Code::Lost => Some(error),
        // Other internal errors may be about this message alone.
        Code::Server if matches!(reply.code.word(), Some("UNAVAILABLE" | "INUSE")) => Some(error),
        _ => None,
    }
}

/// The refusal in the server's own words.
pub(super) fn refusal(reply: &Tagged) -> Refusal {
    let fault = fault(reply);
    let code = match fault {
        Fault::TooBig => Code::ItemTooBig,
        Fault::Virus => Code::ItemVirus,
        Fault::LongLine | Fault::Nul | Fault::BareNewline | Fault::Header => Code::ItemMalformed,
        Fault::Unknown => Code::ItemRefused,
    };
    Refusal { fault, reason: Reason { code, words: words(reply) } }
}

fn fault(reply: &Tagged) -> Fault {
    // TOOBIG: RFC 4469; a message above APPENDLIMIT gets it too (RFC 7889).
    if matches!(&reply.code, ResponseCode::Other(word, _) if word == "TOOBIG") {
        return Fault::TooBig;
    }
    let text = reply.text.to_ascii_lowercase();
    let named = WORDS.iter().find(|(_, words)| words.iter().any(|word| text.contains(word)));
    named.map_or(Fault::Unknown, |(fault, _)| *fault)
}

/// The reply as the server said it, with its response code.
pub(super) fn words(reply: &Tagged) -> String {
    let verdict = reply.verdict.word();
    match &reply.code {
        ResponseCode::Other(word, arguments) if arguments.is_empty() => format!("{verdict} [{word}] {}", reply.text),
        ResponseCode::Other(word, arguments) => format!("{verdict} [{word} {arguments}] {}", reply.text),
        _ => format!("{verdict} {}", reply.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::{Tag, Verdict};

    fn reply(verdict: Verdict, code: &str, text: &str) -> Tagged {
        let code = if code.is_empty() { ResponseCode::None } else { ResponseCode::Other(code.into(), String::new()) };
        Tagged { tag: Tag(1), verdict, code, text: text.into() }
    }

    fn fault_of(text: &str) -> Fault {
        refusal(&reply(Verdict::No, "", text)).fault
    }

    #[test]
    fn words_that_name_a_fault_are_understood() {
        for (text, fault) in [
            ("Maximum size of appendable message has been exceeded", Fault::TooBig),
            ("maximum message size exceeded", Fault::TooBig),
            ("Message contains NUL characters", Fault::Nul),
            ("Message contains bare newlines", Fault::BareNewline),
            ("Message contains invalid header", Fault::Header),
            ("command line limit exceeded", Fault::LongLine),
            ("Command Error. 10", Fault::LongLine),
            ("Message refused because it contains a virus", Fault::Virus),
            ("Invalid Arguments: Unable to parse message", Fault::BareNewline),
        ] {
            assert_eq!(fault_of(text), fault, "{text}");
        }
        assert_eq!(refusal(&reply(Verdict::No, "TOOBIG", "no")).fault, Fault::TooBig);
    }

    #[test]
    fn vague_words_name_no_fault() {
        for text in
            ["Command Argument Error. 11", "APPEND failed", "Invalid system flag \\FORWARDED", "Error in IMAP command"]
        {
            assert_eq!(fault_of(text), Fault::Unknown, "{text}");
        }
    }

    #[test]
    fn the_servers_own_words_are_kept_with_their_code() {
        assert_eq!(
            words(&reply(Verdict::Bad, "CLIENTBUG", "Additional arguments")),
            "BAD [CLIENTBUG] Additional arguments"
        );
        assert_eq!(words(&reply(Verdict::No, "", "APPEND failed")), "NO APPEND failed");
    }
}

//! Recognises the replies by which servers ask to go slower.
//!
//! The words are those of real servers (`server-quirks.md`, microsoft365.md §1.9); each test cites its source. What sounds alike
//! but is something else stays out: a full mailbox, a refused log-in, and Yahoo's `[UNAVAILABLE] … error while fetching messages`,
//! which is one poisoned message for ever (quirk 55) and would hold a mailbox for ever. The caller asks only about
//! NO, BAD and BYE.

use std::time::Duration;

use crate::limits;

/// A server's request to go slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// How long it asks to wait, where it says so.
    pub wait: Option<Duration>,
    /// What there was too much of.
    pub kind: ThrottleKind,
}

/// What there was too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleKind {
    /// Messages or commands in a time (quirks 1, 2, 48, 60, 66).
    Rate,
    /// Connections at a time: those that exist may go on (quirks 48, 74).
    Connections,
    /// Bytes or commands of a day: the account rests for hours (quirk 47).
    Daily,
    /// The server is short of something, whoever asks (quirks 12, 35, 48, 57, 69, 91).
    Busy,
}

impl ThrottleKind {
    /// The first and the longest wait where the server states none; between them it doubles while the server says no.
    pub fn waits(self) -> (Duration, Duration) {
        match self {
            ThrottleKind::Rate => limits::THROTTLE_RATE,
            ThrottleKind::Connections => limits::THROTTLE_CONNECTIONS,
            ThrottleKind::Daily => limits::THROTTLE_DAILY,
            ThrottleKind::Busy => limits::THROTTLE_BUSY,
        }
    }
}

/// Whether a status reply with human text `text` and response code `code` asks to go slower; without regard to case.
pub fn throttle(text: &str, code: Option<&str>) -> Option<Throttle> {
    let text = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let coded =
        |name: &str| code.is_some_and(|code| code.eq_ignore_ascii_case(name)) || text.contains(&format!("[{name}]"));

    let kind = if says(&["error while fetching"]) {
        return None;
    } else if says(&["connections"]) && says(&["too many", "maximum number", "limit"]) {
        ThrottleKind::Connections
    } else if says(&["bandwidth limit"]) {
        ThrottleKind::Daily
    } else if coded("throttled") || says(&["throttled", "throttling", "backoff time", "too many requests"]) {
        ThrottleKind::Rate
    } else if coded("unavailable") || says(BUSY) {
        ThrottleKind::Busy
    } else {
        return None;
    };
    Some(Throttle { wait: stated_wait(&text), kind })
}

const BUSY: &[&str] = &[
    "server unavailable",
    "temporarily unavailable",
    "temporary unavailable",
    "undergoing maintenance",
    "server busy",
    "errorserverbusy",
    // Gmail's way to say that a day's allowance is used up (quirk 48), but of a session's plain end too: no hours of rest.
    "session expired, please login again",
];

/// The time in `Suggested Backoff Time: 299609 milliseconds`; the unit may be missing and is milliseconds then
/// (microsoft365.md §1.9).
fn stated_wait(lower: &str) -> Option<Duration> {
    let (_, after) = lower.split_once("backoff time").or_else(|| lower.split_once("backoffmilliseconds"))?;
    let after = after.trim_start_matches([':', '=', ' ', '\t']);
    let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = after.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let unit: String = unit.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    Some(match unit.as_str() {
        "s" | "sec" | "secs" | "second" | "seconds" => Duration::from_secs(number),
        "min" | "minute" | "minutes" => Duration::from_secs(number.saturating_mul(60)),
        _ => Duration::from_millis(number),
    })
}

#[cfg(test)]
mod tests {
    use super::{ThrottleKind::*, *};

    fn ask(text: &str) -> Option<(ThrottleKind, Option<u64>)> {
        throttle(text, None).map(|t| (t.kind, t.wait.map(|wait| wait.as_millis() as u64)))
    }

    #[test]
    fn exchange_states_its_time() {
        for (text, millis) in [
            ("Request is throttled. Suggested Backoff Time: 299609 milliseconds", 299_609), // quirk 1
            ("Request is throttled. Suggested Backoff Time: 89117 milliseconds", 89_117),   // quirk 2
            ("REQUEST IS THROTTLED. SUGGESTED BACKOFF TIME: 92415", 92_415),                // unit missing
            ("Request is throttled. Suggested Backoff Time:\t178755 ms", 178_755),
            ("Request is throttled. Suggested Backoff Time: 0 milliseconds", 0),
            ("request is throttled. suggested backoff time=300 seconds", 300_000),
            ("Request is throttled. Suggested Backoff Time: 50 minutes", 3_000_000), // as long as quirk 2 tells
        ] {
            assert_eq!(ask(text), Some((Rate, Some(millis))), "{text}");
        }
    }

    #[test]
    fn a_time_that_cannot_be_read_is_no_time() {
        for text in [
            "Request is throttled. Suggested Backoff Time: soon",
            "Request is throttled.",
            "Request is throttled. Suggested Backoff Time: -5",
            "Request is throttled. Suggested Backoff Time: 99999999999999999999999",
            "Request is throttled. Suggested Backoff Time",
        ] {
            assert_eq!(ask(text), Some((Rate, None)), "{text}");
        }
    }

    #[test]
    fn each_servers_words_are_known() {
        for (text, kind) in [
            ("Server Unavailable. 15", Busy), // quirk 12
            ("ErrorServerBusy", Busy),        // quirk 35
            ("[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", Daily), // quirk 48
            ("Session expired, please login again", Busy), // quirk 48
            ("[ALERT] Too many simultaneous connections. (Failure)", Connections), // quirk 48
            (
                "[UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
                Connections,
            ), // quirk 74
            ("Service temporarily unavailable", Busy), // quirk 57
            ("SELECT throttled", Rate),       // quirk 60
            ("too many requests for acct", Rate), // quirk 66
            ("[ALERT] account undergoing maintenance; please try again later", Busy), // quirk 69
            ("Temporary unavailable", Busy),  // quirk 91
        ] {
            assert_eq!(ask(text), Some((kind, None)), "{text}");
        }
    }

    #[test]
    fn a_response_code_suffices() {
        let kind = |code| throttle("Lookup failed", Some(code)).map(|t| t.kind);
        assert_eq!(kind("THROTTLED"), Some(Rate)); // quirk 48
        assert_eq!(kind("Unavailable"), Some(Busy)); // RFC 5530 §3
        assert_eq!(kind("OVERQUOTA"), None);
        assert_eq!(ask("[THROTTLED] later"), Some((Rate, None)));
    }

    #[test]
    fn what_sounds_alike_is_left_alone() {
        for text in [
            "[UNAVAILABLE] UID FETCH Server error while fetching messages", // quirk 55
            "[UNAVAILABLE] UID FETCH Server error while fetching messages - Please try again later",
            "[OVERQUOTA] Not enough disk quota", // quirk 80
            "Maximum size of appendable message has been exceeded",
            "User is authenticated but not connected.",
            "Command Argument Error. 11",
            "Connection closed. 14",
            "Session invalidated - AccessTokenExpired",
            "Unsafe Login. Please contact kefu@188.com for help",
            "",
        ] {
            assert_eq!(ask(text), None, "{text}");
        }
    }
}

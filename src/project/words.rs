//! Figures and states as people read them; the one place, so that every face says the same.

use std::time::Duration;

use crate::transfer::{Grade, Outcome, Stage};

/// `verified`, `finished`, `incomplete`, `failed`.
pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Verified => "verified",
        Outcome::Finished => "finished",
        Outcome::Incomplete => "incomplete",
        Outcome::Failed => "failed",
    }
}

/// `perfect`, `good`, `investigate`, `poor`.
pub fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Perfect => "perfect",
        Grade::Good => "good",
        Grade::Investigate => "investigate",
        Grade::Poor => "poor",
    }
}

/// What a mailbox is doing.
pub fn stage(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connecting",
        Stage::Reconcile => "settling doubts",
        Stage::Discover => "listing",
        Stage::Copy => "copying",
        Stage::Verify => "verifying",
    }
}

/// `17.9 MB`: decimal units, as servers and invoices count.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    // 999.95 would be shown as 1000.0 of the smaller unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{value:.1} {}", UNITS[unit]),
    }
}

/// `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let first = digits.len() % 3;
    let mut shown = digits[..first].to_owned();
    for (index, digit) in digits[first..].chars().enumerate() {
        if index % 3 == 0 && !shown.is_empty() {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 message`, `1,234 messages`.
pub fn messages(n: u64) -> String {
    format!("{} message{}", count(n), if n == 1 { "" } else { "s" })
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_and_never_round_up_to_a_wrong_unit() {
        assert_eq!(
            [0, 999, 1000, 17_891_234, 999_950, 5_000_000_000].map(bytes),
            ["0 B", "999 B", "1.0 kB", "17.9 MB", "1.0 MB", "5.0 GB"]
        );
        assert_eq!(
            [0, 12, 123, 1234, 12_345, 1_234_567].map(count),
            ["0", "12", "123", "1,234", "12,345", "1,234,567"]
        );
        assert_eq!([0, 1, 1200].map(messages), ["0 messages", "1 message", "1,200 messages"]);
        let seconds = |s| duration(Duration::from_secs(s));
        assert_eq!([0, 12, 200, 7500, 356_400].map(seconds), ["0.0 s", "12 s", "3 min 20 s", "2 h 5 min", "4 d 3 h"]);
    }
}

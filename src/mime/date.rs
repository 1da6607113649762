//! Dates as mail programs wrote them, right or wrong (quirk 99), and the date for a message that has no INTERNALDATE.
//!
//! mail-parser's date parser reads RFC 5322 only; of the broken styles met in mailboxes it gives wrong dates, not none.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, TimeZone};

use super::header;
use crate::model::ReceivedAt;

/// A date older than this year is dirt, not a date: RFC 822 is of 1982 (quirk 99).
const FIRST_YEAR: i32 = 1981;

/// The date to give a message whose server tells none: of the topmost Received that has one, else of Date. Only its header
/// is read.
pub fn received_at(message: &[u8]) -> Option<ReceivedAt> {
    let head = header::readable(message);
    let received = header::fields(&head).filter(|f| f.is("Received")).filter_map(|f| {
        let semicolon = f.value.iter().rposition(|&b| b == b';')?;
        parse(&String::from_utf8_lossy(f.value.get(semicolon + 1..)?))
    });
    let sent = header::value(&head, "Date").and_then(|value| parse(&String::from_utf8_lossy(value)));
    received.chain(sent).find(|date| date.year() >= FIRST_YEAR).map(ReceivedAt::from_datetime)
}

/// The date that `text` means.
///
/// Besides RFC 5322 it takes: no day of the week, a comma too many, two- and three-digit years (RFC 5322 §4.3), times
/// with periods or single digits or without seconds, AM and PM, zone names or none (UTC), C's `ctime`, INTERNALDATE,
/// ISO 8601, and all-digit dates, which are read day first unless the year leads.
pub fn parse(text: &str) -> Option<DateTime<FixedOffset>> {
    let text = without_comments(text);
    let mut parts = Parts::default();
    for token in text.split([' ', '\t', '\r', '\n', ',']).filter(|token| !token.is_empty()) {
        parts.take(token);
    }
    parts.date()
}

/// What the tokens told so far.
#[derive(Default)]
struct Parts {
    day: Option<u32>,
    month: Option<u32>,
    year: Option<i32>,
    time: Option<NaiveTime>,
    afternoon: Option<bool>,
    /// Seconds east of UTC.
    zone: Option<i32>,
}

impl Parts {
    fn take(&mut self, token: &str) {
        if let Some((date, time)) = token.split_once('T').filter(|(date, _)| date.starts_with(|c: char| c.is_numeric()))
        {
            self.take(date);
            self.take(time);
        } else if token.starts_with(['+', '-']) {
            self.zone = self.zone.or_else(|| zone_of_digits(token));
        } else if token.contains(':') || self.year.is_some() && token.contains('.') {
            self.take_time(token);
        } else if token.contains(['-', '/', '.']) {
            self.take_date(token);
        } else if token.starts_with(|c: char| c.is_ascii_digit()) {
            self.take_number(token);
        } else {
            self.take_word(token);
        }
    }

    /// `16:00`, `16.00.00`, `6:5:2`, `16:00:00.123+02:00`, `16:00Z`.
    fn take_time(&mut self, token: &str) {
        let end = token.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(token.len());
        let (time, rest) = token.split_at(end);
        let mut numbers = time.split([':', '.']).map(|n| n.parse::<u32>().ok());
        let (Some(Some(hour)), Some(Some(minute))) = (numbers.next(), numbers.next()) else { return };
        let second = numbers.next().flatten().unwrap_or(0).min(59);
        self.time = self.time.or(NaiveTime::from_hms_opt(hour, minute, second));
        if !rest.is_empty() {
            self.take(rest);
        }
    }

    /// `24-Aug-2010`, `2010-08-24`, `24.08.2010`, `02/06/09`.
    fn take_date(&mut self, token: &str) {
        let mut pieces: Vec<&str> = token.split(['-', '/', '.']).filter(|piece| !piece.is_empty()).collect();
        if pieces.len() == 3 && pieces.first().is_some_and(|first| first.len() == 4) {
            pieces.reverse();
        }
        for piece in pieces {
            match piece.parse::<u32>() {
                Ok(number) if self.day.is_some() && self.month.is_none() => self.month = Some(number),
                Ok(_) => self.take_number(piece),
                Err(_) => self.take_word(piece),
            }
        }
    }

    /// The day first, the year after it; four digits are a year anywhere.
    fn take_number(&mut self, digits: &str) {
        let Ok(number) = digits.parse::<u32>() else { return };
        if digits.len() <= 2 && self.day.is_none() {
            self.day = Some(number);
        } else if self.year.is_none() && digits.len() <= 4 {
            self.year = Some(full_year(number as i32));
        }
    }

    fn take_word(&mut self, word: &str) {
        match word.to_ascii_uppercase().as_str() {
            "AM" => self.afternoon = Some(false),
            "PM" => self.afternoon = Some(true),
            upper => {
                self.month = self.month.or_else(|| month_of(upper));
                self.zone = self.zone.or_else(|| zone_of_name(upper));
            }
        }
    }

    fn date(self) -> Option<DateTime<FixedOffset>> {
        use chrono::Timelike;
        let day = NaiveDate::from_ymd_opt(self.year?, self.month?, self.day?)?;
        let time = self.time?;
        let time = match self.afternoon {
            Some(true) if time.hour() < 12 => time.with_hour(time.hour() + 12)?,
            Some(false) if time.hour() == 12 => time.with_hour(0)?,
            _ => time,
        };
        FixedOffset::east_opt(self.zone.unwrap_or(0))?.from_local_datetime(&day.and_time(time)).single()
    }
}

/// RFC 5322 §4.3: two digits are of 1950 to 2049, three are years since 1900; so is a `0102` of the year 2002.
fn full_year(year: i32) -> i32 {
    match year {
        0..50 => year + 2000,
        50..1000 => year + 1900,
        _ => year,
    }
}

fn month_of(upper: &str) -> Option<u32> {
    let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    names.iter().zip(1..).find(|(name, _)| upper.starts_with(**name)).map(|(_, month)| month)
}

/// `+0200`, `-03:30`, `+02`.
fn zone_of_digits(token: &str) -> Option<i32> {
    let digits: String = token.chars().filter(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    let (hours, minutes) = if digits.len() <= 2 { (number, 0) } else { (number / 100, number % 100) };
    let seconds = (hours * 60 + minutes).checked_mul(60)?;
    (seconds.abs() < 86_400).then_some(if token.starts_with('-') { -seconds } else { seconds })
}

/// RFC 5322 §4.3 and the names of Europe and Japan that `ctime` dates carry; any other name says nothing.
fn zone_of_name(upper: &str) -> Option<i32> {
    let hours = match upper {
        "Z" | "UT" | "UTC" | "GMT" | "WET" => 0,
        "BST" | "CET" | "MET" | "WEST" => 1,
        "CEST" | "MEST" | "EET" => 2,
        "MSK" | "EEST" => 3,
        "JST" | "KST" => 9,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

/// `text` without RFC 5322 comments, which may nest.
fn without_comments(text: &str) -> String {
    let mut depth = 0usize;
    let outside = text.chars().filter(|&c| {
        let inside = depth > 0;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => return !inside,
        }
        false
    });
    outside.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> String {
        parse(text).map_or("none".into(), |date| date.to_rfc3339())
    }

    #[test]
    fn reads_right_dates() {
        assert_eq!(iso("Tue, 24 Aug 2010 16:00:00 +0200"), "2010-08-24T16:00:00+02:00");
        assert_eq!(iso(" 24 Aug 2010\r\n 16:00 -0330 (NST (old))"), "2010-08-24T16:00:00-03:30");
        assert_eq!(iso("22-Oct-2018 19:58:29 -0300"), "2018-10-22T19:58:29-03:00");
        assert_eq!(iso("Fri, 21 Nov 97 09:55:06 EST"), "1997-11-21T09:55:06-05:00");
    }

    #[test]
    fn reads_the_broken_styles_of_quirk_99() {
        for (wrong, meant) in [
            ("Tue, 24 Aug 1997 16.00.00 +0200", "1997-08-24T16:00:00+02:00"),
            ("Tue, 24 Aug 1997  6:5:2 +0200", "1997-08-24T06:05:02+02:00"),
            ("Tue, 24, Aug 1997 16:00:00 +0200", "1997-08-24T16:00:00+02:00"),
            ("Sun Aug 20 11:55:09 2006", "2006-08-20T11:55:09+00:00"),
            ("Wed Jan 24 11:58:38 MST 2007", "2007-01-24T11:58:38-07:00"),
            ("Wed Jan  2 08:40:57 2008", "2008-01-02T08:40:57+00:00"),
            ("02/06/09 22:18:08", "2009-06-02T22:18:08+00:00"),
            ("2010/06/20 22:18:08 +0100", "2010-06-20T22:18:08+01:00"),
            ("24.08.2010 16:00:00", "2010-08-24T16:00:00+00:00"),
            ("Saturday, December 14, 2002 05:00 PM", "2002-12-14T17:00:00+00:00"),
            ("Dec 13 2003 12:30:00 AM +0100", "2003-12-13T00:30:00+01:00"),
            ("2010-08-24T16:00:00.123Z", "2010-08-24T16:00:00+00:00"),
            ("2010-08-24 16:00:00+02:00", "2010-08-24T16:00:00+02:00"),
            ("Mon, 1 Jul 102 16:00:00 +0000", "2002-07-01T16:00:00+00:00"),
            ("Mon, 1 Jul 2002 16:00:60 +0000", "2002-07-01T16:00:59+00:00"),
        ] {
            assert_eq!(iso(wrong), meant, "{wrong}");
        }
    }

    #[test]
    fn tells_none_for_what_is_no_date() {
        for text in
            ["", "yesterday", "32 Jan 2001 10:00:00", "1 Jan 2001", "1 Jan 2001 25:00", "9999999999 ::", "-", "T"]
        {
            assert_eq!(iso(text), "none", "{text}");
        }
    }

    #[test]
    fn takes_the_topmost_received_then_date() {
        let both = b"Received: from a; broken\r\nReceived: from b (x; y);\r\n Tue, 24 Aug 2010 16:00:00 +0200\r\nDate: 1 Jan 2001 10:00 GMT\r\n";
        assert_eq!(received_at(both), Some(ReceivedAt { unix: 1_282_658_400, offset: 7200 }));
        assert_eq!(received_at(b"Date: 1 Jan\0 2001 10:00 GMT\r\n").map(|d| d.unix), Some(978_343_200));
        assert_eq!(received_at(b"Date: 1 Jan 1970 00:00:00 GMT\r\n"), None);
        assert_eq!(received_at(b"Subject: x\r\n"), None);
    }
}

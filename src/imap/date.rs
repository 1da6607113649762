//! INTERNALDATE in and out (RFC 3501 §9, date-time).

use chrono::{FixedOffset, NaiveDate};

use crate::model::ReceivedAt;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `dd-Mon-yyyy hh:mm:ss +zzzz` with a two-character day (quirk 99: strict servers refuse `9-Apr-2018`); `None` outside the years
/// 1 to 9999, which the form cannot say.
pub fn format(received_at: ReceivedAt) -> Option<String> {
    let date = received_at.to_datetime()?;
    Some(date.format("%d-%b-%Y %H:%M:%S %z").to_string()).filter(|text| text.len() == 26)
}

/// Reads what servers send for INTERNALDATE: with one-digit, blank-padded or no-zone forms too (quirk 99). `None` for a date
/// that no calendar knows.
pub fn parse(text: &[u8]) -> Option<ReceivedAt> {
    let text = std::str::from_utf8(text).ok()?;
    let mut words = text.split_ascii_whitespace();
    let mut day = words.next()?.split('-');
    let (d, m, y) = (day.next()?.parse().ok()?, month(day.next()?)?, day.next()?.parse().ok()?);
    let mut time = words.next().unwrap_or("00:00:00").split(':').map(|n| n.parse::<u32>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next().unwrap_or(Some(0))?);
    // A leap second is the last one of its minute: chrono and the other server know no 60.
    let local = NaiveDate::from_ymd_opt(full_year(y), m, d)?.and_hms_opt(hour, minute, second.min(59))?;
    let zone = words.next().map_or(Some(0), offset)?;
    Some(ReceivedAt::from_datetime(local.and_local_timezone(FixedOffset::east_opt(zone)?).single()?))
}

fn month(name: &str) -> Option<u32> {
    let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    u32::try_from(at + 1).ok()
}

/// Years as old software wrote them: 70–99 and 0–69 without the century, 100–199 as years since 1900 (`0102` is 2002).
fn full_year(year: i32) -> i32 {
    match year {
        0..=69 => 2000 + year,
        70..=199 => 1900 + year,
        _ => year,
    }
}

/// Seconds east of UTC in `+hhmm`; names of zones are read as UTC.
fn offset(zone: &str) -> Option<i32> {
    let Some(sign) = zone.strip_prefix('+').map(|d| (1, d)).or_else(|| zone.strip_prefix('-').map(|d| (-1, d))) else {
        return Some(0);
    };
    let digits = i32::from(sign.1.parse::<u16>().ok()?);
    Some(sign.0 * (digits / 100 * 3600 + digits % 100 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> Option<String> {
        format(parse(text.as_bytes())?)
    }

    #[test]
    fn dates_come_back_as_they_were() {
        for date in ["22-Oct-2018 19:58:29 -0300", "01-Jan-1970 00:00:00 +0000", "29-Feb-2024 23:59:59 +0530"] {
            assert_eq!(round(date).as_deref(), Some(date));
        }
    }

    #[test]
    fn odd_dates_are_understood() {
        for (odd, date) in [
            (" 9-Apr-2018 01:02:03 +0000", "09-Apr-2018 01:02:03 +0000"),
            ("9-APR-2018 01:02:03 +0000", "09-Apr-2018 01:02:03 +0000"),
            ("09-Apr-2018 01:02:03", "09-Apr-2018 01:02:03 +0000"),
            ("09-Apr-2018 01:02 GMT", "09-Apr-2018 01:02:00 +0000"),
            ("09-Apr-0102 01:02:60 +0000", "09-Apr-2002 01:02:59 +0000"),
            ("09-Apr-98 01:02:03 +0000", "09-Apr-1998 01:02:03 +0000"),
        ] {
            assert_eq!(round(odd).as_deref(), Some(date), "{odd}");
        }
    }

    #[test]
    fn impossible_dates_are_none() {
        for date in
            ["", "31-Feb-2018 00:00:00 +0000", "yesterday", "01-Foo-2018 00:00:00 +0000", "01-Jan-2018 25:00:00 +0000"]
        {
            assert_eq!(round(date), None, "{date}");
        }
        assert_eq!(parse(b"01-Jan-2018 00:00:00 +9999999999"), None);
        assert_eq!(parse(b"01-Jan-2018 00:00:00 +9999"), None);
        assert_eq!(parse(b"01-Jan-2018 00:00:00 -070000008"), None, "a zone beyond any number of seconds");
    }
}

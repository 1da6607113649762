//! Dates: `date-time` of APPEND and INTERNALDATE, `date` of SEARCH (RFC 3501 §9).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};

use super::scan::{Malformed, Parsed, Scanner};
use crate::model::ReceivedAt;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `"22-Oct-2018 19:58:29 -0300"` in its quotes; the day has two characters.
pub(in crate::lab::imap) fn write_date(received_at: ReceivedAt) -> String {
    let Some(date) = received_at.to_datetime() else { return "NIL".to_owned() };
    let month = MONTHS[date.month0() as usize % 12];
    let (day, year, zone) = (date.day(), date.year(), received_at.offset / 60);
    let (sign, hours, minutes) = (if zone < 0 { '-' } else { '+' }, zone.abs() / 60, zone.abs() % 60);
    format!("\"{day:>2}-{month}-{year:04} {} {sign}{hours:02}{minutes:02}\"", date.time())
}

impl Scanner<'_> {
    /// `date-time`: quoted, the day padded to two characters (quirk 99: strict servers refuse `9-Apr-2018`).
    pub(super) fn date_time(&mut self) -> Parsed<ReceivedAt> {
        let wanted = Malformed("a date-time such as \" 1-Feb-2020 03:04:05 +0000\"");
        let text = String::from_utf8(self.string()?).map_err(|_| wanted)?;
        if text.len() != 26 || text.get(2..3) != Some("-") {
            return Err(wanted);
        }
        let date: DateTime<FixedOffset> =
            DateTime::parse_from_str(text.trim_start(), "%d-%b-%Y %H:%M:%S %z").map_err(|_| wanted)?;
        Ok(ReceivedAt::from_datetime(date))
    }

    /// `date`: `1-Feb-2020`, in quotes or not.
    pub(super) fn date(&mut self) -> Parsed<NaiveDate> {
        let text = self.utf8()?;
        NaiveDate::parse_from_str(&text, "%d-%b-%Y").map_err(|_| Malformed("a date such as 1-Feb-2020"))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{super::scan::Part, *};

    fn read(text: &str) -> Parsed<ReceivedAt> {
        Scanner::new(&[Part::Text(Bytes::copy_from_slice(text.as_bytes()))]).date_time()
    }

    #[test]
    fn dates_survive_with_their_zone() {
        for text in
            ["\"22-Oct-2018 19:58:29 -0330\"", "\" 1-Feb-1980 00:00:00 +0000\"", "\"31-Dec-2035 23:59:59 +1300\""]
        {
            assert_eq!(write_date(read(text).unwrap()), text);
        }
        assert_eq!(write_date(read("\"01-Feb-2020 00:00:00 +0000\"").unwrap()), "\" 1-Feb-2020 00:00:00 +0000\"");
    }

    #[test]
    fn strict_about_the_form() {
        for text in
            ["\"1-Feb-2020 00:00:00 +0000\"", "\"30-Feb-2020 00:00:00 +0000\"", "\" 1-Feb-2020 00:00:00 UTC\"", "x"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

//! Values as people write them, in `mailhaul.toml` and on the command line alike: sizes, durations, days, patterns.
//!
//! Each is a type of its own with `FromStr` (for options) and `Deserialize` (for the file), so that both say the
//! same about the same mistake and a file's error points at the value itself.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, NaiveDate};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Deserializer, de};

/// A size in bytes: `150000000`, `"150MB"` (decimal units) or `"64MiB"` (binary units).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kb" => 1_000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => {
                return Err(format!(
                    "`{text}` is not a size: write bytes, or a number with kB, MB, GB, KiB, MiB or GiB"
                ));
            }
        };
        let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).filter(|n| *n > 0);
        bytes.map(Size).ok_or_else(|| format!("`{text}` is not a size: write a whole number above 0, as in `150MB`"))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText("a size, as in \"150MB\" or a number of bytes"))
    }
}

/// A length of time: `"500ms"`, `"60s"`, `"5m"`, `"1h"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Lasting(pub Duration);

impl FromStr for Lasting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a length of time: write it as `500ms`, `60s`, `5m` or `1h`");
        let (number, unit) = split_unit(text);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        let length = number.checked_mul(millis).filter(|n| *n > 0).ok_or_else(wrong)?;
        Ok(Lasting(Duration::from_millis(length)))
    }
}

impl TryFrom<String> for Lasting {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// How long after a pair was finalised its secrets are wiped: `"72h"`, or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct WipeAfter(pub Option<Duration>);

impl TryFrom<String> for WipeAfter {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |_| format!("`{text}` is neither a length of time (`72h`) nor `never`");
        match text.as_str() {
            "never" => Ok(WipeAfter(None)),
            time => time.parse().map(|Lasting(time)| WipeAfter(Some(time))).map_err(wrong),
        }
    }
}

/// So much in a time: `"9600/10m"`, `"135MB/5m"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PerTime(pub u64, pub Duration);

impl FromStr for PerTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not so much in a time: write it as `9600/10m` or `135MB/5m`");
        let (amount, time) = text.split_once('/').ok_or_else(wrong)?;
        Ok(PerTime(amount.parse::<Size>()?.0, time.trim().parse::<Lasting>()?.0))
    }
}

impl TryFrom<String> for PerTime {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A point in time for filters, in Unix seconds: `2024-01-31` (its first second, UTC) or RFC 3339 with a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub i64);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Day(day.and_time(Default::default()).and_utc().timestamp()));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|date| Day(date.timestamp()))
            .map_err(|_| format!("`{text}` is not a date: write it as 2024-01-31 or 2024-01-31T08:00:00+01:00"))
    }
}

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// A pattern over folder paths (`/` between levels). Case does not matter and `*` crosses levels: `Junk*` is the
/// folder, its neighbours of that beginning and everything below them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Glob);

impl FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).case_insensitive(true).build();
        glob.map(Pattern).map_err(|error| format!("`{text}` is not a folder pattern: {}", error.kind()))
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// One matcher for all of `patterns`.
///
/// # Errors
/// Together they are larger than the matcher allows.
pub fn pattern_set(patterns: &[Pattern]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for Pattern(glob) in patterns {
        set.add(glob.clone());
    }
    set.build().map_err(|error| format!("the folder patterns are too large together: {}", error.kind()))
}

/// `source=target`, two folder paths of `--map`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping(pub String, pub String);

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok(Mapping(from.to_owned(), to.to_owned())),
            _ => Err(format!("`{text}` is not a mapping: write it as 'source folder=target folder'")),
        }
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    (number, unit.trim_start())
}

struct NumberOrText(&'static str);

impl de::Visitor<'_> for NumberOrText {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Size, E> {
        number.to_string().parse().map_err(E::custom)
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_tell_decimal_from_binary() {
        assert_eq!("150MB".parse(), Ok(Size(150_000_000)));
        assert_eq!("64 MiB".parse(), Ok(Size(64 << 20)));
        assert_eq!("17".parse(), Ok(Size(17)));
        for wrong in ["", "0", "-1", "1.5MB", "10 bananas", "99999999999999999999", "20000000000GB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_of_time_need_a_unit() {
        assert_eq!("60s".parse(), Ok(Lasting(Duration::from_secs(60))));
        assert_eq!("250ms".parse(), Ok(Lasting(Duration::from_millis(250))));
        for wrong in ["60", "0s", "s", "5 weeks", "-1s"] {
            assert!(wrong.parse::<Lasting>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn so_much_in_a_time() {
        assert_eq!("9600/10m".parse(), Ok(PerTime(9600, Duration::from_secs(600))));
        assert_eq!("135MB / 5m".parse(), Ok(PerTime(135_000_000, Duration::from_secs(300))));
        for wrong in ["9600", "0/10m", "9600/10", "/5m", "a/5m"] {
            assert!(wrong.parse::<PerTime>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_begin_at_midnight_utc() {
        assert_eq!("1970-01-02".parse(), Ok(Day(86_400)));
        assert_eq!("1970-01-01T01:00:00+01:00".parse(), Ok(Day(0)));
        for wrong in ["yesterday", "2024-02-30", "31.01.2024"] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn patterns_cross_levels_and_ignore_case() {
        let set = pattern_set(&["Junk*".parse().unwrap()]).unwrap();
        assert!(set.is_match("junk") && set.is_match("Junk/2020") && !set.is_match("Sent/Junk"));
        assert!("[".parse::<Pattern>().is_err());
    }
}

//! CSV that is safe to open in a spreadsheet.

use std::{borrow::Cow, io};

use chrono::DateTime;

/// Writes a header and rows. Every field goes through [`disarmed`]; a byte order mark tells spreadsheets that it is UTF-8.
pub(super) fn csv<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.iter().map(|field| disarmed(field).into_owned()))?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// A field that a spreadsheet takes as text: folder names and server replies are written by strangers, and a leading
/// `=`, `+`, `-`, `@`, tab or line break would make a formula of them.
fn disarmed(field: &str) -> Cow<'_, str> {
    match field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{field}").into(),
        false => field.into(),
    }
}

/// Unix seconds as `2026-11-24T05:46:01Z`; empty for none.
pub(super) fn utc(unix: i64) -> String {
    let date = DateTime::from_timestamp(unix, 0).filter(|_| unix != 0);
    date.map(|date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

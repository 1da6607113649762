//! INTERNALDATE in and out (RFC 3501 §9, date-time).

use crate::model::ReceivedAt;

/// `dd-Mon-yyyy hh:mm:ss +zzzz` with a two-character day (quirk 99); `None` outside years 0 to 9999.
pub fn format(received_at: ReceivedAt) -> Option<String> {
    let date = received_at.to_datetime()?;
    Some(date.format("%d-%b-%Y %H:%M:%S %z").to_string()).filter(|text| text.len() == 26)
}

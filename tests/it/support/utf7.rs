//! Folder names on the wire (RFC 3501 §5.1.3), written anew so that a mistake of the product does not cancel out.

use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::{GeneralPurpose, general_purpose::NO_PAD};

const BASE64: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// Unicode to modified UTF-7.
pub fn encode(name: &str) -> String {
    let mut out = String::new();
    let mut pending: Vec<u8> = Vec::new();
    for c in name.chars() {
        if (' '..='~').contains(&c) {
            flush(&mut out, &mut pending);
            out.push_str(if c == '&' { "&-" } else { "" });
            if c != '&' {
                out.push(c);
            }
        } else {
            let mut units = [0; 2];
            pending.extend(c.encode_utf16(&mut units).iter().flat_map(|u| u.to_be_bytes()));
        }
    }
    flush(&mut out, &mut pending);
    out
}

fn flush(out: &mut String, pending: &mut Vec<u8>) {
    if !pending.is_empty() {
        out.push('&');
        out.push_str(&BASE64.encode(&*pending));
        out.push('-');
        pending.clear();
    }
}

/// Modified UTF-7 to Unicode; what is no modified UTF-7 stays as it is.
pub fn decode(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        let Some(len) = rest[start..].find('-') else { break };
        let coded = &rest[start + 1..start + len];
        match (coded, BASE64.decode(coded)) {
            ("", _) => out.push('&'),
            (_, Ok(bytes)) => {
                let units: Vec<u16> = bytes.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
                out.push_str(&String::from_utf16_lossy(&units));
            }
            (_, Err(_)) => out.push_str(&rest[start..=start + len]),
        }
        rest = &rest[start + len + 1..];
    }
    out + rest
}

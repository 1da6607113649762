//! Modified UTF-7 (RFC 3501 §5.1.3), for the names of generated folders.

use base64::{
    Engine, alphabet,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};

/// A name as it goes over the wire.
pub fn encode_name(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        let plain = |c: char| (' '..='~').contains(&c);
        if character == '&' {
            out.push_str("&-");
            rest = &rest[1..];
        } else if plain(character) {
            out.push(character);
            rest = &rest[1..];
        } else {
            let end = rest.find(plain).unwrap_or(rest.len());
            let units: Vec<u8> = rest[..end].encode_utf16().flat_map(u16::to_be_bytes).collect();
            out.push('&');
            out.push_str(&GeneralPurpose::new(&alphabet::IMAP_MUTF7, NO_PAD).encode(units));
            out.push('-');
            rest = &rest[end..];
        }
    }
    out
}

/// The opposite of [`encode_name`]; what is no modified UTF-7 stays as it is.
pub fn decode_name(wire: &str) -> String {
    let mut out = String::new();
    let mut rest = wire;
    while let Some((plain, shifted)) = rest.split_once('&') {
        out.push_str(plain);
        let Some((code, after)) = shifted.split_once('-') else { return out + "&" + shifted };
        match decode_units(code) {
            Some(text) if !code.is_empty() => out.push_str(&text),
            Some(_) => out.push('&'),
            None => out.extend(["&", code, "-"]),
        }
        rest = after;
    }
    out + rest
}

fn decode_units(code: &str) -> Option<String> {
    let bytes = GeneralPurpose::new(&alphabet::IMAP_MUTF7, NO_PAD).decode(code).ok()?;
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode_name, encode_name};

    #[test]
    fn names_of_the_standard() {
        assert_eq!(encode_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(encode_name("Q1 & Q2"), "Q1 &- Q2");
        assert_eq!(encode_name("Entwürfe"), "Entw&APw-rfe");
        assert_eq!(encode_name("a😀b"), "a&2D3eAA-b");
        for name in ["~peter/mail/台北/日本語", "Q1 & Q2", "Entwürfe", "a😀b", "", "&"] {
            assert_eq!(decode_name(&encode_name(name)), name);
        }
        assert_eq!(decode_name("no & end, &!!-"), "no & end, &!!-");
    }
}

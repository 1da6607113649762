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

#[cfg(test)]
mod tests {
    use super::encode_name;

    #[test]
    fn names_of_the_standard() {
        assert_eq!(encode_name("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
        assert_eq!(encode_name("Q1 & Q2"), "Q1 &- Q2");
        assert_eq!(encode_name("Entwürfe"), "Entw&APw-rfe");
        assert_eq!(encode_name("a😀b"), "a&2D3eAA-b");
    }
}

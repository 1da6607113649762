//! Modified UTF-7, the form of folder names on the wire (RFC 3501 §5.1.3).
//!
//! Decoding never fails: a sequence that is not modified UTF-7 (quirk 93: bare `&`, 8-bit names) stays as it is.
//! The wire name remains the folder's identity, so nothing depends on the way back from such a name.

use base64::{
    Engine as _,
    alphabet::IMAP_MUTF7,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// Without padding; trailing bits that are not zero are accepted, as old servers send them.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &IMAP_MUTF7,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The name that people read.
pub fn decode(wire: &[u8]) -> String {
    let text = String::from_utf8_lossy(wire);
    let mut name = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some((plain, shifted)) = rest.split_once('&') {
        name.push_str(plain);
        match shifted.split_once('-').and_then(|(code, after)| Some((decode_shift(code)?, after))) {
            Some((decoded, after)) => {
                name.push_str(&decoded);
                rest = after;
            }
            None => {
                name.push('&');
                rest = shifted;
            }
        }
    }
    name.push_str(rest);
    name
}

/// What stands between `&` and `-`; nothing there means `&` itself.
fn decode_shift(code: &str) -> Option<String> {
    if code.is_empty() {
        return Some("&".to_owned());
    }
    let bytes = BASE64.decode(code).ok()?;
    let units = bytes.chunks_exact(2);
    if !units.remainder().is_empty() {
        return None;
    }
    let units: Vec<u16> = units.map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte))).collect();
    String::from_utf16(&units).ok()
}

/// The name on the wire.
pub fn encode(name: &str) -> Vec<u8> {
    let mut wire = String::with_capacity(name.len());
    let mut shifted: Vec<u8> = Vec::new();
    for c in name.chars() {
        if !matches!(c, ' '..='~') {
            let mut units = [0; 2];
            shifted.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
            continue;
        }
        end_shift(&mut wire, &mut shifted);
        wire.push(c);
        if c == '&' {
            wire.push('-');
        }
    }
    end_shift(&mut wire, &mut shifted);
    wire.into_bytes()
}

fn end_shift(wire: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        wire.push('&');
        BASE64.encode_string(std::mem::take(shifted), wire);
        wire.push('-');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_the_rfc_and_of_real_servers() {
        for (wire, name) in [
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("Elk&APw-ld&APY-tt elemek", "Elküldött elemek"),
            ("R&-D", "R&D"),
            ("&2D3eAA-", "😀"),
            ("INBOX", "INBOX"),
        ] {
            assert_eq!(decode(wire.as_bytes()), name);
            assert_eq!(encode(name), wire.as_bytes());
        }
    }

    #[test]
    fn broken_names_stay_as_they_are() {
        for name in ["A & B", "R&D", "&", "&AP", "&A-", "&2D0-x", "&!!-"] {
            assert_eq!(decode(name.as_bytes()), name);
        }
        assert_eq!(decode(b"caf\xe9"), "caf\u{fffd}");
        assert_eq!(decode("Größe".as_bytes()), "Größe");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in any::<String>()) {
            let wire = encode(&name);
            prop_assert!(wire.iter().all(|c| (0x20..0x7f).contains(c)));
            prop_assert_eq!(decode(&wire), name);
        }

        #[test]
        fn any_bytes_decode(wire in proptest::collection::vec(any::<u8>(), 0..64)) {
            decode(&wire);
        }
    }
}

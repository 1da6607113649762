//! Takes the long values out of JSON while it arrives.
//!
//! A reply of `exportItems` holds whole items in base64, up to hundreds of megabytes (microsoft365.md §5.4). The string values of members
//! named `data` are decoded into a body each and leave their number behind; what is left is short and goes to serde. Rejected: a
//! parser of streams, which would parse all of it for the sake of one member.

use std::io;

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{
    body::{Body, BodyStore, OpenSink},
    limits,
};

/// The member whose value is taken out.
const MEMBER: &[u8] = b"data";
/// Characters of base64 that are decoded at a time: a multiple of four.
const PIECE: usize = 64 << 10;
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// JSON without its long values, and these.
#[derive(Debug)]
pub(super) struct Spliced {
    pub(super) json: Vec<u8>,
    /// In the place of each value stands its index here, as a string.
    pub(super) bodies: Vec<Body>,
}

/// A reply that is arriving.
#[derive(Debug)]
pub(super) struct Splicer {
    store: BodyStore,
    json: Vec<u8>,
    bodies: Vec<Body>,
    state: State,
    /// The last whole string, and whether a colon followed it.
    string: Vec<u8>,
    after_colon: bool,
}

#[derive(Debug)]
enum State {
    Between,
    /// In a string that stays; `true` after a backslash.
    Within(bool),
    Taken(Value),
}

/// A value on its way out.
#[derive(Debug)]
struct Value {
    text: Vec<u8>,
    escape: Escape,
    sink: OpenSink,
}

#[derive(Debug)]
enum Escape {
    None,
    Begun,
    /// The digits of `\u002B` so far.
    Hex(String),
}

impl Splicer {
    pub(super) fn new(store: &BodyStore) -> Self {
        Splicer {
            store: store.clone(),
            json: Vec::new(),
            bodies: Vec::new(),
            state: State::Between,
            string: Vec::new(),
            after_colon: false,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// A value is no base64, the rest is too long, or the spool is full.
    pub(super) fn write(&mut self, chunk: &[u8]) -> io::Result<()> {
        for &byte in chunk {
            match &mut self.state {
                State::Between => self.between(byte),
                State::Within(escaped) => {
                    let ends = byte == b'"' && !*escaped;
                    *escaped = byte == b'\\' && !*escaped;
                    self.json.push(byte);
                    if ends {
                        self.state = State::Between;
                    } else {
                        self.string.push(byte);
                    }
                }
                State::Taken(value) => {
                    if value.take(byte)? {
                        self.put_back()?;
                    }
                }
            }
            if self.json.len() > limits::GRAPH_REPLY {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer has no end"));
            }
        }
        Ok(())
    }

    fn between(&mut self, byte: u8) {
        let takes = byte == b'"' && self.after_colon && self.string == MEMBER;
        match byte {
            b'"' if takes => {
                self.json.push(byte);
                let value = Value { text: Vec::new(), escape: Escape::None, sink: self.store.open_sink() };
                self.state = State::Taken(value);
                return;
            }
            b'"' => {
                self.string.clear();
                self.state = State::Within(false);
                self.after_colon = false;
            }
            b':' => self.after_colon = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => self.after_colon = false,
        }
        self.json.push(byte);
    }

    fn put_back(&mut self) -> io::Result<()> {
        self.after_colon = false;
        if let State::Taken(mut value) = std::mem::replace(&mut self.state, State::Between) {
            value.decode(true)?;
            self.json.extend_from_slice(self.bodies.len().to_string().as_bytes());
            self.json.push(b'"');
            self.bodies.push(value.sink.finish());
        }
        Ok(())
    }

    /// What came.
    pub(super) fn finish(self) -> Spliced {
        Spliced { json: self.json, bodies: self.bodies }
    }
}

impl Value {
    /// Takes one byte; `true` if it ends the value.
    fn take(&mut self, byte: u8) -> io::Result<bool> {
        match (&mut self.escape, byte) {
            (Escape::None, b'"') => return Ok(true),
            (Escape::None, b'\\') => self.escape = Escape::Begun,
            (Escape::None, byte) => self.text.push(byte),
            (Escape::Begun, b'u') => self.escape = Escape::Hex(String::new()),
            // Some writers escape `/`, and some break lines.
            (Escape::Begun, b'r' | b'n') => self.escape = Escape::None,
            (Escape::Begun, byte) => {
                self.text.push(byte);
                self.escape = Escape::None;
            }
            (Escape::Hex(digits), byte) => {
                digits.push(char::from(byte));
                if digits.len() == 4 {
                    let code = u8::from_str_radix(digits, 16).map_err(|_| not_base64())?;
                    self.text.push(code);
                    self.escape = Escape::None;
                }
            }
        }
        if self.text.len() >= PIECE {
            self.decode(false)?;
        }
        Ok(false)
    }

    /// Decodes what can be decoded; all of it at the `end`.
    fn decode(&mut self, end: bool) -> io::Result<()> {
        for byte in &mut self.text {
            // OData's own form of base64 (RFC 4648 §5) is taken for what it is.
            *byte = match *byte {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            };
        }
        let whole = if end { self.text.len() } else { self.text.len() / 4 * 4 };
        let rest = self.text.split_off(whole);
        let raw = BASE64.decode(&self.text).map_err(|_| not_base64())?;
        self.text = rest;
        self.sink.write(&raw)
    }
}

fn not_base64() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an item's stream is no base64")
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    use super::*;

    fn spliced(json: &str, step: usize) -> io::Result<Spliced> {
        let mut splicer = Splicer::new(&BodyStore::new());
        for chunk in json.as_bytes().chunks(step) {
            splicer.write(chunk)?;
        }
        Ok(splicer.finish())
    }

    #[test]
    fn values_are_taken_out_however_the_reply_arrives() {
        let raw: Vec<u8> = (0..PIECE * 2 + 5).map(|n| (n * 31 % 256) as u8).collect();
        let escaped = STANDARD.encode(&raw).replace('/', "\\/").replace('+', "\\u002B");
        let json = format!(
            r#"{{"x":"data","value":[{{"itemId":"a\"data\":","data" : "{escaped}","changeKey":"k"}},{{"itemId":"b","error":{{"code":"E"}}}},{{"data":"{}"}},{{"data":null}}]}}"#,
            URL_SAFE.encode([255, 254, 253, 0])
        );
        for step in [1, 7, 4096, json.len()] {
            let Spliced { json, bodies } = spliced(&json, step).unwrap();
            let told: serde_json::Value = serde_json::from_slice(&json).unwrap();
            assert_eq!(told["value"][0]["data"], "0");
            assert_eq!(told["value"][0]["itemId"], "a\"data\":");
            assert_eq!((&told["value"][2]["data"], &told["value"][3]["data"]), (&"1".into(), &serde_json::Value::Null));
            assert_eq!(bodies.len(), 2);
            assert_eq!(bodies[0].chunk(0, usize::MAX).unwrap(), raw);
            assert_eq!(bodies[1].chunk(0, 10).unwrap().as_ref(), [255, 254, 253, 0]);
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        for value in ["%%%%", "a", "\\u0100"] {
            assert!(spliced(&format!(r#"{{"data":"{value}"}}"#), 3).is_err(), "{value}");
        }
    }

    /// What comes of `json` in pieces of `step`: the rest and the values, or nothing where a value is no base64.
    fn outcome(json: &[u8], step: usize) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
        let mut splicer = Splicer::new(&BodyStore::new());
        json.chunks(step).try_for_each(|chunk| splicer.write(chunk)).ok()?;
        let Spliced { json, bodies } = splicer.finish();
        Some((json, bodies.iter().map(|body| body.chunk(0, usize::MAX).unwrap().to_vec()).collect()))
    }

    /// What looks like an export, but for its order.
    const PIECES: &str = r#"([{}\[\]:,"\\ ]|data|"data":"|\\u00[0-9A-F]{2}|[A-Za-z0-9+/=_-]){0,60}"#;

    proptest! {
        #[test]
        fn pieces_do_not_matter_whatever_comes(json in PIECES, step in 1usize..9) {
            prop_assert_eq!(outcome(json.as_bytes(), step), outcome(json.as_bytes(), json.len().max(1)));
        }
    }
}

//! A message's bytes: stored, or computed whenever they are asked for.

use bytes::Bytes;

use crate::model::BodyHash;

/// Bytes produced at once where a content is walked.
const CHUNK: usize = 64 << 10;

/// The bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Held in memory.
    Stored(Bytes),
    /// Made on demand: a mailbox of a million messages, or a message of 100 MB, costs a few bytes each.
    Computed(Computed),
}

impl Content {
    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Content::Stored(bytes) => bytes.len() as u64,
            Content::Computed(computed) => computed.len,
        }
    }

    /// Whether it has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Up to `most` bytes from `offset`; empty at the end.
    pub fn chunk(&self, offset: u64, most: usize) -> Bytes {
        let end = self.len().min(offset.saturating_add(most as u64));
        if offset >= end {
            return Bytes::new();
        }
        match self {
            Content::Stored(bytes) => bytes.slice(offset as usize..end as usize),
            Content::Computed(computed) => computed.range(offset, end),
        }
    }

    /// All of it.
    pub fn bytes(&self) -> Bytes {
        self.chunk(0, usize::MAX)
    }

    /// Its header with the empty line that ends it; everything if there is none.
    pub fn header(&self) -> Bytes {
        if let Content::Computed(computed) = self {
            return header(computed.seed).into();
        }
        let start = self.chunk(0, CHUNK);
        let head = if header_end(&start).is_none() { self.bytes() } else { start };
        let end = header_end(&head).unwrap_or(head.len());
        head.slice(..end)
    }

    /// The hash of its bytes.
    pub fn hash(&self) -> BodyHash {
        let mut hasher = blake3::Hasher::new();
        let mut offset = 0;
        while offset < self.len() {
            let chunk = self.chunk(offset, CHUNK);
            hasher.update(&chunk);
            offset += chunk.len() as u64;
        }
        BodyHash(hasher.finalize().into())
    }
}

/// The offset behind the first empty line; lines may end in a bare LF.
pub(super) fn header_end(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    while let Some(length) = bytes[start..].iter().position(|&b| b == b'\n') {
        let line = &bytes[start..start + length];
        start += length + 1;
        if line.is_empty() || line == b"\r" {
            return Some(start);
        }
    }
    None
}

/// A message that follows from a seed and a length alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Computed {
    seed: u64,
    len: u64,
}

/// A body line: 76 characters of base64 alphabet and CRLF.
const LINE: u64 = 78;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Computed {
    /// A message of `len` bytes, or of its header alone where that is longer.
    pub fn new(seed: u64, len: u64) -> Self {
        Computed { seed, len: len.max(header(seed).len() as u64) }
    }

    fn range(&self, from: u64, to: u64) -> Bytes {
        let header = header(self.seed);
        let length = header.len() as u64;
        let mut out = Vec::with_capacity((to - from) as usize);
        if from < length {
            out.extend_from_slice(&header[from as usize..to.min(length) as usize]);
        }
        let mut at = from.max(length);
        while at < to {
            let line = body_line(self.seed, (at - length) / LINE);
            let start = (at - length) % LINE;
            let take = (LINE - start).min(to - at);
            out.extend_from_slice(&line[start as usize..(start + take) as usize]);
            at += take;
        }
        out.into()
    }
}

fn header(seed: u64) -> Vec<u8> {
    let person = seed % 997;
    format!(
        "From: Person {person} <person{person}@example.org>\r\n\
         To: Archive <archive@example.com>\r\n\
         Subject: Record {seed}\r\n\
         Date: Tue, 02 Jan 2018 10:{:02}:{:02} +0100\r\n\
         Message-ID: <record.{seed}@example.org>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: application/octet-stream\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n",
        seed / 60 % 60,
        seed % 60,
    )
    .into_bytes()
}

fn body_line(seed: u64, number: u64) -> [u8; LINE as usize] {
    let mut random = fastrand::Rng::with_seed(seed.rotate_left(32) ^ number);
    let mut line = [b'\n'; LINE as usize];
    line[LINE as usize - 2] = b'\r';
    for eight in line[..LINE as usize - 2].chunks_mut(8) {
        let mut bits = random.u64(..);
        for byte in eight {
            *byte = ALPHABET[(bits & 63) as usize];
            bits >>= 6;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_bytes_do_not_depend_on_how_they_are_asked_for() {
        let content = Content::Computed(Computed::new(7, 5000));
        let whole = content.bytes();
        assert_eq!(whole.len(), 5000);
        let mut pieces = Vec::new();
        while pieces.len() < 5000 {
            pieces.extend_from_slice(&content.chunk(pieces.len() as u64, 37));
        }
        assert_eq!(whole, pieces);
        assert_eq!(content.hash(), Content::Stored(whole).hash());
    }

    #[test]
    fn the_header_ends_behind_the_empty_line() {
        assert_eq!(Content::Stored(Bytes::from_static(b"a: b\r\n\r\nbody")).header(), "a: b\r\n\r\n");
        assert_eq!(Content::Stored(Bytes::from_static(b"a: b\n\nbody")).header(), "a: b\n\n");
        assert_eq!(Content::Stored(Bytes::from_static(b"a: b\r\nno body")).header(), "a: b\r\nno body");
    }
}

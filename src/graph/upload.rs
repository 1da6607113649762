//! The body of an import: an item's stream in base64 within JSON, made as it is sent.
//!
//! An item may have 150 MB and its base64 a third more, so neither is ever held. Its length is known beforehand and told, since not
//! every service takes a body of unknown length.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{Stream, stream};

use crate::{body::Body, limits};

/// Bytes of a stream that become base64 at a time: a multiple of three, so that the pieces join.
const PIECE: usize = limits::SPOOL_CHUNK / 3 * 3;

/// `before`, the body in base64, `after`.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    before: Bytes,
    body: Body,
    after: Bytes,
}

impl Upload {
    pub(super) fn new(before: impl Into<Bytes>, body: Body, after: impl Into<Bytes>) -> Self {
        Upload { before: before.into(), body, after: after.into() }
    }

    /// Bytes on the wire.
    pub(super) fn len(&self) -> u64 {
        self.before.len() as u64 + self.body.len().div_ceil(3) * 4 + self.after.len() as u64
    }

    /// The bytes, from the start.
    pub(super) fn stream(&self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let whole = self.clone();
        stream::try_unfold(Some(0), move |at| {
            let piece = whole.piece(at);
            async move { piece }
        })
    }

    /// The piece that begins at `at` of the body, and where the next one begins; the first one brings `before` along, the last one `after`.
    fn piece(&self, at: Option<u64>) -> io::Result<Option<(Bytes, Option<u64>)>> {
        let Some(at) = at else { return Ok(None) };
        let raw = self.body.chunk(at, PIECE)?;
        let mut piece = Vec::with_capacity(raw.len().div_ceil(3) * 4 + self.before.len() + self.after.len());
        if at == 0 {
            piece.extend_from_slice(&self.before);
        }
        piece.extend_from_slice(STANDARD.encode(&raw).as_bytes());
        let end = at + raw.len() as u64;
        if end < self.body.len() {
            return Ok(Some((piece.into(), Some(end))));
        }
        piece.extend_from_slice(&self.after);
        Ok(Some((piece.into(), None)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn pieces_join_to_one_value_of_the_told_length() {
        for len in [0, 1, 2, 3, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2] {
            let raw: Vec<u8> = (0..len).map(|n| (n * 7 % 251) as u8).collect();
            let upload = Upload::new("{\"Data\":\"", Body::from_bytes(raw.clone()), "\"}");
            let sent: Vec<Bytes> = upload.stream().try_collect().await.unwrap();
            let sent = sent.concat();
            assert_eq!(sent.len() as u64, upload.len(), "{len}");
            let told: serde_json::Value = serde_json::from_slice(&sent).unwrap();
            assert_eq!(STANDARD.decode(told["Data"].as_str().unwrap()).unwrap(), raw, "{len}");
        }
    }
}

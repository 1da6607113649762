//! An archive that arrives in pieces: they go to a thread that may block, for the readers of tar and gzip do.

use std::io::{self, BufReader, Read};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use super::{End, Item, read};
use crate::{
    body::BodyStore,
    error::{Error, Result},
    limits,
};

/// The connection ended before the archive did.
#[derive(Debug)]
pub(in crate::zimbra) struct Broken;

/// Reads the archive whose pieces come by `pieces` and sends each item on. Nobody needs to wait for it: it ends when either side goes away.
///
/// # Errors
/// As [`read`].
pub(in crate::zimbra) async fn unpack(
    pieces: mpsc::Receiver<Result<Bytes, Broken>>,
    store: BodyStore,
    items: mpsc::Sender<Item>,
) -> Result<End> {
    let source = BufReader::with_capacity(limits::ZIMBRA_CHUNK, Pieces { pieces, current: Bytes::new() });
    let work = move || read(source, &store, |item| items.blocking_send(item).is_ok());
    match tokio::task::spawn_blocking(work).await {
        Ok(ended) => ended,
        Err(failed) => Err(Error::bug("the archive reader stopped").with_source(failed)),
    }
}

/// Pieces as a stream of bytes.
struct Pieces {
    pieces: mpsc::Receiver<Result<Bytes, Broken>>,
    current: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(Ok(piece)) => self.current = piece,
                Some(Err(Broken)) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended")),
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.current.len());
        self.current.split_to(length).copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

//! COMPRESS=DEFLATE (RFC 4978): raw deflate over the whole connection, both ways.
//!
//! Every flush ends a deflate block (Z_SYNC_FLUSH), so the other side can read all that was written before it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits;

/// A stream whose bytes travel deflated.
pub(super) struct Deflated<S> {
    inner: S,
    inflate: Decompress,
    deflate: Compress,
    /// Compressed bytes that came in, from `taken` on.
    input: Vec<u8>,
    taken: usize,
    /// The last call of inflate filled its output: there may be more without input.
    more: bool,
    /// Compressed bytes to send, from `sent` on.
    output: Vec<u8>,
    sent: usize,
    /// Something was written since the last flush.
    dirty: bool,
}

impl<S> std::fmt::Debug for Deflated<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deflated")
    }
}

impl<S> Deflated<S> {
    /// Goes on compressed over `inner`; `read` is what came compressed already.
    pub(super) fn new(inner: S, read: Vec<u8>) -> Self {
        Deflated {
            inner,
            inflate: Decompress::new(false),
            // Level 1: mail is base64 or text, and the line is the limit where this is asked for.
            deflate: Compress::new(Compression::fast(), false),
            input: read,
            taken: 0,
            more: false,
            output: Vec::new(),
            sent: 0,
            dirty: false,
        }
    }

    /// Inflates what is there; `false` if nothing came out.
    fn inflate(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<bool> {
        if self.taken == self.input.len() && !self.more {
            return Ok(false);
        }
        let (read, written) = (self.inflate.total_in(), self.inflate.total_out());
        let out = buf.initialize_unfilled();
        let room = out.len();
        let status = self.inflate.decompress(&self.input[self.taken..], out, FlushDecompress::None);
        let took = (self.inflate.total_in() - read) as usize;
        self.taken += took;
        let came = (self.inflate.total_out() - written) as usize;
        self.more = came == room;
        buf.advance(came);
        match status {
            Ok(Status::StreamEnd) if came == 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if took == 0 && came == 0 && self.taken < self.input.len() => Err(io::ErrorKind::InvalidData.into()),
            Ok(_) => Ok(came > 0),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }

    /// Deflates `bytes` into the output, in as many calls as its growing room takes.
    fn deflate(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            self.output.reserve(bytes.len() / 2 + 256);
            let before = self.deflate.total_in();
            self.deflate.compress_vec(bytes, &mut self.output, flush).map_err(io::Error::other)?;
            bytes = &bytes[(self.deflate.total_in() - before) as usize..];
            if bytes.is_empty() && self.output.len() < self.output.capacity() {
                return Ok(());
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> Deflated<S> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.output.len() {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, &self.output[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                len => self.sent += len,
            }
        }
        self.output.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Deflated<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while buf.remaining() > 0 && !this.inflate(buf)? {
            if this.taken < this.input.len() {
                continue;
            }
            this.input.resize(limits::READ_BUFFER / 2, 0);
            this.taken = 0;
            let mut input = ReadBuf::new(&mut this.input);
            let result = Pin::new(&mut this.inner).poll_read(cx, &mut input);
            let len = input.filled().len();
            this.input.truncate(len);
            ready!(result)?;
            if len == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Deflated<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.output.len() >= limits::WRITE_BUFFER {
            ready!(this.poll_send(cx))?;
        }
        this.deflate(bytes, FlushCompress::None)?;
        this.dirty |= !bytes.is_empty();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if std::mem::take(&mut this.dirty) {
            this.deflate(&[], FlushCompress::Sync)?;
        }
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn both_ways_through_small_buffers() {
        let (here, there) = tokio::io::duplex(333);
        let (mut here, mut there) = (Deflated::new(here, Vec::new()), Deflated::new(there, Vec::new()));
        let text: Vec<u8> = (0..300_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        let sent = text.clone();
        let writer = tokio::spawn(async move {
            for piece in sent.chunks(50_000) {
                here.write_all(piece).await.unwrap();
            }
            here.flush().await.unwrap();
            let mut answer = [0; 2];
            here.read_exact(&mut answer).await.unwrap();
            answer
        });
        let mut read = vec![0; text.len()];
        there.read_exact(&mut read).await.unwrap();
        assert!(read == text);
        there.write_all(b"ok").await.unwrap();
        there.flush().await.unwrap();
        assert_eq!(&writer.await.unwrap(), b"ok");
    }

    #[tokio::test]
    async fn nonsense_is_an_error() {
        let (here, mut there) = tokio::io::duplex(64);
        there.write_all(b"\x07 a block of no type").await.unwrap();
        let mut here = Deflated::new(here, Vec::new());
        assert!(here.read_u8().await.is_err());
    }
}

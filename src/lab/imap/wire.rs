//! Bytes in and out: lines that end in CRLF, literals, replies held back until the client waits for them.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{
    deflate::Deflate,
    ending::{Cause, Ending},
};
use crate::limits;

/// A connection, plain or TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Replies are written once this many bytes wait.
const OUTPUT: usize = 64 << 10;

/// One connection's bytes.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    input: BytesMut,
    output: Vec<u8>,
    /// Bytes that may still be written before the connection is cut.
    output_left: Option<usize>,
    deflate: Option<Deflate>,
    /// Goes on executing what was received although nobody listens any more.
    outlives_client: bool,
    deaf: bool,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Wire {
            stream,
            input: BytesMut::new(),
            output: Vec::new(),
            output_left: None,
            deflate: None,
            outlives_client: false,
            deaf: false,
        }
    }

    /// Whether a lost client ends the session at the next write, or only at the end of what it sent.
    pub fn set_outlives_client(&mut self, outlives: bool) {
        self.outlives_client = outlives;
    }

    /// Compresses both directions from here on.
    pub async fn start_deflate(&mut self) -> Result<(), Ending> {
        self.flush().await?;
        let early = self.input.split();
        let deflate = self.deflate.insert(Deflate::new());
        Ok(deflate.inflate(&early, &mut self.input)?)
    }

    /// Whether both directions are compressed.
    pub fn is_deflated(&self) -> bool {
        self.deflate.is_some()
    }

    /// Cuts the connection after `bytes` more bytes of replies.
    pub async fn cut_after(&mut self, bytes: usize) -> Result<(), Ending> {
        self.flush().await?;
        self.output_left = Some(bytes);
        Ok(())
    }

    /// Whether replies wait to be written: what is read now was sent before they were seen.
    pub fn is_behind(&self) -> bool {
        !self.output.is_empty()
    }

    /// Queues a line; its end is added.
    pub fn line(&mut self, line: impl AsRef<[u8]>) {
        self.output.extend_from_slice(line.as_ref());
        self.output.extend_from_slice(b"\r\n");
    }

    /// Queues bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// Writes what is queued if it is much.
    pub async fn relieve(&mut self) -> Result<(), Ending> {
        if self.output.len() < OUTPUT { Ok(()) } else { self.flush().await }
    }

    /// Writes what is queued.
    pub async fn flush(&mut self) -> Result<(), Ending> {
        let mut output = std::mem::take(&mut self.output);
        if let Some(deflate) = self.deflate.as_mut().filter(|_| !output.is_empty()) {
            output = deflate.compress(&output)?;
        }
        let allowed = output.len().min(self.output_left.unwrap_or(usize::MAX));
        if !self.deaf && !output.is_empty() {
            let result = async {
                self.stream.write_all(&output[..allowed]).await?;
                self.stream.flush().await
            };
            match result.await {
                Ok(()) => (),
                Err(_) if self.outlives_client => self.deaf = true,
                Err(error) => return Err(error.into()),
            }
        }
        if let Some(left) = &mut self.output_left {
            if allowed < output.len() {
                return Err(Ending::Cut);
            }
            *left -= allowed;
        }
        Ok(())
    }

    async fn fill(&mut self) -> Result<(), Ending> {
        self.flush().await?;
        let Some(deflate) = &mut self.deflate else {
            self.input.reserve(OUTPUT);
            return if self.stream.read_buf(&mut self.input).await? == 0 { Err(Ending::Lost) } else { Ok(()) };
        };
        let mut wire = BytesMut::with_capacity(OUTPUT);
        if self.stream.read_buf(&mut wire).await? == 0 {
            return Err(Ending::Lost);
        }
        Ok(deflate.inflate(&wire, &mut self.input)?)
    }

    /// Waits until there is something to read.
    pub async fn readable(&mut self) -> Result<(), Ending> {
        if self.input.is_empty() { self.fill().await } else { Ok(()) }
    }

    /// The next line without its end.
    pub async fn read_line(&mut self) -> Result<Bytes, Ending> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.input[searched..].iter().position(|&b| b == b'\n') {
                let line = self.input.split_to(searched + at + 1).freeze();
                return match line.strip_suffix(b"\r\n") {
                    Some(text) if !text.contains(&b'\r') && !text.contains(&0) => Ok(line.slice_ref(text)),
                    _ => Err(Ending::Bye(
                        Cause::Syntax,
                        "Line ends in a bare newline or holds control characters.".into(),
                    )),
                };
            }
            searched = self.input.len();
            if searched > limits::LAB_COMMAND_LINE {
                return Err(Ending::Bye(Cause::Syntax, "Command line is too long.".into()));
            }
            self.fill().await?;
        }
    }

    /// A literal of `len` bytes; cut after `cut` of them if that is said.
    pub async fn read_literal(&mut self, len: usize, cut: Option<usize>) -> Result<Bytes, Ending> {
        while self.input.len() < len {
            if cut.is_some_and(|cut| self.input.len() >= cut) {
                return Err(Ending::Cut);
            }
            self.fill().await?;
        }
        if cut.is_some() { Err(Ending::Cut) } else { Ok(self.input.split_to(len).freeze()) }
    }

    /// Reads `len` bytes and forgets them.
    pub async fn discard(&mut self, mut len: usize) -> Result<(), Ending> {
        loop {
            let now = len.min(self.input.len());
            self.input.advance(now);
            len -= now;
            if len == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Says goodbye to the client's side of the connection; what it still sends is not read.
    pub async fn close(&mut self) {
        let _ = self.flush().await;
        let _ = self.stream.shutdown().await;
    }
}

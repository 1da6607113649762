//! Lines in, lines and messages out.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::lab::mailstore::Content;

/// A connection, plain or TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The longest command line (RFC 2449 §4), and that of a token.
const LINE: usize = 16 << 10;
/// Replies are written once this many bytes wait.
const OUTPUT: usize = 64 << 10;

/// One connection's bytes.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    input: Vec<u8>,
    output: Vec<u8>,
    /// What ends a line.
    pub end: &'static str,
    /// Bytes of one write.
    pub pieces: Option<usize>,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Wire { stream, input: Vec::new(), output: Vec::new(), end: "\r\n", pieces: None }
    }

    /// The next line; `None` at the client's end. Replies leave once nothing waits to be read.
    pub async fn read_line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(at) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=at).collect();
                return Ok(Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned()));
            }
            self.flush().await?;
            if self.input.len() > LINE || self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Whether more was read than was used.
    pub fn has_input(&self) -> bool {
        !self.input.is_empty()
    }

    /// Throws away what was read and not used.
    pub fn forget_input(&mut self) {
        self.input.clear();
    }

    /// Throws away the next line that was read already.
    pub fn forget_line(&mut self) {
        if let Some(at) = self.input.iter().position(|byte| *byte == b'\n') {
            self.input.drain(..=at);
        }
    }

    pub fn line(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(self.end.as_bytes());
    }

    /// The lines of a message with their dots, and the end.
    pub async fn message(&mut self, content: &Content) -> io::Result<()> {
        let bytes = content.bytes();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let line = self.next_line(rest);
            if rest[0] == b'.' {
                self.output.push(b'.');
            }
            self.output.extend_from_slice(&rest[..line]);
            rest = &rest[line..];
            if self.output.len() >= OUTPUT {
                self.flush().await?;
            }
        }
        if !bytes.is_empty() && !bytes.ends_with(self.end.as_bytes()) {
            self.line("");
        }
        self.line(".");
        Ok(())
    }

    /// The length of the first line, its end included.
    fn next_line(&self, rest: &[u8]) -> usize {
        let end = self.end.as_bytes();
        rest.windows(end.len()).position(|window| window == end).map_or(rest.len(), |at| at + end.len())
    }

    pub async fn flush(&mut self) -> io::Result<()> {
        let output = std::mem::take(&mut self.output);
        for piece in output.chunks(self.pieces.unwrap_or(usize::MAX)) {
            self.stream.write_all(piece).await?;
            self.stream.flush().await?;
        }
        Ok(())
    }

    /// The stream, for TLS.
    pub fn into_stream(self) -> Box<dyn Stream> {
        self.stream
    }
}

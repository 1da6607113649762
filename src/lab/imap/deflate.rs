//! COMPRESS=DEFLATE (RFC 4978): raw deflate in both directions, flushed at the end of every write.

use std::io;

use bytes::BytesMut;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Bytes inflated or deflated at once.
const STEP: usize = 16 << 10;

/// Both directions of one connection.
pub(super) struct Deflate {
    out: Compress,
    inflate: Decompress,
}

impl Deflate {
    pub fn new() -> Self {
        Deflate { out: Compress::new(Compression::fast(), false), inflate: Decompress::new(false) }
    }

    /// What goes over the wire for `plain`; the client can read all of it at once.
    pub fn compress(&mut self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut wire = Vec::with_capacity(plain.len() / 2 + STEP);
        let start = self.out.total_in();
        loop {
            let taken = (self.out.total_in() - start) as usize;
            wire.reserve(STEP);
            self.out.compress_vec(&plain[taken..], &mut wire, FlushCompress::Sync).map_err(io::Error::other)?;
            let all_taken = (self.out.total_in() - start) as usize == plain.len();
            // Room left over means that the flush is complete.
            if all_taken && wire.len() < wire.capacity() {
                return Ok(wire);
            }
        }
    }

    /// Appends what `wire` holds to `plain`.
    pub fn inflate(&mut self, wire: &[u8], plain: &mut BytesMut) -> io::Result<()> {
        let start = self.inflate.total_in();
        let mut step = Vec::with_capacity(STEP);
        loop {
            let taken = (self.inflate.total_in() - start) as usize;
            step.clear();
            let status = self.inflate.decompress_vec(&wire[taken..], &mut step, FlushDecompress::Sync);
            plain.extend_from_slice(&step);
            let all_taken = (self.inflate.total_in() - start) as usize == wire.len();
            match status.map_err(io::Error::other)? {
                Status::StreamEnd => return Ok(()),
                _ if all_taken && step.len() < step.capacity() => return Ok(()),
                Status::BufError if step.is_empty() => return Ok(()),
                _ => (),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deflated_is_inflated_at_every_flush() {
        let (mut here, mut there) = (Deflate::new(), Deflate::new());
        let mut random = fastrand::Rng::with_seed(1);
        for size in [1, 100, STEP, STEP * 10, 3] {
            let plain: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(size).collect();
            let wire = here.compress(&plain).unwrap();
            let mut read = BytesMut::new();
            for piece in wire.chunks(1000) {
                there.inflate(piece, &mut read).unwrap();
            }
            assert!(read == plain, "{size}");
        }
    }
}

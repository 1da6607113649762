//! A message's bytes: in memory under one budget for the process, or in a spool file without a name.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
    path::PathBuf,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{limits, model::BodyHash};

mod open;

pub use open::OpenSink;

/// Where bodies are kept: decides for each one between memory and spool.
#[derive(Clone, Debug)]
pub struct BodyStore(Arc<Store>);

#[derive(Debug)]
struct Store {
    budget: usize,
    used: AtomicUsize,
    /// Bytes of bodies that were asked for and did not arrive.
    promised: AtomicUsize,
    /// Told whenever memory becomes free.
    freed: Notify,
    directory: PathBuf,
}

impl BodyStore {
    /// A store of [`limits::BODY_BUDGET`] whose spool lies in the system's temporary directory.
    pub fn new() -> Self {
        BodyStore::with(limits::BODY_BUDGET, std::env::temp_dir())
    }

    /// A store of `budget` bytes of memory whose spool lies in `directory`.
    pub fn with(budget: usize, directory: PathBuf) -> Self {
        let (used, promised, freed) = (AtomicUsize::new(0), AtomicUsize::new(0), Notify::new());
        BodyStore(Arc::new(Store { budget, used, promised, freed, directory }))
    }

    /// Bytes of bodies in memory now.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Whether memory has room for `len` more bytes beside what was promised: else they would go to the spool, one small file a message.
    pub fn has_room(&self, len: u64) -> bool {
        let taken = self.used() + self.0.promised.load(Ordering::Relaxed);
        taken as u64 + len <= self.0.budget as u64
    }

    /// Waits until memory has room for `len` more bytes.
    pub fn room(&self, len: u64) -> impl Future<Output = ()> + Send + use<> {
        let store = self.clone();
        async move {
            loop {
                let mut freed = pin!(store.0.freed.notified());
                freed.as_mut().enable();
                if store.has_room(len) {
                    return;
                }
                freed.await;
            }
        }
    }

    /// Announces bodies of these sizes, which are about to be asked for.
    pub fn promise(&self, sizes: impl Iterator<Item = u64>) -> Promise {
        let len = sizes.map(in_memory).sum();
        self.0.promised.fetch_add(len, Ordering::Relaxed);
        Promise { store: self.0.clone(), len }
    }

    /// A place for a body of `len` bytes: memory if it is small and the budget has room, else a spool file
    /// (unlinked at birth, mode 0600).
    ///
    /// # Errors
    /// The spool cannot be created.
    pub fn sink(&self, len: u64) -> io::Result<BodySink> {
        if len <= limits::SPOOL_THRESHOLD
            && let Some(reservation) = self.reserve(len as usize)
        {
            return Ok(BodySink {
                expected: len,
                written: 0,
                place: Place::Memory(Vec::with_capacity(len as usize), reservation),
            });
        }
        let file = tempfile::tempfile_in(&self.0.directory)?;
        Ok(BodySink { expected: len, written: 0, place: Place::Spool(file) })
    }

    fn reserve(&self, len: usize) -> Option<Reservation> {
        let fits = |used: usize| (used + len <= self.0.budget).then_some(used + len);
        self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        Some(Reservation { store: self.0.clone(), len })
    }
}

impl Default for BodyStore {
    fn default() -> Self {
        BodyStore::new()
    }
}

/// What a body of this size takes of the memory.
fn in_memory(size: u64) -> usize {
    if size <= limits::SPOOL_THRESHOLD { size as usize } else { 0 }
}

/// Memory that bodies on their way will take; what did not arrive is given back at its end.
#[derive(Debug)]
pub struct Promise {
    store: Arc<Store>,
    len: usize,
}

impl Promise {
    /// A body of this announced size arrived, or will not.
    pub fn keep(&mut self, size: u64) {
        let kept = in_memory(size).min(self.len);
        self.len -= kept;
        self.store.promised.fetch_sub(kept, Ordering::Relaxed);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.store.promised.fetch_sub(self.len, Ordering::Relaxed);
        self.store.freed.notify_waiters();
    }
}

#[derive(Debug)]
struct Reservation {
    store: Arc<Store>,
    len: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.store.used.fetch_sub(self.len, Ordering::Relaxed);
        self.store.freed.notify_waiters();
    }
}

/// A body that is arriving.
#[derive(Debug)]
pub struct BodySink {
    expected: u64,
    written: u64,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>, Reservation),
    Spool(File),
}

impl BodySink {
    /// Bytes still to come.
    pub fn missing(&self) -> u64 {
        self.expected - self.written
    }

    /// Takes the next bytes; more than [`BodySink::missing`] are an error of the caller and refused.
    ///
    /// # Errors
    /// The spool's disk is full, or too many bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() as u64 > self.missing() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "body longer than announced"));
        }
        match &mut self.place {
            Place::Memory(buffer, _) => buffer.extend_from_slice(bytes),
            Place::Spool(file) => file.write_all(bytes)?,
        }
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// The whole body, once nothing is missing.
    ///
    /// # Errors
    /// Bytes are missing.
    pub fn finish(self) -> io::Result<Body> {
        if self.missing() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Body(match self.place {
            Place::Memory(buffer, reservation) => {
                Kept::Memory { bytes: Bytes::from(buffer), _reservation: Some(Arc::new(reservation)) }
            }
            Place::Spool(file) => Kept::Spool(Arc::new(file), self.expected),
        }))
    }
}

/// A whole body. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Body(Kept);

#[derive(Clone, Debug)]
enum Kept {
    /// The reservation gives its bytes back to the budget with the last clone.
    Memory {
        bytes: Bytes,
        _reservation: Option<Arc<Reservation>>,
    },
    Spool(Arc<File>, u64),
}

impl Body {
    /// A body that is at hand, outside the budget: for repairs and tests.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Body(Kept::Memory { bytes: bytes.into(), _reservation: None })
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Kept::Memory { bytes, .. } => bytes.len() as u64,
            Kept::Spool(_, len) => *len,
        }
    }

    /// Whether it has no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it, if it is in memory.
    pub fn as_memory(&self) -> Option<&Bytes> {
        match &self.0 {
            Kept::Memory { bytes, .. } => Some(bytes),
            Kept::Spool(..) => None,
        }
    }

    /// Up to `most` bytes from `offset`; empty at the end.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn chunk(&self, offset: u64, most: usize) -> io::Result<Bytes> {
        match &self.0 {
            Kept::Memory { bytes, .. } => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.slice(start..start.saturating_add(most).min(bytes.len())))
            }
            Kept::Spool(file, len) => {
                let mut buffer = vec![0; most.min(usize::try_from(len.saturating_sub(offset)).unwrap_or(most))];
                file.read_exact_at(&mut buffer, offset)?;
                Ok(buffer.into())
            }
        }
    }

    /// Calls `each` with the bytes in order, a chunk at a time.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn for_each_chunk(&self, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut offset = 0;
        while offset < self.len() {
            let chunk = self.chunk(offset, limits::SPOOL_CHUNK)?;
            offset += chunk.len() as u64;
            each(&chunk);
        }
        Ok(())
    }

    /// The hash of its bytes.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn hash(&self) -> io::Result<BodyHash> {
        self.hash_and(|_| {})
    }

    /// The hash of its bytes, read once for the hash and for `each`, which sees them in order, a chunk at a time.
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn hash_and(&self, mut each: impl FnMut(&[u8])) -> io::Result<BodyHash> {
        let mut hasher = blake3::Hasher::new();
        self.for_each_chunk(|chunk| {
            hasher.update(chunk);
            each(chunk);
        })?;
        Ok(BodyHash(hasher.finalize().into()))
    }

    /// The hash of its bytes as a server that stores lines gives them back: every bare LF as CRLF (RFC 5322 §2.1).
    ///
    /// # Errors
    /// The spool cannot be read.
    pub fn wire_hash(&self) -> io::Result<BodyHash> {
        let mut hasher = blake3::Hasher::new();
        let mut last = 0;
        self.for_each_chunk(|chunk| {
            for line in chunk.split_inclusive(|byte| *byte == b'\n') {
                let before = if line.len() > 1 { line[line.len() - 2] } else { last };
                match line.strip_suffix(b"\n") {
                    Some(text) if before != b'\r' => hasher.update(text).update(b"\r\n"),
                    _ => hasher.update(line),
                };
                last = line[line.len() - 1];
            }
        })?;
        Ok(BodyHash(hasher.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(store: &BodyStore, bytes: &[u8]) -> Body {
        let mut sink = store.sink(bytes.len() as u64).unwrap();
        bytes.chunks(1000).for_each(|chunk| sink.write(chunk).unwrap());
        sink.finish().unwrap()
    }

    #[test]
    fn the_budget_decides_between_memory_and_spool() {
        let store = BodyStore::with(1500, std::env::temp_dir());
        let first = full(&store, &[b'a'; 1000]);
        let second = full(&store, &[b'b'; 1000]);
        assert!(first.as_memory().is_some() && second.as_memory().is_none());
        assert_eq!(store.used(), 1000);
        drop(first);
        assert_eq!(store.used(), 0);
        assert_eq!(second.hash().unwrap(), Body::from_bytes(vec![b'b'; 1000]).hash().unwrap());
    }

    #[tokio::test]
    async fn who_waits_for_memory_goes_on_when_a_body_leaves() {
        let store = BodyStore::with(1500, std::env::temp_dir());
        let body = full(&store, &[b'a'; 1000]);
        let mut room = pin!(store.room(1000));
        assert!(futures_util::poll!(&mut room).is_pending());
        drop(body);
        room.await;
    }

    #[test]
    fn a_body_is_whole_or_none() {
        let store = BodyStore::new();
        let mut sink = store.sink(3).unwrap();
        sink.write(b"ab").unwrap();
        assert!(sink.write(b"cd").is_err());
        assert!(sink.finish().is_err());
    }

    #[test]
    fn bare_newlines_hash_as_lines() {
        let wire = |text: &str| Body::from_bytes(text.as_bytes().to_vec()).wire_hash().unwrap();
        let plain = |text: &str| Body::from_bytes(text.as_bytes().to_vec()).hash().unwrap();
        assert_eq!(wire("a\nb\r\nc\n\n"), plain("a\r\nb\r\nc\r\n\r\n"));
        assert_eq!(wire("a\r\nb"), plain("a\r\nb"));
    }
}

//! A body whose length nobody announced: it begins in memory and moves to the spool when it grows or the budget has no room.

use std::{
    fs::File,
    io::{self, Write},
    sync::Arc,
};

use bytes::Bytes;

use super::{Body, BodyStore, Kept, Reservation};
use crate::limits;

/// A body that is arriving, of unknown length.
#[derive(Debug)]
pub struct OpenSink {
    store: BodyStore,
    written: u64,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>, Reservation),
    Spool(File),
}

impl BodyStore {
    /// A place for a body of unknown length.
    pub fn open_sink(&self) -> OpenSink {
        let nothing = Reservation { store: self.0.clone(), len: 0 };
        OpenSink { store: self.clone(), written: 0, place: Place::Memory(Vec::new(), nothing) }
    }
}

impl Reservation {
    fn absorb(&mut self, mut more: Reservation) {
        self.len += std::mem::take(&mut more.len);
    }
}

impl OpenSink {
    /// Bytes so far.
    pub fn len(&self) -> u64 {
        self.written
    }

    /// Whether there is no byte yet.
    pub fn is_empty(&self) -> bool {
        self.written == 0
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The spool's disk is full, or the body is longer than [`limits::BODY_MAX`].
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = self.written.saturating_add(bytes.len() as u64);
        if length > limits::BODY_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "body has no end"));
        }
        if let Place::Memory(buffer, reservation) = &mut self.place {
            let room = if length <= limits::SPOOL_THRESHOLD { self.store.reserve(bytes.len()) } else { None };
            match room {
                Some(more) => {
                    reservation.absorb(more);
                    buffer.extend_from_slice(bytes);
                    self.written = length;
                    return Ok(());
                }
                None => {
                    let mut file = tempfile::tempfile_in(&self.store.0.directory)?;
                    file.write_all(buffer)?;
                    self.place = Place::Spool(file);
                }
            }
        }
        if let Place::Spool(file) = &mut self.place {
            file.write_all(bytes)?;
        }
        self.written = length;
        Ok(())
    }

    /// The body: what was written is all of it.
    pub fn finish(self) -> Body {
        Body(match self.place {
            Place::Memory(mut buffer, reservation) => {
                buffer.shrink_to_fit();
                Kept::Memory { bytes: Bytes::from(buffer), _reservation: Some(Arc::new(reservation)) }
            }
            Place::Spool(file) => Kept::Spool(Arc::new(file), self.written),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(store: &BodyStore, chunks: usize) -> Body {
        let mut sink = store.open_sink();
        for _ in 0..chunks {
            sink.write(&[7; 1000]).unwrap();
        }
        assert_eq!(sink.len(), 1000 * chunks as u64);
        sink.finish()
    }

    #[test]
    fn a_small_body_stays_in_memory_and_gives_its_room_back() {
        let store = BodyStore::new();
        let body = filled(&store, 3);
        assert_eq!(body.as_memory().map(Bytes::len), Some(3000));
        assert_eq!(store.used(), 3000);
        drop(body);
        assert_eq!(store.used(), 0);
    }

    #[test]
    fn what_grows_or_finds_no_room_goes_to_the_spool() {
        let large = limits::SPOOL_THRESHOLD as usize / 1000 + 2;
        for (store, chunks) in [(BodyStore::new(), large), (BodyStore::with(1500, std::env::temp_dir()), 2)] {
            let body = filled(&store, chunks);
            assert!(body.as_memory().is_none());
            assert_eq!((body.len(), store.used()), (1000 * chunks as u64, 0));
            body.for_each_chunk(|chunk| assert!(chunk.iter().all(|byte| *byte == 7))).unwrap();
        }
    }
}

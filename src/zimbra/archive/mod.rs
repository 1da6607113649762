//! Archives as Zimbra streams them: tar, or tar in gzip, of `.meta` entries each followed by its blob (zimbra.md §5.3 to §5.6).
//!
//! An archive that ends well proves nothing, for the server ends it well after its own errors; what counts is the digest that each `.meta` holds.
//! So every blob is hashed as it passes into the [`BodyStore`](crate::body::BodyStore), and memory stays flat whatever its size. What came before
//! damage is delivered, and the damage is told. Names of entries only pair a `.meta` with its blob; the id is in the `.meta`.
//!
//! The `tar` crate reads headers, `flate2` the gzip around them. Long names are read here: the crate would take one of any length.

mod digest;
mod entry;
mod meta;
mod reader;
mod wire;

pub use digest::{Digest, Hasher};
pub use meta::{ItemKind, Meta};
pub use reader::{Content, End, Item, Wrong, read};
pub(super) use wire::{Broken, unpack};

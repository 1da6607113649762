//! Pairs each `.meta` with its blob and checks it.

use std::{
    io::{self, BufRead, Read},
    mem,
};

use flate2::bufread::GzDecoder;
use tar::Archive;

use super::{
    Hasher, Meta,
    entry::{Entry, each_file},
};
use crate::{
    body::{Body, BodyStore},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// One item of an archive.
#[derive(Clone, Debug)]
pub struct Item {
    /// What is told of it.
    pub meta: Meta,
    /// Its blob.
    pub content: Content,
}

/// An item's blob.
#[derive(Clone, Debug)]
pub enum Content {
    /// It has none in this archive: a folder, a tag, most contacts.
    None,
    /// As it was stored: size and digest agree, as far as the `.meta` states them.
    Whole(Body),
    /// Not as it was stored.
    Wrong(Wrong),
}

/// Why a blob is not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The server says so by an `.err` entry: stored bytes and stated size differ, and it padded or cut them (zimbra.md §5.6).
    Marked,
    /// Its length is not the stated one.
    Size,
    /// Its digest is not the stated one.
    Digest,
}

/// How an archive ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With its end mark, and a correct checksum where it is packed.
    Complete,
    /// Before its end, in words; what was delivered is sound.
    Damaged(String),
    /// The receiver wanted no more.
    Stopped,
}

/// Reads an archive, packed or not, and hands each item to `each` until that answers `false`.
///
/// # Errors
/// The spool of `store` cannot be written. Damage is an [`End`].
pub fn read(mut archive: impl BufRead, store: &BodyStore, each: impl FnMut(Item) -> bool) -> Result<End> {
    let mut reader = Reader { store, each, pending: None, spool: None };
    let packed = archive.fill_buf().is_ok_and(|start| start.starts_with(&[0x1f, 0x8b]));
    let walked = match packed {
        true => reader.walk(GzDecoder::new(archive)),
        false => reader.walk(archive),
    };
    match (reader.spool, walked) {
        (Some(spool), _) => Err(spool),
        (None, Ok(true)) => Ok(End::Complete),
        (None, Ok(false)) => Ok(End::Stopped),
        (None, Err(damage)) => Ok(End::Damaged(damage.to_string())),
    }
}

struct Reader<'a, F> {
    store: &'a BodyStore,
    each: F,
    /// The item whose `.meta` was read, until the next entry shows that nothing more belongs to it.
    pending: Option<Pending>,
    /// Why bodies cannot be kept.
    spool: Option<Error>,
}

struct Pending {
    name: Vec<u8>,
    item: Item,
}

impl<F: FnMut(Item) -> bool> Reader<'_, F> {
    /// Whether the whole archive was wanted.
    fn walk(&mut self, source: impl Read) -> io::Result<bool> {
        let mut archive = Archive::new(Ended { source, at_end: false });
        let walked = each_file(&mut archive, |entry| self.take(entry));
        let mut rest = archive.into_inner();
        let no_mark = || io::Error::new(io::ErrorKind::UnexpectedEof, "the archive has no end mark");
        let walked = walked.and_then(|all| if all && rest.at_end { Err(no_mark()) } else { Ok(all) });
        if walked.is_err() {
            self.flush_checked();
        }
        if !walked? || !self.flush() {
            return Ok(false);
        }
        // After the end mark come stale bytes (zimbra.md §11.1); they are read for the checksum behind them.
        io::copy(&mut rest, &mut io::sink())?;
        Ok(true)
    }

    fn take<R: Read>(&mut self, mut entry: Entry<'_, R>) -> io::Result<bool> {
        if let Some(pending) = &mut self.pending {
            if pending.name == entry.name {
                pending.item.content = content(&mut entry, &pending.item.meta, self.store, &mut self.spool)?;
                return Ok(true);
            }
            if entry.name.strip_suffix(b".err") == Some(&pending.name) {
                pending.item.content = Content::Wrong(Wrong::Marked);
                return Ok(true);
            }
        }
        if !self.flush() {
            return Ok(false);
        }
        let Some(name) = entry.name.strip_suffix(b".meta").map(<[u8]>::to_vec) else { return Ok(true) };
        if let Some(meta) = meta(&mut entry)? {
            self.pending = Some(Pending { name, item: Item { meta, content: Content::None } });
        }
        Ok(true)
    }

    /// Delivers the item that is complete; whether more is wanted.
    fn flush(&mut self) -> bool {
        mem::take(&mut self.pending).is_none_or(|pending| (self.each)(pending.item))
    }

    /// The same at damage, where an `.err` may have been lost: only what its digest proves right or wrong.
    fn flush_checked(&mut self) {
        let decided =
            |pending: &Pending| !matches!(pending.item.content, Content::None) && pending.item.meta.digest.is_some();
        if self.pending.take_if(|pending| !decided(pending)).is_none() {
            self.flush();
        }
    }
}

/// The item's metadata; `None` where it cannot be read: the item counts as not delivered.
fn meta<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Option<Meta>> {
    if entry.size > limits::ZIMBRA_META {
        return Ok(None);
    }
    let mut json = Vec::new();
    entry.read_to_end(&mut json)?;
    whole(json.len() as u64, entry.size)?;
    Ok(Meta::parse(&json))
}

fn content<R: Read>(
    entry: &mut Entry<'_, R>,
    meta: &Meta,
    store: &BodyStore,
    spool: &mut Option<Error>,
) -> io::Result<Content> {
    if entry.size > limits::BODY_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an entry has no end"));
    }
    let mut hasher = meta.digest.as_ref().map(super::Digest::hasher);
    let kept = keep(entry, store, |bytes| hasher.iter_mut().for_each(|hasher: &mut Hasher| hasher.update(bytes)));
    let body = match kept {
        Ok(body) => body?,
        Err(cause) => {
            let full = "the spool";
            *spool = Some(
                Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, full).with_source(cause),
            );
            return Err(io::ErrorKind::StorageFull.into());
        }
    };
    Ok(match (hasher.map(Hasher::finish), &meta.digest) {
        _ if body.len() != meta.size => Content::Wrong(Wrong::Size),
        (Some(found), Some(stated)) if found != *stated => Content::Wrong(Wrong::Digest),
        _ => Content::Whole(body),
    })
}

/// The entry's bytes in the store; the outer error is the store's, the inner one the archive's.
fn keep<R: Read>(
    entry: &mut Entry<'_, R>,
    store: &BodyStore,
    mut each: impl FnMut(&[u8]),
) -> io::Result<io::Result<Body>> {
    let mut sink = store.sink(entry.size)?;
    let mut buffer = vec![0; limits::ZIMBRA_CHUNK.min(usize::try_from(entry.size).unwrap_or(limits::ZIMBRA_CHUNK))];
    while sink.missing() > 0 {
        let read = match entry.read(&mut buffer) {
            Ok(0) => return Ok(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => read,
            Err(cause) => return Ok(Err(cause)),
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        each(bytes);
        sink.write(bytes)?;
    }
    Ok(sink.finish())
}

fn whole(read: u64, stated: u64) -> io::Result<()> {
    if read == stated { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Remembers whether its source ended: the tar reader takes that for an end mark.
struct Ended<R> {
    source: R,
    at_end: bool,
}

impl<R: Read> Read for Ended<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.at_end |= read == 0 && !buffer.is_empty();
        Ok(read)
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;

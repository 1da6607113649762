//! One entry after the other, each with its whole name.

use std::io::{self, Read};

use tar::{Archive, Entries, EntryType};

use crate::limits;

/// An entry whose content is still to be read.
pub(super) struct Entry<'a, R: Read> {
    pub(super) name: Vec<u8>,
    /// Length of its content by its header (bytes).
    pub(super) size: u64,
    content: tar::Entry<'a, R>,
}

impl<R: Read> Read for Entry<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

/// Calls `each` with every file until the end of the archive, or until it says stop.
///
/// # Errors
/// The archive is damaged: what `each` saw came before that.
pub(super) fn each_file<R: Read>(
    archive: &mut Archive<R>,
    mut each: impl FnMut(Entry<'_, R>) -> io::Result<bool>,
) -> io::Result<bool> {
    let mut long = None;
    for entry in raw(archive)? {
        let mut content = entry?;
        let header = content.header();
        match header.entry_type() {
            EntryType::GNULongName => long = Some(long_name(&mut content)?),
            kind if kind.is_file() => {
                let name = long.take().unwrap_or_else(|| content.path_bytes().into_owned());
                let size = content.size();
                if !each(Entry { name, size, content })? {
                    return Ok(false);
                }
            }
            _ => long = None,
        }
    }
    Ok(true)
}

/// Extensions come as entries of their own, so that their length can be bounded.
fn raw<R: Read>(archive: &mut Archive<R>) -> io::Result<Entries<'_, R>> {
    Ok(archive.entries()?.raw(true))
}

fn long_name(content: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut name = Vec::new();
    content.take(limits::ZIMBRA_NAME).read_to_end(&mut name)?;
    while name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

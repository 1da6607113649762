//! Reading the replies to commands that went ahead of each other.

use std::collections::HashMap;

use super::Link;
use crate::{
    error::Result,
    imap::{Event, Tag, Tagged},
};

/// Completions that nobody waited for yet: Dovecot may tell one after the replies to the command behind it.
#[derive(Default)]
pub struct Replies {
    completed: HashMap<Tag, Tagged>,
}

impl Replies {
    /// Reads one reply, which goes to `each` if it is untagged; gives the completion of `tag` once it was told.
    ///
    /// # Errors
    /// As [`Link::event`] and [`Link::check`].
    pub async fn next(&mut self, link: &mut Link, tag: Tag, each: impl FnOnce(Event)) -> Result<Option<Tagged>> {
        if !self.completed.contains_key(&tag) {
            match link.event().await? {
                Event::Tagged(tagged) => {
                    link.check(&tagged)?;
                    self.completed.insert(tagged.tag, tagged);
                }
                event => each(event),
            }
        }
        Ok(self.completed.remove(&tag))
    }

    /// Reads until the completion of `tag`.
    ///
    /// # Errors
    /// As [`Replies::next`].
    pub async fn until(&mut self, link: &mut Link, tag: Tag, mut each: impl FnMut(Event)) -> Result<Tagged> {
        loop {
            if let Some(tagged) = self.next(link, tag, &mut each).await? {
                return Ok(tagged);
            }
        }
    }
}

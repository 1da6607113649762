//! Categories by Microsoft Graph, for mail that came to the mailbox by IMAP (microsoft365.md §4.2, §4.5, §4.10; part II, decision 4).
//!
//! It needs the permission Mail.ReadWrite. A message is found in its own folder by its Message-ID and its date, and where several are alike
//! by more ([`super::alike`]); its immutable id is told, so that it is found at once the next time. A category needs no entry in the user's
//! list of categories: without one Outlook shows it without a colour, and to make one would take another permission.
//!
//! Rejected: to look for a Message-ID in the whole mailbox, for its user may have kept a copy elsewhere; and the size as evidence, for
//! Graph tells none and IMAP's is an estimate (microsoft365.md §1.8).

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Categories, Sighted, Sought,
    alike::{Candidates, key},
};
use crate::{
    body::BodyStore,
    error::Result,
    graph::{MailFolder, Mailbox, Message, MessagePatch},
    imap::utf7,
    limits,
    mailbox::GraphFolders,
    model::FolderPath,
};

/// The categories of one mailbox.
pub struct GraphCategories {
    mailbox: Mailbox,
    bodies: BodyStore,
    folders: GraphFolders,
}

impl GraphCategories {
    /// Of this mailbox; `bodies` takes what must be read to tell messages apart.
    pub fn new(mailbox: Mailbox, bodies: BodyStore) -> Self {
        GraphCategories { mailbox, bodies, folders: GraphFolders::default() }
    }

    /// The messages of a folder that may be among those sought: a few by their Message-IDs, many by a look at all of it.
    async fn candidates(&self, folder: &MailFolder, ids: HashSet<String>) -> Result<Vec<Message>> {
        if folder.total_item_count > (ids.len() * limits::GRAPH_PAGE) as u64 {
            let found = stream::iter(ids).map(|id| async move { self.mailbox.find_in(&folder.id, &id).await });
            return found.buffer_unordered(limits::GRAPH_IN_FLIGHT as usize).try_concat().await;
        }
        let is_sought = |m: &Message| m.internet_message_id.as_ref().is_some_and(|id| ids.contains(id));
        let mut found = Vec::new();
        let mut pages = self.mailbox.messages(&folder.id);
        while let Some(page) = pages.next().await? {
            found.extend(page.into_iter().filter(is_sought));
        }
        Ok(found)
    }

    /// Those that were found before, by their ids.
    async fn known(&self, sought: &[Sought]) -> Result<Vec<(usize, Sighted)>> {
        let known = sought.iter().enumerate().filter_map(|(at, one)| Some((at, one.id.clone()?)));
        let known: Vec<(usize, String)> = known.collect();
        let told = stream::iter(known).map(|(at, id)| async move {
            let found = self.mailbox.message(&id).await?;
            Ok((at, found.map_or(Sighted::Missing, |message| Sighted::There(message.id, message.categories))))
        });
        told.buffer_unordered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await
    }
}

#[async_trait]
impl Categories for GraphCategories {
    fn name(&self, of: &str) -> Option<String> {
        category(of)
    }

    async fn find(&self, folder: &FolderPath, sought: &[Sought]) -> Result<Vec<Sighted>> {
        let mut sighted = vec![Sighted::Missing; sought.len()];
        for (at, what) in self.known(sought).await? {
            sighted[at] = what;
        }
        let unknown: Vec<usize> = (0..sought.len()).filter(|at| sought[*at].id.is_none()).collect();
        let ids = unknown.iter().filter_map(|at| sought[*at].message_id.clone()).collect::<HashSet<_>>();
        let folder = if ids.is_empty() { None } else { self.folders.find(&self.mailbox, folder).await? };
        let Some(folder) = folder else { return Ok(sighted) };
        let mut candidates = Candidates::of(self.candidates(&folder, ids).await?);
        candidates.forget(sighted.iter());
        let mut groups: HashMap<_, Vec<usize>> = HashMap::new();
        for at in unknown {
            if let Some(key) = key(&sought[at]) {
                groups.entry(key).or_default().push(at);
            }
        }
        for (key, group) in groups {
            let group: Vec<_> = group.into_iter().map(|at| (at, &sought[at])).collect();
            for (at, what) in candidates.tell_apart(&self.mailbox, &self.bodies, &key, &group).await? {
                sighted[at] = what;
            }
        }
        Ok(sighted)
    }

    async fn set(&self, categories: Vec<(String, Vec<String>)>) -> Result<Vec<Result<()>>> {
        let patch = |names| MessagePatch { categories: Some(names), ..MessagePatch::default() };
        let patches: Vec<_> = categories.into_iter().map(|(id, names)| (id, patch(names))).collect();
        self.mailbox.update_all(&patches).await
    }
}

/// A label or a keyword as a category. Keywords are modified UTF-7 where clients write names in them; Outlook separates categories
/// by commas and semicolons, and takes 255 characters. Marks of mail programs (`$Forwarded`, `NonJunk`) are no names that a person gave.
fn category(name: &str) -> Option<String> {
    const MARKS: [&str; 6] = ["Junk", "NonJunk", "NotJunk", "JunkRecorded", "Forwarded", "Redirected"];
    let is_mark = name.starts_with(['$', '\\']) || MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(name));
    let readable = utf7::decode(name.as_bytes()).replace([',', ';'], " ");
    let name: String = readable.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(255).collect();
    (!is_mark && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_categories_and_marks_do_not() {
        assert_eq!(category("Work/Acme, Inc.").as_deref(), Some("Work/Acme Inc."));
        assert_eq!(category("Gr&APYA3w-e").as_deref(), Some("Größe"));
        assert_eq!(category(&"x".repeat(300)).map(|name| name.len()), Some(255));
        for mark in ["$Forwarded", "nonjunk", "", " ; "] {
            assert_eq!(category(mark), None, "{mark}");
        }
    }
}

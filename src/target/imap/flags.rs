//! Applying differences of flags, pipelined: equal changes go in one STORE.

use std::collections::{BTreeSet, HashMap};

use super::kept::Kept;
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Command, Event, uidset, utf7},
    limits,
    mailbox::Link,
    model::{FlagChange, Flags, FolderName},
};

/// Applies `changes`; returns the UIDs that were there. See [`crate::target::TargetSession::set_flags`].
pub(super) async fn set(
    link: &mut Link,
    folder: &FolderName,
    validity: u32,
    changes: Vec<(u32, FlagChange)>,
) -> Result<Vec<u32>> {
    let (profile, side) = (link.profile(), link.side());
    let selected = link.select(folder, false).await?;
    if selected.validity != validity {
        let name = utf7::decode(folder.as_bytes());
        return Err(Error::new(Code::Identity, side, Scope::Folder, Disposition::RetryAfter(None), name));
    }
    let kept = Kept::by(profile, Some(selected));
    let mut equal: HashMap<FlagChange, BTreeSet<u32>> = HashMap::new();
    for (uid, change) in changes {
        equal.entry(change).or_default().insert(uid);
    }
    let mut stores = Vec::new();
    let mut looks = Vec::new();
    for (change, uids) in equal {
        let uids: Vec<u32> = uids.into_iter().collect();
        for (set, _) in uidset::chunks(&uids, limits::LISTING_PAGE, limits::COMMAND_LINE) {
            stores.extend(store(&set, "+FLAGS.SILENT", &kept.of(&change.add)));
            stores.extend(store(&set, "-FLAGS.SILENT", &kept.of(&change.remove)));
            looks.push(Command::new("UID FETCH").word(&set).word("(UID)"));
        }
    }
    for told in link.run_all(stores).await? {
        if !told.is_ok() {
            return Err(link.connection().refusal(&told.tagged));
        }
    }
    let told = link.run_all(looks).await?;
    let there = told.iter().flat_map(|told| &told.untagged).filter_map(|event| match event {
        Event::Fetch(attributes) => attributes.uid,
        _ => None,
    });
    Ok(there.collect::<BTreeSet<u32>>().into_iter().collect())
}

fn store(set: &str, how: &str, flags: &Flags) -> Option<Command> {
    (!flags.is_empty()).then(|| Command::new("UID STORE").word(set).word(how).flags(flags))
}

//! Copies at the target itself, and what COPYUID tells of them.

use std::collections::{BTreeMap, BTreeSet};

use super::flags;
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Command, Event, ResponseCode, uidset, utf7},
    mailbox::{Link, Told},
    model::{FlagChange, Flags, FolderName, SystemFlags, TargetUid},
};

/// Copies messages to another folder; see [`crate::target::TargetSession::duplicate`].
pub(super) async fn duplicate(
    link: &mut Link,
    from: &FolderName,
    validity: u32,
    uids: &[u32],
    to: &FolderName,
) -> Result<Vec<(u32, Option<TargetUid>)>> {
    if link.select(from, true).await?.validity != validity {
        let name = utf7::decode(from.as_bytes());
        return Err(Error::new(Code::Identity, link.side(), Scope::Folder, Disposition::RetryAfter(None), name));
    }
    let uids: Vec<u32> = uids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let set = uidset::compact(&uids);
    // Without COPYUID nothing else tells which of them were there.
    let look = Command::new("UID FETCH").word(&set).word("(UID FLAGS)");
    let all = link.run_all(vec![look, Command::new("UID COPY").word(&set).folder(to)]).await?;
    let [looked, told] = all.as_slice() else { return Err(Error::bug("a command without a completion")) };
    if told.is_ok() {
        let there = there(looked, &uids);
        let copied = copied(&there.keys().copied().collect::<Vec<_>>(), told);
        unmark(link, to, &there, &copied).await?;
        return Ok(copied);
    }
    let refusal = link.connection().refusal(&told.tagged);
    if refusal.scope() > Scope::Folder {
        return Err(refusal);
    }
    let reply = refusal.reply().unwrap_or_default().to_owned();
    Err(Error::new(refusal.code(), link.side(), Scope::Folder, refusal.disposition(), utf7::decode(to.as_bytes()))
        .with_reply(reply))
}

/// Which of these UIDs a FETCH told, and whether each is marked `\Deleted`.
fn there(looked: &Told, uids: &[u32]) -> BTreeMap<u32, bool> {
    let told = looked.untagged.iter().filter_map(|event| match event {
        Event::Fetch(attributes) => {
            let flags = attributes.flags.as_ref();
            Some((attributes.uid?, flags.is_some_and(|flags| flags.system.contains(SystemFlags::DELETED))))
        }
        _ => None,
    });
    told.filter(|(uid, _)| uids.binary_search(uid).is_ok()).collect()
}

/// Takes the mark from the copies of messages that their user marked `\Deleted`: an EXPUNGE would take those too.
async fn unmark(
    link: &mut Link,
    folder: &FolderName,
    marked: &BTreeMap<u32, bool>,
    copied: &[(u32, Option<TargetUid>)],
) -> Result<()> {
    let remove = Flags { system: SystemFlags::DELETED, ..Flags::default() };
    let change = FlagChange { remove, ..FlagChange::default() };
    let places = copied.iter().filter(|(old, _)| marked.get(old) == Some(&true)).filter_map(|(_, place)| *place);
    let places: Vec<TargetUid> = places.collect();
    let Some(validity) = places.first().map(|place| place.validity) else { return Ok(()) };
    let changes = places.iter().map(|place| (place.uid, change.clone())).collect();
    match flags::set(link, folder, validity, changes).await {
        // The copies are made: a refusal here must not read as one of theirs.
        Err(error) if error.scope() <= Scope::Folder => tracing::warn!(%error, "Copies keep the mark \\Deleted."),
        other => drop(other?),
    }
    Ok(())
}

/// Old and new UIDs by COPYUID: in the completion, in an untagged OK (RFC 6851 §4.3), or in a bare line, as Exchange sends it
/// (microsoft365.md §1.8). Without it the new ones are not known; a UID that COPYUID leaves out was not there.
pub(super) fn copied(uids: &[u32], told: &Told) -> Vec<(u32, Option<TargetUid>)> {
    let untagged = told.untagged.iter().filter_map(|event| match event {
        Event::Condition(_, code, _) => Some(code),
        _ => None,
    });
    let code = untagged.chain([&told.tagged.code]).find(|code| matches!(code, ResponseCode::CopyUid(..)));
    let Some(ResponseCode::CopyUid(validity, from, to)) = code else {
        return uids.iter().map(|uid| (*uid, None)).collect();
    };
    let (from, to) = (uidset::expand(from, uids.len()), uidset::expand(to, uids.len()));
    from.into_iter().zip(to).map(|(old, uid)| (old, Some(TargetUid { validity: *validity, uid }))).collect()
}

//! The folders of a target: listing, creating, counting.

use std::collections::{HashMap, HashSet};

use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    imap::{Command, Event, Selected, StatusReply, list::Folder, utf7},
    mailbox::{Link, Told, role_by_name},
    model::{FolderClass, FolderName, FolderPath, Role},
    target::{FolderStatus, NewFolder, TargetFolder},
};

/// The folders as the engine sees them; others' and shared ones are no place to put mail.
pub(super) async fn folders(link: &mut Link) -> Result<Vec<TargetFolder>> {
    let listed: Vec<Folder> = link.folders().await?.into_iter().filter(|folder| !folder.foreign).collect();
    let announced: HashSet<Role> = listed.iter().filter_map(|folder| folder.role).collect();
    let role =
        |folder: &Folder| folder.role.or_else(|| role_by_name(&folder.path).filter(|role| !announced.contains(role)));
    Ok(listed
        .into_iter()
        .map(|folder| TargetFolder {
            role: role(&folder),
            name: folder.name,
            path: folder.path,
            class: FolderClass::default(),
            selectable: folder.selectable,
            subscribed: folder.subscribed,
        })
        .collect())
}

/// What is there of the folders that are asked for.
struct Known {
    by_path: HashMap<FolderPath, (FolderName, bool)>,
    case_insensitive: bool,
}

impl Known {
    fn of(listed: Vec<TargetFolder>, case_insensitive: bool) -> Self {
        let mut known = Known { by_path: HashMap::new(), case_insensitive };
        for folder in listed.into_iter().filter(|folder| folder.selectable) {
            known.by_path.insert(known.key(&folder.path), (folder.name, folder.subscribed));
        }
        known
    }

    fn key(&self, path: &FolderPath) -> FolderPath {
        if self.case_insensitive {
            FolderPath::new(path.0.iter().map(|segment| segment.to_lowercase()))
        } else {
            path.clone()
        }
    }

    fn get(&self, path: &FolderPath) -> Option<&(FolderName, bool)> {
        self.by_path.get(&self.key(path))
    }
}

/// Makes sure that the folders exist; see [`crate::target::TargetSession::ensure_folders`].
///
/// A level above that is missing is left to the server, most of which make it a mere container: to create it here would add a
/// folder that the source has not. Where a server wants it first, it is created after all. `listed` is what the session listed just
/// before; what appeared since is told by the server when it is created again.
pub(super) async fn ensure(
    link: &mut Link,
    listed: Option<Vec<TargetFolder>>,
    wanted: &[NewFolder],
) -> Result<Vec<Result<FolderName>>> {
    let listed = match listed {
        Some(listed) => listed,
        None => folders(link).await?,
    };
    let known = Known::of(listed, link.profile().case_insensitive);
    let names: Vec<Result<FolderName>> = wanted
        .iter()
        .map(|NewFolder { path, .. }| {
            known.get(path).map_or_else(|| link.names().name(path), |(name, _)| Ok(name.clone()))
        })
        .collect();
    let missing: Vec<(&FolderPath, FolderName)> = wanted
        .iter()
        .zip(&names)
        .filter(|(folder, _)| known.get(&folder.path).is_none())
        .filter_map(|(folder, name)| Some((&folder.path, name.as_ref().ok()?.clone())))
        .collect();
    let subscribe = |folder: &NewFolder| folder.subscribed && known.get(&folder.path).is_none_or(|(_, done)| !done);
    let subscribed = wanted.iter().zip(&names).filter(|(folder, _)| subscribe(folder));
    let subscribed = subscribed.filter_map(|(_, name)| name.as_ref().ok().cloned()).collect();
    let mut refused = create(link, &missing, subscribed).await?;
    Ok(names.into_iter().map(|name| name.and_then(|name| refused.remove(&name).map_or(Ok(name), Err))).collect())
}

/// Creates, subscribes and counts folders in one batch; returns those that cannot be created, with the reason.
async fn create(
    link: &mut Link,
    missing: &[(&FolderPath, FolderName)],
    subscribed: Vec<FolderName>,
) -> Result<HashMap<FolderName, Error>> {
    let create = missing.iter().map(|(_, name)| Command::new("CREATE").folder(name));
    let subscribe = subscribed.iter().map(|name| Command::new("SUBSCRIBE").folder(name));
    // Counters that a folder has before it was opened once are no use there.
    let counts = !link.profile().validity_by_select;
    let count = missing.iter().filter(|_| counts).map(|(_, name)| link.ask_status(name));
    let mut told_all = link.run_all(create.chain(subscribe).chain(count).collect()).await?.into_iter();
    let created: Vec<Told> = told_all.by_ref().take(missing.len()).collect();
    let mut refused = HashMap::new();
    for ((_, name), status) in missing.iter().zip(told_all.skip(subscribed.len())) {
        if let Some(status) = Link::status_told(status) {
            link.note_counters(name, status);
        }
    }
    for ((path, name), told) in missing.iter().zip(created) {
        if told.is_ok() {
            continue;
        }
        if settle(link, path, name, &told).await? {
            // Its SUBSCRIBE came before it was there.
            if subscribed.contains(name) {
                link.run(Command::new("SUBSCRIBE").folder(name)).await?;
            }
            continue;
        }
        let refusal = link.connection().refusal(&told.tagged);
        let error = match refusal.scope() {
            // The account may not create folders here: no other name would help.
            Scope::Message | Scope::Folder if refusal.code() == Code::ReadOnly => refusal.about(path.to_string()),
            Scope::Message | Scope::Folder => name_refused(link, path, &refusal),
            _ => refusal,
        };
        refused.insert(name.clone(), error);
    }
    Ok(refused)
}

/// Whether a folder is there although its CREATE was refused: it was before, whatever words that is said in, or the levels
/// above it had to be created first.
async fn settle(link: &mut Link, path: &FolderPath, name: &FolderName, told: &Told) -> Result<bool> {
    if told.tagged.code.word() == Some("ALREADYEXISTS") || exists(link, name).await? {
        return Ok(true);
    }
    let mut above = Vec::new();
    let mut at = path.parent();
    while let Some(parent) = at {
        above.extend(link.names().name(&parent));
        at = parent.parent();
    }
    if above.is_empty() {
        return Ok(false);
    }
    let commands = above.into_iter().rev().chain([name.clone()]).map(|name| Command::new("CREATE").folder(&name));
    let told = link.run_all(commands.collect()).await?;
    Ok(told.last().is_some_and(Told::is_ok))
}

async fn exists(link: &mut Link, name: &FolderName) -> Result<bool> {
    Ok(link.statuses(std::slice::from_ref(name)).await?.iter().any(Option::is_some))
}

fn name_refused(link: &Link, path: &FolderPath, refusal: &Error) -> Error {
    let person = Disposition::NeedsPerson;
    Error::new(Code::FolderName, link.side(), Scope::Folder, person, path.to_string())
        .with_reply(refusal.reply().unwrap_or_default())
}

/// The counters of folders, as they were told with the list or behind a CREATE just before; else in one batch.
pub(super) async fn statuses_told(link: &mut Link, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>> {
    let told = match link.take_listed(folders) {
        Some(told) => told,
        None => link.statuses(folders).await?,
    };
    read_all(link, folders, told).await
}

/// The counters of folders in one batch.
pub(super) async fn statuses(link: &mut Link, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>> {
    let told = link.statuses(folders).await?;
    read_all(link, folders, told).await
}

async fn read_all(
    link: &mut Link,
    folders: &[FolderName],
    told: Vec<Option<StatusReply>>,
) -> Result<Vec<Option<FolderStatus>>> {
    let mut statuses = Vec::with_capacity(told.len());
    for (folder, reply) in folders.iter().zip(told) {
        statuses.push(match reply {
            Some(reply) => counters(link, folder, &reply).await?,
            None => None,
        });
    }
    Ok(statuses)
}

/// The counters of one folder.
///
/// # Errors
/// The folder does not answer ([`Code::FolderSelect`], scope folder).
pub(super) async fn status(link: &mut Link, folder: &FolderName) -> Result<FolderStatus> {
    if link.is_open(folder) {
        return reopen(link, folder).await;
    }
    let told = statuses(link, std::slice::from_ref(folder)).await?;
    told.into_iter().next().flatten().ok_or_else(|| {
        let name = utf7::decode(folder.as_bytes());
        Error::new(Code::FolderSelect, link.side(), Scope::Folder, Disposition::RetryAfter(None), name)
    })
}

/// Opens the folder, anew if it is open, and tells its counters: one round trip instead of a NOOP and a STATUS behind it.
/// It is opened as an append wants it, so that no other SELECT follows.
pub(super) async fn reopen(link: &mut Link, folder: &FolderName) -> Result<FolderStatus> {
    let examine = !link.profile().select_first;
    let selected = link.reopen(folder, examine).await?;
    let status = counted(selected);
    match selected.next {
        Some(_) => Ok(status),
        None => Ok(FolderStatus { next: next_by_highest(link, folder, status.messages).await?, ..status }),
    }
}

/// The counters that opening a folder told; without UIDNEXT its `next` is 0.
pub(super) fn counted(selected: &Selected) -> FolderStatus {
    let next = selected.next.unwrap_or_default();
    FolderStatus { validity: selected.validity, next, messages: selected.exists.into(), modseq: selected.modseq }
}

async fn counters(link: &mut Link, folder: &FolderName, reply: &StatusReply) -> Result<Option<FolderStatus>> {
    let (Some(validity), Some(messages)) = (reply.validity, reply.messages) else { return Ok(None) };
    let next = match reply.next {
        Some(next) => next,
        None => next_by_highest(link, folder, messages).await?,
    };
    Ok(Some(FolderStatus { validity, next, messages, modseq: reply.modseq }))
}

/// The highest UID + 1, for servers that do not tell UIDNEXT (quirk 83): any lower bound of what comes will do.
async fn next_by_highest(link: &mut Link, folder: &FolderName, messages: u64) -> Result<u32> {
    if messages == 0 {
        return Ok(1);
    }
    if !link.is_open(folder) {
        link.select(folder, true).await?;
    }
    let told = link.run(Command::new("UID FETCH").word("*").word("(UID)")).await?;
    let uids = told.untagged.iter().filter_map(|event| match event {
        Event::Fetch(attributes) => attributes.uid,
        _ => None,
    });
    Ok(uids.max().unwrap_or_default().saturating_add(1))
}

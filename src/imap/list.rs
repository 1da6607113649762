//! The folders of a mailbox, by the best form of LIST that the server really has.
//!
//! LIST-EXTENDED with everything in one reply where it is announced (RFC 5258, 6154, 5819), and plain LIST with LSUB where it is not
//! or is refused after all (quirk 93); XLIST for the Gmail of old. Roles come from attributes in every form: Exchange sends them
//! unasked. Exchange refuses `RETURN`, and does not announce it (microsoft365.md §1.8).

use std::collections::{HashMap, HashSet};

use super::{Command, Completed, Connection, Event, FolderEntry, Server, StatusReply, Verdict, utf7};
use crate::{
    error::{Code, Error, Result, Scope},
    model::{FolderName, FolderPath, Role},
};

/// A folder as it is listed.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Its name on the wire.
    pub name: FolderName,
    /// Its path: decoded, without the personal namespace's prefix; the inbox is `INBOX` however it is spelt.
    pub path: FolderPath,
    /// The hierarchy delimiter.
    pub delimiter: Option<char>,
    /// Attributes as told, with their backslash.
    pub attributes: Vec<String>,
    /// What it is for, by its attributes or as INBOX.
    pub role: Option<Role>,
    /// Whether it can be opened (neither `\Noselect` nor `\NonExistent`).
    pub selectable: bool,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    /// It lies in another user's or a shared namespace.
    pub foreign: bool,
    /// Its counters, where LIST-STATUS told them.
    pub status: Option<StatusReply>,
}

/// All folders of the mailbox, in the order told. Nothing else may be in flight.
///
/// # Errors
/// The connection is lost, or the server refuses every form of LIST ([`Code::FolderList`]).
pub async fn folders(connection: &mut Connection) -> Result<Vec<Folder>> {
    if let Some(command) = extended(connection.server()) {
        let done = connection.run(command).await?;
        if done.tagged.verdict == Verdict::Ok {
            return Ok(Listing::read(done.untagged).folders(connection.server()));
        }
    }
    let xlist = connection.server().has("XLIST") && !connection.server().has("SPECIAL-USE");
    let list = Command::new(if xlist { "XLIST" } else { "LIST" }).string(b"").word("\"*\"");
    let subscribed = Command::new("LSUB").string(b"").word("\"*\"");
    // A refused LSUB is no reason to do without the folders.
    let [done, subscribed] = connection.run_both(list, subscribed).await?;
    let mut told = done.ok().map_err(unlistable)?.untagged;
    told.extend(subscribed.untagged);
    let mut listing = Listing::read(told);
    if xlist {
        listing.name_inbox();
    }
    Ok(listing.folders(connection.server()))
}

/// LIST with all that the server is able to return, if it knows LIST-EXTENDED.
fn extended(server: &Server) -> Option<Command> {
    if !server.has("LIST-EXTENDED") {
        return None;
    }
    let mut options = vec!["SUBSCRIBED"];
    if server.has("SPECIAL-USE") {
        options.push("SPECIAL-USE");
    }
    if server.has("LIST-STATUS") {
        options.push(if server.has("CONDSTORE") || server.has("QRESYNC") {
            "STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)"
        } else {
            "STATUS (MESSAGES UIDNEXT UIDVALIDITY)"
        });
    }
    Some(Command::new("LIST").string(b"").word("\"*\" RETURN").word(&format!("({})", options.join(" "))))
}

fn unlistable(refusal: Error) -> Error {
    if refusal.scope() > Scope::Folder {
        return refusal;
    }
    let reply = refusal.reply().unwrap_or_default().to_owned();
    Error::new(Code::FolderList, refusal.side(), Scope::Mailbox, refusal.disposition(), refusal.subject())
        .with_reply(reply)
}

impl Connection {
    /// Two commands in one round trip, with what was told before each completion.
    async fn run_both(&mut self, first: Command, second: Command) -> Result<[Completed; 2]> {
        let tags = [self.queue(first), self.queue(second)];
        Ok([self.completion(tags[0]).await?, self.completion(tags[1]).await?])
    }
}

/// What was told of folders, by name.
#[derive(Default)]
struct Listing {
    entries: Vec<FolderEntry>,
    subscribed: HashSet<Vec<u8>>,
    status: HashMap<Vec<u8>, StatusReply>,
}

impl Listing {
    fn read(told: Vec<Event>) -> Self {
        let mut listing = Listing::default();
        let mut seen = HashSet::new();
        for event in told {
            match event {
                Event::List(entry) if entry.subscribed_list => {
                    listing.subscribed.insert(key(entry.name.as_bytes()));
                }
                Event::List(entry) if seen.insert(key(entry.name.as_bytes())) => listing.entries.push(entry),
                Event::Status(status) => {
                    listing.status.insert(key(&status.name), status);
                }
                _ => {}
            }
        }
        listing
    }

    /// XLIST shows the inbox under its translated name, and opens it only as INBOX.
    fn name_inbox(&mut self) {
        for entry in &mut self.entries {
            if entry.attributes.iter().any(|a| Role::from_attribute(a) == Some(Role::Inbox)) {
                entry.name = FolderName::inbox();
            }
        }
    }

    fn folders(mut self, server: &Server) -> Vec<Folder> {
        // The reply to `LIST "" ""` and some roots have no name.
        let named = std::mem::take(&mut self.entries).into_iter().filter(|entry| !entry.name.as_bytes().is_empty());
        named.map(|entry| self.folder(entry, server)).collect()
    }

    fn folder(&mut self, entry: FolderEntry, server: &Server) -> Folder {
        let key = key(entry.name.as_bytes());
        let has = |name: &str| entry.attributes.iter().any(|a| a.eq_ignore_ascii_case(name));
        let path = path(&entry.name, entry.delimiter, server);
        Folder {
            role: if path.is_inbox() { Some(Role::Inbox) } else { role(&entry.attributes) },
            selectable: !has("\\Noselect") && !has("\\NonExistent"),
            subscribed: has("\\Subscribed") || self.subscribed.contains(&key),
            foreign: is_foreign(&entry.name, server),
            status: self.status.remove(&key),
            path,
            delimiter: entry.delimiter,
            attributes: entry.attributes,
            name: entry.name,
        }
    }
}

/// A name as it is compared: INBOX has no case (RFC 3501 §5.1).
fn key(name: &[u8]) -> Vec<u8> {
    if name.eq_ignore_ascii_case(b"INBOX") { b"INBOX".to_vec() } else { name.to_vec() }
}

/// The first attribute that names a role, except the inbox's: only INBOX is the inbox.
fn role(attributes: &[String]) -> Option<Role> {
    attributes.iter().filter_map(|a| Role::from_attribute(a)).find(|role| *role != Role::Inbox)
}

/// The path of a folder: decoded, divided, without the personal namespace's prefix.
pub fn path(name: &FolderName, delimiter: Option<char>, server: &Server) -> FolderPath {
    let own = server.namespace.iter().flat_map(|namespace| &namespace.personal);
    let prefix = own.map(|(prefix, _)| prefix).find(|p| !p.is_empty() && strip(name.as_bytes(), p).is_some());
    let name = prefix.and_then(|prefix| strip(name.as_bytes(), prefix)).unwrap_or(name.as_bytes());
    // Divided before it is decoded: an encoded delimiter belongs to a segment.
    let wire = String::from_utf8_lossy(name);
    let segments: Vec<&str> = match delimiter {
        Some(delimiter) => wire.split(delimiter).filter(|segment| !segment.is_empty()).collect(),
        None => vec![&wire],
    };
    let decode = |segment: &&str| if server.utf8 { (*segment).to_owned() } else { utf7::decode(segment.as_bytes()) };
    let mut path = FolderPath::new(segments.iter().map(decode));
    if let Some(first) = path.0.first_mut().filter(|first| first.eq_ignore_ascii_case("INBOX")) {
        *first = "INBOX".to_owned();
    }
    path
}

/// What follows `prefix`, if anything does. `INBOX.` is compared without case.
fn strip<'a>(name: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = name.split_at_checked(prefix.len())?;
    let is_inbox = prefix.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"INBOX"));
    let same = if is_inbox { start.eq_ignore_ascii_case(prefix) } else { start == prefix };
    (same && !rest.is_empty()).then_some(rest)
}

fn is_foreign(name: &FolderName, server: &Server) -> bool {
    let Some(namespace) = &server.namespace else { return false };
    namespace.other.iter().chain(&namespace.shared).any(|(prefix, delimiter)| {
        let prefix = String::from_utf8_lossy(prefix);
        let root = delimiter.and_then(|delimiter| prefix.strip_suffix(delimiter)).unwrap_or(&prefix);
        !root.is_empty() && (name.as_bytes() == root.as_bytes() || name.as_bytes().starts_with(prefix.as_bytes()))
    })
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;

//! Messages that Exchange does not deliver by IMAP, read by Graph from the same mailbox (microsoft365.md §1.8; quirks 36, 37).
//!
//! What IMAP sends for such a message is a notice, or nothing, so it must be found at Graph by what IMAP still tells: its folder, its
//! Message-ID if it tells one, and the second in which it was received. Where that is all, it must be the only one of that second on both
//! sides, for Graph may not show every item that IMAP shows. One that is not certain stays unreadable: no other message may stand in its
//! place.
//!
//! They are read when a fetch ends, for until then its session is busy. Rejected: a second session for their dates.

use std::collections::HashMap;

use chrono::DateTime;
use tokio::sync::mpsc;

use super::{fetch::is_notice, flight::Lost};
use crate::{
    body::BodyStore,
    clock,
    error::{Code, Error, Result, Scope},
    graph::{Mailbox, Message},
    imap::{Attributes, Command, Event, Literal, list, uidset},
    limits,
    mailbox::{GraphFolders, Link},
    mime,
    model::{FolderName, Reason},
    source::{FetchResult, Fetched},
};

/// The way by Graph to a mailbox that is read by IMAP.
#[derive(Debug)]
pub(super) struct Rescue {
    mailbox: Mailbox,
    folders: GraphFolders,
}

/// What IMAP tells of a message that it does not deliver.
#[derive(Debug, Default)]
struct Trace {
    second: Option<i64>,
    message_id: Option<String>,
    /// IMAP shows no other message of that second.
    alone: bool,
}

impl Rescue {
    pub(super) fn new(mailbox: Mailbox) -> Self {
        Rescue { mailbox, folders: GraphFolders::default() }
    }

    /// Reads what was not delivered, and tells what became of it.
    ///
    /// # Errors
    /// A session failed; nothing is told of what is left.
    pub(super) async fn bring(
        &self,
        link: &mut Link,
        folder: &FolderName,
        lost: Vec<Lost>,
        bodies: &mpsc::Sender<Fetched>,
    ) -> Result<()> {
        link.select(folder, true).await?;
        let traces = traces(link, lost.iter().map(|one| one.item.uid).collect()).await?;
        let path = list::path(folder, link.names().delimiter(), link.server());
        let place = match self.folders.find(&self.mailbox, &path).await {
            Ok(place) => place.map(|folder| folder.id).ok_or_else(|| "Microsoft Graph shows no such folder".to_owned()),
            Err(error) => Err(refused(error)?),
        };
        let store = link.bodies().clone();
        for Lost { item, reason } in lost {
            let brought = match (&place, traces.get(&item.uid)) {
                (Ok(place), Some(trace)) => self.read(&store, place, trace).await?,
                (Ok(_), None) => Err("it tells nothing of it either".to_owned()),
                (Err(why), _) => Err(why.clone()),
            };
            let what = brought.unwrap_or_else(|why| {
                FetchResult::Unreadable(Reason { words: format!("{}; by Graph: {why}", reason.words), ..reason })
            });
            bodies.send(Fetched { row: item.row, what }).await.map_err(|_| Error::canceled())?;
        }
        Ok(())
    }

    /// Reads one message, or tells why it is not read.
    async fn read(&self, store: &BodyStore, folder: &str, trace: &Trace) -> Result<Result<FetchResult, String>> {
        let Some(second) = trace.second else { return Ok(Err("IMAP tells no date of it".to_owned())) };
        let there = match self.mailbox.received_at(folder, second).await {
            Ok(there) => there,
            Err(error) => return refused(error).map(Err),
        };
        let message = match one_of(there, trace) {
            Ok(message) => message,
            Err(count) => return Ok(Err(format!("{count} messages of that second, and it is not certain which"))),
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.mailbox.value(&message.id, store).await {
                Ok(body) if !body.is_empty() => return Ok(Ok(FetchResult::Body(body))),
                Ok(_) => return Ok(Err("the service sends no content".to_owned())),
                Err(error) => error,
            };
            match error.code() {
                Code::ItemVanished => return Ok(Ok(FetchResult::Vanished)),
                _ if error.scope() > Scope::Message || tries >= limits::GRAPH_ITEM_TRIES => {
                    return refused(error).map(Err);
                }
                _ => clock::sleep(limits::GRAPH_ITEM_WAIT * tries).await,
            }
        }
    }
}

/// The words of a refusal that concerns these messages, or the application's leave; any other trouble is the session's.
fn refused(error: Error) -> Result<String> {
    match error.scope() <= Scope::Message || error.code().refuses_login() {
        true => Ok(error.reply().unwrap_or_else(|| error.code().problem()).to_owned()),
        false => Err(error),
    }
}

/// The message that is meant: the only one of its second with its Message-ID, or where that is not known the only one of its second at
/// all. How many there are, if none is certain.
fn one_of(mut there: Vec<Message>, trace: &Trace) -> Result<Message, usize> {
    let count = there.len();
    match &trace.message_id {
        Some(id) => there.retain(|message| message.internet_message_id.as_ref() == Some(id)),
        None if !trace.alone => there.clear(),
        None => {}
    }
    match (there.pop(), there.is_empty()) {
        (Some(message), true) => Ok(message),
        _ => Err(count),
    }
}

/// What IMAP still tells of these messages. A header may be a notice's, or refused; the date comes from elsewhere in the store.
async fn traces(link: &mut Link, mut uids: Vec<u32>) -> Result<HashMap<u32, Trace>> {
    uids.sort_unstable();
    let ask = |set: &str, what: &str| Command::new("UID FETCH").word(set).word(what);
    let dates = uidset::chunks(&uids, limits::FETCH_CHUNK, limits::COMMAND_LINE);
    let dates = dates.into_iter().map(|(set, _)| ask(&set, "(UID INTERNALDATE)"));
    let fields = mime::FINGERPRINT_FIELDS.join(" ");
    let header = format!("(UID BODY.PEEK[HEADER.FIELDS ({fields})])");
    let headers = uids.iter().map(|uid| ask(&uid.to_string(), &header));
    let mut traces: HashMap<u32, Trace> = HashMap::new();
    for event in link.run_all(dates.chain(headers).collect()).await?.into_iter().flat_map(|told| told.untagged) {
        if let Event::Fetch(told) = event {
            note(*told, &mut traces);
        }
    }
    for trace in traces.values_mut().filter(|trace| trace.message_id.is_none()) {
        trace.alone = match trace.second {
            Some(second) => of_second(link, second).await? == Some(1),
            None => false,
        };
    }
    Ok(traces)
}

/// How many messages of the open folder were received in this second; `None`: too many to tell. SEARCH knows days only, and those of the
/// server's own zone (RFC 3501 §6.4.4).
async fn of_second(link: &mut Link, second: i64) -> Result<Option<usize>> {
    let day = |days: i64| {
        Some(DateTime::from_timestamp(second.saturating_add(days * 86_400), 0)?.format("%-d-%b-%Y").to_string())
    };
    let (Some(from), Some(to)) = (day(-1), day(2)) else { return Ok(None) };
    let search = Command::new("UID SEARCH").word("SINCE").word(&from).word("BEFORE").word(&to);
    let found = link.run_all(vec![search]).await?;
    let uids = found.iter().flat_map(|told| &told.untagged).filter_map(|event| match event {
        Event::Search { ranges, .. } => Some(uidset::expand(ranges, limits::LISTING_PAGE)),
        _ => None,
    });
    let mut uids: Vec<u32> = uids.flatten().collect();
    if uids.len() >= limits::LISTING_PAGE {
        return Ok(None);
    }
    uids.sort_unstable();
    let sets = uidset::chunks(&uids, limits::FETCH_CHUNK, limits::COMMAND_LINE);
    let ask = |set: &str| Command::new("UID FETCH").word(set).word("(UID INTERNALDATE)");
    let told = link.run_all(sets.into_iter().map(|(set, _)| ask(&set)).collect()).await?;
    let is_meant = |event: &&Event| match event {
        Event::Fetch(told) => told.received_at.flatten().is_some_and(|date| date.unix == second),
        _ => false,
    };
    Ok(Some(told.iter().flat_map(|told| &told.untagged).filter(is_meant).count()))
}

fn note(told: Attributes, traces: &mut HashMap<u32, Trace>) {
    let Some(uid) = told.uid else { return };
    let trace = traces.entry(uid).or_default();
    if let Some(Some(date)) = told.received_at {
        trace.second = Some(date.unix);
    }
    if let Some(Literal::Body(header)) =
        told.header.filter(|header| !matches!(header, Literal::Body(body) if is_notice(body)))
    {
        trace.message_id = mime::message_id(&header).ok().flatten();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, message_id: Option<&str>) -> Message {
        serde_json::from_value(serde_json::json!({ "id": id, "internetMessageId": message_id })).unwrap()
    }

    #[test]
    fn only_what_is_certain_is_taken() {
        let trace = |id: Option<&str>, alone| Trace { second: Some(1), message_id: id.map(str::to_owned), alone };
        let (a, b) = (|| message("a", Some("<a@x>")), || message("b", Some("<b@x>")));
        let id = |there, trace: &Trace| one_of(there, trace).map(|message| message.id);
        assert_eq!(id(vec![a()], &trace(None, true)), Ok("a".to_owned()));
        assert_eq!(id(vec![a(), b()], &trace(Some("<b@x>"), false)), Ok("b".to_owned()));
        assert_eq!(id(vec![a(), b()], &trace(None, true)), Err(2));
        assert_eq!(id(vec![a()], &trace(None, false)), Err(1), "Graph may not show the one that is meant");
        assert_eq!(id(vec![a()], &trace(Some("<b@x>"), true)), Err(1));
        assert_eq!(id(vec![a(), a()], &trace(Some("<a@x>"), false)), Err(2));
        assert_eq!(id(Vec::new(), &trace(Some("<a@x>"), true)), Err(0));
    }
}

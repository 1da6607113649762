//! Telling a back-off (microsoft365.md §1.9, quirks 1, 2 and 12).

use super::{
    ending::{Cause, Ending},
    parse::{Command, FetchItem},
    persona::{BackOff, ThrottleWords},
    reply::Reply,
    session::Session,
};
use crate::clock;

const CLOSED: &str = "Connection closed. 14";

impl Session {
    /// Pays for a command out of the mailbox's throttle; the refusal if there is not enough.
    pub(super) fn throttle(&mut self, command: &Command) -> Result<Option<Reply>, Ending> {
        let Some(account) = &self.account else { return Ok(None) };
        let (messages, bytes) = match command {
            Command::Append(append) => {
                (append.messages.len(), append.messages.iter().map(|m| m.bytes.len() as u64).sum())
            }
            Command::Fetch { .. } if self.persona().throttle.as_ref().is_some_and(|t| t.counts_fetches) => {
                self.cost_of_fetch(command)
            }
            _ => return Ok(None),
        };
        match self.host.pay(&account.user, messages, bytes) {
            Ok(()) => Ok(None),
            Err(back_off) => self.tell(back_off).map(Some),
        }
    }

    fn tell(&mut self, back_off: BackOff) -> Result<Reply, Ending> {
        let left = back_off.until.saturating_duration_since(clock::instant());
        let hint = format!("Request is throttled. Suggested Backoff Time: {} milliseconds", left.as_millis() + 1);
        match back_off.words {
            ThrottleWords::No => Ok(Reply::no(hint)),
            ThrottleWords::BadBye => {
                self.leaving = Some(Ending::Bye(Cause::Throttled, CLOSED.to_owned()));
                Ok(Reply::bad(hint))
            }
            ThrottleWords::Unavailable => Ok(Reply::no("Server Unavailable. 15")),
            ThrottleWords::BareUnavailable => {
                self.wire.line("Server Unavailable. 15");
                Err(Ending::Done)
            }
        }
    }

    fn cost_of_fetch(&self, command: &Command) -> (usize, u64) {
        let (Command::Fetch { uid, fetch }, Some(view)) = (command, &self.view) else { return (0, 0) };
        if !fetch.items.iter().any(|item| matches!(item, FetchItem::Body(_))) {
            return (0, 0);
        }
        let places = view.resolve(&fetch.set, *uid).unwrap_or_default();
        let bytes = self.mailstore().read(|mailbox| {
            let folder = mailbox.folder(&view.name);
            places.iter().filter_map(|place| folder?.message(place.uid)).map(|m| m.content.len()).sum()
        });
        (places.len(), bytes)
    }
}

//! Messages that are alike: which of them is the one that is sought.
//!
//! A message is known by its Message-ID and the second in which it was received, in the folder where it must lie. Where as many are there
//! as are sought, and these were sent with equal bytes, any of them may be any. Else their headers are read and compared by fingerprint
//! (one mail that came directly and over a list differs in nothing else that Graph tells). Whatever is left is not touched.

use std::collections::HashMap;

use crate::{
    body::BodyStore,
    error::{Code, Disposition, Error, Result, Scope, Side},
    graph::{Mailbox, Message},
    mime,
    model::Fingerprint,
    target::{Sighted, Sought},
};

/// What messages are taken to be alike by: the Message-ID, and the second.
pub(super) type Key = (String, i64);

/// The key of what is sought; without a Message-ID or a date there is none.
pub(super) fn key(sought: &Sought) -> Option<Key> {
    Some((sought.message_id.clone()?, sought.received_at?.unix))
}

/// What is sought, with its place among all that is.
type One<'a> = (usize, &'a Sought);

/// Messages that may be among those sought.
pub(super) struct Candidates(HashMap<Key, Vec<Message>>);

impl Candidates {
    pub(super) fn of(messages: Vec<Message>) -> Self {
        let mut by_key: HashMap<Key, Vec<Message>> = HashMap::new();
        for message in messages {
            if let (Some(id), Some(date)) = (&message.internet_message_id, message.received_date_time) {
                by_key.entry((id.clone(), date.timestamp())).or_default().push(message);
            }
        }
        Candidates(by_key)
    }

    /// Takes out those that were found by their ids.
    pub(super) fn forget<'a>(&mut self, sighted: impl Iterator<Item = &'a Sighted>) {
        for one in sighted {
            if let Sighted::There(id, _) = one {
                self.0.values_mut().for_each(|messages| messages.retain(|message| message.id != *id));
            }
        }
    }

    /// Tells which message each of a group that shares `key` is.
    pub(super) async fn tell_apart(
        &mut self,
        mailbox: &Mailbox,
        bodies: &BodyStore,
        key: &Key,
        group: &[One<'_>],
    ) -> Result<Vec<(usize, Sighted)>> {
        let there = self.0.remove(key).unwrap_or_default();
        if there.is_empty() || there.len() == group.len() && are_equal(group) {
            return Ok(pair_up(group, there));
        }
        let mut kinds: HashMap<Fingerprint, (Vec<One<'_>>, Vec<Message>)> = HashMap::new();
        for one in group {
            if let Some(fingerprint) = one.1.fingerprint {
                kinds.entry(fingerprint).or_default().0.push(*one);
            }
        }
        for message in there {
            let body = mailbox.value(&message.id, bodies).await?;
            let fingerprint = mime::fingerprint_body(&body).map_err(unreadable_spool)?;
            if let Some((_, messages)) = kinds.get_mut(&fingerprint) {
                messages.push(message);
            }
        }
        let mut told: HashMap<usize, Sighted> = group.iter().map(|(at, _)| (*at, Sighted::Unclear)).collect();
        for (kind, messages) in kinds.into_values() {
            if messages.is_empty() || kind.len() == messages.len() && are_equal(&kind) {
                told.extend(pair_up(&kind, messages));
            }
        }
        Ok(told.into_iter().collect())
    }
}

/// Whether all of a group were sent with equal bytes.
fn are_equal(group: &[One<'_>]) -> bool {
    group.windows(2).all(|pair| pair[0].1.body_hash.is_some() && pair[0].1.body_hash == pair[1].1.body_hash)
}

/// One message for each, or none for any.
fn pair_up(group: &[One<'_>], messages: Vec<Message>) -> Vec<(usize, Sighted)> {
    let mut messages = messages.into_iter();
    let mut next = || messages.next().map_or(Sighted::Missing, |m| Sighted::There(m.id, m.categories));
    group.iter().map(|(at, _)| (*at, next())).collect()
}

fn unreadable_spool(error: std::io::Error) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "spool file").with_source(error)
}

//! Messages' bytes: an archive of many, or one by one (zimbra.md §5.1 and §5.2).

use std::time::Duration;

use tokio::sync::mpsc;

use super::{
    Mailbox,
    archive::{Broken, End, Item, unpack},
    refusal::Failure,
    service::Answer,
};
use crate::{
    body::{Body, BodyStore},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// An archive of several messages that is arriving.
pub struct Batch {
    answer: Answer,
}

/// What became of one message.
#[derive(Clone, Debug)]
pub enum Single {
    /// Its bytes, as they are stored.
    Body(Body),
    /// It is gone.
    Vanished,
    /// The server cannot deliver it, in its words.
    Unreadable(String),
}

impl Mailbox {
    /// Asks for an archive of these messages, at most [`limits::ZIMBRA_BATCH`]; `packed` by gzip, which costs the server time and
    /// the line less. What is missing in it must be asked for again (§5.6): its end tells nothing.
    ///
    /// # Errors
    /// The sign-in or the request is refused.
    pub async fn archive(&self, ids: &[u32], packed: bool) -> Result<Batch> {
        let format = if packed { "tgz" } else { "tar" };
        let list = ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        // With a name for the empty archive, none is an archive too: between servers 204 becomes a failure (§1.8).
        let query = format!("fmt={format}&list={list}&meta=1&emptyname=none");
        let answer = self.get(&query, &format!("an archive of {} messages", ids.len())).await;
        let answer = answer.map_err(Failure::into_error)?;
        Ok(Batch { answer })
    }

    /// One message as it is stored.
    ///
    /// # Errors
    /// The sign-in is refused, or the connection lost. What the server says about the message is no error.
    pub async fn single(&self, id: u32, store: &BodyStore) -> Result<Single> {
        let query = format!("id={id}&fmt=sync&nohdr=1");
        let mut answer = match self.get(&query, &format!("message {id}")).await {
            Ok(answer) => answer,
            Err(failure) => return of_refusal(failure),
        };
        let stated = answer.response.content_length();
        let mut sink = store.open_sink();
        while let Some(chunk) = answer.chunk(limits::HTTP_SILENCE).await? {
            sink.write(&chunk).map_err(spool)?;
        }
        match stated {
            Some(stated) if stated != sink.len() => Err(answer.senseless("the message broke off")),
            _ => Ok(Single::Body(sink.finish())),
        }
    }
}

/// With a cookie, 404 is an item that is not there or not ours to see, and 500 one whose blob is missing (§5.7).
fn of_refusal(failure: Failure) -> Result<Single> {
    match failure.status.map(|status| status.as_u16()) {
        Some(404) => Ok(Single::Vanished),
        Some(500 | 501) => Ok(Single::Unreadable(failure.error.reply().unwrap_or_default().to_owned())),
        _ => Err(failure.error),
    }
}

fn spool(cause: std::io::Error) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "the spool").with_source(cause)
}

impl Batch {
    /// Reads the archive and sends each item on; it ends early where nobody takes them. A connection that ends, or is silent for longer than
    /// `patience`, is damage like any other.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub async fn read(mut self, store: BodyStore, patience: Duration, items: mpsc::Sender<Item>) -> Result<End> {
        let (pieces, arriving) = mpsc::channel(limits::ZIMBRA_PIECES);
        let pump = async {
            loop {
                let piece = self.answer.chunk(patience).await;
                let (piece, last) = match piece {
                    Ok(Some(bytes)) => (Ok(bytes), false),
                    Ok(None) => break,
                    Err(error) => {
                        tracing::debug!(%error, "An archive was cut.");
                        (Err(Broken), true)
                    }
                };
                if pieces.send(piece).await.is_err() || last {
                    break;
                }
            }
            drop(pieces);
        };
        let ((), ended) = tokio::join!(pump, unpack(arriving, store, items));
        ended
    }
}

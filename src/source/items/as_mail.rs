//! Items as mail, for a target that does not take them whole: what [`graph`](super::super::graph) reads of a message, with the marks that its
//! text does not carry. What `$value` gives no text for is no mail.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::{
    body::{Body, BodyStore},
    error::{Code, Error, Result, Scope},
    graph::Mailbox,
    limits,
    model::Reason,
    pace::Limiter,
    source::{
        FetchItem, FetchResult, Fetched,
        graph::{fetch::Fetcher, message},
    },
};

/// Reads items until nobody asks for more; see [`crate::source::SourceSession::fetch_as_mail`].
pub(super) async fn fetch(
    mailbox: &Mailbox,
    bodies: &BodyStore,
    limiter: &Limiter,
    mut items: mpsc::Receiver<Vec<FetchItem>>,
    tell: mpsc::Sender<Fetched>,
) -> Result<()> {
    while let Some(chunk) = items.recv().await {
        let ids: HashMap<i64, Vec<u8>> = chunk.iter().map(|item| (item.row, item.id.clone())).collect();
        let (ask, asked) = mpsc::channel(1);
        let (bring, mut brought) = mpsc::channel::<Fetched>(limits::GRAPH_IN_FLIGHT as usize);
        ask.try_send(chunk).map_err(|_| Error::bug("a fresh channel is full"))?;
        drop(ask);
        let pass_on = async {
            while let Some(Fetched { row, what }) = brought.recv().await {
                let what = match (what, ids.get(&row)) {
                    (FetchResult::Body(text), Some(id)) => marked(mailbox, id, text).await?,
                    // It was there a moment ago, as an item.
                    (FetchResult::Vanished, _) => no_mail(),
                    (what, _) => what,
                };
                tell.send(Fetched { row, what }).await.map_err(|_| Error::canceled())?;
            }
            Ok(())
        };
        let (told, read) = tokio::join!(pass_on, Fetcher::new(mailbox, bodies, limiter).run(asked, bring));
        told?;
        read?;
    }
    Ok(())
}

async fn marked(mailbox: &Mailbox, id: &[u8], text: Body) -> Result<FetchResult> {
    match mailbox.message(&super::id(id)?).await {
        Ok(Some(message)) => Ok(FetchResult::AsMail(text, message::flags(&message))),
        Ok(None) => Ok(no_mail()),
        Err(error) if error.scope() <= Scope::Message => {
            Ok(unreadable(error.reply().unwrap_or_else(|| error.subject())))
        }
        Err(error) => Err(error),
    }
}

fn no_mail() -> FetchResult {
    unreadable("it is no mail")
}

fn unreadable(words: &str) -> FetchResult {
    FetchResult::Unreadable(Reason { code: Code::ItemFetch, words: words.to_owned() })
}

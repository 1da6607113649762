//! Lists in pages, and what changed since a link that the service gave (microsoft365.md §4.1 and §4.2).
//!
//! One page is held at a time. A page that leads to another server, or to itself, is refused.

use std::marker::PhantomData;

use reqwest::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::{
    Allowance, Service,
    refusal::{Failure, RESYNC},
    request::Request,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    limits,
};

/// Who asks: the service, and a mailbox's allowance.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) service: Service,
    pub(super) allowance: Option<Allowance>,
}

impl Caller {
    pub(super) async fn send(&self, request: &Request) -> Result<super::service::Answer, Failure> {
        self.service.send(request, self.allowance.as_ref()).await
    }

    /// The answer as JSON, or why there is none.
    pub(super) async fn try_json<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Failure> {
        self.send(request).await?.json().await.map_err(Failure::unanswered)
    }

    /// The answer as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, request: &Request) -> Result<T> {
        self.try_json(request).await.map_err(Failure::into_error)
    }
}

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    delta: Option<String>,
}

/// A list that is read page by page.
#[derive(Debug)]
pub struct Pages<T> {
    caller: Caller,
    /// The request of the next page.
    next: Option<Request>,
    read: usize,
    items: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(super) fn new(caller: Caller, first: Request) -> Self {
        Pages { caller, next: Some(first), read: 0, items: PhantomData }
    }

    /// The next page; it may be empty. `None`: that was all.
    ///
    /// # Errors
    /// The page cannot be read; the same page is asked for again then.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>> {
        let Some(request) = &self.next else { return Ok(None) };
        let page: Page<T> = self.caller.json(request).await?;
        self.next = match page.next {
            Some(link) => Some(follow(&self.caller, request, &link, self.read)?),
            None => None,
        };
        self.read += 1;
        Ok(Some(page.value))
    }

    /// All of it, for lists that are known to be short.
    ///
    /// # Errors
    /// A page cannot be read, or there are more than `most` items.
    pub async fn all(mut self, most: usize) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
            if all.len() > most {
                let words = format!("more than {most} of them");
                return Err(Error::new(
                    Code::Protocol,
                    self.caller.service.side(),
                    Scope::Mailbox,
                    Disposition::GiveUp,
                    words,
                ));
            }
        }
        Ok(all)
    }
}

/// The request of the page after `request`.
fn follow(caller: &Caller, request: &Request, link: &str, read: usize) -> Result<Request> {
    let wrong = |words: &str| {
        let subject = format!("{}: {words}", request.what);
        Error::new(Code::Protocol, caller.service.side(), Scope::Mailbox, Disposition::GiveUp, subject)
    };
    let url = Url::parse(link).map_err(|_| wrong("the link to the next page is none"))?;
    if !caller.service.owns(&url) {
        return Err(wrong("the next page is on another server"));
    }
    if url == request.url || read >= limits::GRAPH_PAGES {
        return Err(wrong("the pages have no end"));
    }
    Ok(Request { url, ..request.clone() })
}

/// Where a list of changes ended: the next one begins there. Opaque, and good for this mailbox and list only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeltaLink(String);

impl DeltaLink {
    /// From [`DeltaLink::as_str`].
    pub fn new(link: impl Into<String>) -> Self {
        DeltaLink(link.into())
    }

    /// For a cursor.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// It is new or other than before.
    Here(T),
    /// It left the list, by deletion or by a move; it may never have been reported (microsoft365.md part III 4).
    Gone(String),
}

/// The next step of a list of changes.
#[derive(Clone, Debug)]
pub enum Turn<T> {
    /// Some changes; more may follow.
    Page(Vec<Change<T>>),
    /// That was all.
    End(DeltaLink),
    /// The service no longer knows the link: everything must be listed anew, and what was reported so far does not count.
    Resync,
}

/// A list of changes that is read page by page.
#[derive(Debug)]
pub struct Changes<T> {
    caller: Caller,
    next: Next,
    read: usize,
    items: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum Next {
    Ask(Box<Request>),
    End(DeltaLink),
}

impl<T: DeserializeOwned> Changes<T> {
    /// Changes since `since`, or all items, where `first` asks for those.
    ///
    /// # Errors
    /// `since` is no link of this service.
    pub(super) fn new(caller: Caller, first: Request, since: Option<&DeltaLink>) -> Result<Self> {
        let first = match since {
            Some(link) => follow(&caller, &first, link.as_str(), 0)?,
            None => first,
        };
        Ok(Changes { caller, next: Next::Ask(Box::new(first)), read: 0, items: PhantomData })
    }

    /// The next step. After the end it is the end again.
    ///
    /// # Errors
    /// The page cannot be read; the same page is asked for again then.
    pub async fn turn(&mut self) -> Result<Turn<T>> {
        let request = match &self.next {
            Next::Ask(request) => request,
            Next::End(link) => return Ok(Turn::End(link.clone())),
        };
        let page: Page<serde_json::Value> = match self.caller.try_json(request).await {
            Err(failure) if failure.says(RESYNC) || failure.status == Some(StatusCode::GONE) => {
                return Ok(Turn::Resync);
            }
            other => other.map_err(Failure::into_error)?,
        };
        let next = match (page.next, page.delta) {
            (Some(link), _) => Next::Ask(Box::new(follow(&self.caller, request, &link, self.read)?)),
            (None, Some(link)) => Next::End(DeltaLink(link)),
            (None, None) => return Err(self.senseless(request.what, "no link follows the last change")),
        };
        let changes = page.value.into_iter().map(change).collect::<Option<Vec<_>>>();
        let changes = changes.ok_or_else(|| self.senseless(request.what, "a change is not what was asked for"))?;
        (self.next, self.read) = (next, self.read + 1);
        Ok(Turn::Page(changes))
    }

    fn senseless(&self, what: &str, words: &str) -> Error {
        let subject = format!("{what}: {words}");
        Error::new(Code::Protocol, self.caller.service.side(), Scope::Mailbox, Disposition::GiveUp, subject)
    }
}

fn change<T: DeserializeOwned>(told: serde_json::Value) -> Option<Change<T>> {
    if told.get("@removed").is_some() {
        return Some(Change::Gone(told.get("id")?.as_str()?.to_owned()));
    }
    serde_json::from_value(told).ok().map(Change::Here)
}

//! Items of every class: listed, exported and imported whole (microsoft365.md §5).
//!
//! An item's stream is opaque: it is carried, never read. An import creates, so a lost answer leaves it in doubt
//! ([`Disposition::InDoubt`]); the item set from before and PR_SEARCH_KEY tell afterwards whether it arrived.

use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{
    Changes, DeltaLink, ImportSession, Item, Mailbox, Pages,
    mailbox::json as body_of,
    page::Caller,
    refusal::{Failure, Refusal, Told, Word},
    reply::spool,
    request::{Effect, Payload, Request, address},
    resource::ImportSessionReply,
    splice::{Spliced, Splicer},
    upload::Upload,
};
use crate::{
    body::{Body, BodyStore},
    error::{Code, Disposition, Error, Result, Scope},
    limits, net,
};

/// A mailbox as a store of items.
#[derive(Clone, Debug)]
pub struct ItemStore {
    pub(super) mailbox: Mailbox,
    id: String,
}

/// What came of exporting one item.
#[derive(Debug)]
pub enum Export {
    /// Its stream.
    Item {
        /// The version that was exported.
        change_key: String,
        /// The stream.
        stream: Body,
    },
    /// The service refused it.
    Refused(Error),
    /// The reply left it out, which tells nothing about it: ask for it alone (§5.4).
    Omitted,
}

/// What came of importing an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Import {
    /// It lies in the folder.
    Done {
        /// Its id there.
        item_id: String,
        /// Its version there.
        change_key: String,
    },
    /// The session is over: nothing was imported, and another session will do.
    SessionOver,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exports {
    value: Vec<Exported>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    item_id: String,
    #[serde(default)]
    change_key: String,
    /// The number of its body.
    data: Option<String>,
    error: Option<Word>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Imported {
    #[serde(alias = "ItemId")]
    item_id: String,
    #[serde(default, alias = "ChangeKey")]
    change_key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wanted<'a> {
    item_ids: &'a [String],
}

impl ItemStore {
    pub(super) fn new(mailbox: Mailbox, id: String) -> Self {
        ItemStore { mailbox, id }
    }

    pub(super) fn caller(&self) -> &Caller {
        self.mailbox.caller()
    }

    /// The mailbox whose items these are.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The mailbox's id, `MBX:…@…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let start = ["admin", "exchange", "mailboxes", self.id.as_str()];
        let path: Vec<&str> = start.into_iter().chain(segments.iter().copied()).collect();
        address(self.caller().service.root(), &path, query)
    }

    /// The items of a folder with their search keys and delivery times.
    pub fn items(&self, folder: &str) -> Pages<Item> {
        let page = limits::GRAPH_PAGE.to_string();
        let query = [("$select", Item::SELECT), ("$expand", EXPAND), ("$top", page.as_str())];
        let first = Request::get(self.url(&["folders", folder, "items"], &query), "items").paged(limits::GRAPH_PAGE);
        Pages::new(self.caller().clone(), first.reaching(Scope::Folder))
    }

    /// One item with its search key and delivery time.
    ///
    /// # Errors
    /// [`Code::ItemVanished`]: it is gone.
    pub async fn item(&self, folder: &str, item: &str) -> Result<Item> {
        let query = [("$select", Item::SELECT), ("$expand", EXPAND)];
        let request = Request::get(self.url(&["folders", folder, "items", item], &query), "an item");
        self.caller().json(&request.reaching(Scope::Message)).await
    }

    /// What changed in a folder since `since`; all of it without that. Search keys and delivery times do not come with changes:
    /// the service expands nothing there.
    ///
    /// # Errors
    /// `since` is no link of this service.
    pub fn changes(&self, folder: &str, since: Option<&DeltaLink>) -> Result<Changes<Item>> {
        let url = self.url(&["folders", folder, "items", "delta"], &[("$select", Item::SELECT)]);
        let first = Request::get(url, "changed items").paged(limits::GRAPH_PAGE).reaching(Scope::Folder);
        Changes::new(self.caller().clone(), first, since)
    }

    /// The streams of up to [`limits::GRAPH_BATCH`] items, in their order.
    ///
    /// # Errors
    /// The request as a whole failed.
    pub async fn export(&self, ids: &[String], store: &BodyStore) -> Result<Vec<Export>> {
        let payload = Payload::Json(body_of(&Wanted { item_ids: ids })?);
        let request = Request::post(self.url(&["exportItems"], &[]), payload, "an export").repeatable();
        let mut answer = self.caller().send(&request.reaching(Scope::Message)).await.map_err(Failure::into_error)?;
        let mut splicer = Splicer::new(store);
        while let Some(chunk) = answer.chunk().await? {
            splicer.write(&chunk).map_err(|cause| match cause.kind() {
                std::io::ErrorKind::InvalidData => answer.place.senseless(&cause.to_string()),
                _ => spool(cause),
            })?;
        }
        let Spliced { json, bodies } = splicer.finish();
        let told: Exports =
            serde_json::from_slice(&json).map_err(|_| answer.place.senseless("the answer is no export"))?;
        let mut told: Vec<Option<Exported>> = told.value.into_iter().map(Some).collect();
        let mut find =
            |id: &String| told.iter_mut().find(|one| one.as_ref().is_some_and(|one| one.item_id == *id))?.take();
        Ok(ids.iter().map(|id| self.exported(find(id), &bodies)).collect())
    }

    fn exported(&self, told: Option<Exported>, bodies: &[Body]) -> Export {
        let Some(Exported { change_key, data, error, .. }) = told else { return Export::Omitted };
        if let Some(error) = error {
            let refusal = Refusal { status: reqwest::StatusCode::OK, retry_after: None, told: Told::from(error) };
            let side = self.caller().service.side();
            let failure = refusal.failure(side, Scope::Message, Effect::Repeatable, "the export of an item".to_owned());
            return Export::Refused(failure.error);
        }
        match data.and_then(|number| bodies.get(number.parse::<usize>().ok()?).cloned()) {
            Some(stream) => Export::Item { change_key, stream },
            None => Export::Omitted,
        }
    }

    /// Leave to import into this mailbox for a while.
    ///
    /// # Errors
    /// The application has no leave for it.
    pub async fn import_session(&self) -> Result<ImportSession> {
        let url = self.url(&["createImportSession"], &[]);
        // A session that nobody uses costs nothing, so it may be asked for again.
        let request = Request::post(url, Payload::Nothing, "an import session").repeatable();
        let reply: ImportSessionReply = self.caller().json(&request).await?;
        Ok(reply.into())
    }

    /// Stores an item in `folder` from its `stream`.
    ///
    /// # Errors
    /// [`Disposition::InDoubt`] where the answer was lost or does not tell.
    pub async fn import(&self, session: &ImportSession, folder: &str, stream: Body) -> Result<Import> {
        let head = format!("{{\"FolderId\":{},\"Mode\":\"create\",\"Data\":\"", json!(folder));
        match self.caller().try_json::<Imported>(&self.upload(session, head, stream)?).await {
            Ok(Imported { item_id, change_key }) => Ok(Import::Done { item_id, change_key }),
            Err(failure) if is_over(&failure) => Ok(Import::SessionOver),
            Err(failure) => Err(failure.into_error()),
        }
    }

    /// Makes an item that is still in the version `change_key` what its new `stream` says.
    ///
    /// # Errors
    /// [`Code::ItemVanished`]: it is gone. [`Code::Identity`]: it is in another version. In doubt as [`ItemStore::import`].
    pub async fn update(
        &self,
        session: &ImportSession,
        folder: &str,
        (item, change_key): (&str, &str),
        stream: Body,
    ) -> Result<Import> {
        let (folder, item, change_key) = (json!(folder), json!(item), json!(change_key));
        let head = format!(
            "{{\"FolderId\":{folder},\"Mode\":\"update\",\"ItemId\":{item},\"ChangeKey\":{change_key},\"Data\":\""
        );
        match self.caller().try_json::<Imported>(&self.upload(session, head, stream)?).await {
            Ok(Imported { item_id, change_key }) => Ok(Import::Done { item_id, change_key }),
            Err(failure) if failure.says(&["ErrorIrresolvableConflict", "ErrorStaleObject"]) => {
                let side = self.caller().service.side();
                Err(Error::new(Code::Identity, side, Scope::Message, Disposition::GiveUp, "an item in another version"))
            }
            Err(failure) if is_over(&failure) => Ok(Import::SessionOver),
            Err(failure) => Err(failure.into_error()),
        }
    }

    /// The request that sends a `stream` behind a `head`.
    fn upload(&self, session: &ImportSession, head: String, stream: Body) -> Result<Request> {
        let wrong = || {
            let side = self.caller().service.side();
            let words = "an import session's address is no safe one";
            Error::new(Code::Protocol, side, Scope::Mailbox, Disposition::GiveUp, words)
        };
        let url = Url::parse(session.url.expose()).map_err(|_| wrong())?;
        if url.scheme() != "https" && !url.host_str().is_some_and(net::is_loopback) {
            return Err(wrong());
        }
        let upload = Upload::new(head, stream, "\"}");
        Ok(Request::post(url, Payload::Upload(upload), "an import").reaching(Scope::Message).without_bearer())
    }
}

/// Whether it is the session that is refused. A word may say more than the status: a full mailbox is told with 403 too (§4.9). 409 is what a
/// session of another mailbox is answered (§5.2).
fn is_over(failure: &Failure) -> bool {
    let refused = matches!(failure.error.code(), Code::Auth | Code::AuthAccess);
    refused || failure.status.is_some_and(|status| status.as_u16() == 409)
}

/// PR_SEARCH_KEY, the delivery time and the Message-ID come with every list.
const EXPAND: &str = "singleValueExtendedProperties($filter=id eq 'Binary 0x300B' or id eq 'SystemTime 0x0E06' or id eq 'String 0x1035')";

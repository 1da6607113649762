//! A person's mail: folders, messages, their bytes and their marks.

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::{
    Changes, Content, DeltaLink, ItemStore, MailFolder, Message, MessagePatch, Pages, Service, Usage, WellKnown,
    batch::{self, Part},
    page::Caller,
    refusal::Failure,
    request::{Request, address},
    resource::ExchangeSettings,
};
use crate::{
    body::{Body, BodyStore},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

/// The mailbox of one user; clones share its allowance, and whether its content comes.
#[derive(Clone, Debug)]
pub struct Mailbox {
    caller: Caller,
    user: String,
    content: Content,
}

impl Service {
    /// The mailbox of `user`: an id or a main address. An alias is not taken everywhere (microsoft365.md part III 5).
    pub fn mailbox(&self, user: impl Into<String>) -> Mailbox {
        let user = user.into();
        let caller = Caller { service: self.clone(), allowance: Some(self.allowance(&user)) };
        Mailbox { caller, user, content: Content::default() }
    }
}

impl Mailbox {
    /// Whose it is.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Whose side it is on.
    pub fn side(&self) -> Side {
        self.caller.service.side()
    }

    /// What was asked of it so far.
    pub fn usage(&self) -> Usage {
        self.caller.allowance.as_ref().map(super::Allowance::usage).unwrap_or_default()
    }

    /// Whether its content comes.
    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    pub(super) fn url(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let path: Vec<&str> = ["users", self.user.as_str()].into_iter().chain(segments.iter().copied()).collect();
        address(self.caller.service.root(), &path, query)
    }

    fn pages<T: DeserializeOwned>(&self, url: Url, what: &'static str, items: usize) -> Pages<T> {
        Pages::new(self.caller.clone(), Request::get(url, what).paged(items))
    }

    /// The top folders, hidden ones and search folders among them.
    pub fn folders(&self) -> Pages<MailFolder> {
        self.folder_pages(&["mailFolders"])
    }

    /// The folders that lie in `folder`.
    pub fn child_folders(&self, folder: &str) -> Pages<MailFolder> {
        self.folder_pages(&["mailFolders", folder, "childFolders"])
    }

    fn folder_pages(&self, segments: &[&str]) -> Pages<MailFolder> {
        let page = limits::GRAPH_FOLDER_PAGE.to_string();
        let query = [("includeHiddenFolders", "true"), ("$select", MailFolder::SELECT), ("$top", page.as_str())];
        self.pages(self.url(segments, &query), "mail folders", limits::GRAPH_FOLDER_PAGE)
    }

    /// Every folder with mail of its own, parents before children: without hidden ones, search folders and what lies in these.
    ///
    /// # Errors
    /// As [`Mailbox::every_folder`].
    pub async fn folder_tree(&self) -> Result<Vec<MailFolder>> {
        let mut tree = self.every_folder().await?;
        tree.retain(|folder| !folder.is_hidden && !folder.is_search());
        Ok(tree)
    }

    /// Every folder, parents before children. What lies in hidden ones and in search folders is left out.
    ///
    /// # Errors
    /// A list cannot be read, or there are more than [`limits::FOLDERS_MAX`].
    pub async fn every_folder(&self) -> Result<Vec<MailFolder>> {
        let mut tree: Vec<MailFolder> = Vec::new();
        let mut parents = 0;
        let mut level = Some(self.folders());
        while let Some(mut pages) = level {
            while let Some(page) = pages.next().await? {
                tree.extend(page);
                if tree.len() > limits::FOLDERS_MAX {
                    let words = format!("more than {} folders", limits::FOLDERS_MAX);
                    let side = self.caller.service.side();
                    return Err(Error::new(Code::FolderList, side, Scope::Mailbox, Disposition::GiveUp, words));
                }
            }
            level = None;
            while let Some(parent) = tree.get(parents).filter(|_| level.is_none()) {
                parents += 1;
                if parent.child_folder_count > 0 && !parent.is_hidden && !parent.is_search() {
                    level = Some(self.child_folders(&parent.id));
                }
            }
        }
        Ok(tree)
    }

    /// The ids of top folders that a transfer leaves out: hidden ones, search folders, and what search folders lie in.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn left_out(&self) -> Result<HashSet<String>> {
        let mut ids = HashSet::new();
        let mut top = self.folders();
        while let Some(page) = top.next().await? {
            ids.extend(
                page.into_iter().filter(|folder| folder.is_hidden || folder.is_search()).map(|folder| folder.id),
            );
        }
        ids.extend(self.well_known(WellKnown::SearchFolders).await?.map(|folder| folder.id));
        Ok(ids)
    }

    /// The folder with this id.
    ///
    /// # Errors
    /// [`Code::ItemVanished`], [`Code::FolderSelect`]: there is none.
    pub async fn folder(&self, id: &str) -> Result<MailFolder> {
        let url = self.url(&["mailFolders", id], &[("$select", MailFolder::SELECT)]);
        self.caller.json(&Request::get(url, "a folder").reaching(Scope::Folder)).await
    }

    /// The folder that is called so in every language; `None`: this mailbox has none.
    ///
    /// # Errors
    /// The mailbox cannot be reached.
    pub async fn well_known(&self, folder: WellKnown) -> Result<Option<MailFolder>> {
        let url = self.url(&["mailFolders", folder.name()], &[("$select", MailFolder::SELECT)]);
        match self.caller.try_json(&Request::get(url, "a well-known folder").reaching(Scope::Folder)).await {
            Err(failure) if failure.says(&["ErrorItemNotFound", "ErrorFolderNotFound"]) => Ok(None),
            outcome => outcome.map(Some).map_err(Failure::into_error),
        }
    }

    /// The messages of a folder, in the service's order.
    pub fn messages(&self, folder: &str) -> Pages<Message> {
        let page = limits::GRAPH_PAGE.to_string();
        let url = self.url(&["mailFolders", folder, "messages"], &[("$select", Message::SELECT), ("$top", &page)]);
        self.pages(url, "messages", limits::GRAPH_PAGE)
    }

    /// The message with this id; `None`: it is gone.
    ///
    /// # Errors
    /// The mailbox cannot be reached.
    pub async fn message(&self, id: &str) -> Result<Option<Message>> {
        let url = self.url(&["messages", id], &[("$select", Message::SELECT)]);
        match self.caller.try_json(&Request::get(url, "a message").reaching(Scope::Message)).await {
            Err(failure) if failure.says(&["ErrorItemNotFound"]) => Ok(None),
            outcome => outcome.map(Some).map_err(Failure::into_error),
        }
    }

    /// What changed in a folder since `since`; all of it without that.
    ///
    /// # Errors
    /// `since` is no link of this service.
    pub fn changes(&self, folder: &str, since: Option<&DeltaLink>) -> Result<Changes<Message>> {
        let url = self.url(&["mailFolders", folder, "messages", "delta"], &[("$select", Message::SELECT)]);
        let first = Request::get(url, "changed messages").paged(limits::GRAPH_PAGE).reaching(Scope::Folder);
        Changes::new(self.caller.clone(), first, since)
    }

    /// The messages with this Message-ID, wherever they lie.
    ///
    /// # Errors
    /// The mailbox cannot be reached, or there are more than [`limits::GRAPH_PAGE`].
    pub async fn find(&self, message_id: &str) -> Result<Vec<Message>> {
        self.named(&["messages"], message_id).await
    }

    /// The messages with this Message-ID that lie in a folder.
    ///
    /// # Errors
    /// As [`Mailbox::find`].
    pub async fn find_in(&self, folder: &str, message_id: &str) -> Result<Vec<Message>> {
        self.named(&["mailFolders", folder, "messages"], message_id).await
    }

    /// The messages of a folder that were received within this second (Unix time).
    ///
    /// # Errors
    /// As [`Mailbox::find`].
    pub async fn received_at(&self, folder: &str, second: i64) -> Result<Vec<Message>> {
        let moment =
            |unix| DateTime::from_timestamp(unix, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true);
        let filter = format!(
            "receivedDateTime ge {} and receivedDateTime lt {}",
            moment(second),
            moment(second.saturating_add(1))
        );
        let url = self.url(&["mailFolders", folder, "messages"], &[("$filter", &filter), ("$select", Message::SELECT)]);
        self.pages(url, "messages of one second", limits::GRAPH_PAGE).all(limits::GRAPH_PAGE).await
    }

    async fn named(&self, messages: &[&str], message_id: &str) -> Result<Vec<Message>> {
        // A quote in an OData literal is written twice.
        let filter = format!("internetMessageId eq '{}'", message_id.replace('\'', "''"));
        let url = self.url(messages, &[("$filter", &filter), ("$select", Message::SELECT)]);
        self.pages(url, "messages of one Message-ID", limits::GRAPH_PAGE).all(limits::GRAPH_PAGE).await
    }

    /// A message as RFC 5322 text (§4.2, `$value`), into `store` as it arrives.
    ///
    /// # Errors
    /// [`Code::ItemVanished`]: it is gone. [`Code::ItemFetch`]: the service cannot render it.
    pub async fn value(&self, message: &str, store: &BodyStore) -> Result<Body> {
        let url = self.url(&["messages", message, "$value"], &[]);
        let request = Request::get(url, "a message's bytes").reaching(Scope::Message);
        self.caller.send(&request).await.map_err(Failure::into_error)?.body(store).await
    }

    /// Sets marks of a message.
    ///
    /// # Errors
    /// [`Code::ItemVanished`]: it is gone.
    pub async fn update(&self, message: &str, patch: &MessagePatch) -> Result<()> {
        let request = Request::patch(self.url(&["messages", message], &[]), json(patch)?, "a message's marks");
        self.caller.send(&request.reaching(Scope::Message)).await.map_err(Failure::into_error)?.ignore().await
    }

    /// Sets marks of many messages; the outcomes are in their order.
    ///
    /// # Errors
    /// A batch as a whole failed: what it held may be sent again.
    pub async fn update_all(&self, patches: &[(String, MessagePatch)]) -> Result<Vec<Result<()>>> {
        let mut outcomes = Vec::with_capacity(patches.len());
        for some in patches.chunks(limits::GRAPH_BATCH) {
            let part = |(message, patch): &(String, MessagePatch)| {
                let url = self.url(&["messages", message], &[]);
                let body = serde_json::to_value(patch).map_err(|e| Error::bug("no JSON").with_source(e))?;
                Ok(Part::patch(&url, body))
            };
            let parts = some.iter().map(part).collect::<Result<Vec<_>>>()?;
            let replies = batch::send(&self.caller, parts).await?;
            outcomes.extend(replies.into_iter().map(|reply| reply.map(|_| ()).map_err(Failure::into_error)));
        }
        Ok(outcomes)
    }

    /// The same mailbox as a store of items of every class.
    ///
    /// # Errors
    /// There is no such mailbox, or the application has no leave for it.
    pub async fn items(&self) -> Result<ItemStore> {
        let url = self.url(&["settings", "exchange"], &[("$select", ExchangeSettings::SELECT)]);
        let settings: ExchangeSettings = self.caller.json(&Request::get(url, "the mailbox's id")).await?;
        Ok(ItemStore::new(self.clone(), settings.primary_mailbox_id))
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        select: &str,
        what: &'static str,
    ) -> Result<T, Failure> {
        self.caller.try_json(&Request::get(self.url(segments, &[("$select", select)]), what)).await
    }
}

/// `value` as the body of a request.
pub(super) fn json(value: &impl Serialize) -> Result<bytes::Bytes> {
    let json = serde_json::to_vec(value).map_err(|cause| Error::bug("no JSON").with_source(cause))?;
    Ok(json.into())
}

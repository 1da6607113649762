//! What is changed of things that lie in a mailbox: mail moved and removed, folders renamed.
//!
//! Only mail: Graph moves and removes items of other classes by interfaces of their own, if at all, and an event that is removed there is
//! cancelled before everybody who was invited.

use serde_json::json;

use super::{
    ItemFolder, ItemStore, Mailbox, Message,
    mailbox::json as body_of,
    refusal::Failure,
    request::{Payload, Request},
};
use crate::error::{Result, Scope};

impl Mailbox {
    /// Moves a message to another folder; its immutable id stays.
    ///
    /// # Errors
    /// [`crate::error::Code::ItemVanished`]: there is no such message. In doubt where the answer was lost.
    pub async fn move_to(&self, message: &str, folder: &str) -> Result<Message> {
        let url = self.url(&["messages", message, "move"], &[]);
        let payload = Payload::Json(body_of(&json!({ "destinationId": folder }))?);
        let request = Request::post(url, payload, "a move").reaching(Scope::Message);
        self.caller().json(&request).await
    }

    /// Removes a message, as its user does: it can be recovered for a while. One that is not there is removed.
    ///
    /// # Errors
    /// The mailbox cannot be reached.
    pub async fn remove(&self, message: &str) -> Result<()> {
        let request = Request::delete(self.url(&["messages", message], &[]), "a removal").reaching(Scope::Message);
        match self.caller().send(&request).await {
            Ok(answer) => answer.ignore().await,
            Err(failure) if failure.says(&["ErrorItemNotFound"]) => Ok(()),
            Err(failure) => Err(failure.into_error()),
        }
    }
}

impl ItemStore {
    /// Gives a folder another name where it is.
    ///
    /// # Errors
    /// The name is taken, or the folder may not be renamed (scope folder).
    pub async fn rename_folder(&self, folder: &str, name: &str) -> Result<ItemFolder> {
        let json = body_of(&json!({ "displayName": name }))?;
        let request = Request::patch(self.url(&["folders", folder], &[]), json, "a folder's name");
        self.caller().try_json(&request.reaching(Scope::Folder)).await.map_err(Failure::into_error)
    }
}

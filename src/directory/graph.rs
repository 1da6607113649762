//! A tenant's directory by Microsoft Graph.
//!
//! The surest test of a mailbox is to open its inbox (microsoft365.md §4.11); the directory's entry says why one is not there. Needs
//! `User.Read.All`, `MailboxSettings.Read` and `Mail.Read`.

use async_trait::async_trait;

use super::{Directory, Entry, Verdict};
use crate::{
    error::Result,
    graph::{Mailbox, MailboxPurpose, Service, Standing, User},
};

/// Looks addresses up in a tenant.
#[derive(Clone, Debug)]
pub struct GraphDirectory {
    service: Service,
}

impl GraphDirectory {
    /// The directory of `service`'s tenant.
    pub fn new(service: Service) -> Self {
        GraphDirectory { service }
    }

    /// The entry of a name that signs in, or else the one that has the address.
    async fn find(&self, address: &str) -> Result<Option<User>> {
        if let Some(user) = self.service.user(address).await? {
            return Ok(Some(user));
        }
        Ok(self.service.users_with(address).await?.into_iter().next())
    }
}

#[async_trait]
impl Directory for GraphDirectory {
    async fn look_up(&self, address: &str) -> Result<Entry> {
        let entry =
            Entry { address: address.to_owned(), verdict: Verdict::Missing, primary: None, sign_in: None, items: None };
        let Some(user) = self.find(address).await? else { return Ok(entry) };
        let mailbox = self.service.mailbox(user.id.clone());
        let verdict = match mailbox.standing().await? {
            Standing::Reachable(_) => of_mailbox(&mailbox, &user, address).await?,
            Standing::Denied => Verdict::Denied,
            Standing::None => of_absence(&mailbox, &user).await?,
        };
        let items = if verdict.is_ready() { Some(count(&mailbox).await?) } else { None };
        let primary = Some(user.primary().to_owned()).filter(|main| !main.eq_ignore_ascii_case(address));
        Ok(Entry { verdict, primary, sign_in: user.account_enabled, items, ..entry })
    }
}

/// The verdict on a mailbox that can be opened.
async fn of_mailbox(mailbox: &Mailbox, user: &User, address: &str) -> Result<Verdict> {
    let purpose = mailbox.settings().await?.map(|settings| settings.user_purpose);
    let is_alias =
        !user.primary().eq_ignore_ascii_case(address) && !user.user_principal_name.eq_ignore_ascii_case(address);
    Ok(match purpose {
        _ if is_alias => Verdict::Alias,
        Some(MailboxPurpose::Shared) => Verdict::Shared,
        Some(MailboxPurpose::Room | MailboxPurpose::Equipment) => Verdict::Room,
        _ if user.account_enabled == Some(false) => Verdict::Blocked,
        _ => Verdict::User,
    })
}

/// Why there is no mailbox.
async fn of_absence(mailbox: &Mailbox, user: &User) -> Result<Verdict> {
    if user.is_guest() {
        return Ok(Verdict::Guest);
    }
    if user.on_premises_sync_enabled == Some(true) {
        return Ok(Verdict::OnPremises);
    }
    // A licence and no mailbox: deleted, or not there yet.
    let licensed = mailbox.licenses().await?.iter().any(|licence| licence.has_mailbox());
    Ok(if licensed { Verdict::OnPremises } else { Verdict::Unlicensed })
}

async fn count(mailbox: &Mailbox) -> Result<u64> {
    Ok(mailbox.folder_tree().await?.iter().map(|folder| folder.total_item_count).sum())
}

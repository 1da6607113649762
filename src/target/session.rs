//! The two ports of a signed-in connection: [`TargetSession`], which never removes, and [`TargetEditor`], which moves, renames and removes.
//!
//! An outcome that a session does not know stays unknown: it returns an error, and whoever called asks the target before anything
//! is sent again.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    AppendItem, AppendResult, Appended, Evidence, Fault, Find, FolderStatus, Found, NewFolder, Refusal, Renewed,
    Sighting, TargetCapabilities, TargetFolder,
};
use crate::{
    body::Body,
    error::{Code, Error, Result},
    model::{FlagChange, FolderName, FolderPath, Mark, Reason, TargetUid},
};

/// One connection to a target, signed in.
#[async_trait]
pub trait TargetSession: Send {
    /// What it is able to do.
    fn capabilities(&self) -> &TargetCapabilities;

    /// The folders of the mailbox.
    async fn folders(&mut self) -> Result<Vec<TargetFolder>>;

    /// The folders of these paths, created (and subscribed) where they are missing; idempotent. Returns the name on the wire
    /// of each, or why that one cannot be ([`crate::error::Code::FolderName`], scope folder). One batch of round trips.
    ///
    /// # Errors
    /// The session is lost.
    async fn ensure_folders(&mut self, folders: &[NewFolder]) -> Result<Vec<Result<FolderName>>>;

    /// The folder's counters now. Asking makes the server look, so that arrivals from elsewhere show.
    async fn status(&mut self, folder: &FolderName) -> Result<FolderStatus>;

    /// The counters of many folders in few round trips; a folder that does not answer is `None`.
    async fn statuses(&mut self, folders: &[FolderName]) -> Result<Vec<Option<FolderStatus>>>;

    /// The state of the folder before an append: any lower bound will do.
    async fn mark(&mut self, folder: &FolderName) -> Result<Mark> {
        Ok(self.status(folder).await?.mark())
    }

    /// Appends groups as they come, pipelined, until `groups` closes; tells every outcome it knows.
    ///
    /// A group's intents are durable before it is sent here. It may go as one MULTIAPPEND.
    ///
    /// # Errors
    /// The session is lost; [`crate::error::Disposition::RetryAfter`] with a time when throttled, whether or not the session was lost
    /// by it. What is certainly not stored is told before as [`AppendResult::NotSent`]; rows without an outcome are in doubt, and so are
    /// those that are [`AppendResult::Unanswered`].
    async fn append(
        &mut self,
        folder: &FolderName,
        groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()>;

    /// Appends messages as mail, where whole items go and the target did not take these: as [`TargetSession::append`], but the place of
    /// what is stored is told by a later look alone.
    ///
    /// # Errors
    /// As [`TargetSession::append`].
    async fn append_as_mail(
        &mut self,
        _folder: &FolderName,
        mut groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()> {
        let reason =
            Reason { code: Code::ItemRefused, words: "the target takes no mail beside whole items".to_owned() };
        while let Some(group) = groups.recv().await {
            for item in group {
                let what = AppendResult::Refused(Refusal { fault: Fault::Unknown, reason: reason.clone() });
                outcomes.send(Appended { row: item.row, what }).await.map_err(|_| Error::canceled())?;
            }
        }
        Ok(())
    }

    /// Applies differences of flags, pipelined, to UIDs under `validity`. Messages that are gone are passed over; returns the UIDs that were
    /// there.
    ///
    /// # Errors
    /// [`crate::error::Code::Identity`] where the folder has another UIDVALIDITY by now: the UIDs would be strangers'.
    async fn set_flags(
        &mut self,
        folder: &FolderName,
        validity: u32,
        changes: Vec<(u32, FlagChange)>,
    ) -> Result<Vec<u32>>;

    /// Copies messages to another folder at the target itself, with their dates and their flags but `\Deleted` (COPY, RFC 3501 §6.4.7);
    /// at most [`crate::limits::FETCH_CHUNK`], all or none. Returns those that were there, with their new places where the target tells (COPYUID).
    ///
    /// # Errors
    /// Scope folder: refused, none was copied ([`crate::error::Code::Identity`] where `from` has another UIDVALIDITY by now). Any other: in
    /// doubt.
    async fn duplicate(
        &mut self,
        from: &FolderName,
        validity: u32,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>>;

    /// Finds messages, in ascending UID order, a page at a time. Returns the folder's counters from before.
    async fn find(
        &mut self,
        folder: &FolderName,
        which: Find,
        evidence: Evidence,
        pages: mpsc::Sender<Vec<Found>>,
    ) -> Result<FolderStatus>;

    /// Finds messages in several folders as [`TargetSession::find`] does in one, in few round trips where the server allows. Each
    /// place is told to its end or to be unreadable; one that needs a second look comes after the others.
    ///
    /// # Errors
    /// The session is lost; places that were not told to the end were not read.
    async fn find_each(
        &mut self,
        wanted: Vec<(FolderName, Find)>,
        evidence: Evidence,
        told: mpsc::Sender<Sighting>,
    ) -> Result<()>;

    /// Makes items under `validity` what their new contents say, where they are as they were left here; the outcomes are in their order.
    ///
    /// # Errors
    /// The session is lost; what was renewed is renewed again then, to the same.
    async fn renew(&mut self, _folder: &FolderName, _validity: u32, items: Vec<(u32, Body)>) -> Result<Vec<Renewed>> {
        Ok(items.iter().map(|_| Renewed::Unable).collect())
    }

    /// The editor of this session; it refuses what the server cannot do safely.
    fn editor(&mut self) -> &mut dyn TargetEditor;

    /// Ends the session politely; errors do not matter any more.
    async fn close(self: Box<Self>);
}

/// Moves, renames and removes. Only UIDs that this ledger appended and finds unchanged are ever given to it.
#[async_trait]
pub trait TargetEditor: Send {
    /// Moves messages; returns old and new UIDs where the target tells (COPYUID).
    async fn move_messages(
        &mut self,
        from: &FolderName,
        uids: Vec<u32>,
        to: &FolderName,
    ) -> Result<Vec<(u32, Option<TargetUid>)>>;

    /// Renames a folder.
    async fn rename_folder(&mut self, from: &FolderName, to: &FolderPath) -> Result<FolderName>;

    /// Which of these it would remove: those that are as they were left, of a kind that the target removes.
    async fn removable(&mut self, _folder: &FolderName, uids: Vec<u32>) -> Result<Vec<u32>> {
        Ok(uids)
    }

    /// Removes messages by UID EXPUNGE. Without UIDPLUS it marks them `\Deleted` and returns `false`.
    async fn remove(&mut self, folder: &FolderName, uids: Vec<u32>) -> Result<bool>;
}

//! Items that go as mail, because the source does not give them or the target does not take them whole.
//!
//! Such an item arrives as another one: nothing of the row's own evidence is in it. So its intent carries in its mark what it will be
//! recognised by ([`mail_evidence`]), and one that nothing would recognise is not sent. Before it is, what lies in the folder and answers for
//! no row is asked: a ledger that was lost, or is yesterday's, does not know that it went there as mail.

use super::{
    Rung,
    flight::Refused,
    ladder::Fitted,
    stage::{Ready, Stager},
};
use crate::{
    body::Body,
    error::{Code, Result, Scope},
    ledger::{Row, Settlement},
    mailbox::items::mail_evidence,
    mime,
    model::{Flags, Reason, RowState, TargetUid},
    target::{Fault, Refusal},
};

/// What the report says of it.
const LOST: &str = "sent as mail, for it did not go whole: its categories, its follow-up dates and what else only Outlook keeps are not with it";

impl Stager<'_> {
    /// An item's text, made ready; `None` if it ends here.
    ///
    /// # Errors
    /// The spool or the ledger failed.
    pub(super) async fn as_mail(&self, row: Row, rung: Rung, text: Body, flags: Flags) -> Result<Option<Ready>> {
        let fitted = match self.fit(text, rung).await {
            Ok(fitted) => fitted,
            Err(error) if error.scope() == Scope::Message => {
                return Ok(self.not_as_mail(row, rung, error.code(), error.subject()));
            }
            Err(error) => return Err(error),
        };
        let Fitted { body, hash, head, repairs, .. } = fitted;
        let message_id = mime::message_id(&Body::from_bytes(head.clone())).ok().flatten();
        let received_at = row.received_at.or_else(|| mime::received_at(&head));
        let Some((message_id, at)) = message_id.zip(received_at) else {
            let words = "it has no Message-ID or no date, so that nobody could tell whether it arrived";
            return Ok(self.not_as_mail(row, rung, Code::ItemRefused, words));
        };
        let evidence = mail_evidence(&message_id, at);
        if let Some(there) = self.flight.recognise(evidence) {
            let mut known = Settlement::new(row.id, RowState::Listed, RowState::AlreadyPresent);
            let validity = self.flight.status().validity;
            known.target = u32::try_from(there.id).ok().map(|uid| TargetUid { validity, uid });
            known.target_folder = Some(self.job.folder.clone());
            (known.fingerprint, known.body_hash) = (Some(there.fingerprint), Some(hash));
            self.run.ledger.settle(self.run.lease, vec![known]).await?;
            return Ok(None);
        }
        let fingerprint = row.fingerprint.unwrap_or(evidence);
        let repairs = if repairs.is_empty() { LOST.to_owned() } else { format!("{LOST}; {repairs}") };
        let evidence = Some(evidence);
        Ok(Some(Ready { row, rung, body, evidence, hash, fingerprint, received_at, flags, repairs }))
    }

    fn not_as_mail(&self, row: Row, rung: Rung, code: Code, words: &str) -> Option<Ready> {
        let reason = Reason { code, words: words.to_owned() };
        self.flight.refuse(Refused { row, rung, refusal: Refusal { fault: Fault::Unknown, reason } });
        None
    }
}

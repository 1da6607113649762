//! What a target is able to do, and a test message that proves it: appended, read back, removed.

use tokio::sync::mpsc;

use crate::{
    body::Body,
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    mime,
    model::{Flags, FolderName, ReceivedAt, TargetUid},
    project::words,
    target::{AppendItem, AppendResult, Evidence, Find, Found, TargetCapabilities, TargetSession},
};

/// A target's abilities in one line.
pub(super) fn abilities(target: &TargetCapabilities) -> String {
    let mut line = format!("server: {}", target.profile);
    line.push_str(if target.keeps_bytes { "; keeps bytes" } else { "; renders mail anew, verified by fields" });
    if !target.keeps_keywords {
        line.push_str("; keeps no keywords");
    }
    if let Some(limit) = target.max_size {
        line.push_str(&format!("; messages up to {}", words::bytes(limit)));
    }
    if let Some(free) = target.quota_free {
        line.push_str(&format!("; {} free", words::bytes(free)));
    }
    line
}

/// Appends a test message to the inbox, reads it back and removes it.
///
/// # Errors
/// One of the three does not work.
pub(super) async fn write(target: &mut dyn TargetSession) -> Result<String> {
    let inbox = FolderName::inbox();
    // Found by its own Message-ID where the target tells no UID: the newest message may be somebody's mail.
    let id = format!("<{}.{}.{:016x}@mailhaul.invalid>", clock::unix_now(), std::process::id(), fastrand::u64(..));
    let body = message(&id);
    let sent = body.hash().map_err(|error| failed("the test message").with_source(error))?;
    let which = match append(target, &inbox, body).await? {
        Some(place) => Find::Uids(vec![place.uid]),
        None => Find::MessageIds(vec![id]),
    };
    let found = find(target, &inbox, which)
        .await?
        .ok_or_else(|| failed("the test message was accepted but cannot be found"))?;
    if target.capabilities().keeps_bytes && found.body_hash != Some(sent) {
        return Err(failed("the test message came back with other bytes"));
    }
    match target.editor().remove(&inbox, vec![found.at.uid]).await? {
        true => Ok("test message appended, read back and removed".to_owned()),
        false => Ok("test message appended and read back; this server can only mark it as deleted: remove it by hand"
            .to_owned()),
    }
}

fn message(id: &str) -> Body {
    let text = format!(
        "From: mailhaul <mailhaul@localhost>\r\nTo: mailhaul <mailhaul@localhost>\r\nSubject: mailhaul test message\r\n\
         Message-ID: {id}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         This message tests a connection and can be removed.\r\n"
    );
    Body::from_bytes(text.into_bytes())
}

async fn append(target: &mut dyn TargetSession, inbox: &FolderName, body: Body) -> Result<Option<TargetUid>> {
    let received_at = Some(ReceivedAt { unix: clock::unix_now(), offset: 0 });
    let fingerprint = mime::fingerprint_body(&body).map_err(|cause| Error::bug("a test message").with_source(cause))?;
    let flags = Flags::from_names(["\\Seen"]);
    let item = AppendItem { row: 0, body, fingerprint, flags, received_at, suspect: false };
    let (groups, waiting) = mpsc::channel(1);
    let (tell, mut outcomes) = mpsc::channel(1);
    let send = async move {
        // The receiver only goes away with an error, which the append tells.
        let _ = groups.send(vec![item]).await;
    };
    let (appended, (), outcome) = tokio::join!(target.append(inbox, waiting, tell), send, outcomes.recv());
    appended?;
    match outcome.map(|outcome| outcome.what) {
        Some(AppendResult::Stored(place)) => Ok(place),
        Some(AppendResult::Refused(refusal)) => {
            let subject = "the test message was refused";
            let error = Error::new(refusal.reason.code, Side::Target, Scope::Mailbox, Disposition::GiveUp, subject);
            Err(error.with_reply(refusal.reason.words))
        }
        Some(AppendResult::Unanswered(_)) => Err(failed("the test message was sent and not answered")),
        Some(AppendResult::NotSent) | None => Err(failed("the test message was not sent")),
    }
}

/// The message of `which`, with its body.
async fn find(target: &mut dyn TargetSession, inbox: &FolderName, which: Find) -> Result<Option<Found>> {
    let (pages, mut found) = mpsc::channel::<Vec<Found>>(1);
    let last = async {
        let mut last = None;
        while let Some(page) = found.recv().await {
            last = page.into_iter().next_back().or(last);
        }
        last
    };
    let (status, last) = tokio::join!(target.find(inbox, which, Evidence::Body, pages), last);
    status?;
    Ok(last)
}

fn failed(what: &str) -> Error {
    Error::new(Code::Server, Side::Target, Scope::Mailbox, Disposition::GiveUp, what)
}

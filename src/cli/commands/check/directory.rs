//! What the directory says about a mailbox at Microsoft or at Zimbra: a step of its own, for it tells what a refused log-in cannot.

use serde_json::json;

use super::steps::Steps;
use crate::{
    clock,
    directory::{Directory, Entry, GraphDirectory, Verdict},
    error::{Code, Disposition, Error, Scope, Side},
    project::{pairs::Mailbox, words},
    zimbra,
};

/// Looks the account up, where an administrator reads Zimbra's mailboxes.
pub(super) async fn account(steps: &mut Steps<'_>, mailbox: &Mailbox) {
    let Some((service, admin)) = mailbox.login.zimbra.as_ref().and_then(|opened| opened.directory.as_ref()) else {
        return;
    };
    let asked = zimbra::account(service, admin, &mailbox.login.user);
    let Some(account) = steps.timed("source account", asked).await else { return };
    steps.found(format!("{}, {}", account.name, account.status));
    if !account.is_readable() {
        steps.found("nobody can read an account in maintenance, not even an administrator".to_owned());
    }
    account.size.into_iter().for_each(|size| steps.found(words::bytes(size)));
    if !account.aliases.is_empty() {
        steps.found(format!("also {}", account.aliases.join(", ")));
    }
    steps.account(
        json!({ "address": account.name, "status": account.status, "bytes": account.size, "aliases": account.aliases,
        "server": account.host }),
    );
}

/// Looks the mailbox up, where there is a directory for it. One that cannot be asked is no fault: mail goes by IMAP without it.
pub(super) async fn look_up(steps: &mut Steps<'_>, mailbox: &Mailbox, side: Side) {
    let Some(service) = mailbox.login.graph.clone().filter(|_| mailbox.endpoint.knows_its_graph()) else { return };
    let name = if side == Side::Source { "source mailbox" } else { "target mailbox" };
    let begun = clock::instant();
    let looked = GraphDirectory::new(service).look_up(&mailbox.login.user).await;
    let took = clock::instant() - begun;
    match looked {
        Ok(entry) => {
            steps.add(name, took, found(&entry), fault(&entry, side));
            steps.verdict(entry.verdict.word());
        }
        Err(error) => steps.add(name, took, vec![format!("the directory cannot be asked: {error}")], None),
    }
}

fn found(entry: &Entry) -> Vec<String> {
    let mut found = vec![entry.verdict.problem().to_owned()];
    found.extend(entry.primary.as_ref().map(|primary| format!("main address {primary}")));
    found.extend(entry.items.map(words::messages));
    found
}

/// The error of a mailbox that cannot be copied to or from as things are.
fn fault(entry: &Entry, side: Side) -> Option<Error> {
    let code = match entry.verdict {
        verdict if verdict.is_ready() => return None,
        Verdict::Missing => Code::NotFound,
        _ => Code::AuthAccess,
    };
    let subject = format!("{}: {}", entry.address, entry.verdict.next_step());
    Some(Error::new(code, side, Scope::Mailbox, Disposition::NeedsPerson, subject))
}

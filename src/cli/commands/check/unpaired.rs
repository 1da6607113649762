//! Accounts of Zimbra that are in no pair: whoever was forgotten is found before the old server is switched off.
//!
//! Asked for the domains of the pairs alone, for a hosting server has thousands that are nobody's business here.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use serde_json::json;

use super::steps::Steps;
use crate::{
    clock, limits,
    project::{
        pairs::{Mailbox, MailboxPair},
        words,
    },
    zimbra::{self, Account, Admin, Service},
};

/// Tells, for each endpoint that an administrator opens, which accounts `everyone` leaves out.
pub(super) async fn tell(steps: &mut Steps<'_>, everyone: &[MailboxPair], chosen: impl Iterator<Item = &Mailbox>) {
    let mut asked = HashSet::new();
    for mailbox in chosen {
        let Some((service, admin)) = mailbox.login.zimbra.as_ref().and_then(|opened| opened.directory.as_ref()) else {
            continue;
        };
        let endpoint = &mailbox.endpoint.name;
        if !asked.insert(endpoint) {
            continue;
        }
        let users = everyone.iter().map(|pair| &pair.source).filter(|source| source.endpoint.name == *endpoint);
        let users: BTreeSet<String> = users.map(|source| source.login.user.to_lowercase()).collect();
        steps.place(format!("{endpoint}: accounts in no pair"));
        look(steps, service, admin, &users).await;
    }
}

/// One that may read mail need not be allowed to search: that is no fault.
async fn look(steps: &mut Steps<'_>, service: &Service, admin: &Admin, users: &BTreeSet<String>) {
    let domains: BTreeSet<&str> = users.iter().filter_map(|user| Some(user.rsplit_once('@')?.1)).collect();
    if domains.is_empty() {
        let words = "its accounts are not compared: no user is written with a domain to search".to_owned();
        return steps.add("directory", Duration::ZERO, vec![words], None);
    }
    let begun = clock::instant();
    let (mut all, mut left) = (0, Vec::new());
    for domain in domains {
        match zimbra::accounts(service, admin, Some(domain)).await {
            Ok(accounts) => {
                let people = accounts.into_iter().filter(|account| !account.is_system);
                let people = people.inspect(|_| all += 1).filter(|account| is_left(account, users));
                left.extend(people.take(limits::PAIRS_MAX - left.len().min(limits::PAIRS_MAX)));
            }
            Err(error) => {
                let took = clock::instant() - begun;
                return steps.add("directory", took, vec![format!("the directory cannot be searched: {error}")], None);
            }
        }
    }
    steps.add("directory", clock::instant() - begun, vec![found(all, &left)], None);
    steps.unpaired(left.iter().map(told).collect());
}

/// Whether no pair reads it, by whichever of its addresses; a user may be written without the domain.
fn is_left(account: &Account, users: &BTreeSet<String>) -> bool {
    let mut names = std::iter::once(&account.name).chain(&account.aliases).map(|name| name.to_lowercase());
    !names.any(|name| users.contains(&name) || name.split('@').next().is_some_and(|bare| users.contains(bare)))
}

fn told(account: &Account) -> serde_json::Value {
    json!({ "address": account.name, "status": account.status, "bytes": account.size })
}

/// How many, and the first few by name.
fn found(all: usize, left: &[Account]) -> String {
    let all = words::count(all as u64);
    if left.is_empty() {
        return format!("every account of the pairs' domains is in a pair ({all})");
    }
    let named = left.iter().take(limits::CHECK_ACCOUNTS).map(|account| {
        let size = account.size.map(|size| format!(", {}", words::bytes(size))).unwrap_or_default();
        format!("{} ({}{size})", account.name, account.status)
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let more = match left.len().saturating_sub(limits::CHECK_ACCOUNTS) {
        0 => String::new(),
        more => format!(" and {} more (--json names all)", words::count(more as u64)),
    };
    format!("{} of {all} accounts are in no pair: {named}{more}", words::count(left.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, alias: &str) -> Account {
        Account {
            name: name.to_owned(),
            id: name.to_owned(),
            status: "active".to_owned(),
            aliases: vec![alias.to_owned()],
            host: None,
            size: Some(2_000),
            is_system: false,
        }
    }

    #[test]
    fn an_account_is_known_by_any_of_its_addresses() {
        let users = BTreeSet::from(["a.nn@old.example".to_owned()]);
        assert!(!is_left(&account("Ann@old.example", "A.nn@old.example"), &users));
        assert!(is_left(&account("bob@old.example", "b@old.example"), &users));
        assert!(!is_left(&account("bob@old.example", "b@old.example"), &BTreeSet::from(["bob".to_owned()])));
    }

    #[test]
    fn the_first_few_are_named_and_the_others_counted() {
        let left: Vec<Account> = (0..12).map(|n| account(&format!("u{n:02}@x"), "")).collect();
        assert_eq!(found(12, &left[..1]), "1 of 12 accounts are in no pair: u00@x (active, 2.0 kB)");
        assert!(
            found(12, &left).ends_with("u04@x (active, 2.0 kB) and 7 more (--json names all)"),
            "{}",
            found(12, &left)
        );
        assert_eq!(found(12, &[]), "every account of the pairs' domains is in a pair (12)");
    }
}

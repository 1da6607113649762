//! Sign-ins of all kinds, and what an administrator is told of accounts (zimbra.md §1 and §2).

use ring::hmac;
use serde_json::{Value, json};

use super::{
    envelope::{Asked, Problem, text_of},
    person::{Person, Status},
    server::Inside,
};
use crate::clock;

/// How far a proof's time may be off (milliseconds).
const CLOCKS: u64 = 5 * 60 * 1000;

fn refused(account: &str) -> Problem {
    Problem::new("account.AUTH_FAILED", format!("authentication failed for [{account}]"))
}

/// A user signs in, with a password or a proof; the token is told, and set as a cookie by the caller.
pub(super) fn sign_in(inside: &mut Inside, asked: &Asked) -> Result<Value, Problem> {
    let name = asked.text("/account").ok_or_else(|| Problem::new("service.INVALID_REQUEST", "must specify account"))?;
    let person = inside.person(&name).cloned().ok_or_else(|| refused(&name))?;
    if let Some(proof) = asked.content.get("preauth") {
        let time = proof.get("timestamp").and_then(text_of).unwrap_or_default();
        if person.status != Status::Active || !is_proven(inside, &name, &time, &text_of(proof).unwrap_or_default()) {
            return Err(refused(&name));
        }
        return Ok(granted(inside, &person));
    }
    let password = asked.text("/password").unwrap_or_default();
    if person.status == Status::Maintenance {
        return Err(Problem::new("account.MAINTENANCE_MODE", "account is in maintenance mode"));
    }
    if person.status != Status::Active || password != person.password {
        return Err(refused(&name));
    }
    if person.two_factors {
        let token = inside.tokens.restrict(&person.id);
        return Ok(json!({ "_jsns": "urn:zimbraAccount", "authToken": [{ "_content": token }], "lifetime": 3_600_000,
            "twoFactorAuthRequired": { "_content": "true" }, "trustedDevicesEnabled": { "_content": "true" } }));
    }
    Ok(granted(inside, &person))
}

fn granted(inside: &mut Inside, person: &Person) -> Value {
    let life = inside.settings.token_life;
    let token = inside.tokens.grant(&person.id, false, None, life);
    json!({ "_jsns": "urn:zimbraAccount", "authToken": [{ "_content": token }], "lifetime": life.as_millis() as u64,
        "skin": [{ "_content": "harmony" }] })
}

fn is_proven(inside: &Inside, name: &str, time: &str, proof: &str) -> bool {
    let Some(key) = &inside.settings.preauth_key else { return false };
    let now = clock::unix_now().unsigned_abs() * 1000;
    let near = time.parse::<u64>().is_ok_and(|time| now.abs_diff(time) < CLOCKS);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let right = hmac::sign(&key, format!("{name}|name|0|{time}").as_bytes());
    near && proof == right.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
}

/// An administrator signs in.
pub(super) fn admin_sign_in(inside: &mut Inside, asked: &Asked) -> Result<Value, Problem> {
    let name = asked.text("/name").or_else(|| asked.text("/account")).unwrap_or_default();
    let password = asked.text("/password").unwrap_or_default();
    let person =
        inside.person(&name).filter(|person| person.password == password).cloned().ok_or_else(|| refused(&name))?;
    if !person.is_admin {
        return Err(Problem::new("service.PERM_DENIED", "permission denied: not an admin account"));
    }
    let life = inside.settings.admin_life;
    let token = inside.tokens.grant(&person.id, true, None, life);
    Ok(json!({ "_jsns": "urn:zimbraAdmin", "authToken": [{ "_content": token }], "lifetime": life.as_millis() as u64 }))
}

/// An administrator acts for a user. The life told is the one asked for, whatever the token's is.
pub(super) fn delegate(inside: &mut Inside, asked: &Asked, admin: &str) -> Result<Value, Problem> {
    let person = wanted(inside, asked)?.clone();
    let seconds = asked.number("/duration").unwrap_or(3600) as u64;
    let life = inside.settings.token_life.min(std::time::Duration::from_secs(seconds));
    let token = inside.tokens.grant(&person.id, false, Some(admin), life);
    Ok(json!({ "_jsns": "urn:zimbraAdmin", "authToken": [{ "_content": token }], "lifetime": seconds * 1000 }))
}

fn wanted<'a>(inside: &'a Inside, asked: &Asked) -> Result<&'a Person, Problem> {
    let name = asked.text("/account").unwrap_or_default();
    let found = match asked.text("/account/by").as_deref() {
        Some("id") => inside.people.iter().find(|person| person.id == name),
        _ => inside.person(&name),
    };
    found.ok_or_else(|| Problem::new("account.NO_SUCH_ACCOUNT", format!("no such account: {name}")))
}

/// The accounts of a domain, a page of them.
pub(super) fn search(inside: &Inside, asked: &Asked) -> Value {
    let domain = asked.text("/domain").map(|domain| format!("@{domain}"));
    let of_domain = |person: &&Person| domain.as_ref().is_none_or(|domain| person.name.ends_with(domain.as_str()));
    let all: Vec<&Person> = inside.people.iter().filter(of_domain).collect();
    let (offset, limit) =
        (asked.number("/offset").unwrap_or(0), asked.number("/limit").filter(|n| *n > 0).unwrap_or(usize::MAX));
    let page: Vec<Value> = all.iter().skip(offset).take(limit).map(|person| account(person)).collect();
    let more = all.len() > offset.saturating_add(page.len());
    json!({ "_jsns": "urn:zimbraAdmin", "account": page, "more": more, "searchTotal": all.len() })
}

fn account(person: &Person) -> Value {
    let mut attributes =
        vec![("zimbraId", person.id.clone()), ("zimbraAccountStatus", person.status.word().to_owned())];
    attributes.extend(person.aliases.iter().map(|alias| ("zimbraMailAlias", alias.clone())));
    attributes.push(("zimbraMailHost", "mbox1.old.example".to_owned()));
    let told: Vec<Value> =
        attributes.into_iter().map(|(name, value)| json!({ "n": name, "_content": value })).collect();
    json!({ "name": person.name, "id": person.id, "isExternal": false, "a": told })
}

/// One account.
pub(super) fn get_account(inside: &Inside, asked: &Asked) -> Result<Value, Problem> {
    Ok(json!({ "_jsns": "urn:zimbraAdmin", "account": [account(wanted(inside, asked)?)] }))
}

/// The size of one mailbox.
pub(super) fn get_mailbox(inside: &Inside, asked: &Asked) -> Result<Value, Problem> {
    let id = asked.text("/mbox/id").unwrap_or_default();
    let mailbox = inside.mailboxes.get(&id);
    let mailbox = mailbox.ok_or_else(|| Problem::new("account.NO_SUCH_ACCOUNT", format!("no such account: {id}")))?;
    Ok(json!({ "_jsns": "urn:zimbraAdmin", "mbox": [{ "mbxid": 1, "s": size(mailbox) }] }))
}

/// The sizes of all.
pub(super) fn quota(inside: &Inside) -> Value {
    let one = |person: &Person| {
        let used = inside.mailboxes.get(&person.id).map_or(0, size);
        json!({ "name": person.name, "id": person.id, "used": used, "limit": 0 })
    };
    let all: Vec<Value> = inside.people.iter().map(one).collect();
    json!({ "_jsns": "urn:zimbraAdmin", "account": all, "more": false, "searchTotal": inside.people.len() })
}

fn size(mailbox: &super::Mailbox) -> u64 {
    mailbox.items().map(super::Item::size).sum()
}

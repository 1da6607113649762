//! What the target is able to do: its profile, what it announces, and its quota.

use crate::{
    error::Result,
    imap::{Command, Event},
    mailbox::{Link, Told},
    target::TargetCapabilities,
};

/// What a server tells of a mailbox only when it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answers {
    /// APPENDLIMIT of the inbox (RFC 7889).
    append_limit: Option<u64>,
    /// Free bytes.
    quota_free: Option<u64>,
    /// Characters that it refuses in names.
    illegal: Option<&'static str>,
}

/// Asks in one round trip, and only where there is something to ask.
pub(super) async fn ask(link: &mut Link) -> Result<Answers> {
    let mut commands = Vec::new();
    if link.server().has("QUOTA") {
        commands.push(Command::new("GETQUOTAROOT").string(b"INBOX"));
    }
    if link.server().has("APPENDLIMIT") && announced(link).is_none() {
        commands.push(Command::new("STATUS").string(b"INBOX").word("(APPENDLIMIT)"));
    }
    let suspect = suspect(link);
    commands.extend(
        suspect.map(|character| Command::new("STATUS").string(format!("a{character}b").as_bytes()).word("(MESSAGES)")),
    );
    let told = link.run_all(commands).await?;
    let illegal = suspect.filter(|_| told.last().is_some_and(refuses_name));
    let events: Vec<&Event> = told.iter().flat_map(|told| &told.untagged).collect();
    Ok(Answers { append_limit: limit_told(&events), quota_free: quota_free(&events), illegal })
}

/// What the target is able to do.
pub(super) fn of(link: &Link, told: &Answers) -> TargetCapabilities {
    let (profile, server) = (link.profile(), link.server());
    TargetCapabilities {
        profile: profile.name,
        keeps_bytes: profile.keeps_bytes,
        keeps_keywords: profile.keywords,
        append_uid: server.has("UIDPLUS"),
        settle: profile.settle,
        settle_after_goodbye: profile.settle_after_goodbye,
        max_size: announced(link).or(told.append_limit).or(profile.max_size),
        max_line: profile.max_line,
        ordered: profile.ordered,
        batch: profile.batch,
        connections: profile.target_connections,
        round_trip: server.round_trip,
        quota_free: told.quota_free,
        case_insensitive: profile.case_insensitive,
        reserved_names: profile.reserved,
        illegal_characters: told.illegal.unwrap_or(profile.illegal),
        delimiter: link.names().delimiter(),
        condstore: link.condstore(),
    }
}

/// The character that is a level in the server's store, though not in its names: asked for by the name of a folder that is not
/// there, which changes nothing.
fn suspect(link: &Link) -> Option<&'static str> {
    let other = match link.names().delimiter()? {
        '/' => ".",
        '.' => "/",
        _ => return None,
    };
    link.profile().asks_names.then_some(other)
}

fn refuses_name(told: &Told) -> bool {
    let text = told.tagged.text.to_ascii_lowercase();
    !told.is_ok() && (text.contains("not allowed") || text.contains("invalid mailbox name"))
}

/// APPENDLIMIT=n (RFC 7889).
fn announced(link: &Link) -> Option<u64> {
    link.server().value("APPENDLIMIT")?.parse().ok()
}

fn limit_told(events: &[&Event]) -> Option<u64> {
    events.iter().find_map(|event| match event {
        Event::Status(status) => status.append_limit,
        _ => None,
    })
}

/// What is left under the tightest of the quotas (RFC 9208, in units of 1,024 bytes).
fn quota_free(events: &[&Event]) -> Option<u64> {
    let free = events.iter().filter_map(|event| match event {
        Event::Quota(Some((used, limit))) => Some(limit.saturating_sub(*used).saturating_mul(1024)),
        _ => None,
    });
    free.min()
}

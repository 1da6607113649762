//! Which server this is: by the name it gives itself (ID, RFC 2971), else by its greeting and its capabilities.

use super::{
    profile::Profile,
    profiles::{ALL, GENERIC},
};
use crate::imap::Server;

/// What a server shows of itself.
#[derive(Clone, Copy)]
struct Signs<'a> {
    /// The text of its greeting.
    greeting: &'a str,
    /// Its answer to ID: names in lower case, and values.
    id: &'a [(String, String)],
    /// Whether it announces a capability after sign-in.
    offers: &'a dyn Fn(&str) -> bool,
}

/// The profile of the server behind a connection; the generic one for a stranger.
pub fn recognise(server: &Server) -> &'static Profile {
    profile_of(&Signs { greeting: &server.greeting, id: &server.id, offers: &|word| server.has(word) })
}

impl Signs<'_> {
    fn greets(&self, words: &str) -> bool {
        contains(self.greeting, words)
    }
    fn identifies(&self, words: &str) -> bool {
        self.id.iter().any(|(field, value)| matches!(field.as_str(), "name" | "vendor") && contains(value, words))
    }
}

fn contains(text: &str, words: &str) -> bool {
    text.to_ascii_lowercase().contains(&words.to_ascii_lowercase())
}

/// The profile of this name, compared without case (an override in the configuration).
pub fn named(name: &str) -> Option<&'static Profile> {
    ALL.into_iter().find(|profile| profile.name.eq_ignore_ascii_case(name))
}

fn profile_of(signs: &Signs<'_>) -> &'static Profile {
    by_id(signs).or_else(|| by_habit(signs)).and_then(named).unwrap_or(&GENERIC)
}

fn by_id(signs: &Signs<'_>) -> Option<&'static str> {
    const NAMES: [(&str, &str); 10] = [
        ("Dovecot", "Dovecot"),
        ("Cyrus", "Cyrus"),
        ("Courier", "Courier"),
        ("Zimbra", "Zimbra"),
        ("GImap", "Gmail"),
        ("Google", "Gmail"),
        ("Yahoo", "Yahoo"),
        ("AOL", "Yahoo"),
        ("iCloud", "iCloud"),
        ("com.apple.imap", "iCloud"),
    ];
    if signs.identifies("Microsoft.Exchange") || signs.identifies("Exchange") {
        return Some(exchange(signs));
    }
    NAMES.into_iter().find(|(words, _)| signs.identifies(words)).map(|(_, name)| name)
}

/// Greetings as seen in public logs: both forms of Exchange's (microsoft365.md §1.2), "Gimap ready", "Zimbra IMAP4rev1",
/// "Dovecot (Debian) ready.", "Cyrus IMAP 3.6", "Courier-IMAP ready".
fn by_habit(signs: &Signs<'_>) -> Option<&'static str> {
    if signs.greets("Microsoft Exchange") && signs.greets("IMAP4 service") {
        return Some(exchange(signs));
    }
    if (signs.offers)("X-GM-EXT-1") {
        return Some("Gmail");
    }
    const GREETINGS: [(&str, &str); 6] = [
        ("Gimap ready", "Gmail"),
        ("Zimbra", "Zimbra"),
        ("Dovecot", "Dovecot"),
        ("Cyrus IMAP", "Cyrus"),
        ("Courier-IMAP", "Courier"),
        ("yahoo.com", "Yahoo"),
    ];
    let greeted = GREETINGS.into_iter().find(|(words, _)| signs.greets(words)).map(|(_, name)| name);
    // Dovecot and Cyrus can announce it too, but they greet with their names.
    greeted.or_else(|| (signs.offers)("XAPPLEPUSHSERVICE").then_some("iCloud"))
}

/// The service announces words that no installation of one's own does (microsoft365.md §1.3).
fn exchange(signs: &Signs<'_>) -> &'static str {
    let service = ["AUTH=XOAUTH2", "CLIENTACCESSRULES", "BACKENDAUTHENTICATE"];
    let online = signs.greets("tcpproxy") || service.into_iter().any(|word| (signs.offers)(word));
    if online { "Exchange Online" } else { "Exchange Server" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(greeting: &str, id: &[(&str, &str)], capabilities: &str) -> &'static str {
        let id: Vec<_> = id.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect();
        let offers = |word: &str| capabilities.split(' ').any(|c| c == word);
        profile_of(&Signs { greeting, id: &id, offers: &offers }).name
    }

    #[test]
    fn both_greetings_of_the_service_are_exchange_online() {
        let classic = "The Microsoft Exchange IMAP4 service is ready. [TQBXAEgA]";
        let proxy = "Microsoft Exchange IMAP4 service ready. 1-2 (tcpproxy/15.21.0406.000 BACKENDAUTHENTICATE) [TQ==]";
        assert_eq!(name(classic, &[], "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 UIDPLUS"), "Exchange Online");
        assert_eq!(name(proxy, &[], "IMAP4rev1 LOGINDISABLED"), "Exchange Online");
        assert_eq!(name(classic, &[], "IMAP4 IMAP4rev1 AUTH=NTLM UIDPLUS LITERAL+"), "Exchange Server");
    }

    #[test]
    fn the_name_in_id_goes_before_the_greeting() {
        assert_eq!(name("Dovecot ready.", &[("name", "Zimbra"), ("version", "10")], ""), "Zimbra");
        assert_eq!(name("ready", &[("name", "Dovecot")], "XAPPLEPUSHSERVICE"), "Dovecot");
        assert_eq!(name("ready", &[("name", "GImap"), ("vendor", "Google, Inc.")], ""), "Gmail");
    }

    #[test]
    fn greetings_and_capabilities_name_the_rest() {
        assert_eq!(name("mail Cyrus IMAP 3.6.1-Debian server ready", &[], ""), "Cyrus");
        assert_eq!(name("Courier-IMAP ready. Copyright 1998-2021", &[], ""), "Courier");
        assert_eq!(name("ready", &[], "IMAP4rev1 X-GM-EXT-1"), "Gmail");
        assert_eq!(name("ready", &[], "IMAP4rev1 XAPPLEPUSHSERVICE"), "iCloud");
        assert_eq!(name("ready", &[], "IMAP4rev1"), "IMAP");
    }

    #[test]
    fn every_profile_is_found_by_its_name() {
        for profile in ALL {
            assert_eq!(named(&profile.name.to_uppercase()), Some(profile));
        }
        assert_eq!(named("Pigeon"), None);
    }
}

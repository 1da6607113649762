//! The servers that are known by name, each entry with its evidence.

use std::time::Duration;

use super::profile::{Profile, Window};
use crate::limits;

/// A server that is not known: keeps no promise that was not announced.
pub(super) const GENERIC: Profile = Profile {
    name: "IMAP",
    // Kopano renders anew at each read (quirk 84), Domino and DBmail rewrite Message-IDs (quirks 86, 88).
    keeps_bytes: false,
    stable_bytes: false,
    settle: Duration::from_secs(30),
    // What says goodbye may be a front (Gmail's and Yahoo's are), and nobody saw how long the store behind it goes on.
    settle_after_goodbye: Duration::from_secs(30),
    source_connections: 2,
    target_connections: 2,
    window: Window { messages: 16, bytes: 2 << 20 },
    batch: limits::INTENT_BATCH,
    keywords: true,
    max_size: None,
    max_line: None,
    eager_literal: limits::SPOOL_THRESHOLD,
    // Dovecot opens an unselected folder anew for every APPEND: 20,000 messages took 15 s instead of 4. SELECT also tells
    // which flags are kept.
    select_first: true,
    validity_by_select: false,
    ordered: true,
    not_mail: &[],
    groupware: false,
    reserved: &[],
    illegal: "",
    asks_names: false,
    case_insensitive: false,
    errors_per_session: None,
};

/// Microsoft's service (quirks 1–32, 36–43; microsoft365.md §1 and part II §4).
const EXCHANGE_ONLINE: Profile = Profile {
    name: "Exchange Online",
    // MIME is rendered anew from MAPI (quirk 31, microsoft365.md §1.7 and §1.8).
    keeps_bytes: false,
    stable_bytes: false,
    settle: Duration::from_secs(60),
    // One message is stored in 0.4 s (microsoft365.md §7.1); a slow store may take a few times that.
    settle_after_goodbye: Duration::from_secs(2),
    // 16 to 20 are reported; the budget of server time is shared, so more do not raise it (part II §4).
    source_connections: 3,
    target_connections: 3,
    window: Window { messages: 2, bytes: 2 << 20 },
    batch: 8,
    // "Keywords are not supported"; $MDNSent becomes a visible category (quirks 24, 27).
    keywords: false,
    max_size: Some(45_000_000), // quirk 10
    max_line: Some(10_239),     // quirk 8, microsoft365.md §1.7
    // No repeated SELECT: what is paid is the server's time (microsoft365.md §1.9).
    select_first: false,
    ordered: false,
    groupware: true,
    not_mail: &["Files"], // attachments without headers (quirk 19)
    reserved: EXCHANGE_RESERVED,
    case_insensitive: true,      // quirk 20
    errors_per_session: Some(8), // closed after ten (quirk 5)
    ..GENERIC
};

/// Exchange on a company's own machines (quirks 8, 11, 28).
const EXCHANGE_SERVER: Profile = Profile {
    name: "Exchange Server",
    source_connections: 4, // MaxConnectionsPerUser is 16 (microsoft365.md §1.9)
    max_size: None,        // 10 MB by default, raised in four places (quirk 11): learnt by refusal
    max_line: Some(9_900), // quirk 8
    ..EXCHANGE_ONLINE
};

/// "Folder name is reserved" (quirk 19), and folders that IMAP lists although they are no mail folders: mail appended
/// there would not be seen (microsoft365.md §1.5).
const EXCHANGE_RESERVED: &[&str] = &[
    "Files",
    "Calendar",
    "Contacts",
    "Tasks",
    "Notes",
    "Journal",
    "Outbox",
    "Sync Issues",
    "Conversation History",
    "Suggested Contacts",
];

/// Gmail and Google Workspace (quirks 44–53).
const GMAIL: Profile = Profile {
    name: "Gmail",
    // Blanks of folded Received lines change (quirk 53), but two reads agree.
    stable_bytes: true,
    // 15 at a time, and an excess suspends the account (quirk 47).
    source_connections: 4,
    target_connections: 2,
    window: Window { messages: 8, bytes: 2 << 20 },
    max_size: Some(35_651_584),                          // quirk 52
    not_mail: &["[Gmail]/Chats", "[Google Mail]/Chats"], // quirk 45
    reserved: &["[Gmail]", "[Google Mail]"],
    illegal: "^", // quirk 52
    case_insensitive: true,
    ..GENERIC
};

/// Zimbra (quirks 62–73; zimbra.md §6).
const ZIMBRA: Profile = Profile {
    name: "Zimbra",
    stable_bytes: true,
    // Reading bodies takes one lock per account: a second connection waits for it in silence, up to ten minutes, which is longer than a command
    // may take (quirk 62).
    source_connections: 1,
    target_connections: 2,
    // Contacts and the like appear where the server shows all folders (zimbra.md §6).
    not_mail: &["Contacts", "Emailed Contacts", "Calendar", "Tasks", "Briefcase"],
    case_insensitive: true,
    // Five NO or BAD in a row drop the connection (quirk 64).
    errors_per_session: Some(4),
    ..GENERIC
};

/// Dovecot (quirks 74–80).
const DOVECOT: Profile = Profile {
    name: "Dovecot",
    keeps_bytes: true,
    stable_bytes: true,
    // One process per connection goes on with what its socket holds: 865 messages in 0.2 s were seen.
    settle: Duration::from_secs(2),
    settle_after_goodbye: Duration::from_secs(2),
    source_connections: 4, // ten per user and address by default (quirk 74)
    target_connections: 4,
    window: Window { messages: 512, bytes: 12 << 20 },
    // A size is refused only by its quota plugin; to wait for "go on" before each large message empties the pipeline for two
    // round trips, and made a copy over 40 ms half as fast again.
    eager_literal: u64::MAX,
    asks_names: true, // "Character not allowed in mailbox name: '.'" with Maildir++ (quirk 77)
    ..GENERIC
};

/// Cyrus (quirks 81, 82).
const CYRUS: Profile = Profile {
    name: "Cyrus",
    keeps_bytes: true,
    stable_bytes: true,
    settle: Duration::from_secs(2),
    settle_after_goodbye: Duration::from_secs(2),
    source_connections: 4,
    target_connections: 4,
    window: Window { messages: 128, bytes: 4 << 20 },
    illegal: "!\"%;<>\\^`{|}", // each tried on 3.6
    ..GENERIC
};

/// Courier (quirk 83). It announces no LITERAL+, so each APPEND costs a round trip whatever the window.
const COURIER: Profile = Profile {
    name: "Courier",
    keeps_bytes: true,
    stable_bytes: true,
    settle: Duration::from_secs(2),
    settle_after_goodbye: Duration::from_secs(2),
    illegal: "/",
    // Tried on 5.0: a folder that no IMAP client opened is renumbered every second (quirk 83).
    validity_by_select: true,
    // MAXPERIP is 4 in its default configuration.
    source_connections: 3,
    target_connections: 3,
    ..GENERIC
};

/// Yahoo and AOL (quirks 54–56).
const YAHOO: Profile = Profile { name: "Yahoo", stable_bytes: true, ..GENERIC };

/// iCloud (quirk 57).
const ICLOUD: Profile = Profile { name: "iCloud", stable_bytes: true, ..GENERIC };

/// All of them.
pub(super) const ALL: [&Profile; 10] =
    [&EXCHANGE_ONLINE, &EXCHANGE_SERVER, &GMAIL, &ZIMBRA, &DOVECOT, &CYRUS, &COURIER, &YAHOO, &ICLOUD, &GENERIC];

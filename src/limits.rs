//! Every bound of the program, in one place, with its unit and its reason.
//!
//! Nothing is unbounded: a queue, page, batch, body, retry or wait that has no limit here is a defect.

use std::time::Duration;

/// Bytes of message bodies held in memory by the whole process; what does not fit goes to the spool.
pub const BODY_BUDGET: usize = 24 << 20;
/// How long a source with nothing in flight waits for memory before it goes on into the spool: bodies are on their way out, unless their
/// targets wait for a throttle. Without the wait every small message beyond the budget made a file of its own.
pub const ROOM_WAIT: Duration = Duration::from_millis(50);
/// A body above this many bytes goes to a spool file instead of memory, which [`BODY_BUDGET`] bounds anyway. Mail with a few attachments has
/// 1 to 4 MB; in files it cost a quarter of the CPU time of a copy.
pub const SPOOL_THRESHOLD: u64 = 4 << 20;
/// The longest reply that is read at all, bodies aside (bytes): SEARCH tells a million UIDs in one line of 8 MB.
pub const REPLY_LINE: usize = 16 << 20;
/// Room for a reply's text that a connection keeps between replies (bytes); a longer one gives it back.
pub const REPLY_ROOM: usize = 4 << 10;
/// Bodies of one reply that are kept: a message, its header and a part are three; a hostile server may send thousands.
pub const REPLY_BODIES: usize = 16;
/// The buffer between a connection and its replies (bytes): one read fills it, and an idle connection keeps it.
pub const READ_BUFFER: usize = 64 << 10;
/// The buffer between commands and their connection (bytes): commands leave in pieces of this size.
pub const WRITE_BUFFER: usize = 32 << 10;
/// The longest literal that is not a message body (folder names, header fields; bytes).
pub const REPLY_LITERAL: u64 = 4 << 20;
/// The largest message body that is accepted from a server (bytes; quirk 103: 3.08 GiB was seen).
pub const BODY_MAX: u64 = 16 << 30;
/// Bytes of a message's header that are looked at; a longer header is read up to here (Exchange takes 512 KiB by default).
pub const HEADER_READ: usize = 1 << 20;
/// The largest message that is repaired (bytes): a repair holds it twice in memory.
pub const REPAIR_MAX: u64 = 64 << 20;
/// The longest line that every server takes (bytes; RFC 5322 §2.1.1), for targets that do not tell theirs.
pub const LINE_SAFE: usize = 998;
/// Parts of one message that are told apart; what lies in further ones is not repaired.
pub const MIME_PARTS: usize = 10_000;
/// Multiparts and messages within one another.
pub const MIME_DEPTH: usize = 32;
/// Replies that one simple command may gather: a LIST line and a STATUS line for each folder.
pub const REPLIES_KEPT: usize = 2 * FOLDERS_MAX + 1000;
/// How long a goodbye may take.
pub const GOODBYE: Duration = Duration::from_secs(5);
/// Parsed replies that may wait for their reader on one connection.
pub const REPLIES_WAITING: usize = 256;
/// How long replies gather unread while many messages are in flight.
pub const REPLIES_LINGER: Duration = Duration::from_millis(4);
/// Messages in flight from which on replies may gather.
pub const REPLIES_DEEP: usize = 64;
/// A server whose set-up takes less is near: lanes have no round trips to hide there.
pub const NEAR: Duration = Duration::from_millis(10);
/// Bytes of commands that may wait to be written on one connection.
pub const OUTBOX: usize = 256 << 10;
/// Bytes of bodies asked for and not yet arrived, per source connection.
pub const FETCH_WINDOW_BYTES: u64 = 8 << 20;
/// Messages asked for and not yet arrived, per source connection.
pub const FETCH_WINDOW_MESSAGES: usize = 512;
/// Bytes of one FETCH command that asks for several messages; a larger message is asked for alone.
pub const FETCH_CHUNK_BYTES: u64 = 512 << 10;
/// What a header is taken for where only the message's size is known (bytes).
pub const HEADER_GUESS: u64 = 4096;
/// Messages in one FETCH command.
pub const FETCH_CHUNK: usize = 64;
/// Commands without a reply on one connection, bodies aside: enough to hide a round trip, few enough to drain quickly.
pub const COMMANDS_IN_FLIGHT: usize = 64;
/// Folders whose listing is asked for ahead of the one that is read, so that small folders cost few round trips.
pub const FOLDERS_AHEAD: usize = COMMANDS_IN_FLIGHT / 3;
/// FETCH commands for many messages in flight, when a target is read back.
pub const FINDS_AHEAD: usize = 4;
/// The longest command line we send, literals aside (bytes; quirk 65: Zimbra refuses above 10,240; quirk 75).
pub const COMMAND_LINE: usize = 8000;
/// Messages of one batch of intents, and of one MULTIAPPEND.
pub const INTENT_BATCH: usize = 64;
/// Bytes of one batch of intents, so that a batch never outgrows the body budget.
pub const INTENT_BATCH_BYTES: u64 = 2 << 20;
/// Batches that may wait between two stages of a copy lane.
pub const LANE_QUEUE: usize = 4;
/// Outcomes that are grouped into one ledger transaction.
pub const OUTCOME_GROUP: usize = 256;
/// How long a group of outcomes that is not full waits for more: what is lost with the process is found again at the target.
pub const OUTCOME_LINGER: Duration = Duration::from_millis(20);
/// Rows of one page read from or written to the ledger.
pub const LEDGER_PAGE: usize = 2048;
/// Messages of one page of a listing.
pub const LISTING_PAGE: usize = 4096;
/// Calls that may wait for the ledger's writer.
pub const LEDGER_QUEUE: usize = 64;
/// Connections that read the ledger beside its writer.
pub const LEDGER_READERS: usize = 4;
/// How long a ledger connection waits for another process's recovery or checkpoint.
pub const LEDGER_BUSY: Duration = Duration::from_secs(10);
/// Times that a writer finds the ledger's lock taken before it is refused: a reader shares the lock for a moment to see whether there is one.
pub const LEDGER_LOCK_ATTEMPTS: usize = 5;
/// Between two of them.
pub const LEDGER_LOCK_PAUSE: Duration = Duration::from_millis(20);
/// Bytes that are read of a lock file: two numbers.
pub const LEDGER_LOCK_WORDS: u64 = 40;
/// Prepared statements kept per ledger connection (some fifty are in use).
pub const LEDGER_STATEMENTS: usize = 96;
/// The ledger writer's page cache (KiB).
pub const LEDGER_CACHE_KIB: i64 = 8 << 10;
/// The write-ahead log is cut back to this many bytes after a checkpoint.
pub const LEDGER_WAL_KEPT: i64 = 16 << 20;
/// A connection attempt (TCP and TLS).
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(30);
/// The base deadline of one command; a body adds its size over [`SLOWEST_RATE`].
pub const COMMAND_DEADLINE: Duration = Duration::from_secs(120);
/// The slowest transfer that is not yet a hang (bytes a second; 51 KiB/s was seen, microsoft365.md §1.7).
pub const SLOWEST_RATE: u64 = 50 << 10;
/// Attempts of one mailbox before it fails, over all connections.
pub const RETRY_ATTEMPTS: u32 = 8;
/// Attempts to reach both sides at all, before a wrong address is the likelier cause.
pub const FIRST_CONTACT_ATTEMPTS: u32 = 3;
/// The first and the longest wait between attempts.
pub const RETRY_BACKOFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
/// Further sign-ins after one behind which no mailbox answers, and the least and the longest wait before each (microsoft365.md part II §4).
pub const ACCESS_RETRIES: u32 = 3;
/// See [`ACCESS_RETRIES`].
pub const ACCESS_WAIT: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(60));
/// A server's words are cut to this many bytes before they are kept.
pub const REPLY_KEPT: usize = 500;
/// Mirrored deletions above this share of a mailbox wait for a person.
pub const MIRROR_SHARE_PERCENT: u64 = 5;
/// Mirrored deletions above this number wait for a person.
pub const MIRROR_COUNT: u64 = 100;
/// Bodies that a verify without `--content` reads back, per folder.
pub const VERIFY_SAMPLE: usize = 8;
/// Folders of one mailbox (quirk 104: 1,045 seen; Exchange allows 10,000 below one folder).
pub const FOLDERS_MAX: usize = 100_000;
/// Accounts without a pair that `check` names for people; `--json` has all.
pub const CHECK_ACCOUNTS: usize = 5;
/// Mailbox pairs of one run.
pub const PAIRS_MAX: usize = 100_000;
/// Messages a folder of a trial pass (product.md B).
pub const TRIAL_MESSAGES: usize = 10;
/// Addresses of one host that are tried (some hosts list dozens; one attempt has one deadline).
pub const ADDRESSES_TRIED: usize = 16;
/// Silence before the first keepalive probe, below the five minutes after which common firewalls forget (quirk 105).
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
/// Time between keepalive probes.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Plaintext that waits inside TLS while the socket is full, per connection (bytes): four records, one write.
pub const TLS_BUFFER: usize = 64 << 10;
/// TLS configurations kept (each holds a trust store of half a megabyte); one for each set of own authorities.
pub const TLS_CONFIGS: usize = 16;
/// The longest answer of an HTTP proxy to CONNECT (bytes).
pub const PROXY_REPLY: usize = 8 << 10;
/// The longest command line that a stand-in reads, literals aside (bytes; Dovecot's `imap_max_line_length`, quirk 75).
pub const LAB_COMMAND_LINE: usize = 64 << 10;
/// The longest literal that a stand-in reads at all (bytes): the largest message of Exchange Online, twice.
pub const LAB_LITERAL: u64 = 300 << 20;
/// Connections that a stand-in serves at once: 200 mailboxes, and 16 of each (microsoft365.md §1.9).
pub const LAB_CONNECTIONS: usize = 3200;
/// Commands that a stand-in remembers, so that a long trial does not grow without end.
pub const LAB_JOURNAL: usize = 1_000_000;
/// Folders that are verified in one pipeline, and concluded together.
pub const VERIFY_FOLDERS: usize = 32;
/// What a provider's daily allowance is counted over.
pub const ALLOWANCE_SPAN: Duration = Duration::from_secs(24 * 3600);
/// Bytes that were read within this time are remembered as one sum: at most 300 sums for a day.
pub const ALLOWANCE_GRAIN: Duration = Duration::from_secs(300);
/// How long a POP3 server may think about a sign-in (quirk 113: minutes; Dovecot's own client waits for five).
pub const POP3_SIGN_IN: Duration = Duration::from_secs(300);
/// How long the replies to a probe of pipelining may take: a server that took all commands has nothing to look up for them.
pub const POP3_PROBE: Duration = Duration::from_secs(5);
/// Lines of a reply to CAPA that are read.
pub const POP3_CAPABILITIES: usize = 200;
/// Messages of one maildrop.
pub const POP3_MESSAGES: usize = 2_000_000;
/// The longest time between two sign-ins that is believed (RFC 2449 §6.5 sets none).
pub const POP3_LOGIN_DELAY: Duration = Duration::from_secs(900);
/// The wait after a sign-in that came too early, where the server does not say how long.
pub const POP3_LOGIN_WAIT: Duration = Duration::from_secs(60);
/// The first and the longest wait for another client's lock: most fetch mail within seconds.
pub const POP3_LOCK_WAIT: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));
/// Silence after which a session with nothing to ask says that it is still there (RFC 1939 §3: the least autologout is ten minutes).
pub const POP3_IDLE: Duration = Duration::from_secs(240);
/// How long another client may keep a maildrop locked before a person must look: a session that was cut is held for ten minutes
/// (RFC 1939 §3, the least autologout), a large one is read for longer.
pub const POP3_LOCK: Duration = Duration::from_secs(3600);
/// Bytes of one Gmail mailbox that are read in a day, unless a person says otherwise: Google states 2,500 MB and locks an account for up to
/// a day; Microsoft's own tool stops at 2.0 GB (quirk 47).
pub const GMAIL_DAY: u64 = 2_000_000_000;
/// Lines of one mailbox's report that need a person; what follows is counted in the ledger all the same.
pub const ATTENTION_LINES: usize = 1000;
/// Pages of a listing that may wait for the ledger.
pub const LISTING_QUEUE: usize = 4;
/// Messages whose headers must agree before a folder counts as renamed.
pub const RENAME_SAMPLE: usize = 16;
/// Bytes of one segment of a folder name at the target (quirk 77: "Mailbox name too long"; Dovecot and file systems stop at 255, and
/// modified UTF-7 makes a name longer).
pub const FOLDER_SEGMENT: usize = 180;
/// Messages newest in another folder that are looked at for one that left the folder it was appended to.
pub const ELSEWHERE: u32 = 2000;
/// The longest wait for a folder to stand still, when others keep writing to it.
pub const SETTLE_MOST: Duration = Duration::from_secs(600);
/// Looks at a folder that must stand still, per settle time.
pub const SETTLE_LOOKS: u32 = 10;
/// How long a group of bodies that is not full waits for more.
pub const GROUP_LINGER: Duration = Duration::from_millis(10);
/// Bytes of a spooled body that are read at a time.
pub const SPOOL_CHUNK: usize = 256 << 10;
/// Departed rows that are held for finding moves in one pass; beyond it a moved message is copied anew.
pub const MOVES_MOST: usize = 100_000;
/// Messages and bytes a second that an ordinary IMAP host was seen to take from one mailbox, for forecasts only.
pub const USUAL_PACE: (u64, u64) = (100, 5 << 20);
/// The same for Exchange Online: 6 messages a second on one connection at 150 ms, 0.5 GB an hour (microsoft365.md part II §5).
pub const EXCHANGE_PACE: (u64, u64) = (6, 150 << 10);
/// Cells a second in which a rate is counted: fine enough to be exact within a thousandth.
pub const METER_CELLS: u64 = 1_000_000;
/// How much of a second's allowance may pass at once: long enough for timers of a millisecond, too short for a server to notice.
pub const METER_BURST: Duration = Duration::from_millis(100);
/// First and longest wait where a server throttles without stating a time (quirks 4 and 48: up to 300 s).
pub const THROTTLE_RATE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// The same where it has too many connections.
pub const THROTTLE_CONNECTIONS: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));
/// The same where a day's allowance is used up (quirk 47: 1 to 24 hours).
pub const THROTTLE_DAILY: (Duration, Duration) = (Duration::from_secs(3600), Duration::from_secs(4 * 3600));
/// The same where it is busy (microsoft365.md §1.9: 60 s doubling to 10 min).
pub const THROTTLE_BUSY: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(600));
/// The longest time over which the learned rate is raised through its doubt (a server may change its mind within the hour).
pub const PACE_CLIMB: Duration = Duration::from_secs(900);
/// What is added at most to a stated back-off that proved too short.
pub const HOLD_MARGIN: Duration = Duration::from_secs(60);
/// A back-off longer than the clock can count.
pub const HOLD_FOREVER: Duration = Duration::from_secs(10 * 365 * 86_400);
/// The longest file of a vault's key that is read (bytes): two keys, a comment, and what a passphrase adds.
pub const KEY_FILE: usize = 16 << 10;
/// The longest file of a password, a certificate or a key that is read (bytes); what is longer is none.
pub const SECRET_FILE: u64 = 1 << 20;
/// The longest secret that is read from standard input (bytes).
pub const SECRET_LINE: usize = 16 << 10;
/// The hardest passphrase that is tried (log2 of scrypt's work: 22 is 4 GiB and some ten seconds; one second is usual, 18 to 20).
pub const KEY_WORK: u8 = 22;
/// Silence of an HTTP server within its answer before it counts as gone.
pub const HTTP_SILENCE: Duration = Duration::from_secs(120);
/// One request to a token end point, its answer included.
pub const TOKEN_DEADLINE: Duration = Duration::from_secs(60);
/// The longest answer of a token end point (bytes; a token with many groups is some 10 KiB).
pub const TOKEN_REPLY: usize = 256 << 10;
/// Access tokens kept at once; what is over is the one that ends first, and is asked for again.
pub const TOKENS_KEPT: usize = 20_000;
/// Requests to token end points at once: some thousand mailboxes whose tokens end together must not look like an attack.
pub const TOKEN_REQUESTS: usize = 8;
/// The share of its life after which an access token is renewed (percent; microsoft365.md §2.6).
pub const TOKEN_RENEWED_PERCENT: u32 = 80;
/// How long the secrets of a finalised pair are kept, where the configuration does not say: three days of sweeps.
pub const SECRETS_KEPT: Duration = Duration::from_secs(72 * 3600);
/// What a server's words share with a secret counts as an echo of it from this length on (bytes); a shorter secret only as a whole word.
pub const SECRET_PART: usize = 12;
/// The life of an access token whose server does not tell it (RFC 6749 §5.1 lets it).
pub const TOKEN_LIFE_UNTOLD: Duration = Duration::from_secs(300);
/// The longest life that is believed (24 h with continuous access evaluation, microsoft365.md §2.6).
pub const TOKEN_LIFE_MOST: Duration = Duration::from_secs(28 * 3600);
/// How long a refused request for a token answers for the ones that follow: a wrong secret is not tried by a hundred mailboxes.
pub const TOKEN_REFUSAL_KEPT: Duration = Duration::from_secs(10);
/// The wait after a request for a token that failed for now: at least, and at most while an old token is still good.
pub const TOKEN_RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));
/// The longest wait that a token end point may ask for.
pub const TOKEN_WAIT_MOST: Duration = Duration::from_secs(600);
/// The life of an assertion (microsoft365.md §2.3: at most 5 to 10 minutes).
pub const ASSERTION_LIFE: Duration = Duration::from_secs(300);
/// How long a person may take to sign in with a browser (an authorization code lives some 10 minutes, microsoft365.md §2.5).
pub const SIGN_IN_DEADLINE: Duration = Duration::from_secs(600);
/// The longest life of a device code that is waited for (Microsoft's live 15 minutes, microsoft365.md §2.4; Google's 30).
pub const DEVICE_CODE_MOST: Duration = Duration::from_secs(1800);
/// The longest wait between questions whether a device code was entered, after the end point could not be reached.
pub const DEVICE_POLL_MOST: Duration = Duration::from_secs(30);
/// Connections of a web stand-in that are in their TLS handshake at once.
pub const LAB_HANDSHAKES: usize = 256;
/// Requests for tokens that a stand-in remembers, and tokens and codes that it knows.
pub const LAB_TOKENS: usize = 200_000;
/// Graph requests in flight per application and mailbox (microsoft365.md §4.8: the service takes 4).
pub const GRAPH_IN_FLIGHT: u32 = 3;
/// Graph requests in a time, per application and mailbox (§4.8: the service takes 10,000).
pub const GRAPH_REQUESTS: (u64, Duration) = (9600, Duration::from_secs(600));
/// Bytes of request bodies in a time, per application and mailbox (§4.8: the service takes 150 MB, of whichever size a megabyte is).
pub const GRAPH_BYTES: (u64, Duration) = (135 << 20, Duration::from_secs(300));
/// Cells in which such a time is counted: less than a hundredth of the rate is given away.
pub const GRAPH_CELLS: u32 = 120;
/// The longest JSON answer of Graph, items' streams aside (bytes): a page of 500 messages is 300 KiB.
pub const GRAPH_REPLY: usize = 16 << 20;
/// What is read of a refusal (bytes).
pub const GRAPH_REFUSAL: usize = 64 << 10;
/// Messages or items of one page of a list.
pub const GRAPH_PAGE: usize = 500;
/// Attempts at a message that the service does not deliver (§4.9: corrupt ones after three).
pub const GRAPH_ITEM_TRIES: u32 = 3;
/// What lies between two of them, times the number of attempts so far.
pub const GRAPH_ITEM_WAIT: Duration = Duration::from_millis(500);
/// When a mailbox of which nothing comes is asked again, and how long that must last until an item is to blame: a store that is moved or
/// restarted is back within a minute.
pub const GRAPH_CONTENT_WAIT: Duration = Duration::from_secs(20);
/// See [`GRAPH_CONTENT_WAIT`]: the third look.
pub const GRAPH_CONTENT_DOUBT: Duration = Duration::from_secs(40);
/// How often the IMAP server beside Graph is dialled for mail that does not go whole, before no message of the run tries it any more.
pub const MAIL_DOOR_TRIES: u32 = 4;
/// What lies between two of these, times the number of attempts so far: a minute's trouble would need more, but all messages wait for it.
pub const MAIL_DOOR_WAIT: Duration = Duration::from_secs(2);
/// Whole listings of one folder in a pass, for a service that loses its place while it lists.
pub const GRAPH_RESYNCS: usize = 3;
/// Folders of one page of a list.
pub const GRAPH_FOLDER_PAGE: usize = 100;
/// Pages of one list: a million messages in pages of ten, as a service may cut them.
pub const GRAPH_PAGES: usize = 100_000;
/// Requests of one batch, and items of one export (§4.7 and §5.2).
pub const GRAPH_BATCH: usize = 20;
/// Bytes of items that are asked for in one export, by their size in the store; a larger item is asked for alone (§5.4: a stream may be
/// many times as large).
pub const EXPORT_BYTES: u64 = 1 << 20;
/// How long a folder of items must stand still before one that was in doubt counts as not imported: a gateway's 504 may come before the effect.
pub const ITEMS_SETTLE: Duration = Duration::from_secs(60);
/// Items of one batch of intents: as many as come with one export.
pub const ITEMS_BATCH: usize = GRAPH_BATCH;
/// Import sessions that are tried for one item: a fresh one that is refused at once means a missing right, not an end.
pub const IMPORT_SESSIONS: u32 = 3;
/// Messages of one fetch that IMAP does not deliver and Graph is asked for; more than a folder should have.
pub const RESCUES: usize = 1000;
/// Exchange's notice in place of a message is a short one (bytes).
pub const NOTICE: u64 = 16 << 10;
/// Messages that are sought at once to be given categories: their folder may have to be listed for each round.
pub const CATEGORIES_AT_ONCE: usize = 1000;
/// How long before its end an import session is renewed (§5.4).
pub const IMPORT_SESSION_MARGIN: Duration = Duration::from_secs(300);
/// The largest request that the Graph stand-in reads (bytes): an item of 150 MB in base64, and some.
pub const LAB_UPLOAD: usize = 256 << 20;
/// Delta tokens and removed items that the Graph stand-in remembers per mailbox.
pub const LAB_REMOVED: usize = 1_000_000;
/// The longest name of an archive's entry (bytes): Zimbra cuts a subject at 120 characters, a path may be some thousand.
pub const ZIMBRA_NAME: u64 = 64 << 10;
/// The longest `.meta` of an archive that is read (bytes): that of an appointment holds its whole text.
pub const ZIMBRA_META: u64 = 8 << 20;
/// Bytes of an archive that are read at a time.
pub const ZIMBRA_CHUNK: usize = 64 << 10;
/// How long before its end a Zimbra token is replaced; one with a short life is used for four fifths of it.
pub const ZIMBRA_TOKEN_MARGIN: Duration = Duration::from_secs(600);
/// The life of a Zimbra token that does not tell its end.
pub const ZIMBRA_TOKEN_UNTOLD: Duration = Duration::from_secs(1800);
/// For how long an administrator asks to act for a user: as long as the administrator's own token lives (zimbra.md §1.3).
pub const ZIMBRA_DELEGATION: Duration = Duration::from_secs(12 * 3600);
/// Requests a second at one Zimbra mailbox: half of what its filter takes, for its user works there too (zimbra.md §5.8).
pub const ZIMBRA_RATE: u32 = 15;
/// Requests at once at one Zimbra mailbox: above ten the server lets them wait (zimbra.md §5.8).
pub const ZIMBRA_IN_FLIGHT: usize = 4;
/// The wait where Zimbra's filter refuses: it looks at one second, and counts what it refused (zimbra.md §5.8).
pub const ZIMBRA_FILTER_WAIT: Duration = Duration::from_secs(2);
/// Waits of one request before it is given up for now.
pub const ZIMBRA_THROTTLES: u32 = 20;
/// Sign-ins refused in a row after which no more are tried: after ten Zimbra answers nobody at the address (zimbra.md §1.7).
pub const ZIMBRA_REFUSALS: u32 = 5;
/// The longest SOAP answer of Zimbra (bytes): the ids of ten million messages.
pub const ZIMBRA_REPLY: usize = 80 << 20;
/// Messages of one request for metadata (zimbra.md §4.2).
pub const ZIMBRA_PAGE: usize = 1000;
/// Requests for metadata in flight.
pub const ZIMBRA_PAGES_AHEAD: usize = 2;
/// Accounts of one page of the directory.
pub const ZIMBRA_ACCOUNTS: usize = 500;
/// Messages of one archive: the URL must stay below 8 KiB with its cookie (zimbra.md §5.9).
pub const ZIMBRA_BATCH: usize = 400;
/// Bytes of one archive, so that a cut costs little.
pub const ZIMBRA_BATCH_BYTES: u64 = 32 << 20;
/// Archives that one session reads at a time.
pub const ZIMBRA_ARCHIVES: usize = 2;
/// Requests for bytes in a row that settle nothing before messages are asked for one by one; one more, and the session has failed.
pub const ZIMBRA_VAIN: u32 = 4;
/// Messages of an archive that may wait to be told.
pub const ZIMBRA_ITEMS: usize = 4;
/// Attempts at a message that the server does not deliver.
pub const ZIMBRA_ITEM_TRIES: u32 = 2;
/// What lies between two of them, times the number of attempts so far.
pub const ZIMBRA_ITEM_WAIT: Duration = Duration::from_millis(500);
/// Changes of one answer to a delta request (zimbra.md §4.3: the server's own cap is 3,990).
pub const ZIMBRA_CHANGES: usize = 2000;
/// Pages of one delta.
pub const ZIMBRA_DELTA_PAGES: usize = 100_000;
/// Lives of one account: how often its mailbox may be restored from a backup and still be told from what it was.
pub const ZIMBRA_LIVES: u32 = 1000;
/// Pieces of an archive that may wait for its reader (some 16 KiB each).
pub const ZIMBRA_PIECES: usize = 16;

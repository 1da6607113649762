//! The error ladder: how much must stop, and what to do next.
//!
//! An error in this field is first of all a blast radius ([`Scope`]) and then a next step ([`Disposition`]).
//! The [`Code`] is the stable word that reports, exit codes and scripts rely on; its Problem and Next step
//! texts follow the product's error taxonomy.

use std::{fmt, time::Duration};

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How much must stop because of an error. Ordered: a larger scope contains the smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One message; the folder goes on.
    Message,
    /// One folder; the mailbox goes on.
    Folder,
    /// One mailbox pair; the run goes on.
    Mailbox,
    /// Every mailbox of this endpoint.
    Endpoint,
    /// The whole run.
    Run,
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Try again, not before the stated time has passed (`None`: the retry policy decides).
    RetryAfter(Option<Duration>),
    /// Trying again would give the same answer.
    GiveUp,
    /// The effect may or may not have happened: ask the other side before anything else.
    InDoubt,
    /// Somebody asked for it.
    Canceled,
    /// Only a person can settle it.
    NeedsPerson,
}

/// Whose side an error belongs to; it gives the code its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The mailbox that is read.
    Source,
    /// The mailbox that is written.
    Target,
    /// This program or its machine.
    System,
}

/// The stable kinds of failure. [`Error::word`] adds the side: `SRC-AUTH`, `TGT-QUOTA`, `SYS-DISK`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The host name has no address.
    Dns,
    /// Nothing listens there, or the way is blocked.
    Connect,
    /// No answer within the deadline.
    Timeout,
    /// The connection was lost.
    Lost,
    /// The certificate is not trusted.
    TlsCert,
    /// No common TLS version, or no TLS where it was asked.
    TlsProto,
    /// User or password refused.
    Auth,
    /// Signed in, but the mailbox behind the account is not reachable (quirk 13).
    AuthAccess,
    /// The provider wants an app password.
    AuthAppPassword,
    /// This way of signing in is switched off.
    AuthBlocked,
    /// The server refused a fresh access token.
    AuthToken,
    /// The provider asks for more than it was given: a second factor, a compliant device, another place (conditional access).
    AuthMfa,
    /// The application has no consent for what it asks (AADSTS65001).
    Consent,
    /// The permission or audience asked for does not exist, or the token is for another service.
    TokenScope,
    /// The application's secret, certificate or key is refused.
    ClientSecret,
    /// The application's secret or certificate has expired.
    ClientExpired,
    /// The application is not known in the tenant, or switched off there.
    ClientUnknown,
    /// There is no such tenant.
    Tenant,
    /// There is no valid stored sign-in: none yet, expired or revoked.
    SignInNeeded,
    /// The person who was asked to sign in said no.
    SignInDeclined,
    /// Nobody finished the sign-in in time.
    SignInExpired,
    /// The account is locked or suspended for a time.
    Locked,
    /// The server asked to wait.
    Throttled,
    /// Another client holds the mailbox open, and the protocol lets in one at a time.
    InUse,
    /// The list of folders cannot be read.
    FolderList,
    /// A folder cannot be opened.
    FolderSelect,
    /// The name cannot exist at the target.
    FolderName,
    /// The target allows no more folders.
    FolderLimit,
    /// The folder holds no mail of its own, or not the user's: left out by rule.
    FolderSkipped,
    /// The folder or mailbox may not be written.
    ReadOnly,
    /// The mailbox is full.
    Quota,
    /// There is no such mailbox.
    NotFound,
    /// What the server said makes no sense in its protocol.
    Protocol,
    /// The server failed by its own account.
    Server,
    /// A message cannot be read.
    ItemFetch,
    /// A message is gone since it was listed.
    ItemVanished,
    /// A message is larger than the target takes.
    ItemTooBig,
    /// A message is malformed for the target.
    ItemMalformed,
    /// A message was refused as malware.
    ItemVirus,
    /// A message was refused for a reason not understood.
    ItemRefused,
    /// A UIDVALIDITY or mailbox changed under us; identity must be established anew.
    Identity,
    /// Another process writes to this ledger.
    LedgerLocked,
    /// The ledger does not pass its integrity check.
    LedgerDamaged,
    /// The ledger was written by a newer version.
    LedgerNewer,
    /// The disk is full or not writable.
    Disk,
    /// The stored secrets cannot be read or written.
    Vault,
    /// A configuration or user file is wrong.
    Config,
    /// The command line is wrong.
    Usage,
    /// Canceled by a person or a signal.
    Canceled,
    /// A mistake of ours.
    Bug,
}

impl Code {
    /// Every code.
    pub const ALL: [Code; 50] = [
        Code::Dns,
        Code::Connect,
        Code::Timeout,
        Code::Lost,
        Code::TlsCert,
        Code::TlsProto,
        Code::Auth,
        Code::AuthAccess,
        Code::AuthAppPassword,
        Code::AuthBlocked,
        Code::AuthToken,
        Code::AuthMfa,
        Code::Consent,
        Code::TokenScope,
        Code::ClientSecret,
        Code::ClientExpired,
        Code::ClientUnknown,
        Code::Tenant,
        Code::SignInNeeded,
        Code::SignInDeclined,
        Code::SignInExpired,
        Code::Locked,
        Code::Throttled,
        Code::InUse,
        Code::FolderList,
        Code::FolderSelect,
        Code::FolderSkipped,
        Code::FolderName,
        Code::FolderLimit,
        Code::ReadOnly,
        Code::Quota,
        Code::NotFound,
        Code::Protocol,
        Code::Server,
        Code::ItemFetch,
        Code::ItemVanished,
        Code::ItemTooBig,
        Code::ItemMalformed,
        Code::ItemVirus,
        Code::ItemRefused,
        Code::Identity,
        Code::LedgerLocked,
        Code::LedgerDamaged,
        Code::LedgerNewer,
        Code::Disk,
        Code::Vault,
        Code::Config,
        Code::Usage,
        Code::Canceled,
        Code::Bug,
    ];

    /// The opposite of [`Code::stem`].
    pub fn from_stem(stem: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.stem() == stem)
    }

    /// The word without its side, as in `AUTH`.
    pub fn stem(self) -> &'static str {
        match self {
            Code::Dns => "DNS",
            Code::Connect => "CONNECT",
            Code::Timeout => "TIMEOUT",
            Code::Lost => "LOST",
            Code::TlsCert => "TLS-CERT",
            Code::TlsProto => "TLS-PROTO",
            Code::Auth => "AUTH",
            Code::AuthAccess => "AUTH-ACCESS",
            Code::AuthAppPassword => "AUTH-APP-PASSWORD",
            Code::AuthBlocked => "AUTH-BLOCKED",
            Code::AuthToken => "AUTH-TOKEN",
            Code::AuthMfa => "AUTH-MFA",
            Code::Consent => "CONSENT",
            Code::TokenScope => "SCOPE",
            Code::ClientSecret => "CLIENT-SECRET",
            Code::ClientExpired => "CLIENT-EXPIRED",
            Code::ClientUnknown => "CLIENT-UNKNOWN",
            Code::Tenant => "TENANT",
            Code::SignInNeeded => "SIGN-IN",
            Code::SignInDeclined => "SIGN-IN-DECLINED",
            Code::SignInExpired => "SIGN-IN-EXPIRED",
            Code::Locked => "LOCKED",
            Code::Throttled => "THROTTLED",
            Code::InUse => "IN-USE",
            Code::FolderList => "FOLDER-LIST",
            Code::FolderSelect => "FOLDER-SELECT",
            Code::FolderName => "FOLDER-NAME",
            Code::FolderLimit => "FOLDER-LIMIT",
            Code::FolderSkipped => "FOLDER-SKIPPED",
            Code::ReadOnly => "READ-ONLY",
            Code::Quota => "QUOTA",
            Code::NotFound => "NOT-FOUND",
            Code::Protocol => "PROTOCOL",
            Code::Server => "SERVER",
            Code::ItemFetch => "ITEM-FETCH",
            Code::ItemVanished => "ITEM-VANISHED",
            Code::ItemTooBig => "ITEM-TOO-BIG",
            Code::ItemMalformed => "ITEM-MALFORMED",
            Code::ItemVirus => "ITEM-VIRUS",
            Code::ItemRefused => "ITEM-REFUSED",
            Code::Identity => "IDENTITY",
            Code::LedgerLocked => "LEDGER-LOCKED",
            Code::LedgerDamaged => "LEDGER-DAMAGED",
            Code::LedgerNewer => "LEDGER-NEWER",
            Code::Disk => "DISK",
            Code::Vault => "VAULT",
            Code::Config => "CONFIG",
            Code::Usage => "USAGE",
            Code::Canceled => "CANCELED",
            Code::Bug => "BUG",
        }
    }

    /// What is wrong, in plain words (product.md B3).
    pub fn problem(self) -> &'static str {
        match self {
            Code::Dns => "the host name cannot be resolved",
            Code::Connect => "nothing answers at that host and port",
            Code::Timeout => "the server did not answer in time",
            Code::Lost => "the connection was lost",
            Code::TlsCert => "the server's certificate is not trusted",
            Code::TlsProto => "no secure connection could be agreed on",
            Code::Auth => "the server refused the user name or password",
            Code::AuthAccess => "the sign-in was accepted, but the mailbox behind it cannot be reached",
            Code::AuthAppPassword => "the provider wants an app password",
            Code::AuthBlocked => "this way of signing in is switched off at the server",
            Code::AuthToken => "the server refused a fresh access token",
            Code::AuthMfa => {
                "the provider wants more than a stored sign-in can give: a second factor or another condition"
            }
            Code::Consent => "the application has no consent for this permission",
            Code::TokenScope => "the permission that was asked for is not one of this service",
            Code::ClientSecret => "the application's secret or certificate is refused",
            Code::ClientExpired => "the application's secret or certificate has expired",
            Code::ClientUnknown => "the application is not known in this tenant, or disabled",
            Code::Tenant => "there is no such tenant",
            Code::SignInNeeded => "there is no valid sign-in for this user",
            Code::SignInDeclined => "the sign-in was declined",
            Code::SignInExpired => "the sign-in was not finished in time",
            Code::Locked => "the account is locked or suspended for a time",
            Code::Throttled => "the server asked to wait",
            Code::InUse => "another client holds the mailbox open",
            Code::FolderList => "the list of folders cannot be read",
            Code::FolderSelect => "the folder cannot be opened",
            Code::FolderName => "the target does not accept the folder's name",
            Code::FolderLimit => "the target accepts no more folders",
            Code::FolderSkipped => "the folder holds no mail of its own, or not this user's",
            Code::ReadOnly => "the target does not allow writing there",
            Code::Quota => "the target mailbox is full",
            Code::NotFound => "there is no such mailbox",
            Code::Protocol => "the server's answer makes no sense in its protocol",
            Code::Server => "the server reports an internal error",
            Code::ItemFetch => "the source cannot deliver this message",
            Code::ItemVanished => "the message was deleted or moved at the source before it could be read",
            Code::ItemTooBig => "the message is larger than the target accepts",
            Code::ItemMalformed => "the target does not accept the message's form and no repair helped",
            Code::ItemVirus => "the target refused the message as malicious",
            Code::ItemRefused => "the target refused the message for a reason it does not explain",
            Code::Identity => "the server renumbered the mailbox or it is another one",
            Code::LedgerLocked => "another process writes to this ledger",
            Code::LedgerDamaged => "the ledger does not pass its integrity check",
            Code::LedgerNewer => "the ledger was written by a newer version of mailhaul",
            Code::Disk => "the disk is full or cannot be written",
            Code::Vault => "the stored secrets cannot be used",
            Code::Config => "the configuration is wrong",
            Code::Usage => "the command line is wrong",
            Code::Canceled => "stopped on request",
            Code::Bug => "an internal check failed",
        }
    }

    /// What to do about it.
    pub fn next_step(self) -> &'static str {
        match self {
            Code::Dns => "Check the spelling of the host and this machine's DNS.",
            Code::Connect => "Check host, port and firewall; the server may need to allow this machine's address.",
            Code::Timeout => "It is tried again; if it persists, check the network path or raise `timeout`.",
            Code::Lost => "Nothing to do: the next run goes on where this one stopped.",
            Code::TlsCert => {
                "Give the issuing authority with `ca`, use the name in the certificate, or have the server's certificate renewed."
            }
            Code::TlsProto => "Check port and `encryption` (tls, starttls); the server must offer TLS 1.2 or newer.",
            Code::Auth => "Check both; many providers want an app password or a full address as user name.",
            Code::AuthAccess => {
                "Check that the mailbox exists and is licensed, that IMAP is enabled for it (Set-CASMailbox -ImapEnabled), that the account or service principal has FullAccess to it (Add-MailboxPermission; register the principal with the object id of the enterprise application), and that no more than some 16 connections to it are open. By Microsoft Graph: that the application has the permission Mail.Read with an administrator's consent, and that no access policy or RBAC scope leaves the mailbox out."
            }
            Code::AuthAppPassword => {
                "Create an app password in the account's security settings and use it instead of the usual one."
            }
            Code::AuthBlocked => "Enable IMAP and this sign-in method for the mailbox, or sign in with OAuth2.",
            Code::AuthToken => {
                "Check the mailbox's address, that IMAP is enabled for it, that the application has IMAP.AccessAsApp (or the user agreed to IMAP.AccessAsUser.All), and that its service principal was registered in Exchange with the object id of the enterprise application."
            }
            Code::AuthMfa => {
                "Sign in again with `mailhaul login`, or have the administrator exempt this application from the conditional access policy."
            }
            Code::Consent => "Have an administrator grant consent for the application in the tenant, then run again.",
            Code::TokenScope => {
                "Check that the cloud and the scopes fit the server, and that the application has the permission (IMAP.AccessAsApp, Mail.ReadWrite)."
            }
            Code::ClientSecret => {
                "Check `client-secret` or the certificate of this `oauth-client`; the value of the secret counts, not its id."
            }
            Code::ClientExpired => {
                "Make a new one in the application's registration and put it into the configuration."
            }
            Code::ClientUnknown => {
                "Check `client-id` and the tenant in `authority`; an administrator must have consented to the application there."
            }
            Code::Tenant => "Check the tenant in `authority`: its id or one of its domains, in the right cloud.",
            Code::SignInNeeded => "Sign in with `mailhaul login`.",
            Code::SignInDeclined => "Start `mailhaul login` again and accept what is asked.",
            Code::SignInExpired => "Start `mailhaul login` again and finish within the stated time.",
            Code::Locked => "Wait until the provider lifts the lock, then run again.",
            Code::Throttled => "Nothing to do: the transfer goes on by itself at the stated time.",
            Code::InUse => {
                "Close the mail client that reads this mailbox, or let it fetch mail less often; then run again."
            }
            Code::FolderList => {
                "Open the mailbox in a mail client; ask the server's administrator if it shows none there either."
            }
            Code::FolderSelect => "Open it in a mail client and check its access rights; then run again.",
            Code::FolderName => "Map the folder to another name with `--map 'source=target'`.",
            Code::FolderLimit => "Merge folders with `--map`, or remove unused ones.",
            Code::FolderSkipped => "Nothing to do.",
            Code::ReadOnly => "Give the signed-in account the right to insert messages and create folders.",
            Code::Quota => "Raise its quota or archive mail, then run again: it goes on where it stopped.",
            Code::NotFound => "Check the address; create the mailbox first.",
            Code::Protocol => "Check that host and port belong to a mail server of this kind.",
            Code::Server => "It is tried again; if it persists, give the server's words to its administrator.",
            Code::ItemFetch => "Open it at the source; if it opens there, run again with `--pass retry`.",
            Code::ItemVanished => "Nothing to do.",
            Code::ItemTooBig => {
                "Raise the target's message size limit and run again with `--pass retry`, or accept the loss."
            }
            Code::ItemMalformed => {
                "The original is kept in the quarantine folder; forward it as an attachment if it is needed."
            }
            Code::ItemVirus => "The original is kept in the quarantine folder; have it examined.",
            Code::ItemRefused => "The original is kept in the quarantine folder; run again with `--pass retry`.",
            Code::Identity => {
                "Check that the account is the right one; if it was restored or rebuilt on purpose, run again."
            }
            Code::LedgerLocked => "Wait until it ends or stop it; `status` and `report` work meanwhile.",
            Code::LedgerDamaged => {
                "Restore it from a backup, or move it away: the next run adopts what the target holds."
            }
            Code::LedgerNewer => "Use that version or a newer one.",
            Code::Disk => "Free space or choose another place with `--store`; then run again: nothing is lost.",
            Code::Vault => {
                "`mailhaul secrets list` tells what is stored; reading it needs the vault's key (`key-file`, MAILHAUL_KEY, or mailhaul.key beside the ledger)."
            }
            Code::Config => "Correct the named place.",
            Code::Usage => "See `mailhaul help`.",
            Code::Canceled => "Run the same command again to go on.",
            Code::Bug => "Please report it with the log; the next run goes on where this one stopped.",
        }
    }

    /// Whether a login is refused by it: nothing of the mailbox was seen, and the exit code says so.
    pub fn refuses_login(self) -> bool {
        use Code::*;
        match self {
            Auth | AuthAccess | AuthAppPassword | AuthBlocked | AuthToken | AuthMfa | Consent | TokenScope
            | ClientSecret | ClientExpired | ClientUnknown | Tenant | SignInNeeded | SignInDeclined | SignInExpired
            | Locked => true,
            Dns | Connect | Timeout | Lost | TlsCert | TlsProto | Throttled | InUse | FolderList | FolderSelect
            | FolderName | FolderLimit | FolderSkipped | ReadOnly | Quota | NotFound | Protocol | Server
            | ItemFetch | ItemVanished | ItemTooBig | ItemMalformed | ItemVirus | ItemRefused | Identity
            | LedgerLocked | LedgerDamaged | LedgerNewer | Disk | Vault | Config | Usage | Canceled | Bug => false,
        }
    }

    /// Whether the word concerns one message and carries no side (`ITEM-TOO-BIG`).
    pub fn is_item(self) -> bool {
        self.stem().starts_with("ITEM-")
    }
}

/// An error: what failed, on which side, how far it reaches, and what to do.
///
/// `subject` names the place (host and port, folder, file and line); `reply` is the other side's own words.
/// Neither ever holds a secret or text of a message.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    side: Side,
    scope: Scope,
    disposition: Disposition,
    subject: String,
    reply: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `code` about `subject`.
    pub fn new(code: Code, side: Side, scope: Scope, disposition: Disposition, subject: impl Into<String>) -> Self {
        Error(Box::new(Inner { code, side, scope, disposition, subject: subject.into(), reply: None, source: None }))
    }

    /// The connection ended or broke; what was under way on it is in doubt.
    pub fn lost(side: Side, subject: impl Into<String>) -> Self {
        Error::new(Code::Lost, side, Scope::Mailbox, Disposition::RetryAfter(None), subject)
    }

    /// A wrong configuration, user file or option; `subject` names the place and the remedy.
    pub fn config(subject: impl Into<String>) -> Self {
        Error::new(Code::Config, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
    }

    /// A wrong option or argument; `subject` names it and the remedy.
    pub fn usage(subject: impl Into<String>) -> Self {
        Error::new(Code::Usage, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
    }

    /// Stopped on request.
    pub fn canceled() -> Self {
        Error::new(Code::Canceled, Side::System, Scope::Run, Disposition::Canceled, "stopped on request")
    }

    /// A mistake of ours: an invariant that did not hold.
    pub fn bug(subject: impl Into<String>) -> Self {
        Error::new(Code::Bug, Side::System, Scope::Mailbox, Disposition::GiveUp, subject)
    }

    /// Adds the other side's own words.
    #[must_use]
    pub fn with_reply(mut self, reply: impl Into<String>) -> Self {
        self.0.reply = Some(reply.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error seen from `side`.
    #[must_use]
    pub fn on(mut self, side: Side) -> Self {
        self.0.side = side;
        self
    }

    /// The same error with another reach.
    #[must_use]
    pub fn scoped(mut self, scope: Scope) -> Self {
        self.0.scope = scope;
        self
    }

    /// The same error with another next step.
    #[must_use]
    pub fn disposed(mut self, disposition: Disposition) -> Self {
        self.0.disposition = disposition;
        self
    }

    /// The same error about `subject`, for a caller that knows the place better.
    #[must_use]
    pub fn about(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = subject.into();
        self
    }

    /// The stable kind.
    pub fn code(&self) -> Code {
        self.0.code
    }
    /// Whose side.
    pub fn side(&self) -> Side {
        self.0.side
    }
    /// How much must stop.
    pub fn scope(&self) -> Scope {
        self.0.scope
    }
    /// What to do.
    pub fn disposition(&self) -> Disposition {
        self.0.disposition
    }
    /// The place.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }
    /// The other side's own words.
    pub fn reply(&self) -> Option<&str> {
        self.0.reply.as_deref()
    }
    /// Whether somebody asked to stop.
    pub fn is_canceled(&self) -> bool {
        self.0.disposition == Disposition::Canceled
    }

    /// The stable word with its side: `SRC-AUTH`, `TGT-QUOTA`, `SYS-DISK`, `ITEM-TOO-BIG`.
    pub fn word(&self) -> String {
        word(self.0.code, self.0.side)
    }
}

/// The stable word of a code seen from a side.
pub fn word(code: Code, side: Side) -> String {
    if code.is_item() {
        return code.stem().to_owned();
    }
    let prefix = match side {
        Side::Source => "SRC",
        Side::Target => "TGT",
        Side::System => "SYS",
    };
    format!("{prefix}-{}", code.stem())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.0.subject)?;
        if let Some(reply) = &self.0.reply {
            write!(f, " (the server said: {reply})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}

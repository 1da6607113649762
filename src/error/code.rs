//! The stable kinds of failure and their words. What a code is called never changes: reports, scripts and ledgers hold the words.

use super::Side;

/// The stable kinds of failure. [`super::Error::word`] adds the side: `SRC-AUTH`, `TGT-QUOTA`, `SYS-DISK`.
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

//! What a code tells a person: the problem, and what to do about it. Nothing is decided by these words, so they may be bettered at any
//! time; the matches are exhaustive, so that no code is without them.

use super::Code;

impl Code {
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
}

//! `mailhaul copy --from URL --to URL`: one mailbox without a project. The same command again resumes, then it is a delta.

use std::{path::PathBuf, sync::Arc};

use clap::ArgAction;

use super::{
    options::{MailArgs, PassArg},
    pass, plan, scope,
};
use crate::{
    cli::{face::Face, keys, passwords::PasswordSource},
    error::{Error, Result, Side},
    project::{
        credentials, endpoint,
        outcome::Ending,
        pairs::{self, Mailbox, MailboxPair},
        store::Store,
        url,
        users::DEFAULT_PRIORITY,
        values::Size,
        zimbra,
    },
};

/// Copy one mailbox; the same command again resumes
///
/// A URL is imaps://USER:PASSWORD@HOST[:PORT] (TLS) or imap:// (STARTTLS), with user and password percent-encoded, and
/// then ?encryption=tls|starttls|none, ?ca=FILE, ?insecure=true, ?proxy=URL, ?timeout=60s. Other users of this machine can
/// see a password in a command line: better leave it out and be asked, or use --from-password-file.
/// With --from-oauth or --to-oauth also microsoft365://USER@TENANT (?imap-host=HOST where it is another), gmail://USER, and to read by
/// Microsoft Graph office365://USER@TENANT (?graph-url=URL where it is another).
#[derive(clap::Args)]
pub struct CopyArgs {
    #[command(flatten)]
    ends: EndArgs,
    #[command(flatten)]
    mail: MailArgs,
    /// Which pass [default: the first, then deltas]
    #[arg(long, value_name = "PASS")]
    pass: Option<PassArg>,
    /// Tell what would be done and write nothing at the target
    #[arg(long)]
    dry_run: bool,
    /// At most this many messages a second, per connection
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    messages_per_second: Option<u32>,
    /// At most this many bytes a second, per connection
    #[arg(long, value_name = "SIZE")]
    bytes_per_second: Option<Size>,
}

/// The two mailboxes of a copy.
#[derive(clap::Args)]
pub struct EndArgs {
    /// The mailbox to read
    #[arg(long, value_name = "URL")]
    from: String,
    /// The mailbox to write
    #[arg(long, value_name = "URL")]
    to: String,
    /// The source's password is in this environment variable
    #[arg(long, value_name = "VAR")]
    from_password_env: Option<String>,
    /// The source's password is the first line of this file
    #[arg(long, value_name = "FILE")]
    from_password_file: Option<PathBuf>,
    /// The target's password is in this environment variable
    #[arg(long, value_name = "VAR")]
    to_password_env: Option<String>,
    /// The target's password is the first line of this file
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,
    /// Open the source with tokens of this [oauth-client.NAME] of the configuration
    #[arg(long, value_name = "NAME", conflicts_with_all = ["from_password_env", "from_password_file"])]
    from_oauth: Option<String>,
    /// Open the target with tokens of this [oauth-client.NAME] of the configuration
    #[arg(long, value_name = "NAME", conflicts_with_all = ["to_password_env", "to_password_file"])]
    to_oauth: Option<String>,
    /// Let ?encryption=none go to other machines too: password and mail can be read on the way
    #[arg(long, action = ArgAction::SetTrue)]
    allow_plaintext: bool,
}

pub(super) async fn run(args: CopyArgs, face: &Face) -> Result<Ending> {
    let store = Store::locate(face.store.as_deref(), None, "".as_ref())?;
    let mut pair = args.ends.pair(face).await?;
    pair.options = args.mail.options(args.pass)?;
    for side in [&mut pair.source, &mut pair.target] {
        let caps = &mut Arc::make_mut(&mut side.endpoint).caps;
        caps.messages_per_second = args.messages_per_second;
        caps.bytes_per_second = args.bytes_per_second.map(|Size(bytes)| bytes);
    }
    match args.dry_run {
        true => plan::over(face, &store, vec![pair]).await,
        false => pass::run(face, &store, vec![pair]).await,
    }
}

impl EndArgs {
    /// The pair, with what both sides sign in with.
    async fn pair(&self, face: &Face) -> Result<MailboxPair> {
        let mut source = url::parse("--from", &self.from, &self.manner(self.from_oauth.as_deref(), face)?)?;
        let mut target = url::parse("--to", &self.to, &self.manner(self.to_oauth.as_deref(), face)?)?;
        target.endpoint = endpoint::target_of(&source.endpoint, &target.endpoint).map_err(Error::usage)?;
        pairs::refuse_itself(&source, &target).map_err(Error::usage)?;
        self.fill_passwords(&mut source, &mut target)?;
        let mut pair = [MailboxPair {
            batch: String::new(),
            max_mailboxes: 1,
            source,
            target,
            priority: DEFAULT_PRIORITY,
            kind: None,
            options: Default::default(),
        }];
        if self.from_oauth.is_some() || self.to_oauth.is_some() {
            credentials::fill(&scope::secrets(face)?, &keys::passphrase, &mut pair).await?;
        }
        let [mut pair] = pair;
        zimbra::open(&mut pair.source, Side::Source).await?;
        Ok(pair)
    }

    fn manner(&self, client: Option<&str>, face: &Face) -> Result<url::Manner> {
        let oauth = client.map(|name| scope::config(face)?.client(name).cloned()).transpose()?;
        Ok(url::Manner { allow_plaintext: self.allow_plaintext, oauth })
    }

    fn fill_passwords(&self, source: &mut Mailbox, target: &mut Mailbox) -> Result<()> {
        let from = PasswordSource {
            side: "from",
            variable: self.from_password_env.as_deref(),
            file: self.from_password_file.as_ref(),
        };
        if source.oauth().is_none() {
            from.fill(source)?;
        }
        let to = PasswordSource {
            side: "to",
            variable: self.to_password_env.as_deref(),
            file: self.to_password_file.as_ref(),
        };
        if target.oauth().is_none() {
            to.fill(target)?;
        }
        Ok(())
    }
}

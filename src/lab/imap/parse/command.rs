//! A whole command.

use super::{
    AppendCommand, FetchCommand, ListCommand, NumberSet, SearchCommand, StatusItem, Verb,
    scan::{Malformed, Parsed, Scanner},
};

/// A command with its arguments.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) enum Command {
    /// Commands without arguments.
    Bare(Verb),
    Id,
    Enable(Vec<String>),
    Login(Vec<u8>, Vec<u8>),
    Authenticate(String, Option<String>),
    Select {
        mailbox: Vec<u8>,
        examine: bool,
        params: SelectParams,
    },
    Create(Vec<u8>),
    Delete(Vec<u8>),
    Rename(Vec<u8>, Vec<u8>),
    Subscribe(Vec<u8>, bool),
    List(ListCommand),
    Lsub(ListCommand),
    Status(Vec<u8>, Vec<StatusItem>),
    Append(AppendCommand),
    UidExpunge(NumberSet),
    Search {
        uid: bool,
        search: SearchCommand,
    },
    Fetch {
        uid: bool,
        fetch: FetchCommand,
    },
    Store {
        uid: bool,
        store: StoreCommand,
    },
    Copy {
        uid: bool,
        set: NumberSet,
        mailbox: Vec<u8>,
        moving: bool,
    },
    Compress,
    GetQuota(Vec<u8>),
    GetQuotaRoot(Vec<u8>),
}

/// The parameters of SELECT (RFC 7162).
#[derive(Clone, Debug, Default)]
pub(in crate::lab::imap) struct SelectParams {
    pub condstore: bool,
    /// UIDVALIDITY and modification sequence that the client knows.
    pub qresync: Option<(u32, u64)>,
}

/// STORE.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) struct StoreCommand {
    pub set: NumberSet,
    pub unchanged_since: Option<u64>,
    pub mode: StoreMode,
    pub silent: bool,
    pub flags: Vec<String>,
}

/// How STORE changes flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::imap) enum StoreMode {
    Replace,
    Add,
    Remove,
}

/// Reads a command whose tag and verb were read before; `parts` begin behind the verb.
pub(in crate::lab::imap) fn parse(verb: Verb, scan: &mut Scanner<'_>) -> Parsed<Command> {
    let command = arguments(verb, scan)?;
    scan.end()?;
    Ok(command)
}

fn arguments(verb: Verb, scan: &mut Scanner<'_>) -> Parsed<Command> {
    use Verb::*;
    Ok(match verb {
        Capability | Check | Close | Expunge | Idle | Logout | Namespace | Noop | Unselect => Command::Bare(verb),
        Id => scan.id()?,
        Enable => scan.enable()?,
        Login => Command::Login(scan.spaced_astring()?, scan.spaced_astring()?),
        Authenticate => scan.authenticate()?,
        Select | Examine => scan.select(verb == Examine)?,
        Create => Command::Create(scan.spaced_astring()?),
        Delete => Command::Delete(scan.spaced_astring()?),
        Rename => Command::Rename(scan.spaced_astring()?, scan.spaced_astring()?),
        Subscribe | Unsubscribe => Command::Subscribe(scan.spaced_astring()?, verb == Subscribe),
        List => Command::List(scan.list_command()?),
        Lsub => Command::Lsub(scan.lsub()?),
        Status => {
            let mailbox = scan.spaced_astring()?;
            scan.space()?;
            Command::Status(mailbox, scan.status_items()?)
        }
        Append => Command::Append(scan.append()?),
        UidExpunge => {
            scan.space()?;
            Command::UidExpunge(scan.set()?)
        }
        Search | UidSearch => Command::Search { uid: verb == UidSearch, search: scan.search()? },
        Fetch | UidFetch => Command::Fetch { uid: verb == UidFetch, fetch: scan.fetch()? },
        Store | UidStore => Command::Store { uid: verb == UidStore, store: scan.store()? },
        Copy | UidCopy | Move | UidMove => {
            scan.space()?;
            let set = scan.set()?;
            let mailbox = scan.spaced_astring()?;
            Command::Copy {
                uid: matches!(verb, UidCopy | UidMove),
                set,
                mailbox,
                moving: matches!(verb, Move | UidMove),
            }
        }
        Compress => scan.compress()?,
        GetQuota => Command::GetQuota(scan.spaced_astring()?),
        GetQuotaRoot => Command::GetQuotaRoot(scan.spaced_astring()?),
        Unknown => return Err(Malformed("a command that is known")),
    })
}

impl Scanner<'_> {
    fn spaced_astring(&mut self) -> Parsed<Vec<u8>> {
        self.space()?;
        self.astring()
    }

    fn id(&mut self) -> Parsed<Command> {
        self.space()?;
        if !self.eat_word("NIL") {
            let mut field = true;
            self.list(|scan| {
                let value = if field { scan.string().map(drop) } else { scan.nstring().map(drop) };
                field = !field;
                value
            })?;
        }
        Ok(Command::Id)
    }

    fn enable(&mut self) -> Parsed<Command> {
        let mut names = Vec::new();
        while self.eat(b' ') {
            names.push(self.atom()?.to_ascii_uppercase());
        }
        if names.is_empty() { Err(Malformed("a capability")) } else { Ok(Command::Enable(names)) }
    }

    fn authenticate(&mut self) -> Parsed<Command> {
        self.space()?;
        let mechanism = self.atom()?.to_ascii_uppercase();
        let initial = if self.eat(b' ') {
            let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
            Some(self.run(base64, "base64 or =")?.to_owned())
        } else {
            None
        };
        Ok(Command::Authenticate(mechanism, initial))
    }

    fn select(&mut self, examine: bool) -> Parsed<Command> {
        let mailbox = self.spaced_astring()?;
        let mut params = SelectParams::default();
        if self.eat(b' ') {
            self.list(|scan| scan.select_param(&mut params))?;
        }
        Ok(Command::Select { mailbox, examine, params })
    }

    fn select_param(&mut self, params: &mut SelectParams) -> Parsed<()> {
        if self.eat_word("CONDSTORE") {
            params.condstore = true;
            return Ok(());
        }
        if !self.eat_word("QRESYNC") {
            return Err(Malformed("CONDSTORE or QRESYNC"));
        }
        self.space()?;
        self.expect(b'(', "(")?;
        let validity = self.number()?;
        self.space()?;
        params.qresync = Some((validity, self.number64()?));
        if self.eat(b' ') {
            // Known UIDs only shorten the reply; they are read and not used.
            self.set()?;
        }
        self.expect(b')', ")")
    }

    fn store(&mut self) -> Parsed<StoreCommand> {
        self.space()?;
        let set = self.set()?;
        self.space()?;
        let mut unchanged_since = None;
        if self.peek() == Some(b'(') {
            self.list(|scan| {
                if !scan.eat_word("UNCHANGEDSINCE") {
                    return Err(Malformed("UNCHANGEDSINCE"));
                }
                scan.space()?;
                unchanged_since = Some(scan.number64()?);
                Ok(())
            })?;
            self.space()?;
        }
        let mode = match () {
            () if self.eat(b'+') => StoreMode::Add,
            () if self.eat(b'-') => StoreMode::Remove,
            () => StoreMode::Replace,
        };
        let silent = match self.atom()?.to_ascii_uppercase().as_str() {
            "FLAGS" => false,
            "FLAGS.SILENT" => true,
            _ => return Err(Malformed("FLAGS")),
        };
        self.space()?;
        let flags = self.flags()?;
        Ok(StoreCommand { set, unchanged_since, mode, silent, flags })
    }

    fn compress(&mut self) -> Parsed<Command> {
        self.space()?;
        if self.eat_word("DEFLATE") { Ok(Command::Compress) } else { Err(Malformed("DEFLATE")) }
    }
}

//! Signing in (RFC 3501 §6.2, RFC 4959, RFC 4616, XOAUTH2), and the small commands of every state.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    Access, Accounts, Namespaces, Verb,
    accounts::SignedIn,
    ending::Ending,
    reply::Reply,
    session::{Answer, Session, completed},
};
use crate::clock;

impl Session {
    pub(super) fn capability_code(&self) -> String {
        format!("[CAPABILITY {}] ", self.capability_words())
    }

    fn capability_words(&self) -> String {
        self.persona().capabilities.words(self.account.is_some()).join(" ")
    }

    pub(super) async fn bare(&mut self, verb: Verb) -> Answer {
        match verb {
            Verb::Capability => {
                let words = self.capability_words();
                self.wire.line(format!("* CAPABILITY {words}"));
            }
            Verb::Logout => {
                let farewell = self.persona().farewell.clone();
                self.wire.line(format!("* BYE {farewell}"));
                self.leaving = Some(Ending::Done);
            }
            Verb::Namespace => {
                let delimiter = escaped(self.mailstore().read(|mailbox| mailbox.delimiter));
                let one = |prefix: &str| format!("((\"{prefix}\" \"{delimiter}\"))");
                let Namespaces { personal, other, shared } = self.persona().manner.namespaces.clone();
                let optional = |prefix: Option<&str>| prefix.map_or("NIL".to_owned(), one);
                self.wire.line(format!("* NAMESPACE {} {} {}", one(personal), optional(other), optional(shared)));
            }
            Verb::Close => return self.close(),
            Verb::Expunge => return self.expunge(verb, None),
            Verb::Unselect => self.view = None,
            Verb::Idle => return self.idle().await,
            _ => (),
        }
        Ok(completed(verb))
    }

    pub(super) fn id(&mut self) -> Answer {
        self.wire.line("* ID (\"name\" \"stand-in\")");
        Ok(completed(Verb::Id))
    }

    pub(super) fn enable(&mut self, names: Vec<String>) -> Answer {
        let mut enabled = Vec::new();
        for name in names.iter().map(String::as_str) {
            match name {
                _ if !self.offers(name) => continue,
                "CONDSTORE" => self.enabled.condstore = true,
                "IMAP4REV2" => self.enabled.rev2 = true,
                "QRESYNC" => (self.enabled.condstore, self.enabled.qresync) = (true, true),
                _ => continue,
            }
            enabled.push(name);
        }
        self.wire.line(["* ENABLED", &enabled.join(" ")].join(" ").trim_end());
        Ok(completed(Verb::Enable))
    }

    pub(super) fn compress(&mut self) -> Reply {
        if self.wire.is_deflated() {
            return Reply::no("[COMPRESSIONACTIVE] DEFLATE is active already.");
        }
        self.compress_next = true;
        completed(Verb::Compress)
    }

    pub(super) fn login(&mut self, verb: Verb, user: &[u8], password: &[u8]) -> Answer {
        if self.offers("LOGINDISABLED") {
            return Ok(self.refused_login(verb));
        }
        let (user, password) = (String::from_utf8_lossy(user), String::from_utf8_lossy(password));
        let accounts = &self.host.accounts;
        let signed_in = accounts.by_password(&user, &password).or_else(|| accounts.by_master(&user, &password));
        Ok(self.sign_in(verb, signed_in))
    }

    pub(super) async fn authenticate(&mut self, mechanism: &str, initial: Option<String>) -> Answer {
        let verb = Verb::Authenticate;
        if !self.offers(&format!("AUTH={mechanism}")) || initial.is_some() && !self.offers("SASL-IR") {
            return Ok(self.not_offered(verb));
        }
        let initial = match initial {
            Some(initial) => initial,
            None => {
                self.wire.line("+ ");
                String::from_utf8_lossy(&self.wire.read_line().await?).into_owned()
            }
        };
        let Ok(payload) = STANDARD.decode(&initial) else { return Ok(self.refused_login(verb)) };
        let signed_in = match mechanism {
            "PLAIN" => self.plain(&payload),
            "XOAUTH2" => self.xoauth2(&payload),
            _ => None,
        };
        if signed_in.is_none() && mechanism == "XOAUTH2" && self.persona().session.sasl_challenge {
            let error = STANDARD.encode(r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#);
            self.wire.line(format!("+ {error}"));
            self.wire.read_line().await?;
        }
        Ok(self.sign_in(verb, signed_in))
    }

    /// `authzid NUL authcid NUL password` (RFC 4616). An authorization id other than the user is an administrator's
    /// log-in ([`Accounts::ADMIN`]).
    fn plain(&self, payload: &[u8]) -> Option<SignedIn> {
        let text = std::str::from_utf8(payload).ok()?;
        let [authzid, authcid, password]: [&str; 3] = text.split('\0').collect::<Vec<_>>().try_into().ok()?;
        let signed_in = self.host.accounts.by_password(authcid, password)?;
        match authzid {
            "" => Some(signed_in),
            same if same == authcid => Some(signed_in),
            other if authcid == Accounts::ADMIN => self.host.accounts.as_administrator(other),
            _ => None,
        }
    }

    /// `user=` mailbox `^A` `auth=Bearer ` token `^A^A` (microsoft365.md §2.1).
    fn xoauth2(&self, payload: &[u8]) -> Option<SignedIn> {
        let text = std::str::from_utf8(payload).ok()?;
        let (user, token) = text.strip_prefix("user=")?.strip_suffix("\x01\x01")?.split_once("\x01auth=Bearer ")?;
        self.host.accounts.by_token(user, token, clock::instant())
    }

    fn sign_in(&mut self, verb: Verb, signed_in: Option<SignedIn>) -> Reply {
        let Some(account) = signed_in else { return self.refused_login(verb) };
        let guard = self.host.sign_in(&account.user);
        let crowded = self.persona().session.connections.is_some_and(|most| guard.rank > most);
        self.connected = account.access == Access::Granted && !crowded;
        self.guard = Some(guard);
        self.account = Some(account);
        let told = if self.persona().capabilities.volunteered { self.capability_code() } else { String::new() };
        Reply::ok(format!("{told}{} completed.", verb.word()))
    }

    fn refused_login(&self, verb: Verb) -> Reply {
        Reply::no(self.persona().wording.refused_login(verb.word()))
    }

    /// IDLE (RFC 2177): tells changes as they come until DONE.
    async fn idle(&mut self) -> Answer {
        let mut changes = self.mailstore().changes();
        self.wire.line("+ idling");
        loop {
            self.catch_up()?;
            self.wire.flush().await?;
            tokio::select! {
                readable = self.wire.readable() => { readable?; break }
                changed = changes.changed() => if changed.is_err() { return Err(Ending::Cut) },
            }
        }
        let line = self.wire.read_line().await?;
        Ok(if line.eq_ignore_ascii_case(b"DONE") { completed(Verb::Idle) } else { Reply::bad("Expected DONE.") })
    }
}

/// A character inside a quoted string.
pub(super) fn escaped(character: char) -> String {
    if "\"\\".contains(character) { format!("\\{character}") } else { character.to_string() }
}

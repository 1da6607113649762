//! USER and PASS, APOP, AUTH.

use std::io;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};

use super::{session::Session, wire::Wire};
use crate::{clock, lab::mailstore::Mailstore};

/// Who signed in.
pub(super) struct Signed {
    pub user: String,
    pub store: Mailstore,
}

const REFUSED: &str = "-ERR [AUTH] Authentication failed.";

impl Session {
    /// Whether the line belongs to a sign-in.
    pub(super) fn is_sign_in(word: &str) -> bool {
        matches!(word, "USER" | "PASS" | "APOP" | "AUTH")
    }

    /// Answers it; whoever it lets in.
    pub(super) async fn sign_in(&mut self, word: &str, rest: &str) -> io::Result<Option<Signed>> {
        let manner = self.host.manner();
        clock::sleep(if word == "USER" { Default::default() } else { manner.slow_sign_in }).await;
        match word {
            "USER" if manner.user => {
                self.user = Some(rest.to_owned());
                self.wire.line("+OK");
                Ok(None)
            }
            "PASS" if manner.user => {
                let Some(user) = self.user.take() else {
                    self.wire.line("-ERR USER first");
                    return Ok(None);
                };
                Ok(self.password(&user, rest))
            }
            "APOP" if manner.apop => Ok(self.apop(rest)),
            "AUTH" => self.auth(rest).await,
            _ => {
                self.wire.line("-ERR unknown command");
                Ok(None)
            }
        }
    }

    fn password(&mut self, user: &str, password: &str) -> Option<Signed> {
        match self.host.accounts.by_password(user, password) {
            Some(signed) => Some(Signed { user: signed.user, store: signed.store }),
            None => {
                self.wire.line(REFUSED);
                None
            }
        }
    }

    fn apop(&mut self, rest: &str) -> Option<Signed> {
        let (user, digest) = rest.split_once(' ').unwrap_or((rest, ""));
        let password = self.host.accounts.password(user).unwrap_or_default();
        let expected = Md5::digest(format!("{}{password}", self.stamp));
        let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
        if expected != digest {
            self.wire.line(REFUSED);
            return None;
        }
        self.password(user, &password)
    }

    async fn auth(&mut self, rest: &str) -> io::Result<Option<Signed>> {
        let mechanism = rest.to_ascii_uppercase();
        if !self.host.manner().sasl.contains(&mechanism.as_str()) {
            self.wire.line("-ERR unknown mechanism");
            return Ok(None);
        }
        match mechanism.as_str() {
            "PLAIN" => {
                let Some(message) = ask(&mut self.wire, "").await? else { return Ok(None) };
                let fields: Vec<&str> = message.split('\0').collect();
                let [_, user, password] = fields[..] else {
                    self.wire.line(REFUSED);
                    return Ok(None);
                };
                Ok(self.password(user, password))
            }
            "LOGIN" => {
                let Some(user) = ask(&mut self.wire, "User Name").await? else { return Ok(None) };
                let Some(password) = ask(&mut self.wire, "Password").await? else { return Ok(None) };
                Ok(self.password(&user, &password))
            }
            _ => self.token().await,
        }
    }

    /// XOAUTH2 and OAUTHBEARER: a bad token is explained in a challenge that wants an answer.
    async fn token(&mut self) -> io::Result<Option<Signed>> {
        let Some(message) = ask(&mut self.wire, "").await? else { return Ok(None) };
        let field = |name: &str| message.split(['\x01', ',']).find_map(|part| part.strip_prefix(name));
        let user = field("user=").or_else(|| field("a=")).unwrap_or_default().to_owned();
        let token = field("auth=Bearer ").unwrap_or_default();
        if let Some(signed) = self.host.accounts.by_token(&user, token, clock::instant()) {
            return Ok(Some(Signed { user: signed.user, store: signed.store }));
        }
        self.wire.line(&format!("+ {}", STANDARD.encode(r#"{"status":"401","schemes":"bearer"}"#)));
        self.wire.read_line().await?;
        self.wire.line(REFUSED);
        Ok(None)
    }
}

/// One challenge and its answer, decoded; `None` where there is none.
async fn ask(wire: &mut Wire, challenge: &str) -> io::Result<Option<String>> {
    wire.line(&format!("+ {}", STANDARD.encode(challenge)));
    let Some(line) = wire.read_line().await? else { return Ok(None) };
    let decoded = STANDARD.decode(line).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if decoded.is_none() {
        wire.line("-ERR no base64");
    }
    Ok(decoded)
}

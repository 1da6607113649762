//! How the product reaches a server on loopback, where a trial uses it without its command line.

use mailhaul::{
    body::BodyStore,
    error::Side,
    imap::{Login, SignIn},
    limits,
    mailbox::ImapSettings,
    net::{Dial, Encryption},
    pace::{Pacer, Rates},
    pop3,
    secret::Secret,
    source::pop3::Pop3Settings,
};
use std::net::SocketAddr;

/// `user`'s maildrop on the POP3 server at `address`.
pub fn maildrop(address: SocketAddr, user: &str, password: &str) -> Pop3Settings {
    let ImapSettings { sign_in, describe, bodies, pacer, caps, .. } = settings(address, user, password, Side::Source);
    let sign_in = pop3::SignIn { dial: sign_in.dial, login: sign_in.login, deadline: sign_in.deadline };
    Pop3Settings { sign_in, describe, bodies, pacer, caps, rates: Rates::default(), dated: false }
}

/// `user`'s mailbox on the server at `address`, with every extension that the product would use.
pub fn settings(address: SocketAddr, user: &str, password: &str, side: Side) -> ImapSettings {
    let dial = Dial {
        host: address.ip().to_string(),
        port: address.port(),
        encryption: Encryption::None,
        ca: Vec::new(),
        insecure: false,
        proxy: None,
        connect_deadline: limits::CONNECT_DEADLINE,
        side,
    };
    ImapSettings {
        sign_in: SignIn {
            dial,
            login: Login::Password { user: user.to_owned(), password: Secret::new(password.to_owned()) },
            rates: Rates::default(),
            deadline: limits::COMMAND_DEADLINE,
            compress: false,
            resync: true,
            utf8: true,
        },
        describe: format!("{user}@{address}"),
        bodies: BodyStore::new(),
        pacer: Pacer::new(limits::FETCH_WINDOW_MESSAGES),
        caps: None,
        profile: None,
    }
}

//! Runs a Python program against a stand-in.

use std::process::{Command, Stdio};

use mailhaul::lab::imap::{Accounts, Server};

/// What every program begins with: `connect`, a signed-in connection of `imaplib` that never waits long, and `ok`,
/// which insists on OK.
const PRELUDE: &str = r#"
import imaplib, re, socket, sys
socket.setdefaulttimeout(20)
port, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
def ok(answer):
    assert answer[0] == 'OK', answer
    return answer[1]
def quoted(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'
def connect():
    c = imaplib.IMAP4('127.0.0.1', port)
    ok(c.login(user, password))
    return c
"#;

/// Runs `program` with a connection `c` that is signed in; fails with its words.
pub async fn run(server: &Server, program: &str) {
    run_unsigned(server, &format!("c = connect()\n{program}")).await;
}

/// Runs `program`; fails with its words.
pub async fn run_unsigned(server: &Server, program: &str) {
    let mut python = Command::new("python3");
    python.args(["-c", &format!("{PRELUDE}{program}"), &server.port().to_string()]);
    python.args([Accounts::USER, Accounts::PASSWORD]).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || python.output()).await.unwrap().expect("python3 runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}\n{:#?}", server.journal().entries());
}

//! What a person may get wrong: each one is answered with the place, the remedy and exit code 2.

use super::mailhaul;
use std::fs;

/// A configuration that is right as long as `users.csv` is.
const RIGHT: &str = "[endpoint.a]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = 9\nencryption = \"none\"\n\
                     [endpoint.b]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = 9\nencryption = \"none\"\n\
                     [batch.one]\nsource = \"a\"\ntarget = \"b\"\nusers = \"users.csv\"\n";
const USERS: &str = "source,target,password,target_password\na@x,a@y,hunter2,hunter2\n";

/// Runs every command that reads the project, in a directory with these files.
fn refused(config: &str, users: &str, expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("mailhaul.toml"), config).unwrap();
    fs::write(dir.path().join("users.csv"), users).unwrap();
    for command in ["check", "plan", "run", "verify", "status"] {
        let said = mailhaul(dir.path(), &[command]);
        said.expect(2, expected);
        said.expect(2, "Next step:");
        assert!(!said.err.contains("hunter2") && said.out.is_empty(), "{said:#?}");
    }
    assert!(!dir.path().join("mailhaul.db").exists(), "nothing is begun");
}

#[test]
fn in_the_configuration() {
    for (line, expected) in [
        ("prt = 993", "mailhaul.toml, line 16, `prt`: unknown field `prt`, expected one of"),
        ("kind = \"imap\"\nport = \"993\"", "mailhaul.toml, line 17, `port`: invalid type"),
        (
            "kind = \"imap\"\nhost = \"x\"\nencryption = \"none\"",
            "line 18, `encryption`: \"none\" is accepted to this machine only",
        ),
        (
            "kind = \"imap\"\nhost = \"x\"\nauth = \"admin\"\nadmin-username = \"r\"\nadmin-password-file = \"gone\"",
            "line 20, `admin-password-file`: gone cannot be read",
        ),
        ("kind = imap", "mailhaul.toml, line 16"),
    ] {
        refused(&format!("{RIGHT}[endpoint.c]\n{line}\n"), USERS, expected);
    }
    refused("", USERS, "the configuration has no batch");
}

#[test]
fn in_the_user_file() {
    for (users, expected) in [
        ("source;target\na;b\n", "users.csv, line 1: the fields are not separated by commas"),
        ("source,traget\n", "users.csv, line 1: there is no column `traget`"),
        ("source,target,password,target_password\n,b,hunter2,x\n", "users.csv, line 2: `source` is empty"),
        ("source,target,password,target_password\na,b,hunter2\n", "users.csv, line 2: 3 fields where the header has 4"),
        ("source,target,password,target_password\na,b,,hunter2\n", "users.csv, line 2: `password` is empty"),
        (
            "source,target,password,target_password\na,b,hunter2,x\n\na,c,hunter2,x\n",
            "users.csv, line 4: `a` is on line 2 already",
        ),
        ("source,target\n", "no mailbox in it"),
    ] {
        refused(RIGHT, users, expected);
    }
}

#[test]
fn in_a_url() {
    let dir = tempfile::tempdir().unwrap();
    let to = "imaps://b:hunter2@127.0.0.1:9";
    for (from, expected) in [
        ("anna", "--from: no URL"),
        ("imaps://a:hunter2/x@h", "In user and password write `@` as %40"),
        ("imap://a:hunter2@mail.example?encryption=none", "add `--allow-plaintext`"),
        ("pop3://a:hunter2@h/x", "something follows the host"),
        ("microsoft365://a:hunter2@contoso.com", "Microsoft takes no passwords"),
        ("imaps://b:hunter2@127.0.0.1:9", "source and target are the same mailbox"),
        ("imaps://a@h", "no password for --from, and no terminal to ask at: use --from-password-env"),
    ] {
        let said = mailhaul(dir.path(), &["copy", "--from", from, "--to", to]);
        said.expect(2, expected);
        assert!(!said.err.contains("hunter2"), "{said:#?}");
    }
}

#[test]
fn in_an_option() {
    let dir = tempfile::tempdir().unwrap();
    let copy = |option: &[&str]| {
        let both = ["copy", "--from", "imaps://a@127.0.0.1:9", "--to", "imaps://b:hunter2@127.0.0.1:9"];
        mailhaul(dir.path(), &[&both[..], option].concat())
    };
    copy(&["--since", "yesterday"]).expect(2, "`yesterday` is not a date");
    copy(&["--max-size", "huge"]).expect(2, "`huge` is not a size");
    copy(&["--map", "Sent"]).expect(2, "`Sent` is not a mapping");
    copy(&["--folder", "["]).expect(2, "`[` is not a folder pattern");
    copy(&["--from-password-env", "NOT_SET"]).expect(2, "the variable NOT_SET is not set");
    copy(&["--from-password-file", "gone"]).expect(2, "gone cannot be read: there is no such file");
    copy(&["--from-password-env", "SECRET", "--since", "2024-02-01", "--before", "2024-01-01"])
        .expect(2, "--before: it is not after `since`");
    copy(&["--from-password-env", "SECRET", "--from-password-file", "x"]).expect(2, "more than one place");
    copy(&["--from-password-env", "SECRET", "--store", "postgres://x"]).expect(2, "PostgreSQL is not yet supported");
    let said = copy(&["imaps://c:hunter2@h"]);
    said.expect(2, "unexpected argument");
    assert!(!said.err.contains("hunter2"), "{said:#?}");
    mailhaul(dir.path(), &["status", "--config", "gone.toml"]).expect(2, "gone.toml cannot be read");
    mailhaul(dir.path(), &["run"]).expect(2, "Run `mailhaul init` to write one");
}

#[test]
fn with_json_a_mistake_is_one_document() {
    let dir = tempfile::tempdir().unwrap();
    let said = mailhaul(dir.path(), &["--json", "run"]);
    let document = said.document();
    assert_eq!((&document["outcome"], &document["error"]["code"]), (&"failed".into(), &"SYS-CONFIG".into()));
    assert!(document["error"]["problem"].as_str().unwrap().contains("mailhaul.toml cannot be read"), "{document}");
}

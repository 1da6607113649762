//! Stored secrets from outside: what goes in, who can read it, and that a run finds the passwords.

use super::Said;
use super::copying::post;
use crate::support::dovecot::{Dovecot, PASSWORD};
use crate::support::project::Project;
use crate::trials::{seed, size};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

/// Runs the product with `input` on standard input and these variables.
fn mailhaul(dir: &Path, arguments: &[&str], input: &str, variables: &[(&str, &str)]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
    command.args(arguments).current_dir(dir).envs(variables.iter().copied());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the product");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn done(dir: &Path, arguments: &[&str]) -> Said {
    let said = mailhaul(dir, arguments, "", &[]);
    assert_eq!(said.code, Some(0), "{arguments:?}: {said:#?}");
    said
}

fn names(dir: &Path) -> Vec<String> {
    let document = done(dir, &["secrets", "list", "--json"]).document();
    document["secrets"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_run_finds_the_passwords_that_were_imported() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    post(&source, "u1", "INBOX", 3);
    let project = Project::new(source.address(), target.address(), &[("u1".to_owned(), "v1".to_owned())], 1);
    let home = project.home.path();
    let said = done(home, &["secrets", "import", "users.csv", "--empty-columns"]);
    assert!(said.out.contains("2 passwords of users.csv are stored"), "{said:#?}");
    assert_eq!(names(home), ["password/new/v1", "password/old/u1"]);
    assert!(!fs::read_to_string(home.join("users.csv")).unwrap().contains(PASSWORD));
    assert_eq!(fs::metadata(home.join("ledger.key")).unwrap().permissions().mode() & 0o777, 0o600);

    // Status and list need no key.
    let key = home.join("ledger.key");
    let away = home.join("away.key");
    fs::rename(&key, &away).unwrap();
    done(home, &["status"]);
    let said = mailhaul(home, &["run"], "", &[]);
    said.expect(2, "there is no such file");
    fs::rename(&away, &key).unwrap();

    let run = project.run(&["run", "--pass", "final"]);
    assert_eq!((run.code, &run.document["outcome"]), (Some(0), &"verified".into()), "{run:#?}");
    done(home, &["secrets", "rotate"]);
    assert_eq!(project.run(&["run", "--pass", "final"]).code, Some(0), "after a rotation");

    let said = done(home, &["secrets", "wipe", "--finalised"]);
    assert!(said.out.contains("password/old/u1"), "{said:#?}");
    assert_eq!(names(home), [""; 0]);
    mailhaul(home, &["run"], "", &[]).expect(2, "these mailbox pairs are finalised and their secrets wiped");
}

/// Of two pairs one is finalised: its secrets go by themselves, it is left out from then on, and the other goes on.
#[test]
fn the_secrets_of_a_finalised_pair_go_by_themselves() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    for user in ["u1", "u2"] {
        post(&source, user, "INBOX", 3);
    }
    let users = [("u1".to_owned(), "v1".to_owned()), ("u2".to_owned(), "v2".to_owned())];
    let project = Project::new(source.address(), target.address(), &users, 2);
    let home = project.home.path();
    done(home, &["secrets", "import", "users.csv", "--empty-columns"]);
    assert_eq!(project.run(&["run", "--pass", "final", "u1@old.example"]).code, Some(0));
    assert_eq!(names(home).len(), 4, "three days are left for sweeps");

    let configuration = home.join("mailhaul.toml");
    let text = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, text.replace("[project]\n", "[project]\nwipe-secrets = \"1ms\"\n")).unwrap();
    let run = project.run(&["run"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stderr.contains("Secrets wiped of pairs that are finalised: 2"), "{run:#?}");
    assert_eq!(names(home), ["password/new/v2", "password/old/u2"]);

    let run = project.run(&["run"]);
    assert_eq!((run.code, run.document["mailboxes"].as_array().map(Vec::len)), (Some(0), Some(1)), "{run:#?}");
    assert!(run.stderr.contains("they are finalised and their secrets wiped: 1"), "{run:#?}");
    done(home, &["status"]);
    done(home, &["report", "--out", "report"]);
}

#[test]
fn a_pair_that_is_not_final_keeps_its_secrets_until_it_is_named() {
    let address = "127.0.0.1:9".parse().unwrap();
    let users = [("u1".to_owned(), "v".to_owned()), ("u2".to_owned(), "v".to_owned())];
    let project = Project::new(address, address, &users, 1);
    let home = project.home.path();
    done(home, &["secrets", "import"]);
    assert_eq!(names(home), ["password/new/v", "password/old/u1", "password/old/u2"]);
    assert!(done(home, &["secrets", "wipe", "--finalised"]).out.contains("Nothing to wipe"));
    // The target's password is the other pair's too.
    done(home, &["secrets", "wipe", "--pair", "u1@old.example"]);
    assert_eq!(names(home), ["password/new/v", "password/old/u2"]);
    done(home, &["secrets", "wipe", "password/new/v"]);
    mailhaul(home, &["secrets", "wipe", "password/new/v"], "", &[]).expect(2, "nothing is stored under that name");
}

#[test]
fn a_secret_is_set_from_input_and_no_command_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let said = mailhaul(home, &["secrets", "set", "password/old/anna@old.example"], "hunter2\n", &[]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    fs::write(home.join("p"), "hunter3\n").unwrap();
    done(home, &["secrets", "set", "password/old/bert", "--file", "p"]);
    for arguments in [&["secrets", "list"][..], &["secrets", "list", "--json"], &["secrets", "rotate", "--json"]] {
        let said = done(home, arguments);
        assert!(!format!("{said:?}").contains("hunter"), "{said:#?}");
    }
    assert!(!String::from_utf8_lossy(&fs::read(home.join("mailhaul.secrets")).unwrap()).contains("hunter"));
    mailhaul(home, &["secrets", "set", "old/anna"], "x\n", &[]).expect(2, "no name of a secret");
    mailhaul(home, &["secrets", "set", "password/old/carl"], "\n", &[]).expect(2, "what was given is empty");
    mailhaul(home, &["secrets", "init"], "", &[]).expect(2, "is there already");

    fs::set_permissions(home.join("mailhaul.key"), PermissionsExt::from_mode(0o644)).unwrap();
    mailhaul(home, &["secrets", "rotate"], "", &[]).expect(2, "chmod 600");
}

#[test]
fn the_key_may_have_a_passphrase_or_be_in_the_environment() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let phrase = [("MAILHAUL_PASSPHRASE", "correct horse")];
    let said = mailhaul(home, &["secrets", "init", "--passphrase"], "", &phrase);
    assert_eq!(said.code, Some(0), "{said:#?}");
    assert!(fs::read(home.join("mailhaul.key")).unwrap().starts_with(b"age-encryption.org/v1"));
    // To store needs no key at all.
    assert_eq!(mailhaul(home, &["secrets", "set", "password/old/anna"], "hunter2\n", &[]).code, Some(0));
    mailhaul(home, &["secrets", "rotate"], "", &[]).expect(2, "set MAILHAUL_PASSPHRASE");
    mailhaul(home, &["secrets", "rotate"], "", &[("MAILHAUL_PASSPHRASE", "battery")])
        .expect(2, "the passphrase is wrong");
    assert_eq!(mailhaul(home, &["secrets", "rotate", "--new-key-file", "plain.key"], "", &phrase).code, Some(0));

    let key = fs::read_to_string(home.join("plain.key")).unwrap();
    let key = key.lines().last().unwrap();
    mailhaul(home, &["secrets", "rotate"], "", &[("MAILHAUL_KEY", key)]).expect(2, "--new-key-file");
    let said = mailhaul(home, &["secrets", "rotate", "--new-key-file", "next.key"], "", &[("MAILHAUL_KEY", key)]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let said = mailhaul(home, &["secrets", "rotate", "--new-key-file", "x.key"], "", &[("MAILHAUL_KEY", key)]);
    said.expect(2, "the vault is encrypted to age1");
    assert!(!said.err.contains(key));
}

/// Killed anywhere, a rotation leaves a key that opens all: the next one encrypts every secret anew.
#[test]
fn a_rotation_that_is_killed_loses_nothing() {
    let address = "127.0.0.1:9".parse().unwrap();
    let users: Vec<_> = (0..30).map(|n| (format!("u{n}"), format!("v{n}"))).collect();
    let project = Project::new(address, address, &users, 1);
    let home = project.home.path();
    done(home, &["secrets", "import"]);
    let begun = Instant::now();
    done(home, &["secrets", "rotate"]);
    let whole = begun.elapsed();
    let mut random = fastrand::Rng::with_seed(seed());
    let kills = (0..size(12, 150)).filter(|_| {
        let running = project.start(&["secrets", "rotate"]);
        thread::sleep(whole.mul_f64(random.f64()));
        let killed = running.kill();
        let rotated = done(home, &["secrets", "rotate", "--json"]).document();
        assert_eq!(rotated["secrets"], 60);
        killed
    });
    let kills = kills.count();
    println!("{kills} of them were killed within {whole:?}");
    assert!(kills > 0);
}

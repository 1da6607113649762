//! `mbsync` copies a generated mailbox from one stand-in to another, and what arrives is what was there.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use mailhaul::lab::{
    generate::Recipe,
    imap::{Accounts, Persona, Profile, Server},
    mailstore::{Mailstore, Message},
};

/// What mbsync keeps of a message: its bytes but for the line it adds itself, its date, its system flags.
type Kept = (Vec<u8>, i64, u8);

fn kept(message: &Message) -> Kept {
    let bytes = message.content.bytes();
    let own = |line: &&[u8]| !line.starts_with(b"X-TUID: ");
    let bytes = bytes.split_inclusive(|&b| b == b'\n').filter(own).collect::<Vec<_>>().concat();
    // isync 1.4.4 reads a zone of -0330 as -0230.
    let misread = if message.received_at.offset == -12_600 { 3600 } else { 0 };
    (bytes, message.received_at.unix - misread, message.flags.system.bits())
}

fn readable((bytes, date, flags): &Kept) -> (i64, u8, String) {
    (*date, *flags, String::from_utf8_lossy(bytes).into_owned())
}

fn contents(store: &Mailstore) -> BTreeMap<String, Vec<Kept>> {
    store.read(|mailbox| {
        let folder = |(name, folder): (&[u8], &mailhaul::lab::mailstore::Folder)| {
            let mut messages: Vec<Kept> = folder.messages().iter().map(kept).collect();
            messages.sort();
            (String::from_utf8_lossy(name).into_owned(), messages)
        };
        mailbox.folders().map(folder).collect()
    })
}

fn configuration(directory: &Path, source: u16, target: u16) -> String {
    let account = |name: &str, port: u16| {
        let (user, password) = (Accounts::USER, Accounts::PASSWORD.replace('"', "\\\""));
        format!(
            "IMAPStore {name}\nHost 127.0.0.1\nPort {port}\nUser {user}\nPass \"{password}\"\nSSLType None\n\
             AuthMechs LOGIN\nTimeout 20\n\n"
        )
    };
    format!(
        "{}{}Channel all\nFar :source:\nNear :target:\nPatterns *\nCreate Near\nSync Pull\nExpunge None\n\
         CopyArrivalDate yes\nSyncState {}/\n",
        account("source", source),
        account("target", target),
        directory.display(),
    )
}

async fn copies_equal(source: Persona, target: Persona) {
    // No backslash in its own configuration language and no Maildir in between: those names are left out.
    let from = Recipe::new(11, 150).build();
    from.write(|mailbox| mailbox.delete(b"back\\slash"));
    let to = Mailstore::empty();
    let (source, target) =
        (Server::start(from.clone(), source).await.unwrap(), Server::start(to.clone(), target).await.unwrap());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mbsyncrc");
    fs::write(&file, configuration(directory.path(), source.port(), target.port())).unwrap();
    let mut mbsync = Command::new("mbsync");
    mbsync.arg("-c").arg(&file).arg("all").stdin(Stdio::null());
    let output =
        tokio::task::spawn_blocking(move || mbsync.output()).await.unwrap().expect("mbsync (Debian: isync) runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words}{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{words}\n{:#?}", target.journal().entries());
    let (wanted, found) = (contents(&from), contents(&to));
    assert_eq!(wanted.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>(), "{words}");
    for (name, messages) in &wanted {
        assert_eq!(messages.len(), found[name].len(), "{name}: {words}");
        for (wanted, found) in messages.iter().zip(&found[name]) {
            assert!(wanted == found, "{name}: {:?} became {:?}", readable(wanted), readable(found));
        }
    }
}

#[tokio::test]
async fn between_modern_servers() {
    copies_equal(Persona::generic(), Persona::generic()).await;
}

/// UIDPLUS stays: without it isync 1.4.4 does not understand the answer to its own FETCH of X-TUID.
#[tokio::test]
async fn between_bare_servers() {
    let bare = &["LITERAL+", "ESEARCH", "CONDSTORE", "QRESYNC", "LIST-EXTENDED", "NAMESPACE", "SASL-IR", "MOVE"];
    copies_equal(Persona::generic().without(bare), Persona::generic().without(bare)).await;
}

#[tokio::test]
async fn into_exchange_online() {
    copies_equal(Persona::generic(), Persona::exchange(Profile::Classic)).await;
}

//! Servers that put things unexpectedly.

use mailhaul::lab::{
    generate::Recipe,
    imap::{NameForm, Persona, Server},
    mailstore::Mailstore,
};

use super::python::run;

#[tokio::test]
async fn an_awkward_server_is_still_understood() {
    let server = Server::start(Mailstore::empty(), Persona::awkward()).await.unwrap();
    let program = r#"
mail = b'Subject: one\r\n\r\nbody\r\n'
ok(c.append('INBOX', '(\\Seen)', '" 1-Feb-2020 03:04:05 +0200"', mail))
ok(c.append('INBOX', '(\\Draft)', '" 1-Feb-2020 03:04:05 +0200"', mail))
assert ok(c.list())[0] == (b'(\\HasNoChildren) "/" {5}', b'INBOX'), c.list()
ok(c.select('INBOX'))
first, second = [part for part in ok(c.uid('FETCH', '1:2', '(UID FLAGS BODY.PEEK[])')) if isinstance(part, tuple)]
assert first[0].startswith(b'1 (UID 1 FLAGS (\\Seen) BODY[]') and first[1] == mail, first
assert second[0].startswith(b'2 (BODY[]') and second[1] == mail, second
assert c.response('XNOTICE') != ('XNOTICE', [None])
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn names_may_be_atoms() {
    let store = Mailstore::empty();
    store.write(|mailbox| ["2019", "a b"].map(|name| mailbox.create(name.as_bytes()).map(|_| ()).unwrap()));
    let server = Server::start(store, Persona::generic().with(|p| p.manner.names = NameForm::Atom)).await.unwrap();
    let program = r#"
names = ok(c.list())
assert names == [b'(\\HasNoChildren) "/" 2019', b'(\\HasNoChildren) "/" INBOX', b'(\\HasNoChildren) "/" "a b"'], names
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn a_prefix_before_every_folder() {
    let recipe = Recipe { prefix: "INBOX.", delimiter: '.', ..Recipe::new(2, 40) };
    let server = Server::start(recipe.build(), Persona::prefixed()).await.unwrap();
    let program = r#"
assert ok(c.namespace()) == [b'(("INBOX." ".")) (("user." ".")) (("shared." "."))']
assert c.create('Elsewhere')[0] == 'NO'
ok(c.create('INBOX.Here'))
assert b'(\\HasNoChildren \\Sent) "." "INBOX.Sent"' in ok(c.list())
ok(c.select('INBOX'))
assert c.response('UIDNEXT') == ('UIDNEXT', [None])
assert c.response('UIDVALIDITY')[1][0]
"#;
    run(&server, program).await;
}

#[tokio::test]
async fn what_cannot_be_read_or_written() {
    let persona = Persona::generic().with(|persona| {
        persona.folders.unreadable.insert(b"Locked".to_vec(), "[NOPERM] Permission denied.".to_owned());
        persona.folders.poison.insert(2);
        persona.manner.no_date.insert(1);
        persona.append.quota = Some(100);
    });
    let store = Mailstore::empty();
    let server = Server::start(store.clone(), persona).await.unwrap();
    let program = r#"
mail = b'Subject: one\r\n\r\nbody\r\n'
for n in range(4):
    ok(c.append('INBOX', None, None, mail))
assert c.append('INBOX', None, None, mail) == ('NO', [b'[OVERQUOTA] Not enough disk quota.'])
ok(c.create('Locked'))
assert c.select('Locked') == ('NO', [b'[NOPERM] Permission denied.'])
ok(c.select('INBOX'))
assert ok(c.uid('FETCH', '1', '(INTERNALDATE)')) == [b'1 (UID 1 INTERNALDATE NIL)']
verdict, answer = c.uid('FETCH', '1:4', '(BODY.PEEK[])')
assert verdict == 'NO' and b'[UNAVAILABLE]' in answer[0], answer
ok(c.uid('FETCH', '1:4', '(FLAGS)'))
quota = ok(c.getquotaroot('INBOX'))
assert quota == [[b'"INBOX" ""'], [b'"" (STORAGE 1 0)']], quota
"#;
    run(&server, program).await;
    server.set_persona(Persona::generic().with(|persona| persona.append.read_only = true));
    let program = r#"
for answer in [c.append('INBOX', None, None, b'x: y\r\n\r\n'), c.create('New'), c.delete('Locked'), c.rename('Locked', 'Free')]:
    assert answer == ('NO', [b'[NOPERM] Permission denied.']), answer
"#;
    run(&server, program).await;
    assert_eq!(store.snapshot().messages(), 4);
}

#[tokio::test]
async fn a_renumbered_folder_has_another_validity() {
    let store = Recipe::new(4, 20).build();
    let server = Server::start(store.clone(), Persona::generic()).await.unwrap();
    let validity = |store: &Mailstore| store.read(|mailbox| mailbox.folder(b"INBOX").map(|f| f.validity)).unwrap();
    let before = validity(&store);
    run(&server, &format!("ok(c.select('INBOX'))\nassert c.response('UIDVALIDITY')[1][0] == b'{before}'")).await;
    store.write(|mailbox| mailbox.renumber(b"INBOX"));
    let after = validity(&store);
    assert_ne!(before, after);
    run(&server, &format!("ok(c.select('INBOX'))\nassert c.response('UIDVALIDITY')[1][0] == b'{after}'")).await;
}

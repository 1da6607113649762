use super::*;
use crate::imap::{
    Namespace,
    transcript::{play, signed_in},
};

async fn list(transcript: &str, capabilities: &str) -> Result<Vec<Folder>> {
    play(transcript, 64, async |stream| folders(&mut signed_in(stream, capabilities)).await).await
}

fn named<'a>(folders: &'a [Folder], name: &str) -> &'a Folder {
    folders.iter().find(|folder| folder.name.as_bytes() == name.as_bytes()).expect(name)
}

#[tokio::test]
async fn everything_in_one_reply() {
    let transcript = r#"
        C: A1 LIST "" "*" RETURN (SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ))
        S: * LIST (\HasNoChildren \Subscribed) "/" inbox
        S: * STATUS INBOX (MESSAGES 3 UIDNEXT 7 UIDVALIDITY 1 HIGHESTMODSEQ 5)
        S: * LIST (\Sent) "/" "Envoy&AOk-s"
        S: * LIST (\NonExistent) "/" "gone"
        S: A1 OK done
    "#;
    let folders = list(transcript, "LIST-EXTENDED SPECIAL-USE LIST-STATUS CONDSTORE").await.unwrap();
    let inbox = named(&folders, "inbox");
    assert!(inbox.path.is_inbox() && inbox.subscribed && inbox.selectable);
    assert_eq!((inbox.role, inbox.status.as_ref().unwrap().messages), (Some(Role::Inbox), Some(3)));
    let sent = named(&folders, "Envoy&AOk-s");
    assert_eq!((sent.role, sent.path.leaf(), sent.subscribed), (Some(Role::Sent), "Envoyés", false));
    assert!(!named(&folders, "gone").selectable);
}

#[tokio::test]
async fn plain_list_where_the_extended_one_is_refused() {
    // Quirk 93: LIST-EXTENDED announced, BAD all the same.
    let transcript = r#"
        C: A1 LIST "" "*" RETURN (SUBSCRIBED)
        S: A1 BAD Command Argument Error. 12
        C: A2 LIST "" "*"
        C: A3 LSUB "" "*"
        S: * LIST (\Marked \HasNoChildren) "/" Inbox
        S: * LIST (\HasNoChildren \Trash) "/" Deleted
        S: * LIST (\HasNoChildren \Trash) "/" Deleted
        S: A2 OK done
        S: * LSUB () "/" INBOX
        S: A3 OK done
    "#;
    let folders = list(transcript, "LIST-EXTENDED").await.unwrap();
    assert_eq!(folders.len(), 2);
    assert!(named(&folders, "Inbox").subscribed);
    assert_eq!(named(&folders, "Deleted").role, Some(Role::Trash));
}

#[tokio::test]
async fn the_gmail_of_old() {
    let transcript = r#"
        C: A1 XLIST "" "*"
        C: A2 LSUB "" "*"
        S: * XLIST (\HasNoChildren \Inbox) "/" "Posteingang"
        S: * XLIST (\HasNoChildren \AllMail) "/" "[Gmail]/Alle Nachrichten"
        S: * XLIST (\Noselect \HasChildren) "/" "[Gmail]"
        S: A1 OK done
        S: A2 NO not here
    "#;
    let folders = list(transcript, "XLIST").await.unwrap();
    assert_eq!(named(&folders, "INBOX").role, Some(Role::Inbox));
    assert_eq!(named(&folders, "[Gmail]/Alle Nachrichten").role, Some(Role::All));
    assert!(!named(&folders, "[Gmail]").selectable);
}

#[tokio::test]
async fn a_refused_list_is_no_empty_mailbox() {
    // Quirk 67.
    let transcript = "C: A1 LIST \"\" \"*\"\nC: A2 LSUB \"\" \"*\"\nS: A1 NO LIST failed\nS: A2 OK done";
    let error = list(transcript, "IMAP4rev1").await.unwrap_err();
    assert_eq!((error.code(), error.reply()), (Code::FolderList, Some("NO LIST failed")));
}

#[test]
fn paths_leave_the_prefix_and_other_people_out() {
    let mut server = Server {
        namespace: Some(Namespace {
            personal: vec![(b"INBOX.".to_vec(), Some('.'))],
            other: vec![(b"user.".to_vec(), Some('.'))],
            shared: vec![(Vec::new(), None)],
        }),
        ..Server::default()
    };
    let path_of =
        |name: &str, server: &Server| path(&FolderName(name.as_bytes().to_vec()), Some('.'), server).to_string();
    assert_eq!(path_of("INBOX", &server), "INBOX");
    assert_eq!(path_of("INBOX.Sent.&AOk-t&AOk-", &server), "Sent/été");
    assert_eq!(path_of("inbox.x", &server), "x");
    assert_eq!(path_of("user.bob", &server), "user/bob");
    let foreign = |name: &str| is_foreign(&FolderName(name.as_bytes().to_vec()), &server);
    assert!(foreign("user.bob") && foreign("user") && !foreign("users") && !foreign("INBOX"));
    server.namespace = None;
    assert_eq!(path_of("Inbox.a", &server), "INBOX/a");
    server.utf8 = true;
    assert_eq!(path_of("R&D.été", &server), "R&D/été");
}

//! Signing in, looking around, and what refusals mean.

use std::time::Duration;

use mailhaul::{
    error::{Code, Disposition, Result},
    lab::zimbra::{FolderKind, Settings, fill},
    zimbra::{Login, Mailbox, Since, Single, account, accounts},
};

use super::stage::{ADMIN, ANN, Stage, mail, secret};

fn code<T>(result: Result<T>) -> Code {
    result.err().expect("refused").code()
}

#[tokio::test]
async fn three_ways_lead_into_a_mailbox() {
    let key = "6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c";
    let stage = Stage::new(Settings { preauth_key: Some(key.to_owned()), ..Settings::default() }).await;
    stage.kept(ANN, |mailbox| fill(mailbox, 20, 1));
    let proven = Mailbox::new(stage.service.clone(), ANN, Login::Key(secret(key)));
    for mailbox in [stage.own(ANN), stage.delegated(ANN), proven] {
        assert_eq!(mailbox.listing().await.unwrap().messages.values().map(|ids| ids.len()).sum::<usize>(), 20);
    }
    let wrong = Mailbox::new(stage.service.clone(), ANN, Login::Key(secret("0000")));
    assert_eq!(code(wrong.listing().await), Code::Auth);
}

#[tokio::test]
async fn every_refused_sign_in_is_explained() {
    let stage = Stage::new(Settings::default()).await;
    let refused = async |mailbox: Mailbox| mailbox.account().await.expect_err("refused");
    let wrong = refused(Mailbox::new(stage.service.clone(), ANN, Login::Password(secret("nonsense")))).await;
    assert_eq!((wrong.code(), wrong.disposition()), (Code::Auth, Disposition::NeedsPerson));
    assert!(wrong.subject().contains(ANN) && !format!("{wrong} {wrong:?}").contains("nonsense"));
    stage.zimbra.change_person(ANN, |ann| ann.two_factors = true);
    let second = refused(stage.own(ANN)).await;
    assert_eq!(second.code(), Code::AuthMfa);
    assert!(second.subject().contains("preauth-key-file"), "{second}");
    assert!(stage.delegated(ANN).account().await.is_ok(), "an administrator needs no second factor");
    assert_eq!(refused(stage.delegated("nobody@old.example")).await.code(), Code::NotFound);
    assert_eq!(refused(stage.own("lou@old.example")).await.code(), Code::Auth);
    assert!(stage.delegated("lou@old.example").listing().await.is_ok(), "locked accounts are read by administrators");
    assert_eq!(refused(stage.own("max@old.example")).await.code(), Code::Locked);
    assert!(stage.delegated("max@old.example").listing().await.is_err(), "nobody reads an account in maintenance");
}

#[tokio::test]
async fn it_stops_before_the_server_bars_its_address() {
    let stage = Stage::new(Settings::default()).await;
    for _ in 0..8 {
        let wrong = Mailbox::new(stage.service.clone(), ANN, Login::Password(secret("nonsense")));
        assert_eq!(code(wrong.account().await), Code::Auth);
    }
    assert_eq!(stage.zimbra.counts()[3], 5);
}

#[tokio::test]
async fn tokens_are_renewed_before_and_after_their_end() {
    let stage = Stage::new(Settings { token_life: Duration::from_millis(600), ..Settings::default() }).await;
    stage.add(ANN, 2, "one");
    let mailbox = stage.delegated(ANN);
    for _ in 0..4 {
        mailbox.listing().await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    stage.zimbra.end_tokens();
    assert_eq!(mailbox.folders().await.unwrap().iter().filter(|folder| folder.id == 2).count(), 1);
    assert_eq!(stage.zimbra.counts()[3], 2, "the administrator signed in again once");
}

#[tokio::test]
async fn changes_come_in_pages_and_end_in_nothing() {
    let stage = Stage::new(Settings { changes: 7, ..Settings::default() }).await;
    let mailbox = stage.own(ANN);
    let ids: Vec<u32> = (0..30).map(|n| stage.add(ANN, 2, &format!("{n}"))).collect();
    let start = mailbox.listing().await.unwrap();
    assert_eq!(start.messages[&2].iter().copied().collect::<Vec<_>>(), ids);
    stage.kept(ANN, |kept| {
        ids[..20].iter().for_each(|id| kept.update(*id, |item| item.flags.extend(['f'])));
        kept.move_to(ids[20], 3);
        kept.delete(ids[21]);
        kept.rewrite(ids[22], "new".into());
    });
    let Since::Changes(changes) = mailbox.changes(&start.token).await.unwrap() else { panic!("changes") };
    assert_eq!((changes.messages.len(), changes.deleted), (22, [ids[21]].into()));
    assert_eq!(changes.messages[&ids[20]].folder, 3);
    assert!(changes.messages[&ids[22]].revision > changes.messages[&ids[0]].revision);
    let Since::Changes(none) = mailbox.changes(&changes.token).await.unwrap() else { panic!("changes") };
    assert!(none.messages.is_empty() && none.deleted.is_empty());
    let backup = stage.kept(ANN, |kept| kept.clone());
    stage.add(ANN, 2, "after the backup");
    let Since::Changes(later) = mailbox.changes(&none.token).await.unwrap() else { panic!("changes") };
    stage.kept(ANN, |kept| kept.restore(&backup));
    assert_eq!(mailbox.changes(&later.token).await.unwrap(), Since::Restored);
    stage.kept(ANN, |kept| kept.forget_removed());
    assert_eq!(mailbox.changes(&start.token).await.unwrap(), Since::Forgotten);
}

#[tokio::test]
async fn metadata_leaves_out_what_is_gone() {
    let stage = Stage::new(Settings::default()).await;
    let mailbox = stage.own(ANN);
    let ids: Vec<u32> = (0..9).map(|n| stage.add(ANN, 2, &format!("{n}"))).collect();
    stage.kept(ANN, |kept| ids.iter().step_by(4).for_each(|id| kept.delete(*id)));
    let known = mailbox.messages(&ids).await.unwrap();
    assert_eq!(known.len(), 6);
    assert_eq!((known[&ids[1]].received, known[&ids[1]].flags.as_str()), (1_500_000_000_000, "u"));
    let body = mailbox.single(ids[1], &stage.bodies).await.unwrap();
    assert!(matches!(body, Single::Body(body) if body.len() == mail("1").content.len() as u64));
    assert!(matches!(mailbox.single(ids[0], &stage.bodies).await.unwrap(), Single::Vanished));
}

#[tokio::test]
async fn mounted_folders_and_searches_are_seen() {
    let stage = Stage::new(Settings::default()).await;
    stage.kept(ANN, |kept| {
        kept.create(1, "Bob's", FolderKind::Mounted("bob@old.example".to_owned()));
        kept.create(1, "mine", FolderKind::Search);
    });
    let folders = stage.own(ANN).folders().await.unwrap();
    let kind = |name: &str| folders.iter().find(|folder| folder.path == [name]).unwrap().kind.clone();
    assert_eq!(kind("Bob's"), mailhaul::zimbra::FolderKind::Mounted(Some("bob@old.example".to_owned())));
    assert_eq!(kind("mine"), mailhaul::zimbra::FolderKind::Search);
}

#[tokio::test]
async fn the_directory_tells_status_size_and_aliases() {
    let stage = Stage::new(Settings::default()).await;
    stage.add(ANN, 2, "one");
    let all = accounts(&stage.service, &stage.admin, Some("old.example")).await.unwrap();
    let status = |name: &str| all.iter().find(|account| account.name == name).unwrap().status.clone();
    assert_eq!(
        (all.len(), status("lou@old.example"), status("max@old.example")),
        (5, "locked".into(), "maintenance".into())
    );
    let ann = account(&stage.service, &stage.admin, "a.nn@old.example").await.unwrap();
    assert_eq!((ann.name.as_str(), ann.aliases.clone()), (ANN, vec!["a.nn@old.example".to_owned()]));
    assert_eq!(ann.size, Some(mail("one").content.len() as u64));
    assert!(ann.is_readable() && !all.iter().find(|a| a.status == "maintenance").unwrap().is_readable());
    assert!(all.iter().any(|account| account.name == ADMIN));
    assert_eq!(code(account(&stage.service, &stage.admin, "nobody@old.example").await), Code::NotFound);
}

//! Folders, messages, bytes and marks.

use mailhaul::{
    error::Code,
    graph::{Flag, FlagStatus, Importance, MessagePatch, WellKnown},
    lab::graph::{Kind, Settings},
};

use super::stage::{KIM, Stage, bytes_of, date, mail};

#[tokio::test]
async fn the_tree_holds_mail_folders_in_pages_and_nothing_else() {
    let stage = Stage::new(Settings { page: 3, ..Settings::default() }).await;
    stage.graph.mailbox(KIM, |mailbox| {
        for path in ["Archive/2019/Läufe & more", "Archive/2020", "Inbox/a", "Inbox/a/b"] {
            mailbox.ensure_folder(path, "IPF.Note");
        }
        for number in 0..130 {
            mailbox.ensure_folder(&format!("Projects/{number}"), "IPF.Note");
        }
    });
    let tree = stage.mailbox(KIM).folder_tree().await.unwrap();
    let names: Vec<&str> = tree.iter().map(|folder| folder.display_name.as_str()).collect();
    for name in ["Inbox", "Sent Items", "Läufe & more", "b", "129"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    for name in ["Calendar", "Contacts", "PersonMetadata", "Unread Mail", "Finder", "Large Mail"] {
        assert!(!names.contains(&name), "{name}: {names:?}");
    }
    let id = |name: &str| tree.iter().find(|folder| folder.display_name == name).unwrap();
    assert_eq!(id("b").parent_folder_id.as_ref(), Some(&id("a").id));
    let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
    assert!(place("a") < place("b") && place("2019") < place("Läufe & more"));
    assert_eq!(tree.len(), 9 + 5 + 131);
}

#[tokio::test]
async fn well_known_folders_are_found_in_any_language() {
    let stage = Stage::new(Settings::default()).await;
    let mailbox = stage.mailbox(KIM);
    for folder in WellKnown::ALL {
        let found = mailbox.well_known(folder).await.unwrap();
        let expected =
            !matches!(folder, WellKnown::Root | WellKnown::Recoverable | WellKnown::Scheduled | WellKnown::Clutter);
        assert_eq!(found.is_some(), expected, "{folder:?}");
    }
    let sent = mailbox.well_known(WellKnown::SentItems).await.unwrap().unwrap();
    assert_eq!(sent.id, stage.folder(KIM, "Sent Items"));
}

#[tokio::test]
async fn messages_come_in_pages_with_their_marks() {
    let stage = Stage::new(Settings::default()).await;
    stage.graph.mailbox(KIM, |mailbox| {
        for number in 0..1203 {
            mailbox.add("Inbox", mail(&number.to_string()));
        }
        let mut last = mail("last");
        (last.read, last.flag, last.categories) = (false, "flagged".into(), vec!["Red".into()]);
        (last.importance, last.draft) = ("high".into(), true);
        mailbox.add("Inbox", last);
    });
    let mailbox = stage.mailbox(KIM);
    let mut pages = mailbox.messages(&stage.folder(KIM, "Inbox"));
    let mut messages = Vec::new();
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        lengths.push(page.len());
        messages.extend(page);
    }
    assert_eq!(lengths, [500, 500, 204]);
    let last = messages.last().unwrap();
    assert!(!last.is_read && last.is_flagged() && last.is_draft && last.importance == Importance::High);
    assert_eq!((last.categories.clone(), last.received_date_time), (vec!["Red".to_owned()], Some(date(1_500_000_000))));
    assert_eq!(last.internet_message_id.as_deref(), Some("<last@b.example>"));
    assert_eq!(mailbox.find("<7@b.example>").await.unwrap().len(), 1);
    assert_eq!(mailbox.usage().requests, 4);
}

#[tokio::test]
async fn bytes_arrive_exactly_packed_or_not() {
    let stage = Stage::new(Settings::default()).await;
    let mut large = mail("large");
    let text = format!("Subject: large\r\n\r\n{}", "0123456789\r\n".repeat(400_000));
    large.content = mailhaul::lab::mailstore::Content::Stored(text.into());
    let wanted = bytes_of(&large);
    let large = stage.graph.mailbox(KIM, |mailbox| mailbox.add("Inbox", large)).flatten().unwrap();
    let small = stage.add(KIM, "Inbox", "small");
    let mailbox = stage.mailbox(KIM);
    for gzip in [true, false] {
        stage.graph.change_settings(|settings| settings.gzip = gzip);
        let body = mailbox.value(&large, &stage.bodies).await.unwrap();
        assert!(body.as_memory().is_none(), "a large body goes to the spool");
        assert_eq!(body.chunk(0, usize::MAX).unwrap(), wanted);
        let body = mailbox.value(&small, &stage.bodies).await.unwrap();
        assert_eq!(body.chunk(0, usize::MAX).unwrap(), bytes_of(&mail("small")));
    }
    assert_eq!(stage.bodies.used(), 0);
    stage.graph.mailbox(KIM, |mailbox| mailbox.remove(&small));
    let error = mailbox.value(&small, &stage.bodies).await.unwrap_err();
    assert_eq!((error.code(), error.scope()), (Code::ItemVanished, mailhaul::error::Scope::Message));
    stage.graph.change_settings(|settings| settings.corrupt.push(large.clone()));
    assert_eq!(mailbox.value(&large, &stage.bodies).await.unwrap_err().code(), Code::ItemFetch);
}

#[tokio::test]
async fn ids_survive_a_move() {
    let stage = Stage::new(Settings::default()).await;
    let id = stage.add(KIM, "Inbox", "a");
    let mailbox = stage.mailbox(KIM);
    let listed = mailbox.messages("inbox").next().await.unwrap().unwrap();
    assert_eq!(listed[0].id, id);
    stage.graph.mailbox(KIM, |mailbox| mailbox.move_to(&id, "Archive"));
    assert!(mailbox.value(&listed[0].id, &stage.bodies).await.is_ok());
}

#[tokio::test]
async fn marks_are_set_one_by_one_and_in_batches() {
    let stage = Stage::new(Settings::default()).await;
    let ids: Vec<String> = (0..45).map(|number| stage.add(KIM, "Inbox", &number.to_string())).collect();
    let mailbox = stage.mailbox(KIM);
    let patch = MessagePatch {
        categories: Some(vec!["Gmail/Läufe".into(), "Red".into()]),
        is_read: Some(false),
        flag: Some(Flag { flag_status: FlagStatus::Flagged }),
    };
    mailbox.update(&ids[0], &patch).await.unwrap();
    let mut patches: Vec<_> = ids[1..].iter().map(|id| (id.clone(), patch.clone())).collect();
    patches[3].0 = format!("{}=", ids[4]);
    let outcomes = mailbox.update_all(&patches).await.unwrap();
    assert_eq!(outcomes.len(), 44);
    for (at, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_err(), at == 3, "{at}: {outcome:?}");
    }
    assert_eq!(outcomes[3].as_ref().unwrap_err().code(), Code::ItemVanished);
    let marked = stage.graph.mailbox(KIM, |mailbox| {
        mailbox.items().filter(|(_, item)| !item.read && item.flag == "flagged" && item.categories.len() == 2).count()
    });
    assert_eq!((marked, stage.graph.count(Kind::Batch)), (Some(44), 3));
    assert_eq!(mailbox.usage().requests, 45);
}

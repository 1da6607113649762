//! What happens at the source between two passes, and what becomes of it at the target.

use mailhaul::{
    lab::{
        graph::{Fault, Kind, Mailbox, Settings, fill},
        mailstore::Content,
    },
    transfer::{Deletions, Options, Outcome},
};

use super::house::House;
use crate::{
    conformance,
    graph::stage::{KIM, LEE},
};

async fn copied(count: usize) -> House {
    let house = House::filled(count, Settings::default()).await;
    house.verified().await;
    house
}

fn at_source<R>(house: &House, change: impl FnOnce(&mut Mailbox) -> R) -> R {
    house.stage.graph.mailbox(KIM, change).unwrap()
}

/// In the order of the ids.
fn subjects(mailbox: &Mailbox, path: &str) -> Vec<String> {
    mailbox.items().filter(|(at, _)| at == path).map(|(_, item)| item.subject.clone()).collect()
}

fn mirrored() -> Options {
    Options { deletions: Deletions::Mirror { approved: true }, ..Options::default() }
}

#[test]
fn mail_that_moved_is_moved_and_not_copied_again() {
    conformance::run(async {
        let house = copied(120).await;
        let moved = at_source(&house, |mailbox| {
            let ids: Vec<String> = mailbox.ids_in("Inbox").into_iter().step_by(4).collect();
            ids.iter().for_each(|id| assert!(mailbox.move_to(id, "Archive/2019")));
            ids.len() as u64
        });
        house.stage.graph.inject(Kind::Move, Fault::RefuseAfter(504), 1);
        let before = house.stage.graph.count(Kind::Import);
        let report = house.verified().await;
        assert_eq!(house.stage.graph.count(Kind::Import), before, "{report:#?}");
        // One whose answer was lost is found where it is.
        assert_eq!(report.counts.moved + report.counts.copied_this_pass, moved, "{report:#?}");
        house.assert_equal("after the move");
    });
}

#[test]
fn new_items_come_and_folders_get_their_new_names() {
    conformance::run(async {
        let house = copied(100).await;
        at_source(&house, |mailbox| {
            assert!(mailbox.rename_folder("Archive/2019", "Old years"));
            mailbox.ensure_folder("Calendar/Team", "IPF.Appointment");
            let id = mailbox.ids_in("Sent Items").remove(0);
            mailbox.move_to(&id, "Archive/Old years");
            fill(mailbox, 20, 11);
        });
        let report = house.verified().await;
        assert_eq!(report.counts.copied_this_pass, 20, "{report:#?}");
        house.assert_equal("after the day");
        let class = house.stage.graph.mailbox(LEE, |mailbox| mailbox.class_of("Calendar/Team").map(str::to_owned));
        assert_eq!(class.flatten().as_deref(), Some("IPF.Appointment"));
    });
}

#[test]
fn deleted_mail_goes_where_that_is_wanted_and_other_items_stay() {
    conformance::run(async {
        let house = copied(100).await;
        let (mail, events, subject) = at_source(&house, |mailbox| {
            let subject = subjects(mailbox, "Inbox").remove(0);
            let (mail, events) = (mailbox.ids_in("Inbox"), mailbox.ids_in("Calendar"));
            assert!(mail[..5].iter().chain(&events[..2]).all(|id| mailbox.remove(id)));
            (mail.len(), events.len(), subject)
        });
        let kept = house.verified().await;
        assert_eq!((kept.counts.removed, house.contents(LEE).len()), (0, 100));
        // One of them was read by its new owner: it is theirs now.
        house.stage.graph.mailbox(LEE, |mailbox| {
            let at = subjects(mailbox, "Inbox").iter().position(|one| *one == subject).unwrap();
            let id = mailbox.ids_in("Inbox").remove(at);
            mailbox.update(&id, |item| item.read = !item.read);
        });
        let report = house.pass(&mirrored()).await;
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        let left = |path: &str| house.stage.graph.mailbox(LEE, |mailbox| mailbox.ids_in(path).len()).unwrap();
        assert_eq!((left("Inbox"), left("Calendar"), report.counts.removed), (mail - 4, events, 4), "{report:#?}");
        assert!(report.attention.iter().any(|line| line.problem.contains("they stay")), "{report:#?}");
    });
}

/// Changes items of every class, and tells how many.
fn edit(mailbox: &mut Mailbox) -> u64 {
    let mut edited = 0;
    for path in ["Inbox", "Calendar", "Contacts", "Tasks"] {
        for id in mailbox.ids_in(path).into_iter().step_by(3) {
            mailbox.update(&id, |item| {
                (item.read, item.subject) = (!item.read, format!("{}, edited", item.subject));
                item.content = Content::Stored(format!("Subject: {}\r\n\r\nnow\r\n", item.subject).into());
            });
            edited += 1;
        }
    }
    edited
}

#[test]
fn what_changed_takes_the_place_of_what_it_was() {
    conformance::run(async {
        let house = copied(100).await;
        let edited = at_source(&house, edit);
        house.stage.graph.inject(Kind::Import, Fault::RefuseAfter(504), 1);
        house.stage.graph.inject(Kind::Import, Fault::CutAfter, 1);
        house.stage.graph.inject(Kind::Import, Fault::Refuse(503, Some(1)), 1);
        let report = house.verified().await;
        house.assert_equal("after the changes");
        assert_eq!((report.counts.in_scope, report.counts.copied), (100, 100), "{report:#?}");
        assert!(report.counts.updated >= edited - 2, "{edited}: {report:#?}");
        assert_eq!(house.verified().await.counts.updated, 0);
        house.assert_equal("and once more");
    });
}

#[test]
fn what_changed_on_both_sides_stays_as_its_new_owner_has_it() {
    conformance::run(async {
        let house = copied(60).await;
        let subject = at_source(&house, |mailbox| subjects(mailbox, "Calendar").remove(0));
        house.stage.graph.mailbox(LEE, |mailbox| {
            let at = subjects(mailbox, "Calendar").iter().position(|one| *one == subject).unwrap();
            let id = mailbox.ids_in("Calendar").remove(at);
            mailbox.update(&id, |item| item.categories = vec!["Lee's own".to_owned()]);
        });
        at_source(&house, |mailbox| {
            let id = mailbox.ids_in("Calendar").remove(0);
            mailbox.update(&id, |item| item.read = !item.read)
        });
        let before = house.contents(LEE);
        let report = house.verified().await;
        assert_eq!(house.contents(LEE), before);
        assert!(report.attention.iter().any(|line| line.problem.contains("by their user")), "{report:#?}");
        assert_eq!(house.verified().await.attention.len(), 0, "it is told once");
    });
}

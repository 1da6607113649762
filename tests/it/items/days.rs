//! What happens at the source between two passes, and what becomes of it at the target.

use std::sync::Arc;

use mailhaul::{
    lab::{
        graph::{Fault, Kind, Mailbox, Settings, fill},
        mailstore::Content,
    },
    transfer::{self, Deletions, Options, Outcome, Pair, Unobserved},
};
use tokio_util::sync::CancellationToken;

use super::{
    as_mail::with_imap,
    house::{House, run},
};
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

#[test]
fn an_event_that_moved_is_copied_once_and_goes_on_in_its_new_place() {
    conformance::run(async {
        let house = copied(60).await;
        let (moved, stays) = at_source(&house, |mailbox| {
            mailbox.ensure_folder("Calendar/Team", "IPF.Appointment");
            let ids = mailbox.ids_in("Calendar");
            assert!(mailbox.move_to(&ids[0], "Calendar/Team"));
            (ids[0].clone(), ids.len())
        });
        house.stage.graph.inject(Kind::Import, Fault::RefuseAfter(504), 1);
        let first = house.pass(&Options::default()).await;
        assert_eq!((first.counts.copied_this_pass, first.counts.unexplained), (1, 0), "{first:#?}");
        at_source(&house, |mailbox| mailbox.update(&moved, |item| item.subject = "later".to_owned()));
        let second = house.pass(&Options::default()).await;
        assert_eq!((second.counts.copied_this_pass, second.counts.updated), (0, 1), "{second:#?}");
        let there = |path: &str| house.stage.graph.mailbox(LEE, |mailbox| subjects(mailbox, path)).unwrap();
        // What is no mail cannot be moved by the service, and to remove an event would be to cancel it.
        assert_eq!((there("Calendar/Team"), there("Calendar").len()), (vec!["later".to_owned()], stays));
    });
}

#[test]
fn a_target_folder_that_was_removed_and_made_again_takes_what_is_new() {
    conformance::run(async {
        let house = copied(80).await;
        let was = house.stage.graph.mailbox(LEE, |mailbox| {
            let was = mailbox.ids_in("Archive/2019").len();
            assert!(mailbox.remove_folder("Archive/2019"));
            mailbox.ensure_folder("Archive/2019", "IPF.Note");
            was as u64
        });
        house.stage.add(KIM, "Archive/2019", "after that");
        let report = house.pass(&Options::default()).await;
        // What its user removed is not copied again.
        assert_eq!((report.counts.copied_this_pass, report.counts.missing_at_target), (1, was.unwrap()), "{report:#?}");
        let there = house.stage.graph.mailbox(LEE, |mailbox| subjects(mailbox, "Archive/2019"));
        assert_eq!(there.unwrap(), ["after that"]);
        let again = house.pass(&Options::default()).await;
        assert_eq!((again.counts.copied_this_pass, again.counts.unexplained), (0, 0), "{again:#?}");
    });
}

#[test]
fn what_was_only_planned_goes_in_another_form() {
    conformance::run(async {
        let (house, _server) = with_imap(House::filled(40, Settings::default()).await).await;
        let (ledger, options) = (house.ledger(), Options::default());
        let items = house.pair(ledger.clone());
        let mail = Pair { target: house.mail.clone().unwrap(), ..items.clone() };
        let plan = async |pair: &Pair| {
            transfer::forecast(pair, ledger.clone(), &options, Arc::new(Unobserved), CancellationToken::new()).await
        };
        for pair in [&items, &mail, &items] {
            let forecast = plan(pair).await;
            assert!(forecast.error.is_none(), "{:?}", forecast.error);
        }
        let report = run(&items, ledger.clone(), &options).await;
        assert_eq!((report.state, report.counts.copied), (Outcome::Verified, 40), "{report:#?}");
        house.assert_equal("after two forms of planning");
        let words = plan(&mail).await.error.map(|error| format!("{error:?}")).unwrap_or_default();
        assert!(words.contains("began with transport"), "{words}");
    });
}

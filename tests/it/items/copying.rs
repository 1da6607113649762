//! A copy without trouble: what arrives, what it costs, what a second pass does, and what is there before.

use mailhaul::{
    lab::graph::{Kind, Settings},
    transfer::{Options, Outcome, PassKind},
};

use super::house::House;
use crate::{
    conformance,
    graph::stage::{KIM, LEE},
};

#[test]
fn every_class_arrives_whole_and_verified() {
    conformance::run(async {
        let house = House::filled(400, Settings { padding: 700, ..Settings::default() }).await;
        let first = house.verified().await;
        assert_eq!((first.counts.copied, first.counts.in_scope), (400, 400), "{first:#?}");
        house.assert_equal("the first pass");
        let graph = &house.stage.graph;
        assert_eq!((graph.count(Kind::Import), graph.refused()), (400, [0; 3]));
        assert!(graph.count(Kind::Export) < 60, "{} exports", graph.count(Kind::Export));
        assert_eq!(house.stage.bodies.used(), 0);
        let paths: Vec<_> = first
            .folders
            .iter()
            .filter(|f| f.counts.in_scope > 0)
            .map(|f| (f.source.as_str(), f.target.as_str()))
            .collect();
        assert!(paths.contains(&("Calendar", "Calendar")) && paths.contains(&("INBOX", "INBOX")), "{paths:?}");

        let before = graph.count(Kind::Any);
        let again = house.verified().await;
        assert_eq!((again.counts.copied, again.counts.copied_this_pass), (400, 0));
        assert_eq!(graph.count(Kind::Import), 400);
        let idle = graph.count(Kind::Any) - before;
        assert!(idle < 100, "{idle} requests for a pass with nothing to do");
        let verify = house.pass(&Options { pass: PassKind::Verify, ..Options::default() }).await;
        assert_eq!(verify.state, Outcome::Verified, "{verify:#?}");
    });
}

#[test]
fn folders_are_made_with_their_class_and_the_usual_ones_found_in_any_language() {
    conformance::run(async {
        let house = House::filled(0, Settings::default()).await;
        let add = |path: &str, class: &str, item: &str| {
            house.stage.graph.mailbox(KIM, |mailbox| {
                mailbox.ensure_folder(path, class);
                let mut data = crate::graph::stage::mail(path);
                data.class = item.to_owned();
                mailbox.add(path, data).unwrap();
            });
        };
        house.stage.graph.mailbox(LEE, |mailbox| {
            assert!(mailbox.rename_folder("Calendar", "Kalender"));
            mailbox.ensure_folder("Kunden", "IPF.Note");
        });
        add("Calendar", "IPF.Appointment", "IPM.Appointment");
        add("Calendar/Team", "IPF.Appointment", "IPM.Appointment");
        add("Kunden", "IPF.Contact", "IPM.Contact");
        add("Suggested", "IPF.Contact.RecipientCache", "IPM.Contact");
        let report = house.verified().await;
        let target = |source: &str| report.folders.iter().find(|f| f.source == source).unwrap().target.clone();
        assert_eq!(
            [target("Calendar"), target("Calendar/Team"), target("Kunden")],
            ["Kalender", "Kalender/Team", "Kunden (2)"]
        );
        let skipped = report.folders.iter().find(|f| f.source == "Suggested").unwrap();
        assert!(skipped.not_read.as_ref().is_some_and(|words| words.contains("RecipientCache")), "{skipped:?}");
        let classes = house.stage.graph.mailbox(LEE, |mailbox| {
            ["Kalender/Team", "Kunden (2)"].map(|path| mailbox.class_of(path).unwrap().to_owned())
        });
        assert_eq!(classes.unwrap(), ["IPF.Appointment", "IPF.Contact"]);
    });
}

#[test]
fn a_ledger_that_is_lost_finds_everything_there() {
    conformance::run(async {
        let house = House::filled(300, Settings::default()).await;
        house.verified().await;
        std::fs::remove_file(house.ledger_path()).unwrap();
        let report = house.verified().await;
        assert_eq!((report.counts.copied, report.counts.already_present), (0, 300), "{report:#?}");
        house.assert_equal("after the loss");
    });
}

#[test]
fn a_ledger_of_yesterday_finds_what_came_since() {
    conformance::run(async {
        let house = House::filled(120, Settings::default()).await;
        house.verified().await;
        let yesterday = house.ledger_path().with_file_name("yesterday.db");
        super::house::copy_ledger(&house.ledger_path(), &yesterday);
        house.stage.graph.mailbox(KIM, |mailbox| mailhaul::lab::graph::fill(mailbox, 80, 9));
        house.verified().await;
        super::house::copy_ledger(&yesterday, &house.ledger_path());
        house.stage.graph.mailbox(KIM, |mailbox| mailhaul::lab::graph::fill(mailbox, 40, 10));
        let report = house.verified().await;
        assert_eq!((report.counts.copied, report.counts.already_present), (160, 80), "{report:#?}");
        house.assert_equal("with the older ledger");
    });
}

#[test]
fn a_service_that_forgets_its_places_costs_a_listing() {
    conformance::run(async {
        let house = House::filled(120, Settings::default()).await;
        house.verified().await;
        house.stage.graph.lose_delta_tokens();
        house.stage.graph.mailbox(KIM, |mailbox| mailhaul::lab::graph::fill(mailbox, 30, 9));
        let report = house.verified().await;
        assert_eq!(report.counts.copied_this_pass, 30, "{report:#?}");
        house.assert_equal("after the loss of the tokens");
    });
}

#[test]
fn what_the_targets_user_did_is_told_and_left_alone() {
    conformance::run(async {
        let house = House::filled(60, Settings::default()).await;
        house.verified().await;
        house.stage.graph.mailbox(LEE, |mailbox| {
            let ids = mailbox.ids_in("Inbox");
            assert!(mailbox.remove(&ids[0]) && mailbox.move_to(&ids[1], "Archive"));
            mailbox.add("Inbox", crate::graph::stage::mail("of Lee's own")).unwrap();
        });
        let before = house.contents(LEE);
        let report = house.pass(&Options::default()).await;
        assert_eq!((report.counts.copied_this_pass, report.counts.missing_at_target), (0, 2), "{report:#?}");
        assert_eq!(house.contents(LEE), before);
    });
}

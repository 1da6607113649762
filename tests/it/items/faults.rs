//! Whatever the service does on the way: throttles, cuts, 503, 504 after the effect, omissions, sessions that end, items that it refuses.

use std::time::Duration;

use mailhaul::{
    clock,
    error::Code,
    lab::graph::{Fault, Kind, Limits, Settings},
    transfer::{Options, Outcome},
};

use super::house::House;
use crate::{
    conformance,
    graph::stage::{KIM, LEE},
};

#[test]
fn every_fault_is_survived_and_nothing_is_doubled() {
    conformance::run(async {
        let settings = Settings { omit_every: 7, session_life: Duration::from_secs(301), ..Settings::default() };
        let house = House::filled(160, settings).await;
        let graph = &house.stage.graph;
        for (kind, fault, times) in [
            (Kind::Import, Fault::RefuseAfter(504), 2),
            (Kind::Import, Fault::CutAfter, 2),
            (Kind::Import, Fault::Cut, 2),
            (Kind::Import, Fault::Refuse(504, None), 2),
            (Kind::Import, Fault::Refuse(503, Some(1)), 2),
            (Kind::Import, Fault::Refuse(429, Some(1)), 2),
            (Kind::Import, Fault::Refuse(401, None), 2),
            (Kind::Export, Fault::Refuse(503, None), 2),
            (Kind::Export, Fault::Cut, 2),
            (Kind::Session, Fault::Refuse(503, None), 2),
            (Kind::List, Fault::Cut, 2),
            (Kind::CreateFolder, Fault::RefuseAfter(504), 1),
        ] {
            graph.inject(kind, fault, times);
        }
        let report = house.verified().await;
        house.assert_equal("after every fault");
        assert_eq!(report.attention.len(), 0, "{report:#?}");
        assert_eq!(graph.count_faults(), 0, "all of them happened");
    });
}

#[test]
fn a_sessions_end_in_the_middle_costs_another_session() {
    conformance::run(async {
        let house = House::filled(60, Settings::default()).await;
        house.stage.graph.inject(Kind::Import, Fault::Refuse(401, None), 3);
        house.verified().await;
        house.assert_equal("with new sessions");
        assert!(house.stage.graph.count(Kind::Session) >= 2);
    });
}

#[test]
fn what_the_service_cannot_export_is_told_with_its_words() {
    conformance::run(async {
        let house = House::filled(80, Settings::default()).await;
        let corrupt = house.stage.graph.mailbox(KIM, |mailbox| mailbox.ids_in("Calendar").remove(0)).unwrap();
        house.stage.graph.change_settings(|settings| settings.corrupt = vec![corrupt]);
        let report = house.pass(&Options::default()).await;
        assert_eq!(
            (report.state, report.counts.failed, report.counts.copied),
            (Outcome::Finished, 1, 79),
            "{report:#?}"
        );
        let line = report.attention.iter().find(|line| line.code.starts_with(Code::ItemFetch.stem())).unwrap();
        assert!(line.reply.as_ref().is_some_and(|words| words.contains("ErrorCorruptData")), "{line:?}");
    });
}

#[test]
fn a_full_mailbox_waits_for_a_person_and_goes_on() {
    conformance::run(async {
        let house = House::filled(60, Settings::default()).await;
        house.stage.graph.mailbox(LEE, |mailbox| mailbox.quota = Some(40_000));
        let full = house.pass(&Options::default()).await;
        assert!(full.error.as_ref().is_some_and(|error| error.code.ends_with(Code::Quota.stem())), "{full:#?}");
        house.stage.graph.mailbox(LEE, |mailbox| mailbox.quota = None);
        house.verified().await;
        house.assert_equal("with more room");
    });
}

#[test]
fn a_full_mailbox_that_says_so_with_403_marks_no_item_as_refused() {
    conformance::run(async {
        let house = House::filled(60, Settings { full: (403, "ErrorQuotaExceeded"), ..Settings::default() }).await;
        house.stage.graph.mailbox(LEE, |mailbox| mailbox.quota = Some(40_000));
        let full = house.pass(&Options::default()).await;
        assert!(full.error.as_ref().is_some_and(|error| error.code.ends_with(Code::Quota.stem())), "{full:#?}");
        assert_eq!((full.counts.failed, full.counts.skipped), (0, 0), "{full:#?}");
        house.stage.graph.mailbox(LEE, |mailbox| mailbox.quota = None);
        house.verified().await;
        house.assert_equal("with more room");
    });
}

#[test]
fn an_item_at_which_the_service_fails_ends_no_mailbox() {
    conformance::run(async {
        let house = House::filled(40, Settings::default()).await;
        let ids = house.stage.graph.mailbox(KIM, |mailbox| mailbox.ids_in("Calendar"));
        house.stage.graph.change_settings(|settings| settings.fatal = ids.unwrap()[..1].to_vec());
        let report = house.pass(&Options::default()).await;
        assert_eq!((report.state, report.counts.failed), (Outcome::Finished, 1), "{report:#?}");
        assert_eq!(report.counts.copied, 39, "{report:#?}");
    });
}

#[test]
fn an_item_that_the_service_is_too_busy_for_is_asked_for_until_it_comes() {
    conformance::run(async {
        let house = House::filled(20, Settings::default()).await;
        let ids = house.stage.graph.mailbox(KIM, |mailbox| mailbox.ids_in("Inbox")).unwrap();
        house.stage.graph.change_settings(|settings| settings.busy = vec![(ids[0].clone(), 6), (ids[1].clone(), 2)]);
        house.verified().await;
        house.assert_equal("after the rush");
    });
}

#[test]
fn throttled_by_a_narrower_limit_than_it_believes_in() {
    conformance::run(async {
        let limits = Limits { requests: (60, Duration::from_secs(1)), ..Limits::default() };
        let house = House::filled(150, Settings { limits, ..Settings::default() }).await;
        house.verified().await;
        assert!(house.stage.graph.refused()[1] > 0, "it was throttled");
        house.assert_equal("after throttling");
    });
}

#[test]
fn a_service_that_is_short_of_something_while_it_lists_loses_no_folder() {
    conformance::run(async {
        let house = House::filled(80, Settings::default()).await;
        for fault in [Fault::Refuse(503, None), Fault::Refuse(504, None), Fault::Refuse(503, Some(1))] {
            house.stage.graph.inject(Kind::List, fault, 2);
            house.verified().await;
            house.assert_equal(&format!("{fault:?}"));
        }
    });
}

#[test]
fn the_last_items_that_cannot_be_exported_are_told_in_the_end() {
    conformance::run(async {
        let house = House::filled(0, Settings::default()).await;
        house.stage.add(KIM, "Inbox", "one");
        house.stage.add(KIM, "Inbox", "two");
        // The service has no word for them, and breaks off.
        house.stage.graph.inject(Kind::Export, Fault::Cut, 2);
        house.stage.graph.inject(Kind::Export, Fault::Refuse(503, None), 100);
        let report = house.pass(&Options::default()).await;
        assert_eq!((report.state, report.counts.failed), (Outcome::Finished, 2), "{report:#?}");
    });
}

/// What the service tells of items and what is in them come from different parts of it.
#[test]
fn a_service_that_gives_no_content_for_a_moment_condemns_nothing() {
    conformance::run(async {
        let house = House::filled(0, Settings::default()).await;
        ["one", "two", "three"].into_iter().for_each(|subject| drop(house.stage.add(KIM, "Inbox", subject)));
        // Together, and three times each alone.
        house.stage.graph.inject(Kind::Export, Fault::Refuse(503, None), 10);
        let report = house.pass(&Options::default()).await;
        assert_eq!((report.counts.copied, report.counts.failed), (3, 0), "{report:#?}");
    });
}

#[test]
fn an_import_without_an_answer_does_not_hold_the_others_up() {
    conformance::run(async {
        let house = House::filled(60, Settings::default()).await;
        house.stage.graph.inject(Kind::Import, Fault::Refuse(504, None), 1);
        let report = house.verified().await;
        house.assert_equal("after one 504");
        // The one that got no answer is sent once more, and nothing else is.
        assert_eq!((house.stage.graph.count(Kind::Import), report.counts.copied), (61, 60), "{report:#?}");
    });
}

#[test]
fn of_several_that_are_alike_one_is_in_doubt_and_the_others_wait_for_that_alone() {
    conformance::run(async {
        let (after, before) = (Fault::RefuseAfter(504), Fault::Refuse(504, None));
        for faults in [[before, after], [after, before], [Fault::CutAfter, before], [before, Fault::CutAfter]] {
            let house = House::filled(1, Settings::default()).await.with_copies(1, 5);
            faults.into_iter().for_each(|fault| house.stage.graph.inject(Kind::Import, fault, 1));
            let report = clock::timeout(Duration::from_secs(20), house.verified()).await;
            let report = report.unwrap_or_else(|| panic!("{faults:?}: it waits for something that never comes"));
            assert_eq!(report.counts.copied, 6, "{report:#?}");
            house.assert_equal(&format!("{faults:?}"));
        }
    });
}

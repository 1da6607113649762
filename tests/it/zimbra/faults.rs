//! Fetching, while the server does what it does on a bad day (zimbra.md §5.6 and §9.7).

use std::{collections::BTreeMap, time::Duration};

use mailhaul::{
    error::Code,
    lab::zimbra::{Blob, Fault, Settings},
    model::FolderName,
    source::{FetchItem, FetchResult, SourceConnector},
};

use super::stage::{ANN, Stage};
use crate::conformance::{run, source::fetch};

const COUNT: u32 = 60;

/// What came of each message, by its place.
struct Told {
    bodies: BTreeMap<u32, Vec<u8>>,
    vanished: Vec<u32>,
    unreadable: Vec<u32>,
}

struct Scene {
    stage: Stage,
    ids: Vec<u32>,
}

impl Scene {
    async fn new() -> Scene {
        let stage = Stage::new(Settings::default()).await;
        let ids = (0..COUNT).map(|n| stage.add(ANN, 2, &format!("no. {n}"))).collect();
        Scene { stage, ids }
    }

    /// Fetches everything that was there at first.
    async fn fetch(&self) -> Told {
        let mut session = self.stage.source(ANN).open().await.unwrap();
        let name = FolderName(b"2".to_vec());
        let epoch = session.epochs(std::slice::from_ref(&name)).await.unwrap()[0].unwrap();
        let items =
            self.ids.iter().map(|id| FetchItem { row: i64::from(*id), id: id.to_be_bytes().to_vec(), size: 100 });
        let told = fetch(&mut *session, &name, epoch, items.collect()).await.unwrap();
        assert_eq!(told.len(), self.ids.len(), "each message is told once");
        let mut sorted = Told { bodies: BTreeMap::new(), vanished: Vec::new(), unreadable: Vec::new() };
        for one in told {
            let id = one.row as u32;
            match one.what {
                FetchResult::Body(body) => drop(sorted.bodies.insert(id, body.chunk(0, usize::MAX).unwrap().to_vec())),
                FetchResult::Vanished => sorted.vanished.push(id),
                FetchResult::Sealed(_) | FetchResult::AsMail(..) => panic!("Zimbra reads mail as it is"),
                FetchResult::Unreadable(reason) => {
                    assert_eq!(reason.code, Code::ItemFetch);
                    sorted.unreadable.push(id);
                }
            }
        }
        sorted
    }

    /// Everything that is still there came with its bytes.
    fn compare(&self, told: &Told) {
        self.stage.kept(ANN, |kept| {
            for item in kept.items().filter(|item| item.blob != Blob::Missing) {
                assert_eq!(told.bodies[&item.id], item.content, "{}", item.id);
            }
        });
    }
}

#[test]
fn a_message_that_is_gone_hides_no_others() {
    run(async {
        let scene = Scene::new().await;
        (0..3).for_each(|_| scene.stage.zimbra.inject(Fault::Vanish));
        scene.stage.kept(ANN, |kept| kept.delete(scene.ids[0]));
        let told = scene.fetch().await;
        let gone: Vec<u32> =
            scene.stage.kept(ANN, |kept| scene.ids.iter().copied().filter(|id| kept.item(*id).is_none()).collect());
        let mut vanished = told.vanished.clone();
        vanished.sort_unstable();
        assert!(vanished.len() >= 2 && vanished.iter().all(|id| gone.contains(id)));
        scene.compare(&told);
    });
}

#[test]
fn lost_bytes_are_told_and_misjudged_ones_are_read_alone() {
    run(async {
        let scene = Scene::new().await;
        scene.stage.kept(ANN, |kept| {
            kept.update(scene.ids[5], |item| item.blob = Blob::Missing);
            kept.update(scene.ids[59], |item| item.blob = Blob::Missing);
            kept.update(scene.ids[10], |item| item.blob = Blob::Misjudged(500));
            kept.update(scene.ids[11], |item| item.blob = Blob::Misjudged(3));
        });
        let told = scene.fetch().await;
        let mut unreadable = told.unreadable.clone();
        unreadable.sort_unstable();
        assert_eq!(unreadable, [scene.ids[5], scene.ids[59]]);
        scene.compare(&told);
    });
}

#[test]
fn cuts_stalls_throttles_and_ended_tokens_cost_time_only() {
    for fault in [
        Fault::Cut(0),
        Fault::Cut(40),
        Fault::Cut(97),
        Fault::Stall(Duration::from_secs(5)),
        Fault::Refuse(2),
        Fault::EndTokens,
        Fault::Rewrite,
    ] {
        run(async {
            let scene = Scene::new().await;
            scene.stage.kept(ANN, |kept| kept.update(scene.ids[7], |item| item.flags.extend(['d'])));
            scene.stage.zimbra.inject(fault);
            let told = scene.fetch().await;
            assert!(told.vanished.is_empty() && told.unreadable.is_empty(), "{fault:?}");
            scene.compare(&told);
            assert_eq!(scene.stage.zimbra.faults_left(), 0);
        });
    }
}

#[test]
fn the_filter_is_obeyed_however_little_it_takes() {
    run(async {
        let stage = Stage::new(Settings { filter: 2, filter_status: 503, ..Settings::default() }).await;
        let ids: Vec<u32> = (0..5).map(|n| stage.add(ANN, 2, &format!("{n}"))).collect();
        let scene = Scene { stage, ids };
        let told = scene.fetch().await;
        scene.compare(&told);
    });
}

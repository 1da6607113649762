//! Which placement of a message is copied, where the source shows one in several folders.

use std::sync::Arc;

use mailhaul::{
    ledger::{Carried, Correction, Discovered, FolderId, Ledger, NewRow, Ranking, RowId, RowQuery},
    model::ContentId,
};

use super::world::{EPOCH, World, id, listing, message};

/// A pair with an inbox, a label and a folder of all messages.
struct Labels {
    world: World,
    folders: [FolderId; 3],
}

const NAMES: [&str; 3] = ["INBOX", "Work", "All"];

impl Labels {
    async fn new(ledger: Arc<dyn Ledger>) -> Labels {
        let world = World::new(Arc::clone(&ledger)).await;
        let listed = ledger.list_folders(world.lease, NAMES.map(listing).to_vec()).await.unwrap();
        let folders = NAMES.map(|name| listed.iter().find(|f| f.path.to_string() == name).unwrap().id);
        Labels { world, folders }
    }

    /// Lists a message in the folder at this place, as the message of this number.
    async fn list(&self, at: usize, number: u32) -> RowId {
        let new = NewRow { content: Some(ContentId(id(number))), ..message(NAMES[at], number) };
        let step = Discovered { new: vec![new], ..Discovered::default() };
        let World { ledger, lease, .. } = &self.world;
        ledger.discovered(*lease, self.folders[at], step).await.unwrap();
        let name = NAMES[at].as_bytes();
        ledger.known_ids(lease.pair, name, EPOCH, vec![id(number)]).await.unwrap()[0].row
    }

    async fn rank(&self, ranks: [u32; 3], one_copy: bool, waits: bool) {
        let folders = self.folders.into_iter().zip(ranks).collect();
        let ranking = Ranking { folders, one_copy, waits: waits.then_some(self.folders[2]) };
        self.world.ledger.rank(self.world.lease, ranking).await.unwrap();
    }

    async fn in_scope(&self) -> Vec<RowId> {
        self.world.rows(RowQuery { in_scope: Some(true), ..RowQuery::default() }).await
    }
}

pub async fn a_placement_of_higher_rank_is_left_out_while_another_lives(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let (inbox, work) = (labels.list(0, 1).await, labels.list(1, 1).await);
    let (all, archived) = (labels.list(2, 1).await, labels.list(2, 2).await);
    labels.rank([0, 0, 1], false, false).await;
    assert_eq!(labels.in_scope().await, [inbox, work, archived]);
    labels.rank([0, 1, 2], true, false).await;
    assert_eq!(labels.in_scope().await, [inbox, archived]);

    let gone = Discovered { gone: vec![inbox], ..Discovered::default() };
    labels.world.ledger.discovered(labels.world.lease, labels.folders[0], gone).await.unwrap();
    labels.rank([0, 1, 2], true, false).await;
    assert_eq!(labels.in_scope().await, [inbox, work, archived], "what is gone holds nobody up");
    let gone = Discovered { gone: vec![work], ..Discovered::default() };
    labels.world.ledger.discovered(labels.world.lease, labels.folders[1], gone).await.unwrap();
    labels.rank([0, 1, 2], true, false).await;
    assert_eq!(labels.in_scope().await, [inbox, work, all, archived]);
}

pub async fn one_copy_that_arrived_stays_the_one(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let work = labels.list(1, 1).await;
    labels.world.copy(work, 10).await;
    let inbox = labels.list(0, 1).await;
    labels.rank([0, 1, 2], true, false).await;
    assert_eq!(labels.in_scope().await, [work]);
    labels.rank([0, 0, 1], false, false).await;
    assert_eq!(labels.in_scope().await, [work, inbox], "the policy changed");
}

pub async fn a_folder_that_waits_takes_nothing_in(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let archived = labels.list(2, 2).await;
    labels.rank([0, 0, 1], false, true).await;
    assert_eq!(labels.in_scope().await, [] as [RowId; 0]);
    labels.rank([0, 0, 1], false, false).await;
    assert_eq!(labels.in_scope().await, [archived]);
}

pub async fn mail_that_got_a_label_is_told(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let rows = [labels.list(2, 1).await, labels.list(2, 2).await];
    for (row, uid) in rows.into_iter().zip(10..) {
        labels.world.copy(row, uid).await;
    }
    labels.list(1, 2).await;
    labels.rank([0, 0, 1], false, false).await;
    let told = labels.world.ledger.relabelled(labels.world.pair(), labels.folders[2], None).await.unwrap();
    assert_eq!(told.iter().map(|row| row.id).collect::<Vec<_>>(), [rows[1]]);
    let after = labels.world.ledger.relabelled(labels.world.pair(), labels.folders[2], Some(rows[1])).await.unwrap();
    assert!(after.is_empty());
}

pub async fn a_placement_that_the_filters_leave_out_holds_nobody_up(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let (inbox, work) = (labels.list(0, 1).await, labels.list(1, 1).await);
    let out = Discovered { scope: vec![(inbox, false)], ..Discovered::default() };
    labels.world.ledger.discovered(labels.world.lease, labels.folders[0], out).await.unwrap();
    labels.rank([0, 1, 2], true, false).await;
    assert_eq!(labels.in_scope().await, [work]);
}

/// A label that is excluded later: its mail is at the target already.
pub async fn what_arrived_from_a_folder_that_is_read_no_more_is_not_chosen_again(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let (work, all, archived) = (labels.list(1, 1).await, labels.list(2, 1).await, labels.list(2, 2).await);
    labels.rank([0, 0, 1], false, false).await;
    labels.world.copy(work, 10).await;
    let World { ledger, lease, .. } = &labels.world;
    let read = |at: &[usize]| {
        let folders = at.iter().map(|at| (labels.folders[*at], u32::from(*at == 2))).collect();
        Ranking { folders, one_copy: false, waits: None }
    };
    ledger.rank(*lease, read(&[0, 2])).await.unwrap();
    assert_eq!(labels.in_scope().await, [work, archived]);
    ledger.rank(*lease, read(&[2])).await.unwrap();
    assert_eq!(labels.in_scope().await, [work, archived], "the folder of all messages alone");
    ledger.list_folders(*lease, vec![listing("INBOX"), listing("All")]).await.unwrap();
    ledger.rank(*lease, read(&[0, 2])).await.unwrap();
    assert_eq!(labels.in_scope().await, [work, all, archived], "the label is gone: the message may be without one");
}

pub async fn what_a_message_carries_is_forgotten_when_it_is_copied_anew(ledger: Arc<dyn Ledger>) {
    let labels = Labels::new(ledger).await;
    let World { ledger, lease, .. } = &labels.world;
    let inbox = labels.list(0, 1).await;
    let work = labels.list(1, 1).await;
    labels.world.copy(inbox, 10).await;
    labels.rank([0, 1, 2], true, false).await;
    let names = vec!["Work".to_owned(), "work, too".to_owned()];
    let theirs = vec!["Red".to_owned()];
    let carried = || async { ledger.carried(lease.pair, vec![inbox, work]).await.unwrap() };
    let asked = Correction::CategoriesAsked { row: inbox, names: names.clone(), theirs: theirs.clone() };
    ledger.correct(*lease, vec![asked]).await.unwrap();
    let found = carried().await.remove(0);
    assert_eq!((found.categories, found.asked, found.theirs), (Vec::new(), names.clone(), theirs.clone()));
    let (folder, item) = (labels.folders[1], "AAk".to_owned());
    let done = Correction::Categories { row: inbox, item: item.clone(), names: names.clone(), theirs: theirs.clone() };
    ledger.correct(*lease, vec![done]).await.unwrap();
    let (asked, item) = (Vec::new(), Some(item));
    let expected = Carried { row: inbox, labels: vec![folder], categories: names, asked, theirs, item };
    assert_eq!(carried().await[0], expected);

    // Removed by mirroring, and back at the source: its next copy has nothing of it.
    let gone = Discovered { gone: vec![inbox], ..Discovered::default() };
    ledger.discovered(*lease, labels.folders[0], gone).await.unwrap();
    ledger.correct(*lease, vec![Correction::Removed(inbox)]).await.unwrap();
    labels.list(0, 1).await;
    let again = carried().await.remove(0);
    assert_eq!((again.categories, again.theirs, again.item), (Vec::new(), Vec::new(), None));
}

//! Folders of the source: listed, pinned, renamed.

use std::sync::Arc;

use mailhaul::{
    error::Code,
    ledger::{FolderListing, Ledger, PinnedTarget},
    model::{FolderClass, FolderPath, Role, RowState},
};

use super::world::{EPOCH, World, listing, reason, refusal, wire};

pub async fn a_listing_is_kept_and_the_missing_are_not_present(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let odd = FolderListing {
        name: mailhaul::model::FolderName(vec![0xff, 0, b'/', 0x80]),
        path: FolderPath::new(["a/b", "\"日本\"", ""]),
        role: Some(Role::Calendar),
        class: FolderClass("IPF.Appointment".to_owned()),
        subscribed: false,
        skipped: reason("virtual"),
    };
    let folders = world.ledger.list_folders(world.lease, vec![odd.clone()]).await.unwrap();
    assert_eq!(folders.len(), 2);
    assert!(!folders[0].present);
    let found = &folders[1];
    assert_eq!((&found.name, &found.path, found.role, &found.class), (&odd.name, &odd.path, odd.role, &odd.class));
    assert_eq!(folders[0].class, FolderClass::default());
    assert_eq!((found.subscribed, &found.skipped, found.present), (false, &odd.skipped, true));

    let back = world.ledger.list_folders(world.lease, vec![listing("INBOX"), odd]).await.unwrap();
    assert_eq!(back.iter().map(|folder| folder.id).collect::<Vec<_>>(), [folders[0].id, folders[1].id]);
    assert!(back[0].present && back[1].present);
}

pub async fn a_pin_stays_and_learns_its_wire_name(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let path = FolderPath::new(["Posteingang"]);
    let pin = |path: &FolderPath, name: Option<&str>| PinnedTarget { path: path.clone(), name: name.map(wire) };
    let now = async || world.folder(world.inbox).await.target;
    world.ledger.pin_target(world.lease, world.inbox, pin(&path, None)).await.unwrap();
    assert_eq!(now().await, Some(pin(&path, None)));
    world.ledger.pin_target(world.lease, world.inbox, pin(&path, Some("INBOX.P"))).await.unwrap();
    assert_eq!(now().await, Some(pin(&path, Some("INBOX.P"))));
    let other = FolderPath::new(["Elsewhere"]);
    world.ledger.pin_target(world.lease, world.inbox, pin(&other, Some("Elsewhere"))).await.unwrap();
    assert_eq!(now().await, Some(pin(&path, Some("INBOX.P"))));
    world.ledger.pin_target(world.lease, world.inbox, pin(&path, None)).await.unwrap();
    assert_eq!(now().await, Some(pin(&path, Some("INBOX.P"))));
    let stranger = world.ledger.pin_target(world.lease, 4711, pin(&path, None)).await;
    assert_eq!(refusal(stranger), Code::Bug);
}

pub async fn a_renamed_folder_takes_its_rows_along(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let folders = world.ledger.list_folders(world.lease, vec![listing("INBOX"), listing("Old")]).await.unwrap();
    let old = folders[1].id;
    let rows = world.list_in(old, "Old", &[1, 2]).await;
    world.copy(rows[0], 1).await;
    let target = PinnedTarget { path: FolderPath::new(["Old"]), name: Some(wire("Old")) };
    world.ledger.pin_target(world.lease, old, target.clone()).await.unwrap();
    // The next listing knows the folder only by its new name, and a cut-off pass listed a message in it.
    let folders = world.ledger.list_folders(world.lease, vec![listing("INBOX"), listing("New")]).await.unwrap();
    let twin = world.list_in(folders[2].id, "New", &[2, 3]).await;

    world.ledger.rename_folder(world.lease, old, listing("New")).await.unwrap();

    let folders = world.ledger.folders(world.pair()).await.unwrap();
    assert_eq!(folders.iter().map(|folder| folder.id).collect::<Vec<_>>(), [world.inbox, old]);
    let renamed = &folders[1];
    assert_eq!((&renamed.name, &renamed.path, renamed.present), (&wire("New"), &FolderPath::new(["New"]), true));
    assert_eq!(renamed.target, Some(target));
    let known = world.ledger.known(world.pair(), b"New", EPOCH, None).await.unwrap();
    assert_eq!(known.iter().map(|known| known.row).collect::<Vec<_>>(), [rows[0], rows[1], twin[1]]);
    assert_eq!(known[0].state, RowState::Copied);
    assert_eq!(world.row(twin[1]).await.folder, old);
    assert!(world.ledger.known(world.pair(), b"Old", EPOCH, None).await.unwrap().is_empty());
}

pub async fn a_rename_over_an_arrived_row_is_refused(ledger: Arc<dyn Ledger>) {
    let world = World::new(ledger).await;
    let folders = world.ledger.list_folders(world.lease, vec![listing("A"), listing("B")]).await.unwrap();
    let (a, b) = (folders[1].id, folders[2].id);
    world.list_in(a, "A", &[1]).await;
    let arrived = world.list_in(b, "B", &[1]).await[0];
    world.copy(arrived, 1).await;
    assert_eq!(refusal(world.ledger.rename_folder(world.lease, a, listing("B")).await), Code::Bug);
    assert_eq!(world.folder(a).await.name, wire("A"));
    assert_eq!(world.row(arrived).await.folder, b);
}

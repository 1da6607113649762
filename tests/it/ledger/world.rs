//! A small world for the suite: a pair with a folder, and rows that are quick to make.

use std::sync::Arc;

use mailhaul::{
    error::{Code, Result},
    ledger::{
        Discovered, FolderId, FolderListing, FolderRow, Intent, Lease, Ledger, NewRow, Row, RowId, RowQuery, Settlement,
    },
    model::{
        BodyHash, Fingerprint, Flags, FolderClass, FolderName, FolderPath, Mark, MessageKey, Reason, ReceivedAt,
        RowState, TargetUid,
    },
};

pub const EPOCH: u64 = 7;

/// A ledger with one pair that has a folder.
pub struct World {
    pub ledger: Arc<dyn Ledger>,
    pub lease: Lease,
    pub inbox: FolderId,
}

impl World {
    pub async fn new(ledger: Arc<dyn Ledger>) -> World {
        World::of(ledger, "ann@source", "ann@target").await
    }

    pub async fn of(ledger: Arc<dyn Ledger>, source: &str, target: &str) -> World {
        let lease = ledger.open_pair(source, target).await.unwrap();
        let folders = ledger.list_folders(lease, vec![listing("INBOX")]).await.unwrap();
        World { ledger, lease, inbox: folders[0].id }
    }

    pub fn pair(&self) -> i64 {
        self.lease.pair
    }

    /// Lists messages with these UIDs in the inbox; returns their rows in the same order.
    pub async fn list(&self, uids: &[u32]) -> Vec<RowId> {
        self.list_in(self.inbox, "INBOX", uids).await
    }

    pub async fn list_in(&self, folder: FolderId, name: &str, uids: &[u32]) -> Vec<RowId> {
        let new = uids.iter().map(|uid| message(name, *uid)).collect();
        self.ledger.discovered(self.lease, folder, Discovered { new, ..Discovered::default() }).await.unwrap();
        let ids = uids.iter().map(|uid| id(*uid)).collect();
        let known = self.ledger.known_ids(self.pair(), name.as_bytes(), EPOCH, ids).await.unwrap();
        uids.iter().map(|uid| known.iter().find(|known| known.id == id(*uid)).unwrap().row).collect()
    }

    pub async fn intend(&self, row: RowId) -> Result<()> {
        self.ledger.intend(self.lease, vec![intent(row)]).await
    }

    pub async fn settle(&self, step: Settlement) -> Result<()> {
        self.ledger.settle(self.lease, vec![step]).await
    }

    /// Takes a listed row all the way to `copied` at this UID.
    pub async fn copy(&self, row: RowId, uid: u32) {
        self.intend(row).await.unwrap();
        self.settle(copied(row, uid)).await.unwrap();
    }

    pub async fn row(&self, row: RowId) -> Row {
        let query = RowQuery { after: Some(row - 1), limit: 1, ..RowQuery::default() };
        let rows = self.ledger.rows(self.pair(), query).await.unwrap();
        rows.into_iter().find(|found| found.id == row).unwrap()
    }

    pub async fn rows(&self, query: RowQuery) -> Vec<RowId> {
        self.ledger.rows(self.pair(), query).await.unwrap().iter().map(|row| row.id).collect()
    }

    pub async fn folder(&self, folder: FolderId) -> FolderRow {
        self.ledger.folders(self.pair()).await.unwrap().into_iter().find(|found| found.id == folder).unwrap()
    }
}

pub fn listing(name: &str) -> FolderListing {
    FolderListing {
        name: wire(name),
        path: FolderPath::new(name.split('/')),
        role: None,
        class: FolderClass::default(),
        subscribed: true,
        skipped: None,
    }
}

pub fn wire(name: &str) -> FolderName {
    FolderName(name.as_bytes().to_vec())
}

pub fn id(uid: u32) -> Vec<u8> {
    uid.to_be_bytes().to_vec()
}

pub fn key(namespace: &str, epoch: u64, uid: u32) -> MessageKey {
    MessageKey { namespace: namespace.as_bytes().to_vec(), epoch, id: id(uid), version: Vec::new() }
}

pub fn message(namespace: &str, uid: u32) -> NewRow {
    NewRow {
        content: None,
        key: key(namespace, EPOCH, uid),
        size: 1000 + u64::from(uid),
        received_at: Some(ReceivedAt { unix: 1_700_000_000 + i64::from(uid), offset: 3600 }),
        flags: Flags::default(),
        in_scope: true,
        fingerprint: None,
    }
}

pub fn intent(row: RowId) -> Intent {
    Intent {
        row,
        target_folder: wire("INBOX"),
        mark: Mark(vec![1, 2, 3]),
        body_hash: BodyHash([row as u8; 32]),
        fingerprint: Fingerprint([row as u8; 16]),
        sent_size: 2000,
        rung: 0,
        repairs: String::new(),
        applied: Flags::default(),
        read_at: None,
    }
}

pub fn copied(row: RowId, uid: u32) -> Settlement {
    Settlement { target: Some(at(uid)), ..Settlement::new(row, RowState::Intended, RowState::Copied) }
}

pub fn at(uid: u32) -> TargetUid {
    TargetUid { validity: 9, uid }
}

pub fn flags(names: &str) -> Flags {
    Flags::decode(names)
}

pub fn reason(words: &str) -> Option<Reason> {
    Some(Reason { code: Code::ItemTooBig, words: words.into() })
}

/// The code that a call was refused with.
pub fn refusal<T>(result: Result<T>) -> Code {
    result.err().expect("refused").code()
}

//! `Items.csv`: every message that did not arrive as it was, with the words of the side that decided.

use std::io;

use super::sheet;

/// One message that did not arrive, or not as it was.
#[derive(Clone, Debug)]
pub struct Item {
    /// The source mailbox.
    pub source: String,
    /// The target mailbox.
    pub target: String,
    /// The folder at the source.
    pub folder: String,
    /// Its id at the source (the UID for IMAP).
    pub id: String,
    /// What became of it.
    pub outcome: &'static str,
    /// The stable word, where there is one.
    pub code: String,
    /// The server's own words or what was repaired.
    pub reason: String,
    /// Its size at the source (bytes).
    pub size: u64,
    /// When it was received (Unix seconds), where known.
    pub received: Option<i64>,
}

const HEADER: [&str; 9] = ["Source", "Target", "Folder", "Uid", "Outcome", "Code", "Reason", "Bytes", "ReceivedUtc"];

pub(super) fn csv(items: &[Item]) -> io::Result<Vec<u8>> {
    let row = |item: &Item| {
        [
            item.source.clone(),
            item.target.clone(),
            item.folder.clone(),
            item.id.clone(),
            item.outcome.to_owned(),
            item.code.clone(),
            item.reason.clone(),
            item.size.to_string(),
            item.received.map(sheet::utc).unwrap_or_default(),
        ]
    };
    sheet::csv(HEADER, items.iter().map(row))
}

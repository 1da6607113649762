use super::*;
use crate::{
    error::Code,
    ledger::{Discovered, FolderListing, NewRow, PassRecord, Settlement, SqliteLedger},
    model::{Flags, FolderClass, FolderName, FolderPath, MessageKey, Reason, ReceivedAt, RowState},
    transfer::{Attention, Counts, FolderReport, Grade, Severity, VerifiedLevel},
};

fn mailbox() -> MailboxReport {
    let mut attention = Attention::new(Severity::Review, Code::ItemTooBig, Side::Target, 1);
    attention.folder = Some("=cmd|' /C calc'!A0".to_owned());
    attention.message = Some("UID 7".to_owned());
    attention.reply = Some("NO <b>too big</b>".to_owned());
    let counts = Counts { source_total: 3, in_scope: 3, copied: 2, failed: 1, bytes: 17_891_234, ..Counts::default() };
    let folder =
        FolderReport { source: "Sent".into(), target: "Sent Items".into(), not_read: None, counts: counts.clone() };
    MailboxReport {
        source: "+anna@old".to_owned(),
        target: "anna@new".to_owned(),
        state: Outcome::Finished,
        grade: Grade::Investigate,
        verified_level: VerifiedLevel::Bytes,
        error: None,
        counts,
        as_of: 1_000_000_000,
        folders: vec![folder],
        attention: vec![attention],
        not_carried: Vec::new(),
        verify_seconds: 0.5,
        categories: None,
    }
}

fn standing(pair: i64) -> Standing {
    let report = serde_json::to_string(&mailbox()).unwrap();
    let latest = PassRecord {
        id: 1,
        kind: "first".into(),
        started: 86_400,
        finished: Some(90_000),
        outcome: Some("finished".into()),
        report: Some(report),
    };
    Standing {
        pair: Some(pair),
        source: "+anna@old".into(),
        target: "anna@new".into(),
        batch: "wave1".into(),
        kind: "user".into(),
        running: false,
        latest: Some(latest),
        counts: Counts::default(),
        folders: vec![],
    }
}

/// A ledger whose one pair has a message that failed with words which a spreadsheet would run.
async fn ledger(directory: &Path) -> (std::sync::Arc<SqliteLedger>, i64) {
    let ledger = SqliteLedger::open(directory.join("l.db")).unwrap();
    let lease = ledger.open_pair("a", "b").await.unwrap();
    let (name, path) = (FolderName(b"Sent".to_vec()), FolderPath::new(["Sent"]));
    let listing =
        FolderListing { name, path, role: None, class: FolderClass::default(), subscribed: true, skipped: None };
    let folder = ledger.list_folders(lease, vec![listing]).await.unwrap()[0].id;
    let new = NewRow {
        content: None,
        key: MessageKey { namespace: b"Sent".to_vec(), epoch: 1, id: 7_u32.to_be_bytes().to_vec(), version: vec![] },
        size: 9,
        received_at: Some(ReceivedAt { unix: 86_400, offset: 0 }),
        flags: Flags::default(),
        in_scope: true,
        fingerprint: None,
    };
    ledger.discovered(lease, folder, Discovered { new: vec![new], ..Discovered::default() }).await.unwrap();
    let row = ledger.rows(lease.pair, Default::default()).await.unwrap()[0].id;
    let reason = Reason { code: Code::ItemTooBig, words: "-1 too big".into() };
    let failed = Settlement { reason: Some(reason), ..Settlement::new(row, RowState::Listed, RowState::Failed) };
    ledger.settle(lease, vec![failed]).await.unwrap();
    (ledger, lease.pair)
}

async fn written(name: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let (ledger, pair) = ledger(directory.path()).await;
    let out = directory.path().join("deep/er");
    let paths = write_files(&out, "acme", &*ledger, vec![standing(pair)]).await.unwrap();
    assert_eq!(paths.len(), FILES.len());
    fs::read_to_string(out.join(name)).unwrap()
}

#[tokio::test]
async fn no_field_of_a_csv_can_become_a_formula() {
    for name in ["Summary.csv", "Items.csv", "RequiresAttention.csv"] {
        let text = written(name).await;
        assert!(text.starts_with('\u{feff}'), "{name}");
        for record in csv::ReaderBuilder::new().from_reader(&text.as_bytes()[3..]).records() {
            for field in &record.unwrap() {
                assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {field}");
            }
        }
    }
}

#[tokio::test]
async fn attention_has_the_stable_columns() {
    let text = written("RequiresAttention.csv").await;
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    assert!(lines.next().unwrap().starts_with(
        "ProjectId,Batch,PairId,Severity,Code,SourceAddress,SourceType,TargetAddress,TargetType,Folder,ItemCount,\
         FirstSeenUtc,ReviewGroup,Problem,NextStep,ActionUrl,Owner,Status"
    ));
    let line = lines.next().unwrap();
    assert!(line.starts_with("acme,wave1,1,Review,ITEM-TOO-BIG,'+anna@old,user,anna@new,,'=cmd"), "{line}");
    assert!(line.contains("1970-01-02T00:00:00Z") && line.contains("UID 7"), "{line}");
    assert_eq!(written("RequiresAttention.csv").await, text, "row ids are stable");
}

#[tokio::test]
async fn the_page_shows_what_strangers_wrote_as_text() {
    let page = written("report.html").await;
    assert!(page.contains("NO &lt;b&gt;too big&lt;/b&gt;") && !page.contains("<b>"));
    assert!(page.contains("17.9 MB") && page.contains("class=finished>finished *"));
}

#[test]
fn the_json_document_has_the_documented_shape() {
    let json = serde_json::to_value(RunReport::new("first", 1.9004, vec![mailbox()])).unwrap();
    assert_eq!((&json["outcome"], &json["pass"], &json["seconds"]), (&"finished".into(), &"first".into(), &1.9.into()));
    let mailbox = &json["mailboxes"][0];
    for key in [
        "source",
        "target",
        "state",
        "grade",
        "in_scope",
        "out_of_scope",
        "copied",
        "copied_this_pass",
        "already_present",
        "updated",
        "skipped",
        "failed",
        "vanished",
        "unexplained",
        "bytes",
        "folders",
        "attention",
    ] {
        assert!(!mailbox[key].is_null(), "{key}");
    }
    assert_eq!(mailbox["folders"][0]["source"], "Sent");
    assert_eq!(mailbox["folders"][0]["in_scope"], 3);
    let back: MailboxReport = serde_json::from_value(mailbox.clone()).unwrap();
    assert_eq!((back.counts.copied, back.verified_level), (2, VerifiedLevel::Bytes));
}

#[tokio::test]
async fn items_tell_every_message_that_did_not_arrive() {
    let text = written("Items.csv").await;
    let line = text.lines().nth(1).unwrap();
    assert_eq!(line, "'+anna@old,anna@new,Sent,7,failed,ITEM-TOO-BIG,'-1 too big,9,1970-01-02T00:00:00Z");
}

#[test]
fn a_pair_without_a_finished_pass_is_reported_by_its_counts() {
    let mut standing = standing(4);
    standing.latest.as_mut().unwrap().report = None;
    standing.counts.unexplained = 3;
    let report = standing.report();
    assert_eq!((report.state, report.counts.unexplained), (Outcome::Incomplete, 3));
}

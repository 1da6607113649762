use super::*;
use crate::transfer::{Attention, Counts, FolderReport, Grade, Severity, VerifiedLevel};

fn entry() -> Entry {
    let mut attention = Attention::new(Severity::Review, Code::ItemTooBig, Side::Target, 1);
    attention.folder = Some("=cmd|' /C calc'!A0".to_owned());
    attention.message = Some("UID 7".to_owned());
    attention.reply = Some("NO <b>too big</b>".to_owned());
    let counts = Counts { source_total: 3, in_scope: 3, copied: 2, failed: 1, bytes: 17_891_234, ..Counts::default() };
    let folder =
        FolderReport { source: "Sent".into(), target: "Sent Items".into(), not_read: None, counts: counts.clone() };
    let report = MailboxReport {
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
        verify_seconds: 0.5,
    };
    let setting = Setting { batch: "wave1".into(), pair: 4, kind: "user".into(), started: 86_400 };
    Entry { setting, report }
}

fn files() -> Files {
    let item = Item {
        source: "+anna@old".into(),
        target: "anna@new".into(),
        folder: "Sent".into(),
        id: "7".into(),
        outcome: "failed",
        code: "ITEM-TOO-BIG".into(),
        reason: "-1 too big".into(),
        size: 9,
        received: Some(86_400),
    };
    Files { project: "acme".into(), made: "today".into(), entries: vec![entry()], items: vec![item] }
}

fn written(name: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let paths = files().write(&directory.path().join("deep/er")).unwrap();
    assert_eq!(paths.len(), 5);
    fs::read_to_string(directory.path().join("deep/er").join(name)).unwrap()
}

#[test]
fn no_field_of_a_csv_can_become_a_formula() {
    for name in ["Summary.csv", "Items.csv", "RequiresAttention.csv"] {
        let text = written(name);
        assert!(text.starts_with('\u{feff}'), "{name}");
        for record in csv::ReaderBuilder::new().from_reader(&text.as_bytes()[3..]).records() {
            for field in &record.unwrap() {
                assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {field}");
            }
        }
    }
}

#[test]
fn attention_has_the_stable_columns() {
    let text = written("RequiresAttention.csv");
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    assert!(lines.next().unwrap().starts_with(
        "ProjectId,Batch,PairId,Severity,Code,SourceAddress,SourceType,TargetAddress,TargetType,Folder,ItemCount,\
         FirstSeenUtc,ReviewGroup,Problem,NextStep,ActionUrl,Owner,Status"
    ));
    let line = lines.next().unwrap();
    assert!(line.starts_with("acme,wave1,4,Review,ITEM-TOO-BIG,'+anna@old,user,anna@new,,'=cmd"), "{line}");
    assert!(line.contains("1970-01-02T00:00:00Z") && line.contains("UID 7"), "{line}");
    assert_eq!(written("RequiresAttention.csv"), text, "row ids are stable");
}

#[test]
fn the_page_shows_what_strangers_wrote_as_text() {
    let page = written("report.html");
    assert!(page.contains("NO &lt;b&gt;too big&lt;/b&gt;") && !page.contains("<b>"));
    assert!(page.contains("17.9 MB") && page.contains("class=finished>finished *"));
}

#[test]
fn the_json_document_has_the_documented_shape() {
    let json = serde_json::to_value(RunReport::new("first", 1.9004, vec![entry().report])).unwrap();
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

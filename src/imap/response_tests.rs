use super::*;
use crate::{
    body::BodyStore,
    imap::{Attributes, ResponseCode, read_all},
};

fn one(line: &str) -> Event {
    let mut events = read_all(format!("{line}\r\n").as_bytes(), BodyStore::new());
    assert_eq!(events.len(), 1, "{line}");
    events.remove(0)
}

fn fetched(line: &str) -> Attributes {
    match one(line) {
        Event::Fetch(told) => *told,
        other => panic!("{line}: {other:?}"),
    }
}

fn condition(line: &str) -> (Verdict, ResponseCode, String) {
    match one(line) {
        Event::Condition(verdict, code, text) => (verdict, code, text),
        Event::Tagged(tagged) => (tagged.verdict, tagged.code, tagged.text),
        other => panic!("{line}: {other:?}"),
    }
}

fn listed(line: &str) -> (String, Option<char>, Vec<String>) {
    match one(line) {
        Event::List(entry) => (String::from_utf8(entry.name.0).unwrap(), entry.delimiter, entry.attributes),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn conditions_and_their_codes() {
    use ResponseCode::*;
    for (line, code, text) in [
        ("A4 OK [APPENDUID 14 46302] APPEND completed.", AppendUid(14, vec![(46302, 46302)]), "APPEND completed."),
        ("A4 OK [APPENDUID 14 3:5,9] done", AppendUid(14, vec![(3, 5), (9, 9)]), "done"),
        ("A4 OK [COPYUID 55 31,40 6:7] done", CopyUid(55, vec![(31, 31), (40, 40)], vec![(6, 7)]), "done"),
        ("* OK [UIDVALIDITY 14] UIDVALIDITY value", UidValidity(14), "UIDVALIDITY value"),
        ("* OK [UIDNEXT 4392] The next", UidNext(4392), "The next"),
        ("* OK [HIGHESTMODSEQ 18446744073709551615]", HighestModSeq(u64::MAX), ""),
        ("* OK [NOMODSEQ] none", NoModSeq, "none"),
        ("A3 OK [READ-WRITE] SELECT completed.", ReadWrite, "SELECT completed."),
        ("A3 OK [READ-ONLY] done", ReadOnly, "done"),
        ("A1 NO [ALERT]é has no blank before it", Other("ALERT".into(), String::new()), "é has no blank before it"),
        (
            "A1 NO [OVERQUOTA] Mailbox is full / Blocks limit",
            Other("OVERQUOTA".into(), String::new()),
            "Mailbox is full / Blocks limit",
        ),
        ("A1 OK [COPYUID 55  ] malformed", Other("COPYUID".into(), "55".into()), "malformed"),
        ("A1 OK [UIDNEXT 4294967296] too much", Other("UIDNEXT".into(), "4294967296".into()), "too much"),
        ("A1 NO [unclosed words", None, "[unclosed words"),
        ("A1 OK", None, ""),
        (
            "* OK The Microsoft Exchange IMAP4 service is ready. [TQBXAEgA]",
            None,
            "The Microsoft Exchange IMAP4 service is ready. [TQBXAEgA]",
        ),
    ] {
        let (_, told_code, told_text) = condition(line);
        assert_eq!((told_code, told_text.as_str()), (code, text), "{line}");
    }
    let flags = vec!["OIB-Seen-[Gmail]/All".to_owned(), "\\Seen".to_owned(), "\\*".to_owned()];
    let (_, code, _) = condition("* OK [PERMANENTFLAGS (OIB-Seen-[Gmail]/All \\Seen \\*)] Limited");
    assert_eq!(code, PermanentFlags(flags));
    let (_, code, _) = condition("A1 OK [CAPABILITY IMAP4 XPIG] no rev1");
    assert_eq!(code, Capability(vec!["IMAP4".into(), "XPIG".into()]));
}

#[test]
fn verdicts_and_tags() {
    let Event::Tagged(tagged) = one("A17 BAD Request is throttled. Suggested Backoff Time: 89117 milliseconds") else {
        panic!("tagged");
    };
    assert_eq!((tagged.tag, tagged.verdict), (Tag(17), Verdict::Bad));
    assert!(matches!(one("* bye Connection closed. 14"), Event::Bye(text) if text == "Connection closed. 14"));
    assert!(matches!(one("+ Ready"), Event::Continue(text) if text == "Ready"));
    assert!(matches!(one("+"), Event::Continue(text) if text.is_empty()));
}

#[test]
fn bare_lines_are_told_and_harm_nothing() {
    for line in [
        "Server Unavailable. 15",
        "[COPYUID 55 31 6]",
        "",
        "*",
        "* ",
        "* 5",
        "* 1 UNKNOWN x",
        "B1 OK not ours",
        "A1 WHAT",
    ] {
        assert!(matches!(one(line), Event::Other(_)), "{line}: {:?}", one(line));
    }
}

#[test]
fn fetch_in_every_order_and_with_what_is_unknown() {
    let told = fetched(
        "* 12 FETCH (BODYSTRUCTURE (\"text\" NIL (\"charset\" \"x)\") -1) uid 7 X-UNKNOWN ((a) \"(\") FLAGS (\\Seen \\Recent $Work \\FORWARDED) \
         MODSEQ (99) RFC822.SIZE 512 X-GM-MSGID 1278455344230334865 INTERNALDATE \"22-Oct-2018 19:58:29 -0300\")",
    );
    assert_eq!((told.sequence, told.uid, told.size, told.modseq), (12, Some(7), Some(512), Some(99)));
    assert_eq!(told.flags.unwrap().encode(), "\\Seen $Work");
    assert_eq!(told.gmail_id, Some(1_278_455_344_230_334_865));
    assert_eq!(told.received_at.unwrap().unwrap().unix, 1_540_249_109);
}

#[test]
fn fetch_items_that_are_nil_or_broken() {
    assert_eq!(fetched("* 1 FETCH (INTERNALDATE NIL UID 3)").received_at, Some(None));
    assert_eq!(fetched("* 1 FETCH (INTERNALDATE \"31-Feb-2018 00:00:00 +0000\" UID 3)").uid, Some(3));
    let kopano = fetched("* 1 FETCH (RFC822.SIZE null UID 3)");
    assert_eq!((kopano.size, kopano.uid), (None, Some(3)));
    assert_eq!(fetched("* 1 FETCH (RFC822.SIZE -1 UID 3)").uid, Some(3));
    assert!(matches!(fetched("* 1 FETCH (BODY[] NIL)").body, Some(Literal::Nil)));
    assert_eq!(fetched("* 1 FETCH (UID 3 FLAGS (").uid, Some(3));
    assert_eq!(fetched("* 1 FETCH ()").uid, None);
    assert_eq!(fetched("* 1 FETCH UID 3").uid, Some(3));
}

#[test]
fn a_body_and_a_header_side_by_side() {
    let told = fetched("* 1 FETCH (BODY[HEADER.FIELDS (\"DATE\")] {2}\r\nab UID 5 BODY[] {3}\r\ncde)");
    let bytes = |literal: Option<Literal>| match literal {
        Some(Literal::Body(body)) => body.as_memory().unwrap().to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!((bytes(told.header), bytes(told.body), told.uid), (b"ab".to_vec(), b"cde".to_vec(), Some(5)));
    assert_eq!(bytes(fetched("* 1 FETCH (BODY[] \"a \\\"quoted\\\" body\")").body), b"a \"quoted\" body");
    assert_eq!(bytes(fetched("* 1 FETCH (BINARY[] ~{4}\r\na\0b\n)").body), b"a\0b\n");
}

#[test]
fn lists_of_every_kind() {
    for (line, name, delimiter) in [
        (r#"* LIST (\HasNoChildren) "/" INBOX"#, "INBOX", Some('/')),
        (r#"* XLIST (\Inbox) "/" "Posteingang""#, "Posteingang", Some('/')),
        (r#"* LSUB () "." {3}"#, "a\"b", Some('.')),
        (r#"* LIST () NIL 2019"#, "2019", None),
        (r#"* LIST () "\\" "a\\b""#, r"a\b", Some('\\')),
        (r#"* LIST () "\" "Inbox""#, "Inbox", Some('\\')),
        ("* LIST () \"/\" Sent\x01 Items (old)", "Sent\x01 Items (old)", Some('/')),
        (r#"* LIST (\Sent) "/" "Envoy&AOk-s" ("CHILDINFO" ("SUBSCRIBED"))"#, "Envoy&AOk-s", Some('/')),
        (r#"* LIST (\NoSelect) "/" """#, "", Some('/')),
    ] {
        let line = line.replace("{3}", "{3}\r\na\"b");
        let told = listed(&line);
        assert_eq!((told.0.as_str(), told.1), (name, delimiter), "{line}");
    }
}

#[test]
fn status_in_every_form() {
    for (line, name) in [
        ("* STATUS \"a b\" (MESSAGES 3 UIDNEXT 7 UIDVALIDITY 1 HIGHESTMODSEQ 9 APPENDLIMIT 5000 X NIL)", "a b"),
        ("* STATUS a b (MESSAGES 3 UIDNEXT 7 UIDVALIDITY 1 HIGHESTMODSEQ 9 APPENDLIMIT 5000) ", "a b"),
        ("* STATUS {3}\r\na b (UIDNEXT 7 MESSAGES 3 UIDVALIDITY 1 HIGHESTMODSEQ 9 APPENDLIMIT 5000)", "a b"),
    ] {
        let Event::Status(status) = one(line) else { panic!("{line}") };
        assert_eq!(status.name, name.as_bytes());
        assert_eq!((status.messages, status.next, status.validity), (Some(3), Some(7), Some(1)));
        assert_eq!((status.modseq, status.append_limit), (Some(9), Some(5000)));
    }
    assert!(matches!(one("* STATUS x ()"), Event::Status(status) if status.messages.is_none()));
}

#[test]
fn searches_and_vanished() {
    let search = |line| match one(line) {
        Event::Search { ranges, count } => (ranges, count),
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(search("* SEARCH 1 2 3 7 (MODSEQ 5)"), (vec![(1, 3), (7, 7)], None));
    assert_eq!(search("* SEARCH"), (vec![], None));
    assert_eq!(search("* ESEARCH (TAG \"A3\") UID ALL 4:2,9 COUNT 4 MODSEQ 8"), (vec![(2, 4), (9, 9)], Some(4)));
    assert_eq!(search("* ESEARCH (TAG \"A3\") UID COUNT 0"), (vec![], Some(0)));
    assert!(matches!(one("* VANISHED (EARLIER) 41,43:116"),
        Event::Vanished { ranges, earlier: true } if ranges == [(41, 41), (43, 116)]));
    assert!(matches!(one("* VANISHED 5"), Event::Vanished { earlier: false, .. }));
}

#[test]
fn the_rest_of_the_untagged() {
    let Event::Namespace(namespace) =
        one(r#"* NAMESPACE (("INBOX." ".")("mh." "/" "X-PARAM" ("a"))) NIL (("shared." "."))"#)
    else {
        panic!("namespace")
    };
    assert_eq!(namespace.personal, [(b"INBOX.".to_vec(), Some('.')), (b"mh.".to_vec(), Some('/'))]);
    assert_eq!((namespace.other.len(), namespace.shared.len()), (0, 1));
    assert!(matches!(one(r#"* QUOTA "" (MESSAGE 1 2 STORAGE 10 512)"#), Event::Quota(Some((10, 512)))));
    assert!(matches!(one(r#"* QUOTA "" ()"#), Event::Quota(None)));
    assert!(
        matches!(one(r#"* ID ("Name" "Dovecot" "os" NIL)"#), Event::Id(id) if id == [("name".into(), "Dovecot".into())])
    );
    assert!(matches!(one("* ID NIL"), Event::Id(id) if id.is_empty()));
    assert!(matches!(one("* ENABLED QRESYNC"), Event::Enabled(words) if words == ["QRESYNC"]));
    assert!(matches!(one("* CAPABILITY IMAP4rev1  ID "), Event::Capability(words) if words == ["IMAP4rev1", "ID"]));
    assert!(matches!(one("* 172 EXISTS"), Event::Exists(172)));
    assert!(matches!(one("* 5 EXPUNGE"), Event::Expunge(5)));
}

use std::collections::BTreeSet;

use super::*;
use crate::lab::mailstore::Snapshot;

fn all(recipe: &Recipe) -> Vec<bytes::Bytes> {
    recipe.build().read(|mailbox| {
        mailbox.folders().flat_map(|(_, folder)| folder.messages().to_vec()).map(|m| m.content.bytes()).collect()
    })
}

#[test]
fn the_same_seed_gives_the_same_mailbox() {
    let snapshot = |seed| Recipe::new(seed, 200).build().snapshot();
    assert_eq!(snapshot(5), snapshot(5));
    assert_ne!(snapshot(5), snapshot(6));
    assert_eq!(snapshot(5).messages(), 200);
}

#[test]
fn ordinary_mail_is_what_every_server_takes() {
    for mail in all(&Recipe::new(1, 400)) {
        let lines: Vec<&[u8]> = mail.split(|&b| b == b'\n').collect();
        let (last, ended) = lines.split_last().unwrap();
        assert!(last.is_empty() && ended.iter().all(|line| line.ends_with(b"\r")), "{mail:?}");
        assert!(lines.iter().all(|line| line.len() <= 10_240) && !mail.contains(&0));
        assert!(mail.windows(4).any(|window| window == b"\r\n\r\n"));
    }
}

#[test]
fn oddities_come_on_request() {
    let recipe = Recipe { bare_newlines: true, nul: true, overlong_lines: true, ..Recipe::new(1, 400) };
    let mails = all(&recipe);
    assert!(mails.iter().any(|mail| mail.contains(&0)));
    assert!(mails.iter().any(|mail| mail.windows(2).any(|pair| pair[1] == b'\n' && pair[0] != b'\r')));
    assert!(mails.iter().any(|mail| mail.split(|&b| b == b'\n').any(|line| line.len() > 10_300)));
}

#[test]
fn some_messages_share_their_header_and_some_have_no_id() {
    let mails = all(&Recipe::new(1, 400));
    let header = |mail: &bytes::Bytes| mail[..mail.windows(4).position(|w| w == b"\r\n\r\n").unwrap()].to_vec();
    let headers: BTreeSet<Vec<u8>> = mails.iter().map(header).collect();
    assert!(headers.len() < mails.len());
    assert_eq!(mails.iter().collect::<BTreeSet<_>>().len(), mails.len());
    assert!(headers.iter().any(|header| !String::from_utf8_lossy(header).contains("Message-ID:")));
}

#[test]
fn a_million_messages_take_little_memory_and_time() {
    let store = huge(1, 1_000_000, 4096);
    assert_eq!(store.read(|mailbox| mailbox.folders().map(|(_, f)| f.messages().len()).sum::<usize>()), 1_000_000);
    let large = one_large(1, 100 << 20);
    assert_eq!(large.read(|mailbox| mailbox.bytes()), 100 << 20);
}

#[test]
fn a_localised_exchange_mailbox_has_more_than_mail() {
    let Snapshot { folders } = exchange_target(Language::German).snapshot();
    for name in ["Gesendete Elemente", "Entw&APw-rfe", "Kalender"] {
        assert!(folders.contains_key(name), "{name} in {:?}", folders.keys());
    }
}

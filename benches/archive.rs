//! Zimbra's archives: the reader with digests on beside tar and SHA-256 alone over the same bytes, in turns.

use std::io::Read;
use std::time::{Duration, Instant};

use mailhaul::body::BodyStore;
use mailhaul::zimbra::archive::{self, Content, Digest, End};

use crate::meter::{mb, median};

/// Messages of the archive, and bytes of each.
const MESSAGES: (u32, usize) = (4000, 32 << 10);
/// One large message (bytes).
const LARGE: usize = 200 << 20;
/// Times that each is measured.
const TURNS: usize = 7;

fn add(builder: &mut tar::Builder<Vec<u8>>, id: u32, body: &[u8]) {
    let name = format!("Inbox/{id:010}-a subject.eml");
    let meta = format!(
        "{{\"id\":{id},\"type\":5,\"folder_id\":2,\"size\":{},\"FlagStr\":\"u\",\"blob_digest\":\"{}\"}}",
        body.len(),
        Digest::of(body)
    );
    for (name, bytes) in [(format!("{name}.meta"), meta.as_bytes()), (name, body)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes).unwrap();
    }
}

fn body(length: usize, seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; length];
    bytes.fill_with(|| random.alphanumeric() as u8);
    bytes
}

fn ours(bytes: &[u8], store: &BodyStore) -> usize {
    let mut whole = 0;
    let end = archive::read(bytes, store, |item| {
        whole += usize::from(matches!(item.content, Content::Whole(_)));
        true
    });
    assert_eq!(end.unwrap(), End::Complete);
    whole
}

fn peer(bytes: &[u8]) -> usize {
    let mut buffer = vec![0; 64 << 10];
    let mut entries = 0;
    for entry in tar::Archive::new(bytes).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
        while let Ok(read @ 1..) = entry.read(&mut buffer) {
            hash.update(&buffer[..read]);
        }
        std::hint::black_box(hash.finish());
        entries += 1;
    }
    entries
}

fn timed(work: impl FnOnce() -> usize) -> Duration {
    let begun = Instant::now();
    std::hint::black_box(work());
    begun.elapsed()
}

/// The reader beside its parts.
pub fn beside_tar_and_sha256() {
    let (count, length) = MESSAGES;
    let mut builder = tar::Builder::new(Vec::new());
    (0..count).for_each(|id| add(&mut builder, 257 + id, &body(length, u64::from(id))));
    let bytes = builder.into_inner().unwrap();
    let store = BodyStore::new();
    let ratio = |_| {
        let (peer, ours) = (timed(|| peer(&bytes)), timed(|| ours(&bytes, &store)));
        println!(
            "{:>44} {:>7.0} MB/s, {:.0} MB/s",
            "tar and SHA-256, the reader",
            rate(bytes.len(), peer),
            rate(bytes.len(), ours)
        );
        peer.as_secs_f64() / ours.as_secs_f64()
    };
    let ratio = median((0..TURNS).map(ratio).collect());
    println!("{:>44} {ratio:>7.2} of their speed, limit 0.50", "the archive reader");
    large();
}

fn rate(bytes: usize, took: Duration) -> f64 {
    mb(bytes as u64) / took.as_secs_f64()
}

/// One message of 200 MB goes through without being held.
fn large() {
    let mut builder = tar::Builder::new(Vec::new());
    add(&mut builder, 257, &body(LARGE, 1));
    let bytes = builder.into_inner().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    drop(bytes);
    let resident = || {
        std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse::<u64>().unwrap() << 12
    };
    let before = resident();
    let mut most = before;
    let source = std::io::BufReader::new(std::fs::File::open(file.path()).unwrap());
    let end = archive::read(source, &BodyStore::new(), |_| {
        most = most.max(resident());
        true
    });
    assert_eq!(end.unwrap(), End::Complete);
    println!("{:>44} {:>7.1} MB, limit 8 MB", "a message of 200 MB takes of memory", mb(most.saturating_sub(before)));
}

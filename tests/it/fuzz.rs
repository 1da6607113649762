//! The fuzz targets on mutated seeds: a seeded part of `tests/fuzz/run` that needs no fuzzer.

#[path = "../fuzz/checks.rs"]
mod checks;

use std::path::Path;

/// Mutants of each seed in an ordinary run; `MAILHAUL_TRIALS=full` tries a hundred times as many.
const MUTANTS: usize = 200;

/// Pieces that the formats are made of: random bytes alone seldom make a line end or a literal.
const PIECES: [&[u8]; 19] = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\"",
    b"(",
    b")",
    b"{3}\r\n",
    b"NIL",
    b"--b\r\n",
    b"\r\n.\r\n",
    b"\r\n..",
    b"+OK\r\n",
    b"=?utf-8?B?",
    b"?=",
    b"&",
    b",",
    b"4294967295",
];

fn mutant(seed: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.usize(1..8) {
        let at = random.usize(0..=bytes.len());
        let end = (at + random.usize(0..12)).min(bytes.len());
        match random.u8(0..4) {
            0 => drop(bytes.splice(at..end, [])),
            1 => drop(bytes.splice(at..at, PIECES[random.usize(..PIECES.len())].iter().copied())),
            2 => {
                drop(bytes.splice(at..end, std::iter::repeat_with(|| random.u8(..)).take(end - at).collect::<Vec<_>>()))
            }
            _ => {
                let copy = bytes[at..end].repeat(random.usize(1..40));
                drop(bytes.splice(at..at, copy));
            }
        }
    }
    bytes
}

fn try_target(name: &str, check: fn(&[u8])) {
    let full = std::env::var("MAILHAUL_TRIALS").is_ok_and(|word| word == "full");
    let mutants = if full { MUTANTS * 100 } else { MUTANTS };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(name);
    let seeds: Vec<_> = std::fs::read_dir(&folder).expect("seeds").map(|entry| entry.unwrap().path()).collect();
    assert!(!seeds.is_empty(), "{name} has no seed");
    for path in seeds {
        let seed = std::fs::read(&path).unwrap();
        check(&seed);
        let mut random = fastrand::Rng::with_seed(20_251);
        for number in 0..mutants {
            let bytes = mutant(&seed, &mut random);
            if let Err(panic) = std::panic::catch_unwind(|| check(&bytes)) {
                println!("mutant {number} of {}: {:?}", path.display(), String::from_utf8_lossy(&bytes));
                std::panic::resume_unwind(panic);
            }
        }
    }
}

#[test]
fn imap_replies() {
    try_target("imap_replies", checks::imap_replies);
}

#[test]
fn pop3_session() {
    try_target("pop3_session", checks::pop3_session);
}

#[test]
fn mime_read() {
    try_target("mime_read", checks::mime_read);
}

#[test]
fn mime_repair() {
    try_target("mime_repair", checks::mime_repair);
}

#[test]
fn names() {
    try_target("names", checks::names);
}

#[test]
fn server_words() {
    try_target("server_words", checks::server_words);
}

#[test]
fn user_files() {
    try_target("user_files", checks::user_files);
}

#[test]
fn zimbra_answers() {
    try_target("zimbra_answers", checks::zimbra_answers);
}

#[test]
fn zimbra_archives() {
    try_target("zimbra_archives", checks::zimbra_archives);
}

use crate::support::{corpus::Mailbox, dovecot::*, fill::fill, haul::*, image::*};
#[test]
fn tmp_copy() {
    let raw = std::path::PathBuf::from("/tmp/rigx/rawlog");
    let _ = std::fs::remove_dir_all(&raw);
    std::fs::create_dir_all(&raw).unwrap();
    std::process::Command::new("chmod").arg("777").arg(&raw).status().unwrap();
    let n: usize = std::env::var("N").ok().and_then(|s| s.parse().ok()).unwrap_or(100);
    let (s, t) = (Dovecot::start(), Dovecot::with(&Options { extra: if std::env::var("RAW").is_ok() { "rawlog_dir = /tmp/rigx/rawlog\n".into() } else { String::new() }, ..Options::default() }));
    fill(&mut s.login("ann"), &Mailbox::new(1, 0, n));
    let mut haul = Haul::new(s.address(), "ann", t.address(), "ann");
    haul.options = std::env::var("OPTS").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    for _ in 0..std::env::var("PASSES").ok().and_then(|s| s.parse().ok()).unwrap_or(1) {
    let st = std::time::Instant::now();
    let e = haul.copy();
    println!("{:?} {:?} {:?}", st.elapsed(), e.code, e.document["outcome"]);
    if e.code != Some(0) { println!("{:#?}", e); }
    }
    println!("{}", t.log().lines().rev().take(12).collect::<Vec<_>>().join("\n"));
    let (a, b) = (MailboxImage::read(&mut s.login("ann")), MailboxImage::read(&mut t.login("ann")));
    println!("{}", shown(&diff(&a, &b)));
}

//! Real maildrops under the real binary: every message once and whole, after kills, over a long line, whatever its owner does.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    support::{
        corpus::Mailbox,
        dovecot::{Dovecot, PASSWORD},
        haul::Haul,
        image::MailboxImage,
        pop3::{Maildrop, USER, carried},
        proxy::line::Line,
    },
    trials::{seed, size},
};

/// A maildrop that was filled, and a mailbox that it goes to.
struct Trial {
    maildrop: Maildrop,
    target: Dovecot,
    haul: Haul,
    /// What must arrive, each with how often.
    wanted: BTreeMap<[u8; 32], usize>,
    mailbox: Mailbox,
    delivered: usize,
}

impl Trial {
    fn of(maildrop: Maildrop, messages: usize) -> Trial {
        let target = Dovecot::start();
        let haul = Haul::new(maildrop.address(), USER, target.address(), USER);
        let mailbox = Mailbox::new(seed(), 0, messages);
        let mut trial = Trial { maildrop, target, haul, wanted: BTreeMap::new(), mailbox, delivered: 0 };
        trial.haul.from = url(trial.maildrop.address());
        trial.deliver(messages);
        trial
    }

    fn deliver(&mut self, messages: usize) {
        let mails = (self.delivered..self.delivered + messages).map(|n| self.mailbox.mail(n).body);
        let mails: Vec<Vec<u8>> = mails.collect();
        self.delivered += messages;
        for mail in &mails {
            *self.wanted.entry(blake3::hash(&carried(mail)).into()).or_default() += 1;
        }
        self.maildrop.deliver(mails.iter().map(Vec::as_slice));
    }

    /// Another mailbox, and another ledger.
    fn afresh(&mut self, user: &str) {
        let haul = Haul::new(self.maildrop.address(), USER, self.target.address(), user);
        self.haul = Haul { from: self.haul.from.clone(), ..haul };
    }

    /// Fails unless `user` has every message as often as it was delivered, unread.
    #[track_caller]
    fn assert_arrived(&self, user: &str) {
        let image = MailboxImage::read(&mut self.target.login(user));
        let mut found: BTreeMap<[u8; 32], usize> = BTreeMap::new();
        for seen in image.folders.values().flatten() {
            assert!(seen.flags.is_empty(), "{seen:?}");
            *found.entry(seen.hash).or_default() += 1;
        }
        let off = self.wanted.iter().filter(|(hash, count)| found.get(*hash) != Some(count)).count();
        let strange = found.keys().filter(|hash| !self.wanted.contains_key(*hash)).count();
        let sum = |of: &BTreeMap<[u8; 32], usize>| of.values().sum::<usize>();
        assert_eq!((off, strange, sum(&found)), (0, 0, sum(&self.wanted)), "missing or doubled, strange, in all");
    }
}

fn url(address: std::net::SocketAddr) -> String {
    format!("pop3://{USER}:{PASSWORD}@{address}?encryption=none")
}

fn arrives_whole(maildrop: Maildrop) {
    let mut trial = Trial::of(maildrop, size(300, 10_000));
    let ended = trial.haul.copy_verified();
    assert_eq!(ended.count("copied"), trial.delivered as u64);
    assert_eq!(ended.document["mailboxes"][0]["not_carried"].as_array().map(Vec::len), Some(3));
    trial.assert_arrived(USER);

    let again = trial.haul.copy_verified();
    assert_eq!((again.count("copied_this_pass"), again.count("copied")), (0, trial.delivered as u64));
    // The owner reads and deletes mail, gets some, and at last everything has another name.
    trial.maildrop.remove_first();
    trial.deliver(5);
    assert_eq!(trial.haul.copy_verified().count("copied_this_pass"), 5);
    trial.maildrop.name_anew();
    trial.deliver(1);
    assert_eq!(trial.haul.copy_verified().count("copied_this_pass"), 1);
    trial.assert_arrived(USER);
    assert_eq!(trial.maildrop.count(), trial.delivered - 1, "nothing was deleted at the source");
}

#[test]
fn dovecots_maildrop_arrives_whole() {
    arrives_whole(Maildrop::dovecot());
}

#[test]
fn couriers_maildrop_arrives_whole() {
    arrives_whole(Maildrop::courier());
}

/// SIGKILL at random moments, each followed by another start at once.
fn killed(maildrop: Maildrop) {
    let mut trial = Trial::of(maildrop, size(150, 10_000));
    let mut rng = fastrand::Rng::with_seed(seed());
    let (kills, longest) = (size(5, 100), Duration::from_millis(size(500, 2500) as u64));
    let (mut done, mut round) = (0, 0);
    while done < kills {
        round += 1;
        let user = format!("ann{round}");
        trial.afresh(&user);
        while done < kills {
            let running = trial.haul.start();
            std::thread::sleep(longest.mul_f64(rng.f64()));
            if !running.kill() {
                break;
            }
            done += 1;
        }
        println!("round {round}: {done} of {kills} kills");
        trial.haul.copy_verified();
        trial.assert_arrived(&user);
        assert!(round < 10 * kills, "the passes end before they are killed");
    }
}

#[test]
fn killed_while_dovecots_maildrop_is_read() {
    killed(Maildrop::dovecot());
}

#[test]
fn killed_while_couriers_maildrop_is_read() {
    killed(Maildrop::courier());
}

/// A killed client leaves a session that holds the maildrop until the server notices; the next one waits for it and goes on.
#[test]
fn a_dead_clients_lock_is_waited_for() {
    let mut trial = Trial::of(Maildrop::dovecot_with("pop3_lock_session = yes\n"), size(150, 10_000));
    let mut rng = fastrand::Rng::with_seed(seed());
    for _ in 0..size(6, 100) {
        let running = trial.haul.start();
        std::thread::sleep(Duration::from_millis(500).mul_f64(rng.f64()));
        running.kill();
    }
    // The last one's machine is gone without a word, until a firewall says so.
    let dead = crate::support::pop3::signed_in(trial.maildrop.address());
    trial.haul.options.push("-v".to_owned());
    let running = trial.haul.start();
    let begun = Instant::now();
    while !running.log().contains("IN-USE") {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", running.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("the server said that it is in use after {:.1?}", begun.elapsed());
    dead.shutdown(std::net::Shutdown::Both).unwrap();
    let ended = running.wait();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}");
    trial.assert_arrived(USER);
}

/// The round trips are hidden: both times are printed with the bound that they are meant to keep, which depends on the machine.
#[test]
fn over_a_long_line() {
    const ROUND_TRIP: Duration = Duration::from_millis(40);
    for (name, maildrop) in [("Dovecot", Maildrop::dovecot()), ("Courier", Maildrop::courier())] {
        let mut trial = Trial::of(maildrop, size(300, 10_000));
        let near = timed(&trial);
        trial.afresh("far");
        let line = Line::delay(ROUND_TRIP / 2).to(trial.maildrop.address());
        trial.haul.from = url(line.address());
        let far = timed(&trial);
        trial.assert_arrived("far");
        let bound = near.mul_f64(1.5) + 10 * ROUND_TRIP;
        println!(
            "{name}: {} messages, {near:.2?} near, {far:.2?} over {ROUND_TRIP:?}; bound {bound:.2?}",
            trial.delivered
        );
    }
}

fn timed(trial: &Trial) -> Duration {
    let begun = Instant::now();
    trial.haul.copy_verified();
    begun.elapsed()
}

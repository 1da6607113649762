//! Tokens that end all the time.

use std::time::{Duration, Instant};

use mailhaul::{
    error::Side,
    lab::entra::{Service, Settings},
    oauth::{SignIn, Tokens},
};

use super::stage::{ANNA, Stage, exchange};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_session_ever_holds_a_stale_token_and_nobody_asks_twice() {
    let life = Duration::from_secs(2);
    let stage = Stage::new(Settings { lifetime: life, ..Settings::default() }).await;
    let sign_in = SignIn::new(Tokens::new(None), exchange(stage.app()), Side::Target);
    let (begun, ends) = (Instant::now(), Instant::now() + life * 3);
    let sessions = (0..20).map(|number| {
        let (sign_in, desk) = (sign_in.clone(), stage.entra.desk());
        tokio::spawn(async move {
            let mut looks = 0;
            while Instant::now() < ends {
                let token = sign_in.access_token().await.unwrap();
                let secret = token.secret.expose();
                assert!(desk.opens(secret, Service::Imap, ANNA).is_some(), "session {number} got a stale token");
                looks += 1;
                tokio::time::sleep(Duration::from_millis(20 + number)).await;
            }
            looks
        })
    });
    let mut looks = 0;
    for session in sessions.collect::<Vec<_>>() {
        looks += session.await.unwrap();
    }
    let asked = stage.asked("client_credentials");
    // One at the beginning, and one each time 80 % of a life are over.
    let most = 1 + begun.elapsed().as_millis() / (life.as_millis() * 8 / 10);
    assert!(looks > 200, "{looks} looks are too few to tell");
    assert!((3..=most as usize).contains(&asked), "{asked} requests, at most {most}");
}

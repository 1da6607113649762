//! Servers that will not: full, read-only, talking nonsense, silent, gone. Each has its own word, and nothing is lost.

use std::time::Duration;

use mailhaul::{
    lab::{generate::Recipe, imap::Persona, mailstore::Mailstore},
    transfer::{MailboxReport, Outcome},
};

use super::stage::Stage;

async fn stage(source: Persona, target: Persona) -> Stage {
    let from = Recipe { attachment: 3000, ..Recipe::new(61, 80) }.build();
    Stage::between((from, source), (Mailstore::empty(), target), "Dovecot").await
}

/// The word of the error that stopped the pass.
fn stopped_by(report: &MailboxReport) -> Option<&str> {
    report.error.as_ref().map(|error| error.code.as_str())
}

/// Found out beforehand where the target tells its quota, and by its refusals where it does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_is_filled_when_there_is_room_again() {
    for untold in [&[][..], &["QUOTA", "QUOTA=RES-STORAGE"][..], &["QUOTA", "QUOTA=RES-STORAGE", "MULTIAPPEND"][..]] {
        let full = Persona::generic().without(untold).with(|persona| persona.append.quota = Some(100_000));
        let stage = stage(Persona::generic(), full).await;
        let report = stage.pass().await;
        assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("TGT-QUOTA")), "{report:#?}");
        assert!(stage.to.snapshot().messages() < 80);
        stage.target.set_persona(Persona::generic());
        stage.until_verified().await;
        stage.assert_all_there_once();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_may_not_be_written() {
    let locked = Persona::generic().with(|persona| persona.append.read_only = true);
    let stage = stage(Persona::generic(), locked).await;
    let report = stage.pass().await;
    assert!(report.state > Outcome::Finished, "{report:#?}");
    assert!(
        !report.attention.is_empty() && report.attention.iter().all(|line| line.code == "TGT-READ-ONLY"),
        "{report:#?}"
    );
    assert_eq!(stage.to.snapshot().messages(), 0);
    stage.target.set_persona(Persona::generic());
    stage.until_verified().await;
    stage.assert_all_there_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused() {
    let stage = stage(Persona::generic(), Persona::generic()).await;
    stage.source.accounts().refuse_passwords(true);
    let report = stage.pass().await;
    assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("SRC-AUTH")), "{report:#?}");
    stage.source.accounts().refuse_passwords(false);
    stage.until_verified().await;
    stage.assert_all_there_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_talks_nonsense() {
    let stage = stage(Persona::nonsense(), Persona::generic()).await;
    let report = stage.pass().await;
    assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("SRC-PROTOCOL")), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_says_a_word() {
    let mut stage = stage(Persona::silent(), Persona::generic()).await;
    stage.patience = Duration::from_millis(300);
    let report = stage.pass().await;
    assert_eq!((report.state, stopped_by(&report)), (Outcome::Failed, Some("SRC-TIMEOUT")), "{report:#?}");
}

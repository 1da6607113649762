//! `mailhaul demo`: the whole job with nothing installed and nothing at stake, in under a minute.

use std::{collections::HashSet, path::Path, sync::Arc};

use serde_json::json;

use super::{answer, lab, pass};
use crate::{
    cli::{errors, face::Face, interrupt, keys},
    error::Result,
    lab::{
        Lab, LabOptions,
        imap::{Throttle, ThrottleWords},
    },
    ledger::Ledger,
    project::{
        config::Config,
        credentials,
        finalised::Finalised,
        outcome::{Aim, Ending},
        pairs::{self, MailboxPair},
        report::{self, RunReport},
        secrets::Secrets,
        standing,
        store::Store,
        supervisor::Stop,
    },
    transfer::PassKind,
};

/// Show the whole job on stand-ins in this process; needs nothing and touches nothing
#[derive(clap::Args)]
pub struct DemoArgs {
    /// Leave the stand-ins running afterwards, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

/// A project in the lab.
struct Stage<'a> {
    face: &'a Face,
    store: Store,
    ledger: Arc<dyn Ledger>,
    pairs: Vec<MailboxPair>,
    stop: Stop,
}

pub(super) async fn run(args: &DemoArgs, face: &Face) -> Result<Ending> {
    let directory = tempfile::Builder::new().prefix("mailhaul-demo-").tempdir();
    let directory = directory.map_err(|error| errors::machine("the demo finds no place for its files", error))?.keep();
    face.note("Starting an IMAP host, a POP3 host, a Zimbra, an Office 365 with its sign-in, and a Microsoft 365 that throttles, all in this process.");
    let lab = lab::start(&LabOptions { throttle: Some(throttle()), ..LabOptions::default() }, &directory).await?;
    let reports = play(face, &lab, &directory).await?;
    let ending = last_ending(&reports);
    let place = directory.join("report").display().to_string();
    let document = json!({ "outcome": reports.last().map(|last| last.outcome), "passes": reports, "report": place });
    face.answer(&document, || {
        let passes: String = reports.iter().map(answer::in_a_line).collect();
        let last = reports.last().map(answer::run).unwrap_or_default();
        let directory = directory.display();
        format!("{last}\n{passes}The report: {place}/report.html\nConfiguration, users and ledger: {directory}\n")
    })?;
    if args.keep && ending == Ending::Done {
        face.note(&format!(
            "The lab stays. In another terminal: mailhaul run --config {}/mailhaul.toml\nCtrl-C stops it.",
            directory.display()
        ));
        return lab::stay(&lab, face).await;
    }
    Ok(ending)
}

/// Slow enough that each mailbox is told to wait a few times, for a few seconds. It never cuts a connection: what was under way
/// on it would be in doubt, and Exchange's settle time is longer than the demo.
fn throttle() -> Throttle {
    Throttle { recovery: 0.75, words: vec![ThrottleWords::No], ..Throttle::new(20.0, 80.0) }
}

/// The first pass, a day's work at the source, the delta, the comparison, the report.
async fn play(face: &Face, lab: &Lab, directory: &Path) -> Result<Vec<RunReport>> {
    let stage = Stage::new(face, directory).await?;
    let mut reports = Vec::new();
    let acts: [(PassKind, &str); 3] = [
        (PassKind::Auto, "First pass: everything is copied."),
        (PassKind::Auto, "Delta pass: only what is new or changed."),
        (PassKind::Verify, "Comparing both sides once more."),
    ];
    for (number, (kind, words)) in acts.into_iter().enumerate() {
        if number == 1 {
            let new = lab.go_on();
            face.note(&format!(
                "Meanwhile people go on at the old servers: {new} new messages, some read, some filed, a new folder."
            ));
        }
        face.note(words);
        reports.push(stage.pass(kind).await?);
        if stage.stop.drain.is_cancelled() {
            break;
        }
    }
    stage.report(&directory.join("report")).await?;
    Ok(reports)
}

impl<'a> Stage<'a> {
    async fn new(face: &'a Face, directory: &Path) -> Result<Self> {
        let config = Config::read(&directory.join("mailhaul.toml"))?;
        let store = Store::locate(None, None, directory)?;
        let (mut pairs, _) = pairs::all(&config, &HashSet::new(), &Finalised::default())?;
        credentials::fill(&Secrets::locate(&store, None, None), &keys::passphrase, &mut pairs).await?;
        Ok(Stage { face, ledger: store.open()?, store, pairs, stop: interrupt::listen(face)? })
    }

    async fn pass(&self, kind: PassKind) -> Result<RunReport> {
        let pairs = pass::with_pass(self.pairs.clone(), kind);
        pass::over(self.face, &self.store, &self.ledger, pairs, self.stop.clone()).await
    }

    async fn report(&self, directory: &Path) -> Result<()> {
        let standings = standing::all(&*self.ledger, &self.pairs).await?;
        report::write_files(directory, "demo", &*self.ledger, standings).await?;
        Ok(())
    }
}

fn last_ending(reports: &[RunReport]) -> Ending {
    reports.last().map_or(Ending::Failed, |last| Ending::of_run(&last.mailboxes, Aim::Verified))
}

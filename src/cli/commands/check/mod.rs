//! `mailhaul check`: Test Connection as a list of steps with times. It moves nothing; `--write-probe` leaves nothing behind.

mod directory;
mod probe;
mod steps;
mod unpaired;

use std::{collections::HashSet, sync::Arc};

use super::{
    pass,
    scope::{Project, ScopeArgs},
};
use crate::{
    cli::face::Face,
    error::{Result, Side},
    ledger::Ledger,
    net,
    project::{
        connect::{self, Connectors},
        endpoint::Kind,
        outcome::Ending,
        pairs::Mailbox,
        store::Store,
        supervisor::Job,
    },
    source::ReadBy,
    transfer,
};
use steps::Steps;

/// Of the mail clients of a moved mailbox (quirk 111).
const LEFT_ON_SERVER: &str = "a mail client that leaves its mail on the server may download all of it again from the new one, \
    for the new server names every message anew: let its user empty or remove the old account in it first";

/// Where Zimbra's own interface is closed, for all pairs of the endpoint.
const INSTEAD: &str = "a pair that begins now is read by IMAP, one that began before waits until it is open, or begins anew after mailhaul reset";

/// Test every connection and sign-in, step by step; moves nothing
#[derive(clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Also append a test message at each target, read it back and remove it
    #[arg(long)]
    write_probe: bool,
}

pub(super) async fn run(args: &CheckArgs, face: &Face) -> Result<Ending> {
    let Project { pairs, everyone, store, .. } = args.scope.project(face).await?;
    let ledger = ledger(&store, face);
    pairs.iter().for_each(|pair| pass::warn_of(face, pair));
    let jobs = Connectors::without_ledger().jobs(pairs);
    let mut steps = Steps::new(face);
    let mut dialled = HashSet::new();
    for job in &jobs {
        for (mailbox, side) in [(&job.pair.source, Side::Source), (&job.pair.target, Side::Target)] {
            if dialled.insert(mailbox.endpoint.name.clone()) {
                dial(&mut steps, mailbox, side).await;
            }
        }
    }
    for job in &jobs {
        // What a pass would do: a pair goes on as it began.
        let begun = match &ledger {
            Some(ledger) => transfer::begun_by(&job.engine, &**ledger).await?,
            None => None,
        };
        let read_by = job.engine.source.choose(begun).await;
        pair(&mut steps, job, read_by, args.write_probe).await;
    }
    if args.scope.is_everything() {
        unpaired::tell(&mut steps, &everyone, jobs.iter().map(|job| &job.pair.source)).await;
    }
    steps.answer(jobs.len())
}

/// How pairs began, where that can be read: a ledger of an older version is brought up to date by the next pass, before which one checks.
fn ledger(store: &Store, face: &Face) -> Option<Arc<dyn Ledger>> {
    if !store.path().exists() {
        return None;
    }
    let opened = store.open_read_only();
    opened.inspect_err(|error| face.warn(&format!("What the ledger says of these pairs is left out: {error}"))).ok()
}

/// The steps of an endpoint, once for all its mailboxes.
async fn dial(steps: &mut Steps<'_>, mailbox: &Mailbox, side: Side) {
    let endpoint = &mailbox.endpoint;
    steps.place(format!("{} ({}:{})", endpoint.name, endpoint.host, endpoint.port));
    let imap = endpoint.beside_imap().filter(|_| endpoint.kind == Kind::Zimbra);
    let mut closed = None;
    for mut step in net::probe(&connect::dial(endpoint, side)).await {
        // No fault where there is another way in.
        if let (Some(imap), Some(error)) = (&imap, step.error.take_if(|error| net::is_refused(error))) {
            step.found.push(format!("closed ({}): {INSTEAD}", error.subject()));
            closed = Some(imap);
        }
        steps.add(step.name, step.took, step.found, step.error);
    }
    if let Some(imap) = closed {
        steps.place(format!("{} by IMAP ({}:{})", imap.name, imap.host, imap.port));
        for step in net::probe(&connect::dial(imap, side)).await {
            steps.add(step.name, step.took, step.found, step.error);
        }
    }
}

/// The steps of one mailbox pair.
async fn pair(steps: &mut Steps<'_>, job: &Job, read_by: ReadBy, write_probe: bool) {
    let engine = &job.engine;
    let transport = engine.target.transport().of();
    steps.place(format!("{} → {} ({transport})", engine.source.describe(), engine.target.describe()));
    for (mailbox, name) in [(&job.pair.source, "source token"), (&job.pair.target, "target token")] {
        if let Some(tokens) = &mailbox.login.tokens {
            steps.timed(name, tokens.access_token()).await;
        }
    }
    for (mailbox, side) in [(&job.pair.source, Side::Source), (&job.pair.target, Side::Target)] {
        directory::look_up(steps, mailbox, side).await;
    }
    // Where its own interface is closed there is nobody to ask, and the log-in says so; where nothing opens, both say why.
    if read_by == ReadBy::Own {
        directory::account(steps, &job.pair.source).await;
    }
    if let Some(mut session) = steps.timed("source login", engine.source.open()).await {
        steps.found(format!("server: {}", session.capabilities().profile));
        engine.source.losses().iter().for_each(|loss| steps.found((*loss).to_owned()));
        if job.pair.source.endpoint.kind == Kind::Pop3 {
            steps.found(LEFT_ON_SERVER.to_owned());
        }
        if let Some(folders) = steps.timed("source folders", session.folders()).await {
            let unread = folders.iter().filter(|folder| folder.skipped.is_some()).count();
            steps.found(format!("{} folders, {unread} of them not read", folders.len()));
        }
        session.close().await;
    }
    if let Some(mut session) = steps.timed("target login", engine.target.open()).await {
        steps.found(probe::abilities(session.capabilities()));
        if let Some(folders) = steps.timed("target folders", session.folders()).await {
            steps.found(format!("{} folders", folders.len()));
        }
        // Nobody can make up an item; that the application may import was seen at the log-in.
        let appends = write_probe && !job.pair.target.endpoint.by_graph;
        if appends && let Some(found) = steps.timed("write probe", probe::write(&mut *session)).await {
            steps.found(found);
        }
        session.close().await;
    }
}

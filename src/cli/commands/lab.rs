//! `mailhaul lab`: the stand-ins alone, for rehearsals with nothing at stake.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{
    cli::{errors, face::Face, interrupt},
    error::Result,
    lab::{Lab, LabOptions},
    project::outcome::Ending,
};

/// Start the stand-ins and leave them running: an IMAP host, a POP3 host, an Office 365, and a Microsoft 365 target that throttles
#[derive(clap::Args)]
pub struct LabArgs {
    /// Write the lab's mailhaul.toml and users.csv here
    #[arg(default_value = "mailhaul-lab")]
    directory: PathBuf,
    /// Mailboxes on each side
    #[arg(long, value_name = "N", default_value_t = LabOptions::default().mailboxes)]
    mailboxes: usize,
    /// Messages in each source mailbox
    #[arg(long, value_name = "N", default_value_t = LabOptions::default().messages)]
    messages: usize,
    /// Let every mailbox differ from those of another seed
    #[arg(long, value_name = "N", default_value_t = LabOptions::default().seed)]
    seed: u64,
}

pub(super) async fn run(args: &LabArgs, face: &Face) -> Result<Ending> {
    let LabArgs { mailboxes, messages, seed, .. } = *args;
    let options = LabOptions { mailboxes, messages, seed, oddities: true, ..LabOptions::default() };
    let lab = start(&options, &args.directory).await?;
    let (source, target) = (lab.source().port(), lab.target().port());
    let directory = args.directory.display().to_string();
    face.answer(&json!({ "directory": directory, "source_port": source, "target_port": target }), || {
        format!(
            "IMAP source on 127.0.0.1:{source}, a POP3 maildrop, an Office 365 mailbox, Microsoft 365 stand-in on 127.0.0.1:{target}.\n\
             In another terminal: mailhaul run --config {directory}/mailhaul.toml\nCtrl-C stops it.\n"
        )
    })?;
    stay(&lab, face).await
}

/// Starts the lab and writes its project into `directory`.
///
/// # Errors
/// The directory cannot be written.
pub(super) async fn start(options: &LabOptions, directory: &Path) -> Result<Lab> {
    let failed = |error| errors::machine(&format!("the lab cannot start in {}", directory.display()), error);
    std::fs::create_dir_all(directory).map_err(failed)?;
    // The configuration names the authority's file, which must be found from anywhere.
    let directory = directory.canonicalize().map_err(failed)?;
    let lab = Lab::start(options, &directory).await.map_err(failed)?;
    std::fs::write(directory.join("mailhaul.toml"), lab.configuration()).map_err(failed)?;
    if let Some(users) = lab.office_users() {
        std::fs::write(directory.join("office.csv"), users).map_err(failed)?;
    }
    if let Some(users) = lab.zimbra_users() {
        std::fs::write(directory.join("zimbra.csv"), users).map_err(failed)?;
    }
    if let Some(users) = lab.pop3_users() {
        std::fs::write(directory.join("pop3.csv"), users).map_err(failed)?;
    }
    // Last: whoever waits for it finds the others.
    std::fs::write(directory.join("users.csv"), lab.users()).map_err(failed)?;
    Ok(lab)
}

/// Keeps the lab until a person stops it, which is how it should end.
///
/// # Errors
/// Signals cannot be heard.
pub(super) async fn stay(_running: &Lab, face: &Face) -> Result<Ending> {
    interrupt::listen(face)?.drain.cancelled().await;
    Ok(Ending::Done)
}

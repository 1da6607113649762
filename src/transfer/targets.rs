//! The target's folders: mapped, pinned, created where missing, and gathered into jobs.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Attention, Severity, job::Job, map::Mapper, run::Run};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    ledger::{FolderId, FolderRow, PinnedTarget, RowQuery},
    model::{FolderName, FolderPath, Role, RowState},
    target::{NewFolder, TargetCapabilities, TargetFolder, TargetSession},
};

/// Maps every folder that is read, but for the `refused`, sees to it that its target exists, and gathers the jobs.
pub(super) async fn prepare(
    run: &Run,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
    listed: &[TargetFolder],
    refused: &HashSet<FolderId>,
) -> Result<Vec<Job>> {
    let read: Vec<&FolderRow> = folders.iter().filter(|f| is_read(run, f) && !refused.contains(&f.id)).collect();
    let mut pins = pin(run, target, folders, &read, listed).await?;
    ensure(run, target, &read, &mut pins, listed).await?;
    let jobs = gather(target, &read, &pins);
    with_counters(run, target, jobs).await
}

/// Creates the folders that are new, while the source lists their messages: `there` has them then, and `refused` those that cannot be.
pub(super) async fn create_new(
    run: &Run,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
    there: &mut Vec<TargetFolder>,
    refused: &mut HashSet<FolderId>,
) -> Result<()> {
    let is_new = |f: &&FolderRow| is_read(run, f) && f.target.is_none() && f.role != Some(Role::All);
    let new: Vec<&FolderRow> = folders.iter().filter(is_new).collect();
    let mut pins = pin(run, target, folders, &new, there).await?;
    ensure(run, target, &new, &mut pins, there).await?;
    for folder in new {
        let Some(PinnedTarget { path, name: Some(name) }) = pins.remove(&folder.id) else {
            refused.insert(folder.id);
            continue;
        };
        if there.iter().all(|known| known.name != name) {
            let (class, subscribed) = (folder.class.clone(), folder.subscribed);
            there.push(TargetFolder { name, path, role: None, class, selectable: true, subscribed });
        }
    }
    Ok(())
}

/// Jobs of a pass that only compares: what is pinned, as it stands. A folder that is gone is one of them if our mail should be in it.
pub(super) async fn pinned(
    run: &Run,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
    listed: &[TargetFolder],
) -> Result<Vec<Job>> {
    let there: HashSet<&FolderName> = listed.iter().map(|f| &f.name).collect();
    let pins: Pins = folders.iter().filter_map(|f| Some((f.id, f.target.clone()?))).collect();
    let mut read: Vec<&FolderRow> = Vec::new();
    for folder in folders {
        let Some(name) = pins.get(&folder.id).and_then(|pin| pin.name.as_ref()) else { continue };
        if there.contains(name) || holds_ours(run, name).await? {
            read.push(folder);
        }
    }
    let jobs = gather(target, &read, &pins);
    with_counters(run, target, jobs).await
}

/// Where every folder that is read would go, without pinning or creating anything.
pub(super) async fn places(
    run: &Run,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
) -> Result<Vec<(FolderId, FolderPath)>> {
    let listed = target.folders().await?;
    let read: Vec<&FolderRow> = folders.iter().filter(|f| is_read(run, f)).collect();
    let pins = assign(run, target.capabilities(), folders, &read, &listed);
    Ok(pins.into_iter().map(|(id, pin)| (id, pin.path)).collect())
}

/// Whether messages are in a target folder as far as the ledger knows.
async fn holds_ours(run: &Run, name: &FolderName) -> Result<bool> {
    let states = vec![RowState::Copied, RowState::AlreadyPresent];
    let query = RowQuery {
        target_folder: Some(name.clone()),
        states,
        missing_at_target: Some(false),
        removed: Some(false),
        limit: 1,
        ..RowQuery::default()
    };
    Ok(!run.ledger.rows(run.lease.pair, query).await?.is_empty())
}

type Pins = HashMap<i64, PinnedTarget>;

fn is_read(run: &Run, folder: &FolderRow) -> bool {
    folder.present && folder.skipped.is_none() && run.options.scope.admits_folder(&folder.path)
}

/// Pins the folders that have no place yet.
async fn pin(
    run: &Run,
    target: &mut dyn TargetSession,
    folders: &[FolderRow],
    read: &[&FolderRow],
    listed: &[TargetFolder],
) -> Result<Pins> {
    let pins = assign(run, target.capabilities(), folders, read, listed);
    for folder in read.iter().filter(|f| f.target.is_none()) {
        if let Some(pin) = pins.get(&folder.id) {
            run.ledger.pin_target(run.lease, folder.id, pin.clone()).await?;
        }
    }
    tell_changed_rules(run, read, listed, target.capabilities());
    Ok(pins)
}

/// Places for all: pinned ones as they are; of the others roles choose first, then parents before children, and last what has no other
/// folder.
fn assign(
    run: &Run,
    capabilities: &TargetCapabilities,
    folders: &[FolderRow],
    read: &[&FolderRow],
    listed: &[TargetFolder],
) -> Pins {
    let mut mapper = Mapper::new(listed, capabilities, &run.options.map);
    let mut pins = Pins::new();
    for folder in folders {
        if let Some(pin) = &folder.target {
            mapper.pinned(&folder.path, &pin.path);
            pins.insert(folder.id, pin.clone());
        }
    }
    let mut new: Vec<&&FolderRow> = read.iter().filter(|f| f.target.is_none()).collect();
    new.sort_by_key(|f| (f.role == Some(Role::All), f.role.is_none(), f.path.0.len(), f.path.clone()));
    for folder in new {
        let path = mapper.place(&folder.path, folder.role, &folder.class);
        pins.insert(folder.id, PinnedTarget { path, name: None });
    }
    pins
}

/// A changed mapping moves nothing that is copied; it is told instead.
fn tell_changed_rules(run: &Run, read: &[&FolderRow], listed: &[TargetFolder], capabilities: &TargetCapabilities) {
    if run.options.map.is_empty() {
        return;
    }
    for folder in read {
        let Some(pin) = &folder.target else { continue };
        let wanted = Mapper::new(listed, capabilities, &run.options.map).rule_for(&folder.path);
        if let Some(wanted) = wanted.filter(|wanted| *wanted != pin.path) {
            let mut line = Attention::new(Severity::Note, Code::FolderName, Side::Target, 0);
            line.folder = Some(folder.path.to_string());
            line.problem = format!(
                "its mail goes to “{}” since an earlier pass; the mapping to “{wanted}” has no effect",
                pin.path
            );
            line.next_step = "Move the folder at the target by hand if it is wanted elsewhere.".to_owned();
            run.attend(line);
        }
    }
}

/// Creates what is missing. A folder that its user removed at the target is made again only for mail that still has to go there, and the
/// place of what lies in no other folder is made only if there is such mail.
async fn ensure(
    run: &Run,
    target: &mut dyn TargetSession,
    read: &[&FolderRow],
    pins: &mut Pins,
    listed: &[TargetFolder],
) -> Result<()> {
    let there: HashMap<&FolderName, &FolderPath> =
        listed.iter().filter(|f| f.selectable).map(|f| (&f.name, &f.path)).collect();
    let trash = listed.iter().find(|folder| folder.role == Some(Role::Trash)).map(|folder| &folder.path);
    let mut wanted = Vec::new();
    for folder in read {
        let Some(pin) = pins.get(&folder.id) else { continue };
        let path = pin.name.as_ref().and_then(|name| there.get(name));
        // A folder that its user deletes may lie in the trash under the name on the wire that it had.
        let stands =
            path.is_some_and(|path| trash.is_none_or(|trash| !path.is_below(trash) || pin.path.is_below(trash)));
        let is_wanted = pin.name.is_none() && folder.role != Some(Role::All);
        if !stands && (is_wanted || has_open(run, folder).await?) {
            wanted.push((*folder, pin.path.clone()));
        }
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let new = |(folder, path): &(&FolderRow, FolderPath)| NewFolder {
        path: path.clone(),
        subscribed: folder.subscribed,
        class: folder.class.clone(),
    };
    let request: Vec<NewFolder> = wanted.iter().map(new).collect();
    let answers = target.ensure_folders(&request).await?;
    for ((folder, path), answer) in wanted.into_iter().zip(answers) {
        match answer {
            Ok(name) => {
                let before = pins.get(&folder.id).and_then(|pin| pin.name.clone());
                let pin = PinnedTarget { path, name: Some(name) };
                match before.filter(|before| pin.name.as_ref() != Some(before)) {
                    // Made again under another name: what went to the one before is looked for in this one.
                    Some(before) => run.ledger.rename_target_folder(run.lease, &before, pin.clone()).await?,
                    None => run.ledger.pin_target(run.lease, folder.id, pin.clone()).await?,
                }
                pins.insert(folder.id, pin);
            }
            Err(error) if error.scope() <= Scope::Folder => {
                pins.remove(&folder.id);
                tell_refused(run, folder, &error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn has_open(run: &Run, folder: &FolderRow) -> Result<bool> {
    let states = vec![RowState::Listed, RowState::Intended];
    let query = RowQuery { folder: Some(folder.id), states, in_scope: Some(true), limit: 1, ..RowQuery::default() };
    Ok(!run.ledger.rows(run.lease.pair, query).await?.is_empty())
}

fn tell_refused(run: &Run, folder: &FolderRow, error: &Error) {
    let mut line = Attention::new(Severity::Block, error.code(), error.side(), folder.count.unwrap_or(0));
    line.folder = Some(folder.path.to_string());
    line.reply = error.reply().map(str::to_owned);
    run.attend(line);
}

fn gather(target: &dyn TargetSession, read: &[&FolderRow], pins: &Pins) -> Vec<Job> {
    let keeps_bytes = target.capabilities().keeps_bytes;
    let mut jobs: BTreeMap<FolderName, Job> = BTreeMap::new();
    for folder in read {
        let Some(PinnedTarget { path, name: Some(name) }) = pins.get(&folder.id) else { continue };
        let job = jobs.entry(name.clone()).or_insert_with(|| Job {
            folder: name.clone(),
            path: path.clone(),
            keeps_bytes,
            sources: Vec::new(),
            status: None,
            known: None,
        });
        job.sources.push((*folder).clone());
    }
    jobs.into_values().collect()
}

/// Asks for all counters at once. Where every folder that holds our mail was renumbered, the mailbox is another one or was restored:
/// nothing is touched before a person looked.
async fn with_counters(run: &Run, target: &mut dyn TargetSession, mut jobs: Vec<Job>) -> Result<Vec<Job>> {
    let names: Vec<FolderName> = jobs.iter().map(|job| job.folder.clone()).collect();
    let statuses = target.statuses(&names).await?;
    let (mut same, mut renumbered) = (0, 0);
    for (job, status) in jobs.iter_mut().zip(statuses) {
        job.known = run.ledger.target_folder(run.lease.pair, &job.folder).await?;
        job.status = status;
        if job.known.is_some() && job.status.is_some() {
            *(if job.was_renumbered() { &mut renumbered } else { &mut same }) += 1;
        }
    }
    if same == 0 && renumbered > 1 {
        let what = format!("every folder of {}", run.pair.target.describe());
        return Err(Error::new(Code::Identity, Side::Target, Scope::Mailbox, Disposition::NeedsPerson, what));
    }
    Ok(jobs)
}

//! Changed filters: rows that are known already move in or out of scope; what was copied stays where it is.

use std::collections::HashMap;

use crate::{
    error::Result,
    ledger::{Discovered, FolderRow, RowQuery},
    model::FolderName,
    transfer::run::Run,
};

/// Evaluates the filters anew for known rows, if filters look at single messages or did so before.
pub(super) async fn apply(run: &Run, folders: &HashMap<FolderName, FolderRow>) -> Result<()> {
    let rules = &run.options.scope;
    for folder in folders.values() {
        // Without message filters only rows that an earlier filter left out can change.
        let in_scope = if rules.looks_at_messages() { None } else { Some(false) };
        let mut query = RowQuery { folder: Some(folder.id), in_scope, elsewhere: Some(false), ..Run::page() };
        loop {
            let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
            let Some(last) = page.last() else { break };
            query.after = Some(last.id);
            let changed = |row: &crate::ledger::Row| {
                let admitted = rules.admits(row.size, row.received_at, &row.flags);
                (admitted != row.in_scope).then_some((row.id, admitted))
            };
            let scope: Vec<_> = page.iter().filter_map(changed).collect();
            if !scope.is_empty() {
                let step = Discovered { scope, ..Discovered::default() };
                run.ledger.discovered(run.lease, folder.id, step).await?;
            }
        }
    }
    Ok(())
}

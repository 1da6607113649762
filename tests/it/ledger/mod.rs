//! The ledger: one suite that every store passes, and what only the SQLite file can do.

mod states;
mod world;

use std::sync::Arc;

use mailhaul::ledger::{Ledger, SqliteLedger};

/// Runs every case of the suite on a fresh store. `$open` gives a store and what keeps its place alive.
macro_rules! conformance {
    ($store:ident, $open:expr, $($topic:ident: $($case:ident),+;)+) => {
        mod $store {
            $(mod $topic {
                $(#[tokio::test]
                async fn $case() {
                    let (ledger, _place) = $open();
                    super::super::$topic::$case(ledger).await;
                })+
            })+
        }
    };
}

/// A fresh SQLite ledger in a directory of its own.
fn sqlite() -> (Arc<dyn Ledger>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (SqliteLedger::open(directory.path().join("ledger.db")).unwrap(), directory)
}

conformance! { on_sqlite, super::super::sqlite,
    states: every_move_of_the_table, intents_start_from_listed_or_intended, a_move_from_another_state_is_refused,
        a_refused_call_changes_nothing, an_intent_keeps_its_evidence, outcomes_keep_place_and_reason;
}

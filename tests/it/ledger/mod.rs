//! The ledger: one suite that every store passes, and what only the SQLite file can do.

mod corrections;
mod discovery;
mod faulty;
mod file;
mod folders;
mod history;
mod numbering;
mod passes;
mod places;
mod queries;
mod ranking;
mod states;
mod versions;
mod world;

use std::sync::Arc;

use mailhaul::ledger::{Ledger, SqliteLedger};

#[allow(unused_imports, reason = "scenario tests kill the engine with it")]
pub use faulty::{Death, FaultyLedger};

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
    corrections: each_fact_is_kept, a_wrong_correction_undoes_its_call,
        a_moved_message_takes_over_the_row_that_was_listed_for_it, a_new_epoch_is_no_move,
        a_row_at_the_target_is_never_absorbed, moves_are_found_by_size_and_date_among_the_gone;
    discovery: a_message_is_kept_as_it_was_listed, listing_again_changes_nothing_but_gone,
        a_step_changes_flags_and_scope, the_cursor_comes_with_its_step_or_not_at_all,
        another_pairs_folder_takes_no_rows,
        known_pages_ascend_by_id_within_one_epoch, known_ids_tell_what_is_known_of_them,
        what_comes_back_after_its_removal_is_copied_once_more,
        a_mailbox_namespace_keeps_one_row_when_the_message_moves;
    folders: a_listing_is_kept_and_the_missing_are_not_present, a_pin_stays_and_learns_its_wire_name,
        a_renamed_folder_takes_its_rows_along, a_rename_over_an_arrived_row_is_refused;
    passes: a_pair_is_known_by_its_identities, an_old_lease_writes_nothing, passes_are_recorded_newest_first,
        counts_close, a_forgotten_pair_leaves_the_others, a_wrong_call_does_not_harm_its_neighbours;
    places: one_target_message_answers_for_one_row, claims_are_seen_across_pairs_that_share_the_mailbox,
        frontiers_belong_to_a_pair, placed_rows_ascend_by_uid, voided_uids_free_their_places, a_changed_validity_voids_uids,
        a_renamed_target_folder_keeps_rows_pins_and_frontier;
    queries: states_select_in_row_order, every_term_narrows, another_pair_sees_nothing_of_it,
        pages_meet_without_a_gap_while_rows_move, newest_first_puts_unknown_dates_last, a_page_is_bounded,
        rows_in_doubt_are_found_by_target_folder;
    ranking: a_placement_of_higher_rank_is_left_out_while_another_lives, one_copy_that_arrived_stays_the_one,
        a_folder_that_waits_takes_nothing_in, mail_that_got_a_label_is_told, a_placement_that_the_filters_leave_out_holds_nobody_up,
        what_arrived_from_a_folder_that_is_read_no_more_is_not_chosen_again,
        what_a_message_carries_is_forgotten_when_it_is_copied_anew;
    states: every_move_of_the_table, intents_start_from_listed_or_intended, a_move_from_another_state_is_refused,
        a_refused_call_changes_nothing, an_intent_keeps_its_evidence, outcomes_keep_place_and_reason;
    versions: a_later_content_supersedes_once_it_arrived, pages_of_what_is_known_do_not_part_versions;
}

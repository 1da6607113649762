use super::*;
use crate::transfer::{Attention, Counts, ErrorReport, Grade, VerifiedLevel};

fn mailbox(state: Outcome, error: Option<(Code, Side)>) -> MailboxReport {
    let error = error.map(|(code, side)| ErrorReport {
        code: word(code, side),
        problem: String::new(),
        next_step: String::new(),
    });
    MailboxReport {
        source: "a".to_owned(),
        target: "b".to_owned(),
        state,
        grade: Grade::Perfect,
        verified_level: VerifiedLevel::Bytes,
        error,
        counts: Counts::default(),
        as_of: 0,
        folders: vec![],
        attention: vec![],
        not_carried: Vec::new(),
        verify_seconds: 0.0,
        categories: None,
    }
}

fn code(mailboxes: &[MailboxReport], aim: Aim) -> u8 {
    Ending::of_run(mailboxes, aim).exit_code()
}

#[test]
fn every_ending_of_a_run_has_its_code() {
    let verified = mailbox(Outcome::Verified, None);
    let finished = mailbox(Outcome::Finished, None);
    let incomplete = mailbox(Outcome::Incomplete, None);
    let refused = mailbox(Outcome::Failed, Some((Code::Auth, Side::Source)));
    let refused_there = mailbox(Outcome::Failed, Some((Code::AuthAccess, Side::Target)));
    let full = mailbox(Outcome::Failed, Some((Code::Quota, Side::Target)));
    let locked = mailbox(Outcome::Failed, Some((Code::LedgerLocked, Side::System)));
    let mut skipped = mailbox(Outcome::Finished, None);
    skipped.counts.skipped = 1;

    assert_eq!(code(std::slice::from_ref(&verified), Aim::Verified), 0);
    assert_eq!(code(std::slice::from_ref(&finished), Aim::Arrived), 0, "--no-verify");
    assert_eq!(code(std::slice::from_ref(&finished), Aim::Verified), 3, "verification found something");
    assert_eq!(code(std::slice::from_ref(&skipped), Aim::Arrived), 3);
    let mut trial = mailbox(Outcome::Finished, None);
    trial.counts.unexplained = 1;
    assert_eq!(code(std::slice::from_ref(&trial), Aim::Trial), 0, "a trial leaves most for later");
    assert_eq!(code(&[trial], Aim::Arrived), 3);
    assert_eq!(code(&[verified.clone(), skipped], Aim::Verified), 3);
    assert_eq!(code(&[verified.clone(), full.clone()], Aim::Verified), 1);
    assert_eq!(code(&[refused.clone(), refused.clone()], Aim::Verified), 10);
    assert_eq!(code(&[refused_there.clone(), refused_there], Aim::Verified), 11);
    assert_eq!(code(&[verified.clone(), refused], Aim::Verified), 1, "not every pair was refused");
    assert_eq!(code(&[locked], Aim::Verified), 12);
    assert_eq!(code(&[verified, incomplete.clone()], Aim::Verified), 130);
    assert_eq!(code(&[incomplete, full], Aim::Verified), 130, "stopped before the others could end");
}

#[test]
fn what_waits_for_a_person_is_an_exception_and_a_note_is_not() {
    let with = |severity| {
        let mut report = mailbox(Outcome::Verified, None);
        report.attention.push(Attention::new(severity, Code::FolderSelect, Side::Source, 0));
        Ending::of_run(&[report], Aim::Verified)
    };
    assert_eq!((with(Severity::Review), with(Severity::Note)), (Ending::Exceptions, Ending::Done));
}

#[test]
fn an_error_that_stops_a_command_has_its_code() {
    let code = |error: Error| Ending::of_error(&error).exit_code();
    assert_eq!(code(Error::config("x")), 2);
    assert_eq!(code(Error::usage("x")), 2);
    assert_eq!(code(Error::canceled()), 130);
    assert_eq!(code(Error::bug("x")), 1);
    assert_eq!(code(Error::lost(Side::Source, "x")), 1);
}

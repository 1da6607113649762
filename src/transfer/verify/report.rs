//! What a person reads of a folder's differences.

use super::Differences;
use crate::{
    error::{Code, Side},
    transfer::{Attention, PassKind, Severity, job::Job, run::Run},
};

/// Tells a person what differs.
pub(super) fn tell(run: &Run, job: &Job, differences: &Differences) {
    // What the target's user does by the way is the rule, not worth a line in every pass.
    let when_asked = |count| if run.options.pass == PassKind::Verify { count } else { 0 };
    let lines = [
        (
            Severity::Block,
            differences.lost,
            "arrived but are not at the target, and no verification ever found them there",
            "Run again; if it stays so, ask the target's administrator what removes arriving mail.",
        ),
        (
            Severity::Block,
            differences.altered,
            "are at the target with another content, size or date than was sent",
            "Compare them at both sides; something changed them at the target.",
        ),
        (
            Severity::Review,
            differences.unplaced,
            "were acknowledged by the target, which does not show them",
            "Run `mailhaul verify` later; the target may show them late.",
        ),
        (
            Severity::Note,
            differences.removed_by_user,
            "were verified earlier and are not at the target any more; they are not copied again",
            "Nothing to do: the mailbox's user removed or moved them.",
        ),
        (
            Severity::Note,
            when_asked(differences.extra),
            "are at the target but not from this migration",
            "Nothing to do: mail that was there before or arrived since.",
        ),
        (
            Severity::Note,
            when_asked(differences.reflagged),
            "have other flags at the target than were copied",
            "Nothing to do: the mailbox's user changed them.",
        ),
    ];
    for (severity, count, problem, next_step) in lines.into_iter().filter(|(_, count, ..)| *count > 0) {
        run.attend(line(job, severity, count, problem, next_step));
    }
}

fn line(job: &Job, severity: Severity, count: u64, problem: &str, next_step: &str) -> Attention {
    let mut line = Attention::new(severity, Code::Identity, Side::Target, count);
    line.folder = Some(job.path.to_string());
    line.problem = format!("{count} messages {problem}");
    line.next_step = next_step.to_owned();
    line
}

//! Ctrl-C (and SIGTERM): the first drains, the second stops at once. Both resume.

use tokio::signal::unix::{SignalKind, signal};

use super::{errors, face::Face};
use crate::{error::Result, project::supervisor::Stop};

/// A [`Stop`] that this process's signals pull.
///
/// # Errors
/// The signals cannot be heard.
pub(super) fn listen(face: &Face) -> Result<Stop> {
    let hear = |kind| signal(kind).map_err(|error| errors::machine("signals cannot be heard", error));
    let (mut interrupt, mut terminate) = (hear(SignalKind::interrupt())?, hear(SignalKind::terminate())?);
    let (stop, face) = (Stop::default(), face.clone());
    let pulled = stop.clone();
    tokio::spawn(async move {
        for pull in 1..=2 {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            match pull {
                1 => {
                    face.note(
                        "Stopping: what is in flight ends and is recorded. Once more stops at once. \
                               Run the same command again to go on.",
                    );
                    pulled.drain.cancel();
                }
                _ => pulled.now.cancel(),
            }
        }
    });
    Ok(stop)
}

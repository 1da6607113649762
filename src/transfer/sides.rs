//! The two sessions of one lane, opened together and reopened after a loss.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::run::Run;
use crate::{error::Result, source::SourceSession, target::TargetSession};

/// One session on each side, or none yet.
#[derive(Default)]
pub(super) struct Sides {
    source: Option<Box<dyn SourceSession>>,
    target: Option<Box<dyn TargetSession>>,
}

impl Sides {
    /// Both sessions; what is missing is opened, both at once.
    pub async fn both(&mut self, run: &Run) -> Result<(&mut dyn SourceSession, &mut dyn TargetSession)> {
        let source = async {
            match self.source.take() {
                Some(session) => Ok(session),
                None => run.pair.source.open().await,
            }
        };
        let target = async {
            match self.target.take() {
                Some(session) => Ok(session),
                None => run.pair.target.open().await,
            }
        };
        let (source, target) = tokio::join!(source, target);
        let (source, target) = (source?, target?);
        run.note_contact();
        Ok((self.source.insert(source).as_mut(), self.target.insert(target).as_mut()))
    }

    /// The target session alone.
    pub async fn target(&mut self, run: &Run) -> Result<&mut dyn TargetSession> {
        let session = match self.target.take() {
            Some(session) => session,
            None => run.pair.target.open().await?,
        };
        Ok(self.target.insert(session).as_mut())
    }

    /// Drops both sessions after an error: whichever failed, the other was cut off in the middle of its work.
    pub fn forget(&mut self) {
        *self = Sides::default();
    }

    /// Ends both sessions politely.
    pub async fn close(self) {
        let source = async {
            if let Some(session) = self.source {
                session.close().await;
            }
        };
        let target = async {
            if let Some(session) = self.target {
                session.close().await;
            }
        };
        tokio::join!(source, target);
    }
}

/// Sessions of further lanes, opened while the first pair of sessions lists.
#[derive(Default)]
pub(super) struct Spares(Vec<JoinHandle<Sides>>);

impl Spares {
    /// Begins to open sessions for all but the first of `lanes`. One that fails is opened by its lane again, which tells why.
    pub fn open(&mut self, run: &Arc<Run>, lanes: usize) {
        while self.0.len() + 1 < lanes {
            let run = run.clone();
            self.0.push(tokio::spawn(async move {
                let mut sides = Sides::default();
                match sides.both(&run).await {
                    Ok(_) => sides,
                    Err(_) => Sides::default(),
                }
            }));
        }
    }

    /// The sessions of `lanes` lanes, `first` among them; what is not needed is closed.
    pub fn take(mut self, first: Sides, lanes: usize) -> Vec<Lane> {
        let mut taken = vec![Lane::Open(first)];
        for spare in std::mem::take(&mut self.0) {
            if taken.len() < lanes { taken.push(Lane::Opening(spare)) } else { spare.abort() }
        }
        taken.resize_with(lanes.max(1), || Lane::Open(Sides::default()));
        taken
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

/// The sessions a lane begins with.
pub(super) enum Lane {
    Open(Sides),
    Opening(JoinHandle<Sides>),
}

impl Lane {
    pub async fn sides(self) -> Sides {
        match self {
            Lane::Open(sides) => sides,
            Lane::Opening(opening) => opening.await.unwrap_or_default(),
        }
    }
}

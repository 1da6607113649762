//! The two sessions of one lane, opened together and reopened after a loss.

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

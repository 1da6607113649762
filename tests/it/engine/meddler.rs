//! A source beside which something happens in the middle of its discovery.

use std::sync::Arc;

use async_trait::async_trait;
use mailhaul::{
    error::Result,
    model::{Fingerprint, FolderName},
    source::{DiscoverEvent, FetchItem, Fetched, SourceCapabilities, SourceConnector, SourceFolder, SourceSession},
};
use tokio::sync::mpsc;

/// Told of each event of a discovery; what it returns is told before it.
pub type Meddle = Arc<dyn Fn(&DiscoverEvent) -> Vec<DiscoverEvent> + Send + Sync>;

/// The source `inner`, one folder after the other.
pub struct Meddler {
    pub inner: Arc<dyn SourceConnector>,
    pub meddle: Meddle,
}

struct Session {
    inner: Box<dyn SourceSession>,
    meddle: Meddle,
}

#[async_trait]
impl SourceConnector for Meddler {
    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        Ok(Box::new(Session { inner: self.inner.open().await?, meddle: self.meddle.clone() }))
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

#[async_trait]
impl SourceSession for Session {
    fn capabilities(&self) -> &SourceCapabilities {
        self.inner.capabilities()
    }

    async fn folders(&mut self) -> Result<Vec<SourceFolder>> {
        self.inner.folders().await
    }

    async fn epochs(&mut self, folders: &[FolderName]) -> Result<Vec<Option<u64>>> {
        self.inner.epochs(folders).await
    }

    async fn discover(
        &mut self,
        folders: Vec<(FolderName, Option<Vec<u8>>)>,
        events: mpsc::Sender<DiscoverEvent>,
    ) -> Result<()> {
        for folder in folders {
            let (sender, mut told) = mpsc::channel(1);
            let tell = async {
                while let Some(event) = told.recv().await {
                    for event in (self.meddle)(&event).into_iter().chain([event]) {
                        events.send(event).await.unwrap();
                    }
                }
            };
            let (told, ()) = tokio::join!(self.inner.discover(vec![folder], sender), tell);
            told?;
        }
        Ok(())
    }

    async fn fetch(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: mpsc::Receiver<Vec<FetchItem>>,
        bodies: mpsc::Sender<Fetched>,
    ) -> Result<()> {
        self.inner.fetch(folder, epoch, items, bodies).await
    }

    async fn fingerprints(
        &mut self,
        folder: &FolderName,
        epoch: u64,
        items: Vec<FetchItem>,
    ) -> Result<Vec<(i64, Fingerprint)>> {
        self.inner.fingerprints(folder, epoch, items).await
    }

    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}

//! Answers: JSON up to a bound, or a body that goes on as it arrives.

use bytes::Bytes;
use reqwest::Response;
use serde::de::DeserializeOwned;

use super::service::Answer;
use crate::{
    body::{Body, BodyStore},
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
};

impl Answer {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// The connection is lost, or silent for [`limits::HTTP_SILENCE`].
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>> {
        match clock::timeout(limits::HTTP_SILENCE, self.response.chunk()).await {
            Some(chunk) => chunk.map_err(|cause| self.place.lost(&cause)),
            None => Err(self.place.silent()),
        }
    }

    /// The answer as JSON.
    ///
    /// # Errors
    /// It is none, too long, or lost on its way.
    pub(super) async fn json<T: DeserializeOwned>(mut self) -> Result<T> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limits::GRAPH_REPLY {
                return Err(self.place.senseless("the answer has no end"));
            }
            body.extend_from_slice(&chunk);
        }
        // The parser's words may quote the answer, so they are not kept.
        serde_json::from_slice(&body).map_err(|_| self.place.senseless("the answer is not what was asked for"))
    }

    /// Reads the answer to its end, so that the connection can be used again; what it says does not matter.
    ///
    /// # Errors
    /// It is lost on its way, or has no end.
    pub(super) async fn ignore(mut self) -> Result<()> {
        let mut length = 0;
        while let Some(chunk) = self.chunk().await? {
            length += chunk.len();
            if length > limits::GRAPH_REPLY {
                return Err(self.place.senseless("the answer has no end"));
            }
        }
        Ok(())
    }

    /// The answer's bytes as a body in `store`.
    ///
    /// # Errors
    /// It is lost on its way, or the spool is full.
    pub(super) async fn body(mut self, store: &BodyStore) -> Result<Body> {
        let mut sink = store.open_sink();
        while let Some(chunk) = self.chunk().await? {
            sink.write(&chunk).map_err(spool)?;
        }
        Ok(sink.finish())
    }
}

/// The first bytes of an answer; what is lost is left out.
pub(super) async fn start(answer: &mut Response, most: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(Ok(Some(chunk))) = clock::timeout(limits::HTTP_SILENCE, answer.chunk()).await {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            break;
        }
    }
    body.truncate(most);
    body
}

/// The spool cannot be written.
pub(super) fn spool(cause: std::io::Error) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "the spool").with_source(cause)
}

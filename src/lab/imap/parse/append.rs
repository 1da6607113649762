//! APPEND (RFC 3501 §6.3.11) and MULTIAPPEND (RFC 3502).

use bytes::Bytes;

use super::scan::{Malformed, Parsed, Scanner};
use crate::model::ReceivedAt;

/// An APPEND of one or more messages.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) struct AppendCommand {
    pub mailbox: Vec<u8>,
    pub messages: Vec<AppendMessage>,
}

/// One message of an APPEND.
#[derive(Clone, Debug)]
pub(in crate::lab::imap) struct AppendMessage {
    pub flags: Vec<String>,
    pub received_at: Option<ReceivedAt>,
    pub bytes: Bytes,
}

impl Scanner<'_> {
    pub(super) fn append(&mut self) -> Parsed<AppendCommand> {
        self.space()?;
        let mailbox = self.astring()?;
        let mut messages = Vec::new();
        while self.end().is_err() {
            self.space()?;
            messages.push(self.append_message()?);
        }
        if messages.is_empty() {
            return Err(Malformed("a message literal"));
        }
        Ok(AppendCommand { mailbox, messages })
    }

    fn append_message(&mut self) -> Parsed<AppendMessage> {
        let mut flags = Vec::new();
        if self.peek() == Some(b'(') {
            flags = self.flags()?;
            self.space()?;
        }
        let mut received_at = None;
        if self.peek() == Some(b'"') {
            received_at = Some(self.date_time()?);
            self.space()?;
        }
        Ok(AppendMessage { flags, received_at, bytes: self.literal()? })
    }
}

//! What is asked and switched on right after signing in, in one round trip where the server tells its capabilities with the
//! sign-in, in two where it does not.

use super::{Command, Completed, Connection, Event, SignIn, Tag, Tagged, Verdict};
use crate::{
    clock,
    error::{Code, Result},
};

impl Connection {
    /// Learns and enables. The first command that needs the mailbox is also the proof that the sign-in was worth something:
    /// Exchange says OK to it and BAD to all that follows (quirk 13).
    pub(super) async fn set_up(&mut self, how: &SignIn) -> Result<()> {
        let mut asked = Asked::default();
        let begun = clock::instant();
        // Asked again even if told: capabilities change with the sign-in, and a proxy of iCloud needs it (quirk 57).
        let mut tags = vec![self.queue(Command::new("CAPABILITY"))];
        if !self.server().has("NAMESPACE") {
            tags.push(self.queue(Command::new("LIST").string(b"").string(b"")));
        }
        self.ask(how, &mut asked, &mut tags);
        self.settle(&tags).await?;
        self.server_mut().round_trip = begun.elapsed();
        tags.clear();
        self.ask(how, &mut asked, &mut tags);
        self.settle(&tags).await?;
        if how.compress && self.server().has("COMPRESS=DEFLATE") {
            let done = self.run(Command::new("COMPRESS DEFLATE")).await?;
            if done.tagged.verdict == Verdict::Ok {
                self.deflate();
            }
        }
        Ok(())
    }

    /// Queues what is offered and was not asked yet.
    fn ask(&mut self, how: &SignIn, asked: &mut Asked, tags: &mut Vec<Tag>) {
        if self.server().has("ID") && !std::mem::replace(&mut asked.id, true) {
            // 163.com opens no folder for a client without a name (quirk 59).
            let id = format!(r#"("name" "mailhaul" "version" "{}")"#, env!("CARGO_PKG_VERSION"));
            tags.push(self.queue(Command::new("ID").word(&id)));
        }
        if self.server().has("NAMESPACE") && !std::mem::replace(&mut asked.namespace, true) {
            tags.push(self.queue(Command::new("NAMESPACE")));
        }
        let wanted: Vec<&str> = [("QRESYNC", how.resync), ("UTF8=ACCEPT", how.utf8)]
            .into_iter()
            .filter(|(extension, wanted)| *wanted && self.server().has(extension))
            .map(|(extension, _)| extension)
            .collect();
        // Never IMAP4rev2: Exchange announces it, and then refuses LSUB and LIST (microsoft365.md §1.3).
        if self.server().has("ENABLE") && !wanted.is_empty() && !std::mem::replace(&mut asked.enable, true) {
            tags.push(self.queue(Command::new("ENABLE").word(&wanted.join(" "))));
        }
    }

    /// Waits for the replies to `tags` and learns from them. A refusal counts only if it says that there is no mailbox.
    async fn settle(&mut self, tags: &[Tag]) -> Result<()> {
        let mut open = tags.len();
        while open > 0 {
            let event = self.event().await?;
            if let Event::Tagged(tagged) = &event {
                open -= usize::from(tags.contains(&tagged.tag));
                self.check_access(tagged)?;
            }
            self.server_mut().learn_events(std::slice::from_ref(&event));
        }
        // As far as what was learnt allows now.
        self.synchronise_above(u64::MAX);
        Ok(())
    }

    fn check_access(&self, tagged: &Tagged) -> Result<()> {
        if tagged.verdict == Verdict::Ok {
            return Ok(());
        }
        let refusal = self.refusal(tagged);
        match refusal.code() {
            Code::Lost => Err(self.place().no_access().with_reply(&tagged.text)),
            Code::AuthAccess | Code::Throttled => Err(refusal),
            _ => Ok(()),
        }
    }

    pub(super) fn learn(&mut self, done: &Completed) {
        self.server_mut().learn_code(&done.tagged.code);
        self.server_mut().learn_events(&done.untagged);
    }
}

/// What was asked, so that the second round asks the rest.
#[derive(Debug, Default)]
struct Asked {
    id: bool,
    namespace: bool,
    enable: bool,
}

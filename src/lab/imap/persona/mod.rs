//! A server's character: what it offers, says, refuses and how fast it is. Every habit is a knob of its own.

mod capabilities;
mod exchange;
mod gmail;
mod manner;
mod rendering;
mod rules;
mod throttle;
mod wording;

pub use capabilities::Capabilities;
pub use exchange::{EXCHANGE_LINE, Profile};
pub use manner::{Manner, NameForm, Namespaces};
pub use rendering::Rendering;
pub use rules::{AppendRules, FolderRules, Latency, SessionRules};
pub(super) use throttle::{BackOff, Bucket};
pub use throttle::{Throttle, ThrottleWords};
pub use wording::Wording;

/// The character of a server. Tests take one that is ready made and turn single knobs.
#[derive(Clone, Debug)]
pub struct Persona {
    /// The greeting behind `* OK `.
    pub greeting: String,
    /// What BYE says after LOGOUT.
    pub farewell: String,
    /// What it offers.
    pub capabilities: Capabilities,
    /// How it words its refusals.
    pub wording: Wording,
    /// What it takes as a message.
    pub append: AppendRules,
    /// What it takes as a folder, and what it shows of folders.
    pub folders: FolderRules,
    /// How it puts what it says.
    pub manner: Manner,
    /// How it shows what it stored.
    pub rendering: Rendering,
    /// How much it takes; `None`: anything.
    pub throttle: Option<Throttle>,
    /// How fast it is.
    pub latency: Latency,
    /// When it ends a session.
    pub session: SessionRules,
}

impl Persona {
    /// A careful modern server that keeps what it is given: what Dovecot offers.
    pub fn generic() -> Self {
        Persona {
            greeting: "stand-in ready.".to_owned(),
            farewell: "Logging out.".to_owned(),
            capabilities: Capabilities::generic(),
            wording: Wording::Plain,
            append: AppendRules::default(),
            folders: FolderRules::default(),
            manner: Manner::default(),
            rendering: Rendering::default(),
            throttle: None,
            latency: Latency::default(),
            session: SessionRules::default(),
        }
    }

    /// A server that takes connections and never says a word.
    pub fn silent() -> Self {
        Persona::generic().with(|persona| persona.session.silent = true)
    }

    /// A server that talks nonsense: not IMAP at all.
    pub fn nonsense() -> Self {
        Persona::generic().with(|persona| persona.session.nonsense = true)
    }

    /// A server whose replies are legal and awkward in every way it knows.
    pub fn awkward() -> Self {
        Persona::generic().with(|persona| {
            persona.manner = Manner { names: NameForm::Literal, any_order: true, chatty: true, ..Manner::default() };
        })
    }

    /// A server with a prefix before every folder but the inbox, and other people's folders beside them.
    pub fn prefixed() -> Self {
        Persona::generic().with(|persona| {
            persona.manner.namespaces =
                Namespaces { personal: "INBOX.", other: Some("user."), shared: Some("shared.") };
            persona.manner.hides_uidnext = true;
        })
    }

    /// The same without these capabilities, before and after log-in; what belongs to them is refused.
    #[must_use]
    pub fn without(mut self, words: &[&str]) -> Self {
        self.capabilities.remove(words);
        self
    }

    /// The same with another knob turned.
    #[must_use]
    pub fn with(mut self, turn: impl FnOnce(&mut Persona)) -> Self {
        turn(&mut self);
        self
    }
}

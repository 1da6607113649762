//! Commands as a strict server reads them (RFC 3501 §9 and the extensions that personas offer).
//!
//! The grammar is taken literally: one space where it says one space, no 8-bit in quoted strings, no unknown words. A
//! client that passes here has no habit to hide behind. Nothing of [`crate::imap`] is used.

mod append;
mod command;
mod date;
mod fetch;
mod list;
mod scan;
mod search;
mod set;
mod verb;

pub(super) use append::{AppendCommand, AppendMessage};
pub(super) use command::{Command, SelectParams, StoreCommand, StoreMode, parse};
pub(super) use date::write_date;
pub(super) use fetch::{FetchCommand, FetchItem, Section, SectionKind};
pub(super) use list::{ListCommand, StatusItem};
pub(super) use scan::{Malformed, Part, Scanner};
pub(super) use search::{Key, SearchCommand, SearchReturn};
pub(super) use set::{NumberSet, write_set};
pub use verb::Verb;

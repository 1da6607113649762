//! The stand-ins, driven by clients that nobody here wrote: Python's `imaplib` and `poplib`, and `mbsync`.

mod changes;
mod exchange;
mod faults;
mod imaplib;
mod manner;
mod mbsync;
mod poplib;
mod python;

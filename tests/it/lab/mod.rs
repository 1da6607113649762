//! The stand-ins, driven by clients that nobody here wrote: Python's `imaplib` and `mbsync`.

mod imaplib;
mod python;

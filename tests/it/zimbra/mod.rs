//! Zimbra: its archives, its client and its stand-in.

mod exports;

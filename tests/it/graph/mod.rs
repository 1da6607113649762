//! Our Graph client against the stand-in: each call, each fault; the stand-in under Microsoft's own library; and every name that either
//! side writes against Microsoft's metadata.

mod check;
mod delta;
mod faults;
mod items;
mod limits;
mod mail;
mod names;
mod people;
mod sdk;
mod shared;
pub mod stage;

//! Office 365 to Microsoft 365 item by item: every class arrives once and equal, whatever happens on the way.

mod as_mail;
mod copying;
mod days;
mod deaths;
mod faults;
mod house;
mod trial;

//! What a server said.

use super::Reply;
use crate::body::Body;

/// What a server said, in the order of the commands.
#[derive(Clone, Debug)]
pub enum Event {
    /// The greeting, the whole reply to a command of one line, or a refusal of any other.
    Status(Reply),
    /// The server's part of a sign-in, in base64.
    Challenge(String),
    /// A line of a listing, without its end and without the dot that was put before it.
    Line(Vec<u8>),
    /// The listing is complete.
    ListingEnd,
    /// A whole message, or its header after TOP. It ends with a line end, for the protocol has no other form: one that had none at the server
    /// got it on the way.
    Message(Body),
}

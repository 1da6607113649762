//! TLS by rustls.

use super::{Dial, Stream};
use crate::error::Result;

pub(super) async fn start(stream: Stream, dial: &Dial) -> Result<Stream> {
    let _ = (stream, dial);
    unimplemented!("under construction")
}

//! Listens in: how many commands and how many round trips a client needs.

use super::{Proxy, close};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What passed by.
#[derive(Default)]
pub struct Tap {
    commands: AtomicUsize,
    round_trips: AtomicUsize,
}

impl Tap {
    /// A tapped line to `upstream`. It counts lines of clients that send no literals.
    pub fn to(upstream: SocketAddr) -> (Proxy, Arc<Tap>) {
        let tap = Arc::new(Tap::default());
        let counts = Arc::clone(&tap);
        let proxy = Proxy::start(upstream, move |client, server| counts.serve(&client, &server));
        (proxy, tap)
    }

    /// Lines that clients sent.
    pub fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }

    /// Times that a client spoke after the server had.
    pub fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }

    fn serve(&self, client: &TcpStream, server: &TcpStream) {
        let answered = AtomicBool::new(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                carry(server, client, |_| answered.store(true, Ordering::SeqCst));
                close(client);
            });
            carry(client, server, |bytes| {
                let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                self.commands.fetch_add(lines, Ordering::SeqCst);
                self.round_trips.fetch_add(usize::from(answered.swap(false, Ordering::SeqCst)), Ordering::SeqCst);
            });
        });
    }
}

fn carry(mut from: &TcpStream, mut to: &TcpStream, mut each: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        each(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

//! Lines between the product and a server that are longer, worse or poorer than loopback.

pub mod hide;
pub mod line;
pub mod tap;

use super::place;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Accepts on a port of its own and pairs every connection with one to the server. Ends all of them on drop.
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// `serve` gets the client's and the server's stream and moves bytes until both are done, on a thread of its own.
    pub fn start(upstream: SocketAddr, serve: impl Fn(TcpStream, TcpStream) + Send + Sync + 'static) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy { port: listener.local_addr().unwrap().port(), shared: Arc::default() };
        let (shared, serve) = (Arc::clone(&proxy.shared), Arc::new(serve));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if shared.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(server) = TcpStream::connect(upstream) else { continue };
                shared.keep(&client);
                shared.keep(&server);
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(client, server));
            }
        });
        proxy
    }

    /// Where to connect.
    pub fn address(&self) -> SocketAddr {
        place::loopback(self.port)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address());
        self.shared.open.lock().unwrap().iter().for_each(close);
    }
}

impl Shared {
    fn keep(&self, stream: &TcpStream) {
        let _ = stream.set_nodelay(true);
        if let Ok(stream) = stream.try_clone() {
            self.open.lock().unwrap().push(stream);
        }
    }
}

fn close(stream: &TcpStream) {
    // It may be closed already, which is as good.
    let _ = stream.shutdown(Shutdown::Both);
}

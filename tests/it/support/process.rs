//! A child process that does not outlive its owner.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(30);

/// A server process, ended with SIGTERM and then SIGKILL when dropped.
pub struct Server {
    child: Child,
    name: String,
}

impl Server {
    /// Starts `command` and waits until `address` sends its first byte.
    pub fn start(name: &str, command: &mut Command, address: SocketAddr) -> Server {
        let child = command.spawn().unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let mut server = Server { child, name: name.to_owned() };
        let deadline = Instant::now() + START;
        while !greets(address) {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("{name} ended at once: {status}");
            }
            assert!(Instant::now() < deadline, "{name} does not answer on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: &str) {
        let _ = Command::new("kill").arg(signal).arg(self.child.id().to_string()).output();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("-TERM");
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                eprintln!("{} does not stop, killed", self.name);
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn greets(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    matches!(stream.read(&mut [0; 1]), Ok(1))
}

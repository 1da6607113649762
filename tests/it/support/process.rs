//! A child process that does not outlive its owner.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(60);
/// Ports that are tried.
const PORTS: usize = 8;

/// Starts a server on one port after the other until one is its own.
pub fn start<T>(name: &str, mut on_new_ports: impl FnMut() -> Option<T>) -> T {
    (0..PORTS).find_map(|_| on_new_ports()).unwrap_or_else(|| panic!("{name} ends at once, on {PORTS} ports"))
}

/// A server process, ended with SIGTERM and then SIGKILL when dropped.
pub struct Server {
    child: Child,
    name: String,
}

impl Server {
    /// Starts `command` and waits until `address` greets with `token`; `None` if it ended instead, as a server does that
    /// finds its port taken.
    pub fn start(name: &str, command: &mut Command, address: SocketAddr, token: &str) -> Option<Server> {
        // Cyrus's master ends by a signal to its whole process group: alone in it, it takes no other server along.
        let child = command.process_group(0).spawn().unwrap_or_else(|e| panic!("{name} does not start: {e}"));
        let mut server = Server { child, name: name.to_owned() };
        let deadline = Instant::now() + START;
        while !greeting(address).is_some_and(|text| text.contains(token)) {
            if server.child.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(Instant::now() < deadline, "{name} does not answer on {address}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
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

fn greeting(address: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut line = vec![0; 1024];
    let read = stream.read(&mut line).ok()?;
    Some(String::from_utf8_lossy(&line[..read]).into_owned())
}

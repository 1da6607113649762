//! Where a trial keeps its files and finds its ports.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fresh directory in memory where the machine has one (`/dev/shm`), removed on drop.
pub fn fresh(name: &str) -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    let dir = tempfile::Builder::new().prefix(&format!("mailhaul-{name}-")).tempdir_in(base).unwrap();
    open_to_all(dir.path());
    dir
}

/// A server's workers run as other users and must be able to walk in.
pub fn open_to_all(dir: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A loopback port that is free now, outside the range from which the kernel gives ports to outgoing connections.
/// Somebody may take it before a server does, so a server proves by its greeting that it is the one that was started.
pub fn free_port() -> u16 {
    let mut candidates = std::iter::repeat_with(|| fastrand::u16(10_000..32_000));
    candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap_or_default()
}

/// A word that no other server of this machine greets with.
pub fn token() -> String {
    format!("t{:016x}", fastrand::u64(..))
}

/// `127.0.0.1:port`.
pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// The things that are downloaded once for the trials, below `target/`.
pub fn supplies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/supplies")
}

/// The directory of one supply, fetched by `tests/prepare` where it is not there yet.
pub fn supply(name: &str) -> PathBuf {
    let dir = supplies().join(name);
    if !dir.is_dir() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/prepare");
        let done = Command::new("bash").arg(script).arg(name).output().unwrap();
        assert!(done.status.success(), "tests/prepare {name}: {}", String::from_utf8_lossy(&done.stderr));
    }
    dir
}

/// Whether this process may start servers that change users.
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Who runs this process.
pub fn user_name() -> String {
    let out = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

/// The library path of an unpacked supply.
pub fn libraries(name: &str) -> String {
    let root = supply(name);
    let dirs = [
        "usr/lib/x86_64-linux-gnu",
        "lib/x86_64-linux-gnu",
        "usr/lib/aarch64-linux-gnu",
        "lib/aarch64-linux-gnu",
        "usr/lib",
    ];
    dirs.map(|dir| root.join(dir).display().to_string()).join(":")
}

//! One process writes: a lock on a file beside the ledger.
//!
//! Not SQLite's own lock: that is held per transaction, and a second writer must be refused for the whole run, while
//! readers go on. The file stays when the lock is let go: removing it would race with the next writer. The system lets the lock go
//! when the process dies, however it dies.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use crate::error::{Code, Disposition, Error, Result, Scope, Side};

/// The held lock; dropping it lets it go.
#[derive(Debug)]
pub(super) struct WriterLock {
    file: File,
}

/// Said and not left to the file's end: a process that is being started at that moment shares the open file until its own program begins.
impl Drop for WriterLock {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

impl WriterLock {
    /// Takes the lock of the ledger at `path`.
    ///
    /// # Errors
    /// [`Code::LedgerLocked`] where another process holds it, [`Code::Disk`] where the file cannot be made.
    pub(super) fn take(path: &Path) -> Result<WriterLock> {
        let lock = lock_path(path);
        let mut file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&lock)
            .map_err(|error| unwritable(&lock, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(path, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unwritable(&lock, &error)),
        }
        // Only for people: who holds it. The lock itself is the truth.
        let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(WriterLock { file })
    }
}

/// Options whose new file only its owner can read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The error of a file that cannot be made or written.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    let subject = format!("{}: {error}", path.display());
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn locked(path: &Path, file: &mut File) -> Error {
    let mut holder = String::new();
    let known = file.take(20).read_to_string(&mut holder).is_ok() && !holder.is_empty();
    let who = if known { format!("process {holder}") } else { "another process".to_owned() };
    let subject = format!("{}: {who} writes to it", path.display());
    Error::new(Code::LedgerLocked, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}

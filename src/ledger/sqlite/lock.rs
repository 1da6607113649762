//! One process writes: a lock on a file beside the ledger.
//!
//! Not SQLite's own lock: that is held per transaction, and a second writer must be refused for the whole run, while
//! readers go on. A reader finds out whether there is one by sharing the lock for a moment, for which a writer that comes then waits. The file
//! stays when the lock is let go: removing it would race with the next writer. The system lets the lock go
//! when the process dies, however it dies.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    ledger::Writing,
    limits,
};

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
        let mut attempts = 0..limits::LEDGER_LOCK_ATTEMPTS;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempts.next().is_some() => clock::pause(limits::LEDGER_LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => return Err(locked(path, &mut file)),
                Err(TryLockError::Error(error)) => return Err(unwritable(&lock, &error)),
            }
        }
        // Only for people: who holds it, since when. The lock itself is the truth.
        let words = format!("{} {}", std::process::id(), clock::unix_now());
        let _ = file.set_len(0).and_then(|()| file.write_all(words.as_bytes()));
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

/// Who holds the lock of the ledger at `path`; `None` where nobody does, or where that cannot be found out.
pub(super) fn holder(path: &Path) -> Option<Writing> {
    let mut file = File::open(lock_path(path)).ok()?;
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            None
        }
        Err(TryLockError::WouldBlock) => read_holder(&mut file),
        Err(TryLockError::Error(_)) => None,
    }
}

fn read_holder(file: &mut File) -> Option<Writing> {
    let mut words = String::new();
    file.take(limits::LEDGER_LOCK_WORDS).read_to_string(&mut words).ok()?;
    let (process, since) = words.split_once(' ')?;
    Some(Writing { process: process.parse().ok()?, since: since.parse().ok()? })
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn locked(path: &Path, file: &mut File) -> Error {
    let who = read_holder(file).map_or("another process".to_owned(), |holder| format!("process {}", holder.process));
    let subject = format!("{}: {who} writes to it", path.display());
    Error::new(Code::LedgerLocked, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}

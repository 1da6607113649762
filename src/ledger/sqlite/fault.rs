//! What can go wrong inside a ledger call, and the error it becomes.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Code, Disposition, Error, Scope, Side};

/// A failure inside a ledger call: SQLite's, or a refusal of ours.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite failed.
    Sql(rusqlite::Error),
    /// A rule of the ledger said no.
    Refused(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Refused(error)
    }
}

impl Fault {
    /// The error, with the ledger's path in its subject.
    pub(super) fn at(self, path: &Path) -> Error {
        match self {
            Fault::Sql(error) => sql_error(&error, path),
            Fault::Refused(error) => {
                let subject = format!("{}: {}", path.display(), error.subject());
                error.about(subject)
            }
        }
    }
}

/// The error that a failure of SQLite is. SQLite's words name tables and system calls, never mail.
pub(super) fn sql_error(error: &rusqlite::Error, path: &Path) -> Error {
    let code = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Code::LedgerDamaged,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            Code::LedgerLocked
        }
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied,
        ) => Code::Disk,
        _ if is_alien_value(error) => Code::LedgerDamaged,
        _ => Code::Bug,
    };
    let disposition = if code == Code::Bug { Disposition::GiveUp } else { Disposition::NeedsPerson };
    Error::new(code, Side::System, Scope::Run, disposition, format!("{}: {error}", path.display()))
}

/// A stored value that this program never writes.
fn is_alien_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(error, FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))
}

//! How words of the model become columns, and back.

use rusqlite::{
    Row,
    types::{FromSql, FromSqlError, FromSqlResult, ValueRef},
};

use crate::{
    error::Code,
    model::{BodyHash, Fingerprint, Flags, FolderPath, Reason, ReceivedAt, Role, RowState, TargetUid},
};

/// SQLite's integers are signed: the same 64 bits, so that every number comes back as it went.
pub(super) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// A path as a JSON array of its segments.
pub(super) fn path_text(path: &FolderPath) -> String {
    serde_json::Value::from(path.0.clone()).to_string()
}

/// The two columns of a date: an unknown one is (the earliest, NULL), so that it sorts last.
pub(super) fn date_columns(date: Option<ReceivedAt>) -> (i64, Option<i32>) {
    date.map_or((i64::MIN, None), |date| (date.unix, Some(date.offset)))
}

/// The two columns of a reason.
pub(super) fn reason_columns(reason: Option<&Reason>) -> (Option<&'static str>, Option<&str>) {
    (reason.map(|reason| reason.code.stem()), reason.map(|reason| reason.words.as_str()))
}

/// A column of a type from outside this module.
pub(super) struct Col<T>(pub(super) T);

macro_rules! column {
    ($type:ty, $value:ident => $read:expr) => {
        impl FromSql for Col<$type> {
            fn column_result($value: ValueRef<'_>) -> FromSqlResult<Self> {
                let read: Option<$type> = $read;
                read.map(Col).ok_or(FromSqlError::InvalidType)
            }
        }
    };
}

column!(u64, value => Some(value.as_i64()?.cast_unsigned()));
column!(RowState, value => RowState::from_number(value.as_i64()?));
column!(Flags, value => Some(Flags::decode(value.as_str()?)));
column!(FolderPath, value => serde_json::from_str(value.as_str()?).ok().map(FolderPath));
column!(Role, value => Role::from_word(value.as_str()?));
column!(Code, value => Code::from_stem(value.as_str()?));
column!(BodyHash, value => value.as_blob()?.try_into().ok().map(BodyHash));
column!(Fingerprint, value => value.as_blob()?.try_into().ok().map(Fingerprint));

/// A column that is never NULL.
pub(super) fn get<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    Col<T>: FromSql,
{
    row.get::<_, Col<T>>(column).map(|col| col.0)
}

/// A column that may be NULL.
pub(super) fn opt<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    Col<T>: FromSql,
{
    row.get::<_, Option<Col<T>>>(column).map(|col| col.map(|col| col.0))
}

/// The columns of a row one after the other, in the order of its SELECT. Where rows come by the thousand: to look each column up by its
/// name, which compares it with all names before it, took 5 % of a pass's CPU time.
pub(super) struct Columns<'a, 'row> {
    row: &'a Row<'row>,
    next: usize,
}

impl<'a, 'row> Columns<'a, 'row> {
    pub(super) fn of(row: &'a Row<'row>) -> Self {
        Columns { row, next: 0 }
    }

    /// The next column, of a type that SQLite knows.
    pub(super) fn plain<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    /// The next column, never NULL.
    pub(super) fn get<T>(&mut self) -> rusqlite::Result<T>
    where
        Col<T>: FromSql,
    {
        self.plain::<Col<T>>().map(|col| col.0)
    }

    /// The next column, which may be NULL.
    pub(super) fn opt<T>(&mut self) -> rusqlite::Result<Option<T>>
    where
        Col<T>: FromSql,
    {
        Ok(self.plain::<Option<Col<T>>>()?.map(|col| col.0))
    }

    /// `received_at, received_offset`.
    pub(super) fn date(&mut self) -> rusqlite::Result<Option<ReceivedAt>> {
        let (unix, offset): (i64, Option<i32>) = (self.plain()?, self.plain()?);
        Ok(offset.map(|offset| ReceivedAt { unix, offset }))
    }

    /// `target_validity, target_uid`.
    pub(super) fn place(&mut self) -> rusqlite::Result<Option<TargetUid>> {
        let (validity, uid): (Option<u32>, Option<u32>) = (self.plain()?, self.plain()?);
        Ok(validity.zip(uid).map(|(validity, uid)| TargetUid { validity, uid }))
    }

    /// A reason's code and words.
    pub(super) fn reason(&mut self) -> rusqlite::Result<Option<Reason>> {
        let (code, words): (Option<Code>, Option<String>) = (self.opt()?, self.plain()?);
        Ok(code.map(|code| Reason { code, words: words.unwrap_or_default() }))
    }
}

/// A reason in two columns.
pub(super) fn reason(row: &Row<'_>, code: &str, words: &str) -> rusqlite::Result<Option<Reason>> {
    let words = row.get::<_, Option<String>>(words)?.unwrap_or_default();
    Ok(opt::<Code>(row, code)?.map(|code| Reason { code, words }))
}

//! `users.csv`: one line per mailbox. Its own header or Microsoft's `EmailAddress,UserName,Password` as it is.
//!
//! All bad lines are told at once, each with its number: a file of thousands is not repaired one error at a time.

use std::{collections::HashMap, path::Path};

use csv::{ReaderBuilder, StringRecord};

use crate::{
    error::{Error, Result},
    graph, limits, oauth,
    project::{files, zimbra::Opened},
    secret::Secret,
};

/// One mailbox of a batch.
#[derive(Clone)]
pub struct User {
    /// Its line in the file, from 1.
    pub line: u64,
    /// The mailbox at the source.
    pub source: Login,
    /// The mailbox at the target.
    pub target: Login,
    /// Which go first: 1 before 2; [`DEFAULT_PRIORITY`] where it is not written.
    pub priority: u32,
    /// What the mailbox is (`user`, `shared`, …), for the reports.
    pub kind: Option<String>,
}

/// The priority of a line that names none.
pub const DEFAULT_PRIORITY: u32 = 100;

/// A mailbox and how to sign in to it.
#[derive(Clone)]
pub struct Login {
    /// Its address, for people.
    pub address: String,
    /// The user name, which is the address where none is written.
    pub user: String,
    /// The password, if one is written.
    pub password: Option<Secret>,
    /// Where its tokens come from, where it is opened with tokens ([`super::credentials`]).
    pub tokens: Option<oauth::SignIn>,
    /// Where tokens for its IMAP side come from, where `tokens` are for Graph.
    pub imap_tokens: Option<oauth::SignIn>,
    /// Microsoft Graph, where it is a mailbox of Microsoft's that is opened with tokens.
    pub graph: Option<graph::Service>,
    /// Zimbra, where it is a mailbox there.
    pub zimbra: Option<Opened>,
}

/// Reads the user file of a batch.
///
/// # Errors
/// It cannot be read or holds bad lines; each is named with its remedy.
pub fn read(file: &Path) -> Result<Vec<User>> {
    let text = files::text(file, "Write it with the header `source,target,username,password`, or correct `users`.")?;
    parse(file, &text)
}

/// Empties the password columns of a user file; all else stays as it is.
///
/// # Errors
/// It cannot be read or written.
pub fn empty_passwords(file: &Path) -> Result<()> {
    let text = files::text(file, "")?;
    let emptied = without_passwords(&text).map_err(|error| unreadable(file, &error))?;
    files::replace(file, emptied.as_bytes())
}

fn without_passwords(text: &str) -> Result<String, csv::Error> {
    let mut reader = ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let mut passwords: Option<Vec<bool>> = None;
    for record in reader.records() {
        let record = record?;
        match &passwords {
            None => {
                let is_password = |name: &str| PASSWORDS.iter().any(|at| name.trim().eq_ignore_ascii_case(NAMES[*at]));
                passwords = Some(record.iter().map(is_password).collect());
                writer.write_record(&record)?;
            }
            Some(columns) => {
                let kept = |(at, field)| if columns.get(at) == Some(&true) { "" } else { field };
                writer.write_record(record.iter().enumerate().map(kept))?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// As [`read`], of a text at hand.
///
/// # Errors
/// See [`read`].
pub fn parse(file: &Path, text: &str) -> Result<Vec<User>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = ReaderBuilder::new().flexible(true).trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| unreadable(file, &error))?;
    let columns = Columns::read(header).map_err(|what| Error::config(format!("{}, line 1: {what}", file.display())))?;

    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    let (mut users, mut faults, mut seen) = (Vec::new(), Faults::default(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(|error| unreadable(file, &error))?;
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let line = lines.line_of(&record);
        match columns.user(&record, line).and_then(|user| refuse_twice(user, &mut seen)) {
            Ok(user) => users.push(user),
            Err(what) => faults.add(line, &what),
        }
    }
    faults.into_result(file)?;
    match users.len() {
        0 => Err(Error::config(format!(
            "{}: no mailbox in it. Write one line per mailbox below the header.",
            file.display()
        ))),
        many if many > limits::PAIRS_MAX => {
            let most = limits::PAIRS_MAX;
            Err(Error::config(format!(
                "{}: {many} mailboxes, above the limit of {most}. Split the file.",
                file.display()
            )))
        }
        _ => Ok(users),
    }
}

fn unreadable(file: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    Error::config(format!("{}, line {line}: not CSV. Separate fields by commas and close every quote.", file.display()))
}

fn refuse_twice(user: User, seen: &mut HashMap<String, u64>) -> Result<User, String> {
    match seen.insert(user.source.user.to_lowercase(), user.line) {
        None => Ok(user),
        Some(first) => Err(format!("`{}` is on line {first} already. Keep one of the two.", user.source.address)),
    }
}

/// Line numbers, counted along the file. The library's own are one short after CRLF and after blank lines, for it
/// notes the place before it skips them.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins; records come in the order of the file.
    fn line_of(&mut self, record: &StringRecord) -> u64 {
        let noted = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        let rest = self.text.get(noted..).unwrap_or_default();
        let start = noted + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = self.text.get(self.at..start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = start;
        self.line
    }
}

/// Where each column is.
struct Columns {
    at: [Option<usize>; NAMES.len()],
    count: usize,
    microsoft: bool,
}

const NAMES: [&str; 8] =
    ["source", "target", "username", "password", "target_username", "target_password", "priority", "type"];
/// The columns of [`NAMES`] that hold a password.
const PASSWORDS: [usize; 2] = [3, 5];
const MICROSOFT: [&str; 3] = ["emailaddress", "username", "password"];

impl Columns {
    fn read(header: &StringRecord) -> Result<Columns, String> {
        let names: Vec<String> = header.iter().map(str::to_ascii_lowercase).collect();
        let microsoft = names.first().is_some_and(|name| name == MICROSOFT[0]);
        let known: &[&str] = if microsoft { &MICROSOFT } else { &NAMES };
        let mut at = [None; NAMES.len()];
        for (index, name) in names.iter().enumerate() {
            let Some(column) = known.iter().position(|known| known == name) else {
                return Err(unknown_column(name, known));
            };
            if at[column].replace(index).is_some() {
                return Err(format!("the column `{name}` is there twice. Remove one."));
            }
        }
        let needed = if microsoft { MICROSOFT.len() } else { 2 };
        match (0..needed).find(|column| at[*column].is_none()) {
            Some(missing) => {
                Err(format!("the column `{}` is missing. Begin the file with `{}`.", known[missing], known.join(",")))
            }
            None if microsoft => {
                Ok(Columns { at: [at[0], at[0], at[1], at[2], None, None, None, None], count: names.len(), microsoft })
            }
            None => Ok(Columns { at, count: names.len(), microsoft }),
        }
    }

    fn user(&self, record: &StringRecord, line: u64) -> Result<User, String> {
        if record.len() != self.count {
            let (has, wants) = (record.len(), self.count);
            return Err(format!("{has} fields where the header has {wants}. Quote fields that hold a comma."));
        }
        let field = |column: usize| {
            let text = self.at[column].and_then(|index| record.get(index)).unwrap_or_default();
            // Blanks around a password belong to it.
            let text = if PASSWORDS.contains(&column) { text } else { text.trim() };
            (!text.is_empty()).then(|| text.to_owned())
        };
        for column in [0, 1, 2, 4] {
            refuse_controls(NAMES[column], field(column).as_deref())?;
        }
        let needed = |column: usize| {
            let name = if self.microsoft { "EmailAddress" } else { NAMES[column] };
            field(column).ok_or_else(|| format!("`{name}` is empty. Write the mailbox's address."))
        };
        Ok(User {
            line,
            source: Login::new(needed(0)?, field(2), field(3)),
            target: Login::new(needed(1)?, field(4), field(5)),
            priority: priority(field(6))?,
            kind: field(7),
        })
    }
}

impl Login {
    /// The log-in of `address`, whose user name is the same where none is written.
    pub(super) fn new(address: String, user: Option<String>, password: Option<String>) -> Self {
        Login {
            user: user.unwrap_or_else(|| address.clone()),
            address,
            password: password.map(Secret::new),
            tokens: None,
            graph: None,
            imap_tokens: None,
            zimbra: None,
        }
    }
}

fn unknown_column(name: &str, known: &[&str]) -> String {
    if name.contains([';', '\t']) {
        return "the fields are not separated by commas. Save the file as comma-separated CSV.".to_owned();
    }
    format!("there is no column `{}`. The columns are {}.", name.escape_debug(), known.join(", "))
}

/// A line break in a user name would be a command of its own on the wire.
fn refuse_controls(column: &str, text: Option<&str>) -> Result<(), String> {
    match text.is_some_and(|text| text.chars().any(char::is_control)) {
        true => Err(format!("`{column}` holds a control character. Remove it.")),
        false => Ok(()),
    }
}

fn priority(text: Option<String>) -> Result<u32, String> {
    match text {
        None => Ok(DEFAULT_PRIORITY),
        Some(text) => text.parse().map_err(|_| format!("priority `{text}` is not a whole number. 1 goes before 2.")),
    }
}

/// Bad lines, at most [`Faults::SHOWN`] of them in words.
#[derive(Default)]
pub(crate) struct Faults {
    lines: Vec<String>,
    more: usize,
}

impl Faults {
    const SHOWN: usize = 20;

    pub(crate) fn add(&mut self, line: u64, what: &str) {
        match self.lines.len() < Faults::SHOWN {
            true => self.lines.push(format!("line {line}: {what}")),
            false => self.more += 1,
        }
    }

    pub(crate) fn into_result(mut self, file: &Path) -> Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        if self.more > 0 {
            self.lines.push(format!("and {} more", self.more));
        }
        let file = file.display();
        Err(Error::config(self.lines.iter().map(|line| format!("{file}, {line}")).collect::<Vec<_>>().join("\n")))
    }
}

#[cfg(test)]
#[path = "users_tests.rs"]
mod tests;

//! Files that a person names: their text, and the password on their first line. Errors say what to do and never what was read.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use crate::{
    error::{Error, Result},
    limits,
    secret::Secret,
};

/// The text of a file; `remedy` follows where it cannot be read.
///
/// # Errors
/// It cannot be read, or is not UTF-8 (with the line).
pub fn text(file: &Path, remedy: &str) -> Result<String> {
    let bytes = std::fs::read(file).map_err(|error| {
        let why = describe(&error);
        Error::config(format!("{} cannot be read: {why}. {remedy}", file.display())).with_source(error)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let right = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = right.filter(|byte| **byte == b'\n').count() + 1;
        Error::config(format!("{}, line {line}: not UTF-8 text. Save the file as UTF-8.", file.display()))
    })
}

/// The password in a file: its first line.
///
/// # Errors
/// The file cannot be read or its first line is empty; the words are for the error of the key or option that names it.
pub fn password(file: &Path) -> Result<Secret, String> {
    match secret_text(file)?.expose().lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line.to_owned())),
        _ => Err(format!("the first line of {} is empty; write the password there", file.display())),
    }
}

/// The whole text of a file that holds a secret.
///
/// # Errors
/// As [`password`].
pub fn secret_text(file: &Path) -> Result<Secret, String> {
    let mut text = String::new();
    let mut read = || -> io::Result<()> {
        let open = std::fs::File::open(file)?;
        let most = open.metadata()?.len().min(limits::SECRET_FILE);
        // Of its final size from the start: growing would leave a part of the secret behind.
        text.reserve_exact(usize::try_from(most).unwrap_or(0).saturating_add(1));
        open.take(limits::SECRET_FILE).read_to_string(&mut text).map(drop)
    };
    match read() {
        Ok(()) => Ok(Secret::new(text)),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(format!("{} is not UTF-8 text", file.display()))
        }
        Err(error) => Err(format!("{} cannot be read: {}", file.display(), describe(&error))),
    }
}

/// Puts `bytes` in the place of what `file` holds: all at once, with the same permissions.
///
/// # Errors
/// It cannot be written; what it held is still there.
pub fn replace(file: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> io::Result<()> {
        let permissions = std::fs::metadata(file)?.permissions();
        let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(directory)?;
        new.write_all(bytes)?;
        new.as_file().set_permissions(permissions)?;
        new.as_file().sync_all()?;
        new.persist(file).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        let why = describe(&error);
        Error::config(format!("{} cannot be written: {why}.", file.display())).with_source(error)
    })
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_and_never_part_of_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let write = |bytes: &[u8]| {
            let file = directory.path().join("p");
            std::fs::write(&file, bytes).unwrap();
            password(&file)
        };
        assert_eq!(write(b" s3cret \r\nrest").unwrap().expose(), " s3cret ");
        assert!(write(b"\nhunter2").err().unwrap().contains("the first line of"));
        assert!(!write(b"hunter2\xff").err().unwrap().contains("hunter2"));
        assert!(password(&directory.path().join("gone")).err().unwrap().ends_with("there is no such file"));
    }

    #[test]
    fn text_that_is_not_utf8_is_told_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("users.csv");
        std::fs::write(&file, b"source,target\nM\xfcller,x\n").unwrap();
        let said = text(&file, "").unwrap_err();
        assert!(said.subject().ends_with("users.csv, line 2: not UTF-8 text. Save the file as UTF-8."), "{said}");
    }
}

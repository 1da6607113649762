//! The vault's key as a person gives it: the variables MAILHAUL_KEY and MAILHAUL_PASSPHRASE, and questions at the terminal.

use std::{
    io::{self, BufRead, IsTerminal},
    path::Path,
};

use crate::{
    error::{Error, Result},
    limits,
    project::files,
    secret::Secret,
};

/// The key in the environment, if it is there.
pub(super) fn environment() -> Option<Secret> {
    variable("MAILHAUL_KEY")
}

/// The passphrase of the key in `file`.
///
/// # Errors
/// The variable is not set and nobody can be asked.
pub(super) fn passphrase(file: &Path) -> Result<Secret> {
    if let Some(passphrase) = variable("MAILHAUL_PASSPHRASE") {
        return Ok(passphrase);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::usage(format!(
            "{} needs its passphrase, and there is no terminal to ask at: set MAILHAUL_PASSPHRASE.",
            file.display()
        )));
    }
    hidden(&format!("Passphrase of {}: ", file.display()))
}

/// A passphrase for a new key.
///
/// # Errors
/// It is empty, or typed differently the second time, or nobody can be asked.
pub(super) fn new_passphrase() -> Result<Secret> {
    if let Some(passphrase) = variable("MAILHAUL_PASSPHRASE") {
        return Ok(passphrase);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::usage("there is no terminal to ask for the passphrase at: set MAILHAUL_PASSPHRASE."));
    }
    let passphrase = hidden("New passphrase: ")?;
    match hidden("The same again: ")?.expose() == passphrase.expose() {
        true => Ok(passphrase),
        false => Err(Error::usage("the two are not the same.")),
    }
}

/// A secret: the first line of `file`, else what is typed, else the first line of standard input.
///
/// # Errors
/// There is none.
pub(super) fn secret(file: Option<&Path>, prompt: &str) -> Result<Secret> {
    match file {
        Some(file) => files::password(file).map_err(|what| Error::usage(format!("--file: {what}."))),
        None if io::stdin().is_terminal() => hidden(prompt),
        None => first_line(),
    }
}

fn first_line() -> Result<Secret> {
    let mut line = String::with_capacity(limits::SECRET_LINE);
    let most = u64::try_from(limits::SECRET_LINE).unwrap_or(u64::MAX);
    let read = io::Read::take(io::stdin().lock(), most).read_line(&mut line);
    read.map_err(|error| Error::usage(format!("the secret cannot be read from standard input: {error}.")))?;
    line.truncate(line.trim_end_matches(['\r', '\n']).len());
    filled(Secret::new(line))
}

fn hidden(prompt: &str) -> Result<Secret> {
    let read = rpassword::prompt_password(prompt).map(Secret::new);
    filled(read.map_err(|error| Error::usage(format!("it cannot be read: {error}.")))?)
}

fn filled(secret: Secret) -> Result<Secret> {
    match secret.expose().is_empty() {
        true => Err(Error::usage("what was given is empty.")),
        false => Ok(secret),
    }
}

fn variable(name: &str) -> Option<Secret> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(Secret::new)
}

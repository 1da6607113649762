//! Where a mailbox's password comes from when it is not in its URL: a variable, a file, or the person at the terminal.

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
};

use crate::{
    error::{Error, Result},
    project::{files, pairs::Mailbox},
    secret::Secret,
};

/// Where the password of one side comes from.
pub(super) struct PasswordSource<'a> {
    /// `from` or `to`.
    pub side: &'static str,
    /// `--from-password-env`.
    pub variable: Option<&'a str>,
    /// `--from-password-file`.
    pub file: Option<&'a PathBuf>,
}

impl PasswordSource<'_> {
    /// Fills in the mailbox's password.
    ///
    /// # Errors
    /// Two places are named, the one named holds none, or nobody is there to be asked.
    pub(super) fn fill(&self, mailbox: &mut Mailbox) -> Result<()> {
        let side = self.side;
        let given = usize::from(mailbox.login.password.is_some())
            + usize::from(self.variable.is_some())
            + usize::from(self.file.is_some());
        if given > 1 {
            return Err(Error::usage(format!(
                "the password for --{side} is given in more than one place: keep one of the URL, \
                 --{side}-password-env and --{side}-password-file."
            )));
        }
        if mailbox.login.password.is_none() {
            mailbox.login.password = Some(self.find(mailbox)?);
        }
        Ok(())
    }

    fn find(&self, mailbox: &Mailbox) -> Result<Secret> {
        let side = self.side;
        if let Some(variable) = self.variable {
            let value = std::env::var(variable).ok().filter(|value| !value.is_empty());
            let missing =
                || Error::usage(format!("--{side}-password-env: the variable {variable} is not set or empty."));
            return value.map(Secret::new).ok_or_else(missing);
        }
        if let Some(file) = self.file {
            return files::password(file).map_err(|what| Error::usage(format!("--{side}-password-file: {what}.")));
        }
        if !io::stdin().is_terminal() {
            return Err(Error::usage(format!(
                "no password for --{side}, and no terminal to ask at: use --{side}-password-env, --{side}-password-file or --{side}-oauth."
            )));
        }
        let prompt = format!("Password of {} at {}: ", mailbox.login.user, mailbox.endpoint.host);
        let read = rpassword::prompt_password(prompt).map(Secret::new);
        read.map_err(|error| Error::usage(format!("the password cannot be read: {error}.")))
    }
}

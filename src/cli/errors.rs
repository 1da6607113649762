//! Errors as people see them: a heading, the Problem, the other side's words and the Next step.

use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::{
    error::{Code, Disposition, Error, Scope, Side},
    project::outcome::Ending,
};

/// An error in words for standard error.
pub(super) fn render(error: &Error) -> String {
    let code = error.code();
    let mut text = format!("error: {} ({})\n", code.problem(), error.word());
    let mut add = |name: &str, words: &str| {
        let mut lines = words.lines();
        text.push_str(&format!("  {name:<10} {}\n", lines.next().unwrap_or_default()));
        lines.for_each(|line| text.push_str(&format!("  {:<10} {line}\n", "")));
    };
    add("Problem:", error.subject());
    if let Some(reply) = error.reply() {
        add("Server:", reply);
    }
    add("Next step:", code.next_step());
    text
}

/// An error as the document of `--json`.
pub(super) fn document(error: &Error) -> serde_json::Value {
    let outcome = if error.is_canceled() { "incomplete" } else { "failed" };
    serde_json::json!({
        "outcome": outcome,
        "error": {
            "code": error.word(),
            "problem": error.subject(),
            "reply": error.reply(),
            "next_step": error.code().next_step(),
        },
    })
}

/// Help, version and mistakes of the command line, as clap words them but without URLs: they may hold a password.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the command line's own voice")]
pub(super) fn show_clap(error: &clap::Error) -> ExitCode {
    let text = without_urls(&error.render().to_string(), std::env::args());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{text}");
            ExitCode::from(Ending::Usage.exit_code())
        }
    }
}

fn without_urls(text: &str, arguments: impl Iterator<Item = String>) -> String {
    let urls = arguments.filter_map(|argument| argument.find("://").map(|_| argument));
    urls.fold(text.to_owned(), |text, url| {
        let value = url.split_once('=').filter(|(name, _)| name.starts_with("--")).map_or(url.as_str(), |(_, v)| v);
        text.replace(value, "URL")
    })
}

/// The machine refused something that has nothing to do with mail.
pub(super) fn machine(what: &str, error: std::io::Error) -> Error {
    let subject = format!("{what}: {error}");
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, subject).with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_heading_problem_words_and_next_step() {
        let error = Error::lost(Side::Source, "imap.example.org:993").with_reply("BYE going down\r\nnow");
        assert_eq!(
            render(&error),
            "error: the connection was lost (SRC-LOST)\n\
             \x20 Problem:   imap.example.org:993\n\
             \x20 Server:    BYE going down\n\
             \x20            now\n\
             \x20 Next step: Nothing to do: the next run goes on where this one stopped.\n"
        );
        assert_eq!(document(&error)["error"]["code"], "SRC-LOST");
    }

    #[test]
    fn clap_repeats_no_url() {
        let arguments = ["mailhaul", "--from=imaps://a:hunter2@h", "imaps://b:hunter2@h"].map(str::to_owned);
        let said = "unexpected argument 'imaps://b:hunter2@h' after '--from=imaps://a:hunter2@h'";
        assert_eq!(without_urls(said, arguments.into_iter()), "unexpected argument 'URL' after '--from=URL'");
    }
}

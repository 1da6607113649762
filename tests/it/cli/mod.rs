//! The command line from outside: the real binary, its words, its exit codes, its documents.

mod copying;
mod demo;
mod help;
mod mistakes;
mod project;
mod secrets;
mod stopping;

pub use copying::post;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a command said at its end.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the product in `dir`, without a terminal.
fn mailhaul(dir: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
    let output =
        command.args(arguments).current_dir(dir).stdin(Stdio::null()).env("SECRET", "s3cret%").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

impl Said {
    /// The one document on standard output.
    #[track_caller]
    fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Exit code and words on standard error.
    #[track_caller]
    fn expect(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(self.err.contains(words), "no `{words}` in {}", self.err);
    }
}

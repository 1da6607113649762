//! Help, completions, manual pages.

use super::mailhaul;

const COMMANDS: [&str; 11] =
    ["copy", "init", "check", "plan", "run", "status", "verify", "report", "reset", "completions", "man"];

#[test]
fn every_command_is_explained_and_the_exit_codes_too() {
    let dir = tempfile::tempdir().unwrap();
    let all = mailhaul(dir.path(), &["help"]);
    assert_eq!(all.code, Some(0));
    for command in COMMANDS {
        assert!(all.out.contains(&format!("\n  {command} ")), "{command} is not in {}", all.out);
        let one = mailhaul(dir.path(), &[command, "--help"]);
        assert!(one.code == Some(0) && one.out.contains("Usage: mailhaul ") && one.err.is_empty(), "{one:#?}");
    }
    for code in ["  0 ", "  1 ", "  2 ", "  3 ", " 10 ", " 11 ", " 12 ", "130 "] {
        assert!(all.out.contains(code), "exit code {code} is not in {}", all.out);
    }
    assert!(mailhaul(dir.path(), &["--version"]).out.starts_with("mailhaul "));
}

#[test]
fn completions_and_manual_pages_know_the_commands() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = mailhaul(dir.path(), &["completions", shell]);
        assert!(script.code == Some(0) && script.out.contains("dry-run"), "{shell}");
    }
    let page = mailhaul(dir.path(), &["man"]);
    assert!(page.out.contains(".TH mailhaul 1") && page.out.contains("mailhaul\\-copy(1)"), "{page:#?}");
    assert_eq!(mailhaul(dir.path(), &["man", "--out", "pages"]).code, Some(0));
    for command in COMMANDS {
        assert!(dir.path().join(format!("pages/mailhaul-{command}.1")).exists(), "{command}");
    }
}

//! `python-zimbra`, a client that nobody here wrote, against the stand-in.

use std::process::{Command, Stdio};

use mailhaul::lab::zimbra::{Settings, fill};
use serde_json::{Value, json};

use super::stage::{ADMIN, ADMIN_PASSWORD, ANN, PASSWORD, Stage};
use crate::support::place;

const KEY: &str = "6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c";

async fn run(stage: &Stage, form: &str) -> Value {
    let asked = json!({ "users": stage.zimbra.users(), "admins": stage.zimbra.admins(), "form": form, "user": ANN,
        "password": PASSWORD, "admin": ADMIN, "admin_password": ADMIN_PASSWORD, "key": KEY });
    let mut python = Command::new(place::supply("pythonzimbra").join("bin/python"));
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/zimbra/with_python_zimbra.py");
    python.arg(program).env("ASKED", asked.to_string()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || python.output()).await.unwrap().expect("python runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {words}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn python_zimbra_logs_in_delegates_lists_and_searches_in_both_forms() {
    let stage = Stage::new(Settings { preauth_key: Some(KEY.to_owned()), filter: 0, ..Settings::default() }).await;
    stage.kept(ANN, |kept| fill(kept, 40, 3));
    let inbox = stage.kept(ANN, |kept| kept.items().filter(|item| item.folder == 2).count());
    for form in ["json", "xml"] {
        let seen = run(&stage, form).await;
        for token in ["by_password", "by_key", "as_admin", "delegated"] {
            assert!(seen[token].as_str().is_some_and(|token| token.starts_with("0_")), "{form} {token}: {seen}");
        }
        assert_eq!(seen["accounts"], json!(5), "{form}");
        assert!(seen["folders"].as_array().unwrap().contains(&json!("Inbox")), "{form}: {seen}");
        assert_eq!((&seen["listed"], &seen["found"]), (&json!(40), &json!(inbox)), "{form}");
        assert_eq!(seen["refused"], json!("account.AUTH_FAILED"), "{form}");
    }
}

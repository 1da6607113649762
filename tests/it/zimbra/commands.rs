//! Zimbra from the command line: as an administrator in a project, by a domain's key, and one mailbox by its URL.

use std::{path::Path, process::Command};

use mailhaul::lab::{
    imap::{Accounts, Persona, Server},
    mailstore::Mailstore,
    zimbra::{Settings, Status, fill},
};

use super::stage::{ADMIN, ADMIN_PASSWORD, ANN, PASSWORD, Stage};
use crate::support::haul::{Ended, Running};

const KEY: &str = "6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c";

struct Site {
    stage: Stage,
    target: Server,
    home: tempfile::TempDir,
}

impl Site {
    async fn new() -> Site {
        let stage = Stage::new(Settings { preauth_key: Some(KEY.to_owned()), ..Settings::default() }).await;
        stage.kept(ANN, |kept| fill(kept, 120, 5));
        let target = Accounts::default().with("ann", "pass", Mailstore::empty());
        let target = Server::start(target, Persona::generic()).await.unwrap();
        Site { stage, target, home: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.home.path().join(name), text).unwrap();
    }

    /// A project whose source endpoint ends with these lines.
    fn project(&self, lines: &str) {
        self.file(
            "mailhaul.toml",
            &format!(
                "[endpoint.old]\nkind = \"zimbra\"\nhost = \"localhost\"\nport = {}\nencryption = \"none\"\n{lines}\n\
                 [endpoint.new]\nkind = \"imap\"\nhost = \"127.0.0.1\"\nport = {}\nencryption = \"none\"\n\
                 [batch.all]\nsource = \"old\"\ntarget = \"new\"\nusers = \"users.csv\"\n",
                self.stage.zimbra.port(),
                self.target.port()
            ),
        );
        self.file(
            "users.csv",
            &format!("source,target,target_username,target_password\n{ANN},ann@new.example,ann,pass\n"),
        );
        self.file("admin.txt", ADMIN_PASSWORD);
        self.file("key.txt", KEY);
    }

    fn as_admin(&self) -> String {
        let port = self.stage.zimbra.admin_port();
        format!(
            "auth = \"admin\"\nadmin-username = \"{ADMIN}\"\nadmin-password-file = \"admin.txt\"\nadmin-port = {port}"
        )
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
        command.args(arguments).args(["--json", "--no-progress"]);
        let running = Running::start(command, Path::new(self.home.path()));
        tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_checks_plans_runs_and_reports() {
    let site = Site::new().await;
    site.project(&site.as_admin());
    // No longer in use, and read all the same.
    site.stage.zimbra.change_person(ANN, |ann| ann.status = Status::Locked);

    let ended = site.run(&["check"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let steps = ended.document["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["step"] == name).unwrap().clone();
    let account = &step("source account")["account"];
    assert_eq!(
        (&account["status"], &account["aliases"][0]),
        (&"locked".into(), &"a.nn@old.example".into()),
        "{steps:#?}"
    );
    assert!(account["bytes"].as_u64().unwrap() > 1000);
    assert!(step("source login").to_string().contains("Zimbra"));
    assert!(step("source folders").to_string().contains("of them not read"));

    let plan = site.run(&["plan"]).await;
    assert_eq!(plan.code, Some(0), "{plan:#?}");
    assert!(plan.document.to_string().contains("only mounted here"), "{plan:#?}");

    let ended = site.run(&["run"]).await;
    assert_eq!((ended.code, ended.count("copied")), (Some(0), 120), "{ended:#?}");
    ended.assert_adds_up();
    let again = site.run(&["run"]).await;
    assert_eq!((again.code, again.count("copied_this_pass")), (Some(0), 0), "{again:#?}");
    assert_eq!(site.run(&["report", "--out", "report"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_what_a_password_does_not() {
    let site = Site::new().await;
    site.stage.zimbra.change_person(ANN, |ann| ann.two_factors = true);
    site.project("preauth-key-file = \"key.txt\"");
    let ended = site.run(&["run"]).await;
    assert_eq!((ended.code, ended.count("copied")), (Some(0), 120), "{ended:#?}");

    let user = ANN.replace('@', "%40");
    let from = format!("zimbra+http://{user}:{PASSWORD}@localhost:{}", site.stage.zimbra.port());
    let to = format!("imap://ann:pass@127.0.0.1:{}?encryption=none", site.target.port());
    let copy = ["copy", "--from", from.as_str(), "--to", &to];
    let refused = site.run(&copy).await;
    assert_eq!(refused.code, Some(10), "{refused:#?}");
    assert!(refused.document.to_string().contains("two-factor"), "{refused:#?}");
    site.stage.zimbra.change_person(ANN, |ann| ann.two_factors = false);
    let ended = site.run(&copy).await;
    assert_eq!((ended.code, ended.count("copied"), ended.count("copied_this_pass")), (Some(0), 120, 0), "{ended:#?}");
}

//! The peer: Debian's `mbsync`, as its users would set it up for a migration that keeps dates.

use crate::support::dovecot::PASSWORD;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Starts one mailbox; `state` keeps its configuration and its state between passes.
pub fn start(state: &Path, from: SocketAddr, from_user: &str, to: SocketAddr, to_user: &str) -> Child {
    std::fs::create_dir_all(state.join("state")).unwrap();
    let config = state.join("mbsyncrc");
    std::fs::write(&config, configuration(state, from, from_user, to, to_user)).unwrap();
    let mut command = Command::new("mbsync");
    command.arg("-q").arg("-c").arg(&config).arg("c").env("HOME", state);
    let log = std::fs::File::create(state.join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("mbsync, of the package isync")
}

/// PipelineDepth stays at its default, unlimited.
fn configuration(state: &Path, from: SocketAddr, from_user: &str, to: SocketAddr, to_user: &str) -> String {
    let store = |name: &str, address: SocketAddr, user: &str| {
        let (host, port) = (address.ip(), address.port());
        format!(
            "IMAPAccount {name}\nHost {host}\nPort {port}\nUser {user}\nPass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n\
             IMAPStore {name}\nAccount {name}\n\n"
        )
    };
    format!(
        "FSync no\n\n{}{}Channel c\nFar :far:\nNear :near:\nPatterns *\nSync Pull New Flags\nCreate Near\nExpunge None\n\
         CopyArrivalDate yes\nSyncState {}/state/\n",
        store("far", from, from_user),
        store("near", to, to_user),
        state.display()
    )
}

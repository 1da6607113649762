//! Exchange Online (microsoft365.md §1 and §7.1): the target that most mail goes to.

use std::time::Duration;

use super::{AppendRules, Capabilities, FolderRules, Latency, Manner, Persona, Rendering, SessionRules, Wording};

/// The capability lines and greetings as they were seen (microsoft365.md §1.2–1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// 2018 to 2023.
    Classic,
    /// 2026: MOVE before log-in.
    Move,
    /// 2026, the new proxy: LOGINDISABLED, no AUTH=PLAIN.
    Proxy,
    /// 2026, some tenants: IMAP4rev2 to be enabled, which breaks LSUB and LIST.
    Rev2,
}

impl Profile {
    /// All four.
    pub const ALL: [Profile; 4] = [Profile::Classic, Profile::Move, Profile::Proxy, Profile::Rev2];

    fn greeting(self) -> &'static str {
        match self {
            Profile::Classic | Profile::Move => {
                "The Microsoft Exchange IMAP4 service is ready. [TABBAEIAMAAxAC4ATABBAEIALgBMAE8AQwBBAEwA]"
            }
            Profile::Proxy | Profile::Rev2 => {
                "Microsoft Exchange IMAP4 service ready. 2b1f0a3c-5d0e-4f55-9a51-6d2f0c1e7b90 \
                 (tcpproxy/15.21.0406.000 BACKENDAUTHENTICATE) [TABBAEIA]"
            }
        }
    }

    fn capabilities(self) -> Capabilities {
        let before = match self {
            Profile::Classic => {
                "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
            }
            Profile::Move | Profile::Rev2 => {
                "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
            }
            Profile::Proxy => {
                "IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
            }
        };
        let after = match self {
            Profile::Rev2 => {
                "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT ENABLE IMAP4rev2 CLIENTACCESSRULES \
                 CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE BACKENDAUTHENTICATE-IR CHILDREN IDLE NAMESPACE LITERAL+"
            }
            _ => {
                "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES \
                 CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+"
            }
        };
        Capabilities::new(before, after, false)
    }
}

/// What the line limit was seen to be (microsoft365.md §1.7).
pub const EXCHANGE_LINE: usize = 10_239;

impl Persona {
    /// Exchange Online without its throttle and its latency, which are knobs of their own: [`super::Throttle::mild`],
    /// [`Latency::exchange`].
    pub fn exchange(profile: Profile) -> Self {
        Persona {
            greeting: profile.greeting().to_owned(),
            farewell: "Microsoft Exchange Server IMAP4 server signing off.".to_owned(),
            capabilities: profile.capabilities(),
            wording: Wording::Exchange,
            append: AppendRules {
                max_size: 36 << 20,
                max_line: Some(EXCHANGE_LINE),
                any_keyword: false,
                keywords: &["$MDNSent"],
                ..AppendRules::default()
            },
            folders: FolderRules {
                inbox: "Inbox",
                reserved: &["Files"],
                case_insensitive: true,
                trims_names: true,
                unasked_special_use: true,
                bare_control_names: true,
                tells_missing: true,
                ..FolderRules::default()
            },
            manner: Manner { any_order: true, ..Manner::default() },
            rendering: Rendering { anew: true, size_error_percent: 3, ..Rendering::default() },
            throttle: None,
            latency: Latency::default(),
            session: SessionRules {
                errors: Some(10),
                idle: Some(Duration::from_secs(1800)),
                connections: Some(16),
                bare_copyuid: true,
                ..SessionRules::default()
            },
        }
    }
}

impl Latency {
    /// Exchange Online's: log-in 2 to 5 s, APPEND 80 to 400 ms (microsoft365.md §7.1 point 11).
    pub fn exchange() -> Self {
        let millis = Duration::from_millis;
        Latency {
            login: millis(2000)..millis(5000),
            append: millis(80)..millis(400),
            command: Duration::ZERO,
            bandwidth: Some(5 << 20),
        }
    }
}

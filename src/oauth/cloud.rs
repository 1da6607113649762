//! Microsoft's clouds: the hosts that differ between them (microsoft365.md §2.7).
//!
//! Presets only: each host can be set apart in the configuration, for clouds to come and for stand-ins.

/// The hosts of one cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Its name in configurations.
    pub name: &'static str,
    /// Where one signs in; the first one is written, the others are recognised.
    pub login: &'static [&'static str],
    /// Microsoft Graph, which is also the audience of its tokens.
    pub graph: &'static str,
    /// Exchange Online's IMAP and POP server, and the audience of app-only tokens.
    pub exchange: &'static str,
    /// The audience of a user's tokens for IMAP and POP.
    pub delegated: &'static str,
}

impl Cloud {
    /// Worldwide, and GCC.
    pub const WORLDWIDE: Cloud = Cloud {
        name: "worldwide",
        login: &["login.microsoftonline.com"],
        graph: "graph.microsoft.com",
        exchange: "outlook.office365.com",
        delegated: "outlook.office.com",
    };
    /// GCC High (L4).
    pub const GCC_HIGH: Cloud = Cloud {
        name: "gcc-high",
        login: &["login.microsoftonline.us"],
        graph: "graph.microsoft.us",
        exchange: "outlook.office365.us",
        delegated: "outlook.office365.us",
    };
    /// DoD (L5); it signs in where GCC High does, so it must be named.
    pub const DOD: Cloud = Cloud {
        name: "dod",
        login: &["login.microsoftonline.us"],
        graph: "dod-graph.microsoft.us",
        exchange: "outlook-dod.office365.us",
        delegated: "outlook-dod.office365.us",
    };
    /// China, run by 21Vianet.
    pub const CHINA: Cloud = Cloud {
        name: "china",
        login: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
        graph: "microsoftgraph.chinacloudapi.cn",
        exchange: "partner.outlook.cn",
        delegated: "partner.outlook.cn",
    };
    /// All of them.
    pub const ALL: [Cloud; 4] = [Cloud::WORLDWIDE, Cloud::GCC_HIGH, Cloud::DOD, Cloud::CHINA];

    /// The cloud of this name.
    pub fn named(name: &str) -> Option<Cloud> {
        Cloud::ALL.into_iter().find(|cloud| cloud.name == name)
    }

    /// The cloud where one signs in at `host`: the first of them, where two do.
    pub fn of_login(host: &str) -> Option<Cloud> {
        Cloud::ALL.into_iter().find(|cloud| cloud.login.iter().any(|login| login.eq_ignore_ascii_case(host)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_are_found_by_name_and_by_where_one_signs_in() {
        for cloud in Cloud::ALL {
            assert_eq!(Cloud::named(cloud.name), Some(cloud));
        }
        assert_eq!(Cloud::of_login("Login.Partner.MicrosoftOnline.cn"), Some(Cloud::CHINA));
        assert_eq!(Cloud::of_login("login.microsoftonline.us"), Some(Cloud::GCC_HIGH));
        assert_eq!(Cloud::of_login("127.0.0.1"), None);
    }
}

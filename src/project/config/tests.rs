use super::*;
use crate::{
    imap::AdminForm,
    net::Encryption,
    project::endpoint::{Auth, Kind},
    transfer::{Keywords, Labels, Order, VerifyLevel},
};

const GOOD: &str = r#"
[project]
name = "acme"
store = "sqlite:acme.db"

[oauth-client.contoso]
authority = "https://login.microsoftonline.com/contoso.onmicrosoft.com"
client-id = "0000"
client-secret = "s3cret"

[endpoint.old]
kind = "imap"
description = "the old host"
host = "imap.example.org"
encryption = "starttls"
timeout = "60s"
max-connections = 40
max-connections-per-mailbox = 4
messages-per-second = 50
bytes-per-second = "10MB"
ca = "roots.pem"
proxy = "socks5://127.0.0.1:1080"

[endpoint.new]
kind = "microsoft365"
host = "127.0.0.1"
port = 1993
insecure = true

[policy.default]
exclude = ["Junk*"]
max-size = "150MB"
order = "newest"
map = { "Sent" = "Sent Items" }
labels = "categories"

[policy.quick]
verify = false

[batch.wave2]
source = "old"
target = "new"
users = "wave2.csv"
policy = "quick"

[batch.wave1]
source = "old"
target = "new"
users = "wave1.csv"
max-mailboxes = 5
"#;

fn parse(text: &str) -> Result<Config> {
    Config::parse(Path::new("dir/mailhaul.toml"), text)
}

#[test]
fn every_key_arrives_where_it_belongs() {
    let config = parse(GOOD).unwrap();
    assert_eq!((config.name.as_str(), config.store.as_deref()), ("acme", Some("sqlite:acme.db")));
    let names: Vec<_> = config.batches.iter().map(|batch| batch.name.as_str()).collect();
    assert_eq!(names, ["wave2", "wave1"], "in the order of the file");

    let (quick, wave) = (&config.batches[0], &config.batches[1]);
    assert_eq!((quick.max_mailboxes, wave.max_mailboxes), (DEFAULT_MAX_MAILBOXES, 5));
    assert_eq!(wave.users, Path::new("dir/wave1.csv"));
    assert_eq!(wave.options.scope.max_size, Some(150_000_000));
    assert!(wave.options.scope.exclude.is_match("junk"));
    assert_eq!((wave.options.order, quick.options.order), (Order::Newest, Order::Oldest));
    assert_eq!((wave.options.verify, quick.options.verify), (VerifyLevel::Sample, VerifyLevel::None));
    assert_eq!((wave.options.labels, quick.options.labels), (Labels::Categories, Labels::Folders));
    assert_eq!(wave.options.keywords, Keywords::Keep);
    assert_eq!(wave.options.map, [("Sent".to_owned(), "Sent Items".to_owned())]);

    let (old, new) = (&wave.source, &wave.target);
    assert_eq!((old.kind, old.port, old.encryption), (Kind::Imap, 143, Encryption::StartTls));
    assert_eq!(old.ca.as_deref(), Some(Path::new("dir/roots.pem")));
    assert_eq!((old.caps.connections, old.caps.bytes_per_second), (Some(40), Some(10_000_000)));
    assert_eq!((new.kind, new.port, new.insecure), (Kind::Microsoft365, 1993, true));
    let client = config.client("contoso").unwrap();
    assert_eq!((client.name.as_str(), client.id.as_str()), ("contoso", "0000"));
    assert!(!client.needs_sign_in() && config.client("fabrikam").is_err());
    assert_eq!(old.mailbox_identity("anna@example.org"), "anna@example.org@imap");
}

#[test]
fn an_admin_signs_in_for_everybody() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("admin.txt"), "s3cret\nrest\n").unwrap();
    let text = "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nauth = \"admin\"\nadmin-username = \"root\"\n\
                admin-password-file = \"admin.txt\"\nadmin-login = \"{user}*{admin}\"\n\
                [batch.b]\nsource = \"a\"\ntarget = \"a\"\nusers = \"u.csv\"\n";
    let config = Config::parse(&directory.path().join("mailhaul.toml"), text).unwrap();
    let Auth::Admin(admin) = &config.batches[0].source.auth else { unreachable!("an admin was written") };
    assert_eq!((admin.user.as_str(), admin.password.expose()), ("root", "s3cret"));
    assert_eq!(admin.form, AdminForm::Template("{user}*{admin}".to_owned()));
}

/// A mistake: the text, and what its error must say besides the file.
const MISTAKES: &[(&str, &str)] = &[
    ("[project\nname = 1", "line 1"),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nprt = 993\n", "line 4, `prt`: unknown field `prt`"),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nport = \"993\"\n", "line 4, `port`: invalid type"),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nport = 99999\n", "line 4, `port`: invalid value"),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nport = 0\n", "line 4, `port`: 0 would let nothing through"),
    ("[endpoint.a]\nkind = \"imapp\"\nhost = \"h\"\n", "line 2, `kind`: unknown variant `imapp`"),
    ("[endpoint.a]\nkind = \"imap\"\n", "line 1, `host`: it is missing"),
    ("[endpoint.a]\nhost = \"h\"\n", "line 1, `endpoint.a`: missing field `kind`"),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nencryption = \"none\"\n",
        "line 4, `encryption`: \"none\" is accepted to this machine only",
    ),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"imap://h/\"\n", "line 3, `host`: `imap://h/` is not a host name"),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\ntimeout = \"60\"\n",
        "line 4, `timeout`: `60` is not a length of time",
    ),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nbytes-per-second = \"fast\"\n",
        "line 4, `bytes-per-second`: `fast` is not a size",
    ),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nproxy = \"ftp://x\"\n", "line 4, `proxy`: write the proxy as"),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\ngraph-url = \"https://x\"\n",
        "line 4, `graph-url`: it has no meaning",
    ),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\ngraph-in-flight = 2\n",
        "line 4, `graph-in-flight`: it has no meaning",
    ),
    (
        "[endpoint.a]\nkind = \"microsoft365\"\nauth = \"oauth2\"\ngraph-requests = \"9600\"\n",
        "line 4, `graph-requests`: `9600` is not so much in a time",
    ),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nauth = \"admin\"\n",
        "line 1, `admin-username`: auth = \"admin\" needs it",
    ),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nauth = \"oauth2\"\n",
        "line 1, `oauth-client`: auth = \"oauth2\" needs it",
    ),
    ("[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nauth = \"self-service\"\n", "line 4, `auth`: not yet supported"),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\nauth = \"oauth2\"\noauth-client = \"x\"\n",
        "line 5, `oauth-client`: no oauth-client is called `x`; there is none",
    ),
    ("[endpoint.a]\nkind = \"microsoft365\"\n", "line 2, `kind`: Microsoft takes no passwords"),
    ("[oauth-client.c]\nauthority = \"http://login.example.org\"\nclient-id = \"x\"\n", "must begin with https://"),
    ("[oauth-client.c]\nauthority = \"https://login.example.org\"\nclient-id = \"x\"\n", "line 2, `authority`: "),
    ("[oauth-client.c]\nclient-id = \"x\"\n", "line 1, `authority`: it is missing"),
    ("[oauth-client.c]\nauthority = \"https://l.example/t\"\n", "line 1, `client-id`: it is missing"),
    (
        "[oauth-client.c]\nauthority = \"https://l.example/t\"\nclient-id = \"x\"\nclient-secret = \"s\"\nclient-secret-file = \"f\"\n",
        "line 5, `client-secret-file`: give only one of client-secret, client-secret-file",
    ),
    (
        "[oauth-client.c]\nauthority = \"https://l.example/t\"\nclient-id = \"x\"\nclient-certificate = \"c.pem\"\n",
        "line 4, `client-certificate`: it needs `client-key` beside it",
    ),
    (
        "[oauth-client.c]\nauthority = \"https://l.example/t\"\nclient-id = \"x\"\nclient-secret-file = \"gone.txt\"\n",
        "line 4, `client-secret-file`: dir/gone.txt cannot be read: there is no such file",
    ),
    (
        "[oauth-client.c]\nauthority = \"https://accounts.google.com\"\nclient-id = \"x\"\n[endpoint.a]\nkind = \"microsoft365\"\nauth = \"oauth2\"\noauth-client = \"c\"\n",
        "line 7, `oauth-client`: its authority is Google's",
    ),
    (
        "[oauth-client.c]\nauthority = \"https://l.example/t\"\nclient-id = \"x\"\n[endpoint.a]\nkind = \"office365\"\nauth = \"oauth2\"\noauth-client = \"c\"\nport = 993\n",
        "line 8, `port`: it has no meaning with this `kind`",
    ),
    (
        "[oauth-client.c]\nauthority = \"https://l.example/t\"\nclient-id = \"x\"\n[endpoint.a]\nkind = \"microsoft365\"\nauth = \"oauth2\"\noauth-client = \"c\"\ngraph-url = \"http://x\"\n",
        "line 8, `graph-url`: write an https:// URL",
    ),
    (
        "[endpoint.a]\nkind = \"office365\"\nhost = \"127.0.0.1\"\n[batch.b]\nsource = \"a\"\ntarget = \"a\"\nusers = \"u\"\n",
        "line 6, `target`: office365 is a source only; as a target write microsoft365",
    ),
    ("[policy.p]\nexlude = [\"Junk\"]\n", "line 2, `exlude`: unknown field `exlude`"),
    ("[policy.p]\nexclude = [\"[\"]\n", "line 2, `exclude`: `[` is not a folder pattern"),
    ("[policy.p]\nsince = \"2024-13-01\"\n", "line 2, `since`: `2024-13-01` is not a date"),
    ("[policy.p]\nsince = \"2024-02-01\"\nbefore = \"2024-01-01\"\n", "line 3, `before`: it is not after `since`"),
    (
        "[batch.b]\nsource = \"nowhere\"\ntarget = \"x\"\nusers = \"u.csv\"\n",
        "line 2, `source`: no endpoint is called `nowhere`",
    ),
    ("[batch.b]\nsource = \"x\"\ntarget = \"x\"\n", "line 1, `batch.b`: missing field `users`"),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\n[batch.b]\nsource = \"a\"\ntarget = \"a\"\nusers = \"u\"\npolicy = \"p\"\n",
        "line 8, `policy`: no policy is called `p`",
    ),
    (
        "[endpoint.a]\nkind = \"imap\"\nhost = \"h\"\n[batch.b]\nsource = \"a\"\ntarget = \"a\"\nusers = \"u\"\nmax-mailboxes = 0\n",
        "line 8, `max-mailboxes`: write how many",
    ),
    ("[endpont.a]\nkind = \"imap\"\n", "line 1: unknown field `endpont`"),
];

#[test]
fn every_mistake_names_file_line_and_key() {
    for (text, expected) in MISTAKES {
        let error = parse(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
        let said = error.subject();
        assert!(said.starts_with("dir/mailhaul.toml, line ") && said.contains(expected), "{text}\n→ {said}");
    }
}

#[test]
fn a_missing_file_says_how_to_write_one() {
    let said = Config::read(Path::new("nowhere/mailhaul.toml")).err().unwrap().subject().to_owned();
    assert_eq!(
        said,
        "nowhere/mailhaul.toml cannot be read: there is no such file. Run `mailhaul init` to write one, or name another with `--config`."
    );
}

#[test]
fn endpoints_are_opened_with_tokens_of_their_client() {
    let text = "[oauth-client.entra]\nauthority = \"https://login.microsoftonline.us/common\"\nclient-id = \"x\"\n\
        [oauth-client.desktop]\nauthority = \"https://accounts.google.com\"\nclient-id = \"y\"\nclient-secret = \"s\"\n\
        [endpoint.a]\nkind = \"microsoft365\"\nauth = \"oauth2\"\noauth-client = \"entra\"\noauth-user = \"admin@x\"\n\
        authority = \"https://login.microsoftonline.us/contoso.example\"\ngraph-url = \"https://graph.microsoft.us/v1.0/\"\n\
        [endpoint.b]\nkind = \"gmail\"\nauth = \"oauth2\"\noauth-client = \"desktop\"\n\
        [endpoint.c]\nkind = \"office365\"\nauth = \"oauth2\"\noauth-client = \"entra\"\nimap-host = \"127.0.0.1\"\nport = 1993\n\
        [endpoint.d]\nkind = \"office365\"\nauth = \"oauth2\"\noauth-client = \"entra\"\n";
    let config = parse(text).unwrap();
    let endpoint = |name: &str| config.endpoints[name].clone();
    let Auth::Oauth(oauth) = &endpoint("a").auth else { unreachable!("tokens were written") };
    assert_eq!((endpoint("a").host.as_str(), endpoint("b").host.as_str()), ("outlook.office365.us", "imap.gmail.com"));
    assert_eq!((endpoint("c").host.as_str(), endpoint("c").port), ("127.0.0.1", 1993));
    assert_eq!(endpoint("a").graph_url.as_deref(), Some("https://graph.microsoft.us/v1.0"));
    assert_eq!((endpoint("d").host.as_str(), endpoint("d").port), ("graph.microsoft.us", 443));
    assert!(endpoint("d").by_graph && !endpoint("c").by_graph);
    let counted = parse(&format!("{text}bytes-per-day = \"2GB\"\n")).err().unwrap();
    assert!(counted.subject().contains("bytes-per-day"), "Graph tells no sizes ahead: {counted}");
    assert_eq!(oauth.client.authority.name(), "https://login.microsoftonline.us/contoso.example", "the endpoint's own");
    assert_eq!(oauth.user.as_deref(), Some("admin@x"));
    assert!(oauth.client.needs_sign_in() && config.client("desktop").unwrap().needs_sign_in());
}

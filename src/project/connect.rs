//! From a configured mailbox to the connector that the engine opens sessions with.
//!
//! What mailboxes share is made here once for a run: one store of bodies for the process, one set of caps per endpoint.

use std::{
    collections::HashMap,
    num::{NonZeroU32, NonZeroU64},
    sync::Arc,
};

use async_trait::async_trait;

use crate::{
    body::BodyStore,
    error::{Error, Result, Side},
    imap::SignIn,
    ledger::{FolderNumbers, Ledger, NumberedItem, Numbering, Seen, Which},
    limits,
    mailbox::{ImapSettings, named as profile_named},
    model::FolderName,
    net::{Dial, is_loopback},
    pace::{Caps, CapsConfig, Pacer, Rates},
    pop3,
    project::{
        endpoint::{Auth, Endpoint, Kind},
        pairs::{Mailbox, MailboxPair},
        supervisor::Job,
        users,
        zimbra::Opened,
    },
    sasl::Login,
    secret::Secret,
    source::{
        SourceConnector,
        graph::{GraphSettings, GraphSource},
        imap::ImapSource,
        items::{ItemSource, ItemSourceSettings},
        pop3::{Pop3Settings, Pop3Source},
        zimbra::{ZimbraOrImap, ZimbraSettings, ZimbraSource},
    },
    target::{
        TargetConnector,
        categories::GraphCategories,
        imap::ImapTarget,
        items::{ItemTarget, ItemTargetSettings},
    },
    transfer,
};

/// Makes connectors that share what a run shares.
pub struct Connectors {
    bodies: BodyStore,
    caps: HashMap<String, Caps>,
    numbering: Arc<dyn Numbering>,
}

impl Connectors {
    /// For mailboxes whose places are kept in `ledger`.
    pub fn new(ledger: Arc<dyn Ledger>) -> Self {
        Connectors { bodies: BodyStore::default(), caps: HashMap::new(), numbering: ledger }
    }

    /// For looking only: nothing is found by its place.
    pub fn without_ledger() -> Self {
        Connectors { bodies: BodyStore::default(), caps: HashMap::new(), numbering: Arc::new(Unnumbered) }
    }

    /// Every pair, ready to run.
    pub fn jobs(&mut self, pairs: Vec<MailboxPair>) -> Vec<Job> {
        let shares = Shares::of(&pairs);
        pairs.into_iter().map(|pair| self.job(pair, &shares)).collect()
    }

    fn job(&mut self, mut pair: MailboxPair, shares: &Shares) -> Job {
        pair.options.most_connections = [&pair.source, &pair.target]
            .into_iter()
            .flat_map(|side| [side.endpoint.caps.connections_per_mailbox, shares.connections(&side.endpoint)])
            .flatten()
            .min();
        pair.options.together =
            [&pair.source, &pair.target].into_iter().map(|side| shares.mailboxes(&side.endpoint)).max().unwrap_or(1);
        pair.options.source_bytes_per_day = pair.source.endpoint.caps.bytes_per_day;
        let engine = transfer::Pair {
            source_identity: pair.source.identity(),
            target_identity: pair.target.identity(),
            source: self.source(&pair),
            target: self.target(&pair.target),
        };
        Job { pair, engine }
    }

    /// By Graph only what has a sign-in: [`super::credentials`] gives one to every mailbox that is dialled. Whole items where they go to
    /// Graph too: [`super::endpoint::target_of`] decides.
    fn source(&mut self, pair: &MailboxPair) -> Arc<dyn SourceConnector> {
        let mailbox = &pair.source;
        if let Some(opened) = &mailbox.login.zimbra {
            let own = ZimbraSource::new(self.zimbra(mailbox, opened));
            return match self.beside_zimbra(mailbox) {
                Some(imap) => Arc::new(ZimbraOrImap::new(own, imap)),
                None => Arc::new(own),
            };
        }
        match &mailbox.login.graph {
            _ if mailbox.endpoint.kind == Kind::Pop3 => Arc::new(Pop3Source::new(self.maildrop(pair))),
            Some(graph) if mailbox.endpoint.by_graph && pair.target.endpoint.by_graph => {
                Arc::new(ItemSource::new(ItemSourceSettings {
                    mailbox: graph.mailbox(&mailbox.login.user),
                    describe: describe(mailbox),
                    bodies: self.bodies.clone(),
                    rates: rates(&mailbox.endpoint),
                }))
            }
            Some(graph) if mailbox.endpoint.by_graph => Arc::new(GraphSource::new(GraphSettings {
                mailbox: graph.mailbox(&mailbox.login.user),
                describe: describe(mailbox),
                bodies: self.bodies.clone(),
                rates: rates(&mailbox.endpoint),
            })),
            graph => {
                let source = ImapSource::new(self.settings(mailbox, Side::Source));
                // What Exchange does not deliver by IMAP may come by Graph.
                let graph = graph.as_ref().filter(|_| mailbox.endpoint.knows_its_graph());
                Arc::new(match graph {
                    Some(graph) => source.with_graph(graph.mailbox(&mailbox.login.user)),
                    None => source,
                })
            }
        }
    }

    fn zimbra(&self, mailbox: &Mailbox, opened: &Opened) -> ZimbraSettings {
        ZimbraSettings {
            mailbox: opened.mailbox.clone(),
            describe: describe(mailbox),
            bodies: self.bodies.clone(),
            rates: rates(&mailbox.endpoint),
            patience: limits::HTTP_SILENCE,
        }
    }

    /// The same mailbox by IMAP. What greets there may be a proxy, so that nothing is recognised by it.
    fn beside_zimbra(&mut self, mailbox: &Mailbox) -> Option<ImapSource> {
        let endpoint = Arc::new(mailbox.endpoint.beside_imap()?);
        let settings = self.settings(&Mailbox { endpoint, login: mailbox.login.clone() }, Side::Source);
        Some(ImapSource::new(ImapSettings { profile: profile_named("Zimbra"), ..settings }))
    }

    fn maildrop(&mut self, pair: &MailboxPair) -> Pop3Settings {
        let Mailbox { endpoint, .. } = &pair.source;
        Pop3Settings {
            sign_in: pop3::SignIn {
                dial: dial(endpoint, Side::Source),
                login: login(&pair.source),
                deadline: endpoint.timeout.unwrap_or(limits::COMMAND_DEADLINE),
            },
            describe: describe(&pair.source),
            bodies: self.bodies.clone(),
            pacer: Pacer::new(limits::FETCH_WINDOW_MESSAGES),
            caps: self.caps(endpoint),
            rates: rates(endpoint),
            dated: pair.options.scope.since.is_some() || pair.options.scope.before.is_some(),
        }
    }

    fn target(&mut self, mailbox: &Mailbox) -> Arc<dyn TargetConnector> {
        match &mailbox.login.graph {
            Some(graph) if mailbox.endpoint.by_graph => Arc::new(ItemTarget::new(ItemTargetSettings {
                mailbox: graph.mailbox(&mailbox.login.user),
                describe: describe(mailbox),
                identity: mailbox.identity(),
                numbering: self.numbering.clone(),
                settle: limits::ITEMS_SETTLE,
                mail: self.beside_graph(mailbox),
            })),
            _ => Arc::new(self.imap_target(mailbox)),
        }
    }

    /// The IMAP side of a mailbox that is written by Graph, for mail that does not go there whole.
    fn beside_graph(&mut self, Mailbox { endpoint, login }: &Mailbox) -> Option<Arc<dyn TargetConnector>> {
        let (endpoint, tokens) = (Arc::new(endpoint.beside_imap()?), login.imap_tokens.clone());
        let login = users::Login { tokens, ..login.clone() };
        let mailbox = Mailbox { endpoint, login };
        Some(Arc::new(ImapTarget::new(self.settings(&mailbox, Side::Target))))
    }

    /// By IMAP, and for what IMAP does not know by Graph, where the mailbox has one.
    fn imap_target(&mut self, mailbox: &Mailbox) -> ImapTarget {
        let target = ImapTarget::new(self.settings(mailbox, Side::Target));
        match mailbox.login.graph.as_ref().filter(|_| mailbox.endpoint.knows_its_graph()) {
            Some(graph) => {
                let graph = graph.mailbox(&mailbox.login.user);
                target.with_categories(Arc::new(GraphCategories::new(graph, self.bodies.clone())))
            }
            None => target,
        }
    }

    fn settings(&mut self, mailbox: &Mailbox, side: Side) -> ImapSettings {
        ImapSettings {
            sign_in: sign_in(mailbox, side),
            describe: describe(mailbox),
            bodies: self.bodies.clone(),
            pacer: Pacer::new(limits::FETCH_WINDOW_MESSAGES),
            caps: self.caps(&mailbox.endpoint),
            profile: None,
        }
    }

    /// The caps that all mailboxes of an endpoint share; made with the first of them.
    fn caps(&mut self, endpoint: &Endpoint) -> Option<Caps> {
        let connections = endpoint.caps.connections?;
        let new = || Caps::new(CapsConfig { connections, mailboxes: connections, bytes_per_second: None });
        Some(self.caps.entry(endpoint.name.clone()).or_insert_with(new).clone())
    }
}

/// Numbers nothing: there is no ledger to keep numbers in.
struct Unnumbered;

impl Unnumbered {
    fn refuse<T>() -> Result<T> {
        Err(Error::bug("places of items are kept in a ledger, and there is none"))
    }
}

#[async_trait]
impl Numbering for Unnumbered {
    async fn numbers(&self, _: &str, _: &FolderName) -> Result<FolderNumbers> {
        Unnumbered::refuse()
    }
    async fn see(&self, _: &str, _: &FolderName, _: Seen) -> Result<FolderNumbers> {
        Unnumbered::refuse()
    }
    async fn place(&self, _: &str, _: &FolderName, _: Vec<(String, String)>) -> Result<Vec<u32>> {
        Unnumbered::refuse()
    }
    async fn items(&self, _: &str, _: &FolderName, _: Which) -> Result<Vec<NumberedItem>> {
        Unnumbered::refuse()
    }
}

/// How many mailboxes work at each endpoint at a time at most.
///
/// An endpoint's connections are shared out before anything is dialled. Were they taken as they come, two mailboxes could each hold what the
/// other one waits for: a connection at the source here, at the target there.
struct Shares(HashMap<String, usize>);

impl Shares {
    fn of(pairs: &[MailboxPair]) -> Shares {
        let (mut batches, mut shares) = (HashMap::<(&str, &str), usize>::new(), HashMap::new());
        for pair in pairs {
            let names = [&pair.source.endpoint.name, &pair.target.endpoint.name];
            for name in names.iter().take(if names[0] == names[1] { 1 } else { 2 }) {
                *batches.entry((name.as_str(), pair.batch.as_str())).or_default() += 1;
            }
        }
        let most: HashMap<&str, usize> = pairs.iter().map(|pair| (pair.batch.as_str(), pair.max_mailboxes)).collect();
        for ((endpoint, batch), pairs) in batches {
            *shares.entry(endpoint.to_owned()).or_default() += pairs.min(most.get(batch).copied().unwrap_or(1));
        }
        Shares(shares)
    }

    /// Mailboxes that work at the endpoint at a time.
    fn mailboxes(&self, endpoint: &Endpoint) -> usize {
        self.0.get(&endpoint.name).copied().unwrap_or(1).max(1)
    }

    /// One mailbox's share of the endpoint's connections.
    fn connections(&self, endpoint: &Endpoint) -> Option<usize> {
        let all = endpoint.caps.connections?;
        Some((all / self.mailboxes(endpoint)).max(1))
    }
}

/// How to reach the server of an endpoint.
pub fn dial(endpoint: &Endpoint, side: Side) -> Dial {
    Dial {
        host: endpoint.host.clone(),
        port: endpoint.port,
        encryption: endpoint.encryption,
        ca: endpoint.ca.iter().cloned().collect(),
        insecure: endpoint.insecure,
        proxy: endpoint.proxy.clone(),
        connect_deadline: endpoint.timeout.unwrap_or(limits::CONNECT_DEADLINE),
        side,
    }
}

fn login(Mailbox { endpoint, login }: &Mailbox) -> Login {
    let user = login.user.clone();
    match (&endpoint.auth, &login.tokens) {
        (Auth::Oauth(_), Some(tokens)) => Login::Token { user, tokens: tokens.clone() },
        (Auth::Password | Auth::Oauth(_) | Auth::Key(_), _) => {
            // `credentials` and `copy` see to it that there is one; an empty one is refused by the server.
            let password = login.password.clone().unwrap_or_else(|| Secret::new(String::new()));
            Login::Password { user, password }
        }
        (Auth::Admin(admin), _) => {
            Login::Admin { user, admin: admin.user.clone(), password: admin.password.clone(), form: admin.form.clone() }
        }
    }
}

fn sign_in(mailbox: &Mailbox, side: Side) -> SignIn {
    let Mailbox { endpoint, .. } = mailbox;
    SignIn {
        dial: dial(endpoint, side),
        login: login(mailbox),
        rates: rates(endpoint),
        deadline: endpoint.timeout.unwrap_or(limits::COMMAND_DEADLINE),
        // A loopback is faster than any deflate.
        compress: !is_loopback(&endpoint.host),
        resync: side == Side::Source,
        utf8: false,
    }
}

fn rates(endpoint: &Endpoint) -> Rates {
    Rates {
        messages_per_second: endpoint.caps.messages_per_second.and_then(NonZeroU32::new),
        bytes_per_second: endpoint.caps.bytes_per_second.and_then(NonZeroU64::new),
    }
}

/// The address, made unambiguous for people where it names no host.
fn describe(mailbox: &Mailbox) -> String {
    let address = &mailbox.login.address;
    match address.contains('@') {
        true => address.clone(),
        false => format!("{address}@{}", mailbox.endpoint.host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::url;

    fn pair(batch: &str, cap: Option<usize>, max_mailboxes: usize) -> MailboxPair {
        let mailbox = |name: &str| {
            let mut mailbox = url::parse(name, "imap://u:p@127.0.0.1", &Default::default()).unwrap();
            Arc::make_mut(&mut mailbox.endpoint).caps.connections = cap;
            mailbox
        };
        MailboxPair {
            batch: batch.to_owned(),
            max_mailboxes,
            source: mailbox("from"),
            target: mailbox("to"),
            priority: 1,
            kind: None,
            options: Default::default(),
        }
    }

    fn most(pairs: Vec<MailboxPair>) -> Option<usize> {
        Connectors::without_ledger().jobs(pairs)[0].pair.options.most_connections
    }

    #[test]
    fn the_connections_of_an_endpoint_are_shared_out() {
        let pairs = |cap, n: usize, at_a_time| (0..n).map(|_| pair("one", cap, at_a_time)).collect::<Vec<_>>();
        assert_eq!(most(pairs(None, 8, 4)), None);
        assert_eq!(most(pairs(Some(40), 8, 4)), Some(10), "four at a time");
        assert_eq!(most(pairs(Some(40), 1, 20)), Some(40), "only one");
        assert_eq!(most(pairs(Some(3), 8, 4)), Some(1), "never none");
        let two = [pairs(Some(40), 4, 4), (0..4).map(|_| pair("two", Some(40), 4)).collect()].concat();
        assert_eq!(most(two), Some(5), "both batches at once");
    }
}

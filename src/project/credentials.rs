//! What mailboxes sign in with: passwords that only the vault has, and the tokens of OAuth clients.
//!
//! They are filled in for the pairs that a command dials, right before it does: a command that only tells where things stand needs no key.
//! All mailboxes of a run share one cache of tokens.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;

use super::{
    endpoint::{Auth, Endpoint, Oauth},
    oauth,
    pairs::{Mailbox, MailboxPair},
    secrets::{AskPassphrase, Secrets},
    zimbra::Servers,
};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    graph,
    net::http,
    oauth::{Account, Client, Grant, RefreshStore, RefreshToken, SignIn, Tokens, Wanted},
    vault::{SecretName, Vault},
};

/// Fills in passwords and tokens. The vault is opened only if something of these pairs is in it.
///
/// # Errors
/// The vault cannot be opened, a password is not in it, or a trusted root cannot be read.
pub async fn fill(secrets: &Secrets, ask: AskPassphrase<'_>, pairs: &mut [MailboxPair]) -> Result<()> {
    let all = || pairs.iter().flat_map(|pair| [&pair.source, &pair.target]);
    let passwords = all().any(|mailbox| mailbox.missing_password().is_some());
    let sign_ins = all().any(|mailbox| mailbox.oauth().is_some_and(|oauth| oauth.client.needs_sign_in()));
    // Without a vault nobody ever signed in, and each mailbox says so of itself.
    let open = passwords || sign_ins && secrets.sealer()?.is_some();
    let vault = if open { Some(secrets.open(ask).await?) } else { None };
    let mut desk = TokenDesk::new(vault.clone(), all());
    let mut servers = Servers::default();
    for pair in pairs {
        for (mailbox, side) in [(&mut pair.source, Side::Source), (&mut pair.target, Side::Target)] {
            if let (Some(name), Some(vault)) = (mailbox.missing_password(), &vault) {
                mailbox.login.password = Some(vault.get(&name).await?.ok_or_else(|| not_stored(&name))?);
            }
            desk.fill(mailbox, side).await?;
            servers.fill(mailbox, side).await?;
        }
    }
    Ok(())
}

fn not_stored(name: &SecretName) -> Error {
    let subject = format!("{name} is not stored");
    Error::new(Code::Vault, Side::System, Scope::Run, Disposition::NeedsPerson, subject)
}

impl Mailbox {
    /// Whose tokens open it, if it is opened with tokens.
    pub fn oauth(&self) -> Option<&Oauth> {
        match &self.endpoint.auth {
            Auth::Oauth(oauth) => Some(oauth),
            Auth::Password | Auth::Admin(_) | Auth::Key(_) => None,
        }
    }
}

/// Hands out sign-ins that share one cache of tokens, one client per endpoint, and one Graph per endpoint and grant.
struct TokenDesk {
    tokens: Tokens,
    clients: HashMap<String, (Arc<Client>, reqwest::Client)>,
    graphs: HashMap<(String, Side, Grant), graph::Service>,
}

impl TokenDesk {
    fn new<'a>(vault: Option<Vault>, mailboxes: impl Iterator<Item = &'a Mailbox>) -> Self {
        let store = vault.map(|vault| -> Arc<dyn RefreshStore> {
            Arc::new(SignIns::new(vault, mailboxes.filter_map(Mailbox::oauth).map(|oauth| &*oauth.client)))
        });
        TokenDesk { tokens: Tokens::new(store), clients: HashMap::new(), graphs: HashMap::new() }
    }

    /// Fills in where the mailbox's tokens come from, if it is opened with tokens.
    async fn fill(&mut self, mailbox: &mut Mailbox, side: Side) -> Result<()> {
        let endpoint = mailbox.endpoint.clone();
        let Auth::Oauth(Oauth { client, user }) = &endpoint.auth else { return Ok(()) };
        let (connected, http) = self.client(&endpoint, client).await?;
        let grant = client.grant(&mailbox.login.user, user.as_deref());
        let sign_in = |audience| {
            let wanted = Wanted { client: connected.clone(), audience, grant: grant.clone() };
            SignIn::new(self.tokens.clone(), wanted, side)
        };
        mailbox.login.tokens = Some(sign_in(client.mail_audience(endpoint.kind, Some(&endpoint.host))));
        if let Some(root) = endpoint.graph_root() {
            let tokens = sign_in(client.graph_audience(Some(&endpoint.host)));
            if endpoint.by_graph {
                mailbox.login.imap_tokens = mailbox.login.tokens.replace(tokens.clone());
            }
            let key = (endpoint.name.clone(), side, grant);
            let service = match self.graphs.get(&key) {
                Some(known) => known.clone(),
                None => graph::Service::new(&root, http, tokens, side, endpoint.caps.graph)?,
            };
            self.graphs.insert(key, service.clone());
            mailbox.login.graph = Some(service);
        }
        Ok(())
    }

    async fn client(
        &mut self,
        endpoint: &Endpoint,
        client: &oauth::OauthClient,
    ) -> Result<(Arc<Client>, reqwest::Client)> {
        if let Some(known) = self.clients.get(&endpoint.name) {
            return Ok(known.clone());
        }
        let http = http::client(&oauth::way(endpoint, client)).await?;
        let both = (client.connected(http.clone()), http);
        self.clients.insert(endpoint.name.clone(), both.clone());
        Ok(both)
    }
}

/// Refresh tokens in the vault, each under the name of its client in the configuration.
pub struct SignIns {
    vault: Vault,
    /// By authority and id.
    names: HashMap<(String, String), String>,
}

impl SignIns {
    /// The sign-ins to these clients.
    pub fn new<'a>(vault: Vault, clients: impl Iterator<Item = &'a oauth::OauthClient>) -> Self {
        let key = |client: &oauth::OauthClient| (client.authority.name().to_owned(), client.id.clone());
        let names = clients.map(|client| (key(client), client.name.clone())).collect();
        SignIns { vault, names }
    }

    fn name(&self, account: &Account) -> SecretName {
        let key = (account.authority.clone(), account.client.clone());
        SecretName::sign_in(self.names.get(&key).unwrap_or(&account.client), &account.user)
    }
}

#[async_trait]
impl RefreshStore for SignIns {
    async fn load(&self, account: &Account) -> Result<Option<RefreshToken>> {
        Ok(self.vault.get(&self.name(account)).await?.map(RefreshToken))
    }

    async fn save(&self, account: &Account, token: &RefreshToken) -> Result<()> {
        self.vault.sealer().put(&[(self.name(account), token.0.clone())]).await
    }
}

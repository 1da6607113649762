//! `mailhaul login NAME`: a person signs in to an OAuth client once, and what comes of it lies encrypted in the vault.

use std::sync::Arc;

use serde_json::json;

use super::{scope, secrets};
use crate::{
    cli::{face::Face, interrupt},
    clock,
    error::{Error, Result},
    net::http::{self, Way},
    oauth::{Audience, BrowserSignIn, Client, DeviceSignIn, SignedIn},
    project::{
        config::Config,
        endpoint::{Auth, Endpoint, Kind},
        oauth::{self, OauthClient},
        outcome::Ending,
    },
    vault::SecretName,
};

/// Sign in to an [oauth-client.NAME] with a browser and keep the sign-in encrypted
///
/// For clients without a secret of their own (and Google's "desktop" clients): runs then open the mailbox of whoever signed in, or every
/// mailbox of an endpoint with `oauth-user`. The vault is made where there is none; see `mailhaul secrets`.
#[derive(clap::Args)]
pub struct LoginArgs {
    /// The client, by its name in the configuration
    name: String,
    /// Enter a code on any device instead of using a browser on this machine
    #[arg(long)]
    device_code: bool,
    /// Who will sign in; anybody else is refused
    #[arg(long, value_name = "ADDRESS")]
    user: Option<String>,
}

pub(super) async fn run(args: &LoginArgs, face: &Face) -> Result<Ending> {
    let config = scope::config(face)?;
    let client = config.client(&args.name)?;
    if !client.needs_sign_in() {
        return Err(Error::usage(format!(
            "oauth-client `{}` signs in by itself, with its secret, certificate or key: nobody has to.",
            args.name
        )));
    }
    let endpoint = config.endpoints.values().find(|endpoint| is_of(endpoint, client));
    let stop = interrupt::listen(face)?;
    let signed_in = tokio::select! {
        signed_in = sign_in(args, face, client, endpoint.map(|endpoint| &**endpoint)) => signed_in?,
        () = stop.drain.cancelled() => return Ok(Ending::Stopped),
    };
    let user = whose(args, &signed_in)?;
    let name = SecretName::sign_in(&client.name, &user);
    let vault = scope::secrets(face)?;
    secrets::sealer(&vault, face)?.put(&[(name.clone(), signed_in.refresh.0)]).await?;
    tell(face, &config, &user, &name)
}

fn is_of(endpoint: &Endpoint, client: &OauthClient) -> bool {
    matches!(&endpoint.auth, Auth::Oauth(oauth) if oauth.client.name == client.name)
}

/// Runs the flow; the way to the token's end points is that of the first endpoint which names the client.
async fn sign_in(args: &LoginArgs, face: &Face, client: &OauthClient, endpoint: Option<&Endpoint>) -> Result<SignedIn> {
    let way = endpoint.map_or_else(Way::default, |endpoint| oauth::way(endpoint, client));
    let audience = client.mail_audience(
        endpoint.map_or(Kind::Imap, |endpoint| endpoint.kind),
        endpoint.map(|endpoint| endpoint.host.as_str()),
    );
    let connected = client.connected(http::client(&way).await?);
    match args.device_code {
        true => with_code(face, connected, &audience).await,
        false => with_browser(face, connected, &audience, args.user.as_deref()).await,
    }
}

async fn with_browser(face: &Face, client: Arc<Client>, audience: &Audience, user: Option<&str>) -> Result<SignedIn> {
    let waiting = BrowserSignIn::begin(client, audience, user).await?;
    let until = clock::hh_mm(clock::wall(waiting.expires()));
    face.ask(&format!("Open this address in a browser on this machine, until {until}:\n\n    {}\n", waiting.url()));
    waiting.finish().await
}

async fn with_code(face: &Face, client: Arc<Client>, audience: &Audience) -> Result<SignedIn> {
    let waiting = DeviceSignIn::begin(client, audience).await?;
    let until = clock::hh_mm(clock::wall(waiting.expires()));
    face.ask(&format!(
        "Open {} on any device, until {until}, and enter the code {}",
        waiting.uri(),
        waiting.user_code()
    ));
    waiting.finish().await
}

/// Whose sign-in it is: as the authority says, and as the person who started it expects.
fn whose(args: &LoginArgs, signed_in: &SignedIn) -> Result<String> {
    match (&signed_in.user, &args.user) {
        (Some(told), Some(wanted)) if !told.eq_ignore_ascii_case(wanted) => Err(Error::usage(format!(
            "signed in as {told}, and --user says {wanted}: nothing was stored. Sign out in the browser first, or correct --user."
        ))),
        (Some(told), _) => Ok(told.to_lowercase()),
        (None, Some(wanted)) => Ok(wanted.to_lowercase()),
        (None, None) => Err(Error::usage("the authority does not tell who signed in: name the address with --user.")),
    }
}

fn tell(face: &Face, config: &Config, user: &str, name: &SecretName) -> Result<Ending> {
    let project = &config.name;
    face.answer(&json!({ "user": user, "stored": name.to_string() }), || {
        format!("{user} is signed in; stored as {name}. Runs of project {project} use it from now on.\n")
    })?;
    Ok(Ending::Done)
}

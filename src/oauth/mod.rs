//! Access tokens for mailboxes: OAuth 2.0 with Microsoft Entra and Google.
//!
//! A [`Client`] is an application registered with an authority, an [`Audience`] what its token is good for, a [`Grant`] by whose leave. A
//! session holds a [`SignIn`], which asks [`Tokens`], the cache that all sessions of the process share. A person signs in once, with a
//! [`browser`](BrowserSignIn) or with a [`device code`](DeviceSignIn); the refresh token that comes of it lies in a [`RefreshStore`],
//! which whoever keeps secrets implements.
//!
//! It assumes a tokio runtime. It never writes a secret anywhere, never follows a redirect with one, and never asks twice at the same
//! time for the same token. Rejected: one token per session, which at a thousand sessions an hour is what Entra calls a loop
//! (AADSTS50196); renewal by a timer, which renews for mailboxes that are done.

mod assertion;
mod audience;
mod authority;
mod browser;
mod cache;
mod client;
mod cloud;
mod device;
mod exchange;
mod failure;
mod grant;
mod identity;
mod key;
mod loopback;
mod reasons;
mod refusal;
mod signature;
mod store;
mod token;

pub use audience::Audience;
pub use authority::Authority;
pub use browser::BrowserSignIn;
pub use cache::{SignIn, Tokens, Wanted};
pub use client::{Client, Credential};
pub use cloud::Cloud;
pub use device::DeviceSignIn;
pub use grant::Grant;
pub use key::{Certificate, ServiceAccountKey};
pub use store::{Account, RefreshStore};
pub use token::{AccessToken, RefreshToken, SignedIn};

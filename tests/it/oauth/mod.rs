//! Our client against the stand-in for Microsoft's and Google's sign-in: each flow and each way to fail; and the stand-in under
//! Microsoft's own library.

mod application;
mod browser;
mod device;
mod google;
mod life;
mod msal;
mod refresh;
pub mod stage;
mod way;

//! A session under a token: servers end it with the token (quirk 15), so it is replaced in time.

use crate::{
    clock::{self, Instant},
    oauth::{AccessToken, SignIn},
};

/// The token that a connection was signed in with.
pub(super) struct TokenSession {
    tokens: SignIn,
    token: AccessToken,
    due: Instant,
}

impl TokenSession {
    pub(super) fn new(tokens: SignIn, token: AccessToken) -> Self {
        let due = due(&token, clock::instant(), fastrand::f64());
        TokenSession { tokens, token, due }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// The server ends the session. If it says that the token has ended, the next session asks for another one, whatever was
    /// believed of this one (clocks differ, and tokens are revoked).
    pub(super) fn ended(&self, words: &str) {
        if words.to_ascii_lowercase().contains("accesstokenexpired") {
            self.tokens.refused(&self.token);
        }
    }
}

/// When to replace a session that begins `now`: once there is a new token to be had, spread over a quarter of what is left then, so that a
/// thousand sessions under one token do not all come back in one second. A token that is old already could not be renewed: it serves to
/// its end.
fn due(token: &AccessToken, now: Instant, spread: f64) -> Instant {
    if now >= token.renew_at {
        return token.expires;
    }
    token.renew_at + token.expires.saturating_duration_since(token.renew_at).mul_f64(spread / 4.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::secret::Secret;

    #[tokio::test(start_paused = true)]
    async fn a_session_is_due_between_the_renewal_and_the_end_of_its_token() {
        let begun = clock::instant();
        let token = AccessToken::new(Secret::new("t".to_owned()), Duration::from_secs(100));
        let due = |now: u64, spread| (due(&token, begun + Duration::from_secs(now), spread) - begun).as_secs();
        assert_eq!((due(0, 0.0), due(79, 0.0), due(0, 1.0)), (80, 80, 85));
        assert_eq!(due(81, 0.0), 100, "its renewal failed");
    }
}

//! Auth tokens: what they open, and until when (zimbra.md §1.3).
//!
//! The life that a response states is not believed, for that of `DelegateAuth` echoes what was asked; the token itself says when it ends.

use std::time::{Duration, UNIX_EPOCH};

use crate::{clock, clock::Instant, limits, secret::Secret};

/// A token, with what can be read in it.
#[derive(Clone)]
pub(super) struct Token {
    secret: Secret,
    /// The account's id.
    pub(super) account: String,
    /// When it is to be replaced.
    renewed_at: Instant,
}

impl Token {
    /// Takes a token that was given out now. One that cannot be read lives as long as [`limits::ZIMBRA_TOKEN_UNTOLD`].
    pub(super) fn new(text: String) -> Self {
        let fields = fields(&text).unwrap_or_default();
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let ends = field("exp").and_then(|millis| millis.parse().ok()).map(Duration::from_millis);
        let now = clock::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let life = ends.map_or(limits::ZIMBRA_TOKEN_UNTOLD, |ends| ends.saturating_sub(now));
        let life = life.min(limits::TOKEN_LIFE_MOST);
        // Short lives are used for the most part, long ones to shortly before their end.
        let margin = limits::ZIMBRA_TOKEN_MARGIN.min(life / 5);
        let account = field("id").unwrap_or_default();
        Token { secret: Secret::new(text), account, renewed_at: clock::instant() + (life - margin) }
    }

    /// The token itself, for the request that sends it.
    pub(super) fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// Whether it is to be replaced.
    pub(super) fn is_old(&self) -> bool {
        clock::instant() >= self.renewed_at
    }
}

/// The fields of `0_<hmac>_<hex of key=length:value;…>`.
fn fields(token: &str) -> Option<Vec<(String, String)>> {
    let hex = token.rsplit('_').next()?;
    let text = unhex(hex)?;
    let mut fields = Vec::new();
    let mut rest = text.as_str();
    while let Some((key, after)) = rest.split_once('=') {
        let (length, after) = after.split_once(':')?;
        let length = length.parse().ok()?;
        let value = after.get(..length)?;
        fields.push((key.to_owned(), value.to_owned()));
        rest = after.get(length..)?.strip_prefix(';')?;
    }
    Some(fields)
}

fn unhex(text: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    String::from_utf8(text.as_bytes().chunks(2).map(pair).collect::<Option<_>>()?).ok()
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(ends_in: i64) -> Token {
        let ends = (clock::unix_now() + ends_in) * 1000;
        let id = "5c5f2bd1-3c3f-4b9b-8f6b-6f7c0a9f1c11";
        let text = format!("id={}:{id};exp={}:{ends};vv=1:2;type=6:zimbra;u=1:a;", id.len(), ends.to_string().len());
        Token::new(format!("0_0123456789abcdef_{}", hex(text.as_bytes())))
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_says_whose_it_is_and_when_it_ends() {
        let day = token(86_400);
        assert_eq!(day.account, "5c5f2bd1-3c3f-4b9b-8f6b-6f7c0a9f1c11");
        clock::sleep(Duration::from_secs(86_400 - 660)).await;
        assert!(!day.is_old());
        clock::sleep(Duration::from_secs(120)).await;
        assert!(day.is_old(), "ten minutes before its end");
        let short = token(10);
        clock::sleep(Duration::from_secs(7)).await;
        assert!(!short.is_old());
        clock::sleep(Duration::from_secs(2)).await;
        assert!(short.is_old());
        assert!(token(-5).is_old());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_cannot_be_read_lives_some_time() {
        for text in ["", "0_1_zz", "0_1_6", "x", "0_1_69643d333a61"] {
            let token = Token::new(text.to_owned());
            assert!(!token.is_old() && token.account.is_empty(), "{text}");
        }
    }
}

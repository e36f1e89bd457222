use serde::Deserialize;

/// The bearer token. `Debug` never shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

impl BearerToken {
    /// Reads the value of the secret: JSON `{"bearer_token": "…"}` or the bare token. `None` when there is no token in it.
    pub fn parse(secret: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Stored {
            bearer_token: String,
        }
        let secret = secret.trim();
        let token = if secret.starts_with('{') { serde_json::from_str::<Stored>(secret).ok()?.bearer_token } else { secret.to_owned() };
        let token = token.trim();
        // RFC 6750's characters of a bearer token, and `%`, which X's own tokens carry.
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte);
        (!token.is_empty() && token.bytes().all(is_token)).then(|| Self(token.to_owned()))
    }

    /// The value of the header `Authorization`.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_json_or_the_bare_token() {
        for (secret, token) in [
            (r#"{"bearer_token": "AAA%2Fb="}"#, Some("AAA%2Fb=")),
            ("AAA%2Fb=\n", Some("AAA%2Fb=")),
            (r#"{"bearer_token": ""}"#, None),
            (r#"{"token": "AAA"}"#, None),
            (r#"{"bearer_token": "AAA"#, None),
            ("", None),
            ("two words", None),
            ("line\nbreak", None),
            ("<html>", None),
        ] {
            assert_eq!(BearerToken::parse(secret), token.map(|token| BearerToken(token.into())), "{secret}");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        assert_eq!(format!("{:?}", BearerToken::parse("AAA")), "Some(BearerToken(..))");
    }
}

use serde::Deserialize;

/// Byte order mark, which some editors write at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The bearer token. `Debug` never prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(String);

impl std::fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

impl BearerToken {
    /// Parses the value of the secret: JSON `{"bearer_token": "…"}`, the bare token, or X's own response to a token request,
    /// `{"token_type":"bearer","access_token":"…"}`. Returns `None` if it contains no token.
    pub fn parse(secret: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Stored {
            bearer_token: Option<String>,
            token_type: Option<String>,
            access_token: Option<String>,
        }
        let secret = secret.trim().trim_start_matches(BYTE_ORDER_MARK).trim();
        let token = if secret.starts_with('{') {
            let Stored { bearer_token, token_type, access_token } = serde_json::from_str(secret).ok()?;
            let is_bearer = token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
            bearer_token.or(access_token.filter(|_| is_bearer))?
        } else {
            secret.to_owned()
        };
        let token = token.trim();
        // The characters that RFC 6750 allows in a bearer token, and `%`, which X's own tokens contain.
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(&byte);
        (!token.is_empty() && token.bytes().all(is_token)).then(|| Self(token.to_owned()))
    }

    /// Returns the value of the `Authorization` header.
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
            (r#"{"token_type":"bearer","access_token":"AAA%2Fb="}"#, Some("AAA%2Fb=")),
            (r#"{"access_token":"AAA","token_type":"Bearer","expires_in":7}"#, Some("AAA")),
            (r#"{"bearer_token":"AAA","access_token":"BBB","token_type":"bearer"}"#, Some("AAA")),
            (r#"{"token_type":"mac","access_token":"AAA"}"#, None),
            (r#"{"access_token":"AAA"}"#, None),
            (r#"{"bearer_token":null}"#, None),
            ("\u{feff}AAA\n", Some("AAA")),
            ("\n\u{feff} {\"bearer_token\": \"AAA\"}", Some("AAA")),
            ("\u{feff}", None),
            ("AAA\u{feff}BBB", None),
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

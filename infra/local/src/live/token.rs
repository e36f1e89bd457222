//! Where `live` finds the bearer token. It is kept in memory, and printed nowhere.

use std::fs;
use std::io::{IsTerminal as _, Read as _, stdin};
use std::path::Path;

use ingest::BearerToken;

use crate::{Outcome, Variable};

const VARIABLE: &str = "X_BEARER_TOKEN";
/// A token has about a hundred characters; a file of another kind is not read to its end.
const BYTES_MAX: u64 = 64 << 10;

/// The token, bare or as `{"bearer_token": "…"}`: of the file, of standard input for `-`, else of the environment.
pub(super) fn read(file: Option<&Path>, variable: Variable) -> Outcome<String> {
    let (text, place) = match file {
        Some(file) if file == Path::new("-") => {
            if stdin().is_terminal() {
                return Err("a token typed here would stay on the screen; pipe it in, or use --token-file FILE".into());
            }
            (
                read_some(stdin()).map_err(|error| format!("cannot read the token from standard input: {error}"))?,
                "standard input".to_owned(),
            )
        }
        Some(file) => {
            let text = fs::File::open(file).and_then(read_some);
            (text.map_err(|error| format!("cannot read the token from {}: {error}", file.display()))?, file.display().to_string())
        }
        None => match variable(VARIABLE) {
            Some(text) => (text, VARIABLE.to_owned()),
            None => return Err(format!("there is no token; set {VARIABLE}, or name a file with --token-file FILE").into()),
        },
    };
    match BearerToken::parse(&text) {
        Some(_) => Ok(text),
        None => Err(format!("{place} holds no bearer token; it must be the token alone, or {{\"bearer_token\": \"…\"}}").into()),
    }
}

fn read_some(reader: impl std::io::Read) -> std::io::Result<String> {
    let mut text = String::new();
    reader.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

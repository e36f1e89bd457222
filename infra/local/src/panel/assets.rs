//! The files of the page, and Plotly.js from the crate `plotly`.

use std::sync::LazyLock;

use aws_smithy_types::base64;
use bytes::Bytes;
use plotly::Plot;
use sha2::{Digest as _, Sha256};

/// A file that does not change while the program runs.
#[derive(Clone, Debug)]
pub struct Asset {
    pub content_type: &'static str,
    pub body: Bytes,
    pub etag: String,
}

/// The page without its data.
pub const PAGE: &str = include_str!("page/index.html");
/// The script of the page.
pub const SCRIPT: &str = include_str!("page/app.js");
/// The words of the page.
pub const WORDS: &str = include_str!("page/words.js");
/// The style of the page.
pub const STYLE: &str = include_str!("page/app.css");
/// The rules that Plotly.js would otherwise put into a `<style>`, which the policy refuses.
pub const PLOTLY_STYLE: &str = include_str!("page/plotly.css");
const LICENCES: &str = include_str!("page/licences.txt");

static PLOTLY: LazyLock<Asset> = LazyLock::new(|| Asset::new("text/javascript; charset=utf-8", plotly_js()));

impl Asset {
    fn new(content_type: &'static str, body: Bytes) -> Self {
        let etag = etag(&body);
        Self { content_type, body, etag }
    }
}

/// Returns the file at a path.
pub fn at(path: &str) -> Option<Asset> {
    let (content_type, text) = match path {
        "/" => ("text/html; charset=utf-8", PAGE),
        "/app.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "/words.js" => ("text/javascript; charset=utf-8", WORDS),
        "/app.css" => ("text/css; charset=utf-8", STYLE),
        "/plotly.css" => ("text/css; charset=utf-8", PLOTLY_STYLE),
        "/licences.txt" => ("text/plain; charset=utf-8", LICENCES),
        "/plotly.js" => return Some(PLOTLY.clone()),
        _ => return None,
    };
    Some(Asset::new(content_type, Bytes::from_static(text.as_bytes())))
}

/// Returns Plotly.js: the first of the scripts that the crate embeds. The second is `MathJax`, which nothing here uses.
///
/// The crate builds both in one `String`; the result is a slice of it, without a copy.
pub fn plotly_js() -> Bytes {
    let sources = Bytes::from(Plot::offline_js_sources());
    let find = |needle: &[u8], from: usize| {
        sources.get(from..).and_then(|rest| rest.windows(needle.len()).position(|window| window == needle)).map(|at| from + at)
    };
    let begins = find(b">", 0).map_or(0, |at| at + 1);
    let ends = find(b"</script>", begins).unwrap_or(sources.len());
    sources.slice(begins..ends)
}

/// Returns the entity tag of a body.
pub fn etag(body: &[u8]) -> String {
    format!("\"{}\"", sha256(body))
}

/// Returns the hash by which a content security policy allows a script or a style.
pub fn sha256(body: &[u8]) -> String {
    base64::encode(Sha256::digest(body).as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plotly_is_the_first_script_of_the_crate() {
        let script = plotly_js();
        assert!(script.starts_with(b"/**\n* plotly.js v"), "{:?}", script.slice(..40));
        assert!(script.len() > 4_000_000 && script.len() < 5_000_000, "{}", script.len());
        assert_eq!(script.windows(8).filter(|window| window == b"</script").count(), 0);
    }

    #[test]
    fn the_page_loads_only_its_own_files_and_holds_no_script() {
        for tag in PAGE.split('<').filter(|tag| tag.starts_with("script") || tag.starts_with("link")) {
            let source = tag.split_once("src=\"").or_else(|| tag.split_once("href=\"")).unwrap().1.split('"').next().unwrap();
            assert!(source == "data:," || at(source).is_some(), "{tag}");
        }
        assert!(!PAGE.contains("style=") && !PAGE.contains("onclick") && !PAGE.contains("<style"), "the policy refuses it");
        assert!(!SCRIPT.contains("innerHTML") && !SCRIPT.contains("insertAdjacentHTML") && !SCRIPT.contains("document.write"));
    }
}

//! The questions that are written already.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// The SQL files below a folder, one a line, each with its first line of comment.
pub fn list(dir: &Path) -> Outcome<String> {
    let mut files = Vec::new();
    collect(dir, &mut files)?;
    files.sort();
    let width = files.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (path, title) in files {
        writeln!(text, "{path:width$}  {title}")?;
    }
    Ok(text)
}

/// Paths and titles; a folder's files come with those of the folders in it.
fn collect(dir: &Path, files: &mut Vec<(String, String)>) -> Outcome {
    let explain = |path: &Path, error: std::io::Error| format!("cannot read {}: {error}; run this in the project's folder", path.display());
    for entry in std::fs::read_dir(dir).map_err(|error| explain(dir, error))? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            let text = std::fs::read_to_string(&path).map_err(|error| explain(&path, error))?;
            files.push((path.display().to_string(), title(&text).to_owned()));
        }
    }
    Ok(())
}

/// What the first line says, if it is a comment.
fn title(sql: &str) -> &str {
    sql.lines().next().and_then(|line| line.strip_prefix("--")).unwrap_or_default().trim()
}

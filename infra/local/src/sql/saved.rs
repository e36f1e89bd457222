//! The saved questions.

use std::path::{Path, PathBuf};

use emulators::files;

use crate::Outcome;
use crate::output::{line, padded, width};

/// Prints the SQL files below a folder, one per line, each with the first line of its comment.
///
/// # Errors
/// Fails after printing the others if some files cannot be read.
pub fn list(dir: &Path) -> Outcome {
    let found = files::find(dir);
    let is_sql = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "sql");
    let (mut titles, mut unreadable) = (Vec::new(), found.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>());
    for path in found.files.iter().filter(is_sql) {
        match std::fs::read_to_string(path) {
            Ok(text) => titles.push((path.display().to_string(), title(&text).to_owned())),
            Err(error) => unreadable.push(format!("{}: {error}", path.display())),
        }
    }
    if titles.is_empty() && unreadable.is_empty() {
        return Err(format!("no .sql files below {}; run this in the project's folder", dir.display()).into());
    }
    let columns = titles.iter().map(|(path, _)| width(path)).max().unwrap_or(0);
    for (path, title) in &titles {
        line(&format!("{}  {title}", padded(path, columns)))?;
    }
    if unreadable.is_empty() {
        return Ok(());
    }
    Err(format!("{} file(s) cannot be read; correct them or move them away\n  {}", unreadable.len(), unreadable.join("\n  ")).into())
}

/// Returns what a saved question answers: the text of its first line, if that is a comment.
pub fn title(sql: &str) -> &str {
    let first = sql.trim_start_matches('\u{feff}').lines().next();
    first.and_then(|line| line.strip_prefix("--")).unwrap_or_default().trim()
}

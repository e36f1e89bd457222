//! The page of one question, which works without scripts: its statement and its whole table.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::questions::Question;
use super::snapshot::QuestionResult;
use crate::sql::Answer;

/// Returns the page.
pub fn html(question: &Question, answer: Option<&QuestionResult>, at: DateTime<Utc>) -> String {
    let (name, title) = (question.name, escaped(question.title()));
    let body = match answer {
        None => "<p>Ainda não calculado; recarregue. <span lang=\"en\">Not computed yet; reload.</span></p>".to_owned(),
        Some(Err(error)) => format!("<p class=\"failed\">{}</p>", escaped(error)),
        Some(Ok(answer)) => table(answer),
    };
    format!(
        "<!doctype html>\n<html lang=\"pt-BR\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{name}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
         <link rel=\"stylesheet\" href=\"/app.css\">\n</head>\n<body class=\"question\">\n<main>\n<p><a href=\"/\">← Painel</a></p>\n\
         <h1>{name}</h1>\n<p lang=\"en\">{title}</p>\n<p>{at} · <a href=\"/q/{name}.csv\">CSV</a></p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{name}\">{body}</div>\n\
         <h2>SQL</h2>\n<pre class=\"scroll\" tabindex=\"0\"><code>{sql}</code></pre>\n</main>\n</body>\n</html>\n",
        at = at.format("%Y-%m-%dT%H:%M:%SZ"),
        sql = escaped(question.sql),
    )
}

/// Returns the rows as a table.
pub fn table(answer: &Answer) -> String {
    let mut html = "<table>\n<thead><tr>".to_owned();
    for name in &answer.columns {
        html += &format!("<th scope=\"col\">{}</th>", escaped(name));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in &answer.rows {
        html += "<tr>";
        for value in row {
            // Writing to memory cannot fail.
            let _ = match value {
                Value::Null => write!(html, "<td></td>"),
                Value::String(text) => write!(html, "<td dir=\"auto\">{}</td>", escaped(text)),
                other => write!(html, "<td class=\"number\">{}</td>", escaped(&other.to_string())),
            };
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table>"
}

/// Escapes a text for HTML, in elements and in quoted attributes.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html += "&amp;",
            '<' => html += "&lt;",
            '>' => html += "&gt;",
            '"' => html += "&quot;",
            '\'' => html += "&#39;",
            other => html.push(other),
        }
    }
    html
}

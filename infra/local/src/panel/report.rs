//! `report`: the charts of a span of days as one file that needs no server and no network.
//!
//! It holds aggregates and links. X's terms allow third parties to receive ids only, and a file that was sent cannot be erased.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;
use serde_json::{Value, json};

use super::assets::{PLOTLY_STYLE, SCRIPT, STYLE, WORDS, plotly_js, sha256};
use super::figures;
use super::questions::{Question, REPORT};
use super::snapshot;
use crate::lake::{self, ref_dir};
use crate::output::line;
use crate::sql::{Answer, Session};
use crate::{Clock, Outcome, Usage};

/// Rows of a ranking.
const LINES: usize = 12;
/// The column that a report leaves out: the text of a tweet.
const LEFT_OUT: &str = "texto";

/// Options of `report`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// File to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// First day (UTC).
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: NaiveDate,
    /// Last day, inclusive.
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: NaiveDate,
}

/// Writes the report of the lake at `root`.
pub async fn run(root: &Path, options: &Options, clock: Clock) -> Outcome {
    if options.from > options.to {
        return Err(Usage::conflict(format_args!("--from {} is after --to {}", options.from, options.to)));
    }
    lake::check(root, &ref_dir(root))?;
    let session = Session::open(&ref_dir(root), clock()).await?;
    let mut charts = Vec::new();
    for question in &REPORT {
        let answer = session.answer(&question.sql_of_days(options.from, options.to)).await.map_err(crate::sql::explained)?;
        charts.push(chart(question, answer, options));
    }
    let document = json!({ "at": clock(), "from": options.from, "to": options.to, "lake": root.display().to_string(), "charts": charts });
    let html = html(&document);
    emulators::files::replace(&options.out, html.as_bytes()).map_err(|error| format!("cannot write {}: {error}", options.out.display()))?;
    line(&format!("{}: {} to {}, {} MB", options.out.display(), options.from, options.to, html.len().div_ceil(1 << 20)))
}

/// Returns a chart as the page's script reads it.
fn chart(question: &Question, answer: Answer, options: &Options) -> Value {
    let mut answer = without(answer, LEFT_OUT);
    let (figure, sentence) = match question.name {
        "sentimento_por_dia" => {
            let days = per_day(&answer);
            (Some(figures::daily(&days, options.from, options.to)), snapshot::shares(&days))
        }
        "palavras_por_dia" => {
            answer = totals(&answer);
            snapshot::ranked(&answer, "palavra", "vezes")
        }
        "hashtags" => {
            answer.rows.truncate(LINES);
            snapshot::ranked(&answer, "hashtag", "tweets")
        }
        "simbolos" => {
            answer.rows.truncate(LINES);
            snapshot::ranked(&answer, "simbolo", "tweets")
        }
        "ritmo_por_hora_e_dia" => (Some(figures::rhythm(&answer)), snapshot::busiest(&answer)),
        _ => (None, Value::Null),
    };
    json!({
        "question": question.name, "sql": question.sql_of_days(options.from, options.to), "figure": figure, "sentence": sentence,
        "is_empty": answer.rows.is_empty(), "table": answer,
    })
}

fn without(mut answer: Answer, column: &str) -> Answer {
    if let Some(place) = answer.columns.iter().position(|name| name == column) {
        answer.columns.remove(place);
        answer.rows.iter_mut().filter(|row| place < row.len()).for_each(|row| drop(row.remove(place)));
    }
    answer
}

/// Returns a row per day, with a column per sentiment.
fn per_day(answer: &Answer) -> Answer {
    let mut days: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
    let rows = answer.texts("dia_utc").into_iter().zip(answer.texts("sentimento")).zip(answer.integers("tweets"));
    for ((day, sentiment), tweets) in rows {
        let [positive, neutral, negative] = days.entry(day).or_default();
        *match sentiment {
            "Positivo" => positive,
            "Negativo" => negative,
            _ => neutral,
        } += tweets;
    }
    let row = |(day, [positive, neutral, negative]): (&str, [i64; 3])| {
        vec![json!(day), json!(positive), json!(negative), json!(neutral), json!(positive + neutral + negative)]
    };
    let columns = ["inicio", "positivos", "negativos", "neutros", "tweets"].map(str::to_owned).to_vec();
    Answer { columns, rows: days.into_iter().map(row).collect(), csv: String::new() }
}

/// Returns the words with the most occurrences over all days.
fn totals(answer: &Answer) -> Answer {
    let mut words: BTreeMap<&str, i64> = BTreeMap::new();
    for (word, times) in answer.texts("palavra").into_iter().zip(answer.integers("vezes")) {
        *words.entry(word).or_default() += times;
    }
    let mut words: Vec<(&str, i64)> = words.into_iter().collect();
    words.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let rows = words.into_iter().take(LINES).map(|(word, times)| vec![json!(word), json!(times)]).collect();
    Answer { columns: vec!["palavra".to_owned(), "vezes".to_owned()], rows, csv: String::new() }
}

/// Returns the file: only the scripts and styles with these hashes run.
fn html(document: &Value) -> String {
    let plotly = plotly_js();
    let plotly = String::from_utf8_lossy(&plotly);
    let style_of_page = format!("\n{STYLE}");
    let hash = |text: &str| format!("'sha256-{}'", sha256(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src {} {} {}; style-src {} {}; img-src data:; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        hash(&plotly),
        hash(WORDS),
        hash(SCRIPT),
        hash(&style_of_page),
        hash(PLOTLY_STYLE),
    );
    let title = format!("Tweets, {} – {}", document["from"].as_str().unwrap_or_default(), document["to"].as_str().unwrap_or_default());
    format!(
        "<!doctype html>\n<html lang=\"pt-BR\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>{style_of_page}</style>\n\
         <style id=\"plotly.js-style-global\" class=\"no-inline-styles\">{PLOTLY_STYLE}</style>\n</head>\n<body class=\"report\">\n\
         <header><h1 id=\"title\">{title}</h1></header>\n<main id=\"cards\"></main>\n\
         <script type=\"application/json\" id=\"document\">{}</script>\n<script>{plotly}</script>\n<script>{WORDS}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        inline(document)
    )
}

/// Returns JSON without `<`, so that no text in it can end the script element that contains it.
fn inline(document: &Value) -> String {
    document.to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_data() {
        let document = json!({ "hashtag": "</script><script>alert(1)</script><!--" });
        let inlined = inline(&document);
        assert!(!inlined.contains('<'), "{inlined}");
        assert_eq!(serde_json::from_str::<Value>(&inlined).unwrap(), document);
    }

    #[test]
    fn a_report_holds_no_text_of_a_post() {
        let columns = ["lugar", "link", "texto"].map(str::to_owned).to_vec();
        let answer =
            Answer { columns, rows: vec![vec![json!(1), json!("https://x.com/i/web/status/1"), json!("palavras")]], csv: String::new() };
        let question = REPORT.iter().find(|question| question.name == "mais_curtidos").unwrap();
        let day = "2026-11-29".parse().unwrap();
        let chart = chart(question, answer, &Options { out: PathBuf::new(), from: day, to: day });
        assert_eq!(chart["table"]["columns"], json!(["lugar", "link"]));
        assert!(!chart["table"].to_string().contains("palavras"));
    }

    #[test]
    fn days_and_words_are_added_up() {
        let long = Answer {
            columns: ["dia_utc", "sentimento", "tweets"].map(str::to_owned).to_vec(),
            rows: vec![vec![json!("2026-11-29"), json!("Negativo"), json!(2)], vec![json!("2026-11-29"), json!("Neutro"), json!(3)]],
            csv: String::new(),
        };
        assert_eq!(per_day(&long).rows, [[json!("2026-11-29"), json!(0), json!(2), json!(3), json!(5)]]);
        let words = Answer {
            columns: ["palavra", "vezes"].map(str::to_owned).to_vec(),
            rows: vec![vec![json!("a"), json!(1)], vec![json!("b"), json!(2)], vec![json!("a"), json!(2)]],
            csv: String::new(),
        };
        assert_eq!(totals(&words).rows, [[json!("a"), json!(3)], [json!("b"), json!(2)]]);
    }

    #[test]
    fn only_hashed_scripts_run() {
        let html = html(&json!({ "from": "2026-11-01", "to": "2026-11-02", "charts": [] }));
        assert_eq!(html.matches("<script").count(), 4, "the data, Plotly.js and two of the page");
        assert_eq!(html.matches("'sha256-").count(), 5);
        assert!(html.contains("require-trusted-types-for 'script'; trusted-types 'none'"));
    }
}

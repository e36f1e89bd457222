//! The expected answers, computed without SQL and without regular expressions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Timelike as _, Utc};
use serde_json::{Value, json};

use super::hours::{hashtags_of_the_hour, newest, numbers, rhythm_of_the_week, symbols_of_the_hour, tweets_per_minute, words_of_the_hour};
use super::rows::Row;

type Question = fn(&[Row], DateTime<Utc>) -> Vec<Value>;

/// Files of `infra/athena` and their answers.
pub const QUESTIONS: [(&str, Question); 24] = [
    ("hashtags", |rows, now| top(&latest(rows, now, 6), "hashtag", |row| &row.hashtags)),
    ("hashtags_da_hora", hashtags_of_the_hour),
    ("mais_curtidos", most_liked),
    ("mencoes", |rows, now| top(&latest(rows, now, 6), "mencao", |row| &row.mencoes)),
    ("painel_numeros", numbers),
    ("palavras_da_hora", words_of_the_hour),
    ("palavras_por_dia", words_per_day),
    ("palavras_por_janela_append", append),
    ("palavras_por_janela_complete", |rows, now| windows(rows, now, |_, _| true)),
    ("palavras_por_janela_update", |rows, now| {
        windows(rows, now, |_, captured| captured.is_some_and(|at| at >= now - TimeDelta::minutes(15)))
    }),
    ("posts_por_minuto", tweets_per_minute),
    ("ritmo_por_hora", rhythm),
    ("ritmo_por_hora_e_dia", rhythm_of_the_week),
    ("saude_duplicados", duplicates),
    ("saude_horas_sem_tweets", hours_without),
    ("saude_linhas_por_arquivo", rows_per_file),
    ("saude_tweets_por_hora", tweets_per_hour),
    ("sentimento_por_15_minutos", sentiment_per_quarter),
    ("sentimento_por_dia", sentiment_per_day),
    ("simbolos", symbols),
    ("simbolos_da_hora", symbols_of_the_hour),
    ("simbolos_por_sentimento", symbols_per_sentiment),
    ("ultimos_posts", newest),
    ("volume_por_autor", authors),
];

/// Returns the rows of today and of the days before it.
pub fn of_days(rows: &[Row], now: DateTime<Utc>, days: i64) -> Vec<Row> {
    let first = now.date_naive() - TimeDelta::days(days);
    rows.iter().filter(|row| (first..=now.date_naive()).contains(&row.criado_em.date_naive())).cloned().collect()
}

/// Returns the same rows without the versions that a later one replaced, even one of another day.
pub fn latest(rows: &[Row], now: DateTime<Utc>, days: i64) -> Vec<Row> {
    let mut newest: BTreeMap<i64, i64> = BTreeMap::new();
    for row in rows {
        let id = newest.entry(row.id_original).or_insert(row.id);
        *id = row.id.max(*id);
    }
    let mut kept = of_days(rows, now, days);
    kept.retain(|row| newest[&row.id_original] == row.id);
    kept
}

pub fn counted<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, u32> {
    let mut counts = BTreeMap::new();
    keys.into_iter().for_each(|key| *counts.entry(key).or_default() += 1);
    counts
}

/// Orders by descending count, then by key.
pub fn by_count<K: Ord>(counts: BTreeMap<K, u32>) -> Vec<(K, u32)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

fn rounded(value: f64, places: i32) -> f64 {
    (value * 10_f64.powi(places)).round() / 10_f64.powi(places)
}

fn percent(part: u32, whole: u32) -> f64 {
    rounded(100.0 * f64::from(part) / f64::from(whole), 1)
}

/// Formats a second as `from_unixtime` does.
pub fn second(seconds: i64) -> String {
    DateTime::from_timestamp_secs(seconds).unwrap().format("%FT%TZ").to_string()
}

/// Formats a timestamp without a zone.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true).trim_end_matches('Z').to_owned()
}

fn day(row: &Row) -> NaiveDate {
    row.criado_em.date_naive()
}

fn sentiment_per_day(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let rows = latest(rows, now, 29);
    let days = counted(rows.iter().map(day));
    let mut counts: Vec<_> = counted(rows.iter().map(|row| (day(row), row.sentimento.clone()))).into_iter().collect();
    counts.sort_by_key(|((day, _), _)| Reverse(*day));
    let line = |((day, sentimento), tweets)| json!({ "dia_utc": day, "sentimento": sentimento, "tweets": tweets, "por_cento": percent(tweets, days[&day]) });
    counts.into_iter().map(line).collect()
}

fn sentiment_per_quarter(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let mut quarters: BTreeMap<i64, BTreeMap<String, u32>> = BTreeMap::new();
    for row in latest(rows, now, 29).into_iter().filter(|row| (now - TimeDelta::days(1)..now).contains(&row.criado_em)) {
        *quarters.entry(row.criado_em.timestamp() / 900 * 900).or_default().entry(row.sentimento).or_default() += 1;
    }
    let line = |(start, counts): (i64, BTreeMap<String, u32>)| {
        let of = |sentimento| counts.get(sentimento).copied().unwrap_or(0);
        json!({ "inicio": second(start), "positivos": of("Positivo"), "negativos": of("Negativo"), "neutros": of("Neutro"), "tweets": counts.values().sum::<u32>() })
    };
    quarters.into_iter().rev().map(line).collect()
}

fn symbol_counts(rows: &[Row], now: DateTime<Utc>) -> BTreeMap<(String, String), u32> {
    counted(latest(rows, now, 29).into_iter().filter_map(|row| Some((row.simbolo?, row.sentimento))))
}

fn symbols(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let counts = symbol_counts(rows, now);
    let all = counts.values().sum();
    let line = |((simbolo, sentimento), tweets)| json!({ "simbolo": simbolo, "sentimento": sentimento, "tweets": tweets, "por_cento": percent(tweets, all) });
    by_count(counts).into_iter().map(line).collect()
}

fn symbols_per_sentiment(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let counts = by_count(symbol_counts(rows, now));
    let of = |wanted: &str| {
        let own = counts.iter().filter(|((_, sentimento), _)| sentimento == wanted).take(5).enumerate();
        own.map(|(place, ((simbolo, sentimento), tweets))| json!({ "sentimento": sentimento, "lugar": place + 1, "simbolo": simbolo, "tweets": tweets })).collect::<Vec<_>>()
    };
    [of("Negativo"), of("Positivo")].concat()
}

fn top(rows: &[Row], name: &str, of: impl Fn(&Row) -> &Vec<String>) -> Vec<Value> {
    let once = |row: &Row| of(row).iter().map(|tag| tag.to_lowercase()).collect::<BTreeSet<_>>();
    let counts = by_count(counted(rows.iter().flat_map(once)));
    counts
        .into_iter()
        .take(20)
        .enumerate()
        .map(|(place, (tag, tweets))| json!({ "lugar": place + 1, name: tag, "tweets": tweets }))
        .collect()
}

fn authors(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let counts = by_count(counted(latest(rows, now, 6).iter().filter_map(|row| row.autor_id)));
    counts
        .into_iter()
        .take(20)
        .enumerate()
        .map(|(place, (author, tweets))| json!({ "lugar": place + 1, "autor_id": author, "tweets": tweets }))
        .collect()
}

fn most_liked(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let mut liked = latest(rows, now, 6);
    liked.retain(|row| row.curtidas.is_some());
    liked.sort_by_key(|row| (Reverse(row.curtidas), row.id));
    let of = |wanted: &str| {
        let own = liked.iter().filter(|row| row.sentimento == wanted).take(5).enumerate();
        own.map(|(place, row)| {
            json!({
                "sentimento": row.sentimento, "lugar": place + 1, "curtidas": row.curtidas,
                "link": format!("https://x.com/i/web/status/{}", row.id), "texto": row.texto,
            })
        })
        .collect::<Vec<_>>()
    };
    [of("Negativo"), of("Neutro"), of("Positivo")].concat()
}

fn rhythm(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let rows = latest(rows, now, 6);
    let brasilia = |row: &Row| (row.criado_em - TimeDelta::hours(3)).hour();
    let all = u32::try_from(rows.len()).unwrap();
    counted(rows.iter().map(brasilia))
        .into_iter()
        .map(|(hour, tweets)| json!({ "hora": hour, "tweets": tweets, "por_cento": percent(tweets, all) }))
        .collect()
}

fn hour_of(row: &Row) -> i64 {
    row.criado_em.timestamp() / 3600 * 3600
}

fn tweets_per_hour(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let hours = counted(of_days(rows, now, 6).iter().map(hour_of));
    let mean = hours.values().map(|&tweets| f64::from(tweets)).sum::<f64>() / f64::from(u32::try_from(hours.len()).unwrap());
    let line = |(hour, tweets)| json!({ "hora_utc": second(hour), "tweets": tweets, "media": rounded(mean, 1), "vezes_a_media": rounded(f64::from(tweets) / mean, 2) });
    hours.into_iter().rev().map(line).collect()
}

fn hours_without(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let hours: BTreeSet<i64> = of_days(rows, now, 6).iter().map(hour_of).collect();
    let Some(&first) = hours.first() else { return Vec::new() };
    let all = (first..=now.timestamp()).step_by(3600);
    all.filter(|hour| !hours.contains(hour)).map(|hour| json!({ "hora_utc": second(hour) })).collect()
}

fn rows_per_file(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let mut files: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in of_days(rows, now, 1) {
        files.entry(row.arquivo_raw.clone()).or_default().push(row);
    }
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by_key(|(_, rows)| Reverse(rows.iter().map(|row| row.criado_em).max()));
    let line = |(key, rows): (String, Vec<Row>)| {
        let mut line = json!({
            "arquivo_raw": key, "linhas": rows.len(),
            "mais_antigo": rows.iter().map(|row| row.criado_em).min().map(instant),
            "mais_novo": rows.iter().map(|row| row.criado_em).max().map(instant),
        });
        if let Some(captured) = rows.iter().filter_map(|row| row.capturado_em).max() {
            line["capturado_em"] = instant(captured).into();
        }
        line
    };
    files.into_iter().map(line).collect()
}

fn duplicates(rows: &[Row], _now: DateTime<Utc>) -> Vec<Value> {
    let ids: BTreeSet<i64> = rows.iter().map(|row| row.id).collect();
    vec![json!({ "linhas": rows.len(), "tweets": ids.len(), "duplicados": rows.len() - ids.len() })]
}

fn words_per_day(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let rows = of_days(rows, now, 6);
    let counts = counted(rows.iter().flat_map(|row| words(row).into_iter().map(|word| (day(row), word))));
    let total =
        |day: NaiveDate, word: &str| counts.iter().filter(|((at, own), _)| *at <= day && own == word).map(|(_, times)| times).sum::<u32>();
    let mut lines: Vec<_> = counts.iter().collect();
    lines.sort_by_key(|((day, word), times)| (Reverse(*day), Reverse(**times), word.clone()));
    lines
        .into_iter()
        .map(|((day, word), times)| json!({ "dia_utc": day, "palavra": word, "vezes": times, "total_ate_o_dia": total(*day, word) }))
        .collect()
}

/// Windows of 10 minutes, one every 5, that `is_shown` accepts by their end and their latest capture.
fn windows(rows: &[Row], now: DateTime<Utc>, is_shown: impl Fn(i64, Option<DateTime<Utc>>) -> bool) -> Vec<Value> {
    /// Count and latest capture.
    type Counted = (u32, Option<DateTime<Utc>>);
    let mut windows: BTreeMap<(i64, String), Counted> = BTreeMap::new();
    for row in of_days(rows, now, 1) {
        let at = row.criado_em.timestamp();
        for start in (at - 1_200..=at).filter(|start| start % 300 == 0 && at < start + 600) {
            for word in words(&row) {
                let (times, captured) = windows.entry((start, word)).or_default();
                *times += 1;
                *captured = row.capturado_em.max(*captured);
            }
        }
    }
    let mut shown: Vec<_> = windows.into_iter().filter(|((start, _), (_, captured))| is_shown(start + 600, *captured)).collect();
    shown.sort_by_key(|((start, word), (times, _))| (*start, Reverse(*times), word.clone()));
    shown
        .into_iter()
        .map(|((start, word), (times, _))| json!({ "inicio": second(start), "fim": second(start + 600), "palavra": word, "vezes": times }))
        .collect()
}

fn append(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let Some(newest) = of_days(rows, now, 1).iter().map(|row| row.criado_em).max() else { return Vec::new() };
    let watermark = newest - TimeDelta::seconds(30);
    windows(rows, now, |end, _| DateTime::from_timestamp_secs(end).unwrap() <= watermark)
}

static LEFT_OUT: LazyLock<BTreeSet<&str>> = LazyLock::new(|| include_str!("../../../../athena/palavras_vazias.txt").lines().collect());

/// Returns the words of a row that are not in the list.
pub fn words(row: &Row) -> Vec<String> {
    let text: Vec<char> = row.texto.as_deref().unwrap_or_default().to_lowercase().chars().collect();
    let mut words = Vec::new();
    let mut rest = text.as_slice();
    while let Some(&first) = rest.first() {
        let length = skipped(rest).unwrap_or_else(|| {
            let word = rest.iter().take_while(|&&char| is_inside(char)).count();
            if is_letter(first) && word > 1 {
                words.push(rest[..word].iter().collect::<String>());
                word
            } else {
                1
            }
        });
        rest = &rest[length..];
    }
    words.retain(|word| !LEFT_OUT.contains(word.as_str()));
    words
}

/// Returns the length of the link, mention, hashtag, entity or number that `text` starts with.
fn skipped(text: &[char]) -> Option<usize> {
    let starts = |with: &str| with.chars().zip(text).filter(|(want, char)| want == *char).count() == with.chars().count();
    let run = |from: usize, belongs: fn(char) -> bool| text[from..].iter().take_while(|&&char| belongs(char)).count();
    let name = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    for link in ["https://", "http://", "www."] {
        if starts(link) {
            let length = run(link.len(), |char| !char.is_whitespace() && !char.is_control());
            return (length > 0).then_some(link.len() + length);
        }
    }
    let (from, length) = match text[0] {
        '@' => (1, run(1, |char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')),
        '#' => (1, run(1, |char| is_inside(char) || char == '_')),
        '&' => {
            let from = if text.get(1) == Some(&'#') { 2 } else { 1 };
            let length = run(from.min(text.len()), name);
            let is_closed = text.get(from + length) == Some(&';');
            (from + 1, if is_closed { length } else { 0 })
        }
        char if char.is_numeric() => (0, run(0, is_inside)),
        _ => return None,
    };
    (length > 0).then_some(from + length)
}

fn is_letter(char: char) -> bool {
    char.is_alphabetic()
}

/// Returns whether the character is a letter, a digit, or a mark such as a combining accent.
fn is_inside(char: char) -> bool {
    is_letter(char) || char.is_numeric() || matches!(char, '\u{300}'..='\u{36f}' | '\u{fe0f}')
}

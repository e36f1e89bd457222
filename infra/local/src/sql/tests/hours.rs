//! By hand: the questions of `panel`, which look at the last hours.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use serde_json::{Value, json};

use super::by_hand::{by_count, counted, instant, latest, of_days, second, words};
use super::rows::Row;

/// Rows of a ranking.
const LINES: usize = 12;

fn hour() -> TimeDelta {
    TimeDelta::hours(1)
}

/// Returns the current versions created in the last two hours.
fn two_hours(rows: &[Row], now: DateTime<Utc>) -> Vec<Row> {
    let mut rows = latest(rows, now, 1);
    rows.retain(|row| (now - hour() * 2..now).contains(&row.criado_em));
    rows
}

/// Ranks keys by their count of the last hour; each row also has the count of the hour before.
fn ranked<K: Ord + Clone>(
    rows: &[Row],
    now: DateTime<Utc>,
    keys: impl Fn(&Row) -> Vec<K>,
    line: impl Fn(usize, K, u32, u32) -> Value,
) -> Vec<Value> {
    let count = |is_last: bool| {
        let of_hour = rows.iter().filter(|row| (row.criado_em >= now - hour()) == is_last);
        counted(of_hour.flat_map(&keys))
    };
    let (last, before): (BTreeMap<K, u32>, BTreeMap<K, u32>) = (count(true), count(false));
    let lines = by_count(last).into_iter().take(LINES).enumerate();
    lines.map(|(place, (key, times))| line(place + 1, key.clone(), times, before.get(&key).copied().unwrap_or(0))).collect()
}

fn change(times: u32, before: u32) -> i64 {
    i64::from(times) - i64::from(before)
}

pub fn words_of_the_hour(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let mut rows = of_days(rows, now, 1); // every version
    rows.retain(|row| (now - hour() * 2..now).contains(&row.criado_em));
    ranked(
        &rows,
        now,
        words,
        |lugar, palavra, vezes, antes| json!({ "lugar": lugar, "palavra": palavra, "vezes": vezes, "vezes_antes": antes, "variacao": change(vezes, antes) }),
    )
}

pub fn hashtags_of_the_hour(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let once = |row: &Row| {
        let mut tags: Vec<String> = row.hashtags.iter().map(|tag| tag.to_lowercase()).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    ranked(
        &two_hours(rows, now),
        now,
        once,
        |lugar, hashtag, tweets, antes| json!({ "lugar": lugar, "hashtag": hashtag, "tweets": tweets, "tweets_antes": antes, "variacao": change(tweets, antes) }),
    )
}

pub fn symbols_of_the_hour(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let own = |row: &Row| row.simbolo.iter().map(|simbolo| (simbolo.clone(), row.sentimento.clone())).collect();
    ranked(
        &two_hours(rows, now),
        now,
        own,
        |lugar, (simbolo, sentimento), tweets, antes| json!({ "lugar": lugar, "simbolo": simbolo, "sentimento": sentimento, "tweets": tweets, "tweets_antes": antes, "variacao": change(tweets, antes) }),
    )
}

pub fn tweets_per_minute(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let rows = two_hours(rows, now);
    let last = now.timestamp() / 60 * 60;
    let line = |start: i64| {
        let of = |wanted: Option<&str>| {
            let inside = rows.iter().filter(|row| (start..start + 60).contains(&row.criado_em.timestamp()));
            inside.filter(|row| wanted.is_none_or(|wanted| row.sentimento == wanted)).count()
        };
        json!({ "inicio": second(start), "positivos": of(Some("Positivo")), "negativos": of(Some("Negativo")), "neutros": of(Some("Neutro")), "tweets": of(None) })
    };
    (0..60).rev().map(|minutes| line(last - minutes * 60)).collect()
}

pub fn rhythm_of_the_week(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let rows = latest(rows, now, 6);
    let place = |row: &Row| {
        let local = row.criado_em - TimeDelta::hours(3);
        (local.weekday().num_days_from_monday(), local.hour())
    };
    counted(rows.iter().map(place))
        .into_iter()
        .map(|((day, hour), tweets)| json!({ "dia_da_semana": day, "hora": hour, "tweets": tweets }))
        .collect()
}

pub fn newest(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let mut rows = latest(rows, now, 1);
    rows.retain(|row| (now - hour() * 24..now).contains(&row.criado_em));
    rows.sort_by_key(|row| -row.id);
    let line = |(place, row): (usize, Row)| {
        let mut line = json!({ "lugar": place + 1, "criado_em": instant(row.criado_em), "sentimento": row.sentimento });
        for (name, value) in [("simbolo", row.simbolo), ("texto", row.texto)] {
            if let Some(value) = value {
                line[name] = value.into();
            }
        }
        line
    };
    rows.into_iter().take(8).enumerate().map(line).collect()
}

pub fn numbers(rows: &[Row], now: DateTime<Utc>) -> Vec<Value> {
    let rows = latest(rows, now, 1);
    let local_day = |at: DateTime<Utc>| (at - TimeDelta::hours(3)).date_naive();
    let mut line = json!({ "tweets_hoje": rows.iter().filter(|row| local_day(row.criado_em) >= local_day(now)).count() });
    let created = rows.iter().map(|row| row.criado_em).max();
    let captured = rows.iter().filter_map(|row| row.capturado_em).max();
    if let Some(created) = created {
        line["ultimo_tweet"] = instant(created).into();
    }
    if let Some(captured) = captured {
        line["ultima_captura"] = instant(captured).into();
    }
    if let (Some(created), Some(captured)) = (created, captured) {
        line["atraso_s"] = (captured - created).num_milliseconds().div_euclid(1_000).into();
    }
    vec![line]
}

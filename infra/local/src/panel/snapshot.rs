//! The document of the page: the latest answers, with their figures, as JSON.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::figures::{self, Band, Figure, Ranked};
use super::lake_state::LakeState;
use super::questions::{self, Question};
use crate::sql::Answer;

/// An answer, or why there is none.
pub type QuestionResult = Result<Answer, String>;

/// Answers at one instant. A question without an entry was not asked yet.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Increases by one with each change.
    pub version: u64,
    /// The clock of the questions.
    pub at: DateTime<Utc>,
    /// Folder of the lake, as the user wrote it.
    pub lake: String,
    /// State of the lake, once read.
    pub state: Option<LakeState>,
    /// Answers by the names of their questions.
    pub answers: Vec<(&'static str, QuestionResult)>,
}

/// A chart with its table.
#[derive(Debug, Serialize)]
struct Chart<'a> {
    question: &'a str,
    /// The reason, if the question failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    figure: Option<Figure>,
    /// Description of the chart: the name of a phrase, and its values.
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence: Option<Value>,
    /// True without rows, or if all counts are zero.
    is_empty: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a Answer>,
}

impl Snapshot {
    /// Returns the answer to a question, if it was asked.
    pub fn answer(&self, question: &str) -> Option<&QuestionResult> {
        self.answers.iter().find(|(name, _)| *name == question).map(|(_, answer)| answer)
    }

    /// Records an answer.
    pub fn set(&mut self, question: &Question, answer: QuestionResult) {
        match self.answers.iter_mut().find(|(name, _)| *name == question.name) {
            Some((_, old)) => *old = answer,
            None => self.answers.push((question.name, answer)),
        }
    }

    /// Returns the document that the page shows.
    pub fn document(&self) -> Value {
        json!({
            "version": self.version,
            "at": self.at,
            "lake": self.lake,
            "state": self.state,
            "today": self.today(),
            "charts": questions::PANEL.iter().filter_map(|question| self.chart(question.name)).map(|chart| json!(chart)).collect::<Vec<_>>(),
        })
    }

    /// Returns the row of `painel_numeros`.
    fn today(&self) -> Value {
        let Some(Ok(answer)) = self.answer("painel_numeros") else { return Value::Null };
        let row = answer.rows.first().cloned().unwrap_or_default();
        answer.columns.iter().cloned().zip(row).collect::<serde_json::Map<_, _>>().into()
    }

    fn chart(&self, question: &'static str) -> Option<Chart<'_>> {
        let answer = match self.answer(question)? {
            Ok(answer) => answer,
            Err(error) => {
                return Some(Chart { question, error: Some(error), figure: None, sentence: None, is_empty: true, table: None });
            }
        };
        let (figure, sentence) = match question {
            "posts_por_minuto" => {
                let (from, to) = (self.minute() - TimeDelta::minutes(59), self.minute() + TimeDelta::minutes(1));
                (Some(figures::stacked(answer, TimeDelta::minutes(1), (from, to), &self.not_captured(to))), shares(answer))
            }
            "sentimento_por_15_minutos" => {
                let span = (self.at - TimeDelta::hours(24), self.at);
                (Some(figures::stacked(answer, TimeDelta::minutes(15), span, &self.hours_without(span))), shares(answer))
            }
            "palavras_da_hora" => ranked(answer, "palavra", "vezes"),
            "hashtags_da_hora" => ranked(answer, "hashtag", "tweets"),
            "simbolos_da_hora" => ranked(answer, "simbolo", "tweets"),
            "ritmo_por_hora_e_dia" => (Some(figures::rhythm(answer)), busiest(answer)),
            _ => (None, Value::Null),
        };
        let is_empty =
            answer.rows.is_empty() || (question == "posts_por_minuto" && answer.integers("tweets").iter().all(|tweets| *tweets == 0));
        Some(Chart { question, error: None, figure, sentence: Some(sentence), is_empty, table: Some(answer) })
    }

    fn minute(&self) -> DateTime<Utc> {
        self.at - TimeDelta::milliseconds(self.at.timestamp_millis().rem_euclid(60_000))
    }

    /// Returns the span up to `to` that no capture has reached yet.
    fn not_captured(&self, to: DateTime<Utc>) -> Vec<Band> {
        let until = self.state.as_ref().and_then(|state| state.captured_until);
        until.filter(|until| *until < self.at).map(|until| (until.max(to - TimeDelta::hours(1)), to)).into_iter().collect()
    }

    /// Returns the hours of `saude_horas_sem_tweets` inside a span, consecutive ones together.
    fn hours_without(&self, span: Band) -> Vec<Band> {
        let Some(Ok(answer)) = self.answer("saude_horas_sem_tweets") else { return Vec::new() };
        let mut bands: Vec<Band> = Vec::new();
        for hour in answer.texts("hora_utc").iter().filter_map(|hour| hour.parse::<DateTime<Utc>>().ok()) {
            let (from, to) = (hour.max(span.0), (hour + TimeDelta::hours(1)).min(span.1));
            match bands.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ if from < to => bands.push((from, to)),
                _ => {}
            }
        }
        bands
    }
}

/// Describes counts by sentiment.
pub fn shares(answer: &Answer) -> Value {
    let sum = |column| answer.integers(column).into_iter().sum::<i64>();
    json!({ "phrase": "shares", "posts": sum("tweets"), "positive": sum("positivos"), "neutral": sum("neutros"), "negative": sum("negativos") })
}

/// Returns a ranking with the description of its first row.
pub fn ranked(answer: &Answer, name: &str, counted: &str) -> (Option<Figure>, Value) {
    let (names, counts) = (answer.texts(name), answer.integers(counted));
    let (before, sentiments) = (answer.integers(&format!("{counted}_antes")), answer.texts("sentimento"));
    let row = |place: usize, label: &str| {
        let (arrow, tone) = match sentiments.get(place) {
            Some(&"Positivo") => (" ▲", "positive"),
            Some(&"Negativo") => (" ▼", "negative"),
            _ => ("", "slate"),
        };
        let hash = if name == "hashtag" { "#" } else { "" };
        let (count, before) = (counts.get(place).copied().unwrap_or(0), before.get(place).copied());
        Ranked { label: format!("{hash}{label}{arrow}"), count, before, tone }
    };
    let rows: Vec<Ranked> = names.iter().enumerate().map(|(place, label)| row(place, label)).collect();
    let first = rows.first().map(|row| json!({ "phrase": "first", "label": row.label, "count": row.count, "before": row.before }));
    (Some(figures::ranking(&rows)), first.unwrap_or(Value::Null))
}

/// Describes the fullest cell of `ritmo_por_hora_e_dia`.
pub fn busiest(answer: &Answer) -> Value {
    let cells = answer.integers("dia_da_semana").into_iter().zip(answer.integers("hora")).zip(answer.integers("tweets"));
    let most = cells.max_by_key(|(_, tweets)| *tweets);
    most.map_or(Value::Null, |((day, hour), tweets)| json!({ "phrase": "busiest", "day": day, "hour": hour, "posts": tweets }))
}

//! The saved questions that the panel shows. No other statement is ever run.

use crate::sql;

/// A file of `infra/athena`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Name of the file without its extension.
    pub name: &'static str,
    /// Its statement.
    pub sql: &'static str,
}

macro_rules! question {
    ($name:literal) => {
        Question { name: $name, sql: include_str!(concat!("../../../athena/", $name, ".sql")) }
    };
}

/// Questions of the panel in the order of their computation: the tiles, then the questions that read the fewest days.
pub const PANEL: [Question; 9] = [
    question!("painel_numeros"),
    question!("posts_por_minuto"),
    question!("ultimos_posts"),
    question!("simbolos_da_hora"),
    question!("hashtags_da_hora"),
    question!("palavras_da_hora"),
    question!("sentimento_por_15_minutos"),
    question!("ritmo_por_hora_e_dia"),
    question!("saude_horas_sem_tweets"),
];

/// Questions of a report. [`Question::over`] sets their days.
pub const REPORT: [Question; 7] = [
    question!("sentimento_por_dia"),
    question!("palavras_por_dia"),
    question!("hashtags"),
    question!("simbolos"),
    question!("ritmo_por_hora_e_dia"),
    question!("mais_curtidos"),
    question!("saude_horas_sem_tweets"),
];

/// Returns a question of the panel; `None` if it has none of this name.
pub fn named(name: &str) -> Option<&'static Question> {
    PANEL.iter().find(|question| question.name == name)
}

impl Question {
    /// Returns what the question answers: the text of its first comment line.
    pub fn title(&self) -> &'static str {
        sql::title(self.sql)
    }

    /// Returns the statement over other days: the lines of `parametros` that compute `desde` and `ate` from `current_date` give
    /// numbers instead, as their comments describe.
    pub fn sql_of_days(&self, from: chrono::NaiveDate, to: chrono::NaiveDate) -> String {
        let number = |line: &str| {
            let of = |name: &str| line.trim_start().starts_with("CAST(date_format(current_date") && line.contains(&format!(" AS {name}"));
            let (name, day) = if of("desde") {
                ("desde", from)
            } else if of("ate") {
                ("ate", to)
            } else {
                return line.to_owned();
            };
            let rest = line.split_once(" AS integer)").map_or("", |(_, rest)| rest.trim_start_matches(&format!(" AS {name}")));
            format!("        {} AS {name}{rest}", day.format("%Y%m%d"))
        };
        self.sql.lines().map(number).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_its_days_in_every_question() {
        let day = |text: &str| text.parse().unwrap();
        for question in REPORT {
            let text = question.sql_of_days(day("2026-11-01"), day("2026-11-07"));
            assert!(text.contains("20261101 AS desde,") && text.contains("20261107 AS ate"), "{text}");
            assert!(!text.contains("current_date"), "{text}");
        }
    }

    #[test]
    fn only_questions_of_the_panel_have_a_page() {
        assert_eq!(named("posts_por_minuto").map(|question| question.name), Some("posts_por_minuto"));
        for name in ["hashtags", "../saude_duplicados", "", "posts_por_minuto.sql", "SELECT 1"] {
            assert_eq!(named(name), None, "{name}");
        }
        assert!(PANEL.iter().all(|question| !question.title().is_empty()));
    }
}

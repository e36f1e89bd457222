//! Checks which files a statement opens: only those of the days it selects.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{Days, NaiveDate};
use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::physical_plan::{FileGroup, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;

use super::by_hand::QUESTIONS;
use super::lake::NOW;
use super::{Session, athena};
use crate::fixtures::put_refined;

/// Returns the days of a lake with one tweet a day: every day from 2026-10-01 to 2026-12-02, and four days of other
/// years and months.
fn days() -> BTreeSet<NaiveDate> {
    let autumn = day(20_261_001).iter_days().take(63);
    autumn.chain([20_241_123, 20_251_122, 20_251_231, 20_260_122].map(day)).collect()
}

fn day(number: i32) -> NaiveDate {
    NaiveDate::parse_from_str(&number.to_string(), "%Y%m%d").unwrap()
}

fn put(lake: &Path, day: NaiveDate) {
    let (id, at) = (day.format("19%Y%m%d"), day.format("%Y-%m-%dT12:00:00.000Z"));
    let raw = format!(r#"{{"data":[{{"id":"{id}","created_at":"{at}","text":"bom dia #brasil"}}]}}"#);
    put_refined(lake, &format!("tweets/{day}.json"), raw.as_bytes());
}

fn lake() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for day in days() {
        put(dir.path(), day);
    }
    dir
}

/// Returns the days of the files that the plan of a statement reads.
async fn days_read(session: &Session, statement: &str) -> BTreeSet<NaiveDate> {
    let frame = session.context.sql(statement).await.unwrap();
    let mut days = BTreeSet::new();
    collect(&*frame.create_physical_plan().await.unwrap(), &mut days);
    days
}

fn collect(plan: &dyn ExecutionPlan, days: &mut BTreeSet<NaiveDate>) {
    if let Some((scan, _)) = plan.downcast_ref::<DataSourceExec>().and_then(|scan| scan.downcast_to_file_source::<ParquetSource>()) {
        let files = scan.file_groups.iter().flat_map(FileGroup::iter);
        days.extend(files.map(|file| day(file.path().filename().unwrap()[..10].replace('-', "").parse().unwrap())));
    }
    plan.children().into_iter().for_each(|child| collect(&**child, days));
}

/// Days before and after today that each question reads. Today is 2026-11-23.
const QUESTION_DAYS: [(&str, u64, u64); 24] = [
    ("hashtags", 6, 1),
    ("hashtags_da_hora", 0, 0), // two hours, and one hour more
    ("mais_curtidos", 6, 1),
    ("mencoes", 6, 1),
    ("painel_numeros", 1, 1),
    ("palavras_da_hora", 0, 0),
    ("palavras_por_dia", 6, 0),
    ("palavras_por_janela_append", 1, 0),
    ("palavras_por_janela_complete", 1, 0),
    ("palavras_por_janela_update", 1, 0),
    ("posts_por_minuto", 0, 0),
    ("ritmo_por_hora", 6, 1),
    ("ritmo_por_hora_e_dia", 6, 1),
    ("saude_duplicados", 9999, 0), // all since 2024
    ("saude_horas_sem_tweets", 6, 0),
    ("saude_linhas_por_arquivo", 1, 0),
    ("saude_tweets_por_hora", 6, 0),
    ("sentimento_por_15_minutos", 1, 0), // 24 hours plus one hour
    ("sentimento_por_dia", 29, 1),
    ("simbolos", 29, 1),
    ("simbolos_da_hora", 0, 0),
    ("simbolos_por_sentimento", 29, 1),
    ("ultimos_posts", 1, 0),
    ("volume_por_autor", 6, 1),
];

#[tokio::test]
async fn a_question_opens_only_the_files_of_its_days() {
    let lake = lake();
    let session = Session::open(lake.path(), NOW).await.unwrap();
    assert_eq!(QUESTION_DAYS.map(|(name, ..)| name), QUESTIONS.map(|(name, _)| name));
    for (name, before, after) in QUESTION_DAYS {
        let statement = std::fs::read_to_string(athena().join(format!("{name}.sql"))).unwrap();
        let (first, last) = (NOW.date_naive() - Days::new(before), NOW.date_naive() + Days::new(after));
        let want: BTreeSet<_> = days().range(first..=last).copied().collect();
        assert_eq!(days_read(&session, &statement).await, want, "{name}");
    }
}

/// The plan names the files that are read; planning itself could open others for their footers.
#[tokio::test]
async fn a_file_of_another_day_may_be_damaged() {
    let lake = lake();
    for file in ["ano=2026/mes=11/dia=25/2026-11-25.parquet", "ano=2026/mes=11/dia=16/2026-11-16.parquet"] {
        std::fs::write(lake.path().join("tweets").join(file), "not Parquet").unwrap();
    }
    let session = Session::open(lake.path(), NOW).await.unwrap();
    for (name, before, _) in QUESTION_DAYS {
        let statement = std::fs::read_to_string(athena().join(format!("{name}.sql"))).unwrap();
        assert_eq!(session.query(&statement).await.is_ok(), before < 7, "{name}");
    }
}

#[tokio::test]
async fn any_statement_opens_only_the_files_of_its_days() {
    const PARAMETERS: &str = "WITH parametros AS (SELECT 20261122 AS desde, 20261123 AS ate)";
    let lake = lake();
    let session = Session::open(lake.path(), NOW).await.unwrap();
    let two: &[i32] = &[20_261_122, 20_261_123];
    for (statement, want) in [
        ("SELECT texto FROM tweets WHERE ano * 10000 + mes * 100 + dia BETWEEN 20261122 AND 20261123", two),
        ("SELECT texto FROM tweets WHERE ano = 2026 AND mes = 11 AND dia IN (22, 23)", two),
        ("SELECT texto FROM tweets WHERE ano = 2026 AND mes = 1", &[20_260_122]),
        ("SELECT count(*) FROM tweets WHERE ano = 2025 OR ano = 2024", &[20_241_123, 20_251_122, 20_251_231]),
        ("SELECT count(*) FROM tweets WHERE ano < 2026 AND texto <> 'x' AND dia = 22", &[20_251_122]),
        ("SELECT palavra FROM palavras WHERE ano = 2026 AND mes = 11 AND dia >= 22 AND dia < 24", two),
        ("{p} SELECT texto FROM tweets, parametros WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate", two),
        ("{p} SELECT texto FROM tweets JOIN parametros ON ano * 10000 + mes * 100 + dia BETWEEN desde AND ate", two),
        ("{p} SELECT texto FROM parametros CROSS JOIN tweets WHERE ano * 10000 + mes * 100 + dia BETWEEN desde AND ate", two),
        (
            "{p}, q AS (SELECT ate - 1 AS d FROM parametros) SELECT texto FROM tweets, q WHERE ano * 10000 + mes * 100 + dia IN (d, d + 1)",
            two,
        ),
        ("WITH p(d) AS (VALUES (20261122)) SELECT texto FROM tweets, p WHERE ano * 10000 + mes * 100 + dia BETWEEN d AND d + 1", two),
        (
            "{p} SELECT texto FROM tweets WHERE ano * 10000 + mes * 100 + dia >= (SELECT desde FROM parametros) \
             AND ano * 10000 + mes * 100 + dia <= (SELECT ate FROM parametros)",
            two,
        ),
        (
            "WITH p AS (SELECT CAST(date_format(current_date - INTERVAL '1' DAY, '%Y%m%d') AS integer) AS d) \
             SELECT texto FROM tweets, p WHERE ano * 10000 + mes * 100 + dia BETWEEN d AND 20261123",
            two,
        ),
        ("SELECT texto FROM tweets WHERE false", &[]),
    ] {
        let statement = statement.replace("{p}", PARAMETERS);
        let want: BTreeSet<_> = want.iter().copied().map(day).collect();
        assert_eq!(days_read(&session, &statement).await, want, "{statement}");
        let rows: usize = session.query(&statement).await.unwrap().iter().map(RecordBatch::num_rows).sum();
        assert!(rows > 0 || want.is_empty(), "{statement}");
    }
}

/// A join with constants returns the same rows as the statement without it.
#[tokio::test]
async fn a_join_with_constants_has_the_same_rows() {
    let lake = lake();
    let session = Session::open(lake.path(), NOW).await.unwrap();
    let two_days = "ano * 10000 + mes * 100 + dia BETWEEN 20261122 AND 20261123";
    for (statement, want) in [
        ("SELECT dia, c.* FROM tweets, (SELECT 1 AS a, 'x' AS b) AS c WHERE {d}", "[1, x, 22] [1, x, 23]"),
        ("SELECT dia, c.* FROM (SELECT 1 AS a, 'x' AS b) AS c CROSS JOIN tweets WHERE {d}", "[1, x, 22] [1, x, 23]"),
        ("SELECT a, b FROM (SELECT 1 AS a) CROSS JOIN (SELECT 2 AS b)", "[1, 2]"),
        ("SELECT a, dia FROM tweets JOIN (SELECT 22 AS a) AS c ON dia = a WHERE {d}", "[22, 22]"),
        ("SELECT a, dia FROM tweets LEFT JOIN (SELECT 22 AS a) AS c ON dia = a WHERE {d}", "[22, 22] [23]"),
        ("SELECT a, dia FROM tweets, (VALUES (1), (2)) AS c(a) WHERE {d}", "[1, 22] [1, 23] [2, 22] [2, 23]"),
        ("SELECT a, dia FROM tweets, (SELECT 1 AS a WHERE 1 = 2) AS c WHERE {d}", ""),
        ("SELECT a, dia FROM tweets, (SELECT max(dia) AS a FROM tweets WHERE {d}) AS c WHERE {d}", "[23, 22] [23, 23]"),
        ("SELECT dia AS a, mes AS b FROM tweets WHERE {d} AND dia = (SELECT max(dia) FROM tweets WHERE {d})", "[23, 11]"),
        ("SELECT dia AS a, mes AS b FROM tweets WHERE {d} AND dia IN (SELECT min(dia) FROM tweets WHERE {d})", "[22, 11]"),
    ] {
        let statement = format!("{} ORDER BY 1, 2", statement.replace("{d}", two_days));
        let rows = super::json_lines(&session.query(&statement).await.unwrap());
        let rows = rows.iter().map(|row| {
            let values = row.as_object().unwrap().values().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            format!("[{}]", values.collect::<Vec<_>>().join(", "))
        });
        assert_eq!(rows.collect::<Vec<_>>().join(" "), want, "{statement}");
    }
}

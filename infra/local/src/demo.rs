//! `cargo run`: the pipeline over an emulated X API, then SQL over what it wrote.

use std::path::Path;

use emulators::x_api::EMULATOR_TOKEN;
use ingest::{Config, Wire};

use crate::lake::{Lake, RAW_BUCKET, SECRET_ID};
use crate::pipeline::Pipeline;
use crate::report::Report;
use crate::serve::start_x_api;
use crate::sql::{Format, Session};
use crate::{Clock, DEFAULT_QUERY, Outcome};

const TABLES: [(&str, &str); 3] = [
    (
        "Sentiment",
        "SELECT sentimento, count(*) AS tweets, round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent
         FROM tweets GROUP BY sentimento ORDER BY tweets DESC",
    ),
    (
        "Symbols",
        "SELECT simbolo, sentimento, count(*) AS tweets FROM tweets WHERE simbolo IS NOT NULL
         GROUP BY simbolo, sentimento ORDER BY tweets DESC, simbolo LIMIT 8",
    ),
    (
        "Latest tweets",
        "SELECT criado_em, tipo, sentimento, simbolo, substr(replace(texto, chr(10), ' '), 1, 60) AS texto
         FROM tweets ORDER BY id DESC LIMIT 8",
    ),
];

/// Runs the demo in the lake at `root`.
pub async fn run(root: &Path, clock: Clock) -> Outcome {
    let lake = Lake::open(root, clock, EMULATOR_TOKEN)?;
    let server = start_x_api(0, clock).await?;
    let report = Report::on(lake.s3());
    report.line(&format!("X API (emulated) at {}, S3 in {}", server.url(), root.display()));

    let config = config(&server.url())?;
    let safety_lag = config.safety_lag;
    let mut pipeline = Pipeline::open(&lake, config, Wire::http()?, clock).await?;
    let caught = pipeline.catch_up(&report, safety_lag).await;
    report.finish();
    let caught = caught?;

    println!(
        "{} new tweets in {} new RAW files, {} run(s), {}. At X's prices this read {} posts for ${:.2}.",
        caught.posts, caught.files, caught.runs, caught.status, caught.posts_read, caught.estimated_usd
    );
    let session = Session::open(&lake.ref_dir())?;
    for (title, query) in TABLES {
        println!("\n{title}");
        session.print(query, Format::Table).await?;
    }
    println!("\nRAW   {}", lake.raw_dir().join("tweets").display());
    println!("REF   {}", lake.ref_dir().join("tweets").display());
    println!("\nTry next:");
    println!("  cargo run -- sql \"SELECT count(*) FROM tweets\"");
    println!("  cargo run                # again: adds only what is new since");
    println!("  cargo run -- --help");
    if let [dead, ..] = pipeline.dead() {
        return Err(format!("{} RAW file(s) could not be refined, the first is s3://{RAW_BUCKET}/{dead}", pipeline.dead().len()).into());
    }
    Ok(())
}

/// The configuration of ingest as the template would set it, with its defaults.
pub(crate) fn config(x_api_base_url: &str) -> Outcome<Config> {
    let variables = [
        ("RAW_BUCKET", RAW_BUCKET),
        ("X_SECRET_ID", SECRET_ID),
        ("SEARCH_QUERY", DEFAULT_QUERY),
        ("X_API_BASE_URL", x_api_base_url),
        ("MAX_POSTS_PER_MONTH", "0"), // emulated posts cost nothing
    ];
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Ok(Config::from_env(variable)?)
}

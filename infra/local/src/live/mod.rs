//! `live`: runs the pipeline against the real X API, after it shows the cost.

mod token;

use std::io::{IsTerminal as _, stdin};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::error::ErrorKind;
use indicatif::HumanCount;
use ingest::{Config, DEFAULT_QUERY, Fault, Preview, Problem, Status, USD_PER_COUNT, USD_PER_POST, Wire};

use crate::lake::{Lake, RAW_BUCKET, SECRET_ID, Source};
use crate::output::{line, message, quoted};
use crate::pipeline::{CatchUp, Pipeline};
use crate::progress::Progress;
use crate::{Clock, Failure, Outcome, Unfinished, Usage, Variable};

/// Default folder of a lake of real posts, separate from the demo's.
pub const LIVE_LAKE: &str = ".lake-live";

/// Options of `live`. Each one corresponds to a variable of ingest.
#[derive(Debug, Args)]
pub struct Live {
    /// Search query in X's query language, 1 to 512 characters.
    #[arg(long, default_value = DEFAULT_QUERY, hide_default_value = true, allow_hyphen_values = true)]
    query: String,
    /// File that contains the bearer token, `-` for standard input [default: the variable X_BEARER_TOKEN].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Maximum number of posts that this command reads; each costs $0.005.
    #[arg(long, value_name = "POSTS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..=100_000))]
    max_posts: u64,
    /// Maximum number of posts that this lake reads in a calendar month (UTC); 0 for no limit.
    #[arg(long, value_name = "POSTS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    max_posts_per_month: u64,
    /// How far back the first run of a lake starts, 1 to 10080 (seven days).
    #[arg(long, value_name = "MINUTES", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    lookback_minutes: u64,
    /// Continues without asking, for scripts.
    #[arg(long)]
    yes: bool,
    /// Another server with the same API: https, or http on 127.0.0.1.
    #[arg(long, value_name = "URL", default_value = "https://api.x.com")]
    x_api_url: String,
}

/// Options, with the variables of ingest: a configuration problem is reported under the option's name.
const VARIABLES: [(&str, &str); 5] = [
    ("SEARCH_QUERY", "--query"),
    ("X_API_BASE_URL", "--x-api-url"),
    ("MAX_POSTS_PER_RUN", "--max-posts"),
    ("MAX_POSTS_PER_MONTH", "--max-posts-per-month"),
    ("LOOKBACK_MINUTES", "--lookback-minutes"),
];

impl Live {
    /// Shows the number of pending posts and the maximum cost, asks, and reads the posts into the lake at `root`.
    pub async fn run(self, root: &Path, clock: Clock, variable: Variable) -> Outcome {
        let config = self.config()?;
        if !self.yes && !stdin().is_terminal() {
            let text = "`live` asks before it spends money, and standard input is not a terminal; add --yes to continue without asking";
            return Err(Usage { kind: ErrorKind::MissingRequiredArgument, text: text.to_owned() }.into());
        }
        let token = token::read(self.token_file.as_deref(), variable)?;
        let lake = Lake::open(root, clock, &token)?;
        lake.claim(Source::XApi)?;

        let wire = Wire::http(&config.x_api_base_url)?;
        let mut pipeline = Pipeline::open(&lake, config, wire, clock).await?;
        let preview = pipeline.preview().await.map_err(explained)?;
        let posts_max = self.posts_max(&preview);
        self.show(&preview, posts_max, root);
        if !self.yes && !confirmed()? {
            return Err("not confirmed, so nothing was read".into());
        }

        let progress = Progress::on(lake.s3());
        let totals = pipeline.catch_up(&progress, self.max_posts).await;
        progress.finish();
        let totals = totals.map_err(explained)?;
        let spent = totals.estimated_usd + usd(preview.requests, USD_PER_COUNT);
        line(&format!(
            "{} new tweets in {} new RAW files, {}. This read {} posts for about ${spent:.3}, the count included.\n\nRAW   {}\nREF   {}\n\nTry next:\n  \
             cargo run -- sql --lake {} \"SELECT sentimento, count(*) FROM tweets GROUP BY 1\"",
            HumanCount(totals.posts),
            HumanCount(totals.files),
            totals.status,
            HumanCount(totals.posts_read),
            quoted(&lake.raw_dir().join("tweets")),
            quoted(&lake.ref_dir().join("tweets")),
            quoted(root),
        ))?;
        pipeline.all_refined()?;
        self.finished(&totals, posts_max)
    }

    /// Returns the configuration of ingest as the template would set it from these options.
    fn config(&self) -> Outcome<Config> {
        let value = |name: &str| {
            Some(match name {
                "RAW_BUCKET" => RAW_BUCKET.to_owned(),
                "X_SECRET_ID" => SECRET_ID.to_owned(),
                "SEARCH_QUERY" => self.query.clone(),
                "X_API_BASE_URL" => self.x_api_url.clone(),
                "MAX_POSTS_PER_RUN" => self.max_posts.to_string(),
                "MAX_POSTS_PER_MONTH" => self.max_posts_per_month.to_string(),
                "LOOKBACK_MINUTES" => self.lookback_minutes.to_string(),
                _ => return None,
            })
        };
        Config::from_env(value).map_err(|error| {
            let of_option = |Problem { variable, fault }: &Problem| {
                let option = VARIABLES.iter().find(|(name, _)| name == variable).map_or(*variable, |(_, option)| option);
                match fault {
                    Fault::NotSet => format!("{option} is empty"),
                    Fault::Invalid(fault) => format!("{option} {fault}"),
                }
            };
            let problems: Vec<String> = error.problems().iter().map(of_option).collect();
            Usage { kind: ErrorKind::ValueValidation, text: problems.join("\n  ") }.into()
        })
    }

    /// Returns the maximum number of posts that can be billed, whatever X serves.
    fn posts_max(&self, preview: &Preview) -> u64 {
        let month_left = match self.max_posts_per_month {
            0 => u64::MAX,
            max => max.saturating_sub(preview.posts_read_month),
        };
        self.max_posts.min(month_left)
    }

    fn show(&self, preview: &Preview, posts_max: u64, root: &Path) {
        let from = preview.from.format("%Y-%m-%d %H:%M:%S UTC");
        let begins = if preview.resumes {
            "where the last run stopped".to_owned()
        } else {
            format!("the last {} minutes, --lookback-minutes", HumanCount(self.lookback_minutes))
        };
        let mut text = format!(
            "Query   {}\nPosts   {} match from {from} ({begins}) until now, by X's count\n\
             Cap     {} posts in this run (--max-posts), {} in a month (--max-posts-per-month), {} read this month\n\
             Cost    at most ${:.2} for {} posts at ${USD_PER_POST}; ${:.3} for the count is spent\n",
            self.query,
            HumanCount(preview.posts),
            HumanCount(self.max_posts),
            if self.max_posts_per_month == 0 { "any number".to_owned() } else { HumanCount(self.max_posts_per_month).to_string() },
            HumanCount(preview.posts_read_month),
            usd(posts_max, USD_PER_POST),
            HumanCount(posts_max),
            usd(preview.requests, USD_PER_COUNT),
        );
        if preview.posts < posts_max {
            text += &format!("        about ${:.2} if these {} are all\n", usd(preview.posts, USD_PER_POST), HumanCount(preview.posts));
        }
        match &preview.open_query {
            Some(query) if *query != self.query => {
                text += &format!("Note    the last run stopped in the middle of another query, which is finished first: {query}\n");
            }
            _ if preview.resumes => {
                text += &format!(
                    "Note    posts from before that time are not searched again; to run another query from its start, use --lake OTHER instead of {}\n",
                    quoted(root)
                );
            }
            _ => {}
        }
        message(&text); // failures are ignored: either --yes was given, or the question is not visible either
    }

    /// Reports the remaining work, if any.
    fn finished(&self, totals: &CatchUp, posts_max: u64) -> Outcome {
        let left = match totals.status {
            Status::Complete => return Ok(()),
            Status::RateLimited => "X's rate limit is reached; run the same command again in 15 minutes".to_owned(),
            Status::BudgetExhausted => {
                format!(
                    "this month's {} posts have been read; raise --max-posts-per-month or wait for the next month",
                    HumanCount(self.max_posts_per_month)
                )
            }
            Status::Busy => "another run is active in this lake; run the same command again later".to_owned(),
            Status::Partial if totals.posts_read + 10 > posts_max => {
                format!(
                    "the cap of {} posts is reached and more are pending; run the same command again to continue",
                    HumanCount(self.max_posts)
                )
            }
            Status::Partial => "X gave no usable answer; run the same command again to continue".to_owned(),
        };
        Err(Unfinished(left).into())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
fn usd(count: u64, usd_each: f64) -> f64 {
    count as f64 * usd_each
}

fn confirmed() -> Outcome<bool> {
    message("Go on? [y/N] ");
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "s" | "sim")
}

/// Returns an error of ingest with its advice in terms of this command.
fn explained(error: Failure) -> Failure {
    use ingest::Error;
    let error = match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(other) => return other,
    };
    match error {
        Error::Unauthorized { .. } => "X API refused the bearer token (401); check X_BEARER_TOKEN or --token-file".into(),
        Error::RequestRejected { status, reason } => format!("X API refused the request ({status}: {reason}); check --query").into(),
        Error::NotFromX { .. } | Error::PageUnreadable { .. } => error.chain().replace("X_API_BASE_URL", "--x-api-url").into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_y_yes_or_sim_is_a_yes() {
        for (answer, want) in [("y\n", true), ("YES\n", true), ("sim\n", true), ("\n", false), ("", false), ("n\n", false), ("yy\n", false)]
        {
            assert_eq!(is_yes(answer), want, "{answer:?}");
        }
    }
}

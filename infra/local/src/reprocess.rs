//! `reprocess`: runs refine on RAW again, after a change of refine or of the lexicon.

use std::path::Path;

use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use tweets::RawKey;

use crate::ignored::report_ignored;
use crate::lake::{self, Lake, raw_dir};
use crate::output::line;
use crate::pipeline::{all_refined, deliver, refine_of, rejected_files};
use crate::queue::Queue;
use crate::rejected::{self, Rejected};
use crate::{Clock, Outcome, Usage};

/// Refines again the RAW files of the days `from` to `to`, both inclusive; without bounds all files, also those added by
/// hand.
///
/// REF objects that already carry the current versions of refine and of the lexicon are not rewritten.
pub async fn run(root: &Path, from: Option<NaiveDate>, to: Option<NaiveDate>, clock: Clock) -> Outcome {
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(Usage::conflict(format_args!("--from {from} is after --to {to}; no day is between them")));
    }
    lake::check(root, &raw_dir(root))?;
    let lake = Lake::open(root, clock, "")?;
    let mut queue = Queue::open(&lake).await?;
    let is_of_all_days = from.is_none() && to.is_none();
    let is_meant_day = |day: NaiveDate| from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to);
    let is_meant = |key: &str| match key.parse::<RawKey>() {
        Ok(key) => is_meant_day(key.oldest_created_at().date_naive()),
        Err(_) => is_of_all_days,
    };
    let mut rejected: Vec<Rejected> = queue.rejected_before().iter().filter(|file| !is_meant(&file.key)).cloned().collect();
    let files = queue.replay(&lake, is_meant, is_meant_day).await?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} RAW files, {eta} left").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(files).with_style(style); // draws nothing if standard error is not a terminal
    let refine = refine_of(&lake);
    let malformed = deliver(&mut queue, &refine, clock, |messages| bar.inc(messages)).await?;
    bar.finish_and_clear();
    let rejected_now = rejected_files(queue.take_dead(), &refine, clock).await;
    let refined = all_refined(&rejected_now, queue.unreadable());
    let files = files - rejected_now.len() as u64;
    rejected.extend(rejected_now);
    let listed = rejected::write(root, &rejected);
    let (refine, lexicon) = (refine::REFINE_VERSION, refine::LEXICON_VERSION);
    line(&format!("{files} RAW files went through refine {refine} with lexicon {lexicon}."))?;
    if malformed > 0 {
        line(&format!("{malformed} malformed values were read as null; `reprocess --raw DIR --ref DIR` counts them by field."))?;
    }
    report_ignored(queue.ignored())?;
    refined.and(listed)
}

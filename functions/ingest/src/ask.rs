//! Sends one request of a run, and decides what follows a failure: the same request, another one, or the end of the run.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use lambda::{Fate, milliseconds};
use tracing::{debug, warn};
use tweets::page::NotAPage;

use crate::error::Error;
use crate::opening::floor_at;
use crate::refusal::Failure;
use crate::run::Run;
use crate::status::Status;
use crate::stop::Stop;
use crate::x_api::{Answer, SearchRequest};

/// Consecutive requests without a page before the run leaves the rest to the next one.
const ATTEMPTS_MAX: u32 = 4;
/// Consecutive bodies that are not a page before the run fails: each may have been billed.
const UNREADABLE_MAX: u32 = 2;
/// Pause before the second attempt, in milliseconds. It doubles with each attempt.
const PAUSE_MS: u64 = 400;

impl Run<'_> {
    /// Sends one request. Returns `None` if there was no page and the run asks again.
    pub(crate) async fn ask(&mut self, request: &SearchRequest, now: DateTime<Utc>) -> Result<Option<Answer>, Stop> {
        let token = self.ingest.token().await.map_err(|error| Stop::Refused(Box::new(error)))?;
        let failure = match self.ingest.x.search_recent(request, &token, now).await {
            // One bad post does not stop a run, but a changed format does. While nothing of the sweep could be read, it
            // may be a changed format.
            Ok(Answer { page, form, .. }) if page.without_id > 0 && page.posts.is_empty() && !self.sweep.has_read() => {
                Failure::NotAPage { source: NotAPage::WithoutIds { posts: page.without_id }, posts: Some(page.without_id), form }
            }
            Ok(answer) => {
                (self.failures, self.unreadable) = (0, 0);
                return Ok(Some(answer));
            }
            Err(failure) => failure,
        };
        self.summary.count_lost(failure.posts_lost(request.max_results));
        self.recover(failure).await?;
        Ok(None)
    }

    /// Prepares for the next request after a failure, or stops the run.
    async fn recover(&mut self, failure: Failure) -> Result<(), Stop> {
        match failure {
            Failure::NoAnswer { source, .. } => self.back_off(source).await,
            Failure::ServerError(status) => self.back_off(format!("status {status}").into()).await,
            Failure::NotAPage { source, .. } if self.unreadable + 1 < UNREADABLE_MAX => {
                self.unreadable += 1;
                self.back_off(source.into()).await
            }
            Failure::NotFromX(StatusCode::UNAUTHORIZED, _) | Failure::Unauthorized if !self.has_reread_token => {
                self.has_reread_token = true;
                self.ingest.forget_token().await;
                Ok(())
            }
            Failure::StaleSinceId { date, reason } => {
                let now = date.map_or(self.invocation.now(), |date| date.max(self.invocation.now()));
                match self.sweep.raise_floor(floor_at(now)) {
                    Some(gap) => {
                        self.summary.report_gap(gap);
                        Ok(())
                    }
                    None => Err(self.stop_after(Failure::StaleSinceId { date, reason })),
                }
            }
            failure => Err(self.stop_after(failure)),
        }
    }

    /// Waits before the same request is sent again, longer each time, or gives up.
    async fn back_off(&mut self, source: Box<dyn std::error::Error + Send + Sync>) -> Result<(), Stop> {
        self.failures += 1;
        // One to two times the pause, depending on a number that differs between runs.
        let pause_ms = PAUSE_MS << (self.failures - 1);
        let jitter_permille = self.owner.rotate_left(self.failures * 8) % 1000;
        let wait = Duration::from_millis(pause_ms + pause_ms * jitter_permille / 1000);
        if self.failures >= ATTEMPTS_MAX || self.invocation.left() < self.pace.page + wait {
            self.summary.is_x_unavailable = true;
            return Err(stop_of(Error::Unavailable { attempts: self.failures, source }));
        }
        debug!(attempt = self.failures, wait_ms = milliseconds(wait), "x api request repeated");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn stop_after(&self, failure: Failure) -> Stop {
        stop_of(failure.into_error(&self.ingest.config.secret_id))
    }
}

fn stop_of(error: Error) -> Stop {
    match (error.fate(), &error) {
        (Fate::Resume, Error::RateLimited { .. } | Error::NotFromX { .. }) => {
            warn!(error_type = error.error_type(), error = error.chain(), "x api rate limit");
            Stop::Early(Status::RateLimited)
        }
        (Fate::Resume, _) => {
            warn!(error_type = error.error_type(), error = error.chain(), "x api unavailable");
            Stop::Early(Status::Partial)
        }
        (Fate::Fail | Fate::Reject, _) => Stop::Refused(Box::new(error)),
    }
}

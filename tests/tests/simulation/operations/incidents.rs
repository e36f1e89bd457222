//! Replays incidents: what fails, which alarms of the template it raises, which log line reports it, and that following its entry
//! in RUNBOOK.md ends it.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use chrono::TimeDelta;
use pipeline_tests::{Call, Fault, Outcome, Sandbox, Shape, World};
use serde_json::Value;

use super::cloudformation::{Template, read};
use super::cloudwatch::CloudWatch;

const INGEST: &str = "xpto-ingest";
const REFINE: &str = "xpto-refine";
/// Seconds between two ticks, as by default.
const TICK: u64 = 900;
/// Seconds until a message is visible again, as in the template.
const HIDDEN: u64 = 360;

/// An incident in progress.
struct Play {
    world: World,
    sandbox: Sandbox,
    template: Template,
    cloudwatch: CloudWatch,
}

impl Play {
    /// Prepares a world in which the pipeline has run without errors for an hour.
    async fn begin(world: World) -> Self {
        let mut play =
            Self { sandbox: world.sandbox(), world, template: Template::read().nested("Operations"), cloudwatch: CloudWatch::default() };
        for _ in 0..4 {
            play.world.post(10);
            assert_eq!(play.tick().await.status(), "complete");
        }
        play.deliver().await;
        assert_eq!(play.alarms(), Vec::<String>::new(), "before the incident");
        play
    }

    /// Runs `ingest` at the next tick of the schedule.
    async fn tick(&mut self) -> Outcome<Value> {
        self.world.wait(TICK).await;
        let outcome = self.sandbox.run(&self.world, Duration::from_mins(1)).await;
        let failed = !matches!(outcome, Outcome::Answered(_));
        let now = self.world.now();
        self.cloudwatch.put("AWS/Lambda", "Invocations", ("FunctionName", INGEST), now, 1.0);
        self.cloudwatch.put("AWS/Lambda", "Errors", ("FunctionName", INGEST), now, f64::from(u8::from(failed)));
        for line in self.world.metrics() {
            self.cloudwatch.read(INGEST, &line);
        }
        outcome
    }

    /// Delivers one batch to `refine`.
    async fn deliver(&mut self) {
        if self.world.has_waiting() {
            self.cloudwatch.put("AWS/Lambda", "Invocations", ("FunctionName", REFINE), self.world.now(), 1.0);
        }
        self.world.deliver().await;
        for line in self.world.metrics() {
            self.cloudwatch.read(REFINE, &line);
        }
        let dead = u32::try_from(self.world.dead_letters().len()).unwrap();
        let queue = ("QueueName", "xpto-refine-dead");
        self.cloudwatch.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, self.world.now(), dead.into());
    }

    /// Delivers until a message is a dead letter.
    async fn deliver_until_dead(&mut self) {
        while self.world.dead_letters().is_empty() {
            self.deliver().await;
            self.world.wait(HIDDEN).await;
        }
        self.world.wait(60).await;
        self.deliver().await;
    }

    fn alarms(&self) -> Vec<String> {
        self.cloudwatch.alarms(&self.template, self.world.now()).into_iter().collect()
    }

    /// Asserts the effects of the incident, and that RUNBOOK.md lists the same effects. An empty `message`: nothing is logged.
    #[track_caller]
    fn check(&self, incident: &str, metrics: &[&str], alarms: &[&str], (message, error_type): (&str, &str), ended_by: &str) {
        assert_eq!(self.alarms(), alarms, "{incident}");
        for metric in metrics {
            assert!(self.cloudwatch.has(metric), "{incident}: no {metric}");
        }
        let lines = self.world.journal().lines();
        let is_logged = message.is_empty()
            || lines.iter().any(|line| line.message == message && (error_type.is_empty() || line.field("error_type") == Some(error_type)));
        assert!(is_logged, "{incident}: no line `{message}` with {error_type}");

        let code = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let log = match (message, error_type) {
            ("", _) => "nothing".to_owned(),
            (message, "") => code(&[message]),
            expected => code(&[expected.0, expected.1]),
        };
        let row = format!("| {incident} | {} | {} | {log} | {ended_by} |", code(metrics), code(alarms));
        let runbook = read("RUNBOOK.md").unwrap();
        assert!(runbook.contains(&row), "RUNBOOK.md lacks this row:\n{row}");
    }

    /// Asserts that the incident is over: runs succeed, nothing is lost, no alarm is on.
    async fn end(&mut self) {
        self.world.stop_faults();
        for _ in 0..5 {
            self.tick().await;
            self.deliver().await;
        }
        assert_eq!(self.alarms(), Vec::<String>::new(), "after the incident");
        self.world.come_to_rest().await;
    }
}

fn play(incident: impl AsyncFnOnce(Play)) {
    World::scripted(Shape { refines: true, ..Shape::scripted() }, async |world| incident(Play::begin(world).await).await);
}

#[test]
fn the_token_is_revoked() {
    play(async |mut play| {
        play.world.set_x_token("token-secreto-1".to_owned());
        play.world.post(10);
        assert_eq!(play.tick().await.status(), "Unauthorized");
        assert_eq!(play.alarms(), ["ingest-token"], "at once");
        for _ in 0..3 {
            play.tick().await;
        }
        let alarms = ["ingest-behind", "ingest-silent", "ingest-token"];
        play.check("the token is revoked", &["Errors"], &alarms, ("ingest failed", "Unauthorized"), "a new token in the secret");
        play.world.set_secret("token-secreto-1".to_owned());
        assert_eq!(play.tick().await.status(), "complete");
        play.end().await;
    });
}

#[test]
fn the_credits_are_gone() {
    play(async |mut play| {
        for _ in 0..4 {
            play.world.post(10);
            play.world.script(Call::Search, 1, Fault::Status { status: 402, applied: false });
            assert_eq!(play.tick().await.status(), "CreditsDepleted");
        }
        let alarms = ["ingest-behind", "ingest-credits", "ingest-silent"];
        play.check("the credits are gone", &["Errors"], &alarms, ("ingest failed", "CreditsDepleted"), "credits are bought");
        play.end().await;
    });
}

#[test]
fn the_schedule_cannot_start_ingest() {
    play(async |mut play| {
        play.world.wait(4 * TICK).await;
        let queue = ("QueueName", "xpto-ingest-dead");
        play.cloudwatch.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, play.world.now(), 4.0);
        let alarms = ["ingest-silent", "schedule-undelivered"];
        play.check(
            "the schedule cannot start ingest",
            &[],
            &alarms,
            ("", ""),
            "what was changed by hand is changed back, the queue purged",
        );
        play.world.wait(60).await;
        play.cloudwatch.put("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue, play.world.now(), 0.0);
        play.end().await;
    });
}

#[test]
fn x_is_down_for_a_day() {
    play(async |mut play| {
        for tick in 0..96 {
            play.world.post(10);
            for request in 1..=4 {
                play.world.script(Call::Search, request, Fault::Status { status: 503, applied: false });
            }
            assert_eq!(play.tick().await.status(), "partial", "tick {tick}");
        }
        let expected = ("x api unavailable", "Unavailable");
        play.check(
            "X is down for a day",
            &["UnavailableStops", "LagSeconds"],
            &["ingest-behind"],
            expected,
            "nothing: the next run after the outage continues",
        );
        play.world.stop_faults();
        let first = play.tick().await;
        assert_eq!((first.status(), first.number("posts")), ("complete", 96));
        play.end().await;
    });
}

#[test]
fn a_poison_file() {
    play(async |mut play| {
        let body = ByteStream::from_static(b"{\"data\": [");
        play.world.operator().put_object().bucket("raw").key("tweets/lixo.json").body(body).send().await.unwrap();
        play.world.post(10);
        assert_eq!(play.tick().await.status(), "complete");
        play.deliver_until_dead().await;
        let metrics = ["Errors", "RejectedFiles"];
        play.check(
            "a poison file",
            &metrics,
            &["refine-rejected"],
            ("object rejected", "RawRejected"),
            "a corrected file under another key, the message deleted",
        );
        assert_eq!(play.world.dead_letters(), ["tweets/lixo.json"], "the other file was processed");
        play.world.wait(7 * 3600).await; // SQS stops sending metrics for an unused queue
        assert!(play.alarms().contains(&"refine-rejected".to_owned()), "the message is still there");
        let body = ByteStream::from_static(br#"{"data": [{"id": "7", "created_at": "2026-11-23T14:05:00.000Z", "text": "bom :)"}]}"#);
        play.world.operator().put_object().bucket("raw").key("tweets/corrected/lixo.json").body(body).send().await.unwrap();
        play.deliver().await;
        let refined = play.world.operator().list_objects_v2().bucket("ref").prefix("tweets/").send().await.unwrap();
        assert!(refined.contents().iter().any(|object| object.key().is_some_and(|key| key.contains("corrected"))));
    });
}

#[test]
fn the_notification_is_gone() {
    play(async |mut play| {
        play.world.set_announced(false);
        for _ in 0..8 {
            play.world.post(10);
            assert_eq!(play.tick().await.status(), "complete");
            play.deliver().await;
        }
        let ended_by = "the notification is put back, the days are refined once more";
        play.check("the notification is gone", &["Files"], &["refine-silent"], ("ingest finished", ""), ended_by);
        play.world.set_announced(true);
        play.world.reprocess().await;
        play.world.post(10);
        play.end().await; // INV-3: no row of the two hours is missing
    });
}

#[test]
fn x_changes_a_field() {
    play(async |mut play| {
        let post = r#"{"id": "2124866860615730001", "created_at": "2026-11-23T14:05:00.000Z", "text": "bom :)", "lang": {"code": "pt"}}"#;
        let body = ByteStream::from(format!(r#"{{"data": [{post}], "meta": {{"result_count": 1}}}}"#).into_bytes());
        play.world.operator().put_object().bucket("raw").key("tweets/changed.json").body(body).send().await.unwrap();
        play.world.wait(1).await;
        play.deliver().await;
        play.check(
            "X changes a field",
            &["MalformedFields", "Rows"],
            &["refine-malformed"],
            ("malformed values read as null", ""),
            "nothing: the rows are in REF; the code follows, then reprocess",
        );
        assert!(play.world.dead_letters().is_empty());
        play.world.wait(4 * 300).await;
        play.tick().await;
        assert_eq!(play.alarms(), Vec::<String>::new(), "after the incident");
    });
}

#[test]
fn a_full_backlog() {
    play(async |mut play| {
        // Refine is off for more than a day while ingest continues.
        for _ in 0..104 {
            play.world.post(10);
            assert_eq!(play.tick().await.status(), "complete");
        }
        let queue = ("QueueName", "xpto-refine");
        play.cloudwatch.put("AWS/SQS", "ApproximateAgeOfOldestMessage", queue, play.world.now(), 104.0 * 900.0);
        assert_eq!(play.alarms(), ["refine-late", "refine-silent"]);
        play.world.wait(1).await;
        while play.world.has_waiting() {
            play.deliver().await;
        }
        let ended_by = "nothing: it is worked off, what is older than a day as backfill";
        play.check("a full backlog", &["Rows", "BackfillRows"], &["refine-late"], ("refine finished", ""), ended_by);
        play.world.wait(300).await;
        play.cloudwatch.put("AWS/SQS", "ApproximateAgeOfOldestMessage", queue, play.world.now(), 0.0);
        play.end().await;
    });
}

#[test]
fn a_wrong_query_is_deployed() {
    play(async |mut play| {
        play.world.script(Call::Search, 1, Fault::Status { status: 400, applied: false });
        play.world.post(10);
        assert_eq!(play.tick().await.status(), "RequestRejected");
        play.check(
            "a wrong query is deployed",
            &["Errors"],
            &["ingest-settings"],
            ("ingest failed", "RequestRejected"),
            "the right query is deployed",
        );
        play.end().await;
    });
}

#[test]
fn a_query_that_finds_too_much() {
    let mut shape = Shape { refines: true, file_tweets_max: 100, ..Shape::scripted() };
    shape.config.max_posts_per_run = 100;
    World::scripted(shape, async |world| {
        let mut play = Play::begin(world).await;
        for _ in 0..1_000 {
            play.world.post(10);
        }
        play.sandbox = play.world.sandbox_with(TimeDelta::zero(), |config| config.search_query = "brasil".to_owned());
        for _ in 0..4 {
            assert_eq!(play.tick().await.status(), "partial");
        }
        play.check(
            "a query that finds too much",
            &["LagSeconds", "PostsReadMonth"],
            &["ingest-behind"],
            ("ingest finished", ""),
            "the right query is deployed, the open sweep given up",
        );
        play.sandbox = play.world.sandbox(); // the right query, which the open sweep does not use
        assert_eq!(play.tick().await.status(), "partial");
        let mut cursor = serde_json::to_value(play.world.cursor().unwrap()).unwrap();
        assert_eq!(cursor["sweep"]["query"], "brasil");

        // As RUNBOOK.md describes.
        cursor["done"] = cursor["sweep"]["top"].take();
        cursor.as_object_mut().unwrap().remove("sweep");
        let body = ByteStream::from(cursor.to_string().into_bytes());
        play.world.operator().put_object().bucket("raw").key(ingest::CURSOR_KEY).body(body).send().await.unwrap();
        let later = play.world.post(10);
        assert_eq!(play.tick().await.status(), "complete");
        assert!(play.world.captured().contains(&later));
        assert_eq!(play.alarms(), Vec::<String>::new(), "after the incident");
        play.world.come_to_rest_but_for("INV-1").await; // the abandoned span is missing
    });
}

#[test]
fn s3_is_slow() {
    play(async |mut play| {
        let slow = Fault::Slow { applied: false, by: Duration::from_secs(20) };
        play.world.post(10);
        assert_eq!(play.tick().await.status(), "complete");
        for _ in 0..2 {
            for call in 1..=4 {
                play.world.script(Call::GetRaw, call, slow);
            }
            play.deliver().await;
            play.world.stop_faults();
            play.world.wait(HIDDEN - 60).await;
        }
        play.world.wait(1).await;
        assert_eq!(play.alarms(), ["refine-storage"], "refine\n{}", play.world.journal().text());
        play.deliver().await;
        for _ in 0..2 {
            for call in 1..=4 {
                play.world.script(Call::GetCursor, call, slow);
            }
            play.world.post(10);
            assert_eq!(play.tick().await.status(), "RawUnreadable");
            play.world.stop_faults();
        }
        play.check(
            "S3 is slow",
            &["Errors"],
            &["ingest-storage"],
            ("object left for the next delivery", "RawUnreadable"),
            "nothing: runs and messages come back",
        );
        play.end().await;
    });
}

#[test]
fn the_month_is_used_up_and_then_nobody_looks_for_a_week() {
    let mut shape = Shape { refines: true, file_tweets_max: 100, ..Shape::scripted() };
    shape.config.max_posts_per_month = Some(10_000); // as by default
    World::scripted(shape, async |world| {
        let mut play = Play::begin(world).await;
        for _ in 0..8_000 {
            play.world.post(10);
        }
        while play.tick().await.status() == "partial" {
            play.deliver().await;
        }
        // A backlog of eight runs also counts as behind.
        assert_eq!(play.alarms(), ["ingest-behind", "ingest-month-near-cap"], "{:?}", play.world.cursor());
        for _ in 0..2_100 {
            play.world.post(10);
        }
        while play.tick().await.status() == "partial" {
            play.deliver().await;
        }
        let alarms = ["ingest-behind", "ingest-month-cap", "ingest-month-near-cap"];
        let ended_by = "a higher `MaxPostsPerMonth`, or the next month";
        play.check("the month's posts are used up", &["BudgetStops", "PostsReadMonth"], &alarms, ("ingest finished", ""), ended_by);
        play.world.wait(8 * 86_400).await; // into December
        play.tick().await;
        let expected = ("posts are lost: the x api no longer serves them", "");
        play.check(
            "nobody looks for a week",
            &["GapSeconds"],
            &["ingest-behind", "ingest-gap"],
            expected,
            "nothing: the gap is logged, and the next run continues",
        );
        play.end().await;
    });
}

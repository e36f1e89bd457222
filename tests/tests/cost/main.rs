//! The tables of docs/cost.md, computed from measurements and list prices.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

#[allow(dead_code, reason = "each test crate uses a part of it")]
#[path = "../contract_template/cloudformation.rs"]
mod cloudformation;
mod measured;
mod prices;

use cloudformation::{Template, read};
use measured::{Measured, as_f64, measure};
use metrics::Line;
use prices::{
    ALARM_METRIC_MONTH, ATHENA_DATE, ATHENA_TB, CLOUDWATCH_DATE, DASHBOARD_MONTH, EMR_DATE, EMR_GB_HOUR, EMR_VCPU_HOUR, FIREHOSE_DATE,
    FIREHOSE_GB, FIREHOSE_PARQUET_GB, GLUE_DATE, GLUE_DPU_HOUR, LAMBDA_DATE, LAMBDA_GB_SECOND, LAMBDA_REQUEST, LOG_GB, LOG_KEPT_GB_MONTH,
    METRIC_MONTH, S3_DATE, S3_GET, S3_LIST, S3_PUT, S3_STANDARD_GB_MONTH, SCHEDULER_DATE, SCHEDULER_INVOCATION, SECRET_CALL, SECRET_DATE,
    SECRET_MONTH, SQS_DATE, SQS_REQUEST, TRACE, TRACE_DATE,
};

const DAYS: f64 = 30.0;
const HOURS: f64 = 730.0;
const GB: f64 = 1e9;

// Values that cannot be measured without an account; docs/cost.md marks each as assumed.
/// Seconds per S3 request, per page of X, and for everything else in an invocation.
const S3_SECONDS: f64 = 0.04;
const X_SECONDS: f64 = 0.5;
const OTHER_SECONDS: f64 = 0.05;
/// Bytes of Lambda's own start and report lines, and of the request id in ours.
const PLATFORM_LOG_BYTES: f64 = 1_500.0;
/// Requests of an idle event source: five pollers, each every 20 seconds.
const IDLE_POLLS_MONTH: f64 = 5.0 * 3.0 * 60.0 * 24.0 * DAYS;
const ATHENA_BYTES_MIN: f64 = 10e6;

/// The question whose price the table shows, asked four times an hour, and the days that its last 24 hours touch.
const QUESTION: &str = "sentimento_por_15_minutos";
const QUESTION_DAYS: f64 = 2.0;
/// Keys per answer to a LIST.
const KEYS_PER_LIST: f64 = 1_000.0;

/// A linear function: its value at zero is `at_rest`, and each unit adds `each`.
#[derive(Clone, Copy, Debug)]
struct Straight {
    at_rest: f64,
    each: f64,
}

impl Straight {
    /// Returns the line through two measured points.
    fn through(a: (f64, f64), b: (f64, f64)) -> Self {
        let each = (b.1 - a.1) / (b.0 - a.0);
        Self { at_rest: a.1 - each * a.0, each }
    }

    fn at(self, x: f64) -> f64 {
        self.at_rest + self.each * x
    }
}

/// The S3 requests of a question, as `infra/deploy-checks/run.sh trino` counted them between Trino and S3.
#[derive(Clone, Copy)]
struct Asked {
    lists_per_day: f64,
    gets_per_file: f64,
}

impl Asked {
    fn read() -> Self {
        let counts = read("infra/deploy-checks/engines/athena-requests.json").expect("the file with the counts exists");
        let counts: serde_json::Value = serde_json::from_str(&counts).unwrap();
        let counted = |name: &str| counts[QUESTION][name].as_f64().expect("a count");
        Self { lists_per_day: counted("lists") / counted("days"), gets_per_file: (counted("gets") + counted("heads")) / counted("files") }
    }
}

/// The requests and bytes of one run, one file and one question.
#[derive(Clone, Copy)]
struct Rates {
    asked: Asked,
    ingest_puts: Straight,
    ingest_gets: f64,
    ingest_log_bytes: f64,
    refine_puts: f64,
    refine_gets: f64,
    refine_log_bytes: f64,
    minute_line_bytes: f64,
    /// Bytes of one RAW file, and of its REF files, by the number of its posts.
    raw_bytes: Straight,
    ref_bytes: Straight,
}

impl Rates {
    /// `tenths` are the posts of `full` in ten files: two file sizes with the same posts, so that only the size differs.
    fn of(tenths: &[Measured], full: &Measured, many: &Measured) -> Self {
        let per_file = |measured: &Measured, value: f64| value / measured.refine.files;
        let few = &tenths[0];
        let bytes = |value: fn(&Measured) -> f64| {
            let mean = tenths.iter().map(value).sum::<f64>() / as_f64(tenths.len());
            Straight::through((few.posts, mean), (full.posts, value(full)))
        };
        let rates = Self {
            asked: Asked::read(),
            ingest_puts: Straight::through((full.ingest.files, full.ingest.puts), (many.ingest.files, many.ingest.puts)),
            ingest_gets: full.ingest.gets,
            ingest_log_bytes: full.ingest.log_bytes,
            refine_puts: per_file(full, full.refine.puts),
            refine_gets: per_file(full, full.refine.gets),
            refine_log_bytes: per_file(full, full.refine.log_bytes),
            minute_line_bytes: full.minute_line_bytes,
            raw_bytes: bytes(|measured| measured.ingest.stored_bytes),
            ref_bytes: bytes(|measured| measured.refine.stored_bytes),
        };
        // The model is linear: the third measurement must lie on the lines.
        assert!((rates.ingest_puts.at(few.ingest.files) - few.ingest.puts).abs() < 0.01, "{few:?}");
        assert!((many.ingest.gets - rates.ingest_gets).abs() < 0.01, "{many:?}");
        assert!((per_file(many, many.refine.puts) - rates.refine_puts).abs() < 0.01, "{many:?}");
        assert!((many.ingest.stored_bytes / many.posts / (full.ingest.stored_bytes / full.posts) - 1.0).abs() < 0.1, "{many:?}");
        rates
    }
}

/// A number of posts per day, and a schedule for them.
struct Level {
    posts: f64,
    period_minutes: f64,
}

const LEVELS: [Level; 4] = [
    Level { posts: 1e3, period_minutes: 15.0 },
    Level { posts: 1e4, period_minutes: 15.0 },
    Level { posts: 1e5, period_minutes: 5.0 },
    Level { posts: 1e6, period_minutes: 1.0 },
];

/// A month at one level.
struct Month {
    rates: Rates,
    posts: f64,
    runs: f64,
    files: f64,
    posts_per_file: f64,
    /// The largest number of minutes that the posts of one file touch.
    minutes_per_file: f64,
}

impl Month {
    fn of(level: &Level, rates: Rates) -> Self {
        let runs = DAYS * 1440.0 / level.period_minutes;
        let posts = level.posts * DAYS;
        let posts_per_run = posts / runs;
        let files = runs * (posts_per_run / 100.0).ceil();
        let posts_per_file = posts / files;
        let minutes_per_file = (posts_per_file / (level.posts / 1440.0) + 1.0).min(posts_per_file);
        Self { rates, posts, runs, files, posts_per_file, minutes_per_file }
    }

    fn pages(&self) -> f64 {
        self.runs * ((self.posts / self.runs / 100.0).ceil() + 1.0) // the last page shows that there are no more
    }

    fn puts(&self) -> f64 {
        self.runs * self.rates.ingest_puts.at(self.files / self.runs) + self.files * self.rates.refine_puts
    }

    fn gets(&self) -> f64 {
        self.runs * self.rates.ingest_gets + self.files * self.rates.refine_gets
    }

    fn x(&self) -> f64 {
        self.posts * ingest::USD_PER_POST
    }

    /// Assumes one invocation of refine per file: the worst case.
    fn lambda(&self) -> f64 {
        let puts = self.runs * self.rates.ingest_puts.at(self.files / self.runs);
        let ingest_seconds =
            (puts + self.runs * self.rates.ingest_gets) * S3_SECONDS + self.pages() * X_SECONDS + self.runs * OTHER_SECONDS;
        let refine_seconds = self.files * ((self.rates.refine_puts + self.rates.refine_gets) * S3_SECONDS + OTHER_SECONDS);
        let gb = |function: &str| Template::read().resource(function)["MemorySize"].as_f64().unwrap() / 1024.0;
        let gb_seconds = ingest_seconds * gb("IngestFunction") + refine_seconds * gb("RefineFunction");
        gb_seconds * LAMBDA_GB_SECOND + (self.runs + self.files) * LAMBDA_REQUEST + self.runs * SCHEDULER_INVOCATION
    }

    fn s3_requests(&self) -> f64 {
        self.puts() * S3_PUT + self.gets() * S3_GET
    }

    fn raw_gb(&self) -> f64 {
        self.files * self.rates.raw_bytes.at(self.posts_per_file) / GB
    }

    fn ref_gb(&self) -> f64 {
        self.files * self.rates.ref_bytes.at(self.posts_per_file) / GB
    }

    fn sqs(&self) -> f64 {
        (3.0 * self.files + IDLE_POLLS_MONTH) * SQS_REQUEST // sent, received, deleted
    }

    fn secret(&self) -> f64 {
        SECRET_MONTH + self.runs * SECRET_CALL // assumes that each run starts cold
    }

    fn log_gb(&self) -> f64 {
        let ingest = self.runs * (self.rates.ingest_log_bytes + PLATFORM_LOG_BYTES);
        let minutes = self.minutes_per_file * self.rates.minute_line_bytes;
        (ingest + self.files * (self.rates.refine_log_bytes + PLATFORM_LOG_BYTES + minutes)) / GB
    }

    fn logs(&self) -> f64 {
        self.log_gb() * (LOG_GB + LOG_KEPT_GB_MONTH)
    }

    fn traces(&self) -> f64 {
        (self.runs + self.files) * TRACE
    }

    /// Asks the question every 15 minutes; each time, it reads all files of its days completely.
    fn athena(&self) -> f64 {
        let scanned = (self.ref_gb() * GB / DAYS * QUESTION_DAYS).max(ATHENA_BYTES_MIN);
        let files_per_day = self.files / DAYS;
        let lists = QUESTION_DAYS * self.rates.asked.lists_per_day.max((files_per_day / KEYS_PER_LIST).ceil());
        let gets = QUESTION_DAYS * files_per_day * self.rates.asked.gets_per_file;
        DAYS * 96.0 * (scanned / 1e12 * ATHENA_TB + lists * S3_LIST + gets * S3_GET)
    }

    fn aws(&self) -> f64 {
        let per_use = self.lambda() + self.s3_requests() + self.sqs() + self.secret() + self.logs() + self.traces();
        per_use + (self.raw_gb() + self.ref_gb()) * S3_STANDARD_GB_MONTH + monitoring() + self.athena()
    }

    fn firehose(&self) -> f64 {
        self.posts * 5.0 * 1024.0 / GB * (FIREHOSE_GB + FIREHOSE_PARQUET_GB)
    }
}

/// The number of metrics with a value in every hour, assuming a cold start per hour.
fn metrics_paid() -> f64 {
    let now = chrono::DateTime::from_timestamp(1_795_442_700, 0).unwrap();
    let ingested = ingest::Summary { done: Some(tweets::TweetId::MIN), is_cold: true, ..ingest::Summary::default() };
    let rows = refine::Rows { positivo: 1, negativo: 1, neutro: 1 };
    let refined = refine::Summary { rows_by_minute: [(now, rows)].into(), is_cold: true, ..refine::Summary::default() };
    let values = |lines: Vec<Line>| lines.iter().map(|line| line.values.len()).sum::<usize>();
    let count = values(ingested.lines(now, std::time::Duration::ZERO, None)) + values(refined.lines(now, std::time::Duration::ZERO));
    f64::from(u32::try_from(count).unwrap())
}

fn alarm_metrics() -> f64 {
    let template = Template::read().nested("Operations");
    let alarms = template.section("Resources").iter().filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm");
    let metrics = alarms.map(|(name, _)| {
        let queries = template.resource(name)["Metrics"].as_array().cloned().unwrap_or_default();
        queries.iter().filter(|query| !query["MetricStat"].is_null()).count().max(1)
    });
    f64::from(u32::try_from(metrics.sum::<usize>()).unwrap())
}

fn monitoring() -> f64 {
    metrics_paid() * METRIC_MONTH + alarm_metrics() * ALARM_METRIC_MONTH + DASHBOARD_MONTH
}

fn usd(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{value:.0}")
    } else if value >= 0.01 {
        format!("{value:.2}")
    } else {
        "< 0.01".to_owned()
    }
}

fn row(label: &str, how: &str, price: &str, values: [f64; 4]) -> String {
    format!("| {label} | {how} | {price} | {} |\n", values.map(usd).join(" | "))
}

fn head(title: &str) -> String {
    format!(
        "| {title} | arithmetic | price, US dollars (date) | 1 k a day | 10 k | 100 k | 1 M |\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n"
    )
}

fn month_tables(rates: Rates) -> String {
    let months = LEVELS.each_ref().map(|level| Month::of(level, rates));
    let of = |value: fn(&Month) -> f64| months.each_ref().map(value);
    let plain = |value: fn(&Month) -> f64| of(value).map(|value| format!("{value:.0}")).join(" | ");
    let million = |price: f64| format!("{:.2} a million", price * 1e6);
    let mut table = head("US dollars a month");
    table += &format!("| *runs* | every 15, 15, 5, 1 minutes | | {} |\n", plain(|month| month.runs));
    table += &format!("| *files* | at most 100 posts, at least one file a run | | {} |\n", plain(|month| month.files));
    table += &row("**X: posts read**", "posts", &format!("{} a post (August 2026)", ingest::USD_PER_POST), of(Month::x));
    let puts = rates.ingest_puts;
    let requests = format!(
        "PUT: run × {:.0} + file × {:.0}, file × {:.0} of refine; GET: run × {:.0} + file × {:.0}",
        puts.at_rest, puts.each, rates.refine_puts, rates.ingest_gets, rates.refine_gets
    );
    let invocations = million(LAMBDA_REQUEST);
    let ticks = million(SCHEDULER_INVOCATION);
    table += &row(
        "Lambda, Scheduler",
        "requests × 40 ms, pages × 500 ms, 50 ms an invocation (assumed); 256 and 512 MB; one file an invocation",
        &format!("{LAMBDA_GB_SECOND} a GB-second, {invocations} invocations ({LAMBDA_DATE}); {ticks} ticks ({SCHEDULER_DATE})"),
        of(Month::lambda),
    );
    let (put, get) = (S3_PUT * 1e3, S3_GET * 1e3);
    table += &row("S3: requests", &requests, &format!("PUT {put:.3}, GET {get:.4} a thousand ({S3_DATE})"), of(Month::s3_requests));
    let stored = |bytes: Straight| format!("file × {:.1} KB + post × {:.2} KB", bytes.at_rest / 1e3, bytes.each / 1e3);
    let standard = format!("{S3_STANDARD_GB_MONTH} a GB ({S3_DATE})");
    table += &row("S3 Standard: RAW of one month", &stored(rates.raw_bytes), &standard, of(|month| month.raw_gb() * S3_STANDARD_GB_MONTH));
    table += &row("S3 Standard: REF of one month", &stored(rates.ref_bytes), &standard, of(|month| month.ref_gb() * S3_STANDARD_GB_MONTH));
    let queue = format!("{} ({SQS_DATE})", million(SQS_REQUEST));
    table += &row("SQS", "3 a file; 648,000 polls of an idle queue (assumed)", &queue, of(Month::sqs));
    let secret = format!("{SECRET_MONTH:.2} a secret, {} calls ({SECRET_DATE})", million(SECRET_CALL));
    table += &row("Secrets Manager", "one secret; at most one call a run", &secret, of(Month::secret));
    let watched = format!("{:.0} metrics, {:.0} alarm metrics, one dashboard", metrics_paid(), alarm_metrics());
    let watching = format!("{METRIC_MONTH:.2}, {ALARM_METRIC_MONTH:.2}, {DASHBOARD_MONTH:.2} ({CLOUDWATCH_DATE})");
    table += &row("CloudWatch: metrics, alarms, dashboard", &watched, &watching, of(|_| monitoring()));
    let logs = format!(
        "run × {:.1} KB, file × {:.1} KB, {:.0} bytes a minute touched; 1.5 KB of Lambda's own an invocation (assumed)",
        rates.ingest_log_bytes / 1e3,
        rates.refine_log_bytes / 1e3,
        rates.minute_line_bytes
    );
    let logged = format!("{LOG_GB:.2} a GB, {LOG_KEPT_GB_MONTH} to keep it ({CLOUDWATCH_DATE})");
    table += &row("CloudWatch: logs", &logs, &logged, of(Month::logs));
    table += &row("X-Ray", "at most one trace an invocation", &format!("{} ({TRACE_DATE})", million(TRACE)), of(Month::traces));
    let asked = format!(
        "`{QUESTION}` every 15 minutes: {QUESTION_DAYS:.0} days, 10 MB at least; {:.1} LIST a day (or one for 1,000 files), {:.1} GET a file, counted in Trino",
        rates.asked.lists_per_day, rates.asked.gets_per_file
    );
    let scanned = format!("{ATHENA_TB:.2} a TB ({ATHENA_DATE}); LIST as PUT, GET as above");
    table += &row("Athena", &asked, &scanned, of(Month::athena));
    table += &row("**AWS in all**", "", "", of(Month::aws));
    table += "\n";
    table += &head("the same job, without X");
    table += &row(
        "Glue streaming instead of refine",
        "2 workers G.025X = 0.5 DPU × 730 h; the minimum",
        &format!("{GLUE_DPU_HOUR} a DPU-hour ({GLUE_DATE})"),
        of(|_| 0.5 * HOURS * GLUE_DPU_HOUR),
    );
    table += &row(
        "EMR Serverless, Spark streaming",
        "driver and executor of 1 vCPU and 4 GB, 730 h",
        &format!("{EMR_VCPU_HOUR} a vCPU-hour, {EMR_GB_HOUR} a GB-hour ({EMR_DATE})"),
        of(|_| 2.0 * (EMR_VCPU_HOUR + 4.0 * EMR_GB_HOUR) * HOURS),
    );
    table += &row(
        "Firehose with conversion to Parquet",
        "post × 5 KB; the Lambda that labels not included",
        &format!("{FIREHOSE_GB} + {FIREHOSE_PARQUET_GB} a GB ({FIREHOSE_DATE})"),
        of(Month::firehose),
    );
    table
}

fn measured_tables(rates: Rates) -> String {
    let mut table = String::from("| measured | a run | a file |\n| --- | ---: | ---: |\n");
    let puts = rates.ingest_puts;
    table += &format!("| ingest: S3 writes | {:.0} | {:.0} |\n", puts.at_rest, puts.each);
    table += &format!("| ingest: S3 reads | {:.0} | 0 |\n", rates.ingest_gets);
    table += &format!("| refine: S3 writes | | {:.0} |\n", rates.refine_puts);
    table += &format!("| refine: S3 reads | | {:.0} |\n", rates.refine_gets);
    table += &format!("| RAW, KB of a file of 100 | | {:.0} |\n", rates.raw_bytes.at(100.0) / 1e3);
    table += &format!("| REF, KB of a file of 100 | | {:.0} |\n", rates.ref_bytes.at(100.0) / 1e3);
    table += &format!("| REF, KB of a file of 10 | | {:.0} |\n", rates.ref_bytes.at(10.0) / 1e3);
    table += "\n| counted in Trino | a day of the query | a file |\n| --- | ---: | ---: |\n";
    table += &format!("| question: S3 lists | {:.1} | |\n", rates.asked.lists_per_day);
    table += &format!("| question: S3 reads | | {:.1} |\n", rates.asked.gets_per_file);
    table
}

#[tokio::test(start_paused = true)]
async fn the_tables_match_the_measurements_and_prices() {
    let mut tenths = Vec::new();
    for start in (0..100).step_by(10) {
        tenths.push(measure(start..start + 10).await);
    }
    let rates = Rates::of(&tenths, &measure(0..100).await, &measure(0..1_000).await);
    let document = read("docs/cost.md").expect("the document exists");
    let lacking: Vec<String> =
        [month_tables(rates), measured_tables(rates)].into_iter().filter(|tables| !document.contains(tables)).collect();
    assert!(lacking.is_empty(), "docs/cost.md lacks these tables, or has older ones:\n\n{}", lacking.join("\n"));
}

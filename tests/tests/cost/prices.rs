//! List prices of us-east-1 in US dollars, without free tiers, each with the date of its source. Read on 2026-11-23 in public
//! documents; none was read on AWS's own pages on that day.

/// A GB-second on x86, and a request. AWS whitepaper "How AWS pricing works"; cloudchipr.com.
pub const LAMBDA_GB_SECOND: f64 = 0.000_016_666_7;
pub const LAMBDA_REQUEST: f64 = 0.20 / 1e6;
pub const LAMBDA_DATE: &str = "2024";
/// PUT (LIST costs the same) and GET, and a GB-month of S3 Standard. AWS price list `AmazonS3`.
pub const S3_PUT: f64 = 0.005 / 1e3;
pub const S3_LIST: f64 = S3_PUT;
pub const S3_GET: f64 = 0.0004 / 1e3;
pub const S3_STANDARD_GB_MONTH: f64 = 0.023;
pub const S3_DATE: &str = "2026-09-28";
/// A request to a standard queue. cloudburn.io.
pub const SQS_REQUEST: f64 = 0.40 / 1e6;
pub const SQS_DATE: &str = "March 2026";
/// A secret per month, and a call. Public documents.
pub const SECRET_MONTH: f64 = 0.40;
pub const SECRET_CALL: f64 = 0.05 / 1e4;
pub const SECRET_DATE: &str = "2024 to 2026";
/// A custom metric and an alarm's metric per month; a dashboard; a GB of logs ingested, and stored for a month. signoz.io,
/// February 2026, and factualminds.com, June 2026.
pub const METRIC_MONTH: f64 = 0.30;
pub const ALARM_METRIC_MONTH: f64 = 0.10;
pub const DASHBOARD_MONTH: f64 = 3.00;
pub const LOG_GB: f64 = 0.50;
pub const LOG_KEPT_GB_MONTH: f64 = 0.03;
pub const CLOUDWATCH_DATE: &str = "June 2026";
/// A trace recorded. Public documents.
pub const TRACE: f64 = 5.00 / 1e6;
pub const TRACE_DATE: &str = "2026";
/// An invocation by EventBridge Scheduler. Public documents.
pub const SCHEDULER_INVOCATION: f64 = 1.00 / 1e6;
pub const SCHEDULER_DATE: &str = "2025 to 2026";
/// A TB scanned by Athena, at least 10 MB per query. Public documents.
pub const ATHENA_TB: f64 = 5.00;
pub const ATHENA_DATE: &str = "2026";
/// A DPU-hour of Glue. awsnegotiations.com.
pub const GLUE_DPU_HOUR: f64 = 0.44;
pub const GLUE_DATE: &str = "May 2026";
/// A vCPU-hour and a GB-hour of EMR Serverless. Public documents.
pub const EMR_VCPU_HOUR: f64 = 0.052_624;
pub const EMR_GB_HOUR: f64 = 0.005_778_5;
pub const EMR_DATE: &str = "2026";
/// A GB into Firehose, each record rounded up to a multiple of 5 KB, and a GB converted to Parquet. Public documents.
pub const FIREHOSE_GB: f64 = 0.029;
pub const FIREHOSE_PARQUET_GB: f64 = 0.018;
pub const FIREHOSE_DATE: &str = "2025 to 2026";

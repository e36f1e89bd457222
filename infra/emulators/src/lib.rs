//! The services that the pipeline uses, in one process: an S3, one operation of Secrets Manager, the messages of SQS, and the X API.

pub mod files;
pub mod random;
pub mod s3;
pub mod secrets;
pub mod server;
pub mod sqs;
pub mod threads;
pub mod x_api;

//! The services that the pipeline uses, in one process: an S3, one operation of Secrets Manager, and the X API.

pub mod files;
pub mod s3;
pub mod secrets;
pub mod server;
pub mod threads;
pub mod x_api;

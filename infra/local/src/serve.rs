//! `serve`: the emulators on fixed ports, for external clients such as the functions, boto3 or the AWS CLI.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use emulators::s3::{ACCESS_KEY, REGION, SECRET_KEY};
use emulators::server::Server;
use emulators::x_api::{Corpus, Options, XEmulator};
use ingest::DEFAULT_QUERY;

use crate::lake::{Lake, RAW_BUCKET, REF_BUCKET, SECRET_ID, Source, emulator_secret};
use crate::output::{line, listed, message};
use crate::{Clock, Outcome, SEED};

/// Starts an X API over emulated posts on 127.0.0.1; port 0 picks a free port.
pub async fn start_x_api(port: u16, options: Options, clock: Clock) -> Outcome<Server> {
    let emulator = XEmulator::new(Corpus::seeded(SEED), options);
    let server = Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), move |request| {
        let answer = emulator.respond(&request, clock());
        async move { answer }
    });
    server.await.map_err(|error| format!("cannot listen on 127.0.0.1:{port}: {error}; choose another with --x-port").into())
}

/// Serves until Ctrl-C, and prints the environment variables that point a client to these servers.
pub async fn run(root: &Path, aws_port: u16, x_port: u16, options: Options, clock: Clock) -> Outcome {
    let lake = Lake::open(root, clock, &emulator_secret())?;
    lake.claim(Source::Emulator)?;
    for bucket in [RAW_BUCKET, REF_BUCKET] {
        let unlisted = lake.s3().unlisted(bucket, "");
        if !unlisted.is_empty() {
            message(&format!("{} file(s) or folder(s) of {bucket} are not served:{}\n", unlisted.len(), listed(&unlisted)));
        }
    }
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, aws_port));
    let aws = Server::start_aws(address, lake.s3().clone(), lake.secrets().clone());
    let aws = aws.await.map_err(|error| format!("cannot listen on {address}: {error}; choose another with --aws-port"))?;
    let x_api = start_x_api(x_port, options, clock).await?;
    line(&format!("# S3 and Secrets Manager at {}, X API at {}; Ctrl-C ends both.", aws.url(), x_api.url()))?;
    line("# Paste this where the functions, boto3 or the AWS CLI run:")?;
    for (name, value) in [
        ("AWS_ENDPOINT_URL", aws.url().as_str()),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION), // boto3 reads only this one
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("RAW_BUCKET", RAW_BUCKET),
        ("REF_BUCKET", REF_BUCKET),
        ("X_SECRET_ID", SECRET_ID),
        ("X_API_BASE_URL", x_api.url().as_str()),
        ("SEARCH_QUERY", DEFAULT_QUERY),
    ] {
        line(&format!("export {name}='{value}'"))?;
    }
    tokio::signal::ctrl_c().await?;
    aws.stop().await;
    x_api.stop().await;
    Ok(())
}

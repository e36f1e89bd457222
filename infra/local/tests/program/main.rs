//! Tests that run the program, all in one program themselves: most of their time is waiting, and they wait at the same time.

#![expect(clippy::unwrap_used, reason = "clippy.toml exempts the test functions, not what they call")]

mod command_line;
#[cfg(unix)]
mod exercises;
mod files;
mod live;
mod panel;
mod stream;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Returns the program on a lake, with nothing from the environment of the tests and an empty standard input.
fn local(lake: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.arg("--lake").arg(lake).args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs a command that must succeed, and returns its standard output.
#[track_caller]
fn finish(mut command: Command) -> String {
    stdout(command.output().unwrap())
}

/// Returns the standard output of a command that must have succeeded.
#[track_caller]
fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

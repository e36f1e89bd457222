//! Lines of a TCP connection, each logged with the time of its arrival before it is counted.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use word_counts::{Cut, Cutter, Post, decode};

use super::log::{Log, LogWriter};
use super::record::Record;
use crate::output::message;
use crate::{Clock, Outcome};

/// Maximum length of a line; a longer one is reported and not counted.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Bytes taken from the connection at once.
const READ_BYTES: usize = 64 * 1024;
/// Pause before the next attempt to connect.
const RETRY: Duration = Duration::from_millis(500);
/// Lines that arrive within this time of the first one are counted in the same trigger; Spark polls at this interval.
const POLL: Duration = Duration::from_millis(10);

/// What the receiver has logged so far.
#[derive(Clone, Copy, Debug)]
struct Received {
    /// Position after the last logged line.
    end: u64,
    /// The other side has closed the connection, and there will be no other one.
    is_over: bool,
}

/// The lines of one address, received in the background.
pub(super) struct Lines {
    log: Log,
    received: watch::Receiver<Received>,
    receiver: JoinHandle<Outcome>,
    /// Position to which the lines are counted now.
    to: u64,
}

impl Lines {
    /// Starts to receive: until the other side closes once, or with one connection after the other. Lines before
    /// `counted` are counted already.
    pub fn receive(address: String, log: Log, counted: u64, until_closed: bool, clock: Clock) -> Outcome<Self> {
        let (writer, unfinished) = log.open(counted).map_err(|error| format!("cannot open the log of received lines: {error}"))?;
        if unfinished > 0 {
            message(&format!("{unfinished} bytes of a line that an earlier run died while logging are ignored\n"));
        }
        let (progress, received) = watch::channel(Received { end: writer.end(), is_over: false });
        let task = Receiver { address, log: writer, progress, clock };
        Ok(Self { log, received, receiver: tokio::spawn(task.run(until_closed)), to: counted })
    }

    /// Takes note of the lines that have been logged by now.
    pub fn look(&mut self) {
        self.to = self.received.borrow().end;
    }

    /// Returns whether lines wait after a position.
    pub fn is_waiting(&self, counted: u64) -> bool {
        self.to > counted
    }

    /// Calls `fold` with the noted lines after a position, at most `lines_max` and not beyond `end`; returns the position
    /// of the rest.
    pub fn fold(&self, counted: u64, end: Option<u64>, lines_max: usize, mut fold: impl FnMut(&Post<'_>)) -> Outcome<u64> {
        let mut left = lines_max;
        self.log.read(counted, end.unwrap_or(self.to).min(self.to), |record| {
            fold(&Post { created_at_ms: record.arrived_ms, texto: Some(&decode(record.line)) });
            left -= 1;
            left > 0
        })
    }

    /// Waits until lines are logged after a position.
    pub async fn more(&mut self, counted: u64) -> Outcome {
        self.until(|received| received.end > counted).await?;
        sleep(POLL).await;
        Ok(())
    }

    /// Waits until the other side has closed the connection.
    pub async fn closed(&mut self) -> Outcome {
        self.until(|received| received.is_over).await
    }

    async fn until(&mut self, is_met: impl FnMut(&Received) -> bool) -> Outcome {
        if self.received.wait_for(is_met).await.is_err() {
            (&mut self.receiver).await??; // it ends early only if it fails
        }
        Ok(())
    }

    /// Fails if lines can no longer be received, because they cannot be logged.
    pub async fn check(&mut self) -> Outcome {
        if self.receiver.is_finished() && !self.received.borrow().is_over {
            (&mut self.receiver).await??;
        }
        Ok(())
    }

    /// Removes counted lines from the log.
    pub fn trim(&self, counted: u64) -> Outcome {
        self.log.trim(counted).map_err(|error| format!("cannot remove counted lines from the log: {error}").into())
    }

    /// Returns the number of bytes that are logged and not counted.
    pub fn uncounted_bytes(&self, counted: u64) -> u64 {
        self.received.borrow().end.saturating_sub(counted)
    }
}

struct Receiver {
    address: String,
    log: LogWriter,
    progress: watch::Sender<Received>,
    clock: Clock,
}

impl Receiver {
    async fn run(mut self, until_closed: bool) -> Outcome {
        loop {
            let connection = self.connect().await;
            self.take_lines(connection).await?;
            if until_closed {
                self.progress.send_modify(|received| received.is_over = true);
                return Ok(());
            }
            sleep(RETRY).await;
        }
    }

    /// Connects, as often as it takes, and reports once that nobody listens.
    async fn connect(&self) -> TcpStream {
        let address = &self.address;
        let mut is_reported = false;
        loop {
            match TcpStream::connect(address).await {
                Ok(connection) => {
                    message(&format!("connected to tcp://{address}\n"));
                    return connection;
                }
                Err(error) if !is_reported => {
                    is_reported = true;
                    message(&format!("waiting for tcp://{address}: {error}\n"));
                }
                Err(_) => {}
            }
            sleep(RETRY).await;
        }
    }

    /// Logs the lines of one connection until its end.
    async fn take_lines(&mut self, mut connection: TcpStream) -> Outcome {
        let (mut lines, mut bytes) = (LineLog::new(), Vec::with_capacity(READ_BYTES));
        loop {
            bytes.clear();
            let read = connection.read_buf(&mut bytes).await;
            let arrived_ms = (self.clock)().timestamp_millis();
            let flow = lines.take(read.map(|_| &*bytes), arrived_ms);
            if !lines.records.is_empty() {
                // One write and one flush for all lines that arrived together.
                self.log.append(&lines.records).map_err(|error| format!("cannot log received lines: {error}; make room on the disk"))?;
                self.progress.send_modify(|received| received.end = self.log.end());
                lines.records.clear();
                lines.records.shrink_to(READ_BYTES);
            }
            if let ControlFlow::Break(reason) = flow {
                message(&format!("tcp://{} {reason}, after {} line(s)\n", self.address, lines.number));
                return Ok(());
            }
        }
    }
}

/// The lines of one connection, as records to log.
struct LineLog {
    cutter: Cutter,
    records: Vec<u8>,
    /// Number of lines so far.
    number: u64,
}

impl LineLog {
    fn new() -> Self {
        Self { cutter: Cutter::new(LINE_BYTES_MAX), records: Vec::new(), number: 0 }
    }

    /// Takes what a read returned; no bytes are the end of the connection. Breaks with the reason of the end.
    fn take(&mut self, read: std::io::Result<&[u8]>, arrived_ms: i64) -> ControlFlow<String> {
        let Self { cutter, records, number } = self;
        let keep = |cut: Cut<'_>| {
            *number += 1;
            match cut {
                Cut::Line(line) => Record { arrived_ms, line }.write_to(records),
                Cut::TooLong { bytes } => {
                    message(&format!("line {number} has {bytes} bytes and is not counted: the limit is {LINE_BYTES_MAX}\n"));
                }
            }
        };
        match read {
            Ok([]) => {
                cutter.end(keep);
                ControlFlow::Break("closed the connection".to_owned())
            }
            Ok(bytes) => {
                cutter.push(bytes, keep);
                ControlFlow::Continue(())
            }
            Err(error) => {
                let lost = match cutter.unfinished_bytes() {
                    0 => String::new(),
                    bytes => format!(", and {bytes} bytes of a line without its end are lost"),
                };
                ControlFlow::Break(format!("broke the connection ({error}){lost}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn a_log_that_cannot_be_written_ends_the_stream() {
        let (dir, server) = (tempfile::tempdir().unwrap(), tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = server.local_addr().unwrap().to_string();
        let mut lines = Lines::receive(address, Log::new(dir.path(), "update"), 0, false, || chrono::DateTime::UNIX_EPOCH).unwrap();
        let (mut connection, _) = server.accept().await.unwrap();
        lines.check().await.unwrap();
        dir.close().unwrap();
        // The second line does not fit into the first file of the log.
        let _ = connection.write_all(&[vec![b'x'; 2 << 20], b"\n".to_vec(), b"azul\n".to_vec()].concat()).await;
        let failed = async {
            loop {
                if let Err(error) = lines.check().await {
                    return error.to_string();
                }
                sleep(POLL).await;
                let _ = connection.write_all(b"azul\n").await;
            }
        };
        let error = tokio::time::timeout(Duration::from_mins(1), failed).await.unwrap();
        assert!(error.starts_with("cannot log received lines: "), "{error}");
    }

    #[test]
    fn the_end_of_a_connection_ends_its_last_line_and_a_broken_one_loses_it() {
        let log = |read: &[std::io::Result<&[u8]>]| {
            let mut lines = LineLog::new();
            let mut reason = None;
            for read in read {
                let read = read.as_ref().map(|bytes| *bytes).map_err(|error| error.kind().into());
                reason = lines.take(read, 5).break_value();
            }
            let text = |record: Record<'_>| (record.arrived_ms, decode(record.line).into_owned());
            (crate::stream::record::records(&lines.records).map(text).collect::<Vec<_>>(), lines.number, reason.unwrap())
        };
        let azul = (5, "azul".to_owned());
        let (records, number, reason) = log(&[Ok(b"azul\nver"), Ok(b"")]);
        assert_eq!((records, number), (vec![azul.clone(), (5, "ver".to_owned())], 2));
        assert_eq!(reason, "closed the connection");
        let (records, number, reason) = log(&[Ok(b"azul\nver"), Err(std::io::ErrorKind::ConnectionReset.into())]);
        assert_eq!((records, number), (vec![azul], 1));
        assert!(reason.contains("broke the connection") && reason.ends_with("3 bytes of a line without its end are lost"), "{reason}");
    }
}

//! Ends the lease of a run that was cut off. The Lambda function never calls it: there, the next run waits until the lease expires.

use crate::Ingest;
use crate::cursor::CursorFile;
use crate::error::Error;
use crate::stop::Stop;

impl Ingest {
    /// Ends the lease that the cursor records. Only for a caller that knows that no other run is active. `owner` as in [`run`](crate::run).
    pub async fn end_lease(&self, owner: u64) -> Result<(), Error> {
        let mut file = CursorFile::new(self.raw.clone(), owner);
        let Some(mut cursor) = file.read().await? else { return Ok(()) };
        cursor.lease = None;
        match file.write(&mut cursor).await {
            Ok(()) | Err(Stop::Lost | Stop::Early(_)) => Ok(()), // whoever wrote it has a lease of its own
            Err(Stop::Refused(error) | Stop::Failed(error)) => Err(*error),
        }
    }
}

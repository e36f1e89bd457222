//! The form in which a received line is logged, so that it survives the death of the process.
//!
//! A record is the length of the line (4 bytes), a checksum (8), the instant of its arrival (8), all little-endian, and
//! the line as it came. A process that dies leaves at most one unfinished record, at the end, which the checksum shows.

const HEADER_BYTES: usize = 20;

/// A logged line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// When the end of the line arrived, in milliseconds since 1970.
    pub arrived_ms: i64,
    /// Bytes of the line, without its end.
    pub line: &'a [u8],
}

impl Record<'_> {
    /// Appends the record to a log.
    pub fn write_to(&self, log: &mut Vec<u8>) {
        let bytes = u32::try_from(self.line.len()).unwrap_or(u32::MAX); // the limit of a line is far below
        log.extend_from_slice(&bytes.to_le_bytes());
        log.extend_from_slice(&self.checksum().to_le_bytes());
        log.extend_from_slice(&self.arrived_ms.to_le_bytes());
        log.extend_from_slice(self.line);
    }

    /// Returns the number of bytes that the record takes.
    pub fn bytes(&self) -> usize {
        HEADER_BYTES + self.line.len()
    }

    fn checksum(&self) -> u64 {
        let length = self.line.len() as u64; // zeros that a file system put at the end of a file are not records
        let covered = length.to_le_bytes().into_iter().chain(self.arrived_ms.to_le_bytes());
        fnv1a(covered.chain(self.line.iter().copied()))
    }
}

/// Returns the records of a log up to its end, or up to the first one that is not whole. A log that begins within a
/// record has none.
pub(super) fn records(mut log: &[u8]) -> impl Iterator<Item = Record<'_>> {
    std::iter::from_fn(move || {
        let (length, rest) = log.split_first_chunk::<4>()?;
        let (checksum, rest) = rest.split_first_chunk::<8>()?;
        let (arrived, rest) = rest.split_first_chunk::<8>()?;
        let (line, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let record = Record { arrived_ms: i64::from_le_bytes(*arrived), line };
        let is_whole = record.checksum() == u64::from_le_bytes(*checksum);
        log = rest;
        is_whole.then_some(record)
    })
    .fuse()
}

/// Computes FNV-1a with 64 bits: the same in every build, so that a later version can read the log.
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [Record<'_>; 4] = [
        Record { arrived_ms: 1_795_442_400_000, line: b"azul" },
        Record { arrived_ms: 1_795_442_400_000, line: b"" },
        Record { arrived_ms: -1, line: b"\xff\0" },
        Record { arrived_ms: i64::MAX, line: b"preto" },
    ];

    fn log() -> Vec<u8> {
        let mut log = Vec::new();
        for record in &RECORDS {
            record.write_to(&mut log);
        }
        log
    }

    #[test]
    fn a_log_that_was_cut_anywhere_gives_the_records_before_the_cut() {
        let log = log();
        let mut ends = vec![0];
        ends.extend(RECORDS.iter().scan(0, |end, record| {
            *end += record.bytes();
            Some(*end)
        }));
        for cut in 0..=log.len() {
            let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
            assert!(records(&log[..cut]).eq(RECORDS[..whole].iter().copied()), "cut at {cut}");
            let mut zeros = log[..cut].to_vec();
            zeros.resize(log.len() + 100, 0); // what a file system may leave of an append that it did not finish
            let read: Vec<Record<'_>> = records(&zeros).collect();
            assert!(read.len() >= whole && read == RECORDS[..read.len()], "zeros after {cut}"); // the missing bytes may be zeros
        }
    }

    #[test]
    fn the_checksum_is_fnv_1a() {
        assert_eq!(fnv1a("foobar".bytes()), 0x8594_4171_f739_67e8); // RFC draft-eastlake-fnv, test vectors
    }

    #[test]
    fn a_changed_bit_ends_the_records() {
        for bit in 0..log().len() * 8 {
            let mut log = log();
            log[bit / 8] ^= 1 << (bit % 8);
            let read: Vec<Record<'_>> = records(&log).collect();
            assert!(read.len() < RECORDS.len() && read == RECORDS[..read.len()], "bit {bit}");
        }
    }
}

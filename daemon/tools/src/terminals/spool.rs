//! The bytes that a terminal wrote, in files: each segment is named by the number of its first
//! byte.
//!
//! Owns writing them in order, reading them from any number on, and that the oldest go first.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Into how many segments the whole is cut, so that old bytes go in small steps.
const SEGMENTS: u64 = 16;

/// The smallest segment, in bytes.
const SMALLEST: u64 = 64 * 1024;

/// Returns how much may come before who reads a spool of about `limit` bytes says what is not
/// needed any more: then there is room for what comes meanwhile.
pub(crate) fn part(limit: u64) -> u64 {
    limit.max(SMALLEST) / 4
}

/// The end that is written.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    limit: u64,
    /// The numbers of the first bytes of all segments, oldest first; the last is written.
    segments: Vec<u64>,
    file: Option<File>,
    written: u64,
}

impl Spool {
    /// Begins an empty spool that keeps about `limit` bytes.
    pub(crate) fn begin(folder: &Path, limit: u64) -> Self {
        Self {
            folder: folder.to_path_buf(),
            limit: limit.max(SMALLEST),
            segments: Vec::new(),
            file: None,
            written: 0,
        }
    }

    /// Returns how many bytes were ever written.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// Makes room for so many bytes by removing segments before the byte `kept`; false where
    /// there is none: what is kept is still needed.
    pub(crate) fn has_room(&mut self, bytes: u64, kept: u64) -> bool {
        // However much comes at once, there is room for it as soon as for a part.
        let bytes = bytes.min(part(self.limit));
        loop {
            let first = self.segments.first().copied().unwrap_or(self.written);
            if self.written - first + bytes <= self.limit {
                return true;
            }
            // The oldest may go where the next begins at or before what is still needed.
            match self.segments.get(1) {
                Some(next) if *next <= kept => {
                    let _ = fs::remove_file(segment(&self.folder, first));
                    self.segments.remove(0);
                }
                _ => return first == self.written,
            }
        }
    }

    /// Writes as much as the disk takes; returns how much that was, and why not all. What was not
    /// written may be tried again.
    pub(crate) fn append(&mut self, mut bytes: &[u8]) -> (usize, io::Result<()>) {
        let whole = bytes.len();
        while !bytes.is_empty() {
            match self.write_some(bytes) {
                Ok(taken) => bytes = bytes.get(taken..).unwrap_or_default(),
                Err(err) => {
                    // It is opened anew: whatever was in its place may be gone.
                    self.file = None;
                    return (whole - bytes.len(), Err(err));
                }
            }
        }
        (whole, Ok(()))
    }

    fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let size = (self.limit / SEGMENTS).max(SMALLEST / 4);
        let full = self
            .segments
            .last()
            .is_none_or(|begin| self.written - begin >= size);
        if full {
            self.segments.push(self.written);
            self.file = None;
        }
        let begin = self.segments.last().copied().unwrap_or(self.written);
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::options()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(segment(&self.folder, begin))?,
        };
        // A segment is no longer than said, so that it is not needed for long.
        let left = usize::try_from(begin + size - self.written).unwrap_or(usize::MAX);
        let taken = file.write(bytes.get(..left).unwrap_or(bytes))?;
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.written += taken as u64;
        self.file = Some(file);
        Ok(taken)
    }
}

/// The end that is read, from one byte on.
#[derive(Debug)]
pub(crate) struct Reading {
    folder: PathBuf,
    at: u64,
    file: Option<File>,
}

impl Reading {
    /// Begins with the byte `from`, or with the oldest that is kept.
    pub(crate) fn from(folder: &Path, from: u64) -> io::Result<Self> {
        let segments = segments(folder)?;
        let below = segments.iter().rev().find(|begin| **begin <= from);
        let (begin, at) = match (below, segments.first()) {
            (Some(begin), _) => (*begin, from),
            (None, Some(first)) => (*first, *first),
            (None, None) => {
                return Ok(Self {
                    folder: folder.to_path_buf(),
                    at: from,
                    file: None,
                });
            }
        };
        let mut file = File::open(segment(folder, begin))?;
        let (length, file_itself) = {
            let about = file.metadata()?;
            (about.len(), about.is_file())
        };
        if !file_itself {
            return Ok(Self {
                folder: folder.to_path_buf(),
                at: begin,
                file: None,
            });
        }
        let at = at.min(begin + length);
        file.seek(SeekFrom::Start(at - begin))?;
        Ok(Self {
            folder: folder.to_path_buf(),
            at,
            file: Some(file),
        })
    }

    /// Returns the number of the byte that is read next.
    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// Goes on behind bytes that need not be read.
    pub(crate) fn skip_to(&mut self, at: u64) -> io::Result<()> {
        let (Some(file), Some(by)) = (&mut self.file, at.checked_sub(self.at)) else {
            *self = Self::from(&self.folder, at)?;
            return Ok(());
        };
        let place = file.stream_position()? + by;
        if place > file.metadata()?.len() {
            *self = Self::from(&self.folder, at)?;
            return Ok(());
        }
        file.seek(SeekFrom::Start(place))?;
        self.at = at;
        Ok(())
    }

    /// Reads what comes next; 0 where there is no more right now.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(file) = &mut self.file {
                let read = file.read(buffer)?;
                if read > 0 {
                    self.at += read as u64;
                    return Ok(read);
                }
            }
            // A segment ends where the next one begins, and only then.
            match File::open(segment(&self.folder, self.at)) {
                Ok(file) if is_filled(&file) => self.file = Some(file),
                Ok(_) => return Ok(0),
                Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(0),
                Err(err) => return Err(err),
            }
        }
    }
}

/// Returns true for a file that has something in it; what is no file has no end.
fn is_filled(file: &File) -> bool {
    file.metadata()
        .is_ok_and(|about| about.is_file() && about.len() > 0)
}

/// Returns the numbers of the first bytes of all segments, oldest first.
fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let begin = name.to_str().and_then(|name| name.strip_suffix(".out"));
        found.extend(begin.and_then(|digits| digits.parse::<u64>().ok()));
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns how many bytes a spool has ever been given, from its files alone.
pub(crate) fn written(folder: &Path) -> io::Result<u64> {
    let Some(last) = segments(folder)?.pop() else {
        return Ok(0);
    };
    Ok(last + fs::metadata(segment(folder, last))?.len())
}

fn segment(folder: &Path, begin: u64) -> PathBuf {
    folder.join(format!("{begin:020}.out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(folder: &Path, from: u64) -> (u64, Vec<u8>) {
        let mut reading = Reading::from(folder, from).unwrap();
        let (begin, mut all, mut buffer) = (reading.at(), Vec::new(), [0; 1000]);
        loop {
            match reading.read(&mut buffer).unwrap() {
                0 => return (begin, all),
                read => all.extend_from_slice(&buffer[..read]),
            }
        }
    }

    #[test]
    fn bytes_are_read_from_any_number_on_across_segments() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::begin(folder.path(), SMALLEST);
        let bytes: Vec<u8> = (0..50_000_u32).map(|n| (n % 251) as u8).collect();
        for piece in bytes.chunks(777) {
            assert!(spool.append(piece).1.is_ok());
        }
        assert!(segments(folder.path()).unwrap().len() > 2);
        for from in [0, 1, 16_384, 20_000, 49_999, 50_000] {
            let (begin, read) = read_all(folder.path(), from);
            assert_eq!(begin, from);
            assert!(read == bytes[usize::try_from(from).unwrap()..], "{from}");
        }
        let mut reading = Reading::from(folder.path(), 0).unwrap();
        for at in [0, 15, 10_000, 16_384, 20_000, 49_000] {
            reading.skip_to(at).unwrap();
            let mut next = [0; 10];
            let read = reading.read(&mut next).unwrap();
            let place = usize::try_from(at).unwrap();
            assert!(
                read > 0 && next[..read] == bytes[place..place + read],
                "{at}"
            );
            assert_eq!(reading.at(), at + read as u64);
        }
        assert_eq!(written(folder.path()).unwrap(), 50_000);
    }

    #[test]
    fn nothing_that_is_still_needed_goes_and_what_is_not_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::begin(folder.path(), SMALLEST);
        let piece = vec![b'x'; 4096];
        while spool.has_room(4096, 0) {
            spool.append(&piece).1.unwrap();
        }
        assert_eq!(spool.written(), SMALLEST);
        assert!(!spool.has_room(4096, 0));
        assert!(spool.has_room(4096, 40_000));
        spool.append(&piece).1.unwrap();
        let (begin, _) = read_all(folder.path(), 0);
        assert!(begin > 0 && begin <= 40_000, "{begin}");
    }

    #[test]
    fn there_is_room_where_who_reads_says_after_each_part_what_is_not_needed_any_more() {
        for piece in [1, 4095, 65_536] {
            let folder = tempfile::tempdir().unwrap();
            let mut spool = Spool::begin(folder.path(), SMALLEST);
            let (piece, mut kept) = (vec![b'x'; piece], 0);
            while spool.written() < 4 * SMALLEST {
                let written = spool.written();
                if written - kept >= part(SMALLEST) {
                    // The present may stand before a sequence whose rest has not come.
                    kept = written.saturating_sub(4096);
                }
                let bytes = piece.len() as u64;
                assert!(spool.has_room(bytes, kept), "{bytes}: {written}");
                spool.append(&piece).1.unwrap();
            }
        }
    }

    #[test]
    fn a_disk_that_is_full_loses_nothing_and_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::begin(folder.path(), SMALLEST);
        let place = segment(folder.path(), 0);
        std::os::unix::fs::symlink("/dev/full", &place).unwrap();
        let (taken, why) = spool.append(b"hello");
        assert_eq!((taken, why.unwrap_err().raw_os_error()), (0, Some(28)));
        fs::remove_file(&place).unwrap();
        let (taken, why) = spool.append(b"hello");
        assert!(why.is_ok() && taken == 5);
        assert_eq!(read_all(folder.path(), 0), (0, b"hello".to_vec()));
    }
}

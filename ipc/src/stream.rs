//! The bytes between two processes, read and written as frames.
//!
//! Owns buffering and batching. Does not know what the frames mean.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use interprocess::local_socket::tokio as local;
use interprocess::os::unix::uds_local_socket::tokio as uds;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, ReadHalf, WriteHalf,
};

use crate::decoder::{Decoder, Found};

/// How many frames go to the system at once.
const BATCH: usize = 64;

/// The size of the buffers that are read into.
const BUFFER: usize = 16 * 1024;

/// How much the in-memory connection holds before the writer waits, in bytes.
const PAIR: usize = 256 * 1024;

/// Makes a connection within this process: the client's end and the server's end.
pub fn pair() -> (DuplexStream, DuplexStream) {
    tokio::io::duplex(PAIR)
}

// The stream for all systems writes one buffer at a time and passes no shutdown on; the one for
// Unix that is inside it writes many at once and does.
/// One end of a local socket.
#[derive(Debug)]
pub struct Stream(pub(crate) uds::Stream);

impl Stream {
    pub(crate) fn new(stream: local::Stream) -> Self {
        let local::Stream::UdSocket(stream) = stream;
        Self(stream)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

/// Anything that both ends can talk over.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

impl fmt::Debug for dyn Duplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Duplex")
    }
}

type Ends = Pin<Box<dyn Duplex>>;

/// Splits a connection into the half that reads frames and the half that writes them.
pub(crate) fn split(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
) -> (FrameReader, FrameWriter) {
    let stream: Ends = Box::pin(stream);
    let (reader, writer) = tokio::io::split(stream);
    (
        FrameReader {
            stream: reader,
            bytes: BytesMut::with_capacity(BUFFER),
            decoder: Decoder::default(),
        },
        FrameWriter {
            stream: writer,
            waiting: VecDeque::new(),
        },
    )
}

/// The half that reads.
#[derive(Debug)]
pub(crate) struct FrameReader {
    stream: ReadHalf<Ends>,
    bytes: BytesMut,
    decoder: Decoder,
}

impl FrameReader {
    /// Returns what comes next; `None` where the connection ended. May be cancelled at any time.
    pub(crate) async fn next(&mut self) -> Option<Found> {
        loop {
            if let Some(found) = self.decoder.next(&mut self.bytes) {
                return Some(found);
            }
            if self.decoder.is_lost() {
                return None;
            }
            match self.stream.read_buf(&mut self.bytes).await {
                Ok(1..) => {}
                // A peer that breaks off is a peer that left: there is nobody to tell.
                Ok(0) | Err(_) => return None,
            }
        }
    }
}

/// The half that writes.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    stream: WriteHalf<Ends>,
    waiting: VecDeque<Bytes>,
}

impl FrameWriter {
    /// Puts a frame behind those that wait to be written.
    pub(crate) fn queue(&mut self, frame: Bytes) {
        if !frame.is_empty() {
            self.waiting.push_back(frame);
        }
    }

    /// Returns true where nothing waits to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets what waits: nobody will read it.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Writes as much as the system takes at once. May be cancelled: what was not written waits.
    pub(crate) async fn write_some(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let slices: Vec<IoSlice<'_>> = self
            .waiting
            .iter()
            .take(BATCH)
            .map(|frame| IoSlice::new(frame))
            .collect();
        let mut written = self.stream.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while let Some(first) = self.waiting.front_mut() {
            if written < first.len() {
                first.advance(written);
                break;
            }
            written -= first.len();
            self.waiting.pop_front();
        }
        Ok(())
    }

    /// Writes all that waits. May be cancelled: what was not written waits.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            self.write_some().await?;
        }
        self.stream.flush().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends() -> (Stream, Stream) {
        let (near, far) = tokio::net::UnixStream::pair().unwrap();
        (Stream(near.into()), Stream(far.into()))
    }

    #[tokio::test]
    async fn a_batch_is_one_write() {
        let (near, mut far) = ends();
        let (_reader, mut writer) = split(near);
        for _ in 0..BATCH {
            writer.queue(Bytes::from_static(b"frame"));
        }
        writer.write_some().await.unwrap();
        assert!(writer.is_empty());
        let mut heard = vec![0; b"frame".len() * BATCH];
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!(heard, b"frame".repeat(BATCH));
    }

    #[tokio::test]
    async fn whoever_says_no_more_can_still_hear() {
        let (mut near, mut far) = ends();
        near.shutdown().await.unwrap();
        assert_eq!(far.read(&mut [0]).await.unwrap(), 0);
        far.write_all(b"!").await.unwrap();
        assert_eq!(near.read_u8().await.unwrap(), b'!');
    }
}

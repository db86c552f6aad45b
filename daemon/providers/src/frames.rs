//! From bytes to the texts of events: server-sent events, or one JSON object a line.
//!
//! Any splitting of the bytes into packets gives the same texts.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, stream::Map};
use sse_stream::SseByteStream;

use crate::body::{Meter, Metered, Piece, Stopped, metered};

/// Why there is no next text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error(transparent)]
    Stopped(Stopped),
    #[error("an event is not valid UTF-8")]
    NotText(#[source] Box<dyn std::error::Error + Send + Sync>),
}

type Readable<D> = Result<Cursor<Piece<D>>, Stopped>;
type AsReadable<D> = fn(Result<Piece<D>, Stopped>) -> Readable<D>;

enum Format<D: AsRef<[u8]>> {
    Sse(SseByteStream<Map<Metered<D>, AsReadable<D>>>),
    Lines {
        body: Metered<D>,
        buffer: Vec<u8>,
        from: usize,
        scanned: usize,
    },
}

/// The texts of an answer's events, one after the other.
pub(crate) struct Frames<D: AsRef<[u8]>> {
    format: Format<D>,
    meter: Arc<Meter>,
}

impl<D: AsRef<[u8]> + Send + 'static> Frames<D> {
    /// Reads server-sent events.
    pub(crate) fn sse<S, E>(body: S, idle: Duration) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let (body, meter) = metered(body, idle);
        let readable: AsReadable<D> = |piece| piece.map(Cursor::new);
        Self {
            format: Format::Sse(SseByteStream::new(body.map(readable))),
            meter,
        }
    }

    /// Reads one JSON object a line.
    pub(crate) fn lines<S, E>(body: S, idle: Duration) -> Self
    where
        S: Stream<Item = Result<D, E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        let (body, meter) = metered(body, idle);
        Self {
            format: Format::Lines {
                body,
                buffer: Vec::new(),
                from: 0,
                scanned: 0,
            },
            meter,
        }
    }

    /// Returns the next text; `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, Broken> {
        let text = match &mut self.format {
            Format::Sse(events) => next_event(events).await,
            Format::Lines {
                body,
                buffer,
                from,
                scanned,
            } => next_line(body, buffer, from, scanned).await,
        };
        self.meter.event();
        text
    }

    /// Returns true once the peer sent its last byte.
    pub(crate) fn ended(&self) -> bool {
        self.meter.ended()
    }
}

async fn next_event<D>(
    events: &mut SseByteStream<Map<Metered<D>, AsReadable<D>>>,
) -> Result<Option<String>, Broken>
where
    D: AsRef<[u8]>,
{
    loop {
        match events.next().await {
            None => return Ok(None),
            // An event without data (a name alone, a retry time) says nothing to us.
            Some(Ok(event)) => match event.data.filter(|data| !data.is_empty()) {
                Some(data) => return Ok(Some(data)),
                None => continue,
            },
            Some(Err(sse_stream::Error::Body(cause))) => {
                return Err(match cause.downcast::<Stopped>() {
                    Ok(stopped) => Broken::Stopped(*stopped),
                    Err(cause) => Broken::Stopped(Stopped::Broken(cause)),
                });
            }
            Some(Err(err)) => return Err(Broken::NotText(Box::new(err))),
        }
    }
}

async fn next_line<D: AsRef<[u8]>>(
    body: &mut Metered<D>,
    buffer: &mut Vec<u8>,
    from: &mut usize,
    scanned: &mut usize,
) -> Result<Option<String>, Broken> {
    loop {
        let unseen = buffer.get(*scanned..).unwrap_or_default();
        if let Some(length) = unseen.iter().position(|byte| *byte == b'\n') {
            let end = *scanned + length;
            let line = buffer.get(*from..end).unwrap_or_default();
            let text = std::str::from_utf8(line)
                .map_err(|err| Broken::NotText(Box::new(err)))?
                .trim_start_matches('\u{feff}')
                .trim()
                .to_owned();
            (*from, *scanned) = (end + 1, end + 1);
            if !text.is_empty() {
                return Ok(Some(text));
            }
            continue;
        }
        buffer.drain(..*from);
        *from = 0;
        *scanned = buffer.len();
        match body.next().await {
            None => return Ok(None),
            Some(Ok(piece)) => buffer.extend_from_slice(piece.as_ref()),
            Some(Err(stopped)) => return Err(Broken::Stopped(stopped)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use proptest::prelude::*;

    use super::*;

    const IDLE: Duration = Duration::from_secs(5);

    fn packets(bytes: &[u8], cuts: &[usize]) -> Vec<Result<Vec<u8>, Infallible>> {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2)
            .map(|pair| Ok(bytes[pair[0]..pair[1]].to_vec()))
            .collect()
    }

    fn read(mut frames: Frames<Vec<u8>>) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut texts = Vec::new();
            while let Some(text) = frames.next().await.unwrap() {
                texts.push(text);
            }
            texts
        })
    }

    fn sse(bytes: &[u8], cuts: &[usize]) -> Vec<String> {
        read(Frames::sse(stream::iter(packets(bytes, cuts)), IDLE))
    }

    #[test]
    fn what_services_really_send_is_read() {
        assert_eq!(
            sse("\u{feff}data: a\r\n\r\ndata: b\r\n\r\n".as_bytes(), &[]),
            ["a", "b"]
        );
        assert_eq!(sse(b"data:a\n\ndata:  b\n\n", &[]), ["a", " b"]);
        assert_eq!(
            sse(
                b": hello\n\nevent: ping\n\nretry: 3\n\ndata: a\ndata: b\n\n",
                &[]
            ),
            ["a\nb"]
        );
        assert_eq!(sse(b"data: a\n\ndata: last", &[]), ["a", "last"]);
        assert_eq!(sse(b"", &[]), Vec::<String>::new());
    }

    fn ending() -> impl Strategy<Value = &'static str> {
        prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]
    }

    proptest! {
        #[test]
        fn any_packets_give_the_same_events(
            texts in prop::collection::vec("[a-zäöü€🦀{}\": ]{1,20}", 1..8),
            end in ending(),
            bom in any::<bool>(),
            closed in any::<bool>(),
            cuts in prop::collection::vec(any::<usize>(), 0..40),
        ) {
            let mut wire = String::from(if bom { "\u{feff}" } else { "" });
            for text in &texts {
                wire += &format!("event: x{end}data: {text}{end}{end}");
            }
            if !closed {
                wire.truncate(wire.len() - end.len());
            }
            prop_assert_eq!(&sse(wire.as_bytes(), &cuts), &texts);
        }

        #[test]
        fn any_packets_give_the_same_lines(
            texts in prop::collection::vec("[a-zäöü€🦀{}\":]{1,20}", 1..8),
            crlf in any::<bool>(),
            closed in any::<bool>(),
            cuts in prop::collection::vec(any::<usize>(), 0..40),
        ) {
            let end = if crlf { "\r\n" } else { "\n" };
            let mut wire = texts.join(end);
            wire += if closed { end } else { "" };
            let frames = Frames::lines(stream::iter(packets(wire.as_bytes(), &cuts)), IDLE);
            prop_assert_eq!(&read(frames), &texts);
        }

        #[test]
        fn no_bytes_do_harm(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(any::<usize>(), 0..20),
        ) {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let mut frames = Frames::sse(stream::iter(packets(&bytes, &cuts)), IDLE);
                while let Ok(Some(_)) = frames.next().await {}
                let mut frames = Frames::lines(stream::iter(packets(&bytes, &cuts)), IDLE);
                while let Ok(Some(_)) = frames.next().await {}
            });
        }
    }

    #[test]
    fn an_endless_event_is_stopped_at_its_limit() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            let endless = || stream::repeat_with(|| Ok::<_, Infallible>(vec![b'x'; 1 << 16]));
            for mut frames in [Frames::sse(endless(), IDLE), Frames::lines(endless(), IDLE)] {
                let err = frames.next().await.unwrap_err();
                assert_eq!(
                    err.to_string(),
                    "one event of the answer is larger than 8 MiB"
                );
            }
        });
    }
}

//! The holder's door: one daemon at a time, which says the terminal's secret first, and those whom
//! it lets in.
//!
//! Owns the socket, what a daemon is told and in which order. A new daemon takes the place of an
//! old one. Who comes with a terminal of their own is `visitor`'s.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::straight::Straight;
use super::visitor::{self, Admitted};
use super::{Held, KEYED, State, far};
use crate::terminals::spool::Reading;
use crate::terminals::wire::{Hear, PIECE, Say, Word, next};

/// How long what a program asks of its terminal is worth an answer.
const STALE: Duration = Duration::from_secs(1);

/// How long one has to say the secret.
const HELLO: Duration = Duration::from_secs(2);

/// Makes the socket; only this account can open it.
pub(super) fn open(path: &Path) -> io::Result<UnixListener> {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Lets daemons in, for as long as the holder lives.
pub(super) fn serve(held: &Arc<Held>, listener: &UnixListener, secret: &str) {
    let mut number = 0;
    let mut served: Option<UnixStream> = None;
    for stream in listener.incoming().flatten() {
        let mut bytes = BytesMut::new();
        let Some(from) = (match first(held, &stream) {
            Some(read) => {
                bytes.extend_from_slice(&read);
                hello(&stream, &mut bytes, secret)
            }
            None => None,
        }) else {
            continue;
        };
        if let Some(old) = served.take() {
            let _ = old.shutdown(Shutdown::Both);
        }
        let (Ok(hears), Ok(tells)) = (stream.try_clone(), stream.try_clone()) else {
            continue;
        };
        number += 1;
        served = Some(stream);
        held.change(|state| {
            if state.daemon == 0 && state.alone_since.elapsed() > STALE {
                // Whoever asked then waits no more: something else would read the answer.
                state.answered = state.spool.written();
            }
            state.daemon = number;
            state.straight = None;
            state.let_nobody_in();
        });
        held.direct.dismiss(|_| true);
        held.direct.end();
        let (held, also) = (Arc::clone(held), Arc::clone(held));
        thread::spawn(move || {
            let _ = hear(&held, hears, bytes);
            held.change(|state| leave(state, number));
        });
        thread::spawn(move || {
            let _ = tell(&also, &tells, number, from);
            let _ = tells.shutdown(Shutdown::Both);
            also.change(|state| leave(state, number));
        });
    }
}

fn leave(state: &mut State, number: u64) {
    if state.daemon == number {
        state.daemon = 0;
        state.straight = None;
        state.alone_since = Instant::now();
    }
}

/// Reads what somebody says first; `None` where it is nothing, or was said by one who brought a
/// terminal and is served elsewhere.
fn first(held: &Arc<Held>, stream: &UnixStream) -> Option<Vec<u8>> {
    stream.set_read_timeout(Some(HELLO)).ok()?;
    let mut buffer = vec![0; 1024];
    let (read, passed) = visitor::receive(stream, &mut buffer).ok()?;
    buffer.truncate(read);
    match passed {
        Some(terminal) => {
            let (held, stream) = (Arc::clone(held), stream.try_clone().ok()?);
            thread::spawn(move || visitor::serve(&held, stream, buffer, terminal));
            None
        }
        None => Some(buffer).filter(|bytes| !bytes.is_empty()),
    }
}

/// Hears the first word; returns the byte to begin with.
fn hello(stream: &UnixStream, bytes: &mut BytesMut, secret: &str) -> Option<u64> {
    let said = word(stream, bytes).ok()??;
    stream.set_read_timeout(None).ok()?;
    match said {
        Say::Hello { secret: said, from } if said == secret => Some(from),
        _ => None,
    }
}

/// Returns the next word; `None` where the daemon left.
fn word(mut stream: &UnixStream, bytes: &mut BytesMut) -> io::Result<Option<Say>> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match next(bytes) {
            Ok(Some(word)) => return Ok(Some(word)),
            Ok(None) => {}
            Err(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(buffer.get(..read).unwrap_or_default()),
        }
    }
}

/// Does what the daemon says until it leaves.
fn hear(held: &Arc<Held>, stream: UnixStream, mut bytes: BytesMut) -> io::Result<()> {
    while let Some(word) = word(&stream, &mut bytes)? {
        match word {
            Say::Hello { .. } => return Err(io::ErrorKind::InvalidData.into()),
            Say::Input(bytes) => type_in(held, &bytes),
            Say::Answer { offset, bytes } => {
                let first = held.change(|state| {
                    let first = offset > state.answered;
                    state.answered = state.answered.max(offset);
                    first
                });
                if first {
                    type_in(held, &bytes);
                }
            }
            Say::Resize(size) => held.pty.resize(size),
            Say::Signal(number) => held.pty.signal(number),
            Say::Kept(offset) => held.change(|state| state.kept = state.kept.max(offset)),
            Say::Kill => {
                let held = Arc::clone(held);
                thread::spawn(move || held.kill());
            }
            Say::Keys(bytes) => {
                let (_, news) = held.state().keys(&held.pty, &bytes);
                if news {
                    held.change(|_| ());
                }
            }
            Say::Typist { number, typist } => held.change(|state| {
                state.typist = typist;
                state.handed = Some(number);
            }),
            Say::Admit {
                client,
                types,
                ticket,
            } => {
                let ticket = (!ticket.is_empty()).then_some(ticket);
                held.change(|state| admit(&mut state.admitted, client, types, ticket));
            }
            Say::Dismiss(client) => {
                let nobody = held.change(|state| {
                    state.admitted.retain(|admitted| admitted.client != client);
                    state.admitted.is_empty()
                });
                held.direct.dismiss(|own| own == client);
                if nobody {
                    held.direct.end();
                }
            }
            Say::Begin => {
                // What the daemon says next does not wait for it.
                let held = Arc::clone(held);
                thread::spawn(move || begin(&held));
            }
        }
    }
    Ok(())
}

/// Begins the screen that people are drawn from.
fn begin(held: &Held) {
    match held.direct.begin(&held.folder) {
        // They may have left meanwhile.
        Ok(()) if held.state().admitted.is_empty() => held.direct.end(),
        Ok(()) => held.look_after(),
        Err(_) => {
            // They come back by the long way.
            held.change(State::let_nobody_in);
            held.direct.dismiss(|_| true);
        }
    }
}

/// Types something; what there is no room for is lost, and the daemon sends no more than that.
fn type_in(held: &Held, bytes: &[u8]) {
    let (_, news) = held.state().type_in(&held.pty, bytes);
    if news {
        held.change(|_| ());
    }
}

/// Takes note of a client that is let in.
fn admit(admitted: &mut Vec<Admitted>, client: u64, types: bool, ticket: Option<String>) {
    match admitted.iter_mut().find(|own| own.client == client) {
        Some(own) => {
            own.types = types;
            own.ticket = ticket.or(own.ticket.take());
        }
        None => admitted.push(Admitted {
            client,
            ticket,
            visit: 0,
            types,
        }),
    }
}

/// Tells the daemon all that the program writes, and how it ended.
fn tell(held: &Held, mut stream: &UnixStream, number: u64, from: u64) -> io::Result<()> {
    let mut reading = Reading::from(&held.folder, from)?;
    let mut buffer = vec![0; PIECE];
    let (mut closed, mut trouble, mut typed) = (false, 0, u64::MAX);
    let mut out = Vec::new();
    Hear::Answered(held.state().answered).write(&mut out);
    loop {
        let at = reading.at();
        let (ended, told) = {
            let mut state = held.state();
            let news = |state: &State| {
                let told = match &state.straight {
                    Some(straight) => straight.is_done(state.spool.written()),
                    None => state.spool.written() <= at,
                };
                state.daemon != number
                    || !told
                    || state.closed != closed
                    || state.trouble != trouble
                    || far(typed, state.typed)
                    || state.handed.is_some()
                    || state.keyed.len() > KEYED
                    || state.ended.is_some()
            };
            if !news(&state) {
                // From here on the thread that reads may tell by itself.
                state.straight = Some(Straight::begin(stream, at)?);
                drop(state);
                state = held.until(news);
            }
            if state.daemon != number {
                return Ok(());
            }
            let told = state.straight.take().map(Straight::end);
            state.tell_keys(&mut out);
            if state.closed != closed {
                closed = state.closed;
                Hear::Closed(closed).write(&mut out);
            }
            if state.trouble != trouble {
                trouble = state.trouble;
                Hear::Trouble(trouble).write(&mut out);
            }
            if state.typed != typed {
                typed = state.typed;
                Hear::Typed(typed).write(&mut out);
            }
            (state.ended.clone(), told)
        };
        if let Some((at, rest)) = told {
            // It comes before anything that is said now.
            out.splice(..0, rest);
            if at > reading.at() {
                reading.skip_to(at)?;
            }
        }
        let ended = ended.filter(|ended| ended.offset <= reading.at());
        let read = reading.read(&mut buffer)?;
        if read > 0 {
            let bytes = buffer.get(..read).unwrap_or_default();
            Hear::output(reading.at() - read as u64, bytes, &mut out);
        } else if let Some(ended) = &ended {
            Hear::Ended {
                offset: ended.offset,
                end: ended.end.clone(),
            }
            .write(&mut out);
        }
        stream.write_all(&out)?;
        out.clear();
        if read == 0 && ended.is_some() {
            held.change(|state| state.fetched = true);
            return Ok(());
        }
    }
}

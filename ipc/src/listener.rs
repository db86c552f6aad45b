//! The daemon's side of the door: who may come in.
//!
//! Owns the socket's file and the check of who connects. What is said afterwards is `server`'s.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::time::Duration;

use futures_util::FutureExt;
use interprocess::local_socket::tokio::{self as local, prelude::*};
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name};
use smartopol_protocol::{Code, Fault};
use tokio::io::AsyncWriteExt;

use crate::address::Inode;
use crate::{Address, Error, Stream, frame};

/// How long a socket that may be stale has to show that somebody is there.
const PROBE_FOR: Duration = Duration::from_secs(1);

/// How long an exhausted system is left alone before the next connection is looked at.
const REST_FOR: Duration = Duration::from_millis(100);

/// A socket that clients can connect to. Dropping it removes its own file, and no other.
#[derive(Debug)]
pub struct Listener {
    socket: local::Listener,
    address: Address,
    inode: Option<Inode>,
    own: u32,
}

/// A client of our own account, that has not said anything yet.
#[derive(Debug)]
pub struct Incoming {
    /// The connection.
    pub stream: Stream,
    /// Who it is.
    pub peer: Peer,
}

/// Who is at the other end, as the system knows them. Its text is the peer's name, `cli:1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user.
    pub uid: u32,
    /// The process; `None` where the system does not tell.
    pub pid: Option<i32>,
}

/// Returns who this process is to a daemon of its own account.
pub fn own_peer() -> Peer {
    Peer {
        uid: own_uid(),
        pid: None,
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cli:{}", self.uid)
    }
}

impl Listener {
    /// Opens the door: makes and checks the folder, takes a stale socket away, listens.
    ///
    /// # Errors
    /// Where somebody listens already, the place is not safe, or the system refuses.
    pub async fn bind(address: Address) -> Result<Self, Error> {
        address.fits()?;
        address.secure_folder()?;
        clear(&address).await?;
        let failed = |source: io::Error| match source.kind() {
            ErrorKind::AddrInUse => Error::InUse {
                path: address.path().into(),
            },
            _ => Error::Io {
                doing: format!("cannot listen at {address}"),
                source,
            },
        };
        // Its own way to remove the socket would remove whatever has the name by then.
        let socket = name(&address)
            .and_then(|name| {
                ListenerOptions::new()
                    .name(name)
                    .reclaim_name(false)
                    .create_tokio()
            })
            .map_err(failed)?;
        let inode = address.inode().map_err(failed)?;
        let listener = Self {
            socket,
            inode,
            own: own_uid(),
            address,
        };
        let refused = |source| Error::Io {
            doing: format!("cannot close {} to others", listener.address),
            source,
        };
        listener.address.close_to_others().map_err(refused)?;
        Ok(listener)
    }

    /// Returns where it listens.
    pub const fn address(&self) -> &Address {
        &self.address
    }

    /// Waits for the next client. One of another account is told why it may not come in, and is
    /// returned as [`Error::Stranger`]. After an error the next call goes on. May be cancelled.
    ///
    /// # Errors
    /// Where a stranger came, or the system failed; the listener stays good.
    pub async fn accept(&self) -> Result<Incoming, Error> {
        let stream = loop {
            match self.socket.accept().await {
                Ok(stream) => break Stream::new(stream),
                // The client left before it was looked at.
                Err(err) if err.kind() == ErrorKind::ConnectionAborted => {}
                Err(source) => {
                    // Out of files or memory: asking again at once would only burn the processor.
                    tokio::time::sleep(REST_FOR).await;
                    return Err(Error::Io {
                        doing: "cannot accept a client".into(),
                        source,
                    });
                }
            }
        };
        let peer = peer(&stream).map_err(|source| Error::Io {
            doing: "cannot see who the client is".into(),
            source,
        })?;
        if peer.uid == self.own {
            return Ok(Incoming { stream, peer });
        }
        turn_away(stream, peer.uid, self.own);
        Err(Error::Stranger {
            uid: peer.uid,
            own: self.own,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Another daemon may have taken the place since; its socket is not ours to remove.
        if self.inode.is_some() && self.address.inode().ok().flatten() == self.inode {
            let _ = fs::remove_file(self.address.path());
        }
    }
}

/// Returns the user that this process acts as.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Connects, and checks that the program at the other end is our own.
pub(crate) async fn connect(address: &Address) -> Result<Stream, Error> {
    address.fits()?;
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => Error::NotRunning {
            path: address.path().into(),
            source,
        },
        _ => Error::Io {
            doing: format!("cannot connect to {address}"),
            source,
        },
    };
    let stream = dial(address).await.map_err(failed)?;
    let (uid, own) = (peer(&stream).map_err(failed)?.uid, own_uid());
    if uid == own {
        Ok(stream)
    } else {
        Err(Error::Stranger { uid, own })
    }
}

/// Returns who is at the other end.
fn peer(stream: &Stream) -> io::Result<Peer> {
    // A process outside our container has the number 0: `peer_creds` of interprocess makes that an
    // error, and rustix' `Pid` has no such value.
    let who = stream.0.inner().peer_cred()?;
    Ok(Peer {
        uid: who.uid(),
        pid: who.pid().filter(|pid| *pid > 0),
    })
}

fn name(address: &Address) -> io::Result<Name<'_>> {
    address.path().to_fs_name::<GenericFilePath>()
}

/// Connects to whoever is there.
async fn dial(address: &Address) -> io::Result<Stream> {
    let stream = Stream::new(local::Stream::connect(name(address)?).await?);
    match stream.0.inner().peer_addr() {
        // Too many wait at the door: the system said to come again, and that was taken for a yes.
        Err(err) if err.kind() == ErrorKind::NotConnected => Err(ErrorKind::WouldBlock.into()),
        _ => Ok(stream),
    }
}

/// Takes a socket away that nobody listens at any more.
async fn clear(address: &Address) -> Result<(), Error> {
    let failed = |source| Error::Io {
        doing: format!("cannot look at {address}"),
        source,
    };
    let Some(found) = address.inode().map_err(failed)? else {
        return Ok(());
    };
    if !found.is_socket {
        return Err(Error::InTheWay {
            path: address.path().into(),
        });
    }
    let probe = tokio::time::timeout(PROBE_FOR, dial(address)).await;
    match probe {
        Ok(Err(err)) if err.kind() == ErrorKind::ConnectionRefused => {}
        Ok(Err(err)) if err.kind() == ErrorKind::NotFound => return Ok(()),
        // Whoever is there is alive, if only too busy to answer.
        Ok(_) | Err(_) => {
            return Err(Error::InUse {
                path: address.path().into(),
            });
        }
    }
    fs::remove_file(address.path()).map_err(|source| Error::Io {
        doing: format!("cannot remove the stale socket {address}"),
        source,
    })
}

/// Says why, as far as that can be done without waiting for somebody we do not trust.
fn turn_away(mut stream: Stream, uid: u32, own: u32) {
    let fault = Fault::new(
        Code::Denied,
        format!("this daemon is run by user {own}, and you are user {uid}"),
    )
    .hint("start a daemon of your own: `smartopol daemon start`");
    let _ = stream.write_all(&frame::refusal(0, &fault)).now_or_never();
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    use super::*;

    #[tokio::test]
    async fn a_stranger_is_told_why_and_turned_away() {
        let home = tempfile::tempdir().unwrap();
        let address = Address::new(home.path().join("run/daemon.sock"));
        let mut listener = Listener::bind(address.clone()).await.unwrap();
        listener.own = listener.own.wrapping_add(1);
        let (client, server) = tokio::join!(UnixStream::connect(address.path()), listener.accept());
        assert!(matches!(server, Err(Error::Stranger { uid, own }) if own == uid.wrapping_add(1)));
        let mut said = Vec::new();
        client.unwrap().read_to_end(&mut said).await.unwrap();
        let said = String::from_utf8_lossy(&said[frame::HEADER..]).into_owned();
        assert!(said.contains(r#""code":"denied""#), "{said}");
    }
}

//! No stream of bytes makes the daemon's side of a connection panic or hang, and how the stream is
//! cut on its way changes nothing of what is heard.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use smartopol_ipc::{pair, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().build().unwrap()
});

const HELLO: &str = r#"{"type":"hello","min_version":1,"max_version":1,"client":"fuzz"}"#;

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let whole = RUNTIME.block_on(heard(bytes, bytes.len().max(1)));
    let parts = RUNTIME.block_on(heard(bytes, usize::from(cut) + 1));
    assert_eq!(whole, parts);
});

/// Says these bytes after a hello, so many at once; returns what is heard.
async fn heard(bytes: &[u8], at_once: usize) -> Vec<String> {
    let (mut client, daemon) = pair();
    let (mut read, mut write) = tokio::io::split(&mut client);
    let say = async {
        let length = u32::try_from(HELLO.len()).unwrap().to_be_bytes();
        write.write_all(&[1]).await.unwrap();
        write.write_all(&length).await.unwrap();
        write.write_all(HELLO.as_bytes()).await.unwrap();
        for piece in bytes.chunks(at_once) {
            // Whoever is no longer heard stops.
            if write.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = write.shutdown().await;
    };
    let hear = async {
        let (mut requests, _replies, _) = server::handshake(daemon, "cli:0", "0").await.unwrap();
        let mut heard = Vec::new();
        while let Some(request) = requests.next().await {
            heard.push(match request {
                Ok(request) => format!("{} {}", request.id, request.method),
                Err(unreadable) => format!("{} {}", unreadable.id, unreadable.fault),
            });
        }
        heard
    };
    let drain = async {
        let mut welcome = Vec::new();
        let _ = read.read_to_end(&mut welcome).await;
    };
    tokio::join!(say, hear, drain).1
}

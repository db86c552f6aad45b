//! The socket in the file system: who may have it, what is left behind.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;

use smartopol_ipc::{Access, Address, Client, Error, Listener, server};
use tempfile::TempDir;

fn place() -> (TempDir, Address) {
    let home = tempfile::tempdir().unwrap();
    let address = Address::new(home.path().join("run/daemon.sock"));
    (home, address)
}

#[tokio::test]
async fn a_client_connects_and_is_known_by_its_user() {
    let (_home, address) = place();
    let listener = Listener::bind(address.clone()).await.unwrap();
    let served = async {
        let incoming = listener.accept().await.unwrap();
        let own = fs::metadata(address.path()).unwrap().uid();
        assert_eq!(incoming.peer.uid, own);
        assert_eq!(incoming.peer.to_string(), format!("cli:{own}"));
        let peer = incoming.peer.to_string();
        server::handshake(incoming.stream, &peer, "1.2.3")
            .await
            .unwrap()
    };
    let (client, (_requests, _replies, hello)) =
        tokio::join!(Client::connect(&address, "door", Access::Observe), served);
    assert_eq!((hello.client.as_str(), hello.observe), ("door", true));
    assert!(client.unwrap().0.welcome().peer.starts_with("cli:"));
}

#[tokio::test]
async fn socket_and_folder_are_for_their_owner_alone() {
    let (_home, address) = place();
    let _listener = Listener::bind(address.clone()).await.unwrap();
    let mode = |path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(address.path()), 0o600);
    assert_eq!(mode(address.path().parent().unwrap()), 0o700);
}

#[tokio::test]
async fn a_folder_that_others_can_reach_into_is_not_used() {
    let (_home, address) = place();
    let folder = address.path().parent().unwrap();
    fs::create_dir(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let err = Listener::bind(address.clone()).await.unwrap_err();
    assert!(matches!(err, Error::UnsafeFolder { .. }));
    assert!(
        err.to_string()
            .contains(&format!("chmod 700 {}", folder.display())),
        "{err}"
    );
    assert!(!address.path().exists());
}

#[tokio::test]
async fn nobody_there_is_told_with_the_remedy() {
    let (_home, address) = place();
    let err = Client::connect(&address, "door", Access::Full)
        .await
        .unwrap_err();
    assert!(matches!(err, Error::NotRunning { .. }));
    assert!(
        err.to_string().contains("`smartopol daemon start`"),
        "{err}"
    );
}

#[tokio::test]
async fn a_stale_socket_is_taken_over() {
    let (_home, address) = place();
    drop(Listener::bind(address.clone()).await.unwrap());
    drop(UnixListener::bind(address.path()).unwrap());
    assert!(address.path().exists());
    let connected = Client::connect(&address, "door", Access::Full).await;
    assert!(matches!(connected, Err(Error::NotRunning { .. })));
    Listener::bind(address).await.unwrap();
}

#[tokio::test]
async fn a_socket_that_somebody_listens_at_is_left_alone() {
    let (_home, address) = place();
    let first = Listener::bind(address.clone()).await.unwrap();
    let second = Listener::bind(address.clone()).await;
    assert!(matches!(second, Err(Error::InUse { .. })));
    let (client, accepted) = tokio::join!(tokio::net::UnixStream::connect(address.path()), async {
        first.accept().await.unwrap();
        // The first to come was the second listener, looking whether anybody is there.
        first.accept().await
    });
    assert!(client.is_ok() && accepted.is_ok());
}

#[tokio::test]
async fn something_else_in_its_place_is_left_alone() {
    let (_home, address) = place();
    drop(Listener::bind(address.clone()).await.unwrap());
    fs::write(address.path(), "mine").unwrap();
    let err = Listener::bind(address.clone()).await.unwrap_err();
    assert!(matches!(err, Error::InTheWay { .. }));
    assert_eq!(fs::read_to_string(address.path()).unwrap(), "mine");
}

#[tokio::test]
async fn a_listener_removes_its_own_socket_and_no_other() {
    let (_home, address) = place();
    let listener = Listener::bind(address.clone()).await.unwrap();
    assert_eq!(listener.address(), &address);
    drop(listener);
    assert!(!address.path().exists());

    let old = Listener::bind(address.clone()).await.unwrap();
    let aside = address.path().with_extension("aside");
    fs::rename(address.path(), &aside).unwrap();
    let new = Listener::bind(address.clone()).await.unwrap();
    drop(old);
    assert!(address.path().exists());
    drop(new);
    assert!(!address.path().exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_daemon_too_busy_to_open_is_told_from_none_and_from_a_stranger() {
    let (_home, address) = place();
    drop(Listener::bind(address.clone()).await.unwrap());
    let busy = UnixListener::bind(address.path()).unwrap();
    rustix::net::listen(&busy, 0).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(address.path()).unwrap();
    let err = Client::connect(&address, "door", Access::Full)
        .await
        .unwrap_err();
    let would_block = std::io::ErrorKind::WouldBlock;
    assert!(
        matches!(&err, Error::Io { source, .. } if source.kind() == would_block),
        "{err:?}"
    );
    let second = Listener::bind(address.clone()).await;
    assert!(matches!(second, Err(Error::InUse { .. })));
}

#[tokio::test]
async fn the_longest_path_that_the_system_takes_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let limit = if cfg!(target_os = "linux") { 107 } else { 103 };
    let folder = home.path().join("run");
    let left = limit - folder.as_os_str().len() - 1;
    let address = Address::new(folder.join("x".repeat(left)));
    let listener = Listener::bind(address.clone()).await.unwrap();
    let (client, accepted) = tokio::join!(
        tokio::net::UnixStream::connect(address.path()),
        listener.accept()
    );
    assert!(client.is_ok() && accepted.is_ok());
    let twin = Listener::bind(address).await;
    assert!(matches!(twin, Err(Error::InUse { .. })));
}

#[tokio::test]
async fn a_path_too_long_says_so_and_what_to_set() {
    let home = tempfile::tempdir().unwrap();
    let address = Address::new(home.path().join("x".repeat(120)).join("daemon.sock"));
    for err in [
        Listener::bind(address.clone()).await.unwrap_err(),
        Client::connect(&address, "door", Access::Full)
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(err, Error::PathTooLong { .. }));
        assert!(err.to_string().contains("SMARTOPOL_HOME"), "{err}");
    }
}

//! The socket in the file system: who may have it, what is left behind.

use smartopol_ipc::{Access, Address, Client, Error, Listener, server};

#[tokio::test]
async fn a_client_connects_over_a_socket() {
    let home = tempfile::tempdir().unwrap();
    let address = Address::new(home.path().join("run/daemon.sock"));
    let listener = Listener::bind(address.clone()).await.unwrap();
    let served = async {
        let incoming = listener.accept().await.unwrap();
        let peer = incoming.peer.to_string();
        let (requests, replies, hello) = server::handshake(incoming.stream, &peer, "1.2.3")
            .await
            .unwrap();
        assert_eq!((hello.client.as_str(), hello.observe), ("door", true));
        (requests, replies, peer)
    };
    let (client, (_requests, _replies, peer)) =
        tokio::join!(Client::connect(&address, "door", Access::Observe), served);
    let (client, _events) = client.unwrap();
    assert_eq!(client.welcome().peer, peer);
}

#[tokio::test]
async fn nobody_there_is_told_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let address = Address::new(home.path().join("daemon.sock"));
    let err = Client::connect(&address, "door", Access::Full)
        .await
        .unwrap_err();
    assert!(matches!(err, Error::NotRunning { .. }));
    assert!(
        err.to_string().contains("`smartopol daemon start`"),
        "{err}"
    );
}

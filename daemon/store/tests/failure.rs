//! What the store says when the world is against it.

use std::path::Path;

use smartopol_protocol::session::Create;
use smartopol_protocol::{Code, Fault, SessionId};
use smartopol_store::{Error, Options, Store};

use crate::house::{House, at, raw};

fn refused(path: &Path) -> Error {
    let options = Options {
        path: path.into(),
        on_commit: Box::new(|_| ()),
    };
    match Store::open(options) {
        Ok(_) => panic!("it was opened"),
        Err(err) => err,
    }
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let house = House::new();
    house.store.clone().close().await.unwrap();
    raw(&house.path())
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = std::fs::read(house.path()).unwrap();
    let err = refused(&house.path());
    assert!(matches!(err, Error::Newer { found: 99, .. }), "{err:?}");
    assert!(err.to_string().contains("update the program"), "{err}");
    assert!(before == std::fs::read(house.path()).unwrap());
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photos.db");
    std::fs::File::create(&path).unwrap();
    raw(&path)
        .execute_batch("CREATE TABLE photos (id)")
        .unwrap();
    assert!(matches!(refused(&path), Error::Foreign { .. }));
}

#[test]
fn a_file_that_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("smartopol.db");
    std::fs::write(&path, "not a database, not at all. ".repeat(200)).unwrap();
    let err = refused(&path);
    assert!(matches!(err, Error::Corrupt(_)), "{err:?}");
    assert!(err.to_string().contains("backup"), "{err}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let err = refused(&file.join("smartopol.db"));
    assert!(err.to_string().contains("file"), "{err}");
    assert!(matches!(err, Error::File { .. }), "{err:?}");
}

#[tokio::test]
async fn a_held_database_fails_the_write_and_the_writer_lives_on() {
    let house = House::new();
    let session = house.session().await;
    house.forget_told();
    let other = raw(&house.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let create = || {
        let store = house.store.clone();
        async move {
            store
                .write(|w| {
                    w.create_session(SessionId::new(), None, &Create::in_folder("/a"), at(1))
                })
                .await
        }
    };
    let held = create().await;
    assert!(matches!(held, Err(Error::Locked(_))), "{held:?}");
    assert_eq!(house.told(), []);
    house
        .store
        .read(move |r| r.session(session.id))
        .await
        .unwrap();
    other.execute_batch("ROLLBACK").unwrap();
    create().await.unwrap();
    house.sound().await;
}

#[tokio::test]
async fn what_somebody_broke_in_the_file_is_found() {
    let house = House::new();
    let session = house.session().await;
    let turn = house.turn(session.id).await;
    house.call(&turn).await;
    house.sound().await;
    let breaks = [
        ("UPDATE sessions SET messages = 9", "messages"),
        ("UPDATE sessions SET waiting = 9", "approvals"),
        (
            "UPDATE sessions SET state = '{\"state\":\"waiting\"}'",
            "state",
        ),
        (
            "UPDATE messages SET position = 9 WHERE position = 2",
            "holes",
        ),
        (
            "UPDATE messages SET role = 'tool' WHERE position = 1",
            "position 1",
        ),
        ("DELETE FROM calls", "has no row"),
        (
            "UPDATE turns SET finished = 1, state = '{\"state\":\"finished\",\"outcome\":{\"outcome\":\"done\"}}'",
            "open",
        ),
        (
            "UPDATE calls SET state = '{\"state\":\"running\"}'",
            "no trace",
        ),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM sessions",
            "refers to",
        ),
    ];
    for (sql, told) in breaks {
        let other = raw(&house.path());
        let copy = house.folder.path().join("copy.db");
        other
            .execute("VACUUM INTO ?1", [copy.to_str().unwrap()])
            .unwrap();
        raw(&copy).execute_batch(sql).unwrap();
        let options = Options {
            path: copy.clone(),
            on_commit: Box::new(|_| ()),
        };
        let store = Store::open(options).unwrap();
        let problems = store.check().await.unwrap();
        assert!(
            problems.iter().any(|line| line.contains(told)),
            "{sql}: {problems:?}"
        );
        store.close().await.unwrap();
        std::fs::remove_file(copy).unwrap();
    }
}

#[tokio::test]
async fn errors_become_faults_that_a_client_can_act_on() {
    let house = House::new();
    let lost = house
        .store
        .read(|r| r.session(SessionId::from_bytes([7; 16])))
        .await;
    let fault = Fault::from(lost.unwrap_err());
    assert_eq!(fault.code, Code::NotFound);
    assert_eq!(
        fault.message,
        "there is no session `ses_07070707070707070707070707070707`"
    );
    assert_eq!(fault.hint, "`smartopol sessions list` shows them");
    assert_eq!(Fault::from(Error::Full).code, Code::Unavailable);
    assert_eq!(Fault::from(Error::Closed).code, Code::Unavailable);
    let taken = Error::NameTaken { name: "x".into() };
    assert_eq!(Fault::from(taken).code, Code::Conflict);
}

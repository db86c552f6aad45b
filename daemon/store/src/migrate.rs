//! Bringing a database to the shape this program knows: files are added, never edited.

use std::path::Path;

use rusqlite::Connection;
use smartopol_protocol::AgentId;

use crate::Error;
use crate::column::Key;

/// The steps, in order; the database's `user_version` says how many it has taken.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
    include_str!("schema/0006.sql"),
    include_str!("schema/0007.sql"),
    include_str!("schema/0008.sql"),
    include_str!("schema/0009.sql"),
    include_str!("schema/0010.sql"),
    include_str!("schema/0011.sql"),
    include_str!("schema/0012.sql"),
    include_str!("schema/0013.sql"),
    include_str!("schema/0014.sql"),
    include_str!("schema/0015.sql"),
];

/// Marks the file as ours: `SMPL`.
const APPLICATION: i64 = 0x534d_504c;

/// Takes the steps that are missing, all or none, and returns the agent's id.
pub(crate) fn run(conn: &mut Connection, path: &Path) -> Result<AgentId, Error> {
    let found: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    let marked: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found == known && marked == APPLICATION {
        return agent(conn);
    }
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    if marked != APPLICATION && (tables > 0 || found > 0) {
        return Err(Error::Foreign { path: path.into() });
    }

    // A table that others refer to is made anew: dropping the old one must take no row of theirs
    // along. It can only be said outside of a transaction.
    let looked_after: bool = conn.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
    conn.pragma_update(None, "foreign_keys", false)?;
    let done = take(conn, found, known);
    conn.pragma_update(None, "foreign_keys", looked_after)?;
    done?;
    agent(conn)
}

/// Takes the steps after the first `found`.
fn take(conn: &mut Connection, found: i64, known: i64) -> Result<(), Error> {
    let txn = conn.transaction()?;
    let taken = usize::try_from(found).unwrap_or(0);
    for step in STEPS.iter().skip(taken) {
        txn.execute_batch(step)?;
    }
    if found == 0 {
        txn.execute(
            "INSERT INTO meta (key, value) VALUES ('agent_id', ?1)",
            [Key(AgentId::new())],
        )?;
        txn.pragma_update(None, "application_id", APPLICATION)?;
    }
    txn.pragma_update(None, "user_version", known)?;
    Ok(txn.commit()?)
}

/// Refuses a database that this program cannot read as it is: another's, or a newer one's.
pub(crate) fn known(conn: &Connection, path: &Path) -> Result<(), Error> {
    let pragma = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (found, marked) = (pragma("user_version")?, pragma("application_id")?);
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if marked != APPLICATION {
        return Err(Error::Foreign { path: path.into() });
    }
    if found > known {
        return Err(Error::Newer { found, known });
    }
    Ok(())
}

fn agent(conn: &Connection) -> Result<AgentId, Error> {
    let key: Key<AgentId> =
        conn.query_row("SELECT value FROM meta WHERE key = 'agent_id'", (), |row| {
            row.get(0)
        })?;
    Ok(key.0)
}

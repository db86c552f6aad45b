//! The moments of a commit at which a disk may fail or a process may die.
//!
//! Owns their names, and the way for a test to be there. Nothing but a caller of
//! [`Store::open_with_points`](crate::Store::open_with_points) can reach it: no setting does.

use crate::Result;

/// A moment in the writer's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before a transaction begins.
    Begin,
    /// A write was carried out inside the transaction.
    Changed,
    /// Before the transaction is committed.
    Commit,
    /// It is on the disk, and nobody was told.
    Committed,
    /// The facts were told, the callers not yet.
    Told,
}

/// Called at each point; an error there is as if the disk had failed. After the commit it is too
/// late to fail, so what it returns is ignored there.
pub type AtPoint = Box<dyn FnMut(Point) -> Result<()> + Send>;

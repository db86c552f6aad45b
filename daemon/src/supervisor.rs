//! Tasks with a name, a way to stop them, and someone who notices their end.
//!
//! Owns: every task of the daemon. Nothing else may spawn one.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where tasks are started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Supervisor {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Supervisor {
    /// Starts a task. A panic in it ends that task alone and is logged with its name.
    pub(crate) fn spawn<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        #[expect(clippy::disallowed_methods, reason = "this is the supervisor")]
        let handle = tokio::spawn(task);
        self.tasks.spawn(async move {
            if let Err(err) = handle.await
                && err.is_panic()
            {
                tracing::error!(task = name, "a task panicked: {err}");
            }
        });
    }

    /// Returns the token that is cancelled when the daemon stops.
    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.stop
    }

    /// Tells all tasks to end, and waits until they did or the time is over.
    ///
    /// Returns how many are left.
    pub(crate) async fn stop(&self, within: Duration) -> usize {
        self.stop.cancel();
        self.tasks.close();
        let _ = tokio::time::timeout(within, self.tasks.wait()).await;
        self.tasks.len()
    }
}

//! Traces: lists, one, statistics, marks.

use smartopol_protocol::Fault;
use smartopol_protocol::UserId;
use smartopol_protocol::trace::{List, Listed, Mark, Show, Stats, StatsShown, Trace};
use smartopol_protocol::user::{Role, User};

use crate::House;

pub(crate) async fn list(house: &House, user: &User, mut list: List) -> Result<Listed, Fault> {
    list.filter.user_id = own(user, list.filter.user_id);
    house
        .store
        .read(move |r| r.traces(&list))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn show(house: &House, show: Show) -> Result<Trace, Fault> {
    house
        .store
        .read(move |r| r.trace(&show.id))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn stats(
    house: &House,
    user: &User,
    mut stats: Stats,
) -> Result<StatsShown, Fault> {
    stats.filter.user_id = own(user, stats.filter.user_id);
    house
        .store
        .read(move |r| r.stats(&stats.filter))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn mark(house: &House, mark: Mark) -> Result<(), Fault> {
    let at = house.clock.now();
    house
        .store
        .write(move |w| w.mark_trace(mark, at))
        .await
        .map_err(Fault::from)
}

/// Returns whose traces are meant: everybody but an admin means their own.
fn own(user: &User, asked: Option<UserId>) -> Option<UserId> {
    match user.role {
        Role::Admin => asked,
        _ => Some(user.id),
    }
}

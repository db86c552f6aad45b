//! Traces: lists, one, statistics, marks.

use smartopol_protocol::Fault;
use smartopol_protocol::trace::{List, Listed, Mark, Show, Stats, StatsShown, Trace};

use crate::House;

pub(crate) async fn list(house: &House, list: List) -> Result<Listed, Fault> {
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

pub(crate) async fn stats(house: &House, stats: Stats) -> Result<StatsShown, Fault> {
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

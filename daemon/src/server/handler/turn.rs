//! Turns: stopping, going on, and where their time went.

use smartopol_protocol::Fault;
use smartopol_protocol::session::{Continue, Continued, Interrupt, Interrupted};
use smartopol_protocol::turn::{Show, Shown};

use super::{AT_ONCE, SOON};
use crate::House;
use crate::session::Cmd;
use crate::steps::steps;

pub(crate) async fn interrupt(house: &House, params: Interrupt) -> Result<Interrupted, Fault> {
    house
        .router
        .insist(house, params.session_id, AT_ONCE, Cmd::Interrupt)
        .await
}

pub(crate) async fn go_on(house: &House, params: Continue) -> Result<Continued, Fault> {
    house
        .router
        .ask(house, params.session_id, SOON, Cmd::Continue)
        .await
}

pub(crate) async fn show(house: &House, show: Show) -> Result<Shown, Fault> {
    house
        .store
        .read(move |r| {
            let turn = r.turn(show.id)?;
            let spoken = r.spoken_in(turn.id)?;
            let calls = r.calls_of_turn(turn.id)?;
            let approvals = r.approvals_of_turn(turn.id)?;
            Ok(Shown {
                as_of: r.seq()?,
                steps: steps(&turn, &spoken, &calls, &approvals),
                turn,
            })
        })
        .await
        .map_err(Fault::from)
}

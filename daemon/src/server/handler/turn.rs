//! Turns: stopping and going on.

use smartopol_protocol::Fault;
use smartopol_protocol::session::{Continue, Continued, Interrupt, Interrupted};

use super::{AT_ONCE, SOON};
use crate::House;
use crate::session::Cmd;

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

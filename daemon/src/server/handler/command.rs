//! Commands of the person: running one, stopping them.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::command::{Run, Running, Stop, Stopped};
use smartopol_protocol::{Code, Fault};

use super::SOON;
use crate::House;
use crate::session::Cmd;

/// The longest command, in bytes.
const MAX_COMMAND: usize = 64 * 1024;

pub(crate) async fn run(house: &House, actor: &Actor, run: Run) -> Result<Running, Fault> {
    if run.command.trim().is_empty() {
        return Err(Fault::new(Code::BadRequest, "`command` is empty").hint("write one behind `!`"));
    }
    if run.command.len() > MAX_COMMAND {
        let told = format!(
            "`command` has {} bytes, and {MAX_COMMAND} are the most",
            run.command.len()
        );
        return Err(Fault::new(Code::TooLarge, told)
            .hint("put it into a script of the workspace and run that"));
    }
    let (id, actor) = (run.session_id, actor.clone());
    let say = |reply| Cmd::Run(Box::new((run, actor)), reply);
    house.router.ask(house, id, SOON, say).await
}

pub(crate) async fn stop(house: &House, stop: Stop) -> Result<Stopped, Fault> {
    house
        .router
        .ask(house, stop.session_id, SOON, Cmd::StopCommands)
        .await
}

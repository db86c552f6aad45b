//! One line per method; the work is in the handler of its noun.

use serde::Serialize;
use smartopol_ipc::{Bytes, server};
use smartopol_protocol::approval::Actor;
use smartopol_protocol::session::Partial;
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Fault, Request, SessionId};

use super::handler::{
    approval, attention, client, command, compaction, daemon, job, knowledge, memory, message,
    prompt, provider, question, rule, session, terminal, trace, turn, user as people,
};
use crate::House;

/// Does what a request says and returns the frame of its reply.
pub(crate) async fn dispatch(
    house: &House,
    (actor, user): (&Actor, &User),
    id: u64,
    request: Request,
) -> Bytes {
    match request {
        Request::DaemonStatus(_) => reply(id, daemon::status(house, user).await),
        Request::DaemonStop(params) => reply(id, daemon::stop(house, params).await),
        Request::DaemonBackup(params) => reply(id, daemon::backup(house, params).await),
        Request::DaemonCheck(_) => reply(id, daemon::check(house).await),
        Request::DaemonFigures(_) => reply(id, daemon::figures(house).await),
        Request::SessionCreate(params) => reply(id, session::create(house, actor, params).await),
        Request::SessionList(params) => reply(id, session::list(house, user, params).await),
        Request::SessionRetention(_) => reply(id, session::retention(house, user).await),
        Request::SessionSearch(params) => reply(id, session::search(house, user, params).await),
        Request::SessionArchive(params) => reply(id, session::archive(house, params).await),
        Request::SessionFind(params) => reply(id, session::find(house, user, params).await),
        Request::SessionShow(params) => reply(id, session::show(house, params).await),
        Request::SessionConfigure(params) => reply(id, session::configure(house, params).await),
        Request::SessionDelete(params) => reply(id, session::delete(house, params).await),
        Request::SessionFork(params) => reply(id, session::fork(house, params).await),
        Request::SessionCompact(params) => reply(id, compaction::compact(house, params).await),
        Request::SessionExpand(params) => reply(id, compaction::expand(house, params).await),
        Request::SessionCompactions(params) => reply(id, compaction::list(house, params).await),
        Request::SessionPin(params) => reply(id, compaction::pin(house, params).await),
        Request::SessionUnpin(params) => reply(id, compaction::unpin(house, params).await),
        Request::SessionPins(params) => reply(id, compaction::pins(house, params).await),
        Request::SessionExport(params) => reply(id, session::export(house, params).await),
        Request::SessionFiles(params) => reply(id, session::files(house, params).await),
        Request::MessageSend(params) => reply(id, message::send(house, actor, params).await),
        Request::MessageSearch(params) => reply(id, message::search(house, params).await),
        Request::MessageWithdraw(params) => reply(id, message::withdraw(house, params).await),
        Request::MessageEdit(params) => reply(id, message::edit(house, params).await),
        Request::CommandRun(params) => reply(id, command::run(house, actor, params).await),
        Request::CommandStop(params) => reply(id, command::stop(house, params).await),
        Request::TurnInterrupt(params) => reply(id, turn::interrupt(house, params).await),
        Request::TurnContinue(params) => reply(id, turn::go_on(house, params).await),
        Request::MemoryAdd(params) => reply(id, memory::add(house, actor, params).await),
        Request::MemoryList(params) => reply(id, memory::list(house, actor, params).await),
        Request::MemorySearch(params) => reply(id, memory::search(house, actor, params).await),
        Request::MemoryShow(params) => reply(id, memory::show(house, actor, params).await),
        Request::MemoryEdit(params) => reply(id, memory::edit(house, actor, params).await),
        Request::MemoryForget(params) => reply(id, memory::forget(house, actor, params).await),
        Request::MemoryDecide(params) => reply(id, memory::decide(house, actor, params).await),
        Request::KnowledgeList(params) => reply(id, knowledge::list(house, actor, params).await),
        Request::KnowledgeSearch(params) => {
            reply(id, knowledge::search(house, actor, params).await)
        }
        Request::KnowledgeShow(params) => reply(id, knowledge::show(house, actor, params).await),
        Request::KnowledgeWrite(params) => reply(id, knowledge::write(house, actor, params).await),
        Request::KnowledgeLink(params) => reply(id, knowledge::link(house, actor, params).await),
        Request::KnowledgePin(params) => reply(id, knowledge::pin(house, actor, params).await),
        Request::KnowledgeForget(params) => {
            reply(id, knowledge::forget(house, actor, params).await)
        }
        Request::KnowledgeHot(_) => reply(id, knowledge::hot(house, actor).await),
        Request::TurnShow(params) => reply(id, turn::show(house, params).await),
        Request::ApprovalList(params) => reply(id, approval::list(house, user, params).await),
        Request::ApprovalShow(params) => reply(id, approval::show(house, params).await),
        Request::ApprovalDecide(params) => reply(id, approval::decide(house, actor, params).await),
        Request::ApprovalLab(params) => reply(id, approval::lab(house, params).await),
        Request::ApprovalCheck(params) => reply(id, approval::check(house, user, params).await),
        Request::QuestionList(params) => reply(id, question::list(house, user, params).await),
        Request::QuestionShow(params) => reply(id, question::show(house, params).await),
        Request::QuestionAnswer(params) => reply(id, question::answer(house, actor, params).await),
        Request::RuleTest(params) => reply(id, rule::test(house, params).await),
        Request::RuleList(_) => reply(id, rule::list(house).await),
        Request::RuleRevoke(params) => reply(id, rule::revoke(house, params).await),
        Request::TraceList(params) => reply(id, trace::list(house, user, params).await),
        Request::TraceShow(params) => reply(id, trace::show(house, params).await),
        Request::TraceStats(params) => reply(id, trace::stats(house, user, params).await),
        Request::TraceMark(params) => reply(id, trace::mark(house, params).await),
        Request::TerminalOpen(params) => reply(id, terminal::open(house, params).await),
        Request::TerminalList(_) => reply(id, terminal::list(house, user).await),
        Request::TerminalShow(params) => reply(id, terminal::show(house, params).await),
        Request::TerminalWrite(params) => reply(id, terminal::write(house, params).await),
        Request::TerminalRead(params) => reply(id, terminal::read(house, params).await),
        Request::TerminalScreen(params) => reply(id, terminal::screen(house, params).await),
        Request::TerminalWait(params) => reply(id, terminal::wait(house, params).await),
        Request::TerminalTake(params) => reply(id, terminal::take(house, params).await),
        Request::TerminalGive(params) => reply(id, terminal::give(house, params).await),
        Request::TerminalSignal(params) => reply(id, terminal::signal(house, params).await),
        Request::TerminalKill(params) => reply(id, terminal::kill(house, params).await),
        Request::TerminalClose(params) => reply(id, terminal::close(house, params).await),
        Request::ProviderList(_) => reply(id, provider::list(house).await),
        Request::PromptShow(params) => reply(id, prompt::show(house, actor, params).await),
        Request::PromptSkip(params) => reply(id, prompt::skip(house, params)),
        Request::ProviderTest(params) => reply(id, provider::test(house, params).await),
        Request::JobAdd(params) => reply(id, job::add(house, actor, params).await),
        Request::JobList(params) => reply(id, job::list(house, user, params).await),
        Request::JobShow(params) => reply(id, job::show(house, user, params).await),
        Request::JobEdit(params) => reply(id, job::change(house, actor, params).await),
        Request::JobRemove(params) => reply(id, job::remove(house, user, params).await),
        Request::JobPause(params) => reply(id, job::pause(house, (actor, user), params).await),
        Request::JobResume(params) => reply(id, job::resume(house, user, params).await),
        Request::JobRun(params) => reply(id, job::run(house, (actor, user), params).await),
        Request::JobHistory(params) => reply(id, job::history(house, user, params).await),
        Request::JobWhy(params) => reply(id, job::why(house, user, params).await),
        Request::JobNext(params) => reply(id, job::next(house, user, params).await),
        Request::AttentionList(params) => reply(id, attention::list(house, user, params).await),
        Request::AttentionResolve(params) => {
            reply(id, attention::resolve(house, (actor, user), params).await)
        }
        Request::UserList(_) => reply(id, people::list(house, user).await),
        Request::UserShow(params) => reply(id, people::show(house, user, params).await),
        Request::UserAdd(params) => reply(id, people::add(house, (actor, user), params).await),
        Request::UserSet(params) => reply(id, people::set(house, (actor, user), params).await),
        Request::UserRemove(params) => {
            reply(id, people::remove(house, (actor, user), params).await)
        }
        Request::UserLink(_) => reply(id, people::link(house, (actor, user)).await),
        Request::UserRedeem(params) => reply(id, people::redeem(house, actor, params).await),
        Request::UserUnlink(params) => {
            reply(id, people::unlink(house, (actor, user), params).await)
        }
        Request::UserAdmit(params) => reply(id, people::admit(house, (actor, user), params).await),
        // These change the connection, which keeps them to itself.
        Request::EventSubscribe(_)
        | Request::EventWatch(_)
        | Request::ClientList(_)
        | Request::TerminalAttach(_)
        | Request::TerminalDetach(_)
        | Request::TerminalResize(_) => reply::<()>(
            id,
            Err(Fault::new(
                Code::BadRequest,
                "not possible on this connection",
            )),
        ),
    }
}

/// Returns true for what one who only observes may not do.
pub(crate) const fn changes(request: &Request) -> bool {
    match request {
        Request::DaemonStatus(_)
        | Request::DaemonCheck(_)
        | Request::DaemonFigures(_)
        | Request::EventSubscribe(_)
        | Request::EventWatch(_)
        | Request::SessionList(_)
        | Request::SessionFind(_)
        | Request::SessionShow(_)
        | Request::MessageSearch(_)
        | Request::SessionExport(_)
        | Request::SessionFiles(_)
        | Request::SessionSearch(_)
        | Request::SessionRetention(_)
        | Request::SessionCompactions(_)
        | Request::SessionPins(_)
        | Request::MemoryList(_)
        | Request::MemorySearch(_)
        | Request::MemoryShow(_)
        | Request::KnowledgeList(_)
        | Request::KnowledgeSearch(_)
        | Request::KnowledgeShow(_)
        | Request::KnowledgeHot(_)
        | Request::ClientList(_)
        | Request::ApprovalList(_)
        | Request::ApprovalShow(_)
        | Request::ApprovalLab(_)
        | Request::ApprovalCheck(_)
        | Request::QuestionList(_)
        | Request::QuestionShow(_)
        | Request::RuleTest(_)
        | Request::RuleList(_)
        | Request::TraceList(_)
        | Request::TraceShow(_)
        | Request::TraceStats(_)
        | Request::TurnShow(_)
        | Request::JobList(_)
        | Request::JobShow(_)
        | Request::JobHistory(_)
        | Request::JobWhy(_)
        | Request::JobNext(_)
        | Request::AttentionList(_)
        | Request::TerminalList(_)
        | Request::TerminalShow(_)
        | Request::TerminalAttach(_)
        | Request::TerminalDetach(_)
        | Request::TerminalRead(_)
        | Request::TerminalScreen(_)
        | Request::TerminalWait(_)
        | Request::PromptShow(_)
        | Request::ProviderList(_)
        | Request::UserList(_)
        | Request::UserShow(_) => false,
        Request::DaemonStop(_)
        | Request::DaemonBackup(_)
        | Request::SessionCreate(_)
        | Request::SessionConfigure(_)
        | Request::SessionDelete(_)
        | Request::SessionArchive(_)
        | Request::SessionFork(_)
        | Request::SessionCompact(_)
        | Request::SessionExpand(_)
        | Request::SessionPin(_)
        | Request::SessionUnpin(_)
        | Request::MessageEdit(_)
        | Request::CommandRun(_)
        | Request::CommandStop(_)
        | Request::MemoryAdd(_)
        | Request::MemoryEdit(_)
        | Request::MemoryForget(_)
        | Request::MemoryDecide(_)
        | Request::KnowledgeWrite(_)
        | Request::KnowledgeLink(_)
        | Request::KnowledgePin(_)
        | Request::KnowledgeForget(_)
        | Request::MessageSend(_)
        | Request::MessageWithdraw(_)
        | Request::TurnInterrupt(_)
        | Request::TurnContinue(_)
        | Request::ApprovalDecide(_)
        | Request::QuestionAnswer(_)
        | Request::RuleRevoke(_)
        | Request::TraceMark(_)
        | Request::JobAdd(_)
        | Request::JobEdit(_)
        | Request::JobRemove(_)
        | Request::JobPause(_)
        | Request::JobResume(_)
        | Request::JobRun(_)
        | Request::AttentionResolve(_)
        | Request::TerminalOpen(_)
        | Request::TerminalResize(_)
        | Request::TerminalWrite(_)
        | Request::TerminalTake(_)
        | Request::TerminalGive(_)
        | Request::TerminalSignal(_)
        | Request::TerminalKill(_)
        | Request::TerminalClose(_)
        | Request::PromptSkip(_)
        | Request::ProviderTest(_)
        | Request::UserAdd(_)
        | Request::UserSet(_)
        | Request::UserRemove(_)
        | Request::UserLink(_)
        | Request::UserRedeem(_)
        | Request::UserUnlink(_)
        | Request::UserAdmit(_) => true,
    }
}

/// Returns true for what may take longer than a person waits for anything else.
pub(crate) const fn takes_long(request: &Request) -> bool {
    matches!(
        request,
        Request::ProviderTest(_)
            | Request::DaemonBackup(_)
            | Request::DaemonCheck(_)
            | Request::DaemonStop(_)
            | Request::SessionDelete(_)
            | Request::TerminalOpen(_)
            | Request::TerminalWait(_)
            | Request::TerminalKill(_)
            | Request::TerminalClose(_)
            | Request::SessionFiles(_)
            | Request::SessionFork(_)
            | Request::SessionExport(_)
            | Request::DaemonFigures(_)
    )
}

/// Returns who is attached.
pub(crate) fn clients(house: &House, user: &User, own: u64) -> smartopol_protocol::client::Listed {
    client::list(house, user, own)
}

/// Returns what a session is saying right now.
pub(crate) async fn partial(house: &House, id: SessionId) -> Result<Option<Partial>, Fault> {
    session::partial(house, id).await
}

fn reply<T: Serialize>(id: u64, answer: Result<T, Fault>) -> Bytes {
    server::reply(id, &answer)
}

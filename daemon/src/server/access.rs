//! Who may ask what.
//!
//! Owns the one table from methods to what they take; a method without a line does not compile.
//! Lists are open to everybody and cut to what is theirs by `view`.

use std::sync::Arc;

use smartopol_protocol::approval::Actor;
use smartopol_protocol::user::{Capability, Grant, Role, User};
use smartopol_protocol::{
    ApprovalId, AttentionId, Code, Fault, MessageId, QuestionId, Request, SessionId, TerminalId,
    TraceId, TurnId,
};

use super::handler::user;
use crate::House;
use crate::scheduler::edit;
use crate::users::rights::{self, Rights};

/// What a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access<'r> {
    /// Nothing: strangers too.
    Anybody,
    /// To be a user.
    User,
    /// To be the one whose it is, or an admin.
    Own(Thing<'r>),
    /// The same, and a capability.
    OwnWith(Thing<'r>, Capability),
    /// To be who asked, or one who may answer for others; who may answer this one is looked at
    /// again where it is answered.
    Answer(ApprovalId),
    /// A capability.
    With(Capability),
    /// To be an admin.
    Admin,
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing<'r> {
    Session(SessionId),
    Message(MessageId),
    Turn(TurnId),
    Trace(&'r str),
    TraceId(TraceId),
    Job(&'r str),
    Attention(AttentionId),
    Question(QuestionId),
    Terminal(TerminalId),
    /// About nothing that is anybody's.
    Nothing,
}

impl From<Option<SessionId>> for Thing<'_> {
    fn from(id: Option<SessionId>) -> Self {
        id.map_or(Self::Nothing, Self::Session)
    }
}

/// Returns what a request takes.
pub(crate) fn of(request: &Request) -> Access<'_> {
    use Access::{Admin, Answer, Anybody, Own, OwnWith, With};
    use Capability::{ExecuteCommands, ManageUsers};
    match request {
        Request::UserRedeem(_) => Anybody,
        Request::DaemonStatus(_)
        | Request::EventSubscribe(_)
        | Request::SessionCreate(_)
        | Request::SessionList(_)
        | Request::SessionFind(_)
        // What was said is looked up for who asks.
        | Request::SessionSearch(_)
        | Request::SessionRetention(_)
        | Request::ClientList(_)
        | Request::ApprovalList(_)
        | Request::ApprovalCheck(_)
        | Request::TraceList(_)
        | Request::TraceStats(_)
        | Request::JobList(_)
        | Request::AttentionList(_)
        | Request::TerminalList(_)
        | Request::ProviderList(_)
        // What is remembered and known is looked up for who asks.
        | Request::MemoryAdd(_)
        | Request::MemoryList(_)
        | Request::MemorySearch(_)
        | Request::MemoryShow(_)
        | Request::MemoryEdit(_)
        | Request::MemoryForget(_)
        | Request::MemoryDecide(_)
        | Request::KnowledgeList(_)
        | Request::KnowledgeSearch(_)
        | Request::KnowledgeShow(_)
        | Request::KnowledgeWrite(_)
        | Request::KnowledgeLink(_)
        | Request::KnowledgePin(_)
        | Request::KnowledgeForget(_)
        | Request::KnowledgeHot(_)
        | Request::QuestionList(_)
        | Request::UserList(_)
        | Request::UserShow(_)
        | Request::UserSet(_)
        | Request::UserLink(_)
        | Request::UserUnlink(_) => Access::User,
        Request::EventWatch(watch) => Own(watch.session_id.into()),
        Request::SessionShow(show) => Own(Thing::Session(show.id)),
        Request::SessionConfigure(change) => Own(Thing::Session(change.id)),
        Request::SessionFork(fork) => Own(Thing::Session(fork.id)),
        Request::SessionCompact(compact) => Own(Thing::Session(compact.id)),
        Request::SessionExpand(expand) => Own(Thing::Session(expand.id)),
        Request::SessionCompactions(list) => Own(Thing::Session(list.id)),
        Request::SessionPin(pin) => Own(Thing::Session(pin.id)),
        Request::SessionUnpin(unpin) => Own(Thing::Session(unpin.id)),
        Request::SessionPins(list) => Own(Thing::Session(list.id)),
        Request::SessionArchive(archive) => Own(Thing::Session(archive.id)),
        Request::SessionExport(export) => Own(Thing::Session(export.id)),
        Request::SessionFiles(files) => Own(Thing::Session(files.id)),
        Request::SessionDelete(delete) => Own(Thing::Session(delete.id)),
        Request::PromptShow(show) => Own(Thing::Session(show.session_id)),
        Request::MessageSend(send) if user::is_link(&send.text) => Anybody,
        Request::MessageSend(send) => Own(Thing::Session(send.session_id)),
        Request::MessageSearch(search) => Own(Thing::Session(search.session_id)),
        Request::MessageEdit(edit) => Own(Thing::Message(edit.id)),
        Request::MessageWithdraw(withdraw) => Own(Thing::Message(withdraw.id)),
        Request::CommandRun(run) => OwnWith(Thing::Session(run.session_id), ExecuteCommands),
        Request::CommandStop(stop) => Own(Thing::Session(stop.session_id)),
        Request::TurnInterrupt(stop) => Own(Thing::Session(stop.session_id)),
        Request::TurnContinue(go_on) => Own(Thing::Session(go_on.session_id)),
        Request::TurnShow(show) => Own(Thing::Turn(show.id)),
        Request::ApprovalShow(show) => Answer(show.id),
        Request::ApprovalDecide(decide) => Answer(decide.id),
        Request::ApprovalLab(lab) => Answer(lab.id),
        Request::TraceShow(show) => Own(Thing::Trace(&show.id)),
        Request::TraceMark(mark) => Own(Thing::TraceId(mark.id)),
        // What a job may do is no more than its maker may.
        Request::JobAdd(_) => Access::User,
        Request::JobShow(show) => Own(Thing::Job(&show.key)),
        Request::JobEdit(edit) => Own(Thing::Job(&edit.key)),
        Request::JobRemove(remove) => Own(Thing::Job(&remove.key)),
        Request::JobPause(pause) => Own(Thing::Job(&pause.key)),
        Request::JobResume(resume) => Own(Thing::Job(&resume.key)),
        Request::JobRun(run) => Own(Thing::Job(&run.key)),
        Request::JobHistory(history) => Own(Thing::Job(&history.key)),
        Request::JobWhy(why) => Own(Thing::Job(&why.key)),
        Request::JobNext(next) => match next.key.as_deref() {
            None => Access::User,
            Some(key) => Own(Thing::Job(key)),
        },
        Request::AttentionResolve(resolve) => Own(Thing::Attention(resolve.id)),
        // One that belongs to no session is an admin's.
        Request::TerminalOpen(open) => match open.session_id {
            None => Admin,
            Some(id) => OwnWith(Thing::Session(id), ExecuteCommands),
        },
        Request::TerminalShow(show) => Own(Thing::Terminal(show.id)),
        Request::TerminalAttach(attach) => Own(Thing::Terminal(attach.id)),
        Request::TerminalDetach(_) => Access::User,
        Request::TerminalResize(resize) => Own(Thing::Terminal(resize.id)),
        Request::TerminalRead(read) => Own(Thing::Terminal(read.id)),
        Request::TerminalScreen(look) => Own(Thing::Terminal(look.id)),
        Request::TerminalWait(wait) => Own(Thing::Terminal(wait.id)),
        Request::TerminalWrite(write) => OwnWith(Thing::Terminal(write.id), ExecuteCommands),
        Request::TerminalTake(take) => OwnWith(Thing::Terminal(take.id), ExecuteCommands),
        Request::TerminalGive(give) => Own(Thing::Terminal(give.id)),
        Request::TerminalSignal(signal) => OwnWith(Thing::Terminal(signal.id), ExecuteCommands),
        Request::TerminalKill(kill) => Own(Thing::Terminal(kill.id)),
        Request::TerminalClose(close) => Own(Thing::Terminal(close.id)),
        Request::UserAdd(_) | Request::UserRemove(_) | Request::UserAdmit(_) => With(ManageUsers),
        Request::QuestionShow(show) => Own(Thing::Question(show.id)),
        Request::QuestionAnswer(answer) => Own(Thing::Question(answer.id)),
        Request::DaemonStop(_)
        | Request::DaemonBackup(_)
        | Request::DaemonCheck(_)
        | Request::DaemonFigures(_)
        | Request::RuleList(_)
        | Request::RuleRevoke(_)
        | Request::RuleTest(_)
        | Request::PromptSkip(_)
        | Request::ProviderTest(_) => Admin,
    }
}

/// Returns who asks, where they may.
///
/// # Errors
/// `denied` where they may not; `not_found` where it is somebody else's, as if there were none.
pub(crate) async fn check(
    house: &House,
    actor: &Actor,
    request: &Request,
) -> Result<Arc<User>, Fault> {
    let user = match house.users.of(&actor.peer) {
        Some(user) => not_kept_out(user)?,
        None if of(request) == Access::Anybody => return Ok(house.users.acting(&actor.peer, None)),
        None => {
            crate::users::strangers::knock(house, actor).await?;
            house.users.acting(&actor.peer, None)
        }
    };
    allow(house, user, request).await
}

/// Returns who asked, where they may now what they were let do before. One who is no user any more
/// knocks at no door by this: they do so by themselves, where they come back.
///
/// # Errors
/// As with [`check`].
pub(crate) async fn still(
    house: &House,
    actor: &Actor,
    request: &Request,
) -> Result<Arc<User>, Fault> {
    allow(house, let_in(house, actor)?, request).await
}

/// Returns who acts.
///
/// # Errors
/// `denied` where they are kept out, or no user any more.
pub(crate) fn let_in(house: &House, actor: &Actor) -> Result<Arc<User>, Fault> {
    match house.users.of(&actor.peer) {
        Some(user) => not_kept_out(user),
        None => {
            let told = format!("{} is not known here any more", actor.peer);
            Err(Fault::new(Code::Denied, told).hint("ask an admin"))
        }
    }
}

fn not_kept_out(user: Arc<User>) -> Result<Arc<User>, Fault> {
    if !user.disabled {
        return Ok(user);
    }
    let told = format!("{} is disabled for now", rights::whom(&user));
    Err(Fault::new(Code::Denied, told).hint("ask an admin"))
}

/// Returns a user who may ask this.
async fn allow(house: &House, user: Arc<User>, request: &Request) -> Result<Arc<User>, Fault> {
    match may(of(request), &user, &house.rights(&user)) {
        May::Yes => {}
        May::IfTheirs(thing) => own(house, &user, thing).await?,
        May::IfOfTheirSession(id) => {
            let approval = house.store.read(move |r| r.approval(id)).await?;
            if !house.users.may_see(&user, approval.session_id) {
                return Err(nobodys("approval", &id.to_string()));
            }
        }
        May::No(Some(capability)) => {
            rights::demand(&house.config.users.roles, &user, capability)?;
        }
        May::No(None) => {
            return Err(Fault::new(
                Code::Denied,
                format!("{} may not do this: an admin can", rights::whom(&user)),
            )
            .hint("ask an admin"));
        }
    }
    // What is said in somebody else's session is said to them.
    if let Request::MessageSend(send) = request
        && !user::is_link(&send.text)
        && !house.users.is_own(&user, send.session_id)
    {
        rights::demand(&house.config.users.roles, &user, Capability::SendToOthers)?;
    }
    Ok(user)
}

/// What comes of a request, as far as it can be told without a look at what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May<'r> {
    Yes,
    IfTheirs(Thing<'r>),
    IfOfTheirSession(ApprovalId),
    /// It takes this capability, or to be an admin.
    No(Option<Capability>),
}

/// Says what comes of what a request takes, for a user with these rights.
fn may<'r>(access: Access<'r>, user: &User, rights: &Rights) -> May<'r> {
    let admin = user.role == Role::Admin;
    let has = |capability| rights.grant(capability) == Grant::Allow;
    match access {
        Access::Anybody | Access::User => May::Yes,
        Access::With(own) | Access::OwnWith(_, own) if !has(own) => May::No(Some(own)),
        Access::With(_) => May::Yes,
        Access::Own(_) | Access::OwnWith(..) | Access::Answer(_) | Access::Admin if admin => {
            May::Yes
        }
        Access::Own(thing) | Access::OwnWith(thing, _) => May::IfTheirs(thing),
        Access::Answer(_) if has(Capability::ApproveRequests) => May::Yes,
        Access::Answer(id) => May::IfOfTheirSession(id),
        Access::Admin => May::No(None),
    }
}

/// Refuses what is not a user's, in the words for what is not there.
async fn own(house: &House, user: &User, thing: Thing<'_>) -> Result<(), Fault> {
    let (what, name, session) = match thing {
        Thing::Nothing => return Ok(()),
        Thing::Session(id) => ("session", id.to_string(), Some(id)),
        Thing::Message(id) => {
            let message = house.store.read(move |r| r.message(id)).await?;
            ("message", id.to_string(), Some(message.session_id))
        }
        Thing::Turn(id) => {
            let turn = house.store.read(move |r| r.turn(id)).await?;
            ("turn", id.to_string(), Some(turn.session_id))
        }
        Thing::Attention(id) => {
            let item = house.store.read(move |r| r.attention_item(id)).await?;
            if super::view::may_see_item(house, user, &item) {
                return Ok(());
            }
            ("item", id.to_string(), None)
        }
        Thing::Question(id) => {
            let question = house.store.read(move |r| r.question(id)).await?;
            ("question", id.to_string(), Some(question.session_id))
        }
        Thing::Terminal(id) => {
            let terminal = house.store.read(move |r| r.terminal(id)).await?;
            ("terminal", id.to_string(), terminal.session_id)
        }
        Thing::Trace(key) => {
            let wanted = key.to_owned();
            let of = house
                .store
                .read(move |r| {
                    let trace = r.trace(&wanted)?;
                    r.user_of_trace(trace.id)
                })
                .await?;
            if of == Some(user.id) {
                return Ok(());
            }
            ("trace", key.to_owned(), None)
        }
        Thing::TraceId(id) => {
            let of = house.store.read(move |r| r.user_of_trace(id)).await?;
            if of == Some(user.id) {
                return Ok(());
            }
            ("trace", id.to_string(), None)
        }
        Thing::Job(key) => {
            // Looked for among their own, so that no other's is named.
            match edit::find(house, user, key, true).await {
                Ok(_) => return Ok(()),
                Err(fault) if fault.code == Code::NotFound => ("job", key.to_owned(), None),
                Err(fault) => return Err(fault),
            }
        }
    };
    match session {
        Some(id) if house.users.may_see(user, id) => Ok(()),
        _ => Err(nobodys(what, &name)),
    }
}

fn nobodys(what: &str, name: &str) -> Fault {
    Fault::new(Code::NotFound, format!("there is no {what} `{name}`"))
        .hint("you see what is yours; an admin sees all")
}

#[cfg(test)]
mod tests;

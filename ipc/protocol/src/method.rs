//! The table: every method, its parameters, its reply.
//!
//! Adding a method is one line here and one handler in the daemon.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    Code, Fault, approval, attention, client, command, compaction, daemon, event, job, knowledge,
    memory, message, model, prompt, question, session, suggest, terminal, trace, turn, user,
};

/// The parameters of a method, which know the method's name and reply.
pub trait Method: Serialize + DeserializeOwned + Send + 'static {
    /// Its name on the wire, `resource/verb`.
    const NAME: &'static str;
    /// What it returns.
    type Reply: Serialize + DeserializeOwned + Send + 'static;
}

macro_rules! methods {
    ($($(#[$doc:meta])* $variant:ident($params:ty) = $name:literal -> $reply:ty;)*) => {
        /// A request that was understood.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Request {
            $($(#[$doc])* $variant($params),)*
        }

        $(impl Method for $params {
            const NAME: &'static str = $name;
            type Reply = $reply;
        })*

        /// The names of all methods, sorted as the table is.
        pub const NAMES: &[&str] = &[$($name),*];

        impl Request {
            /// Understands a method and its parameters; absent parameters are an empty object.
            ///
            /// # Errors
            /// `unknown_method` with the nearest name, or `bad_request` naming the parameter.
            pub fn parse(method: &str, params: Option<&RawValue>) -> Result<Self, Fault> {
                let params = params.map_or("{}", RawValue::get);
                match method {
                    $($name => serde_json::from_str(params)
                        .map(Self::$variant)
                        .map_err(|err| bad_params(method, &err)),)*
                    _ => Err(unknown(method)),
                }
            }

            /// Returns the method's name.
            pub const fn method(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }
        }
    };
}

methods! {
    /// How the daemon is.
    DaemonStatus(daemon::Status) = "daemon/status" -> daemon::StatusShown;
    /// Shut down.
    DaemonStop(daemon::Stop) = "daemon/stop" -> ();
    /// Copy the database.
    DaemonBackup(daemon::Backup) = "daemon/backup" -> daemon::BackedUp;
    /// Look whether the database is sound.
    DaemonCheck(daemon::Check) = "daemon/check" -> daemon::Checked;
    /// How much there is of everything that grows.
    DaemonFigures(daemon::Figures) = "daemon/figures" -> daemon::FiguresShown;
    /// Get events from now on.
    EventSubscribe(event::Subscribe) = "event/subscribe" -> event::Subscribed;
    /// Choose whose passing news to get.
    EventWatch(event::Watch) = "event/watch" -> event::Watched;
    /// Make a session.
    SessionCreate(session::Create) = "session/create" -> session::Session;
    /// All sessions.
    SessionList(session::List) = "session/list" -> session::Listed;
    /// The session that a person means.
    SessionFind(session::Find) = "session/find" -> session::Session;
    /// One session with a window of its transcript.
    SessionShow(session::Show) = "session/show" -> session::Shown;
    /// Rename it, change its mode or model.
    SessionConfigure(session::Configure) = "session/configure" -> session::Session;
    /// Make a session with the beginning of another one's transcript.
    SessionFork(session::Fork) = "session/fork" -> session::Forked;
    /// Fold its older messages with the next request.
    SessionCompact(compaction::Compact) = "session/compact" -> compaction::Planned;
    /// Take the newest compaction back.
    SessionExpand(compaction::Expand) = "session/expand" -> compaction::Compaction;
    /// What was folded.
    SessionCompactions(compaction::List) = "session/compactions" -> compaction::Listed;
    /// Pin what no summary may change.
    SessionPin(compaction::Add) = "session/pin" -> compaction::Pin;
    /// Take a pin off.
    SessionUnpin(compaction::Remove) = "session/unpin" -> ();
    /// What is pinned.
    SessionPins(compaction::ListPins) = "session/pins" -> compaction::ListedPins;
    /// A piece of it as it is written out.
    SessionExport(session::Export) = "session/export" -> session::Exported;
    /// Put it away, or back.
    SessionArchive(session::Archive) = "session/archive" -> session::Session;
    /// Which are old enough to be removed.
    SessionRetention(session::Retention) = "session/retention" -> session::Retained;
    /// What was said in all of them.
    SessionSearch(session::Search) = "session/search" -> session::Found;
    /// The files of its workspace.
    SessionFiles(session::Files) = "session/files" -> session::FilesListed;
    /// Remove it.
    SessionDelete(session::Delete) = "session/delete" -> ();
    /// Say something.
    MessageSend(message::Send) = "message/send" -> message::Sent;
    /// Where a text stands in a session.
    MessageSearch(message::Search) = "message/search" -> message::Found;
    /// Change a message that waits.
    MessageEdit(message::Edit) = "message/edit" -> message::Message;
    /// Take back a message that waits.
    MessageWithdraw(message::Withdraw) = "message/withdraw" -> ();
    /// Run a command as the person.
    CommandRun(command::Run) = "command/run" -> command::Running;
    /// End the commands that a person runs.
    CommandStop(command::Stop) = "command/stop" -> command::Stopped;
    /// Stop the running turn.
    TurnInterrupt(session::Interrupt) = "turn/interrupt" -> session::Interrupted;
    /// Go on after an interruption.
    TurnContinue(session::Continue) = "turn/continue" -> session::Continued;
    /// One turn, and where its time went.
    TurnShow(turn::Show) = "turn/show" -> turn::Shown;
    /// Remember something.
    MemoryAdd(memory::Add) = "memory/add" -> memory::Added;
    /// What is remembered.
    MemoryList(memory::List) = "memory/list" -> memory::Listed;
    /// Look for it.
    MemorySearch(memory::Search) = "memory/search" -> memory::Found;
    /// One memory with its history.
    MemoryShow(memory::Show) = "memory/show" -> memory::Shown;
    /// Believe something else.
    MemoryEdit(memory::Edit) = "memory/edit" -> memory::Memory;
    /// Forget it.
    MemoryForget(memory::Forget) = "memory/forget" -> memory::Forgotten;
    /// Approve or reject what waits.
    MemoryDecide(memory::Decide) = "memory/decide" -> memory::Memory;
    /// Topics.
    KnowledgeList(knowledge::List) = "knowledge/list" -> knowledge::Listed;
    /// Look for topics.
    KnowledgeSearch(knowledge::Search) = "knowledge/search" -> knowledge::Found;
    /// One topic.
    KnowledgeShow(knowledge::Show) = "knowledge/show" -> knowledge::Shown;
    /// Write a topic.
    KnowledgeWrite(knowledge::Write) = "knowledge/write" -> knowledge::Topic;
    /// Let a topic point to another.
    KnowledgeLink(knowledge::Link) = "knowledge/link" -> knowledge::Topic;
    /// Keep a topic in the prompt.
    KnowledgePin(knowledge::Pin) = "knowledge/pin" -> knowledge::Topic;
    /// Remove a topic.
    KnowledgeForget(knowledge::Forget) = "knowledge/forget" -> ();
    /// The topics that every session is told of.
    KnowledgeHot(knowledge::Hot) = "knowledge/hot" -> knowledge::HotShown;
    /// Who is attached.
    ClientList(client::List) = "client/list" -> client::Listed;
    /// Questions to a person.
    ApprovalList(approval::List) = "approval/list" -> approval::Listed;
    /// One question.
    ApprovalShow(approval::Show) = "approval/show" -> approval::Approval;
    /// Answer a question; the first answer wins.
    ApprovalDecide(approval::Decide) = "approval/decide" -> approval::Approval;
    /// Why a call is asked about, and which rules would cover it.
    ApprovalLab(approval::Lab) = "approval/lab" -> approval::LabShown;
    /// Explain a verdict without running anything.
    ApprovalCheck(approval::Check) = "approval/check" -> approval::Checked;
    /// Questions of the agent.
    QuestionList(question::List) = "question/list" -> question::Listed;
    /// One of them.
    QuestionShow(question::Show) = "question/show" -> question::Question;
    /// Answer the agent; the first answer wins.
    QuestionAnswer(question::Answer) = "question/answer" -> question::Question;
    /// The rules in force.
    RuleList(approval::ListRules) = "rule/list" -> approval::ListedRules;
    /// End a learned rule.
    RuleRevoke(approval::RevokeRule) = "rule/revoke" -> ();
    /// What a rule would have done.
    RuleTest(approval::TestRule) = "rule/test" -> approval::TestedRule;
    /// Traces.
    TraceList(trace::List) = "trace/list" -> trace::Listed;
    /// One trace.
    TraceShow(trace::Show) = "trace/show" -> trace::Trace;
    /// Counts and durations of traces.
    TraceStats(trace::Stats) = "trace/stats" -> trace::StatsShown;
    /// Mark a trace.
    TraceMark(trace::Mark) = "trace/mark" -> ();
    /// Make a job.
    JobAdd(job::Add) = "job/add" -> job::Added;
    /// Jobs.
    JobList(job::List) = "job/list" -> job::Listed;
    /// One job.
    JobShow(job::Show) = "job/show" -> job::Shown;
    /// Make a job anew.
    JobEdit(job::Edit) = "job/edit" -> job::Job;
    /// Remove a job.
    JobRemove(job::Remove) = "job/remove" -> ();
    /// Let a job rest.
    JobPause(job::Pause) = "job/pause" -> job::Job;
    /// End the rest of a job.
    JobResume(job::Resume) = "job/resume" -> job::Job;
    /// Run a job now.
    JobRun(job::RunNow) = "job/run" -> job::Run;
    /// The ledger of a job.
    JobHistory(job::History) = "job/history" -> job::HistoryShown;
    /// Why a job did or did not run.
    JobWhy(job::Why) = "job/why" -> job::Answer;
    /// When jobs are due next.
    JobNext(job::Next) = "job/next" -> job::NextShown;
    /// What waits for a person.
    AttentionList(attention::List) = "attention/list" -> attention::Listed;
    /// See to something that waits.
    AttentionResolve(attention::Resolve) = "attention/resolve" -> attention::Item;
    /// Start a program in a new terminal.
    TerminalOpen(terminal::Open) = "terminal/open" -> terminal::Terminal;
    /// All terminals.
    TerminalList(terminal::List) = "terminal/list" -> terminal::Listed;
    /// One terminal.
    TerminalShow(terminal::Show) = "terminal/show" -> terminal::Shown;
    /// Get what a terminal shows from now on.
    TerminalAttach(terminal::Attach) = "terminal/attach" -> terminal::Attached;
    /// No more of it.
    TerminalDetach(terminal::Detach) = "terminal/detach" -> ();
    /// The client's window has another size.
    TerminalResize(terminal::Resize) = "terminal/resize" -> terminal::Resized;
    /// Type into a terminal.
    TerminalWrite(terminal::Write) = "terminal/write" -> ();
    /// What its program wrote, as text.
    TerminalRead(terminal::Read) = "terminal/read" -> terminal::ReadOut;
    /// What it shows right now, as text.
    TerminalScreen(terminal::Look) = "terminal/screen" -> terminal::Screen;
    /// Wait until something is so in it.
    TerminalWait(terminal::Wait) = "terminal/wait" -> terminal::Waited;
    /// Take the typing from the agent.
    TerminalTake(terminal::Take) = "terminal/take" -> terminal::Terminal;
    /// Give the typing to the agent.
    TerminalGive(terminal::Give) = "terminal/give" -> terminal::Terminal;
    /// Send a signal to what runs in it.
    TerminalSignal(terminal::Signal) = "terminal/signal" -> ();
    /// End what runs in it.
    TerminalKill(terminal::Kill) = "terminal/kill" -> terminal::Terminal;
    /// Remove it.
    TerminalClose(terminal::Close) = "terminal/close" -> ();
    /// What a model would be told, part by part.
    PromptShow(prompt::Show) = "prompt/show" -> prompt::Shown;
    /// End the first conversation, in which the agent asks who it is.
    PromptSkip(prompt::Skip) = "prompt/skip" -> prompt::Skipped;
    /// All users.
    UserList(user::List) = "user/list" -> user::Listed;
    /// One user, what they may do and what they used.
    UserShow(user::Show) = "user/show" -> user::Shown;
    /// Make a user.
    UserAdd(user::Add) = "user/add" -> user::User;
    /// Change a user.
    UserSet(user::Set) = "user/set" -> user::User;
    /// Remove a user.
    UserRemove(user::Remove) = "user/remove" -> ();
    /// Get a code that joins another peer to oneself.
    UserLink(user::Link) = "user/link" -> user::Code;
    /// Say such a code.
    UserRedeem(user::Redeem) = "user/redeem" -> user::User;
    /// Part a peer from its user.
    UserUnlink(user::Unlink) = "user/unlink" -> user::User;
    /// Answer a stranger who waits.
    UserAdmit(user::Admit) = "user/admit" -> user::Admitted;
    /// Who serves models.
    ProviderList(model::ListProviders) = "provider/list" -> model::ListedProviders;
    /// Ask a provider for one word.
    ProviderTest(model::TestProvider) = "provider/test" -> model::TestedProvider;
}

fn bad_params(method: &str, err: &serde_json::Error) -> Fault {
    let said = err.to_string();
    let hint = match suggest::meant(&said) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "the protocol's reference lists every method's parameters: ipc/README.md".to_owned()
        }
    };
    let told = format!("the parameters of `{method}` are wrong: {said}");
    Fault::new(Code::BadRequest, told).hint(hint)
}

fn unknown(method: &str) -> Fault {
    let shown: String = method
        .chars()
        .filter(|c| !c.is_control())
        .take(80)
        .collect();
    let resource = method.split('/').next().unwrap_or_default();
    let near: Vec<&str> = NAMES
        .iter()
        .copied()
        .filter(|name| name.split('/').next() == Some(resource))
        .collect();
    let hint = match suggest::nearest(&shown, NAMES.iter().copied()) {
        _ if !near.is_empty() => format!("methods of `{resource}`: {}", near.join(", ")),
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the methods are: {}", NAMES.join(", ")),
    };
    Fault::new(Code::UnknownMethod, format!("there is no method `{shown}`")).hint(hint)
}

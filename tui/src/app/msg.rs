//! What reaches the console, and what it wants done.

use std::path::PathBuf;

use crossterm::event::{KeyEvent, MouseEvent};
use smartopol_ipc::TerminalBytes;
use smartopol_protocol::approval::{Approval, BackTest, Decide, Lab, LabShown, TestRule};
use smartopol_protocol::attention::{Item, Resolve};
use smartopol_protocol::client;
use smartopol_protocol::command::Run;
use smartopol_protocol::compaction;
use smartopol_protocol::daemon::StatusShown;
use smartopol_protocol::event::Subscribed;
use smartopol_protocol::job::{self, Spec};
use smartopol_protocol::knowledge::{self, Topic};
use smartopol_protocol::memory::{self, Added, Category, Memory, Which, Whose};
use smartopol_protocol::message::{Edit, Found, Send};
use smartopol_protocol::model::ProviderInfo;
use smartopol_protocol::question::{Answer, Question};
use smartopol_protocol::session::{
    self, Archive, Configure, Create, Exported, FilesListed, Fork, Forked, Partial, Session, Shown,
};
use smartopol_protocol::terminal::{self, Attach, Attached, Open, Resize, Size, Terminal, Write};
use smartopol_protocol::trace::{Filter, Listed, Mark};
use smartopol_protocol::turn;
use smartopol_protocol::user;
use smartopol_protocol::{
    ApprovalId, Code, Event, JobId, MemoryId, MessageId, SessionId, TerminalId, Timestamp, TopicId,
    TraceId, TurnId, UserId,
};

use crate::clipboard::Copy;
use crate::external::{External, Program, Returned};
use crate::model::Page;
use crate::notice::Notice;
use crate::paint::{Job, Painted};
use crate::widget::composer::Kept;

/// The present, given to everything that needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Milliseconds on a clock that never goes back.
    pub(crate) ms: u64,
    /// The time of day.
    pub(crate) wall: Timestamp,
}

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Msg {
    Key(KeyEvent),
    Paste(String),
    Mouse(MouseEvent),
    Resized,
    /// The terminal's window got or lost the keyboard.
    WindowFocus(bool),
    /// A deadline that the console asked for has come.
    Tick,
    Link(Link),
    Answered(Box<Call>, Result<Reply, Refusal>),
    /// A block of code was painted.
    Painted(u64, Painted),
    /// Something that was under way has ended, in words.
    Told(Result<String, String>),
    /// Another program gave the terminal back.
    Returned(Returned),
}

/// What the link to the daemon tells.
#[derive(Debug)]
pub(crate) enum Link {
    Connected {
        peer: String,
        reply: Box<Subscribed>,
    },
    Event(Box<Event>),
    /// Bytes of a terminal that this console is attached to.
    Bytes(TerminalBytes),
    Lost {
        reason: String,
        /// True where a person must be told why.
        unusual: bool,
        retry_after_ms: u64,
    },
}

/// What the console wants done.
#[derive(Debug, PartialEq)]
pub(crate) enum Cmd {
    Ask(Call),
    /// Facts were lost: the link subscribes again.
    Resubscribe,
    /// Changes a setting in the config file.
    Save {
        key: String,
        value: String,
    },
    /// Keeps a draft over the console's end.
    Keep {
        id: SessionId,
        kept: Kept,
    },
    /// Gives the terminal back to the shell until it is called again.
    Suspend,
    /// Calls somebody who looks elsewhere.
    Call(Notice),
    /// Puts a text where a person can paste it.
    Copy(Copy),
    /// Tells the words of a block of code apart.
    Paint(Job),
    /// Shows a text in the person's pager or editor.
    External(External),
    Leave,
}

/// A question to the daemon.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Status,
    Providers,
    /// The session a person named, or the newest of this folder.
    Find {
        key: Option<String>,
        workspace: String,
    },
    Create(Create),
    Show(SessionId),
    /// Messages that join the window, or those around a place.
    Page {
        id: SessionId,
        page: Page,
        /// The place that the page begins or ends at.
        at: u64,
    },
    /// Where a text stands: before a position, or from the end.
    Search {
        id: SessionId,
        text: String,
        before: Option<u64>,
    },
    /// What was said in all sessions, with these words.
    SearchEverywhere(String),
    /// A whole session into a file.
    Export {
        id: SessionId,
        path: PathBuf,
    },
    Archive(Archive),
    /// A whole session as text, for this program.
    Whole {
        id: SessionId,
        program: Program,
    },
    Approvals(SessionId),
    Watch(SessionId),
    Say(Send),
    Withdraw {
        session: SessionId,
        id: MessageId,
        text: String,
    },
    /// Changes a message that waits.
    Edit(Edit),
    /// Runs a command of the person.
    Run(Run),
    /// Ends those that run.
    StopCommands(SessionId),
    Remember(String),
    /// What may still be used, by whom this console is, and in a session.
    Budget(Option<SessionId>),
    Fork(Fork),
    Compact(SessionId),
    Expand(SessionId),
    Pin(compaction::Add),
    Files(SessionId),
    Clients,
    Interrupt(SessionId),
    Continue(SessionId),
    Decide(Box<Decide>),
    /// Answers a question of the agent.
    Answer(Box<Answer>),
    Lab(Lab),
    /// What a rule would have done, for the lab of an approval.
    TestRule(ApprovalId, Box<TestRule>),
    Configure(Configure),
    Remove(SessionId),
    /// Traces before one, of the query of this number.
    Traces {
        number: u64,
        filter: Box<Filter>,
        before: Option<TraceId>,
    },
    Mark(Mark),
    /// The messages of a recording after this position.
    Piece(u64),
    Turn(TurnId),
    /// Jobs after one, or from the first.
    Jobs(Option<JobId>),
    Job(JobId),
    /// The newest rows of a job's ledger.
    Ledger(JobId),
    /// When a job would be due, for the form of this number.
    CheckJob(u64, Box<Spec>),
    AddJob(Box<Spec>),
    EditJob(JobId, Box<Spec>),
    RemoveJob(JobId),
    PauseJob(JobId),
    ResumeJob(JobId),
    RunJob(JobId),
    WhyJob(JobId),
    Resolve(Resolve),
    /// What waits for everybody, which an admin may see.
    Everyone,
    Terminals,
    OpenTerminal(Open),
    AttachTerminal(Attach),
    DetachTerminal(TerminalId),
    ResizeTerminal(Resize),
    /// Types into a terminal.
    Type(Write),
    TakeTerminal(TerminalId),
    GiveTerminal(TerminalId),
    KillTerminal(TerminalId),
    CloseTerminal(TerminalId),
    /// Memories that say these words, or all of them; the answer counts for this number alone.
    Memories {
        number: u64,
        text: String,
        which: Which,
        category: Option<Category>,
        of: Whose,
    },
    /// Topics that say these words, likewise.
    Topics {
        number: u64,
        text: String,
    },
    MemoryCounts(Whose),
    HotTopics,
    /// A memory, and whose it is.
    MemoryPage(MemoryId, UserId),
    /// What waits to be remembered of a user.
    Waiting {
        ids: Vec<MemoryId>,
        user: Option<UserId>,
    },
    /// Whose memories there may be.
    Owners,
    TopicPage(TopicId),
    EditMemory(memory::Edit),
    DecideMemory(memory::Decide),
    ForgetMemory(MemoryId),
    PinTopic(knowledge::Pin),
    ForgetTopic(TopicId),
    /// All users; the answer counts for this number alone.
    Users(u64),
    UserPage(UserId),
    SetUser(Box<user::Set>),
    LinkCode,
    Unlink(user::PeerId),
    Admit(user::Admit),
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Reply {
    Status(Box<StatusShown>),
    Providers(Vec<ProviderInfo>),
    Session(Box<Session>),
    Shown(Box<Shown>),
    Found(Found),
    FoundEverywhere(session::Found),
    /// What was written out, in words.
    Exported(String),
    Text(String),
    Approvals(Vec<Approval>),
    Watched(Option<Partial>),
    Approval(Box<Approval>),
    Question(Box<Question>),
    Traces(Box<Listed>),
    Piece(Box<Exported>),
    Turn(Box<turn::Shown>),
    Stopped(bool),
    Lab(Box<LabShown>),
    Tested(BackTest),
    Remembered(Box<Added>),
    Budget(Box<user::Shown>),
    Forked(Box<Forked>),
    Planned(compaction::Planned),
    Expanded(Box<compaction::Compaction>),
    Pinned(Box<compaction::Pin>),
    Files(FilesListed),
    Clients(client::Listed),
    Jobs(job::Listed),
    Job(Box<job::Job>),
    JobShown(Box<job::Shown>),
    Ledger(job::HistoryShown),
    JobAdded(Box<job::Added>),
    Ran(Box<job::Run>),
    Why(job::Answer),
    Item(Box<Item>),
    Everyone(Vec<Item>),
    Terminals(terminal::Listed),
    Terminal(Box<Terminal>),
    Attached(Box<Attached>),
    Sized(Size),
    Memories(Vec<Memory>),
    Topics(Vec<Topic>),
    /// How many memories count, wait, and are told.
    MemoryCounts((u64, u64, u64)),
    Hot(knowledge::HotShown),
    MemoryShown(Box<memory::Shown>),
    Waiting(Vec<Memory>),
    Owners(Vec<user::User>),
    TopicShown(Box<knowledge::Shown>),
    /// A memory or a topic was changed as asked.
    Memory,
    Users(user::Listed),
    UserShown(Box<user::Shown>),
    /// A code that joins another peer.
    Code(user::Code),
    /// A user was changed as asked.
    User,
    Done,
}

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// `None` where the connection failed: what was asked may be done all the same.
    pub(crate) code: Option<Code>,
    pub(crate) message: String,
    pub(crate) hint: String,
}

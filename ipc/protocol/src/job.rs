//! Jobs: what is scheduled, when it is due, and what it may do.
//!
//! What came of each due time is `ledger`.

mod ledger;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approval::Mode;
use crate::attention::Priority;
use crate::{JobId, SessionId, Timestamp};

pub use ledger::{Answer, History, HistoryShown, Run, RunKey, RunState, Why};

/// One job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name in the house.
    pub id: JobId,
    /// Its name for people; unique among the jobs of its user that are not removed.
    pub name: String,
    /// When it is due.
    pub schedule: Schedule,
    /// The same in words, with the time zone: `every day at 09:00 (Europe/Berlin)`.
    pub when: String,
    /// The time zone of its schedule, as the tz database names it.
    pub zone: String,
    /// What it does.
    pub action: Action,
    /// The session that it speaks to; `None` where each run gets one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The folder that sessions of its own work in; empty where it needs none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub workspace: String,
    /// What it may do and use, as it was when the job was made.
    pub frozen: Frozen,
    /// What is done about missed times, overlapping runs and failures.
    pub policy: Policy,
    /// Where it stands.
    pub state: JobState,
    /// When it is due next; `None` where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// The row of the ledger that changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Run>,
    /// How many runs in a row have failed.
    pub failures: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When something last changed about it.
    pub updated_at: Timestamp,
}

/// When a job is due.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Once.
    At {
        /// The moment.
        at: Timestamp,
    },
    /// Again and again, so many seconds apart, whatever the wall clock says.
    Every {
        /// 10 to 31,536,000.
        seconds: u64,
        /// The moment that the times are counted from; without one, when the job is made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
    },
    /// By a cron expression of five or six fields (then seconds come first), or `@daily` and the
    /// like.
    Cron {
        /// The expression.
        expression: String,
    },
    /// Every day.
    Daily {
        /// The time of day, `09:00` or `09:00:30`.
        time: String,
    },
    /// On these days of every week.
    Weekly {
        /// The days, never empty.
        days: Vec<Day>,
        /// The time of day, `09:00` or `09:00:30`.
        time: String,
    },
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// All days, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];
}

/// What a job does when it is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Says something to the agent, as a person would.
    Prompt {
        /// What it says.
        text: String,
    },
    /// Makes one tool call, without a model.
    Call {
        /// The tool.
        tool: String,
        /// Its arguments.
        #[serde(default)]
        input: Value,
    },
    /// Puts a notice for the person into its session.
    Message {
        /// What it says.
        text: String,
    },
    /// Reminds the person, until they acknowledge or dismiss it.
    Remind {
        /// Of what.
        text: String,
        /// How much it matters.
        #[serde(default)]
        priority: Priority,
    },
}

impl Action {
    /// Returns what it says, or the tool that it calls.
    pub fn text(&self) -> &str {
        match self {
            Self::Prompt { text } | Self::Message { text } | Self::Remind { text, .. } => text,
            Self::Call { tool, .. } => tool,
        }
    }

    /// Returns true where a run is a turn of a session.
    pub const fn is_turn(&self) -> bool {
        matches!(self, Self::Prompt { .. } | Self::Call { .. })
    }
}

/// What a job may do and use, as it was when the job was made. What no longer holds blocks its
/// runs; nothing takes its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The peer that owns it.
    pub user: String,
    /// The model, `provider/model`; empty where it asks none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// How much it may do without asking.
    pub mode: Mode,
    /// The tools that it may use.
    pub tools: Vec<String>,
    /// How many tokens one run may use; 0 sets no limit.
    pub budget_tokens: u64,
    /// True where its runs may make, change and remove jobs.
    pub may_schedule: bool,
}

/// What is done about missed times, overlapping runs and failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// About times that passed while nothing could run.
    pub missed: Missed,
    /// How many missed times `all` runs at most, the newest: 1 to 100.
    pub missed_cap: u32,
    /// About a due time while the run before is not over.
    pub overlap: Overlap,
    /// How often a failed run is tried again: 0 to 10.
    pub retries: u32,
    /// After how many seconds, doubled with each further try: 1 to 86,400.
    pub retry_after_seconds: u32,
    /// After how many failed runs in a row the job is paused; 0 never.
    pub pause_after: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            missed: Missed::Once,
            missed_cap: 10,
            overlap: Overlap::Skip,
            retries: 0,
            retry_after_seconds: 60,
            pause_after: 3,
        }
    }
}

/// What is done about times that passed while nothing could run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// The newest of them is run, late.
    #[default]
    Once,
    /// All of them are run, up to a cap, one after the other.
    All,
    /// None is run.
    Skip,
}

/// What is done about a due time while the run before is not over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is skipped.
    #[default]
    Skip,
    /// It waits until the run before is over.
    Queue,
    /// It is run beside it.
    Allow,
}

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum JobState {
    /// It is due when its schedule says so.
    Active,
    /// Times that pass are written as skipped.
    Paused {
        /// Since when.
        at: Timestamp,
        /// Why; empty where nobody said.
        reason: String,
        /// The peer that paused it; empty where failures did.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Its schedule has no more times.
    Done,
}

impl JobState {
    /// Says by whom and why it is paused, to go on with after `paused`: ` by cli:1000: on
    /// holiday`. Empty where it is not.
    pub fn pause(&self) -> String {
        let Self::Paused { reason, by, .. } = self else {
            return String::new();
        };
        let by = match by.as_str() {
            "" => String::new(),
            by => format!(" by {by}"),
        };
        match reason.as_str() {
            "" => by,
            reason => format!("{by}: {reason}"),
        }
    }
}

/// What a job is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Its name; without one it is made from what it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it is due, in words: `tomorrow 9:00`, `in 10 minutes`, `every monday 8am`,
    /// `0 9 * * MON-FRI`. Either this or `schedule`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// When it is due, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The time zone, as the tz database names it; without one, the one that `when` names in
    /// brackets, or that of whoever makes the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What it does.
    pub action: Action,
    /// The session it speaks to, by name, id or the unique beginning of an id. Without one, each
    /// run of a prompt or a call gets a session of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The folder that sessions of its own work in; absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The model; without one, the one that its session or the config has now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How much it may do without asking; without one, what its session or the config has now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The tools that it may use; without them, all that there are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// How many tokens one run may use, 0 for no limit; without it, the config's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_tokens: Option<u64>,
    /// True where its runs may make, change and remove jobs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_schedule: bool,
    /// What is done about missed times, overlapping runs and failures.
    #[serde(default)]
    pub policy: Policy,
}

impl Spec {
    /// Returns a job that does something at a time told in words, with nothing else said.
    pub fn new(when: impl Into<String>, action: Action) -> Self {
        Self {
            name: None,
            when: Some(when.into()),
            schedule: None,
            zone: None,
            action,
            session: None,
            workspace: None,
            model: None,
            mode: None,
            tools: None,
            budget_tokens: None,
            may_schedule: false,
            policy: Policy::default(),
        }
    }

    /// Makes it due as words say. Where they name a time zone it is theirs, and else what it was.
    pub fn due(&mut self, when: String) {
        if names_zone(&when) {
            self.zone = None;
        }
        (self.when, self.schedule) = (Some(when), None);
    }
}

/// Returns true where words name a time zone: `9:00 (Europe/Berlin)`, `9:00 Europe/Berlin`.
fn names_zone(when: &str) -> bool {
    let when = when.trim_end();
    let last = when.rsplit(char::is_whitespace).next().unwrap_or_default();
    let letter = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
    let stroke = last.split_once('/');
    when.ends_with(')') || stroke.is_some_and(|(region, city)| letter(region) && letter(city))
}

impl Spec {
    /// Returns what makes a job as it is.
    pub fn of(job: &Job) -> Self {
        let frozen = job.action.is_turn().then_some(&job.frozen);
        Self {
            name: Some(job.name.clone()),
            when: None,
            schedule: Some(job.schedule.clone()),
            zone: Some(job.zone.clone()),
            action: job.action.clone(),
            session: job.session_id.map(|id| id.to_string()),
            workspace: (!job.workspace.is_empty()).then(|| job.workspace.clone()),
            model: Some(&job.frozen.model)
                .filter(|name| !name.is_empty())
                .cloned(),
            mode: frozen.map(|own| own.mode),
            tools: frozen.map(|own| own.tools.clone()),
            budget_tokens: frozen.map(|own| own.budget_tokens),
            may_schedule: job.frozen.may_schedule,
            policy: job.policy,
        }
    }
}

/// `job/add`: makes a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// What it is made of.
    pub spec: Spec,
    /// True to be told only what would be made: nothing is stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
}

/// The reply to `job/add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Added {
    /// The job.
    pub job: Job,
    /// Its next due times, at most five.
    pub next: Vec<Due>,
}

/// `job/list`: jobs in the order in which they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Only those after this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<JobId>,
    /// At most so many; 0 means 200, and 1,000 is the most.
    pub limit: u32,
}

/// The reply to `job/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The oldest first.
    pub jobs: Vec<Job>,
    /// True where there are more after the last.
    pub more: bool,
}

/// `job/show`: one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// Its name, its id, or the unique beginning of its id.
    pub key: String,
}

/// The reply to `job/show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The job.
    pub job: Job,
    /// Its next due times, at most five.
    pub next: Vec<Due>,
    /// The newest rows of its ledger, oldest first, at most 50.
    pub runs: Vec<Run>,
}

/// `job/edit`: makes a job anew under its name and id; what it may do is frozen again. It stays
/// its owner's, has no more than they may, and goes on resting where it rests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Its name, its id, or the unique beginning of its id.
    pub key: String,
    /// What it is made of from now on.
    pub spec: Spec,
    /// True to be told only what it would be: nothing is stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
}

/// `job/remove`: removes a job. Its ledger stays as long as the settings keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// Its name, its id, or the unique beginning of its id.
    pub key: String,
}

/// `job/pause`: times that pass from now on are written as skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Its name, its id, or the unique beginning of its id.
    pub key: String,
    /// Why, for those who wonder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `job/resume`: ends a pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// Its name, its id, or the unique beginning of its id.
    pub key: String,
}

/// `job/run`: runs a job now; its schedule stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunNow {
    /// Its name, its id, or the unique beginning of its id.
    pub key: String,
}

/// `job/next`: when jobs are due next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Next {
    /// One job, by its name, its id, or the unique beginning of its id; without it all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many times; 0 means 20, and 1,000 is the most.
    pub count: u32,
}

/// The reply to `job/next`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextShown {
    /// The earliest first.
    pub times: Vec<Due>,
}

/// One coming due time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The job.
    pub job_id: JobId,
    /// Its name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// The same in the job's time zone: `Mon 2026-11-30 09:00:00 CET`.
    pub local: String,
    /// Says by whom and why the job is paused, so that it will be skipped: `paused by cli:1000: on
    /// holiday`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
}

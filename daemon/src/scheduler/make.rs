//! Making jobs: what a person or the agent wrote becomes a job, with all it may do frozen.
//!
//! Owns: what is refused, and what a job is held against before each run. A job never has more
//! than its author has, and what was frozen is never replaced by something else.

use std::path::Path;
use std::sync::Arc;

use smartopol_protocol::approval::Mode;
use smartopol_protocol::job::{Action, Due, Frozen, Job, JobState, Policy, Schedule, Spec};
use smartopol_protocol::session::Session;
use smartopol_protocol::user::{Capability, Role, User};
use smartopol_protocol::{Code, Fault, JobId, SessionId, Timestamp};
use smartopol_store::Reader;

use super::charge::{ceiling, strictest};
use super::schedule::{self, Times};
use crate::House;
use crate::toolbox;
use crate::users::{self, STRANGER, rights};

/// The longest text of a job, in bytes.
const TEXT: usize = 64 * 1024;

/// How many jobs with times to come there may be, and from how many on only an admin makes more.
const JOBS: u64 = 20_000;
const SHARED: u64 = 10_000;

/// How many of them a user may have, and a child.
const OF_A_USER: u64 = 1_000;
const OF_A_CHILD: u64 = 50;

/// How many of the next times are told with a job.
const SHOWN: usize = 5;

/// Who makes a job, and what they may give it.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    /// The peer.
    pub(crate) peer: String,
    /// The most that the job may do without asking.
    pub(crate) most: Mode,
    /// The tools that the job may have; `None` for all.
    pub(crate) tools: Option<Vec<String>>,
    /// True where the job may make jobs.
    pub(crate) may_schedule: bool,
}

impl Author {
    /// Returns a person at a door of the daemon.
    pub(crate) fn person(house: &House, peer: &str) -> Self {
        let role = house.users.acting(peer, None).role;
        Self {
            peer: peer.to_owned(),
            most: ceiling(role),
            tools: None,
            may_schedule: role != Role::Child,
        }
    }
}

fn bad(message: impl Into<String>, hint: &str) -> Fault {
    Fault::new(Code::BadRequest, message).hint(hint)
}

/// Returns the job that a spec means; nothing is stored.
pub(crate) async fn job(house: &House, spec: Spec, author: &Author) -> Result<Job, Fault> {
    let now = house.clock.now();
    let (zone, schedule) = when(house, &spec, author, now)?;
    let session = session(house, &spec, author).await?;
    let action = action(house, &spec)?;
    if matches!(action, Action::Message { .. }) && session.is_none() {
        return Err(bad(
            "`session` is missing: a message needs one",
            "name the session it goes to",
        ));
    }
    let workspace = match (&session, action.is_turn()) {
        (Some(session), true) => {
            let folder = Path::new(&session.workspace);
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.into());
            users::folder::check(house, &author.peer, &folder)?;
            session.workspace.clone()
        }
        (Some(session), false) => session.workspace.clone(),
        (None, false) => String::new(),
        (None, true) => folder(house, spec.workspace.as_deref(), author)?,
    };
    let frozen = frozen(house, &spec, &action, session.as_ref(), author).await?;
    if let Action::Call { tool, input } = &action {
        inspect(house, (tool, input), &workspace, author).await?;
    }
    check_policy(&spec.policy)?;
    let name = match &spec.name {
        Some(name) => name.trim().to_owned(),
        None => named(&action),
    };
    let (zone_name, zone) = schedule::zone(&zone).map_err(|why| bad(why, ""))?;
    let times = Times::new(&schedule, &zone_name, now).map_err(|why| bad(why, ""))?;
    times.check(now).map_err(|why| bad(why, ""))?;
    Ok(Job {
        id: JobId::new(),
        name,
        when: schedule::described(&schedule, &zone_name, &zone),
        next_at: times.after(now),
        schedule,
        zone: zone_name,
        action,
        session_id: session.map(|session| session.id),
        workspace,
        frozen,
        policy: spec.policy,
        state: JobState::Active,
        last: None,
        failures: 0,
        created_at: now,
        updated_at: now,
    })
}

/// Returns why a user may have no further job; `None` where they may.
pub(crate) fn full(r: &Reader<'_>, user: &User) -> smartopol_store::Result<Option<Fault>> {
    let all = r.count_jobs()?;
    let most = match user.role {
        Role::Admin => JOBS,
        Role::User => OF_A_USER,
        Role::Child => OF_A_CHILD,
    };
    let told = match user.role {
        Role::Admin if all >= JOBS => format!("there are {JOBS} jobs already"),
        Role::Admin => return Ok(None),
        _ if r.count_jobs_of(user.id)? >= most => format!(
            "{} has {most} jobs with times to come, and may have no more",
            rights::whom(user)
        ),
        _ if all >= SHARED => {
            format!("there are {SHARED} jobs already: only an admin may make more")
        }
        _ => return Ok(None),
    };
    let fault = Fault::new(Code::TooLarge, told);
    Ok(Some(fault.hint("remove some: smartopol jobs remove")))
}

/// Returns the next due times of a job.
pub(crate) fn next(job: &Job, now: Timestamp, count: usize) -> Vec<Due> {
    let Ok((_, zone)) = schedule::zone(&job.zone) else {
        return Vec::new();
    };
    let Ok(times) = Times::new(&job.schedule, &job.zone, job.created_at) else {
        return Vec::new();
    };
    // One that is due in this very moment, and has no row yet, is the first.
    let first = job.next_at.map(|next| next.plus_millis(-1));
    let from = first.map_or(now, |first| first.min(now));
    let due = times.following(from, count);
    due.into_iter()
        .filter(|_| job.next_at.is_some())
        .map(|at| Due {
            job_id: job.id,
            name: job.name.clone(),
            at,
            local: schedule::local(at, &zone),
            paused: matches!(job.state, JobState::Paused { .. })
                .then(|| format!("paused{}", job.state.pause())),
        })
        .collect()
}

/// Returns a few of the next due times of a job.
pub(crate) fn soon(job: &Job, now: Timestamp) -> Vec<Due> {
    next(job, now, SHOWN)
}

fn when(
    house: &House,
    spec: &Spec,
    author: &Author,
    now: Timestamp,
) -> Result<(String, Schedule), Fault> {
    let words = spec.when.as_deref().unwrap_or_default();
    let user = house.users.acting(&author.peer, None);
    let (name, zone) = users::zone::meant(house, &user, (spec.zone.as_deref(), words))
        .map_err(|why| bad(why, ""))?;
    let schedule = match (&spec.when, &spec.schedule) {
        (Some(words), None) => {
            schedule::read(words, now, &zone).map_err(|why| bad(why, "say it otherwise"))?
        }
        (None, Some(schedule)) => schedule.clone(),
        (Some(_), Some(_)) => {
            return Err(bad(
                "`when` and `schedule` both say when",
                "leave one of them out",
            ));
        }
        (None, None) => {
            return Err(bad(
                "it does not say when",
                "add `when`, such as `tomorrow 9:00`, or a `schedule`",
            ));
        }
    };
    let schedule = match schedule {
        Schedule::Every { seconds, from } => Schedule::Every {
            seconds,
            from: Some(from.unwrap_or(now)),
        },
        other => other,
    };
    Ok((name, schedule))
}

async fn session(house: &House, spec: &Spec, author: &Author) -> Result<Option<Session>, Fault> {
    let Some(key) = spec.session.clone() else {
        return Ok(None);
    };
    let user = house.users.acting(&author.peer, None);
    let (own, sees_all) = (user.id, user.role == Role::Admin);
    let find = move |r: &smartopol_store::Reader<'_>| match sees_all {
        true => r.find_session(&key, own),
        false => r.find_own_session(&key, own),
    };
    let session = house.store.read(find).await?;
    speaks(house, &user, session.id)?;
    Ok(Some(session))
}

/// Refuses one who may not speak in a session.
///
/// # Errors
/// `denied` where it is somebody else's, and they are no admin or may not send to others.
pub(super) fn speaks(house: &House, user: &User, session: SessionId) -> Result<(), Fault> {
    if house.users.is_own(user, session) {
        return Ok(());
    }
    if !house.users.may_see(user, session) {
        let told = format!("the session is not one of {}", rights::whom(user));
        return Err(Fault::new(Code::Denied, told));
    }
    rights::demand(&house.config.users.roles, user, Capability::SendToOthers)
}

fn action(house: &House, spec: &Spec) -> Result<Action, Fault> {
    let text = spec.action.text();
    if text.trim().is_empty() {
        return Err(bad("`action` says nothing", "say in it what is to be done"));
    }
    if text.len() > TEXT {
        let told = format!(
            "the text of `action` has {} bytes, and {TEXT} are the most",
            text.len()
        );
        return Err(Fault::new(Code::TooLarge, told).hint("keep it in a file of the workspace"));
    }
    let known = |text: &str| house.redactor.known(text).0.into_owned();
    Ok(match &spec.action {
        Action::Prompt { text } => Action::Prompt { text: known(text) },
        Action::Message { text } => Action::Message { text: known(text) },
        Action::Remind { text, priority } => Action::Remind {
            text: known(text),
            priority: *priority,
        },
        call @ Action::Call { input, .. } => {
            let written = input.to_string();
            if known(&written) != written {
                return Err(bad(
                    "`input` holds a secret that the daemon knows, and a job is stored",
                    "let the command read it from the environment or a file",
                ));
            }
            call.clone()
        }
    })
}

fn folder(house: &House, workspace: Option<&str>, author: &Author) -> Result<String, Fault> {
    let Some(workspace) = workspace else {
        return Err(bad(
            "neither `session` nor `workspace` says where it runs",
            "name a session, or a folder for sessions of its own",
        ));
    };
    let path = Path::new(workspace);
    let found = path.canonicalize().ok().filter(|path| path.is_dir());
    match found.filter(|_| path.is_absolute()) {
        Some(path) => users::folder::check(house, &author.peer, &path)
            .map(|()| path.to_string_lossy().into_owned()),
        None => Err(bad(
            format!("`workspace` is no folder with an absolute path: {workspace}"),
            "name a folder that exists",
        )),
    }
}

async fn frozen(
    house: &House,
    spec: &Spec,
    action: &Action,
    session: Option<&Session>,
    author: &Author,
) -> Result<Frozen, Fault> {
    let asks = matches!(action, Action::Prompt { .. });
    let model = match asks {
        true => {
            let own = session.and_then(|session| session.model.clone());
            let wanted = spec.model.clone().or(own);
            let providers = house.providers()?;
            let wrong = |err: smartopol_providers::Error| {
                bad(err.to_string(), "see them with: smartopol providers list")
            };
            let target = providers.resolve(wanted.as_deref()).map_err(wrong)?;
            let model = match target.model.as_str() {
                "" => target.provider_name,
                model => format!("{}/{model}", target.provider_name),
            };
            // What is kept is a name; it must lead to the same again.
            providers.resolve(Some(&model)).map_err(wrong)?;
            model
        }
        false => String::new(),
    };
    let now = session
        .and_then(|session| session.mode)
        .unwrap_or(house.config.approvals.mode);
    let mode = spec.mode.unwrap_or(strictest([now, author.most]));
    if strictest([mode, author.most]) != mode {
        return Err(Fault::new(
            Code::Denied,
            format!(
                "`mode` is {} and whoever makes the job may do no more than {}",
                mode.name(),
                author.most.name()
            ),
        )
        .hint(match author.tools {
            Some(_) => "name a stricter one; a person may give more: smartopol jobs add",
            None => "name a stricter one",
        }));
    }
    if spec.may_schedule && !author.may_schedule {
        return Err(
            Fault::new(Code::Denied, "`may_schedule` can only be given by a person").hint(
                match author.tools {
                    Some(_) => "a person can make it: smartopol jobs add --may-schedule",
                    None => "leave it out, or ask a grown-up to make the job",
                },
            ),
        );
    }
    Ok(Frozen {
        user: author.peer.clone(),
        model,
        mode,
        tools: tools(house, spec, action, author)?,
        budget_tokens: spec
            .budget_tokens
            .unwrap_or(house.config.jobs.budget_tokens),
        may_schedule: spec.may_schedule,
    })
}

fn tools(
    house: &House,
    spec: &Spec,
    action: &Action,
    author: &Author,
) -> Result<Vec<String>, Fault> {
    let may = |name: &str| {
        author
            .tools
            .as_ref()
            .is_none_or(|own| own.iter().any(|own| own == name))
            && (spec.may_schedule || !toolbox::schedules(name))
    };
    let there = |name: &str| house.specs.iter().any(|tool| tool.name == name);
    let wanted: Vec<String> = match (action, &spec.tools) {
        (Action::Call { tool, .. }, _) => vec![tool.clone()],
        (Action::Prompt { .. }, Some(tools)) => tools.clone(),
        (Action::Prompt { .. }, None) => {
            let all = house.specs.iter().map(|tool| tool.name.clone());
            return Ok(all.filter(|name| may(name)).collect());
        }
        (Action::Message { .. } | Action::Remind { .. }, _) => return Ok(Vec::new()),
    };
    for name in &wanted {
        if !there(name) {
            let names = house.specs.iter().map(|tool| tool.name.as_str());
            let hint = match smartopol_config::nearest(name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see what there is: smartopol send help".into(),
            };
            return Err(bad(format!("there is no tool `{name}`"), &hint));
        }
        if !may(name) {
            let told = format!("the job may not use the tool `{name}`");
            return Err(Fault::new(Code::Denied, told).hint(
                "what makes jobs needs `may_schedule`, and a job gets no tool that its author lacks",
            ));
        }
    }
    Ok(wanted)
}

async fn inspect(
    house: &House,
    (tool, input): (&str, &serde_json::Value),
    workspace: &str,
    author: &Author,
) -> Result<(), Fault> {
    let (own, name, input) = (house.clone(), tool.to_owned(), input.clone());
    let workspace = workspace.to_owned();
    let user = house.users.acting(&author.peer, None);
    let looked = tokio::task::spawn_blocking(move || {
        toolbox::inspect((&own, &user), None, (&name, &input), Path::new(&workspace))
    })
    .await;
    match looked {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(output)) => Err(bad(
            format!("`input` is wrong: {}", output.text),
            "see the tool's arguments: smartopol traces list --tool NAME",
        )),
        Err(_) => Err(Fault::new(
            Code::Internal,
            "the call could not be looked at",
        )),
    }
}

fn check_policy(policy: &Policy) -> Result<(), Fault> {
    let ranges = [
        ("missed_cap", policy.missed_cap, 1, 100),
        ("retries", policy.retries, 0, 10),
        ("retry_after_seconds", policy.retry_after_seconds, 1, 86_400),
        ("pause_after", policy.pause_after, 0, 1_000),
    ];
    for (name, value, low, high) in ranges {
        if !(low..=high).contains(&value) {
            return Err(bad(
                format!("`policy.{name}` is {value}"),
                &format!("{low} to {high} are possible"),
            ));
        }
    }
    Ok(())
}

/// Returns a name made of the first words of what a job does.
fn named(action: &Action) -> String {
    let text = match action {
        Action::Remind { text, .. } => format!("remind {text}"),
        other => other.text().to_owned(),
    };
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() || name.chars().count() + word.chars().count() > 40 {
            continue;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.chars().flat_map(char::to_lowercase));
        if name.matches('-').count() >= 4 {
            break;
        }
    }
    match name.as_str() {
        "" => "job".into(),
        // As ids begin; the store refuses it.
        name if name.starts_with(JobId::PREFIX) => "job".into(),
        _ => name,
    }
}

/// Returns whose a job of this peer is.
///
/// # Errors
/// Where they are kept out, or no user any more.
pub(super) fn owner(house: &House, peer: &str) -> Result<Arc<User>, String> {
    if let Some(out) = house.users.kept_out(peer, None) {
        return Err(format!("{}, who made it, is disabled", rights::whom(&out)));
    }
    let owner = house.users.acting(peer, None);
    match owner.id {
        STRANGER => Err(format!("{peer}, who made it, is no user any more")),
        _ => Ok(owner),
    }
}

/// Looks whether what was frozen with a job still is, and whether its owner could still make it:
/// its runs are blocked where not.
///
/// # Errors
/// What is not there any more, or what its owner may no longer do.
pub(super) async fn holds(house: &House, job: &Job) -> Result<(), String> {
    let peer = &job.frozen.user;
    let owner = owner(house, peer)?;
    let reminds = matches!(job.action, Action::Remind { .. });
    // Reminders are many, and one's own session asks nothing of them.
    if let Some(id) = job.session_id
        && !(reminds && house.users.is_own(&owner, id))
    {
        match house.store.read(move |r| r.session(id)).await {
            Ok(_) => speaks(house, &owner, id).map_err(|fault| {
                format!("its session is somebody else's, and {}", fault.message)
            })?,
            // It is told in the inbox all the same.
            Err(smartopol_store::Error::NotFound { .. }) if reminds => {}
            Err(smartopol_store::Error::NotFound { .. }) => {
                return Err("its session is not there any more".into());
            }
            Err(err) => return Err(err.to_string()),
        }
    }
    if job.action.is_turn() {
        let folder = Path::new(&job.workspace);
        // What its name leads to now.
        match folder.canonicalize().ok().filter(|path| path.is_dir()) {
            Some(path) => {
                users::folder::check(house, peer, &path).map_err(|fault| fault.message)?;
            }
            None if job.session_id.is_some() => {}
            None => {
                return Err(format!(
                    "its folder {} is not there any more",
                    job.workspace
                ));
            }
        }
    }
    for tool in &job.frozen.tools {
        if !house.specs.iter().any(|own| own.name == *tool) {
            return Err(format!("its tool `{tool}` is not there any more"));
        }
    }
    if !job.frozen.model.is_empty() {
        let model = job.frozen.model.as_str();
        let providers = house.providers().map_err(|fault| fault.message)?;
        if let Err(err) = providers.resolve(Some(model)) {
            return Err(format!("its model {model} is not there any more: {err}"));
        }
    }
    Ok(())
}

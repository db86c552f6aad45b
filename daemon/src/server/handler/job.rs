//! Jobs: making, showing, changing, running, and why they did or did not run.

use smartopol_protocol::approval::Actor;
use smartopol_protocol::job::{
    Add, Added, Answer, Edit, History, HistoryShown, Job, List, Listed, Next, NextShown, Pause,
    Remove, Resume, Run, RunNow, Show, Shown, Why,
};
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Fault};
use smartopol_store::Reader;

use crate::House;
use crate::scheduler::make::{self, Author};
use crate::scheduler::schedule::{self, Times};
use crate::scheduler::{edit, why};
use crate::server::view;

/// How many rows of the ledger are shown with a job.
const ROWS: u32 = 50;

/// How many rows are looked at for the one that a person asks about: more than a minute has.
const ASKED: u32 = 200;

/// How many next times are told where nothing is said, and at most.
const TIMES: (u32, u32) = (20, 1_000);

pub(crate) async fn add(house: &House, actor: &Actor, add: Add) -> Result<Added, Fault> {
    let author = Author::person(house, &actor.peer);
    let job = match add.check {
        true => edit::check(house, add.spec, &author).await?,
        false => edit::add(house, add.spec, &author).await?,
    };
    let next = make::soon(&job, house.clock.now());
    Ok(Added { job, next })
}

pub(crate) async fn list(house: &House, user: &User, list: List) -> Result<Listed, Fault> {
    let whose = view::whose(house, user);
    Ok(house.store.read(move |r| r.jobs_of(&list, whose)).await?)
}

pub(crate) async fn show(house: &House, user: &User, show: Show) -> Result<Shown, Fault> {
    let job = edit::find(house, user, &show.key, true).await?;
    let id = job.id;
    let read = move |r: &Reader<'_>| r.history(id, None, ROWS);
    let (runs, _) = house.store.read(read).await?;
    let next = make::soon(&job, house.clock.now());
    Ok(Shown { job, next, runs })
}

pub(crate) async fn change(house: &House, actor: &Actor, change: Edit) -> Result<Job, Fault> {
    let author = Author::person(house, &actor.peer);
    let wanted = (change.key.as_str(), change.spec);
    match change.check {
        true => edit::changed(house, wanted, &author).await,
        false => edit::change(house, wanted, &author).await,
    }
}

pub(crate) async fn remove(house: &House, user: &User, remove: Remove) -> Result<(), Fault> {
    edit::remove(house, user, &remove.key).await.map(drop)
}

pub(crate) async fn pause(
    house: &House,
    (actor, user): (&Actor, &User),
    pause: Pause,
) -> Result<Job, Fault> {
    edit::pause(house, (user, &actor.peer), &pause.key, &pause.reason).await
}

pub(crate) async fn resume(house: &House, user: &User, resume: Resume) -> Result<Job, Fault> {
    edit::resume(house, user, &resume.key).await
}

pub(crate) async fn run(
    house: &House,
    (actor, user): (&Actor, &User),
    run: RunNow,
) -> Result<Run, Fault> {
    edit::run_now(house, (user, &actor.peer), &run.key).await
}

pub(crate) async fn history(
    house: &House,
    user: &User,
    history: History,
) -> Result<HistoryShown, Fault> {
    let job = edit::find(house, user, &history.key, true).await?;
    let read = move |r: &Reader<'_>| r.history(job.id, history.before, history.limit);
    let (runs, more) = house.store.read(read).await?;
    let zone = job.zone;
    Ok(HistoryShown { zone, runs, more })
}

pub(crate) async fn why(house: &House, user: &User, asked: Why) -> Result<Answer, Fault> {
    let now = house.clock.now();
    let job = edit::find(house, user, &asked.key, true).await?;
    let wrong = |why| Fault::new(Code::BadRequest, why);
    let (_, zone) = schedule::zone(&job.zone).map_err(wrong)?;
    let at = asked
        .at
        .as_deref()
        .map(|text| schedule::moment(text, now, &zone).map_err(wrong))
        .transpose()?;
    let id = job.id;
    let (run, before, kept_since) = house
        .store
        .read(move |r| {
            let end = at.map(|at| at.plus_millis(why::MINUTE));
            let (mut rows, _) = r.history(id, end, ASKED)?;
            let (run, before) = match at {
                Some(at) => {
                    let (run, before) = why::meant(&rows, at);
                    (run.cloned(), before.cloned())
                }
                None => (rows.pop(), None),
            };
            Ok((run, before, r.ledger_since()?))
        })
        .await?;
    let times = Times::new(&job.schedule, &job.zone, job.created_at).ok();
    let known = why::Known {
        job: &job,
        zone: &zone,
        times: times.as_ref(),
        now,
        at,
        run: run.as_ref(),
        before: before.as_ref(),
        kept_since,
    };
    let sentence = known.sentence();
    Ok(Answer { sentence, run })
}

pub(crate) async fn next(house: &House, user: &User, next: Next) -> Result<NextShown, Fault> {
    let now = house.clock.now();
    let count = match next.count {
        0 => TIMES.0,
        count => count.min(TIMES.1),
    };
    let jobs = match next.key {
        Some(key) => vec![edit::find(house, user, &key, false).await?],
        // Nothing that is due later than the last of these can be among the first.
        None => {
            let whose = view::whose(house, user);
            let read = move |r: &Reader<'_>| r.next_jobs_of(count, whose);
            house.store.read(read).await?
        }
    };
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    let mut times: Vec<_> = jobs
        .iter()
        .filter(|job| house.users.may_see_peer(user, &job.frozen.user))
        .flat_map(|job| make::next(job, now, most))
        .collect();
    times.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    times.truncate(most);
    Ok(NextShown { times })
}

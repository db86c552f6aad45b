//! `traces`: the record of every tool call.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use smartopol_config::Paths;
use smartopol_ipc::{Client, Events};
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::trace::{
    ActionType, DecidedBy, Filter, List, Mark, Show, Stats, StatsShown, Trace,
};
use smartopol_protocol::{Code, Fault, News, Timestamp, TraceId};

use super::link::{connect, find};
use super::out::{Out, Tone};
use super::table::{self, Cell, cell, toned};
use super::time;

/// The most traces that the daemon gives at once.
const PAGE: u32 = 1000;

/// How many told traces are remembered while following; an older one is not told twice by then.
const REMEMBERED: usize = 4096;

/// The record of every tool call.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List traces, the newest last
    #[command(
        after_help = "Examples:\n  smartopol traces list --since 1h --outcome deny\n  smartopol traces list -n 0 --json > traces.jsonl"
    )]
    List {
        #[command(flatten)]
        which: Which,
        /// Only those that were marked in the console or with `traces mark`
        #[arg(long)]
        marked: bool,
        /// At most so many of the newest; 0 for all
        #[arg(short = 'n', long, default_value_t = 100, value_name = "N")]
        limit: u32,
        /// Print one flat record a line
        #[arg(long)]
        json: bool,
    },
    /// Print the newest traces, then each new one when its call has ended, until Ctrl-C
    #[command(after_help = "Example:\n  smartopol traces tail --json --tool exec")]
    Tail {
        #[command(flatten)]
        which: Which,
        /// How many old ones to begin with
        #[arg(short = 'n', long, default_value_t = 10, value_name = "N")]
        lines: usize,
        /// Print one flat record a line
        #[arg(long)]
        json: bool,
    },
    /// Show one trace with its exact parameters and result
    #[command(after_help = "Example:\n  smartopol traces show 0193a1b2-c3d4")]
    Show {
        /// The trace's id, or its beginning of at least four characters
        #[arg(value_name = "ID")]
        id: String,
        /// Print the flat record
        #[arg(long)]
        json: bool,
    },
    /// Mark a trace to find it again with `traces list --marked`
    #[command(after_help = "Example:\n  smartopol traces mark 0193a1b2-c3d4")]
    Mark {
        /// The trace's id, or its beginning of at least four characters
        #[arg(value_name = "ID")]
        id: String,
        /// Take the mark away
        #[arg(long)]
        remove: bool,
    },
    /// Count traces by outcome and tool, with their durations
    #[command(after_help = "Example:\n  smartopol traces stats --since 1w")]
    Stats {
        #[command(flatten)]
        which: Which,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Which traces are meant.
#[derive(Debug, Args)]
pub struct Which {
    /// Only of this tool
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Only with this outcome
    #[arg(long, value_enum)]
    outcome: Option<OutcomeArg>,
    /// Only of this session
    #[arg(short, long, value_name = "KEY")]
    session: Option<String>,
    /// Not older than this: 90s, 15m, 1h, 2d, 1w, 2026-11-21, 2026-11-21T09:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = time::since)]
    since: Option<Timestamp>,
    /// Only with all these words in its title, parameters or result
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OutcomeArg {
    /// It was let run
    Allow,
    /// It was refused
    Deny,
    /// It failed
    Error,
}

impl Which {
    async fn filter(self, client: &Client) -> anyhow::Result<Filter> {
        let session_id = match &self.session {
            Some(key) => Some(find(client, Some(key)).await?.id),
            None => None,
        };
        Ok(Filter {
            user_id: None,
            tool: self.tool,
            outcome: self.outcome.map(|outcome| match outcome {
                OutcomeArg::Allow => ActionType::Allow,
                OutcomeArg::Deny => ActionType::Deny,
                OutcomeArg::Error => ActionType::Error,
            }),
            session_id,
            since: self.since,
            text: self.text.unwrap_or_default(),
            marked: false,
        })
    }
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let (client, events) = connect(paths).await?;
    match command {
        Command::List {
            which,
            marked,
            limit,
            json,
        } => {
            let filter = Filter {
                marked,
                ..which.filter(&client).await?
            };
            let traces = list(&client, filter, limit).await?;
            if json {
                traces.iter().try_for_each(|trace| out.json(trace))?;
            } else {
                let rows: Vec<_> = traces.iter().map(row).collect();
                table::print(out, &HEADS, &rows, "there are no such traces")?;
            }
        }
        Command::Tail { which, lines, json } => {
            let filter = which.filter(&client).await?;
            let tail = Tail {
                client,
                events,
                filter,
                told: BTreeSet::new(),
                seq: 0,
                json,
            };
            tail.run(lines, out).await?;
        }
        Command::Show { id, json } => {
            let trace = client.call(Show { id }).await?;
            if json {
                out.json(&trace)?;
            } else {
                print_one(&trace, out)?;
            }
        }
        Command::Mark { id, remove } => {
            let trace = client.call(Show { id }).await?;
            let mark = Mark {
                id: trace.id,
                marked: !remove,
            };
            client.call(mark).await?;
            let done = if remove { "no longer marked" } else { "marked" };
            out.line(format!(
                "{done}: {}: {}",
                trace.tool_name, trace.metadata.title
            ))?;
        }
        Command::Stats { which, json } => {
            let filter = which.filter(&client).await?;
            let stats = client.call(Stats { filter }).await?;
            if json {
                out.json(&stats)?;
            } else {
                print_stats(&stats, out)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the newest `most` traces, oldest first; all where it is 0.
async fn list(client: &Client, filter: Filter, most: u32) -> anyhow::Result<Vec<Trace>> {
    let mut pages: Vec<Vec<Trace>> = Vec::new();
    let mut before = None;
    let mut left = if most == 0 { u32::MAX } else { most };
    while left > 0 {
        let page = client
            .call(List {
                filter: filter.clone(),
                before,
                limit: left.min(PAGE),
            })
            .await?;
        before = page.next;
        left = left.saturating_sub(u32::try_from(page.traces.len()).unwrap_or(u32::MAX));
        let more = page.more && before.is_some();
        pages.push(page.traces);
        if !more {
            break;
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

/// Traces being followed.
struct Tail {
    client: Client,
    events: Events,
    filter: Filter,
    told: BTreeSet<TraceId>,
    seq: u64,
    json: bool,
}

impl Tail {
    async fn run(mut self, lines: usize, out: &mut Out) -> anyhow::Result<()> {
        self.subscribe(None, lines, out).await?;
        loop {
            let Some(event) = self.events.recv().await else {
                return Err(Fault::new(Code::Unavailable, "the daemon has stopped")
                    .hint("start it with `smartopol daemon start`")
                    .into());
            };
            self.seq = self.seq.max(event.seq.unwrap_or(0));
            match event.news {
                News::TraceChanged(trace) => self.tell(&trace, out)?,
                News::Gap { .. } => self.subscribe(Some(self.seq), usize::MAX, out).await?,
                _ => {}
            }
        }
    }

    async fn subscribe(
        &mut self,
        since: Option<u64>,
        lines: usize,
        out: &mut Out,
    ) -> anyhow::Result<()> {
        let subscribe = Subscribe {
            since,
            ..Subscribe::default()
        };
        let Subscribed::Snapshot(snapshot) = self.client.call(subscribe).await? else {
            return Ok(()); // What was missed follows as events.
        };
        self.seq = snapshot.seq;
        let meant: Vec<&Trace> = snapshot
            .traces
            .iter()
            .filter(|trace| trace.metadata.complete && self.filter.matches(trace))
            .collect();
        let old = meant.len().saturating_sub(lines);
        self.told
            .extend(meant.iter().take(old).map(|trace| trace.id));
        for trace in meant.into_iter().skip(old) {
            self.tell(trace, out)?;
        }
        out.flush()?;
        Ok(())
    }

    fn tell(&mut self, trace: &Trace, out: &mut Out) -> anyhow::Result<()> {
        let meant = trace.metadata.complete && self.filter.matches(trace);
        if !meant || !self.told.insert(trace.id) {
            return Ok(());
        }
        if self.told.len() > REMEMBERED {
            self.told.pop_first();
        }
        if self.json {
            out.json(trace)?;
        } else {
            let at = time::local(trace.timestamp);
            let (outcome, tone) = outcome(trace);
            let outcome = out.tone(tone, &format!("{outcome:<5}"));
            let what = format!("{:<12} {}", trace.tool_name, trace.metadata.title);
            let what = crate::sanitize::line(&what).into_owned();
            out.raw(&format!("{at}  {outcome}  {:>9}  {what}\n", took(trace)))?;
        }
        Ok(out.flush()?)
    }
}

const HEADS: [&str; 7] = ["id", "time", "outcome", "took", "by", "tool", "what"];

fn row(trace: &Trace) -> Vec<Cell> {
    let (outcome, tone) = outcome(trace);
    // Thirteen characters hold the whole time of the id, and `traces show` takes a beginning.
    let id: String = trace.id.to_string().chars().take(13).collect();
    vec![
        toned(id, Tone::Quiet),
        cell(time::local(trace.timestamp)),
        toned(outcome, tone),
        cell(took(trace)),
        cell(decided_by(trace.metadata.decided_by)),
        cell(&trace.tool_name),
        cell(&trace.metadata.title),
    ]
}

fn outcome(trace: &Trace) -> (&'static str, Tone) {
    let tone = match trace.action_type {
        ActionType::Allow => Tone::Good,
        ActionType::Deny => Tone::Waits,
        ActionType::Error => Tone::Bad,
    };
    (trace.action_type.name(), tone)
}

fn took(trace: &Trace) -> String {
    match trace.duration_ms {
        Some(ms) => format!("{ms} ms"),
        None if trace.metadata.complete => "–".into(),
        None => "running".into(),
    }
}

const fn decided_by(by: DecidedBy) -> &'static str {
    match by {
        DecidedBy::Floor => "floor",
        DecidedBy::Role => "role",
        DecidedBy::Rule => "rule",
        DecidedBy::Mode => "mode",
        DecidedBy::Person => "person",
        DecidedBy::Expiry => "expiry",
        DecidedBy::Interrupt => "interrupt",
        DecidedBy::Check => "check",
        DecidedBy::LoopGuard => "loop guard",
        DecidedBy::Pin => "changed file",
        DecidedBy::Settings => "settings",
    }
}

fn print_one(trace: &Trace, out: &mut Out) -> anyhow::Result<()> {
    let about = &trace.metadata;
    out.line(format!("{}: {}", trace.tool_name, about.title))?;
    let rows = [
        ("id", trace.id.to_string()),
        (
            "time",
            format!("{} ({})", time::local(trace.timestamp), trace.timestamp),
        ),
        ("outcome", trace.action_type.name().to_owned()),
        ("took", took(trace)),
        (
            "decided",
            format!("by {}: {}", decided_by(about.decided_by), about.reason),
        ),
        ("actor", format!("{} {}", about.actor, about.surface)),
        ("really", about.by.clone().unwrap_or_default()),
        ("folder", about.cwd.clone()),
        ("session", about.session_id.to_string()),
        (
            "turn",
            about.turn_id.map_or_else(
                || "none: a person's command".to_owned(),
                |id| id.to_string(),
            ),
        ),
        (
            "job",
            about.run.map_or_else(String::new, |run| {
                format!("{}, due {}", run.job_id, time::local(run.due_at))
            }),
        ),
        ("call", about.call_id.to_string()),
        (
            "approval",
            about
                .approval_id
                .map_or_else(String::new, |id| id.to_string()),
        ),
        ("redacted", format!("{} values", about.redacted)),
    ];
    for (name, value) in rows {
        if !value.trim().is_empty() {
            out.line(format!("{name:<9} {}", value.trim()))?;
        }
    }
    for (name, value) in [
        ("parameters", &trace.params),
        ("result", &trace.result),
        ("details", &about.details),
    ] {
        if !value.is_null() {
            out.line("")?;
            out.line(name)?;
            out.text(&serde_json::to_string_pretty(value)?)?;
        }
    }
    Ok(())
}

fn print_stats(stats: &StatsShown, out: &mut Out) -> anyhow::Result<()> {
    let counts: Vec<String> = stats
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    if !counts.is_empty() {
        out.line(counts.join(", "))?;
        out.line("")?;
    }
    let ms = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"));
    let rows: Vec<_> = stats
        .tools
        .iter()
        .map(|tool| {
            vec![
                cell(&tool.tool),
                cell(tool.calls.to_string()),
                cell(tool.denied.to_string()),
                cell(tool.errors.to_string()),
                cell(ms(tool.p50_ms)),
                cell(ms(tool.p95_ms)),
            ]
        })
        .collect();
    let heads = ["tool", "calls", "denied", "errors", "p50", "p95"];
    Ok(table::print(
        out,
        &heads,
        &rows,
        "there are no such traces",
    )?)
}

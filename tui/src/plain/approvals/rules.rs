//! `approvals rules`: what is allowed, asked or denied without a person, until when, and where.

use clap::Subcommand;
use smartopol_ipc::Client;
use smartopol_protocol::approval::{ListRules, Pattern, RevokeRule, Rule, TestRule, Verdict};
use smartopol_protocol::{Code, Fault, RuleId};

use super::super::link::folder;
use super::super::out::{Out, Tone};
use super::super::table::{self, cell, toned};
use super::super::time;
use super::explain;
use super::pattern::PatternArgs;
use crate::app::lab;

/// The rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List the rules in force
    #[command(after_help = "Example:\n  smartopol approvals rules list --json")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Say what a rule would have done in the last days, and which command lines it is about
    #[command(
        after_help = "Examples:\n  smartopol approvals rules test --rule rul_0193\n  smartopol approvals rules test --command 'git (status|log)' 'git status -s' 'git push'"
    )]
    Test {
        /// A learned rule's id, or its beginning
        #[arg(long, value_name = "ID", conflicts_with_all = ["command", "path", "cwd", "role"])]
        rule: Option<String>,
        #[command(flatten)]
        pattern: PatternArgs,
        /// The tool that the rule is about
        #[arg(long, value_name = "TOOL", default_value = "exec")]
        tool: String,
        /// Command lines to hold it against
        #[arg(value_name = "COMMAND")]
        examples: Vec<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// End a rule that was learned from an answer
    #[command(after_help = "Example:\n  smartopol approvals rules revoke rul_0193")]
    Revoke {
        /// The rule's id, or its beginning
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub(super) async fn run(client: &Client, command: Rules, out: &mut Out) -> anyhow::Result<()> {
    match command {
        Rules::List { json } => list(client, json, out).await,
        Rules::Revoke { id } => {
            let id = learned(client, &id).await?.0;
            client.call(RevokeRule { id }).await?;
            Ok(out.line(format!("{id} was revoked"))?)
        }
        Rules::Test {
            rule,
            pattern,
            tool,
            mut examples,
            json,
        } => {
            let pattern = match rule {
                Some(id) => {
                    let rule = learned(client, &id).await?.1;
                    examples.extend(rule.match_);
                    examples.extend(rule.not_match);
                    rule.pattern
                }
                None => Pattern {
                    tool: Some(tool),
                    ..pattern.given().ok_or_else(nothing)?
                },
            };
            let test = TestRule {
                pattern: pattern.clone(),
                examples,
                cwd: folder()?,
            };
            test_rule(client, test, json, out).await
        }
    }
}

fn nothing() -> Fault {
    Fault::new(Code::BadRequest, "no rule was given to test")
        .hint("name one with --rule, or write one: --command 'git (status|log)'")
}

async fn test_rule(
    client: &Client,
    test: TestRule,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let words = test.pattern.to_string();
    let tested = client.call(test).await?;
    if json {
        return Ok(out.json(&tested)?);
    }
    out.line(&words)?;
    out.line(lab::sentence(&tested.back_test))?;
    let rows: Vec<_> = tested
        .examples
        .iter()
        .map(|example| {
            let (covered, tone) = match (example.covered, example.caught) {
                (true, _) => ("all of it", Tone::Good),
                (false, true) => ("a part of it", Tone::Waits),
                (false, false) => ("nothing of it", Tone::Quiet),
            };
            vec![toned(covered, tone), cell(&example.command)]
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    Ok(table::print(out, &["is about", "command"], &rows, "")?)
}

/// Returns the learned rule whose id begins with `text`.
async fn learned(client: &Client, text: &str) -> anyhow::Result<(RuleId, Rule)> {
    let rules = client.call(ListRules {}).await?.rules;
    let bare = text.strip_prefix(RuleId::PREFIX).unwrap_or(text);
    let mut found = rules.into_iter().filter_map(|rule| {
        let id = rule.id?;
        let begins = id
            .to_string()
            .strip_prefix(RuleId::PREFIX)
            .is_some_and(|own| !bare.is_empty() && own.starts_with(bare));
        begins.then_some((id, rule))
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            let fault = Fault::new(
                Code::BadRequest,
                format!("several rules begin with `{text}`"),
            );
            Err(fault.hint("write more of the id").into())
        }
        _ => {
            let fault = Fault::new(
                Code::NotFound,
                format!("there is no learned rule `{text}` in force"),
            );
            Err(fault.hint("`smartopol approvals rules` shows them").into())
        }
    }
}

async fn list(client: &Client, json: bool, out: &mut Out) -> anyhow::Result<()> {
    let rules = client.call(ListRules {}).await?.rules;
    if json {
        return Ok(rules.iter().try_for_each(|rule| out.json(rule))?);
    }
    let rows: Vec<_> = rules
        .iter()
        .map(|rule| {
            let tone = match rule.decision {
                Verdict::Allow => Tone::Good,
                Verdict::Ask => Tone::Waits,
                Verdict::Deny => Tone::Bad,
            };
            let id = rule.id.map(|id| id.to_string());
            vec![
                toned(explain::verdict(rule.decision), tone),
                cell(rule.pattern.to_string()),
                cell(reach(rule)),
                cell(rule.expires_at.map_or_else(String::new, time::local)),
                cell(id.unwrap_or_else(|| "config".into())),
            ]
        })
        .collect();
    let empty = "there are no rules: the mode alone decides";
    let heads = ["says", "of", "in", "until", "id"];
    Ok(table::print(out, &heads, &rows, empty)?)
}

fn reach(rule: &Rule) -> String {
    match (rule.session_id, &rule.workspace) {
        (Some(session), _) => session.to_string(),
        (None, Some(folder)) => folder.clone(),
        (None, None) => "every session".into(),
    }
}

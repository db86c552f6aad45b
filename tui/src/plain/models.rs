//! `providers` and `models`: who serves models, and which one is used.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use serde::Serialize;
use smartopol_config::{Paths, edit};
use smartopol_protocol::model::{ListProviders, ProviderInfo, TestProvider};
use smartopol_protocol::session::Configure;

use super::config::say_restart;
use super::link::{client, find};
use super::out::{Out, Tone};
use super::table::{self, cell, toned};

/// A test asks a model: one on a small machine may take its time.
const TEST_FOR: Duration = Duration::from_secs(180);

/// Who serves models.
#[derive(Debug, Subcommand)]
pub enum Providers {
    /// List the providers found, the chosen one first
    #[command(after_help = "Example:\n  smartopol providers list")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Ask a provider for one word, and say how it went
    #[command(after_help = "Example:\n  smartopol providers test openai")]
    Test {
        /// The provider
        #[arg(value_name = "NAME")]
        name: String,
        /// A model [default: the provider's]
        #[arg(long, value_name = "MODEL")]
        model: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// Models.
#[derive(Debug, Subcommand)]
pub enum Models {
    /// List the models known, by provider
    #[command(after_help = "Example:\n  smartopol models list --json | jq -r .model")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Choose the model: in the config, or with --session for one session alone
    #[command(
        after_help = "Examples:\n  smartopol models set openai/gpt-5\n  smartopol models set --session notes ollama\n  smartopol models set --session notes \"\"    (back to the config's)"
    )]
    Set {
        /// `provider/model`, or a provider for its default model
        #[arg(value_name = "MODEL")]
        model: String,
        /// Only for this session
        #[arg(short, long, value_name = "KEY")]
        session: Option<String>,
    },
}

pub(super) async fn providers(
    command: Providers,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Providers::List { json } => {
            let providers = client.call(ListProviders {}).await?.providers;
            if json {
                providers.iter().try_for_each(|one| out.json(one))?;
            } else {
                let rows: Vec<_> = providers.iter().map(provider_row).collect();
                let heads = ["", "name", "model", "found by", "address"];
                table::print(out, &heads, &rows, "there are no providers")?;
            }
        }
        Providers::Test { name, model, json } => {
            let test = TestProvider {
                name: name.clone(),
                model,
            };
            let tested = client.call_within(TEST_FOR, test).await?;
            if json {
                out.json(&tested)?;
            } else {
                out.line(format!(
                    "{name} answers with {}: {}",
                    tested.model, tested.said
                ))?;
                out.line(format!(
                    "first word after {} ms, all after {} ms",
                    tested.first_ms, tested.total_ms
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn provider_row(provider: &ProviderInfo) -> Vec<table::Cell> {
    let mark = if provider.chosen { "*" } else { "" };
    vec![
        toned(mark, Tone::Good),
        cell(&provider.name),
        cell(&provider.default_model),
        cell(&provider.found_by),
        toned(&provider.base_url, Tone::Quiet),
    ]
}

/// One model of one provider.
#[derive(Serialize)]
struct Known<'a> {
    model: String,
    provider: &'a str,
    /// True for the one used where none is named.
    chosen: bool,
}

pub(super) async fn models(
    command: Models,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    match command {
        Models::List { json } => {
            let providers = client(paths).await?.call(ListProviders {}).await?.providers;
            let known: Vec<Known<'_>> = providers.iter().flat_map(models_of).collect();
            if json {
                known.iter().try_for_each(|one| out.json(one))?;
            } else {
                let rows: Vec<_> = known
                    .iter()
                    .map(|one| {
                        let mark = if one.chosen { "*" } else { "" };
                        vec![toned(mark, Tone::Good), cell(&one.model)]
                    })
                    .collect();
                table::print(out, &["", "model"], &rows, "there are no models")?;
            }
        }
        Models::Set {
            model,
            session: Some(key),
        } => {
            let client = client(paths).await?;
            let session = find(&client, Some(&key)).await?;
            let changed = client
                .call(Configure {
                    id: session.id,
                    name: None,
                    mode: None,
                    model: Some(model),
                })
                .await?;
            let now = changed.model.as_deref().unwrap_or("the config's model");
            out.line(format!("`{}` now uses {now}", changed.name))?;
        }
        Models::Set {
            model,
            session: None,
        } => {
            edit::set(&paths.config_file(), &[("agent.model", &model)])?;
            out.line(format!(
                "agent.model is now `{model}` in {}",
                paths.config_file().display()
            ))?;
            say_restart(paths, out).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn models_of(provider: &ProviderInfo) -> impl Iterator<Item = Known<'_>> {
    let default = provider.default_model.as_str();
    let others = provider.models.iter().map(String::as_str);
    std::iter::once(default)
        .filter(|model| !model.is_empty())
        .chain(others.filter(move |model| *model != default))
        .map(move |model| Known {
            model: format!("{}/{model}", provider.name),
            provider: &provider.name,
            chosen: provider.chosen && model == default,
        })
}

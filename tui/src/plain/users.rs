//! `users`: who there is, what each may do and use, and how two peers become one user.

mod tell;

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args, Subcommand};
use smartopol_config::Paths;
use smartopol_ipc::Client;
use smartopol_protocol::user::{
    Add, Admit, Capability, Filter, Grant, Limits, Link, List, PeerId, Profile, Redeem, Remove,
    Role, Set, Show, Unlink, User,
};

use super::confirm::confirmed;
use super::link::{client, find};
use super::out::Out;

/// Who there is.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all users with their roles and peers
    #[command(after_help = "Example:\n  smartopol users list --json | jq -r .name")]
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show a user: what they may do, what they used, when their budgets are full again
    #[command(
        after_help = "Examples:\n  smartopol users show\n  smartopol users show mia --session homework\n  smartopol users show telegram:4711 --json"
    )]
    Show {
        /// A name, a peer, an id or the beginning of one [default: yourself]
        #[arg(value_name = "USER")]
        key: Option<String>,
        /// With the budgets of this session: its name, its id, or the beginning of its id
        #[arg(short, long, value_name = "KEY")]
        session: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Make a user, with the peers that they are known by
    #[command(
        after_help = "Examples:\n  smartopol users add mia telegram:4711 --role child\n  smartopol users add ben discord:ben api:phone"
    )]
    Add {
        /// Their name
        name: String,
        /// Their peers: CHANNEL:ID such as telegram:4711
        #[arg(required = true, value_name = "PEER")]
        peers: Vec<PeerId>,
        /// Their role: child, user or admin
        #[arg(long, default_value = "user", value_parser = roles())]
        role: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change the role of a user
    #[command(after_help = "Example:\n  smartopol users role ben admin")]
    Role {
        /// A name, a peer, an id or the beginning of one
        #[arg(value_name = "USER")]
        key: String,
        /// child, user or admin
        #[arg(value_parser = roles())]
        role: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Get a code that joins another peer to you, or say one that you got there
    #[command(
        after_help = "Examples:\n  smartopol users link              on one peer: prints a code\n  smartopol users link ABCD-2345    on the other, or there as a message: /link ABCD-2345"
    )]
    Link {
        /// The code; without one you get one
        code: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Part a peer from its user; it is a stranger again
    #[command(after_help = "Example:\n  smartopol users unlink telegram:4711")]
    Unlink {
        /// The peer: CHANNEL:ID such as telegram:4711
        peer: PeerId,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Give a user a capability, or a part of it
    #[command(
        after_help = "Examples:\n  smartopol users allow ben approve_requests\n  smartopol users allow mia network --how ask_admin\n  smartopol users allow mia network --how role"
    )]
    Allow {
        /// A name, a peer, an id or the beginning of one
        #[arg(value_name = "USER")]
        key: String,
        /// What they may do
        #[arg(value_parser = capabilities())]
        capability: String,
        /// How: allow (as mode and rules say), ask (each use waits for an answer), ask_admin (for
        /// an admin's), role (as their role has it)
        #[arg(long, default_value = "allow", value_parser = ["allow", "ask", "ask_admin", "role"])]
        how: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Take a capability from a user
    #[command(after_help = "Example:\n  smartopol users deny ben network")]
    Deny {
        /// A name, a peer, an id or the beginning of one
        #[arg(value_name = "USER")]
        key: String,
        /// What they may not do
        #[arg(value_parser = capabilities())]
        capability: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Keep a user out for now: nothing is done for them, and nothing of theirs is lost
    #[command(after_help = "Example:\n  smartopol users disable ben")]
    Disable {
        /// A name, a peer, an id or the beginning of one
        #[arg(value_name = "USER")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Let a user in again who was kept out
    #[command(after_help = "Example:\n  smartopol users enable ben")]
    Enable {
        /// A name, a peer, an id or the beginning of one
        #[arg(value_name = "USER")]
        key: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change how a user is spoken with, and what they may use
    #[command(
        after_help = "Examples:\n  smartopol users set mia --language German --timezone Europe/Berlin\n  smartopol users set mia --daily-tokens 50000 --monthly-cents 500\n  smartopol users set mia --tone ''"
    )]
    Set(Box<Change>),
    /// Remove a user: their peers are strangers again, their sessions the owner's
    #[command(after_help = "Example:\n  smartopol users remove ben --yes")]
    Remove {
        /// A name, a peer, an id or the beginning of one
        #[arg(value_name = "USER")]
        key: String,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Let a stranger in who waits at the door, or turn them away
    #[command(
        after_help = "Examples:\n  smartopol users admit telegram:4711 --role child --name mia\n  smartopol users admit telegram:666 --deny"
    )]
    Admit {
        /// The stranger's peer: CHANNEL:ID
        peer: PeerId,
        /// Turn them away, and do not ask about them again
        #[arg(long)]
        deny: bool,
        /// Their role [default: as the settings say]
        #[arg(long, value_parser = roles())]
        role: Option<String>,
        /// Their name [default: made of the peer]
        #[arg(long)]
        name: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

/// What is changed of a user.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args([
    "name", "language", "tone", "timezone", "filter",
    "daily_tokens", "monthly_tokens", "daily_cents", "monthly_cents",
])))]
pub struct Change {
    /// A name, a peer, an id or the beginning of one
    #[arg(value_name = "USER")]
    key: String,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// The language that they are answered in, in words; empty: as the settings say
    #[arg(long)]
    language: Option<String>,
    /// The tone that they are answered in, in words; empty: as the settings say
    #[arg(long)]
    tone: Option<String>,
    /// Their time zone, such as Europe/Berlin; empty: as the settings say
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
    /// What is kept of what they are told: child or off
    #[arg(long, value_parser = ["child", "off"])]
    filter: Option<String>,
    /// Tokens a day; 0: as their role
    #[arg(long, value_name = "N")]
    daily_tokens: Option<u64>,
    /// Tokens a month; 0: as their role
    #[arg(long, value_name = "N")]
    monthly_tokens: Option<u64>,
    /// Hundredths of a US dollar a day; 0: as their role
    #[arg(long, value_name = "N")]
    daily_cents: Option<u64>,
    /// Hundredths of a US dollar a month; 0: as their role
    #[arg(long, value_name = "N")]
    monthly_cents: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Change {
    fn set(self) -> Set {
        let micros = |cents: Option<u64>| cents.map(|cents| cents.saturating_mul(10_000));
        Set {
            key: self.key,
            name: self.name,
            role: None,
            disabled: None,
            grants: Default::default(),
            limits: Limits {
                daily_tokens: self.daily_tokens,
                monthly_tokens: self.monthly_tokens,
                daily_cost_micros: micros(self.daily_cents),
                monthly_cost_micros: micros(self.monthly_cents),
            },
            profile: Profile {
                language: self.language,
                tone: self.tone,
                time_zone: self.timezone,
                filter: self.filter.map(|name| match name.as_str() {
                    "child" => Filter::Child,
                    _ => Filter::Off,
                }),
            },
        }
    }
}

fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(Role::ALL.map(Role::name))
}

fn capabilities() -> PossibleValuesParser {
    PossibleValuesParser::new(Capability::ALL.iter().map(|own| own.name()))
}

fn role(name: &str) -> Role {
    Role::named(name).unwrap_or_default()
}

/// Returns the change of one capability; without a grant it is as the role has it.
fn grant(key: String, capability: &str, grant: Option<Grant>) -> Set {
    let named = Capability::ALL
        .iter()
        .copied()
        .find(|own| own.name() == capability);
    Set {
        key,
        grants: named.map(|own| (own, grant)).into_iter().collect(),
        ..Set::default()
    }
}

fn keep_out(key: String, out: bool) -> Set {
    Set {
        key,
        disabled: Some(out),
        ..Set::default()
    }
}

pub(super) async fn run(
    command: Command,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    match command {
        Command::List { json } => {
            let listed = client.call(List {}).await?;
            tell::list(&listed, json, out)?;
        }
        Command::Show { key, session, json } => {
            let session_id = match session {
                Some(key) => Some(find(&client, Some(&key)).await?.id),
                None => None,
            };
            let shown = client.call(Show { key, session_id }).await?;
            match json {
                true => out.json(&shown)?,
                false => tell::show(&shown, out)?,
            }
        }
        Command::Add {
            name,
            peers,
            role: wanted,
            json,
        } => {
            let add = Add {
                name,
                role: role(&wanted),
                peers,
            };
            done(&client.call(add).await?, json, out)?;
        }
        Command::Role {
            key,
            role: wanted,
            json,
        } => {
            let set = Set {
                key,
                role: Some(role(&wanted)),
                ..Set::default()
            };
            done(&client.call(set).await?, json, out)?;
        }
        Command::Link { code, json } => return link(&client, code, json, out).await,
        Command::Unlink { peer, json } => done(&client.call(Unlink { peer }).await?, json, out)?,
        Command::Allow {
            key,
            capability,
            how,
            json,
        } => {
            let wanted = Grant::ALL.into_iter().find(|grant| grant.name() == how);
            let set = grant(key, &capability, wanted);
            done(&client.call(set).await?, json, out)?;
        }
        Command::Deny {
            key,
            capability,
            json,
        } => {
            let set = grant(key, &capability, Some(Grant::Deny));
            done(&client.call(set).await?, json, out)?;
        }
        Command::Disable { key, json } => {
            done(&client.call(keep_out(key, true)).await?, json, out)?;
        }
        Command::Enable { key, json } => {
            done(&client.call(keep_out(key, false)).await?, json, out)?;
        }
        Command::Set(change) => {
            let json = change.json;
            done(&client.call(change.set()).await?, json, out)?;
        }
        Command::Remove { key, yes } => {
            let question = format!("remove {key}, whose sessions become the owner's?");
            if !yes && !confirmed(&question, &format!("{key} was not removed"))? {
                return Ok(ExitCode::FAILURE);
            }
            client.call(Remove { key: key.clone() }).await?;
            out.line(format!("{key} is removed"))?;
        }
        Command::Admit {
            peer,
            deny,
            role: wanted,
            name,
            json,
        } => {
            let admitted = client
                .call(Admit {
                    peer: peer.clone(),
                    allow: !deny,
                    role: wanted.as_deref().map(role),
                    name,
                })
                .await?;
            match (&admitted.user, json) {
                (_, true) => out.json(&admitted)?,
                (Some(user), false) => done(user, false, out)?,
                (None, false) => out.line(format!("{peer} was turned away"))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns what `/link` says in a message: a code, or none where one is wanted.
pub(super) fn link_said(text: &str) -> Option<Option<String>> {
    let rest = text.trim().strip_prefix("/link")?;
    match rest.trim() {
        "" => Some(None),
        code if rest.starts_with(' ') => Some(Some(code.to_owned())),
        _ => None,
    }
}

/// Says a code, or gets one.
pub(super) async fn link(
    client: &Client,
    code: Option<String>,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    match code {
        Some(code) => done(&client.call(Redeem { code }).await?, json, out)?,
        None => {
            let given = client.call(Link {}).await?;
            match json {
                true => out.json(&given)?,
                false => tell::code(&given, out)?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn done(user: &User, json: bool, out: &mut Out) -> anyhow::Result<()> {
    match json {
        true => out.json(user)?,
        false => out.line(tell::line(user))?,
    }
    Ok(())
}

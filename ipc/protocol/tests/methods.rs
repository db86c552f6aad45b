//! Every method: parameters and a reply, by what they are about.

mod asked;
mod daemon;
mod known;
mod people;
mod sessions;
mod work;

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use smartopol_protocol::{Method, Request};

use crate::golden::{Golden, pretty, same};

/// The name of each method with its golden value.
type All = Vec<(&'static str, Golden)>;

pub(crate) fn goldens() -> Vec<Golden> {
    all().into_iter().map(|(_, golden)| golden).collect()
}

/// All of them, in the order of the table.
pub(crate) fn all() -> All {
    let parts = [
        daemon::all(),
        sessions::all(),
        known::all(),
        asked::all(),
        work::all(),
        people::all(),
    ];
    parts.into_iter().flatten().collect()
}

#[derive(Serialize)]
struct Described<'a, P, R> {
    method: &'static str,
    params: &'a P,
    reply: &'a R,
}

fn golden<M>(params: M, reply: M::Reply) -> (&'static str, Golden)
where
    M: Method + PartialEq + Debug,
    M::Reply: PartialEq + Debug,
{
    let json = pretty(&Described {
        method: M::NAME,
        params: &params,
        reply: &reply,
    });
    let name = format!("method.{}", M::NAME.replace('/', "."));
    let golden = Golden::with(name, json, move |found| {
        same(&params, &found["params"])?;
        same(&reply, &found["reply"])?;
        understood(M::NAME, &found["params"])
    });
    (M::NAME, golden)
}

fn understood(name: &str, params: &Value) -> Result<(), String> {
    let raw = RawValue::from_string(params.to_string()).unwrap();
    match Request::parse(name, Some(&raw)) {
        Ok(request) if request.method() == name => Ok(()),
        other => Err(format!("understood as {other:?}")),
    }
}

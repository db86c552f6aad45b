//! Holds what was written against what may be set, and finds every mistake.
//!
//! Owns: walking values along their [`Shape`], the wording of mistakes, the nearest right key.
//! What is good of a value comes back as plain TOML; what is not is left out and told.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use smartopol_protocol::suggest::nearest;
use toml::de::{DeInteger, DeString, DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::layer::Origin;
use crate::problem::Problem;
use crate::section;
use crate::shape::{Fields, Holds, Shape, Test};

/// A key from the root: `["agent", "max_steps"]`.
pub(crate) type Key = Vec<String>;

/// Where a text comes from that is being checked.
pub(crate) enum Source<'a> {
    File { name: &'a str, text: &'a str },
    Variable(&'a str),
}

impl Source<'_> {
    fn origin(&self, span: &Range<usize>) -> Origin {
        match self {
            Self::File { text, .. } => {
                let (line, column) = position(text, span.start);
                Origin::File { line, column }
            }
            Self::Variable(name) => Origin::Environment((*name).to_owned()),
        }
    }

    fn place(&self, span: &Range<usize>) -> String {
        match self {
            Self::File { name, .. } => self.origin(span).place(name),
            Self::Variable(_) => self.origin(span).place(""),
        }
    }
}

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    /// Where each key was set.
    pub(crate) origins: BTreeMap<Key, Origin>,
    /// Keys that were left out because they were wrong.
    pub(crate) bad: BTreeSet<Key>,
    /// Each with where it stands in its source, to sort by.
    pub(crate) problems: Vec<(usize, Problem)>,
}

impl Findings {
    /// Returns true where `key` or something below it was wrong.
    pub(crate) fn is_bad(&self, key: &[&str]) -> bool {
        self.bad
            .iter()
            .any(|bad| bad.iter().zip(key).all(|(a, b)| a == b) && bad.len() >= key.len())
    }
}

/// Checks a whole config file and returns what is good of it.
pub(crate) fn file(name: &str, text: &str, found: &mut Findings) -> Table {
    let source = Source::File { name, text };
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut broken = BTreeSet::new();
    let mut torn = false;
    for err in &errors {
        let span = err.span().unwrap_or(0..0);
        let (line, _) = position(text, span.start);
        let content = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        // After a broken header or an open text nobody knows what the next keys belong to.
        torn |= content.trim_start().starts_with('[')
            || content.contains("\"\"\"")
            || content.contains("'''");
        if broken.insert(line) {
            let message = format!("this is not TOML: {}", lowered(err.message()));
            found
                .problems
                .push((span.start, Problem::new(source.place(&span), message)));
        }
    }
    if torn {
        return Table::new();
    }
    let before = found.problems.len();
    let mut walk = Walk {
        source: &source,
        found: &mut *found,
    };
    let table = match &section::SHAPE {
        Shape::Table(fields) => walk.table(fields, root.get_ref(), &mut Vec::new()),
        _ => Table::new(),
    };
    // What recovery made of a broken line is no mistake of the person's.
    let later = found.problems.split_off(before);
    found.problems.extend(
        later
            .into_iter()
            .filter(|(at, _)| !broken.contains(&position(text, *at).0)),
    );
    table
}

/// Checks one value for `key`, whose shape is known, and returns what is good of it.
pub(crate) fn value(
    source: &Source<'_>,
    shape: &'static Shape,
    key: &[String],
    text: &str,
    found: &mut Findings,
) -> Option<Value> {
    let is_text = matches!(
        shape,
        Shape::Value(Holds::Text(_) | Holds::Secret(_) | Holds::Choice(_))
    );
    let parsed = if is_text {
        Spanned::new(0..0, DeValue::String(DeString::Borrowed(text)))
    } else {
        match DeValue::parse(text) {
            Ok(parsed) => parsed,
            Err(_) => {
                let message = format!("{} {}", quoted(key), wanted(shape));
                let problem = Problem::new(source.place(&(0..0)), message);
                found.problems.push((0, problem));
                found.bad.insert(key.to_vec());
                return None;
            }
        }
    };
    let mut walk = Walk { source, found };
    walk.item(shape, &parsed, &mut key.to_vec(), &(0..0))
}

struct Walk<'a, 'b> {
    source: &'a Source<'b>,
    found: &'a mut Findings,
}

impl Walk<'_, '_> {
    fn table(&mut self, fields: Fields, table: &DeTable<'_>, path: &mut Key) -> Table {
        let mut good = Table::new();
        for (key, value) in table {
            let name = key.get_ref();
            let Some((_, shape)) = fields.iter().find(|(own, _)| *own == name.as_ref()) else {
                self.problem(&key.span(), unknown(path, name, fields));
                continue;
            };
            path.push(name.to_string());
            if let Some(item) = self.item(shape, value, path, &key.span()) {
                good.insert(name.to_string(), item);
            }
            path.pop();
        }
        good
    }

    fn item(
        &mut self,
        shape: &'static Shape,
        value: &Spanned<DeValue<'_>>,
        path: &mut Key,
        key: &Range<usize>,
    ) -> Option<Value> {
        self.found
            .origins
            .insert(path.clone(), self.source.origin(key));
        match (shape, value.get_ref()) {
            (Shape::Table(fields), DeValue::Table(table)) => {
                Some(Value::Table(self.table(fields, table, path)))
            }
            (Shape::Named(test, inner), DeValue::Table(table)) => {
                Some(Value::Table(self.named(*test, inner, table, path)))
            }
            (Shape::List(fields), DeValue::Array(items)) => {
                let items = items.iter().enumerate();
                let items = items.filter_map(|(n, item)| self.element(fields, n, item, path));
                Some(Value::Array(items.collect()))
            }
            (Shape::Value(kind), value_ref) => match plain(kind, value_ref) {
                Ok(good) => Some(good),
                Err(why) => self.wrong(&value.span(), path, &why),
            },
            (_, other) => {
                let why = format!("{}, not {}", wanted(shape), kind_of(other));
                self.wrong(&value.span(), path, &why)
            }
        }
    }

    fn named(
        &mut self,
        test: Test,
        inner: &'static Shape,
        table: &DeTable<'_>,
        path: &mut Key,
    ) -> Table {
        let mut good = Table::new();
        for (key, value) in table {
            let name = key.get_ref();
            if let Err(why) = test(name) {
                let problem = (format!("`{}` {why}", shown(name)), String::new());
                self.problem(&key.span(), problem);
                continue;
            }
            path.push(name.to_string());
            if let Some(item) = self.item(inner, value, path, &key.span()) {
                good.insert(name.to_string(), item);
            }
            path.pop();
        }
        good
    }

    fn element(
        &mut self,
        fields: Fields,
        n: usize,
        item: &Spanned<DeValue<'_>>,
        path: &mut Key,
    ) -> Option<Value> {
        path.push(n.to_string());
        self.found
            .origins
            .insert(path.clone(), self.source.origin(&item.span()));
        let good = match item.get_ref() {
            DeValue::Table(table) => {
                let before = self.found.bad.len();
                let required = fields.first().map_or("", |(name, _)| *name);
                let good = self.table(fields, table, path);
                if table.iter().any(|(key, _)| key.get_ref() == required) {
                    // A rule that lost a part would say something else than the person meant.
                    (self.found.bad.len() == before).then_some(Value::Table(good))
                } else {
                    self.wrong(&item.span(), path, &format!("needs a `{required}`"))
                }
            }
            other => {
                let why = format!("must be a table, not {}", kind_of(other));
                self.wrong(&item.span(), path, &why)
            }
        };
        path.pop();
        good
    }

    fn wrong(&mut self, span: &Range<usize>, path: &Key, why: &str) -> Option<Value> {
        self.found.bad.insert(path.clone());
        self.problem(span, (format!("{} {why}", quoted(path)), String::new()));
        None
    }

    fn problem(&mut self, span: &Range<usize>, (message, hint): (String, String)) {
        let problem = Problem::new(self.source.place(span), message).hint(hint);
        self.found.problems.push((span.start, problem));
    }
}

/// Returns the value as plain TOML, or what it must be.
fn plain(kind: &Holds, value: &DeValue<'_>) -> Result<Value, String> {
    let wanted = || format!("{}, not {}", must(kind), shown_value(kind, value));
    match (kind, value) {
        (Holds::Flag, DeValue::Boolean(flag)) => Ok(Value::Boolean(*flag)),
        (Holds::Whole(min, max), DeValue::Integer(number)) => whole(number)
            .filter(|number| (min..=max).contains(&number))
            .map(Value::Integer)
            .ok_or_else(wanted),
        (Holds::Text(test) | Holds::Secret(test), DeValue::String(text)) => {
            test(text).map(|()| Value::String(text.to_string()))
        }
        (Holds::Choice(choices), DeValue::String(text)) => {
            if choices.contains(&text.as_ref()) {
                return Ok(Value::String(text.to_string()));
            }
            match nearest(text, choices.iter().copied()) {
                Some(near) => Err(format!("{}; did you mean `{near}`?", wanted())),
                None => Err(wanted()),
            }
        }
        (Holds::Texts(test), DeValue::Array(items)) => {
            let texts = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => match test(text) {
                    Ok(()) => Ok(Value::String(text.to_string())),
                    Err(why) => Err(format!("has `{}` in it, which {why}", shown(text))),
                },
                other => Err(format!(
                    "must be a list of texts, not of {}",
                    kind_of(other)
                )),
            });
            texts.collect::<Result<_, _>>().map(Value::Array)
        }
        (Holds::Words, DeValue::Array(items)) => {
            let words = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) if !text.is_empty() => Ok(Value::String(text.to_string())),
                DeValue::Array(any) if !any.is_empty() => any
                    .iter()
                    .map(|word| match word.get_ref() {
                        DeValue::String(text) if !text.is_empty() => {
                            Ok(Value::String(text.to_string()))
                        }
                        _ => Err(must(kind)),
                    })
                    .collect::<Result<_, _>>()
                    .map(Value::Array),
                _ => Err(must(kind)),
            });
            match words.collect::<Result<Vec<_>, _>>()? {
                words if words.is_empty() => Err(must(kind)),
                words => Ok(Value::Array(words)),
            }
        }
        _ => Err(wanted()),
    }
}

fn whole(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn must(kind: &Holds) -> String {
    match kind {
        Holds::Flag => "must be `true` or `false`".into(),
        Holds::Whole(min, max) if *max >= i64::from(u32::MAX) => {
            format!("must be a whole number, {} or more", grouped(*min))
        }
        Holds::Whole(min, max) => format!(
            "must be a whole number from {} to {}",
            grouped(*min),
            grouped(*max)
        ),
        Holds::Text(_) | Holds::Secret(_) => "must be a text in quotes".into(),
        Holds::Choice(choices) => {
            let choices: Vec<String> = choices.iter().map(|one| format!("`{one}`")).collect();
            format!("must be one of {}", choices.join(", "))
        }
        Holds::Texts(_) => "must be a list of texts, such as `[\"A\", \"B\"]`".into(),
        Holds::Words => {
            "must be the leading words of a command, such as `[\"git\", [\"log\", \"diff\"]]`"
                .into()
        }
    }
}

fn wanted(shape: &Shape) -> String {
    match shape {
        Shape::Table(_) | Shape::Named(..) => "must be a table".into(),
        Shape::List(fields) => {
            let first = fields.first().map_or("", |(name, _)| *name);
            format!("must be a list of tables, such as `[{{ {first} = … }}]`")
        }
        Shape::Value(kind) => must(kind),
    }
}

fn shown_value(kind: &Holds, value: &DeValue<'_>) -> String {
    match (kind, value) {
        (Holds::Secret(_), _) => "something else".into(),
        (_, DeValue::String(text)) => format!("`{}`", shown(text)),
        (_, DeValue::Integer(number)) => format!("`{}`", shown(&number.to_string())),
        (_, DeValue::Float(number)) => format!("`{}`", shown(&number.to_string())),
        (_, DeValue::Boolean(flag)) => format!("`{flag}`"),
        (_, other) => kind_of(other).into(),
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Returns message and hint about a key that does not exist.
pub(crate) fn unknown(path: &[String], name: &str, fields: Fields) -> (String, String) {
    let mut whole = path.to_vec();
    whole.push(name.to_owned());
    let message = format!("there is no key {}", quoted(&whole));
    let names = || fields.iter().map(|(name, _)| *name);
    if let Some(near) = nearest(name, names()) {
        return (message, format!("did you mean `{near}`?"));
    }
    if let Shape::Table(sections) = &section::SHAPE {
        for (section, shape) in sections.iter() {
            let Shape::Table(keys) = shape else { continue };
            if keys.iter().any(|(key, _)| *key == name) {
                return (message, format!("`{name}` belongs under `[{section}]`"));
            }
        }
    }
    let names: Vec<String> = names().map(|name| format!("`{name}`")).collect();
    (
        message,
        format!("what can stand here: {}", names.join(", ")),
    )
}

/// Returns a key as a person writes it, in backquotes.
pub(crate) fn quoted(key: &[String]) -> String {
    format!("`{}`", written(key))
}

/// Returns a key as a person writes it.
pub(crate) fn written(key: &[String]) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let parts: Vec<String> = key
        .iter()
        .map(|part| {
            if !part.is_empty() && part.chars().all(bare) {
                shown(part)
            } else {
                format!("\"{}\"", shown(part))
            }
        })
        .collect();
    parts.join(".")
}

/// Returns foreign text fit for a message: one line, bounded, nothing a terminal obeys.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text
        .chars()
        .take(60)
        .flat_map(|c| {
            if c.is_ascii() || c.is_alphanumeric() {
                c.escape_debug().collect::<Vec<_>>()
            } else {
                c.escape_unicode().collect()
            }
        })
        .collect();
    short = short.replace("\\'", "'").replace("\\\"", "\"");
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

fn lowered(message: &str) -> String {
    let message = shown_long(message);
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => message,
    }
}

fn shown_long(message: &str) -> String {
    let line: Vec<&str> = message.lines().collect();
    line.join(", ")
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect()
}

fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns line and column of a byte, both from 1, columns in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

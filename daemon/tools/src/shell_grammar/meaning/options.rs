//! Arguments split into options and operands.

use super::argument::Arg;

/// Options and operands of a program.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Each as `-x` or `--long`, with its value.
    pub(super) options: Vec<(String, Option<Arg>)>,
    /// What is no option.
    pub(super) operands: Vec<Arg>,
}

impl Given {
    /// Splits arguments; `shorts` and `longs` are the options that take a value.
    pub(super) fn split(args: &[Arg], shorts: &str, longs: &[&str]) -> Self {
        let mut given = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let text = arg.text.as_str();
            if text == "--" && arg.unknown.is_none() {
                given.operands.extend(args.cloned());
                break;
            }
            if let Some(long) = text.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(arg.part(value))),
                    None if longs.iter().any(|own| shortens(long, own)) => {
                        (long, args.next().cloned())
                    }
                    None => (long, None),
                };
                given.options.push((format!("--{name}"), value));
            } else if text.len() > 1 && text.starts_with('-') {
                let letters = text.char_indices().skip(1);
                for (at, letter) in letters {
                    let rest = text.get(at + letter.len_utf8()..).unwrap_or_default();
                    if shorts.contains(letter) {
                        let value = if rest.is_empty() {
                            args.next().cloned()
                        } else {
                            Some(arg.part(rest))
                        };
                        given.options.push((format!("-{letter}"), value));
                        break;
                    }
                    given.options.push((format!("-{letter}"), None));
                }
            } else {
                given.operands.push(arg.clone());
            }
        }
        given
    }

    /// Returns true where one of these options is given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(name, _)| is_one(name, names))
    }

    /// Returns the values of one of these options.
    pub(super) fn values(&self, names: &[&str]) -> Vec<Arg> {
        self.options
            .iter()
            .filter(|(name, _)| is_one(name, names))
            .filter_map(|(_, value)| value.clone())
            .collect()
    }
}

/// Long options may be shortened as long as they stay clear; where in doubt, they are meant.
fn shortens(given: &str, full: &str) -> bool {
    given == full || (given.len() > 1 && full.starts_with(given))
}

fn is_one(given: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        given == *name || (given.len() > 3 && name.starts_with("--") && shortens(given, name))
    })
}

//! What a person or a model could say instead: a name that was probably meant, a word to copy.

/// Returns the name that `text` was probably meant to be.
pub fn nearest<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text: String = text.chars().take(64).collect::<String>().to_lowercase();
    let text = text.replace('-', "_");
    names
        .map(|name| {
            (
                strsim::damerau_levenshtein(&text, &name.replace('-', "_")),
                name,
            )
        })
        .filter(|(far, name)| *far <= 1 + name.len() / 4)
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// Returns the known name that an unknown one was probably meant to be, from serde's message about
/// it: ``unknown field `whne`, expected `when` or `zone` ``.
pub fn meant(message: &str) -> Option<String> {
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let known: Vec<&str> = names.collect();
    nearest(unknown, known.into_iter()).map(str::to_owned)
}

/// Says a name as one word of a shell, for a command that can be copied.
pub fn word(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    match name.chars().all(plain) && !name.is_empty() && !name.starts_with('-') {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_in_what_serde_says() {
        let said =
            "unknown field `whne`, expected one of `name`, `when`, `zone` at line 1 column 7";
        assert_eq!(meant(said).as_deref(), Some("when"));
        assert_eq!(
            meant("unknown field `colour`, expected `limit`").as_deref(),
            None
        );
        assert_eq!(meant("missing field `when`"), None);
        assert_eq!(meant("unknown variant `"), None);
    }

    #[test]
    fn a_name_is_one_word_of_a_shell() {
        assert_eq!(word("a-name.2"), "a-name.2");
        assert_eq!(word("it's mine"), "'it'\\''s mine'");
        assert_eq!((word(""), word("-n")), ("''".into(), "'-n'".into()));
    }
}

//! What may be set: the keys, and what each may hold.
//!
//! Each section states its shape beside its type. serde alone could refuse a wrong file, but only
//! with its first mistake, and it knows no ranges and no environment.

/// What may stand at one place of the settings.
pub(crate) enum Shape {
    /// A table with these keys.
    Table(Fields),
    /// A table with keys of the person's choice, which the test accepts, each of one shape.
    Named(Test, &'static Self),
    /// Tables in a list; the first of the keys may not be missing.
    List(Fields),
    /// A value.
    Value(Holds),
}

pub(crate) type Fields = &'static [(&'static str, Shape)];

/// A test of a text; the error says what it must be.
pub(crate) type Test = fn(&str) -> Result<(), String>;

/// What a value may be.
pub(crate) enum Holds {
    /// `true` or `false`.
    Flag,
    /// A whole number, both ends included.
    Whole(i64, i64),
    /// A text.
    Text(Test),
    /// A text that is never shown.
    Secret(Test),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A list of texts.
    Texts(Test),
    /// The leading words of a command: texts, or lists of alternatives.
    Words,
}

/// A text about which nothing is known.
pub(crate) fn any_text(_: &str) -> Result<(), String> {
    Ok(())
}

/// A text with something in it.
pub(crate) fn some_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("must not be empty".into());
    }
    Ok(())
}

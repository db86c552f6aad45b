//! What colours mean.
//!
//! Owns the four meanings: selected, good, bad, quiet. Only the terminal's own palette is used,
//! and no meaning rests on colour alone: words and signs say the same.

use ratatui::style::{Color, Modifier, Style};

/// The styles of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colour: bool,
}

impl Theme {
    /// Returns the theme with colours.
    pub const fn coloured() -> Self {
        Self { colour: true }
    }

    /// Returns the theme with attributes alone.
    pub const fn plain() -> Self {
        Self { colour: false }
    }

    /// Returns the theme that the environment asks for: `NO_COLOR` takes the colours away.
    pub fn from_env() -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: !no_color }
    }

    /// Ordinary text.
    pub(crate) fn text(self) -> Style {
        Style::new()
    }

    /// What matters most.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What the keys act on.
    pub(crate) fn selected(self) -> Style {
        self.pick(Color::Cyan, Modifier::BOLD)
    }

    /// What went well.
    pub(crate) fn good(self) -> Style {
        self.pick(Color::Green, Modifier::empty())
    }

    /// What failed, was refused, or is dangerous.
    pub(crate) fn bad(self) -> Style {
        self.pick(Color::Red, Modifier::BOLD)
    }

    /// What may be overlooked.
    pub(crate) fn quiet(self) -> Style {
        if self.colour {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    fn pick(self, colour: Color, instead: Modifier) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new().add_modifier(instead)
        }
    }
}

//! What colours mean, and how they reach the terminal.
//!
//! Owns the four meanings: selected, good, bad, quiet. What is drawn names them by the terminal's
//! own palette; the finished frame is then painted in the theme that was chosen, as deep as the
//! terminal can show it. No meaning rests on colour alone: words and signs say the same.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use smartopol_config::section::console::Look;

use crate::paint::Token;

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: words, signs and attributes say it all.
    None,
    /// The sixteen of the terminal's own palette.
    Sixteen,
    /// Those, a cube and a ramp of grey.
    Many,
    /// Every one.
    True,
}

impl Depth {
    /// Returns what the environment tells of the terminal.
    pub fn of(env: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str| env(name).unwrap_or_default();
        let (term, program) = (is("TERM"), is("TERM_PROGRAM"));
        if !is("NO_COLOR").is_empty() || is("CLICOLOR") == "0" || term == "dumb" {
            return Self::None;
        }
        let named = ["iTerm.app", "WezTerm", "ghostty", "vscode"].contains(&program.as_str());
        let direct = ["-direct", "kitty", "ghostty", "alacritty"];
        if ["truecolor", "24bit"].contains(&is("COLORTERM").as_str())
            || named
            || direct.iter().any(|part| term.contains(part))
        {
            return Self::True;
        }
        if term.contains("256") || program == "Apple_Terminal" {
            return Self::Many;
        }
        Self::Sixteen
    }

    /// Returns what the environment of this process tells.
    pub fn from_env() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    /// Returns the nearest colour that there is.
    fn nearest(self, (red, green, blue): Rgb) -> Color {
        match self {
            Self::None | Self::Sixteen => Color::Reset,
            Self::Many => Color::Indexed(indexed((red, green, blue))),
            Self::True => Color::Rgb(red, green, blue),
        }
    }
}

type Rgb = (u8, u8, u8);

/// The styles of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    look: Look,
    depth: Depth,
}

impl Theme {
    /// Returns the theme of the terminal's own palette.
    pub const fn coloured() -> Self {
        Self::new(Look::Terminal, Depth::Sixteen)
    }

    /// Returns the theme with attributes alone.
    pub const fn plain() -> Self {
        Self::new(Look::Terminal, Depth::None)
    }

    /// Returns a theme for so many colours.
    pub const fn new(look: Look, depth: Depth) -> Self {
        Self { look, depth }
    }

    /// Returns the same with another look.
    pub(crate) const fn with(self, look: Look) -> Self {
        Self::new(look, self.depth)
    }

    /// Returns true where the terminal is still to be asked what it looks like.
    pub(crate) fn is_open(self) -> bool {
        self.look == Look::Auto && self.depth > Depth::None
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
        self.pick(Color::DarkGray, Modifier::DIM)
    }

    /// What a piece of code is.
    pub(crate) fn code(self, token: Token) -> Style {
        match token {
            Token::Comment => self.quiet(),
            Token::Text => self.pick(Color::Green, Modifier::empty()),
            Token::Number => self.pick(Color::Yellow, Modifier::empty()),
            Token::Keyword => self.pick(Color::Magenta, Modifier::BOLD),
            Token::Name => self.pick(Color::LightBlue, Modifier::empty()),
        }
    }

    fn pick(self, colour: Color, instead: Modifier) -> Style {
        if self.depth > Depth::None {
            Style::new().fg(colour)
        } else {
            Style::new().add_modifier(instead)
        }
    }

    /// Paints a finished frame.
    pub(crate) fn paint(self, buf: &mut Buffer) {
        if self.look == Look::Terminal && self.depth == Depth::True {
            return;
        }
        for cell in &mut buf.content {
            (cell.fg, cell.bg) = (self.front(cell.fg), self.back(cell.bg));
        }
    }

    fn front(self, colour: Color) -> Color {
        match (self.look, self.depth) {
            (_, Depth::None) => Color::Reset,
            (Look::Terminal | Look::Auto, depth) => known(colour, depth),
            (Look::Light, Depth::Sixteen) => match known(colour, self.depth) {
                Color::Reset | Color::White | Color::Gray => Color::Black,
                // Cyan on white cannot be read.
                Color::Cyan | Color::LightCyan => Color::Blue,
                Color::Yellow | Color::LightYellow => Color::Magenta,
                other => other,
            },
            (Look::Dark, Depth::Sixteen) => match known(colour, self.depth) {
                Color::Reset | Color::Black => Color::Gray,
                Color::Blue => Color::LightBlue,
                other => other,
            },
            (look, depth) => match palette(look, colour) {
                Some(rgb) => depth.nearest(rgb),
                None => known(colour, depth),
            },
        }
    }

    fn back(self, colour: Color) -> Color {
        match (self.look, self.depth, colour) {
            (_, Depth::None, _) => Color::Reset,
            (Look::Light, Depth::Sixteen, Color::Reset) => Color::White,
            (Look::Dark, Depth::Sixteen, Color::Reset) => Color::Black,
            (Look::Light, depth, Color::Reset) => depth.nearest(PAPER),
            (Look::Dark, depth, Color::Reset) => depth.nearest(NIGHT),
            (_, depth, colour) => known(colour, depth),
        }
    }
}

/// The ground of the light theme.
const PAPER: Rgb = (0xfb, 0xfa, 0xf6);

/// The ground of the dark theme.
const NIGHT: Rgb = (0x15, 0x18, 0x1e);

/// Returns what a colour of the terminal's palette is in a theme with a palette of its own.
fn palette(look: Look, colour: Color) -> Option<Rgb> {
    let light = look == Look::Light;
    let pick = |paper: Rgb, night: Rgb| Some(if light { paper } else { night });
    match colour {
        Color::Reset => pick((0x24, 0x29, 0x30), (0xd5, 0xda, 0xe1)),
        Color::White => pick((0x0e, 0x11, 0x15), (0xf2, 0xf5, 0xf8)),
        Color::Gray => pick((0x4a, 0x52, 0x5c), (0xb1, 0xb9, 0xc3)),
        Color::DarkGray => pick((0x6a, 0x72, 0x7d), (0x83, 0x8c, 0x99)),
        Color::Black => pick(PAPER, NIGHT),
        Color::Cyan | Color::LightCyan => pick((0x00, 0x67, 0x8a), (0x62, 0xc9, 0xe2)),
        Color::Green | Color::LightGreen => pick((0x1d, 0x76, 0x35), (0x74, 0xc7, 0x84)),
        Color::Red | Color::LightRed => pick((0xbd, 0x2c, 0x26), (0xf4, 0x7c, 0x72)),
        Color::Yellow | Color::LightYellow => pick((0x86, 0x57, 0x00), (0xe3, 0xb9, 0x67)),
        Color::Blue | Color::LightBlue => pick((0x1f, 0x5a, 0xb8), (0x7c, 0xae, 0xf7)),
        Color::Magenta | Color::LightMagenta => pick((0x83, 0x3c, 0xa3), (0xc8, 0x9a, 0xee)),
        Color::Indexed(_) | Color::Rgb(..) => None,
    }
}

/// Returns a colour as far as it can be shown.
fn known(colour: Color, depth: Depth) -> Color {
    match (colour, depth) {
        (Color::Rgb(red, green, blue), Depth::Many) => Color::Indexed(indexed((red, green, blue))),
        (Color::Rgb(..), Depth::Sixteen) | (Color::Indexed(16..), Depth::Sixteen) => Color::Reset,
        (colour, _) => colour,
    }
}

/// Returns the nearest of the 256 colours that are the same in every terminal.
fn indexed((red, green, blue): Rgb) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| {
        let far = |(_, step): &(usize, &u8)| step.abs_diff(value);
        let (at, step) = STEPS.iter().enumerate().min_by_key(far).unwrap_or((0, &0));
        (u8::try_from(at).unwrap_or(0), *step)
    };
    let far = |(r, g, b): Rgb| {
        let square = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
        square(r, red) + square(g, green) + square(b, blue)
    };
    let ((r, red_step), (g, green_step), (b, blue_step)) = (step(red), step(green), step(blue));
    let cube = (16 + 36 * r + 6 * g + b, (red_step, green_step, blue_step));
    let mean = (u16::from(red) + u16::from(green) + u16::from(blue)) / 3;
    let grey = u8::try_from(mean.saturating_sub(3) / 10)
        .unwrap_or(23)
        .min(23);
    let shade = 8 + 10 * grey;
    if far((shade, shade, shade)) < far(cube.1) {
        232 + grey
    } else {
        cube.0
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    fn depth(env: &[(&str, &str)]) -> Depth {
        Depth::of(|name| {
            let found = env.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(depth(&[("TERM", "xterm")]), Depth::Sixteen);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Many);
        assert_eq!(depth(&[("TERM", "xterm-kitty")]), Depth::True);
        let rich = ("COLORTERM", "truecolor");
        assert_eq!(depth(&[("TERM", "screen"), rich]), Depth::True);
        assert_eq!(depth(&[rich, ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(depth(&[rich, ("NO_COLOR", "")]), Depth::True);
        assert_eq!(depth(&[rich, ("CLICOLOR", "0")]), Depth::None);
    }

    #[test]
    fn without_colour_no_cell_has_one_whoever_drew_it() {
        for look in [Look::Terminal, Look::Light, Look::Dark] {
            let mut buf = Buffer::empty(Rect::new(0, 0, 3, 1));
            let style = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Red);
            buf.set_string(0, 0, "x", style);
            Theme::new(look, Depth::None).paint(&mut buf);
            let colours = |cell: &ratatui::buffer::Cell| (cell.fg, cell.bg);
            assert!(
                buf.content
                    .iter()
                    .all(|cell| colours(cell) == (Color::Reset, Color::Reset))
            );
        }
    }

    #[test]
    fn the_terminals_theme_paints_no_ground_and_the_others_all_of_it() {
        for (look, ground) in [
            (Look::Terminal, Color::Reset),
            (Look::Light, Color::Rgb(0xfb, 0xfa, 0xf6)),
            (Look::Dark, Color::Rgb(0x15, 0x18, 0x1e)),
        ] {
            let mut buf = Buffer::empty(Rect::new(0, 0, 4, 2));
            Theme::new(look, Depth::True).paint(&mut buf);
            assert!(buf.content.iter().all(|cell| cell.bg == ground), "{look:?}");
        }
    }

    /// The contrast of two colours as WCAG reckons it.
    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let light = |(r, g, b): Rgb| {
            let part = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.03928 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (one, other) = (light(one), light(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_colour_can_be_read_on_its_ground() {
        for (look, ground) in [(Look::Light, PAPER), (Look::Dark, NIGHT)] {
            for colour in [
                Color::Reset,
                Color::White,
                Color::Gray,
                Color::DarkGray,
                Color::Cyan,
                Color::Green,
                Color::Red,
                Color::Yellow,
                Color::Blue,
                Color::Magenta,
            ] {
                let told = contrast(palette(look, colour).unwrap(), ground);
                assert!(told >= 4.5, "{look:?} {colour:?}: {told:.1}");
            }
        }
    }

    #[test]
    fn the_nearest_of_256_is_near() {
        assert_eq!(indexed((0, 0, 0)), 16);
        assert_eq!(indexed((255, 255, 255)), 231);
        assert_eq!(indexed((0x15, 0x18, 0x1e)), 234);
        assert_eq!(indexed((255, 0, 0)), 196);
    }
}

//! The emulated screen of one terminal: what a program wrote, as a person sees it.
//!
//! Owns the emulator, its answers to what programs ask, where in the stream a keyframe may stand.
//! How the present is painted for others is in [`super::paint`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use alacritty_terminal::event::{Event, EventListener, WindowSize};
use alacritty_terminal::grid::{Dimensions, Row};
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::Cell;
use alacritty_terminal::term::{Config, Osc52, Term, TermMode};
use alacritty_terminal::vte::ansi::{Processor, Rgb};
use smartopol_protocol::terminal::{self, Size};

use super::paint;
use super::tail::Tail;

/// The longest title that is kept, in characters.
const TITLE: usize = 200;

/// The most bytes of answers that wait: a program that asks for ever gets no more.
const ANSWERS: usize = 64 * 1024;

/// The screen.
pub(crate) struct Screen {
    pub(super) term: Term<Listener>,
    parser: Processor,
    heard: Arc<Mutex<Heard>>,
    tail: Tail,
    offset: u64,
}

/// What the emulator says beside what it shows.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    answers: Vec<u8>,
    title: String,
    size: (u16, u16),
    bells: u64,
}

/// Hears the emulator.
#[derive(Clone, Debug)]
pub(crate) struct Listener(Arc<Mutex<Heard>>);

impl EventListener for Listener {
    fn send_event(&self, event: Event) {
        let mut heard = lock(&self.0);
        let answer = match event {
            Event::PtyWrite(text) => text,
            Event::Title(title) => {
                let plain = title.chars().filter(|char| !char.is_control());
                heard.title = plain.take(TITLE).collect();
                return;
            }
            Event::ResetTitle => return heard.title.clear(),
            Event::Bell => {
                heard.bells += 1;
                return;
            }
            Event::ColorRequest(index, format) => format(colour(index)),
            Event::TextAreaSizeRequest(format) => {
                let (num_cols, num_lines) = heard.size;
                format(WindowSize {
                    num_lines,
                    num_cols,
                    cell_width: 8,
                    cell_height: 16,
                })
            }
            _ => return,
        };
        if heard.answers.len() + answer.len() <= ANSWERS {
            heard.answers.extend_from_slice(answer.as_bytes());
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns what a program is told of a colour: light on dark, as most terminals are.
fn colour(index: usize) -> Rgb {
    let grey = |level: u8| Rgb {
        r: level,
        g: level,
        b: level,
    };
    match index {
        0..16 => {
            let level = if index < 8 { 0xcd } else { 0xff };
            let part = |bit: usize| if index & bit == 0 { 0 } else { level };
            Rgb {
                r: part(1),
                g: part(2),
                b: part(4),
            }
        }
        16..232 => {
            let step = |n: usize| match n % 6 {
                0 => 0,
                n => u8::try_from(55 + 40 * n).unwrap_or(u8::MAX),
            };
            let cube = index - 16;
            Rgb {
                r: step(cube / 36),
                g: step(cube / 6),
                b: step(cube),
            }
        }
        232..256 => grey(u8::try_from(8 + 10 * (index - 232)).unwrap_or(u8::MAX)),
        256 => grey(0xd8),
        257 => grey(0),
        _ => grey(0xd8),
    }
}

impl Dimensions for Lines {
    fn total_lines(&self) -> usize {
        self.0.rows.into()
    }

    fn screen_lines(&self) -> usize {
        self.0.rows.into()
    }

    fn columns(&self) -> usize {
        self.0.columns.into()
    }
}

/// A size as the emulator wants it.
struct Lines(Size);

impl Screen {
    /// Makes an empty screen that keeps so many lines which scrolled away.
    pub(crate) fn new(size: Size, scrollback: usize) -> Self {
        let config = Config {
            scrolling_history: scrollback,
            osc52: Osc52::Disabled,
            ..Config::default()
        };
        let heard = Arc::new(Mutex::new(Heard {
            size: (size.columns, size.rows),
            ..Heard::default()
        }));
        Self {
            term: Term::new(config, &Lines(size), Listener(Arc::clone(&heard))),
            parser: Processor::new(),
            heard,
            tail: Tail::default(),
            offset: 0,
        }
    }

    /// Shows what a keyframe paints, which stands before the byte `offset`.
    pub(crate) fn restore(&mut self, keyframe: &[u8], offset: u64) {
        self.parser.advance(&mut self.term, keyframe);
        lock(&self.heard).answers.clear();
        self.tail = Tail::default();
        self.offset = offset;
    }

    /// Takes what the program wrote; returns what it is to be answered.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.parser.advance(&mut self.term, bytes);
        self.tail.push(bytes);
        self.offset += bytes.len() as u64;
        std::mem::take(&mut lock(&self.heard).answers)
    }

    /// Returns the number of the next byte.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the title that the program gave its window.
    pub(crate) fn title(&self) -> String {
        lock(&self.heard).title.clone()
    }

    /// Returns until when a program may hold back what it draws.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.parser.sync_timeout().sync_timeout()
    }

    /// Draws what a program held back.
    pub(crate) fn draw(&mut self) {
        if self.held_until().is_some() {
            self.parser.stop_sync(&mut self.term);
        }
    }

    /// Changes the size.
    pub(crate) fn resize(&mut self, size: Size) {
        self.draw();
        self.term.resize(Lines(size));
        lock(&self.heard).size = (size.columns, size.rows);
    }

    /// Returns the size.
    pub(crate) fn size(&self) -> Size {
        Size {
            columns: u16::try_from(self.term.columns()).unwrap_or(u16::MAX),
            rows: u16::try_from(self.term.screen_lines()).unwrap_or(u16::MAX),
        }
    }

    /// Returns bytes that paint the present on any emulator, and the number of the byte that
    /// comes after: one that began a sequence whose end has not come is not in it.
    pub(crate) fn keyframe(&mut self) -> (u64, Vec<u8>) {
        self.frame(true)
    }

    /// The same without what scrolled away.
    pub(crate) fn present(&mut self) -> (u64, Vec<u8>) {
        self.frame(false)
    }

    fn frame(&mut self, scrolled: bool) -> (u64, Vec<u8>) {
        self.draw();
        let title = self.title();
        let bytes = paint::keyframe(&mut self.term, &title, scrolled);
        (self.offset - self.tail.len() as u64, bytes)
    }

    /// Returns bytes that bring the picture before to the present, or draw it anew.
    pub(crate) fn picture(&mut self, before: &mut paint::Picture) -> Vec<u8> {
        let title = self.title();
        let rings = before.rings(lock(&self.heard).bells);
        let mut bytes = paint::picture(&self.term, &title, before);
        if rings {
            bytes.push(0x07);
        }
        bytes
    }

    /// Returns what is seen as text, with so many lines of what scrolled away.
    pub(crate) fn look(&self, scrollback: usize) -> terminal::Screen {
        let grid = self.term.grid();
        let rows = i32::try_from(self.term.screen_lines()).unwrap_or(i32::MAX);
        let history = i32::try_from(scrollback.min(grid.history_size())).unwrap_or(0);
        let cursor = grid.cursor.point;
        let shown = self.term.mode().contains(TermMode::SHOW_CURSOR);
        let place = (
            u16::try_from(cursor.column.0).unwrap_or(u16::MAX),
            u16::try_from(cursor.line.0).unwrap_or(0),
        );
        terminal::Screen {
            scrolled: (-history..0).map(|line| text(&grid[Line(line)])).collect(),
            lines: (0..rows).map(|line| text(&grid[Line(line)])).collect(),
            cursor: shown.then_some(place),
            title: self.title(),
            alternate: self.term.mode().contains(TermMode::ALT_SCREEN),
            offset: self.offset,
        }
    }
}

/// Returns a row as text, without blanks at its end.
fn text(row: &Row<Cell>) -> String {
    let mut text = String::new();
    for column in 0..row.len() {
        if let Some(char) = paint::glyph(row, column) {
            text.push(char);
            text.extend(row[Column(column)].zerowidth().into_iter().flatten());
        }
    }
    text.truncate(text.trim_end().len());
    text
}

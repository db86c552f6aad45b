//! What a console without a terminal shows: frames, the screen as text, its colours.

use std::io;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use super::Headless;
use crate::app::Msg;
use crate::paint::Brush;
use crate::terminal::Frames;

impl Headless {
    /// Changes the size of the screen.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.frames = Frames::new(Rect::new(0, 0, width, height), self.app.links.clone());
        self.take(Msg::Resized);
    }

    /// Draws a frame, and returns how many bytes a terminal would get for it.
    ///
    /// # Errors
    /// Only where a frame cannot be written to memory.
    pub fn frame(&mut self) -> io::Result<usize> {
        let app = &mut self.app;
        app.now = self.now;
        let bytes = self.frames.frame(|area, buf| app.draw(area, buf))?.len();
        let cmds = app.drawn(self.now);
        self.carry_out(cmds);
        Ok(bytes)
    }

    /// Draws a frame, and returns the screen as text; `▏` marks the cursor.
    pub fn screen(&mut self) -> String {
        let area = self.frames.area();
        let mut buf = Buffer::empty(area);
        self.app.now = self.now;
        let cursor = self.app.draw(area, &mut buf);
        let cmds = self.app.drawn(self.now);
        self.carry_out(cmds);
        let mut lines = Vec::new();
        for y in 0..area.height {
            let mut line = String::new();
            let mut covered = 0;
            for x in 0..area.width {
                if cursor.is_some_and(|at| (at.x, at.y) == (x, y)) {
                    line.push('▏');
                }
                let symbol = buf.cell((x, y)).map_or(" ", |cell| cell.symbol());
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                line.push_str(symbol);
                covered = symbol.width().saturating_sub(1);
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// Draws a frame, and returns its words with their colours, those of the terminal's own left out.
    pub fn colours(&mut self) -> Vec<(String, String)> {
        let area = self.frames.area();
        let mut buf = Buffer::empty(area);
        self.app.draw(area, &mut buf);
        let cmds = self.app.drawn(self.now);
        self.carry_out(cmds);
        let mut words: Vec<(String, Color)> = Vec::new();
        for (at, cell) in buf.content().iter().enumerate() {
            let begins = at % usize::from(area.width) == 0;
            match words.last_mut() {
                Some((word, colour)) if *colour == cell.fg && !begins => {
                    word.push_str(cell.symbol());
                }
                _ => words.push((cell.symbol().to_owned(), cell.fg)),
            }
        }
        let words = words
            .into_iter()
            .filter(|(_, colour)| *colour != Color::Reset);
        words
            .map(|(word, colour)| (word.trim().to_owned(), format!("{colour:?}")))
            .collect()
    }

    /// Paints the code that is seen, which a console does beside its work.
    pub fn paint(&mut self) {
        let brush = Brush::load();
        for job in std::mem::take(&mut self.unpainted) {
            let patience = Duration::from_secs(60);
            let painted = brush.paint(&job.language, &job.code, patience);
            self.take(Msg::Painted(job.key, painted));
        }
    }
}

//! A real terminal around a real program: types at it, reads its screen.

use std::io::{Read, Write};
use std::num::NonZero;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::home::LIMIT;

/// A program in a terminal.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    shown: Arc<Shown>,
}

struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    screen: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

impl Terminal {
    /// Starts a command in a terminal of this size.
    ///
    /// # Errors
    /// Where the system gives no terminal, or the program does not start.
    pub fn start(command: &Command, rows: u16, cols: u16) -> anyhow::Result<Self> {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size)?;
        let mut builder = CommandBuilder::new(command.get_program());
        builder.args(command.get_args());
        builder.env_clear();
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                builder.env(name, value);
            }
        }
        if command.get_envs().all(|(name, _)| name != "TERM") {
            builder.env("TERM", "xterm-256color");
        }
        if let Some(dir) = command.get_current_dir() {
            builder.cwd(dir);
        }
        let child = pair.slave.spawn_command(builder)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let screen = vt100::Parser::new(side(rows)?, side(cols)?, 0);
        let state = State {
            screen,
            raw: Vec::new(),
            ended: false,
        };
        let shown = Arc::new(Shown {
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let told = shown.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let count = reader.read(&mut bytes).unwrap_or(0);
                let mut state = told.lock();
                match bytes.get(..count) {
                    Some(piece) if count > 0 => {
                        state.screen.process(piece);
                        state.raw.extend_from_slice(piece);
                    }
                    _ => state.ended = true,
                }
                let ended = state.ended;
                drop(state);
                told.changed.notify_all();
                if ended {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer()?;
        Ok(Self {
            master: pair.master,
            writer,
            child,
            shown,
        })
    }

    /// Types.
    ///
    /// # Errors
    /// Where the program is gone.
    pub fn keys(&mut self, keys: &str) -> anyhow::Result<()> {
        self.writer
            .write_all(keys.as_bytes())
            .context("the program no longer reads")?;
        Ok(self.writer.flush()?)
    }

    /// Resizes the terminal.
    ///
    /// # Errors
    /// Where the program is gone.
    pub fn resize(&self, rows: u16, cols: u16) -> anyhow::Result<()> {
        self.shown
            .lock()
            .screen
            .screen_mut()
            .set_size(side(rows)?, side(cols)?);
        self.master.resize(PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        })
    }

    /// Returns the screen as text.
    pub fn screen(&self) -> String {
        self.shown.lock().screen.screen().contents()
    }

    /// Returns the screen as an SVG picture with a title over it.
    pub fn picture(&self, title: &str) -> String {
        crate::picture::svg(self.shown.lock().screen.screen(), title)
    }

    /// Returns every byte that the program wrote.
    pub fn raw(&self) -> Vec<u8> {
        self.shown.lock().raw.clone()
    }

    /// Waits until the screen shows these words.
    ///
    /// # Errors
    /// Where it does not in time; says what it shows.
    pub fn wait_for(&self, words: &str) -> anyhow::Result<()> {
        self.wait(&format!("the screen to show {words:?}"), |state| {
            state.screen.screen().contents().contains(words)
        })
    }

    /// Waits until the program has written this after its first `from` bytes.
    ///
    /// # Errors
    /// Where it does not in time.
    pub fn wait_raw(&self, bytes: &str, from: usize) -> anyhow::Result<()> {
        let wanted = bytes.as_bytes();
        self.wait(&format!("the program to write {bytes:?}"), |state| {
            let after = state.raw.get(from..).unwrap_or_default();
            after.windows(wanted.len()).any(|piece| piece == wanted)
        })
    }

    /// Waits until the screen no longer shows these words.
    ///
    /// # Errors
    /// Where it does in spite of time.
    pub fn wait_gone(&self, words: &str) -> anyhow::Result<()> {
        self.wait(&format!("the screen to lose {words:?}"), |state| {
            !state.screen.screen().contents().contains(words)
        })
    }

    /// Waits until the screen is as `is` wants it.
    ///
    /// # Errors
    /// Where it is not in time; says what it shows.
    pub fn wait_screen(&self, what: &str, is: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        self.wait(&format!("the screen to show {what}"), |state| {
            is(&state.screen.screen().contents())
        })
    }

    /// Waits until the program has ended and returns its exit code.
    ///
    /// # Errors
    /// Where it goes on.
    pub fn wait_end(&mut self) -> anyhow::Result<u32> {
        self.wait("the program to end", |state| state.ended)?;
        Ok(self.child.wait()?.exit_code())
    }

    /// Kills the program with SIGHUP, as a closed terminal does.
    ///
    /// # Errors
    /// Where it is gone.
    pub fn hang_up(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill()?)
    }

    /// Returns the program's process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.process_id()
    }

    fn wait(&self, what: &str, is: impl Fn(&State) -> bool) -> anyhow::Result<()> {
        let until = Instant::now() + LIMIT;
        let mut state = self.shown.lock();
        loop {
            if is(&state) {
                return Ok(());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.ended {
                bail!(
                    "waited for {what}; the screen shows:\n{}",
                    state.screen.screen().contents()
                );
            }
            let wait = left.min(Duration::from_millis(500));
            state = self
                .shown
                .changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

fn side(cells: u16) -> anyhow::Result<NonZero<u16>> {
    NonZero::new(cells).context("a terminal has at least one cell")
}

impl Shown {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

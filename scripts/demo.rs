//! The demo: the real console, with a scripted model, played key by key.
//!
//! Owns the story and the picture of its best moment. A screen that does not come ends it with
//! what was there instead, so the picture cannot show what the program no longer does.

#![allow(
    clippy::print_stdout,
    missing_docs,
    reason = "a demonstration says where its picture is"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::json;
use smartopol_testkit::provider::{Rule, ScriptedProvider};
use smartopol_testkit::{Home, Terminal};

const ROWS: u16 = 36;
const COLUMNS: u16 = 120;

/// What the agent is asked to mend.
const WEEK: &str = "//! Weeks of a year.

/// Returns the week that a day of the year lies in; both count from 1.
pub fn week(day: u32) -> u32 {
    day / 7
}

#[test]
fn a_week_has_seven_days() {
    assert_eq!(week(1), 1);
    assert_eq!(week(7), 1);
    assert_eq!(week(8), 2);
}
";

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let program = args
        .next()
        .context("the program to play is missing: run scripts/demo")?;
    let program = PathBuf::from(program).canonicalize()?;
    let watch = args.any(|arg| arg == "--watch");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(play(&program, watch))
}

async fn play(program: &Path, watch: bool) -> anyhow::Result<()> {
    let provider = ScriptedProvider::start().await;
    for rule in story() {
        provider.rule(rule.chunk(4).delay(Duration::from_millis(12)));
    }
    let mut home = Home::new(program)?;
    home.env("ANTHROPIC_API_KEY", "sk-ant-demo-0123456789")
        .env("ANTHROPIC_BASE_URL", &provider.base_url())
        .env("COLORTERM", "truecolor");
    let workspace = home.path().join("almanac");
    std::fs::create_dir_all(workspace.join("src"))?;
    std::fs::write(workspace.join("src/week.rs"), WEEK)?;
    std::fs::write(
        workspace.join("Cargo.toml"),
        "[package]\nname = \"almanac\"\n",
    )?;
    home.start().await?;

    let mut command = home.command(["tui"]);
    command.current_dir(&workspace);
    let mut stage = Stage {
        terminal: Terminal::start(&command, ROWS, COLUMNS)?,
        watch,
        shown: 0,
    };
    stage.until("connected")?;
    stage.pause(800)?;
    stage.types("the week of day 8 is wrong: find out why, and mend it")?;
    stage.press("\r")?;
    stage.until("allow once")?;
    stage.pause(900)?;
    stage.press("\t")?;
    stage.pause(1_200)?;
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo.svg");
    std::fs::write(&picture, stage.terminal.picture("smartopol tui"))?;
    stage.press("y")?;
    stage.until("before")?;
    stage.pause(2_000)?;
    stage.press("\u{4}")?;
    stage.terminal.wait_end()?;
    stage.show()?;
    println!("the picture is {}", picture.display());
    Ok(())
}

/// What the model says, and when.
fn story() -> Vec<Rule> {
    let old = "pub fn week(day: u32) -> u32 {\n    day / 7\n}";
    let new = "pub fn week(day: u32) -> u32 {\n    day.div_ceil(7)\n}";
    vec![
        Rule::on("find out why")
            .times(1)
            .reasoning("Weeks count from 1, so day 8 should be week 2. I look where it is worked out.")
            .text("I'll look at where weeks are worked out.")
            .call("search_files", json!({"pattern": "fn week"}))
            .call("read_file", json!({"path": "src/week.rs"})),
        Rule::on("day / 7")
            .times(1)
            .text(
                "`day / 7` rounds **down**: days 1 to 6 land in week 0, and day 8 in week 1. \
                 It should round up.",
            )
            .call(
                "edit_file",
                json!({"path": "src/week.rs", "old": old, "new": new}),
            ),
        Rule::any().text(
            "Mended, and the test beside it holds.\n\n\
             | day | before | now |\n|---:|---:|---:|\n| 1 | 0 | 1 |\n| 7 | 1 | 1 |\n| 8 | 1 | 2 |\n\n\
             `day / 7` rounds down, so every week began one day late. With `div_ceil` that cannot come back.",
        ),
    ]
}

/// The terminal, and the one that a person may watch it in.
struct Stage {
    terminal: Terminal,
    watch: bool,
    shown: usize,
}

impl Stage {
    /// Types as a person does.
    fn types(&mut self, words: &str) -> anyhow::Result<()> {
        for letter in words.chars() {
            self.press(&letter.to_string())?;
            self.pause(if self.watch { 45 } else { 4 })?;
        }
        Ok(())
    }

    fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        self.terminal.keys(keys)
    }

    /// Waits for words on the screen.
    fn until(&mut self, words: &str) -> anyhow::Result<()> {
        while self.watch && !self.terminal.screen().contains(words) {
            self.pause(30)?;
        }
        self.terminal.wait_for(words)
    }

    /// Lets a person look.
    fn pause(&mut self, ms: u64) -> anyhow::Result<()> {
        let until = Instant::now() + Duration::from_millis(ms);
        while Instant::now() < until {
            self.show()?;
            #[expect(clippy::disallowed_methods, reason = "a demonstration takes its time")]
            std::thread::sleep(Duration::from_millis(15.min(ms)));
        }
        Ok(())
    }

    /// Shows what came since the last time.
    fn show(&mut self) -> anyhow::Result<()> {
        if !self.watch {
            return Ok(());
        }
        let raw = self.terminal.raw();
        let mut out = std::io::stdout().lock();
        out.write_all(raw.get(self.shown..).unwrap_or_default())?;
        out.flush()?;
        self.shown = raw.len();
        Ok(())
    }
}

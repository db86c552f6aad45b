//! A daemon of its own: the real program in a temporary home.
//!
//! Owns the folder and the process; both are gone when it is dropped.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use smartopol_ipc::{Access, Address, Client, Events};
use smartopol_protocol::{daemon, session};

/// How long anything may take before a test gives up.
pub const LIMIT: Duration = Duration::from_secs(60);

/// A temporary home with the program that is tested.
#[derive(Debug)]
pub struct Home {
    program: PathBuf,
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
    daemon: Option<Child>,
}

impl Home {
    /// Makes an empty home for this program.
    ///
    /// # Errors
    /// Where no folder can be made.
    pub fn new(program: impl Into<PathBuf>) -> anyhow::Result<Self> {
        // Short, because a socket's path may not be long.
        let dir = tempfile::Builder::new().prefix("sm").tempdir_in("/tmp")?;
        std::fs::create_dir(dir.path().join("work"))?;
        Ok(Self {
            program: program.into(),
            dir,
            env: Vec::new(),
            daemon: None,
        })
    }

    /// Sets a variable for everything started from now on.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Returns the home's folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the folder in which sessions work.
    pub fn workspace(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// Writes the config file.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn config(&self, text: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(
            self.dir.path().join("smartopol.toml"),
            text,
        )?)
    }

    /// Returns the program, ready to run in this home and nowhere else.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(args)
            .current_dir(self.workspace())
            .env_clear()
            .envs(self.variables())
            .stdin(Stdio::null());
        command
    }

    /// Returns the environment of everything that runs in this home.
    pub fn variables(&self) -> Vec<(String, String)> {
        let path = std::env::var("PATH").unwrap_or_default();
        let home = self.dir.path().display().to_string();
        let mut variables = vec![
            ("PATH".into(), path),
            ("HOME".into(), home.clone()),
            ("SMARTOPOL_HOME".into(), home),
            ("LANG".into(), "C.UTF-8".into()),
            // No test finds the model server of whoever runs it.
            ("OLLAMA_HOST".into(), "127.0.0.1:9".into()),
        ];
        variables.extend(self.env.iter().cloned());
        variables
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn run<A: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> anyhow::Result<Output> {
        Ok(self.command(args).output()?)
    }

    /// Runs the program to its end and returns what it printed.
    ///
    /// # Errors
    /// Where it fails, with what it said.
    pub fn ok<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> anyhow::Result<String> {
        let output = self.run(args)?;
        if !output.status.success() {
            bail!(
                "{}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the daemon as a child and waits until it answers.
    ///
    /// # Errors
    /// Where it does not start in time.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.begin()?;
        self.client().await.map(drop)
    }

    /// Starts the daemon as a child and does not wait for it.
    ///
    /// # Errors
    /// Where the program cannot be started.
    pub fn begin(&mut self) -> anyhow::Result<()> {
        let log = std::fs::File::create(self.dir.path().join("daemon.out"))?;
        let child = self
            .command(["daemon", "run"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.daemon = Some(child);
        Ok(())
    }

    /// Kills the daemon with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// Where none was started.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.daemon.take().context("no daemon was started")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Returns the process id of the daemon.
    pub fn pid(&self) -> Option<u32> {
        self.daemon.as_ref().map(Child::id)
    }

    /// Stops the daemon with SIGTERM and waits until it is gone.
    ///
    /// # Errors
    /// Where none was started, or it did not end well.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        let mut child = self.daemon.take().context("no daemon was started")?;
        Command::new("kill").arg(child.id().to_string()).status()?;
        let status = child.wait()?;
        if !status.success() {
            bail!("the daemon ended with {status}");
        }
        Ok(())
    }

    /// Connects to the daemon; waits until it answers.
    ///
    /// # Errors
    /// Where it does not answer in time; says what it printed.
    pub async fn client(&self) -> anyhow::Result<(Client, Events)> {
        let address = Address::new(self.socket());
        let until = tokio::time::Instant::now() + LIMIT;
        loop {
            let error = match Client::connect(&address, "test", Access::Full).await {
                // It answers a call, so it is up, not only listening.
                Ok((client, events)) => match client.call(daemon::Status::default()).await {
                    Ok(status) if !status.provider.is_empty() => return Ok((client, events)),
                    Ok(_) => "it is still starting".to_owned(),
                    Err(err) => err.to_string(),
                },
                Err(err) => err.to_string(),
            };
            if tokio::time::Instant::now() > until {
                let said = std::fs::read_to_string(self.dir.path().join("daemon.out"));
                bail!(
                    "the daemon does not answer: {error}\n{}",
                    said.unwrap_or_default()
                );
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Returns the daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("run").join("daemon.sock")
    }

    /// Makes a session in the workspace.
    ///
    /// # Errors
    /// Where the daemon refuses.
    pub async fn session(&self, client: &Client) -> anyhow::Result<session::Session> {
        let workspace = self.workspace().display().to_string();
        let create = session::Create {
            workspace,
            name: None,
            mode: None,
            model: None,
        };
        Ok(client.call(create).await?)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(mut child) = self.daemon.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        // One that the program started by itself.
        let _ = self.run(["daemon", "stop"]);
        self.end_terminals();
    }
}

impl Home {
    /// Ends the terminals of this home, which outlive its daemons: without its holder a program
    /// loses its terminal.
    fn end_terminals(&self) {
        let own = self.dir.path().join("terminals").display().to_string();
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        for process in processes {
            let words = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let words = String::from_utf8_lossy(&words);
            if words.contains("\0holder\0") && words.contains(&own) {
                let pid = process.file_name();
                let _ = Command::new("kill").arg("-9").arg(pid).status();
            }
        }
    }
}

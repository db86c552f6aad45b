//! Commands: what the model is told, and that nothing stays behind.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::json;
use smartopol_config::section::tools as section;
use smartopol_protocol::tool::OutputStatus;

use crate::{Bench, LIMIT};

/// What takes less did not wait for a command that sleeps half a minute or more; a busy machine
/// takes its time over the rest.
const BEATS_A_SLEEP: Duration = Duration::from_secs(15);

#[tokio::test]
async fn output_comes_as_it_was_written_with_the_exit_code() {
    let bench = Bench::new();
    let command = "echo one; echo two >&2; echo three";
    let output = bench.run("exec", json!({ "command": command })).await;
    assert_eq!(output.text, "one\ntwo\nthree\n[exit code 0]");
    assert_eq!(output.status, OutputStatus::Ok);
    assert_eq!(output.details, json!({"bytes": 14, "exit_code": 0}));
}

#[tokio::test]
async fn an_exit_code_a_signal_and_a_missing_program_are_told_apart() {
    let bench = Bench::new();
    let output = bench.run("exec", json!({"command": "exit 3"})).await;
    assert_eq!(
        (output.status, &*output.text),
        (OutputStatus::Error, "[no output; exit code 3]")
    );
    assert_eq!(output.details["exit_code"], 3);

    let output = bench.run("exec", json!({"command": "kill -SEGV $$"})).await;
    assert_eq!(output.text, "[no output; ended by signal SIGSEGV]");
    assert_eq!(output.details["signal"], "SIGSEGV");

    let output = bench
        .run("exec", json!({"argv": ["no-such-program-here"]}))
        .await;
    assert_eq!(output.status, OutputStatus::Error);
    assert!(
        output
            .text
            .contains("`no-such-program-here` could not be started: No such file"),
        "{}",
        output.text
    );
}

#[tokio::test]
async fn argv_runs_without_a_shell_in_the_folder_with_the_variables() {
    let bench = Bench::new();
    let output = bench
        .run(
            "exec",
            json!({"argv": ["printf", "%s|", "a b", "$HOME", "*"]}),
        )
        .await;
    assert!(output.text.starts_with("a b|$HOME|*|\n"), "{}", output.text);

    std::fs::create_dir(bench.workspace.join("sub")).unwrap();
    let input = json!({"command": "pwd; echo $GREETING $CARGO_PKG_NAME", "cwd": "sub", "env": {"GREETING": "hi"}});
    let output = bench.run("exec", input).await;
    let pwd = bench.workspace.join("sub");
    assert_eq!(output.text, format!("{}\nhi\n[exit code 0]", pwd.display()));
}

#[tokio::test]
async fn standard_input_is_empty_and_no_terminal_is_there() {
    let bench = Bench::new();
    let command = "cat; (exec 3</dev/tty) 2>/dev/null && echo terminal || echo none";
    let output = bench.run("exec", json!({ "command": command })).await;
    assert_eq!(output.text, "none\n[exit code 0]");
}

#[tokio::test]
async fn a_long_output_is_cut_in_the_middle_and_kept_whole() {
    let bench = Bench::with(section::Tools {
        output_bytes: 1024,
        ..section::Tools::default()
    });
    let run = bench.call();
    let id = run.call_id;
    let output = bench
        .run_with("exec", json!({"command": "seq 1 5000"}), run)
        .await;
    assert!(output.text.len() < 1500, "{}", output.text.len());
    assert!(output.text.starts_with("1\n2\n3\n"));
    assert!(output.text.ends_with("4999\n5000\n[exit code 0]"));
    assert!(output.text.contains("of 23893 bytes are left out here"));
    let path = output.details["spill_path"].as_str().unwrap();
    assert!(path.ends_with(&format!("{id}.txt")) && output.text.contains(path));
    assert_eq!(
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let whole: String = (1..=5000).map(|number| format!("{number}\n")).collect();
    assert_eq!(std::fs::read_to_string(path).unwrap(), whole);

    let again = json!({"path": path, "offset_lines": 2499, "limit_lines": 1});
    let read = bench.run("read_file", again.clone()).await;
    assert!(read.text.starts_with("2500\n"));
    let effects = bench.inspect("read_file", again).effects;
    assert!(format!("{effects:?}").contains("Workspace"), "{effects:?}");
}

#[tokio::test]
async fn what_is_kept_on_disk_is_bounded_too() {
    let bench = Bench::with(section::Tools {
        output_bytes: 1024,
        spill_bytes: 2000,
        ..section::Tools::default()
    });
    let output = bench.run("exec", json!({"command": "seq 1 5000"})).await;
    let path = output.details["spill_path"].as_str().unwrap();
    assert_eq!(std::fs::metadata(path).unwrap().len(), 2000);
    assert!(
        output
            .text
            .contains("the first 2.0 KiB of the output are in"),
        "{}",
        output.text
    );
}

#[tokio::test]
async fn colours_and_broken_characters_do_not_reach_the_model() {
    let bench = Bench::new();
    let input = json!({"command": r"printf '\033[31mred\033[0m \377 \342\202'; sleep 0.05; printf '\254\n'"});
    let output = bench.run("exec", input).await;
    assert_eq!(output.text, "red \u{fffd} €\n[exit code 0]");
}

#[tokio::test]
async fn a_command_over_its_time_is_ended_with_all_its_children() {
    let bench = Bench::new();
    let began = Instant::now();
    let command = "trap '' TERM; sleep 60 & echo $!; sleep 60";
    let output = bench
        .run("exec", json!({"command": command, "timeout_seconds": 2}))
        .await;
    assert_eq!(output.status, OutputStatus::Error);
    assert!(
        output.text.contains("stopped after its time limit of 2 s"),
        "{}",
        output.text
    );
    assert_eq!(output.details["timed_out"], true);
    assert!(began.elapsed() < BEATS_A_SLEEP, "{:?}", began.elapsed());
    ended(output.text.lines().next().unwrap()).await;
}

#[tokio::test]
async fn an_interrupt_is_answered_at_once() {
    let bench = Bench::new();
    let mut run = bench.call();
    let (sender, mut progress) = tokio::sync::mpsc::channel(4);
    run.progress = Some(sender);
    let cancel = run.cancel.clone();
    let stopper = async {
        let pid = progress.recv().await.unwrap();
        cancel.cancel();
        (pid, Instant::now())
    };
    let input = json!({"command": "trap '' TERM INT; echo $$; while :; do sleep 1; done"});
    let (output, (pid, stopped_at)) = tokio::join!(bench.run_with("exec", input, run), stopper);
    assert!(
        stopped_at.elapsed() < BEATS_A_SLEEP,
        "{:?}",
        stopped_at.elapsed()
    );
    assert_eq!(output.status, OutputStatus::Interrupted);
    assert!(output.text.contains("it was stopped"), "{}", output.text);
    ended(pid.trim()).await;
}

#[tokio::test]
async fn what_a_command_leaves_behind_is_ended_and_said() {
    let bench = Bench::new();
    let began = Instant::now();
    let command = "setsid sleep 60 & echo $!; sleep 60 & echo $!";
    let output = bench.run("exec", json!({ "command": command })).await;
    assert!(began.elapsed() < BEATS_A_SLEEP, "{:?}", began.elapsed());
    assert!(
        output
            .text
            .ends_with("[exit code 0]\n[processes it left running were ended]")
    );
    assert_eq!(output.status, OutputStatus::Ok);
    for pid in output.text.lines().take(2) {
        ended(pid).await;
    }
}

#[tokio::test]
async fn when_the_daemon_is_killed_even_a_session_of_its_own_ends() {
    let bench = Bench::new();
    let pids = bench.workspace.join("pids");
    let command = format!(
        "setsid sh -c 'echo $$ >> {0}; trap \"\" TERM; while :; do sleep 60; done' & \
         setsid setsid sleep 60 & echo $! $$ >> {0}; wait",
        pids.display()
    );
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let socket = |end| std::process::Stdio::from(std::os::fd::OwnedFd::from(end));
    // Holds the socket as the daemon does, and nothing else.
    let mut daemon = std::process::Command::new("sleep")
        .arg("60")
        .stdin(socket(ours))
        .spawn()
        .unwrap();
    let mut guard = std::process::Command::new(env!("CARGO_BIN_EXE_smartopol-guard"))
        .args(["sh", "-c", &command])
        .stdin(socket(theirs))
        .spawn()
        .unwrap();
    let written = until(|| {
        let text = std::fs::read_to_string(&pids).unwrap_or_default();
        (text.split_whitespace().count() == 3).then_some(text)
    });
    let written = written.await;
    daemon.kill().unwrap(); // SIGKILL
    daemon.wait().unwrap();
    for pid in written.split_whitespace() {
        ended(pid).await;
    }
    guard.wait().unwrap();
}

#[tokio::test]
async fn a_guard_that_is_asked_to_end_takes_its_command_with_it() {
    let bench = Bench::new();
    let mut run = bench.call();
    let (sender, mut progress) = tokio::sync::mpsc::channel(4);
    run.progress = Some(sender);
    let input = json!({"command": "echo $$ $PPID; exec sleep 60"});
    let stopper = async {
        let pids = progress.recv().await.unwrap();
        let guard = pids.split_whitespace().nth(1).unwrap().parse().unwrap();
        let guard = rustix::process::Pid::from_raw(guard).unwrap();
        rustix::process::kill_process(guard, rustix::process::Signal::TERM).unwrap();
        pids
    };
    let (output, pids) = tokio::join!(bench.run_with("exec", input, run), stopper);
    assert!(
        output.text.ends_with("[ended by signal SIGTERM]"),
        "{}",
        output.text
    );
    ended(pids.split_whitespace().next().unwrap()).await;
}

#[tokio::test]
async fn a_guard_that_is_killed_is_told_and_its_command_ends() {
    let bench = Bench::new();
    let mut run = bench.call();
    let (sender, mut progress) = tokio::sync::mpsc::channel(4);
    run.progress = Some(sender);
    let input = json!({"command": "echo $$; kill -KILL $PPID; exec sleep 60"});
    let (output, pid) = tokio::join!(bench.run_with("exec", input, run), progress.recv());
    assert!(
        output.text.contains("nobody knows how it ended"),
        "{}",
        output.text
    );
    ended(pid.unwrap().trim()).await;
}

#[tokio::test]
async fn a_dropped_call_ends_its_command() {
    let bench = Bench::new();
    let mut run = bench.call();
    let (sender, mut progress) = tokio::sync::mpsc::channel(4);
    run.progress = Some(sender);
    let input = json!({"command": "echo $$; exec sleep 60"});
    let pid = tokio::select! {
        _ = bench.run_with("exec", input, run) => panic!("it ended"),
        pid = progress.recv() => pid.unwrap(),
    };
    ended(pid.trim()).await;
}

#[tokio::test]
async fn a_flood_is_bounded_and_can_be_stopped() {
    let bench = Bench::with(section::Tools {
        spill_bytes: 100_000,
        ..section::Tools::default()
    });
    let output = bench
        .run("exec", json!({"command": "yes", "timeout_seconds": 2}))
        .await;
    assert!(output.text.len() < 40_000);
    assert!(output.details["bytes"].as_u64().unwrap() > 1_000_000);
}

#[tokio::test]
async fn an_output_that_somebody_else_holds_open_is_not_waited_for() {
    let bench = Bench::new();
    let began = Instant::now();
    let output = bench
        .run(
            "exec",
            json!({"command": "echo hello; sleep 30 & disown 2>/dev/null; true"}),
        )
        .await;
    assert!(
        output.text.starts_with("hello\n[exit code 0]"),
        "{}",
        output.text
    );
    assert!(began.elapsed() < BEATS_A_SLEEP);
}

/// Waits until a process is gone; one that nobody has reaped yet does nothing any more.
async fn ended(pid: &str) {
    let number: i32 = pid.parse().unwrap_or_else(|_| panic!("no pid: {pid:?}"));
    let process = rustix::process::Pid::from_raw(number).unwrap();
    let is_over = || {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        rustix::process::test_kill_process(process).is_err() || stat.contains(") Z ")
    };
    until(|| is_over().then_some(())).await;
}

async fn until<T>(mut check: impl FnMut() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = check() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, wait)
        .await
        .expect("it happens in time")
}

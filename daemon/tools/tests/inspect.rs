//! What a person is shown before a call runs, and that nothing changes by it.

use std::os::unix::fs::symlink;

use serde_json::{Value, json};
use smartopol_protocol::tool::{Body, Effect, Inspection, OutputStatus, Place};
use smartopol_tools::place;

use crate::{Bench, text};

fn read(path: String, place: Place) -> Vec<Effect> {
    vec![Effect::Read { path, place }]
}

#[test]
fn the_tools_are_told_in_order_with_a_schema_of_their_own() {
    let specs = Bench::new().tools.specs();
    let names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "edit_file",
            "exec",
            "list_files",
            "read_file",
            "search_files",
            "write_file"
        ]
    );
    for spec in &specs {
        assert_eq!(spec.input_schema["type"], "object", "{}", spec.name);
        assert_eq!(
            spec.input_schema["additionalProperties"], false,
            "{}",
            spec.name
        );
    }
    assert_eq!(specs, Bench::new().tools.specs());
}

#[test]
fn a_command_shows_what_it_runs_and_touches() {
    let bench = Bench::new();
    let inspection = bench.inspect(
        "exec",
        json!({"command": "git commit -m 'a b'", "timeout_seconds": "7"}),
    );
    let words = ["git", "commit", "-m", "a b"].map(String::from).to_vec();
    assert_eq!(
        inspection,
        Inspection {
            title: "git commit -m 'a b'".into(),
            cwd: text(&bench.workspace),
            effects: vec![
                Effect::Run {
                    words,
                    via: Vec::new()
                },
                Effect::Write {
                    path: text(&bench.workspace),
                    place: Place::Workspace
                }
            ],
            pins: Vec::new(),
            removal: None,
            body: Body::Command {
                text: "git commit -m 'a b'".into(),
                timeout_seconds: 7
            },
        }
    );
    let run = |word: &str| Effect::Run {
        words: vec![word.into()],
        via: Vec::new(),
    };
    assert_eq!(
        bench.inspect("exec", json!({"command": "ls | wc"})).effects,
        [run("ls"), run("wc")]
    );
    // A variable can make another command of any command.
    let inspection = bench.inspect(
        "exec",
        json!({"argv": ["git", "diff"], "env": {"GIT_PAGER": "rm x"}}),
    );
    let why = "it sets the variable `GIT_PAGER` to `rm x`, which can change what the command does";
    assert_eq!(inspection.effects[0], Effect::Unclear { why: why.into() });
    assert_eq!(inspection.title, "GIT_PAGER='rm x' git diff");
    let inspection = bench.inspect("exec", json!({"command": "\n\necho a\necho b"}));
    assert_eq!(inspection.title, "echo a …");
}

#[test]
fn a_shell_with_another_language_is_not_read() {
    let settings = smartopol_config::section::tools::Tools {
        shell: "/usr/bin/fish".into(),
        ..Default::default()
    };
    let bench = Bench::with(settings);
    assert_eq!(
        bench.inspect("exec", json!({"command": "ls"})).effects,
        [Effect::Unclear {
            why: "the language of the shell `fish` is not read here".into()
        }]
    );
}

#[test]
fn paths_out_of_the_workspace_are_told_however_they_are_written() {
    let bench = Bench::new();
    std::fs::create_dir(bench.workspace.join("dir")).unwrap();
    symlink(&bench.outside, bench.workspace.join("link")).unwrap();
    symlink("../outside/new", bench.workspace.join("dangling")).unwrap();
    symlink("dir", bench.workspace.join("inner")).unwrap();
    symlink("loop", bench.workspace.join("loop")).unwrap();
    let outside = text(&bench.outside);
    let home = std::env::var("HOME").unwrap();
    let home = text(&std::path::Path::new(&home).canonicalize().unwrap());
    let cases = [
        (
            "a.txt",
            format!("{}/a.txt", bench.workspace.display()),
            Place::Workspace,
        ),
        (
            "dir/../a.txt",
            format!("{}/a.txt", bench.workspace.display()),
            Place::Workspace,
        ),
        (
            "inner/x",
            format!("{}/dir/x", bench.workspace.display()),
            Place::Workspace,
        ),
        ("../outside/a", format!("{outside}/a"), Place::Outside),
        ("link/a", format!("{outside}/a"), Place::Outside),
        (
            "link/../workspace/a",
            format!("{}/a", bench.workspace.display()),
            Place::Workspace,
        ),
        (
            "dangling",
            format!("{outside}/../outside/new").replace("/../outside", ""),
            Place::Outside,
        ),
        ("/etc/../etc/hosts", "/etc/hosts".into(), Place::Outside),
        ("~/x", format!("{home}/x"), Place::Outside),
        ("~", home.clone(), Place::Outside),
        (
            "~x/y",
            format!("{}/~x/y", bench.workspace.display()),
            Place::Workspace,
        ),
        (
            "no/such/../../../up",
            format!("{}/up", bench.workspace.parent().unwrap().display()),
            Place::Outside,
        ),
    ];
    for (path, expected, where_it_is) in cases {
        let (found, found_place) = place(path, &bench.workspace);
        assert_eq!(
            (text(&found), found_place),
            (expected, where_it_is),
            "{path}"
        );
        let effects = bench.inspect("read_file", json!({ "path": path })).effects;
        assert_eq!(effects, read(text(&found), where_it_is));
    }
    let _ = place("loop", &bench.workspace);
    let sibling = place(
        &format!("{}-more/a", bench.workspace.display()),
        &bench.workspace,
    );
    assert_eq!(sibling.1, Place::Outside);
}

#[test]
fn a_workspace_that_is_a_link_is_the_folder_it_leads_to() {
    let bench = Bench::new();
    let link = bench.outside.join("ws");
    symlink(&bench.workspace, &link).unwrap();
    assert_eq!(
        place("a", &link),
        (bench.workspace.join("a"), Place::Workspace)
    );
    let absolute = text(&bench.workspace.join("a"));
    assert_eq!(place(&absolute, &link).1, Place::Workspace);
}

#[test]
fn a_command_in_a_folder_outside_says_so() {
    let bench = Bench::new();
    let inspection = bench.inspect("exec", json!({"argv": ["ls"], "cwd": "../outside"}));
    assert_eq!(inspection.cwd, text(&bench.outside));
    assert_eq!(
        inspection.effects[1..],
        read(text(&bench.outside), Place::Outside)
    );
}

#[test]
fn a_write_shows_its_diff_and_changes_nothing() {
    let bench = Bench::new();
    let path = bench.write("a.txt", "one\ntwo\nthree\n");
    let inspection = bench.inspect(
        "write_file",
        json!({"path": "a.txt", "content": "one\n2\nthree\nfour\n"}),
    );
    assert_eq!(inspection.title, "write a.txt (+2 −1)");
    assert_eq!(
        inspection.effects,
        [Effect::Write {
            path: text(&path),
            place: Place::Workspace
        }]
    );
    let Body::Diff {
        diff,
        added: 2,
        removed: 1,
        ..
    } = inspection.body
    else {
        panic!("{:?}", inspection.body);
    };
    let expected = format!(
        "--- {0}\n+++ {0}\n@@ -1,3 +1,4 @@\n one\n-two\n+2\n three\n+four\n",
        path.display()
    );
    assert_eq!(diff, expected);
    assert_eq!(bench.read("a.txt"), "one\ntwo\nthree\n");

    let inspection = bench.inspect("write_file", json!({"path": "new/b.txt", "content": "x\n"}));
    assert_eq!(inspection.title, "write new/b.txt (+1 −0)");
    assert!(
        matches!(inspection.body, Body::Diff { diff, .. } if diff.starts_with("--- /dev/null\n"))
    );
    assert!(!bench.workspace.join("new").exists());
}

#[test]
fn a_huge_diff_is_cut_and_says_so() {
    let bench = Bench::new();
    let content: String = (0..100_000).map(|number| format!("{number}\n")).collect();
    let inspection = bench.inspect("write_file", json!({"path": "big", "content": content}));
    let Body::Diff { diff, added, .. } = inspection.body else {
        panic!()
    };
    assert_eq!(added, 100_000);
    assert!(diff.len() < 300_000 && diff.ends_with("more lines of this diff are not shown\n"));
}

#[test]
fn an_unknown_tool_names_the_nearest_ones() {
    let bench = Bench::new();
    let said = bench.refused("readfile", json!({}));
    assert!(
        said.starts_with("There is no tool `readfile`. Did you mean `read_file`"),
        "{said}"
    );
    let said = bench.refused("zzz", json!({}));
    assert!(
        said.starts_with("There is no tool `zzz`. The tools are `edit_file`, "),
        "{said}"
    );
    assert!(bench.refused(&"x".repeat(100_000), json!({})).len() < 500);
}

#[test]
fn wrong_arguments_are_told_with_field_value_and_remedy() {
    let bench = Bench::new();
    let cases: &[(&str, Value, &str)] = &[
        (
            "read_file",
            json!("{\"path\": "),
            "must be a JSON object, but they are `\"{\\\"path\\\": \"`",
        ),
        (
            "read_file",
            json!({}),
            "`read_file` needs the field `path`, a string, and it is missing.",
        ),
        ("read_file", json!({"path": null}), "needs the field `path`"),
        (
            "read_file",
            json!({"path": 5}),
            "takes a string as `path`, but got `5`",
        ),
        (
            "read_file",
            json!({"path": ""}),
            "cannot use `path`: it is empty",
        ),
        ("read_file", json!({"path": "a\0b"}), "cannot use `path`"),
        (
            "read_file",
            json!({"path": "a", "limit_line": 5}),
            "no field `limit_line`. Did you mean `limit_lines`?",
        ),
        (
            "read_file",
            json!({"path": "a", "limit_lines": 0}),
            "takes a whole number from 1 to 4294967295 as `limit_lines`, but got `0`",
        ),
        (
            "read_file",
            json!({"path": "a", "offset_lines": -1}),
            "as `offset_lines`, but got `-1`",
        ),
        (
            "list_files",
            json!({"hidden": "maybe"}),
            "takes true or false as `hidden`",
        ),
        (
            "exec",
            json!({}),
            "`exec` needs `command`, a string, or `argv`",
        ),
        (
            "exec",
            json!({"command": "ls", "argv": ["ls"]}),
            "Send only one of them.",
        ),
        (
            "exec",
            json!({"command": " "}),
            "cannot use `command`: it is empty",
        ),
        (
            "exec",
            json!({"argv": []}),
            "cannot use `argv`: it is empty",
        ),
        (
            "exec",
            json!({"argv": "ls -la"}),
            "takes a list of strings as `argv`",
        ),
        ("exec", json!({"command": "a\0"}), "holds a NUL"),
        (
            "exec",
            json!({"command": "x".repeat(200_000)}),
            "Write it to a file",
        ),
        (
            "exec",
            json!({"command": "ls", "cwd": "nowhere"}),
            "is not a folder",
        ),
        (
            "exec",
            json!({"command": "ls", "env": {"A=B": "c"}}),
            "cannot use `env`",
        ),
        (
            "exec",
            json!({"command": "ls", "env": ["A"]}),
            "takes an object whose values are strings as `env`",
        ),
        (
            "exec",
            json!({"command": "ls", "timeout_seconds": 99_999}),
            "takes a whole number from 1 to 3600",
        ),
        (
            "search_files",
            json!({"pattern": "("}),
            "not a regular expression",
        ),
        (
            "search_files",
            json!({"pattern": "a\\nb"}),
            "not a regular expression that matches within a line",
        ),
        (
            "search_files",
            json!({"pattern": ""}),
            "cannot use `pattern`: it is empty",
        ),
        (
            "search_files",
            json!({"pattern": "a", "glob": "[a"}),
            "cannot use `glob`",
        ),
        (
            "edit_file",
            json!({"path": "a", "old": "x"}),
            "There is no file `a`",
        ),
        (
            "write_file",
            json!({"path": "a"}),
            "needs the field `content`",
        ),
    ];
    for (tool, input, expected) in cases {
        let said = bench.refused(tool, input.clone());
        assert!(said.contains(expected), "{tool} {input}: {said}");
        assert!(said.len() < 800, "{}", said.len());
    }
}

#[tokio::test]
async fn a_call_that_was_refused_by_inspection_is_refused_by_running_it() {
    let bench = Bench::new();
    let output = bench.run("nothing", json!({})).await;
    assert_eq!(output.status, OutputStatus::Error);
    let run = bench.call();
    run.cancel.cancel();
    let output = bench
        .run_with("exec", json!({"command": "touch x"}), run)
        .await;
    assert_eq!(output.status, OutputStatus::Interrupted);
    assert!(!bench.workspace.join("x").exists());
}

#[test]
fn a_file_that_changes_between_inspection_and_run_is_told() {
    let bench = Bench::new();
    let path = bench.write("a.txt", "one\n");
    let inspection = bench.inspect("write_file", json!({"path": "a.txt", "content": "two\n"}));
    assert_eq!(inspection.pins.len(), 1);
    assert_eq!(bench.tools.changed(&inspection), None);
    bench.write("a.txt", "other\n");
    assert_eq!(bench.tools.changed(&inspection), Some(text(&path)));

    let inspection = bench.inspect("write_file", json!({"path": "new", "content": "x"}));
    assert_eq!(inspection.pins[0].sha256, None);
    assert_eq!(bench.tools.changed(&inspection), None);
    let path = bench.write("new", "");
    assert_eq!(bench.tools.changed(&inspection), Some(text(&path)));
}

#[test]
fn a_script_that_changes_between_inspection_and_run_is_told() {
    let bench = Bench::new();
    let path = bench.write("run.sh", "echo a\n");
    for command in [
        "sh run.sh",
        "./run.sh",
        "sh -c 'cd . && sh run.sh'",
        "timeout 5 sh ./run.sh",
    ] {
        bench.write("run.sh", "echo a\n");
        let inspection = bench.inspect("exec", json!({"command": command}));
        assert_eq!(inspection.pins.len(), 1, "{command}");
        assert_eq!(bench.tools.changed(&inspection), None, "{command}");
        bench.write("run.sh", "echo b\n");
        assert_eq!(
            bench.tools.changed(&inspection),
            Some(text(&path)),
            "{command}"
        );
    }
    let inspection = bench.inspect("exec", json!({"command": "cat run.sh"}));
    assert_eq!(inspection.pins, []);
}

#[test]
fn a_script_too_large_to_keep_in_mind_is_unclear() {
    let bench = Bench::new();
    let path = bench.write("run.sh", "");
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(17 * 1024 * 1024)
        .unwrap();
    let inspection = bench.inspect("exec", json!({"command": "sh run.sh"}));
    assert_eq!(inspection.pins, []);
    let unclear = |effect: &Effect| matches!(effect, Effect::Unclear { .. });
    assert!(inspection.effects.iter().any(unclear));
}

#[test]
fn a_recursive_deletion_says_what_would_go() {
    let bench = Bench::new();
    for number in 0..20 {
        bench.write(&format!("build/{number:02}"), "four");
    }
    let inspection = bench.inspect("exec", json!({"command": "cd . && rm -rf build"}));
    let removal = inspection.removal.unwrap();
    assert_eq!((removal.entries, removal.more), (21, false));
    assert!(removal.bytes >= 80);
    assert_eq!(removal.first.len(), 8);
    assert_eq!(removal.first[0], text(&bench.workspace.join("build")));
    assert_eq!(removal.first[1], text(&bench.workspace.join("build/00")));
    let nothing = bench.inspect("exec", json!({"command": "rm build/01"}));
    assert_eq!(nothing.removal, None);
}

#[test]
fn a_link_is_deleted_itself_and_written_through() {
    let bench = Bench::new();
    symlink(&bench.outside, bench.workspace.join("link")).unwrap();
    let effects = |command: &str| bench.inspect("exec", json!({"command": command})).effects;
    assert_eq!(
        effects("rm link")[1],
        Effect::Delete {
            path: text(&bench.workspace.join("link")),
            place: Place::Workspace,
            recursive: false
        }
    );
    assert_eq!(
        effects("rm -rf link/")[1],
        Effect::Delete {
            path: text(&bench.outside),
            place: Place::Outside,
            recursive: true
        }
    );
    assert_eq!(
        effects("echo x > link/a")[1],
        Effect::Write {
            path: text(&bench.outside.join("a")),
            place: Place::Outside
        }
    );
}

//! Files: what the model is told, what changes on disk.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::json;
use smartopol_protocol::tool::OutputStatus;

use crate::{Bench, text};

#[tokio::test]
async fn a_small_file_is_read_as_it_is() {
    let bench = Bench::new();
    bench.write("a.txt", "one\ntwo");
    let output = bench.run("read_file", json!({"path": "a.txt"})).await;
    assert_eq!(
        (output.status, &*output.text),
        (OutputStatus::Ok, "one\ntwo")
    );
    assert_eq!(
        output.details,
        json!({"bytes": 7, "lines": 2, "total_lines": 2})
    );
    bench.write("empty", "");
    assert_eq!(
        bench.run("read_file", json!({"path": "empty"})).await.text,
        "[the file is empty]"
    );
}

#[tokio::test]
async fn a_long_file_is_read_in_pieces_that_say_how_to_go_on() {
    let bench = Bench::new();
    let content: String = (1..=5000)
        .map(|number| format!("line {number}\n"))
        .collect();
    bench.write("long", &content);
    let first = bench.run("read_file", json!({"path": "long"})).await.text;
    assert!(first.starts_with("line 1\nline 2\n"));
    assert!(
        first.ends_with(
            "line 2000\n[lines 1 to 2000 of 5000 lines; go on with offset_lines = 2000]"
        ),
        "{}",
        &first[first.len() - 99..]
    );
    let last = bench
        .run(
            "read_file",
            json!({"path": "long", "offset_lines": 4998, "limit_lines": 5}),
        )
        .await;
    assert_eq!(
        last.text,
        "line 4999\nline 5000\n[lines 4999 to 5000 of 5000 lines]"
    );
    let beyond = bench
        .run("read_file", json!({"path": "long", "offset_lines": 9000}))
        .await;
    assert_eq!(beyond.text, "[nothing there: the file has 5000 lines]");

    // All pieces together are the file.
    let mut whole = String::new();
    let mut offset = 0;
    loop {
        let input = json!({"path": "long", "offset_lines": offset, "limit_lines": 777});
        let output = bench.run("read_file", input).await;
        let lines = output.details["lines"].as_u64().unwrap();
        if lines == 0 {
            break;
        }
        whole.extend(
            output
                .text
                .lines()
                .take(usize::try_from(lines).unwrap())
                .map(|line| format!("{line}\n")),
        );
        offset += lines;
    }
    assert_eq!(whole, content);
}

#[tokio::test]
async fn long_lines_and_many_bytes_are_cut_and_say_so() {
    let bench = Bench::new();
    bench.write("wide", format!("{}\nend\n", "x".repeat(1_000_000)));
    let output = bench.run("read_file", json!({"path": "wide"})).await.text;
    assert!(
        output.len() < 5_000 && output.contains("x… [line cut]\nend\n"),
        "{}",
        output.len()
    );
    assert!(
        output.ends_with("[1 line cut at 4096 bytes]"),
        "{}",
        &output[4000..]
    );

    bench.write("many", format!("{}\n", "y".repeat(999)).repeat(1000));
    let output = bench.run("read_file", json!({"path": "many"})).await.text;
    assert!(output.len() < 110_000);
    assert!(
        output.contains("of 1000 lines; go on with offset_lines = 99]"),
        "{}",
        &output[output.len() - 99..]
    );
    let exact = bench.write("exact", format!("{}\n", "z".repeat(4096)));
    let output = bench
        .run("read_file", json!({ "path": text(&exact) }))
        .await
        .text;
    assert_eq!(output.len(), 4097);
}

#[tokio::test]
async fn what_is_no_text_is_told_as_such() {
    let bench = Bench::new();
    bench.write("bin", b"\x7fELF\0\0\0");
    let output = bench.run("read_file", json!({"path": "bin"})).await;
    assert_eq!(output.status, OutputStatus::Error);
    assert!(
        output
            .text
            .starts_with("`bin` is no text but binary data of 7 B."),
        "{}",
        output.text
    );
    bench.write("latin", b"gr\xfc\xdfe\n");
    let output = bench.run("read_file", json!({"path": "latin"})).await;
    assert_eq!(
        output.text,
        "gr\u{fffd}\u{fffd}e\n[bytes that are no UTF-8 are shown as \u{fffd}]"
    );
    std::fs::create_dir(bench.workspace.join("dir")).unwrap();
    let output = bench.run("read_file", json!({"path": "dir"})).await;
    assert_eq!(
        output.text,
        "`dir` is a folder. Use list_files to see what is in it."
    );
    let output = bench.run("read_file", json!({"path": "none"})).await;
    assert_eq!(
        output.text,
        "`none` could not be opened: No such file or directory (os error 2). See with list_files what there is."
    );
    for device in ["/dev/zero", "/dev/tty"] {
        let output = bench.run("read_file", json!({ "path": device })).await;
        assert_eq!(output.status, OutputStatus::Error, "{device}");
    }
    let fifo = bench.workspace.join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    for (tool, input) in [
        ("read_file", json!({"path": "fifo"})),
        ("search_files", json!({"path": "fifo", "pattern": "x"})),
        ("write_file", json!({"path": "fifo", "content": "x"})),
    ] {
        let output = bench.run(tool, input).await;
        assert!(
            output.text.contains("is no regular file"),
            "{tool}: {}",
            output.text
        );
    }
}

#[tokio::test]
async fn a_file_is_written_whole_with_its_folders_and_keeps_its_mode() {
    let bench = Bench::new();
    let output = bench
        .run(
            "write_file",
            json!({"path": "a/b/c.txt", "content": "one\ntwo\n"}),
        )
        .await;
    assert_eq!(
        output.text,
        "Made `a/b/c.txt`: 2 lines added, 0 lines removed."
    );
    assert_eq!(bench.read("a/b/c.txt"), "one\ntwo\n");
    let script = bench.write("run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o751)).unwrap();
    let output = bench
        .run(
            "write_file",
            json!({"path": "run.sh", "content": "#!/bin/sh\necho hi\n"}),
        )
        .await;
    assert_eq!(
        output.text,
        "Replaced `run.sh`: 1 line added, 0 lines removed."
    );
    assert_eq!(
        output.details,
        json!({"path": text(&script), "bytes": 18, "added": 1, "removed": 0})
    );
    assert_eq!(
        std::fs::metadata(&script).unwrap().permissions().mode() & 0o777,
        0o751
    );
    let names: Vec<_> = std::fs::read_dir(&bench.workspace)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "nothing is left over: {names:?}");
}

#[tokio::test]
async fn a_write_through_a_link_keeps_the_link() {
    let bench = Bench::new();
    bench.write("real", "old\n");
    symlink("real", bench.workspace.join("link")).unwrap();
    bench
        .run("write_file", json!({"path": "link", "content": "new\n"}))
        .await;
    assert_eq!(bench.read("real"), "new\n");
    assert!(bench.workspace.join("link").is_symlink());
}

#[tokio::test]
async fn a_read_only_file_and_a_folder_are_not_replaced() {
    let bench = Bench::new();
    let path = bench.write("ro", "old\n");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
    let output = bench
        .run("write_file", json!({"path": "ro", "content": "new"}))
        .await;
    assert!(output.text.contains("it is read-only"), "{}", output.text);
    assert_eq!(bench.read("ro"), "old\n");
    let output = bench
        .run("write_file", json!({"path": ".", "content": "new"}))
        .await;
    assert!(output.text.contains("is a folder"), "{}", output.text);
}

#[tokio::test]
async fn an_exact_text_is_replaced_once_or_everywhere() {
    let bench = Bench::new();
    bench.write("a", "x = 1\ny = 2\nx = 1\n");
    let output = bench
        .run(
            "edit_file",
            json!({"path": "a", "old": "y = 2", "new": "y = 3\nz = 4"}),
        )
        .await;
    assert_eq!(output.text, "Changed `a`: 2 lines added, 1 line removed.");
    assert_eq!(bench.read("a"), "x = 1\ny = 3\nz = 4\nx = 1\n");
    let output = bench
        .run(
            "edit_file",
            json!({"path": "a", "old": "x = 1", "new": "x = 9"}),
        )
        .await;
    assert_eq!(
        output.text,
        "`old` occurs 2 times in `a`, at lines 1, 4. Add lines around it until it is unique, or set `replace_all`."
    );
    bench
        .run(
            "edit_file",
            json!({"path": "a", "old": "x = 1", "new": "", "replace_all": true}),
        )
        .await;
    assert_eq!(bench.read("a"), "\ny = 3\nz = 4\n\n");
}

#[tokio::test]
async fn a_text_that_is_not_there_is_told_with_what_is_near() {
    let bench = Bench::new();
    bench.write("a", "fn main() {\n    one();\n    two();\n}\n");
    let output = bench
        .run(
            "edit_file",
            json!({"path": "a", "old": "  one();\n  two();", "new": "x"}),
        )
        .await;
    assert_eq!(output.status, OutputStatus::Error);
    assert!(
        output
            .text
            .contains("is like line 2, but white space or a later line differs"),
        "{}",
        output.text
    );
    let output = bench
        .run("edit_file", json!({"path": "a", "old": "zzz", "new": "x"}))
        .await;
    assert!(
        output.text.contains("The file has 4 lines."),
        "{}",
        output.text
    );
    let output = bench
        .run(
            "edit_file",
            json!({"path": "a", "old": "two", "new": "two"}),
        )
        .await;
    assert!(output.text.contains("would not change"), "{}", output.text);
    let output = bench
        .run("edit_file", json!({"path": "a", "old": "", "new": "two"}))
        .await;
    assert!(output.text.contains("it is empty"), "{}", output.text);
}

#[tokio::test]
async fn line_ends_of_the_file_are_kept() {
    let bench = Bench::new();
    bench.write("crlf", "one\r\ntwo\r\nthree\r\n");
    bench
        .run(
            "edit_file",
            json!({"path": "crlf", "old": "one\ntwo", "new": "1\n2"}),
        )
        .await;
    assert_eq!(bench.read("crlf"), "1\r\n2\r\nthree\r\n");
    let patch = "@@ -1,3 +1,3 @@\n 1\n-2\n+zwei\n three\n";
    bench
        .run("edit_file", json!({"path": "crlf", "patch": patch}))
        .await;
    assert_eq!(bench.read("crlf"), "1\r\nzwei\r\nthree\r\n");
    bench.write("open", "one\ntwo");
    let patch = "@@ -1,2 +1,2 @@\n one\n-two\n+zwei\n";
    bench
        .run("edit_file", json!({"path": "open", "patch": patch}))
        .await;
    assert_eq!(bench.read("open"), "one\nzwei");
}

#[tokio::test]
async fn a_patch_fits_whole_or_not_at_all() {
    let bench = Bench::new();
    let lines: String = (1..=30).map(|number| format!("line {number}\n")).collect();
    bench.write("a", &lines);
    // The numbers are wrong, as models write them.
    let patch = "--- a/a\n+++ b/a\n@@ -1,9 +1,1 @@\n line 4\n-line 5\n+LINE 5\n line 6\n@@ -20 +20 @@ fn\n line 24\n+new\n line 25\n";
    let output = bench
        .run("edit_file", json!({"path": "a", "patch": patch}))
        .await;
    assert_eq!(output.text, "Changed `a`: 2 lines added, 1 line removed.");
    let expected = lines
        .replace("line 5\n", "LINE 5\n")
        .replace("line 24\n", "line 24\nnew\n");
    assert_eq!(bench.read("a"), expected);

    let patch = "@@ -1,2 +1,2 @@\n line 1\n-line 2\n+x\n@@ -9,2 +9,2 @@\n line 9\n-wrong\n+y\n";
    let output = bench
        .run("edit_file", json!({"path": "a", "patch": patch}))
        .await;
    assert!(
        output
            .text
            .contains("does not fit `a`, so nothing was changed: error applying hunk #2"),
        "{}",
        output.text
    );
    assert_eq!(bench.read("a"), expected);
    for (patch, said) in [
        ("nothing", "has no hunk"),
        ("@@ -1 +1 @@\nzzz\n", "begins with none of"),
        (
            "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\n--- b\n+++ b\n@@ -1 +1 @@\n-a\n+b\n",
            "for several files",
        ),
    ] {
        let output = bench
            .run("edit_file", json!({"path": "a", "patch": patch}))
            .await;
        assert!(output.text.contains(said), "{}", output.text);
    }
}

#[tokio::test]
async fn a_folder_is_listed_sorted_with_sizes_and_without_what_is_ignored() {
    let bench = Bench::new();
    for path in [
        "b.txt",
        "a/one.rs",
        "a/deep/two.rs",
        "a/deep/er/three.rs",
        ".hidden",
        "target/x",
        ".git/config",
    ] {
        bench.write(path, "12345");
    }
    bench.write(".gitignore", "target/\n");
    symlink("b.txt", bench.workspace.join("link")).unwrap();
    let output = bench.run("list_files", json!({})).await;
    assert_eq!(
        output.text,
        "a/\na/deep/\na/one.rs  5 B\nb.txt  5 B\nlink -> b.txt\n"
    );
    let output = bench
        .run("list_files", json!({"path": "a", "depth": 3}))
        .await;
    assert_eq!(
        output.text,
        "deep/\ndeep/er/\ndeep/er/three.rs  5 B\ndeep/two.rs  5 B\none.rs  5 B\n"
    );
    let output = bench
        .run("list_files", json!({"depth": 1, "hidden": true}))
        .await;
    assert_eq!(
        output.text,
        ".gitignore  8 B\n.hidden  5 B\na/\nb.txt  5 B\nlink -> b.txt\n"
    );
    let output = bench.run("list_files", json!({"path": "b.txt"})).await;
    assert!(
        output.text.contains("is no folder but a file of 5 B"),
        "{}",
        output.text
    );
}

#[tokio::test]
async fn a_list_is_bounded() {
    let bench = Bench::new();
    for number in 0..1200 {
        bench.write(&format!("f{number:04}"), "");
    }
    let output = bench.run("list_files", json!({})).await;
    assert!(output.text.ends_with(
        "f0999  0 B\n[cut after 1000 entries: list a folder in it, or with a smaller `depth`]"
    ));
    assert_eq!(output.details, json!({"entries": 1000, "cut": true}));
}

#[tokio::test]
async fn lines_are_found_with_their_numbers_and_context() {
    let bench = Bench::new();
    bench.write("src/a.rs", "one\nneedle here\nthree\nfour\nfive\nNeedle\n");
    bench.write("src/b.txt", "a needle\n");
    bench.write("bin", b"needle\n\0needle\n");
    bench.write("target/c.rs", "needle\n");
    bench.write(".gitignore", "target\n");
    let output = bench
        .run("search_files", json!({"pattern": "needle"}))
        .await;
    assert_eq!(
        output.text,
        "src/a.rs\n2: needle here\nsrc/b.txt\n1: a needle\n[2 matches in 2 files]"
    );
    let output = bench
        .run(
            "search_files",
            json!({"pattern": "need.e$", "ignore_case": true, "glob": "*.rs", "context_lines": 1}),
        )
        .await;
    assert_eq!(
        output.text,
        "src/a.rs\n5- five\n6: Needle\n[1 match in 1 file]"
    );
    let output = bench
        .run(
            "search_files",
            json!({"pattern": "needle", "path": "src/b.txt"}),
        )
        .await;
    assert_eq!(output.text, "src/b.txt\n1: a needle\n[1 match in 1 file]");
    let output = bench
        .run(
            "search_files",
            json!({"pattern": "absent", "glob": "src/*"}),
        )
        .await;
    assert_eq!(output.text, "[no match in 2 files]");
    let output = bench
        .run("search_files", json!({"pattern": "x", "path": "none"}))
        .await;
    assert!(
        output.text.contains("could not be searched: No such file"),
        "{}",
        output.text
    );
}

#[tokio::test]
async fn a_search_is_bounded_in_matches_and_in_bytes() {
    let bench = Bench::new();
    bench.write("a", "x\n".repeat(1000));
    let output = bench
        .run("search_files", json!({"pattern": "x", "max_matches": 3}))
        .await;
    assert_eq!(
        output.text,
        "a\n1: x\n2: x\n3: x\n[3 matches in 1 file; cut there: search a folder in it, with a `glob`, or for less]"
    );
    bench.write("b", format!("{}\n", "y".repeat(5000)).repeat(1000));
    let output = bench
        .run("search_files", json!({"pattern": "y", "max_matches": 2000}))
        .await;
    assert!(
        output.text.len() < 70_000 && output.text.contains("y … [line cut]\n"),
        "{}",
        output.text.len()
    );
}

#[tokio::test]
async fn a_stopped_search_says_so() {
    let bench = Bench::new();
    for number in 0..3000 {
        bench.write(
            &format!("d{}/f{number}", number % 50),
            "some text\n".repeat(200),
        );
    }
    let run = bench.call();
    let cancel = run.cancel.clone();
    let search = bench.run_with("search_files", json!({"pattern": "absent"}), run);
    let stop = async {
        tokio::task::yield_now().await;
        cancel.cancel();
    };
    let (output, ()) = tokio::join!(search, stop);
    assert_eq!(output.status, OutputStatus::Interrupted);
}

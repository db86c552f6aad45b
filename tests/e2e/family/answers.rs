//! What a child or a user wants to do, and who answers.

use super::{BEN, MIA, as_peer, ask, end, family, json, refused};

#[test]
fn a_childs_call_is_answered_by_an_admin_and_never_by_the_child() {
    let home = family("[approvals]\nmode = \"auto\"\n");
    // Nobody asks the owner, in this mode.
    home.ok(["send", "run: touch owners"]).unwrap();
    let (child, approval) = ask(&home, MIA, "run: touch mias");
    let id = approval["id"].as_str().unwrap();
    assert_eq!(approval["terms"]["approvers"], "admins");
    assert!(
        approval["reason"]
            .as_str()
            .unwrap()
            .contains("waits for an admin"),
        "{approval}"
    );
    let (code, said) = refused(&home, &as_peer(MIA, &["approvals", "allow", id]));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("others answer for a child"), "{said}");
    // A user who may answer for others may not answer what waits for an admin.
    home.ok(["users", "allow", "ben", "approve_requests"])
        .unwrap();
    let (_, said) = refused(&home, &as_peer(BEN, &["approvals", "allow", id]));
    assert!(said.contains("only an admin may answer this"), "{said}");
    home.ok(["approvals", "allow", id]).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(
        told.contains("exec waits for an admin: touch mias"),
        "{told}"
    );
    assert!(home.workspace().join("mias").exists());
    // It ended once.
    let (_, said) = refused(&home, &["approvals", "allow", id]);
    assert!(said.contains("already"), "{said}");

    // What is denied is not asked about; what the settings open for all is not opened for a child.
    home.ok(["users", "deny", "mia", "execute_commands"])
        .unwrap();
    let denied = home
        .run(as_peer(MIA, &["send", "run: touch never"]))
        .unwrap();
    assert_eq!(denied.status.code(), Some(4));
    assert!(!home.workspace().join("never").exists());
    let traces = json(&home, &["traces", "list", "--outcome", "deny", "--json"]);
    assert_eq!(traces[0]["metadata"]["decided_by"], "role");
}

#[test]
fn a_rule_for_everybody_is_not_for_those_whom_others_answer_for() {
    let rule = |more: &str| {
        format!(
            "[[approvals.rules]]\ndecision = \"allow\"\ntool = \"exec\"\ncommand = [\"touch\"]\n{more}"
        )
    };
    let home = family(&rule(""));
    home.ok(["send", "run: touch owners"]).unwrap();
    let (child, approval) = ask(&home, MIA, "run: touch mias");
    let id = approval["id"].as_str().unwrap();
    // The child may take it back.
    home.ok(as_peer(MIA, &["approvals", "deny", id])).unwrap();
    assert_eq!(end(child).0, Some(4));
    drop(home);
    let home = family(&rule("role = \"child\"\n"));
    home.ok(as_peer(MIA, &["send", "run: touch mias"])).unwrap();
    assert!(home.workspace().join("mias").exists());
}

#[test]
fn two_of_three_admins_must_allow_it_and_not_the_one_who_asked() {
    let home = family(
        "[[approvals.quorums]]\nquorum = 2\napprovers = \"admins\"\nnot_asker = true\ntool = \"exec\"\n",
    );
    home.ok(["users", "role", "ben", "admin"]).unwrap();
    home.ok(["users", "add", "eve", "api:eve", "--role", "admin"])
        .unwrap();
    let (child, approval) = ask(&home, BEN, "run: touch both");
    let id = approval["id"].as_str().unwrap();
    assert_eq!(approval["terms"]["quorum"], 2);
    let (_, said) = refused(&home, &as_peer(BEN, &["approvals", "allow", id]));
    assert!(said.contains("who asked may not answer this"), "{said}");
    let (_, said) = refused(&home, &["approvals", "allow", id, "--session"]);
    assert!(said.contains("2 answers are needed"), "{said}");
    home.ok(["approvals", "allow", id]).unwrap();
    assert!(!home.workspace().join("both").exists());
    let waits = json(&home, &["approvals", "list", "--json"]);
    assert_eq!(waits[0]["votes"].as_array().unwrap().len(), 1);
    let (_, said) = refused(&home, &["approvals", "allow", id]);
    assert!(said.contains("somebody else must allow it too"), "{said}");
    home.ok(as_peer("api:eve", &["approvals", "allow", id]))
        .unwrap();
    assert_eq!(end(child).0, Some(0));
    assert!(home.workspace().join("both").exists());
    // One who denies it denies it for all.
    let (child, approval) = ask(&home, BEN, "run: touch none");
    let id = approval["id"].as_str().unwrap();
    home.ok(as_peer("api:eve", &["approvals", "deny", id]))
        .unwrap();
    assert_eq!(end(child).0, Some(4));
}

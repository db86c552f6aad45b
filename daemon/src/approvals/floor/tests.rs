//! What is refused, and what is not its business.

use smartopol_protocol::tool::Place;

use super::*;

fn floor() -> Floor {
    Floor::new("/home/ana", vec!["/home/ana/.local/share/smartopol".into()])
}

fn refuses(text: &str) -> Option<String> {
    floor().refuses(&Inspection {
        title: text.into(),
        cwd: "/home/ana/code".into(),
        effects: vec![Effect::Unclear {
            why: "it is more than one plain command".into(),
        }],
        pins: Vec::new(),
        removal: None,
        body: Body::Command {
            text: text.into(),
            timeout_seconds: 120,
        },
    })
}

#[test]
fn destruction_is_refused_in_every_spelling() {
    for text in [
        "rm -rf /",
        "rm -rf /*",
        "rm -rf ~",
        "rm -rf ~/",
        "rm -rf $HOME",
        "rm -rf ${HOME}",
        "rm -rf \"$HOME\"",
        "rm -rf /home",
        "rm -rf ..",
        "rm -rf ../",
        "rm -rf ../../ana",
        "sudo rm -rf /",
        "cd x && rm -rf ~/*",
        "true; rm -fr /home/ana",
        "echo $(rm -rf /)",
        "env A=1 rm -r /",
        "/bin/rm -rf /usr",
        "rm -rf ~/.local/share/smartopol",
        "rm ~/.local/share/smartopol/smartopol.db",
        "mkfs.ext4 /dev/sda1",
        "mkfs /dev/sdb",
        "dd if=/dev/zero of=/dev/sda",
        "dd if=x of=//dev/rdisk2",
        "cp x /dev/sda",
        "tee //dev/sda",
        "cat x >'/dev/dm-0'",
        "mke2fs /dev/sda1",
        "nvme format /dev/nvme0n1",
        "badblocks -w /dev/sda",
        "hdparm --security-erase x /dev/sda",
        "wipefs -a /dev/nvme0n1",
        "find / -delete",
        "chmod -R 777 /",
        "chown -R x /home",
        "mv ~ /tmp/x",
        "mv x ~/.local/share/smartopol/smartopol.db",
        "shred /dev/sda",
        ":(){ :|:& };:",
        "bomb() { bomb | bomb & }; bomb",
        "sudo -u root rm -rf /",
        "nice -n 10 rm -rf ~",
        "env -u X rm -rf ~",
        "bash -c 'rm -rf ~'",
        "timeout 5 rm -rf ~",
        "eval rm -rf ~",
        "find -L / -delete",
        "rm -rf /home/an?",
        "rm -rf /hom*",
        "rm -rf ~/.loc*",
        "rm -rf ~/.local/share/smartopo*",
        "rm -rf {/,x}",
        "rm -rf /{bin,etc}",
        "rm -rf /us[r]",
        "rm -rf ~ana",
        "rm -rf ~ana/",
        "rm -rf ~root",
        "bomb() { bomb & bomb; }; bomb",
        "sh -c 'f() { f|f; }; f'",
        "! { cd ~/.local/share && rm -rf smartopol; }",
        "cd / && cd home && rm -rf ana",
    ] {
        assert!(refuses(text).is_some(), "not refused: {text}");
    }
}

#[test]
fn ordinary_work_is_not_its_business() {
    for text in [
        "rm -rf target",
        "rm -rf ./build",
        "rm -rf /tmp/x",
        "rm -rf ~/code/target",
        "ls /",
        "echo rm",
        "chmod +x run.sh",
        "mv a b",
        "mv notes.txt ~",
        "mv notes.txt ~/",
        "dd if=a of=b",
        "cp /dev/sda image",
        "cat x > /dev/null",
        "nvme smart-log /dev/nvme0n1",
        "hdparm -i /dev/sda",
        "badblocks /dev/sda",
        "find . -name x -delete",
        "git rm -r docs",
        "rm *.o",
        "echo '(){ x'",
        "rm -rf ~/code/tar*",
        "rm -rf /tmp/a*",
        "rm -rf {a,b}",
        "rm -rf build/{debug,release}",
        "f() { ls | wc; }; f | head",
        "cargo test",
    ] {
        assert_eq!(refuses(text), None, "{text}");
    }
}

#[test]
fn the_daemons_own_files_are_not_written() {
    let path = "/home/ana/.local/share/smartopol/smartopol.db";
    let inspection = Inspection {
        effects: vec![Effect::Write {
            path: path.into(),
            place: Place::Outside,
        }],
        ..Inspection::default()
    };
    assert_eq!(
        floor().refuses(&inspection),
        Some(format!("{path} is one of the daemon's own files"))
    );
}

fn told(effect: Effect) -> Inspection {
    Inspection {
        cwd: "/home/ana/code".into(),
        effects: vec![effect],
        ..Inspection::default()
    }
}

#[test]
fn what_a_line_is_known_to_delete_is_refused_however_it_was_written() {
    for (path, recursive) in [
        ("/", true),
        ("/home/ana", true),
        ("/home/ana", false),
        ("/home/ana/*", true),
        ("/home", true),
        ("/etc", true),
        ("/usr/*", true),
        ("/home/ana/.local/share/smartopol/smartopol.db", false),
        ("/home/ana/.local", true),
        ("/dev/sda", false),
    ] {
        let gone = told(Effect::Delete {
            path: path.into(),
            place: Place::Outside,
            recursive,
        });
        assert!(floor().refuses(&gone).is_some(), "not refused: {path}");
    }
    for (path, recursive) in [
        ("/home/ana/code/target", true),
        ("/tmp/x", true),
        ("/home/ana/notes.txt", false),
        ("/home/ana/code/*", true),
        ("/var/log/old", true),
    ] {
        let gone = told(Effect::Delete {
            path: path.into(),
            place: Place::Outside,
            recursive,
        });
        assert_eq!(floor().refuses(&gone), None, "{path}");
    }
    let disk = told(Effect::Write {
        path: "/dev/sda".into(),
        place: Place::Outside,
    });
    assert!(floor().refuses(&disk).is_some());
}

#[test]
fn nobody_turns_the_floor_off_from_above_it() {
    let own = std::process::id();
    for text in [
        "smartopol approvals allow apr_1",
        "smartopol approvals rules revoke rul_1",
        "smartopol inbox answer 1 yes",
        "smartopol inbox --limit 5 dismiss 1",
        "/usr/bin/smartopol daemon stop",
        "smartopol daemon restart",
        "smartopol config set approvals.mode auto",
        "SMARTOPOL_HOME=/x smartopol config set tools.shell x",
        "nohup smartopol daemon stop",
        "true; smartopol approvals deny x",
        "pkill smartopol",
        "pkill -f smartopol",
        "killall smartopol",
        "kill -9 -1",
        "systemctl --user stop smartopol",
        &format!("kill {own}"),
        &format!("kill -TERM {own}"),
        "sqlite3 ~/.local/share/smartopol/smartopol.db 'delete from rules'",
        "python3 -c \"open('/home/ana/.local/share/smartopol/smartopol.db', 'w')\"",
        "echo x > /home/ana/.local/share/smartopol/smartopol.db",
    ] {
        assert!(refuses(text).is_some(), "not refused: {text}");
    }
    for text in [
        "smartopol approvals list",
        "smartopol inbox --json",
        "smartopol inbox show 1",
        "smartopol approvals check 'rm x'",
        "smartopol approvals rules",
        "smartopol approvals rules list --json",
        "smartopol daemon status",
        "smartopol config show",
        "smartopol config get approvals.mode",
        "grep -r smartopol .",
        "kill 1",
        "ls ~/.local/share/smartopol",
    ] {
        assert_eq!(refuses(text), None, "{text}");
    }
}

//! The methods of the daemon itself.

use smartopol_protocol::approval::Mode;
use smartopol_protocol::daemon;

use super::{All, golden};
use crate::sample;

pub(super) fn all() -> All {
    vec![
        golden(daemon::Status {}, status()),
        golden(daemon::Stop { terminals: true }, ()),
        golden(
            daemon::Backup {
                path: "/home/ada/backup.db".into(),
            },
            daemon::BackedUp { bytes: 40_960 },
        ),
        golden(
            daemon::Check {},
            daemon::Checked {
                problems: vec!["row 7 of `messages` has no session".into()],
            },
        ),
        golden(
            daemon::Figures {},
            daemon::FiguresShown {
                size: size(),
                rows: daemon::Rows {
                    sessions: 3,
                    turns: 12,
                    messages: 40,
                    calls: 9,
                    approvals: 4,
                    traces: 9,
                    facts: 120,
                    oldest_fact_at: Some(sample::at(1)),
                    oldest_trace_at: Some(sample::at(2)),
                },
                reads: 4_000,
                writes: 300,
                backups: vec![backup()],
                disk_free_bytes: Some(1_000_000_000),
            },
        ),
    ]
}

fn size() -> daemon::Size {
    daemon::Size {
        bytes: 36_864,
        free_bytes: 4_096,
        wal_bytes: 4_096,
    }
}

fn backup() -> daemon::BackupShown {
    daemon::BackupShown {
        at: sample::at(3),
        bytes: 36_864,
        path: "/home/ada/.local/share/smartopol/backup/smartopol-2026-11-21T09-00-03Z-117.db"
            .into(),
    }
}

fn status() -> daemon::StatusShown {
    daemon::StatusShown {
        pid: 4711,
        version: "0.1.0".into(),
        started_at: sample::at(0),
        uptime_ms: 60_000,
        socket: "/run/user/1000/smartopol/daemon.sock".into(),
        database: "/home/ada/.local/share/smartopol/smartopol.db".into(),
        log: "/home/ada/.local/share/smartopol/log/daemon.log".into(),
        config: "/home/ada/.config/smartopol/smartopol.toml".into(),
        agent_id: sample::AGENT,
        phases: vec![daemon::Phase {
            name: "store".into(),
            ms: 1.5,
        }],
        sessions: 3,
        active_sessions: 1,
        pending_approvals: 1,
        pending_questions: 1,
        jobs: daemon::JobsShown {
            active: 2,
            paused: 1,
            running: 1,
            next: Some(sample::due()),
        },
        terminals: daemon::TerminalsShown {
            running: 2,
            ended: 1,
        },
        clients: 2,
        database_bytes: 40_960,
        size: size(),
        last_backup: Some(backup()),
        troubles: vec!["no backup could be made: the disk is full".into()],
        rss_bytes: 9_000_000,
        provider: "anthropic".into(),
        model: "claude".into(),
        mode: Mode::Ask,
    }
}

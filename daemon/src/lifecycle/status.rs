//! Shows how the daemon is.

use std::io::{self, Write};

use smartopol_protocol::client::Client;
use smartopol_protocol::daemon::StatusShown;

/// Writes the status as aligned lines.
pub(super) fn show(
    status: &StatusShown,
    clients: &[Client],
    out: &mut impl Write,
) -> io::Result<()> {
    let starts: f64 = status.phases.iter().map(|phase| phase.ms).sum();
    let config = match status.config.as_str() {
        "" => "none, all defaults",
        path => path,
    };
    let rows = [
        (
            "daemon",
            format!("running, pid {}, version {}", status.pid, status.version),
        ),
        ("up for", duration(status.uptime_ms)),
        ("model", format!("{} of {}", status.model, status.provider)),
        ("mode", status.mode.name().to_owned()),
        (
            "sessions",
            format!(
                "{}, {} of them active",
                status.sessions, status.active_sessions
            ),
        ),
        ("approvals", format!("{} waiting", status.pending_approvals)),
        ("questions", format!("{} waiting", status.pending_questions)),
        ("jobs", jobs(status)),
        ("terminals", terminals(status)),
        ("clients", status.clients.to_string()),
        ("memory", bytes(status.rss_bytes)),
        (
            "database",
            format!("{} ({})", status.database, size(status)),
        ),
        ("backup", backup(status)),
        ("config", config.to_owned()),
        ("log", status.log.clone()),
        ("socket", status.socket.clone()),
        ("agent id", status.agent_id.to_string()),
        ("started in", format!("{starts:.1} ms")),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<11} {value}")?;
        if name == "clients" {
            for client in clients {
                writeln!(out, "  {}", attached(client))?;
            }
        }
    }
    for trouble in &status.troubles {
        writeln!(out, "trouble     {trouble}")?;
    }
    for phase in &status.phases {
        writeln!(out, "  {:<20} {:>8.1} ms", phase.name, phase.ms)?;
    }
    Ok(())
}

fn jobs(status: &StatusShown) -> String {
    let jobs = &status.jobs;
    let mut said = jobs.active.to_string();
    if jobs.paused > 0 {
        said.push_str(&format!(", {} paused", jobs.paused));
    }
    if jobs.running > 0 {
        said.push_str(&format!(", {} running", jobs.running));
    }
    if let Some(next) = &jobs.next {
        // A name is a person's or an agent's: nothing of it may move the cursor.
        let name: String = next.name.chars().filter(|c| !c.is_control()).collect();
        said.push_str(&format!(", next `{name}` on {}", next.local));
    }
    said
}

fn terminals(status: &StatusShown) -> String {
    match status.terminals.ended {
        0 => format!("{} running", status.terminals.running),
        ended => format!("{} running, {ended} ended", status.terminals.running),
    }
}

/// Returns a client that listens as one line.
fn attached(client: &Client) -> String {
    let how = if client.observes {
        "observes"
    } else {
        "attached"
    };
    let whom = client
        .watches
        .map_or_else(|| "no session".to_owned(), |session| session.to_string());
    // A client names itself: nothing of it may move the cursor.
    let name: String = client.name.chars().filter(|c| !c.is_control()).collect();
    format!("{name:<18} {} {how}, {whom}", client.peer)
}

fn size(status: &StatusShown) -> String {
    let size = &status.size;
    let mut said = bytes(status.database_bytes);
    if size.free_bytes > 0 {
        said.push_str(&format!(", {} of it free", bytes(size.free_bytes)));
    }
    if size.wal_bytes > 0 {
        said.push_str(&format!(", {} of it log", bytes(size.wal_bytes)));
    }
    said
}

fn backup(status: &StatusShown) -> String {
    match &status.last_backup {
        Some(newest) => format!("{} ({})", newest.path, bytes(newest.bytes)),
        None => "none yet".into(),
    }
}

/// Returns a length of time in its two largest units.
fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Returns a size in a unit that fits it.
pub(crate) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let of = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0 => "unknown".into(),
        1..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{:.1} KiB", of(1024)),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", of(1_048_576)),
        _ => format!("{:.1} GiB", of(1_073_741_824)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_short() {
        assert_eq!(duration(999), "0 s");
        assert_eq!(duration(61_000), "1 min 1 s");
        assert_eq!(duration(7_260_000), "2 h 1 min");
        assert_eq!(duration(90_000_000), "1 d 1 h");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(8_388_608), "8.0 MiB");
    }
}

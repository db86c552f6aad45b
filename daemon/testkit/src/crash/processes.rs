//! Looking at processes from outside: who has a file open, who works in a folder.
//!
//! Only Linux tells; elsewhere nobody is found, and the looks that build on it say nothing.

use std::fs;
use std::path::Path;

/// Returns the ids of all processes that have a file open whose name begins so.
pub fn holding(file: &Path) -> Vec<u32> {
    let wanted = file.display().to_string();
    let holds = |pid: u32| {
        entries(&format!("/proc/{pid}/fd"))
            .filter_map(|fd| fs::read_link(fd).ok())
            .any(|target| target.display().to_string().starts_with(&wanted))
    };
    pids().filter(|pid| holds(*pid)).collect()
}

/// Returns the ids of all processes that work in this folder.
pub fn working_in(folder: &Path) -> Vec<u32> {
    let in_it =
        |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder);
    pids().filter(in_it).collect()
}

/// Returns how many files a process has open; 0 where the system does not tell.
pub fn open_files(pid: u32) -> usize {
    entries(&format!("/proc/{pid}/fd")).count()
}

/// Returns the resident memory of a process in bytes; 0 where the system does not tell.
pub fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn pids() -> impl Iterator<Item = u32> {
    entries("/proc").filter_map(|path| path.file_name()?.to_str()?.parse().ok())
}

fn entries(folder: &str) -> impl Iterator<Item = std::path::PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

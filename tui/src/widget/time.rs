//! Times, counts and sizes in few letters.

/// Returns a duration, as exact as a person wants it.
pub(crate) fn millis(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => seconds(ms / 1_000),
    }
}

/// Returns a duration in whole seconds, minutes, hours.
pub(crate) fn seconds(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Says how long it is until something, in milliseconds: the nearer, the more exactly.
pub(crate) fn until(ms: u64) -> String {
    let left = ms.div_ceil(1_000);
    match left {
        0 => "due now".to_owned(),
        1..120 => format!("in {left} s"),
        120..7_200 => format!("in {} min", left / 60),
        7_200..172_800 => format!("in {}", seconds(left / 60 * 60)),
        _ => format!("in {} days", left / 86_400),
    }
}

/// Returns a count as `950`, `12.3k`, `4.5M`.
pub(crate) fn count(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}.{}k", count / 1_000, count % 1_000 / 100),
        _ => format!("{}.{}M", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

/// Returns a whole count with its thousands parted: `12,345`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a size as `950 bytes`, `12.3 KB`, `4.5 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        1 => "1 byte".to_owned(),
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

/// Returns money as dollars, given in millionths.
pub(crate) fn dollars(micros: u64) -> String {
    let cents = micros / 10_000;
    match micros {
        0 => "$0".to_owned(),
        1..1_000 => "<$0.001".to_owned(),
        1_000..1_000_000 => format!("$0.{:03}", micros / 1_000),
        _ => format!("${}.{:02}", cents / 100, cents % 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_letters() {
        assert_eq!(
            [millis(12), millis(1_234), millis(61_000)],
            ["12 ms", "1.2 s", "1 min 1 s"]
        );
        assert_eq!(
            [seconds(0), seconds(120), seconds(7_260)],
            ["0 s", "2 min", "2 h 1 min"]
        );
        assert_eq!(
            [count(950), count(12_345), count(4_560_000)],
            ["950", "12.3k", "4.5M"]
        );
        assert_eq!(
            [
                until(0),
                until(1_001),
                until(7_140_000),
                until(13 * 3_600_000)
            ],
            ["due now", "in 2 s", "in 119 min", "in 13 h 0 min"]
        );
        assert_eq!([grouped(999), grouped(12_345)], ["999", "12,345"]);
        assert_eq!(
            [bytes(1), bytes(2_300), bytes(48_600_000)],
            ["1 byte", "2.3 KB", "48.6 MB"]
        );
        assert_eq!(
            [dollars(420), dollars(42_000), dollars(1_230_000)],
            ["<$0.001", "$0.042", "$1.23"]
        );
    }
}

//! Lengths of time as people write them: `10 minutes`, `an hour and a half`, `1h30m`.

/// Why what is beyond the calendar is refused.
pub(super) const TOO_FAR: &str = "that is too far away";

/// Reads `10 minutes`, `an hour and 30 minutes`, `half an hour`, `1h30m`, `1.5 hours`; in seconds.
pub(super) fn span(words: &[&str]) -> Result<u64, String> {
    let pieces: Vec<&str> = words.iter().flat_map(|word| pieces(word)).collect();
    let (mut total, mut unit_before): (u64, u64) = (0, 0);
    let mut rest = pieces.as_slice();
    loop {
        let (seconds, unit_now, after) = match rest {
            ["half", "a" | "an", word, after @ ..] | ["half", word, after @ ..]
                if unit(word).is_some() =>
            {
                let unit = unit(word).unwrap_or(0);
                (unit / 2, unit, after)
            }
            // `an hour and a half`
            ["a", "half", after @ ..] if unit_before > 0 => (unit_before / 2, 0, after),
            [many, word, after @ ..] if count(many).is_some() => {
                let unit = unit(word).ok_or_else(|| format!("`{word}` is no unit of time"))?;
                (so_many(many, unit)?, unit, after)
            }
            [other, ..] => return Err(format!("`{other}` is no length of time")),
            [] => return Err("it does not say how long".into()),
        };
        total = total.checked_add(seconds).ok_or(TOO_FAR)?;
        unit_before = unit_now;
        rest = match after {
            [] => break,
            ["and", after @ ..] => after,
            after => after,
        };
    }
    match total {
        0 => Err("that is no time at all".into()),
        1..=3_155_760_000 => Ok(total),
        _ => Err(TOO_FAR.into()),
    }
}

/// Returns the numbers and units of a word: `1h30m` is four.
fn pieces(word: &str) -> Vec<&str> {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    if !word.starts_with(|c: char| c.is_ascii_digit())
        || !word.chars().all(|c| number(c) || c.is_ascii_alphabetic())
    {
        return vec![word];
    }
    let mut pieces = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| number(c) != number(first));
        let (piece, after) = rest.split_at(end.unwrap_or(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Reads a number as its whole and what follows the point, in thousandths.
fn count(word: &str) -> Option<(u64, u64)> {
    const NAMES: [&str; 13] = [
        "a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    if let Some(place) = NAMES.iter().position(|name| *name == word || word == "an") {
        return Some((u64::try_from(place.max(1)).ok()?, 0));
    }
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || !(1..=3).contains(&part.len()) {
        return None;
    }
    let thousandths = format!("{part:0<3}").parse().ok()?;
    Some((whole.parse().ok()?, thousandths))
}

fn so_many(word: &str, unit: u64) -> Result<u64, String> {
    let (whole, thousandths) = count(word).ok_or_else(|| format!("`{word}` is no number"))?;
    let part = thousandths * unit;
    if !part.is_multiple_of(1_000) {
        return Err(format!("`{word}` of that is no whole number of seconds"));
    }
    let whole = whole.checked_mul(unit).ok_or(TOO_FAR)?;
    whole
        .checked_add(part / 1_000)
        .ok_or_else(|| TOO_FAR.into())
}

/// Returns a unit of time, in seconds.
pub(super) fn unit(word: &str) -> Option<u64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    })
}

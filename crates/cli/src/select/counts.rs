//! Numbers of components: `1..9`, `3`, `2,4,6..8`.

/// The most numbers that a list may name.
const MOST: usize = 1000;

/// Numbers of components, rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts(pub Vec<usize>);

/// Reads a list of numbers and of ranges, both ends included.
pub fn counts(text: &str) -> Result<Counts, String> {
    let wrong = || {
        format!(
            "must be numbers of components, at least 1 and at most {MOST} of them: 1..9, 3, or 2,4,6"
        )
    };
    let whole = |text: &str| text.trim().parse().ok().filter(|&count: &usize| count > 0);
    let mut all = Vec::new();
    for piece in text.split(',') {
        let (low, high) = match piece.split_once("..") {
            Some((low, high)) => (whole(low), whole(high)),
            None => (whole(piece), whole(piece)),
        };
        let (Some(low), Some(high)) = (low, high) else {
            return Err(wrong());
        };
        if high < low || high - low >= MOST || all.len() + (high - low) >= MOST {
            return Err(wrong());
        }
        all.extend(low..=high);
    }
    all.sort_unstable();
    all.dedup();
    Ok(Counts(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges() {
        let read = |text: &str| counts(text).map(|Counts(all)| all);
        assert_eq!(read("1..4"), Ok(vec![1, 2, 3, 4]));
        assert_eq!(read("3"), Ok(vec![3]));
        assert_eq!(read("6,2,1..2"), Ok(vec![1, 2, 6]));
        for wrong in [
            "",
            "0",
            "0..3",
            "4..1",
            "1..",
            "..3",
            "a",
            "-1",
            "1..1e3",
            "1..99999999",
            "1..=4",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

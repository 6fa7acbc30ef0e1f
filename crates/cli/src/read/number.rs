//! Decimal numbers from their bytes, exactly rounded.

/// The powers of ten that are doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The number that stands at the start of `text`, and the bytes that it takes; `None` where there is none, or
/// one that is not rounded easily, which is left to others.
///
/// A number is digits, with at most one decimal mark `point` among them, and behind them perhaps an exponent.
/// Digits below 2⁵³ and a power of ten up to 10²² are doubles: their product or quotient is rounded once.
/// Source: W. D. Clinger, How to read floating point numbers accurately, PLDI 1990.
#[inline]
pub fn leading_number(text: &[u8], point: u8) -> Option<(f64, usize)> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let (mut digits, mut at) = whole(text, start, 0);
    let mut count = at - start;
    let mut exponent = 0;
    if text.get(at) == Some(&point) {
        let (all, end) = whole(text, at + 1, digits);
        let decimals = end - at - 1;
        count += decimals;
        exponent = -i64::try_from(decimals).ok()?;
        (digits, at) = (all, end);
    }
    // Nineteen digits are below 2⁶⁴.
    if count == 0 || count > 19 {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let (value, end) = power(text, at + 1)?;
        exponent += value;
        at = end;
    }
    let number = rounded(digits, exponent)?;
    Some((if negative { -number } else { number }, at))
}

/// Appends the digits from `at` on to `sum`, which may wrap: with the place behind them.
#[inline]
fn whole(text: &[u8], mut at: usize, mut sum: u64) -> (u64, usize) {
    while let Some(byte) = text.get(at) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (sum, at)
}

/// The exponent at `at`, with the place behind it.
fn power(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let sign = text.get(at);
    let start = at + usize::from(matches!(sign, Some(b'-' | b'+')));
    let (value, end) = whole(text, start, 0);
    if end == start || end - start > 3 {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    Some((if sign == Some(&b'-') { -value } else { value }, end))
}

/// value / 10^scale, rounded once.
#[cfg(feature = "parquet")]
pub fn scaled(value: i128, scale: i32) -> f64 {
    let digits = u64::try_from(value.unsigned_abs()).ok();
    let number = digits.and_then(|digits| rounded(digits, -i64::from(scale)));
    let number = number.unwrap_or_else(|| {
        // Digits with an exponent are a number.
        let text = format!("{}e{}", value.unsigned_abs(), -i64::from(scale));
        text.parse().unwrap_or(f64::NAN)
    });
    if value < 0 { -number } else { number }
}

/// digits · 10^exponent.
#[inline]
fn rounded(digits: u64, exponent: i64) -> Option<f64> {
    let power = POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?);
    if digits <= 1 << 53 {
        let (digits, power) = (digits as f64, *power?);
        return Some(if exponent < 0 {
            digits / power
        } else {
            digits * power
        });
    }
    (exponent <= 0).then(|| quotient(digits, exponent.unsigned_abs()))?
}

/// digits / 10^power of more than 53 bits: the quotient of integers has at least 64 bits, of which the last takes
/// what remains into account, and is rounded once; a power of two scales exactly.
fn quotient(digits: u64, power: u64) -> Option<f64> {
    let divisor = 10_u64.checked_pow(u32::try_from(power).ok()?)?;
    let shift = digits.leading_zeros();
    let (high, divisor) = (u128::from(digits << shift) << 64, u128::from(divisor));
    let last = u128::from(!high.is_multiple_of(divisor));
    let scale = f64::from_bits(u64::from(1023 - 64 - shift) << 52);
    Some(((high / divisor) | last) as f64 * scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The number in a whole text.
    fn number(text: &str) -> Option<f64> {
        let (number, length) = leading_number(text.as_bytes(), b'.')?;
        (length == text.len()).then_some(number)
    }

    /// The standard library rounds correctly.
    fn agrees(text: &str) {
        if let Some(number) = number(text) {
            let expected: f64 = text.parse().unwrap();
            assert_eq!(number.to_bits(), expected.to_bits(), "{text}");
        }
    }

    #[test]
    fn usual_numbers_are_read_here() {
        for text in [
            "0",
            "-0",
            "7",
            "-12",
            "1.5",
            "-0.001",
            ".5",
            "5.",
            "1e3",
            "1.5E-7",
            "2e+22",
            "0.1",
            "9007199254740993",
            "3.141592653589793",
            "-2.7182818284590451",
            "1234567890123456789",
            "0.123456789012345678",
            "18014398509481985",
        ] {
            assert!(number(text).is_some(), "{text}");
            agrees(text);
        }
    }

    #[test]
    fn what_is_left_to_others() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "e5",
            "1e",
            "1e+",
            "+1",
            "1 ",
            "1,5",
            "inf",
            "NaN",
            "0x1",
            "1_000",
            "12345678901234567890",
            "1e400",
            "1e-400",
            "1e0001",
            "9007199254740993e1",
            "--1",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(leading_number(b"1,5;2", b','), Some((1.5, 3)));
        assert_eq!(leading_number(b"1.5;2", b','), Some((1.0, 1)));
    }

    #[test]
    fn halves_between_doubles_are_rounded_to_even() {
        for last in 0..64 {
            let digits = (1_u64 << 54) + last;
            agrees(&digits.to_string());
            for power in 1..20 {
                let text = format!("{digits:0>20}");
                let (whole, decimals) = text.split_at(20 - power);
                let whole = whole.trim_start_matches('0');
                agrees(&format!("{whole}.{decimals}"));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_number_is_that_of_the_standard_library(text in "-?[0-9]{0,10}\\.?[0-9]{0,12}([eE][+-]?[0-9]{1,3})?") {
            agrees(&text);
        }
        #[test]
        fn shortest_forms_are_read_again(number in any::<f64>(), small in -1e4..1e4) {
            agrees(&number.to_string());
            agrees(&format!("{number:e}"));
            agrees(&format!("{small}"));
            agrees(&format!("{small:.17}"));
        }
    }
}

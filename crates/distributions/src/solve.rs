//! One-dimensional root finding for M-steps without a closed form.

/// The root of an increasing or decreasing `f` in `(low, high)`, by Newton steps kept inside a
/// shrinking bracket: a step that leaves the bracket, or is no number, is replaced by bisection.
///
/// `f` returns the value and the derivative. Stops when a step changes x by less than 4 ulp, or the
/// value is 0. `None` when 200 evaluations do not suffice or `f` is NaN.
///
/// Bisection is geometric where the bracket spans decades (`low` > 0): a shape between 1e-300 and
/// 1e300 needs tens of steps, not a thousand.
pub fn newton_in_bracket(
    start: f64,
    (mut low, mut high): (f64, f64),
    mut f: impl FnMut(f64) -> (f64, f64),
) -> Option<f64> {
    let mut x = start.clamp(low, high);
    let mut increasing = None;
    for _ in 0..200 {
        let (value, derivative) = f(x);
        if value == 0.0 {
            return Some(x);
        }
        if value.is_nan() {
            return None;
        }
        let rising = *increasing.get_or_insert(derivative > 0.0);
        if (value > 0.0) == rising {
            high = x;
        } else {
            low = x;
        }
        let newton = x - value / derivative;
        let next = if newton > low && newton < high {
            newton
        } else if low > 0.0 && high / low > 4.0 {
            low.sqrt() * high.sqrt()
        } else {
            0.5 * (low + high)
        };
        if (next - x).abs() <= 4.0 * f64::EPSILON * next.abs() {
            return Some(next);
        }
        x = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::newton_in_bracket;

    #[test]
    fn finds_roots_over_many_decades() {
        for exponent in -250..250 {
            let root = 10f64.powi(exponent);
            // ln x − ln root: Newton from afar leaves the bracket, so bisection must take over.
            let found =
                newton_in_bracket(1.0, (1e-300, 1e300), |x| ((x / root).ln(), 1.0 / x)).unwrap();
            assert!((found / root - 1.0).abs() < 1e-14, "{found} {root}");
        }
    }

    #[test]
    fn a_falling_function_and_a_nan() {
        let found = newton_in_bracket(5.0, (0.0, 10.0), |x| (2.0 - x * x, -2.0 * x)).unwrap();
        assert!((found - 2f64.sqrt()).abs() < 1e-15);
        assert_eq!(
            newton_in_bracket(5.0, (0.0, 10.0), |_| (f64::NAN, 1.0)),
            None
        );
    }
}

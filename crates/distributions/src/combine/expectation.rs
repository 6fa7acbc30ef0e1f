//! Expectations that have no closed form, for moments of truncated families.

/// ∫ f over (low, high), or Σ f over the whole numbers from `low` to `high`, where f is a density
/// times something that grows no faster than a power; `quantile` says where the density lies.
pub(super) fn expectation(
    mut f: impl FnMut(f64) -> f64,
    discrete: bool,
    (low, high): (f64, f64),
    quantile: impl Fn(f64) -> f64,
) -> f64 {
    if discrete {
        let (first, last) = (quantile(1e-20), quantile(1.0 - 1e-16));
        let spread = last - first;
        let (mut x, mut sum) = (first, 0.0);
        // On to where nothing is left, or the support ends.
        let end = (last + 2.0 * spread + 100.0).min(high);
        while x <= end {
            sum += f(x);
            x += 1.0;
        }
        return sum;
    }
    let centre = quantile(0.5);
    let spread = quantile(0.75) - quantile(0.25);
    let mut sum = half(|away| f(centre + away), high - centre, spread);
    sum += half(|away| f(centre - away), centre - low, spread);
    sum
}

/// ∫₀^width f, by the double-exponential rules: of a finite interval, or in the logarithm where it is
/// infinite. Source: Takahasi & Mori (1974).
fn half(mut f: impl FnMut(f64) -> f64, width: f64, scale: f64) -> f64 {
    const STEP: f64 = 1.0 / 64.0;
    let mut sum = 0.0;
    for i in -288..=288 {
        let t = STEP * f64::from(i);
        let inner = std::f64::consts::FRAC_PI_2 * t.sinh();
        let slope = std::f64::consts::FRAC_PI_2 * t.cosh();
        let (at, step) = if width.is_finite() {
            // width·logistic(2·inner), and its derivative.
            let (up, down) = (
                1.0 / (1.0 + (-2.0 * inner).exp()),
                1.0 / (1.0 + (2.0 * inner).exp()),
            );
            (width * up, 2.0 * width * up * down)
        } else {
            let at = scale * inner.exp();
            (at, at)
        };
        if at > 0.0 && at < width {
            let value = f(at);
            if value != 0.0 && step < f64::INFINITY {
                sum += value * step * slope;
            }
        }
    }
    sum * STEP
}

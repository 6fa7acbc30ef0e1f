//! The exponential integral, scaled.

/// eˣ E₁(x) = ∫₀^∞ e^(−t)/(x + t) dt for x > 0: ∞ at 0, 0 at ∞, NaN for x < 0.
///
/// Up to ½ the power series −γ − ln x − Σ (−x)ᵏ/(k·k!) (DLMF 6.6.2), above the continued fraction
/// 1/(x + 1 − 1/(x + 3 − 4/(x + 5 − …))) (DLMF 6.9.1, even part), from its end.
///
/// ```
/// use distributions::special::scaled_exponential_integral;
/// assert!((scaled_exponential_integral(2.0) - 0.361_328_616_888_222_6).abs() < 1e-15);
/// ```
pub fn scaled_exponential_integral(x: f64) -> f64 {
    if !(x > 0.0) {
        return if x == 0.0 { f64::INFINITY } else { f64::NAN };
    }
    if x <= 0.5 {
        let (mut term, mut sum) = (1.0, 0.0);
        for k in 1..=20 {
            let k = f64::from(k);
            term *= -x / k;
            sum -= term / k;
        }
        return x.exp() * (sum - EULER - x.ln());
    }
    // Enough terms at ½, where it converges slowest.
    let mut tail = 0.0;
    for k in (1..=TERMS).rev() {
        let k = f64::from(k);
        tail = k * k / (x + (2.0 * k + 1.0) - tail);
    }
    1.0 / (x + 1.0 - tail)
}

const EULER: f64 = 0.577_215_664_901_532_86;
const TERMS: u32 = 200;

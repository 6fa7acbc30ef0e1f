//! Powers of two of some vectors at once.

use super::number::Number;
use pulp::Simd;
use pulp::bytemuck::cast_slice_mut;

/// 2ˣ for x ≤ 0, 0 where that is below any normal number and NaN of NaN. All vectors take each step together: coefficients are read once for
/// them, and the polynomial of one alone would wait for every multiply-add of its own.
#[inline(always)]
pub(super) fn exp2_of_negatives<S: Simd, N: Number, const W: usize>(
    simd: S,
    x: [N::Vector<S>; W],
) -> [N::Vector<S>; W] {
    if S::F64_LANES == 1 {
        return one_by_one::<S, N, W>(x);
    }
    let lowest = N::splat(simd, N::LOWEST);
    if let Some(mut powers) = N::powers_by_table(simd, x) {
        for w in 0..W {
            powers[w] = N::zero_below(simd, x[w], lowest, powers[w]);
        }
        return powers;
    }
    let biased = N::splat(simd, N::BIASED);
    let (mut f, mut scale) = (x, x);
    for w in 0..W {
        let shifted = N::add(simd, x[w], biased);
        f[w] = N::sub(simd, x[w], N::sub(simd, shifted, biased));
        scale[w] = shifted;
        for number in cast_slice_mut::<N::Vector<S>, N>(std::slice::from_mut(&mut scale[w])) {
            *number = number.power_of_low_bits();
        }
    }
    let mut power = [N::splat(simd, N::ZERO); W];
    for (place, &coefficient) in N::COEFFICIENTS.iter().rev().enumerate() {
        let coefficient = N::splat(simd, coefficient);
        for w in 0..W {
            power[w] = match place {
                0 => coefficient,
                _ => N::mul_add(simd, power[w], f[w], coefficient),
            };
        }
    }
    let one = N::splat(simd, N::of(1.0));
    for w in 0..W {
        let value = N::mul(simd, N::mul_add(simd, power[w], f[w], one), scale[w]);
        // Of −∞ too, for which it is NaN.
        power[w] = N::zero_below(simd, x[w], lowest, value);
    }
    power
}

/// Without fused multiply-adds the standard library is faster than the polynomial.
#[inline(always)]
fn one_by_one<S: Simd, N: Number, const W: usize>(mut x: [N::Vector<S>; W]) -> [N::Vector<S>; W] {
    for number in cast_slice_mut::<N::Vector<S>, N>(&mut x) {
        *number = match *number < N::LOWEST {
            true => N::ZERO,
            false => number.exp2_unfused(),
        };
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use distributions::simd::instruction_set::{InstructionSet, arch, run_in};
    use pulp::WithSimd;

    struct Powers<'a, N>(&'a mut [N]);

    impl<N: Number> WithSimd for Powers<'_, N> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let (vectors, _) = N::vectors_mut::<S>(self.0);
            let (vectors, rest) = vectors.as_chunks_mut::<4>();
            assert!(rest.is_empty());
            for four in vectors {
                *four = exp2_of_negatives::<S, N, 4>(simd, *four);
            }
        }
    }

    /// To two units in the last place of the standard library's.
    fn check<N: Number>(lowest: f64, unit: f64) {
        let mut exponents: Vec<f64> = (0..16 * 1024).map(|i| -0.07 * f64::from(i)).collect();
        exponents[1..8].copy_from_slice(&[
            lowest,
            lowest - 0.01,
            f64::NEG_INFINITY,
            f64::NAN,
            -0.5,
            -1.0,
            -1.5,
        ]);
        for &set in InstructionSet::ALL {
            if !run_in(set) {
                continue;
            }
            let mut powers: Vec<N> = exponents.iter().map(|&x| N::of(x)).collect();
            arch().dispatch(Powers(&mut powers));
            for (&x, &power) in exponents.iter().zip(&powers) {
                let (x, power): (f64, f64) = (N::of(x).into(), power.into());
                let exact = if x < lowest { 0.0 } else { x.exp2() };
                let right = (power - exact).abs() <= 2.0 * unit * exact;
                assert!(
                    right || power.is_nan() && x.is_nan(),
                    "{set:?} {x}: {power}"
                );
            }
        }
        assert!(run_in(InstructionSet::Widest));
    }

    #[test]
    fn powers_are_those_of_the_standard_library() {
        check::<f64>(-1022.0, f64::EPSILON);
        check::<f32>(-126.0, f64::from(f32::EPSILON));
    }
}

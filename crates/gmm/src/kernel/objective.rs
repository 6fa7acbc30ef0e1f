//! The log-likelihood of the rows of a block, from the shifts and sums of their responsibilities.

use super::number::Number;
use distributions::simd::instruction_set::arch;
use distributions::simd::{ln_slice, sum};
use em::Tally;
use pulp::{Simd, WithSimd};
use std::f64::consts::LN_2;

/// Whether no product of these can overflow; NaN is not small.
pub(super) fn all_small<N: Number>(numbers: &[N]) -> bool {
    struct Small<'a, N>(&'a [N]);
    impl<N: Number> WithSimd for Small<'_, N> {
        type Output = bool;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> bool {
            let (least, most) = (N::of(-N::LARGEST), N::of(N::LARGEST));
            let small = |&x: &N| u64::from((x >= least) & (x <= most));
            self.0.iter().fold(1, |all, x| all & small(x)) == 1
        }
    }
    arch().dispatch(Small(numbers))
}

/// Σ w_i ln p(x_i), ln p(x_i) being base + ln sum_i − shift_i ln 2.
pub(super) struct Objective<'a, N> {
    pub shifts: &'a [N],
    pub sums: &'a [N],
    pub weights: Option<&'a [f64]>,
    pub base: f64,
    /// The smallest ln p(x_i), without `base`, that is precise enough.
    pub least: f64,
    /// Room for a logarithm of each row.
    pub logs: &'a mut [f64],
}

/// Partial sums that do not wait for each other, whatever the instruction set.
const LANES: usize = 8;

/// Sums that are multiplied before their logarithm is taken: each is between 1 and the number of components.
const GROUP: usize = 16;

impl<N: Number> Objective<'_, N> {
    /// The tally; `None` where a row is too far away, or nowhere.
    pub(super) fn tally(self) -> Option<Tally> {
        let Objective {
            shifts,
            sums,
            weights,
            base,
            least,
            logs,
        } = self;
        let [mut objective, mut magnitude, largest] = arch().dispatch(Shifts { shifts, base });
        match weights {
            None => {
                let logs = &mut logs[..sums.len().div_ceil(GROUP * LANES) * LANES];
                arch().dispatch(Products { sums, logs });
                ln_slice(logs);
                let log = sum(logs);
                (objective, magnitude) = (objective + log, magnitude + log);
            }
            Some(weights) => {
                let pairs = logs.iter_mut().zip(sums);
                pairs.for_each(|(log, &sum)| *log = sum.into());
                ln_slice(&mut logs[..sums.len()]);
                (objective, magnitude) = (0.0, 0.0);
                for ((&log, &shift), weight) in logs.iter().zip(shifts).zip(weights) {
                    let value = weight * (base + (log - shift.into() * LN_2));
                    objective += value;
                    magnitude += value.abs();
                }
            }
        }
        let near = -largest * LN_2 >= least && objective.is_finite();
        near.then_some(Tally {
            objective,
            magnitude,
            unexplained: None,
        })
    }
}

/// Σ (base − shift ln 2), Σ of the same without signs, and the largest shift.
struct Shifts<'a, N> {
    shifts: &'a [N],
    base: f64,
}

impl<N: Number> WithSimd for Shifts<'_, N> {
    type Output = [f64; 3];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f64; 3] {
        match S::F64_LANES {
            8 => self.of::<S, 1>(simd),
            4 => self.of::<S, 2>(simd),
            2 => self.of::<S, 4>(simd),
            _ => self.of::<S, 8>(simd),
        }
    }
}

impl<N: Number> Shifts<'_, N> {
    /// With [`LANES`] sums in `V` vectors.
    #[inline(always)]
    fn of<S: Simd, const V: usize>(self, simd: S) -> [f64; 3] {
        let (base, ln_2) = (simd.splat_f64s(self.base), simd.splat_f64s(LN_2));
        let (mut values, mut sizes) = ([simd.splat_f64s(0.0); V], [simd.splat_f64s(0.0); V]);
        let mut largest = [simd.splat_f64s(f64::NEG_INFINITY); V];
        let (octets, rest) = self.shifts.as_chunks::<LANES>();
        for octet in octets {
            let mut shifts = [0.0; LANES];
            for l in 0..LANES {
                shifts[l] = octet[l].into();
            }
            let shifts = &S::as_simd_f64s(&shifts).0[..V];
            for v in 0..V {
                let value = simd.sub_f64s(base, simd.mul_f64s(shifts[v], ln_2));
                values[v] = simd.add_f64s(values[v], value);
                sizes[v] = simd.add_f64s(sizes[v], simd.abs_f64s(value));
                let is_larger = simd.less_than_f64s(largest[v], shifts[v]);
                largest[v] = simd.select_f64s(is_larger, shifts[v], largest[v]);
            }
        }
        let [mut values, mut sizes, mut largest] = [values, sizes, largest].map(lanes::<S, V>);
        for (l, &shift) in rest.iter().enumerate() {
            let shift: f64 = shift.into();
            let value = self.base - shift * LN_2;
            (values[l], sizes[l]) = (values[l] + value, sizes[l] + value.abs());
            largest[l] = largest[l].max(shift);
        }
        let largest = largest.into_iter().fold(f64::NEG_INFINITY, f64::max);
        [values.iter().sum(), sizes.iter().sum(), largest]
    }
}

/// The numbers of `V` vectors.
#[inline(always)]
fn lanes<S: Simd, const V: usize>(vectors: [S::f64s; V]) -> [f64; LANES] {
    let mut lanes = [0.0; LANES];
    S::as_mut_simd_f64s(&mut lanes).0.copy_from_slice(&vectors);
    lanes
}

/// Writes the products of groups of sums.
struct Products<'a, N> {
    sums: &'a [N],
    logs: &'a mut [f64],
}

impl<N: Number> WithSimd for Products<'_, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let groups = self.sums.chunks(GROUP * LANES);
        for (products, group) in self.logs.as_chunks_mut::<LANES>().0.iter_mut().zip(groups) {
            let (octets, rest) = group.as_chunks::<LANES>();
            let mut all = [1.0; LANES];
            for octet in octets {
                for l in 0..LANES {
                    all[l] *= octet[l].into();
                }
            }
            for (product, &sum) in all.iter_mut().zip(rest) {
                *product *= sum.into();
            }
            *products = all;
        }
    }
}

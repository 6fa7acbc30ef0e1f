//! CPU time of a thread, and the speed of this core.

use pulp::{Arch, Simd, WithSimd};
use rustix::time::{ClockId, clock_gettime};

/// Seconds this thread has run: on a busy machine, less than what the clock says.
pub fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + 1e-9 * time.tv_nsec as f64
}

/// Rounds of [`Peak`]: about a millisecond.
const ROUNDS: usize = 200_000;
/// Sums that do not wait for each other.
const SUMS: usize = 12;

struct Peak;

impl WithSimd for Peak {
    /// What was added up, and how many operations that took.
    type Output = (f64, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f64, usize) {
        let mut sums = [simd.splat_f64s(0.0); SUMS];
        let factors = [std::hint::black_box(0.5), std::hint::black_box(0.25)];
        let [a, b] = factors.map(|factor| simd.splat_f64s(factor));
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f64s(*sum, a, b);
            }
        }
        let total = sums.iter().fold(sums[0], |x, &y| simd.add_f64s(x, y));
        (
            simd.reduce_sum_f64s(total),
            2 * ROUNDS * SUMS * S::F64_LANES,
        )
    }
}

/// GFLOP/s of fused multiply-adds that stay in registers: the most that this core can do now.
pub fn fma_peak() -> f64 {
    let one = |_| {
        let begin = cpu_seconds();
        let (total, operations) = Arch::new().dispatch(Peak);
        std::hint::black_box(total);
        1e-9 * operations as f64 / (cpu_seconds() - begin)
    };
    (0..20).map(one).fold(0.0, f64::max)
}

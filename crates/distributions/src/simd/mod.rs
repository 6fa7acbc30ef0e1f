//! Vectorised exp and ln.

/// Placeholder until the kernel lands.
pub fn log_sum_exp_columns(joint: &mut [f64], rows: usize, out: &mut [f64]) {
    for i in 0..rows {
        let mut max = f64::NEG_INFINITY;
        for &v in joint[i..].iter().step_by(rows) {
            max = if v > max || v.is_nan() { v } else { max };
        }
        if max == f64::NEG_INFINITY {
            joint[i..].iter_mut().step_by(rows).for_each(|v| *v = 0.0);
            out[i] = max;
            continue;
        }
        let mut sum = 0.0;
        for v in joint[i..].iter_mut().step_by(rows) {
            *v = (*v - max).exp();
            sum += *v;
        }
        for v in joint[i..].iter_mut().step_by(rows) {
            *v /= sum;
        }
        out[i] = max + sum.ln();
    }
}

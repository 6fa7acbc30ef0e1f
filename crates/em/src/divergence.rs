//! The Kullback–Leibler divergence of any two densities, by sampling.

use crate::error::FitError;
use crate::restart::stream;
use distributions::{BLOCK_ROWS, Density, Sample, Scratch, Space, View};

/// A mean of draws with its Monte Carlo error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonteCarlo {
    /// The mean of the draws.
    pub estimate: f64,
    /// The standard error of the estimate, s/√n with s² = Σ (v − v̄)²/(n − 1).
    pub standard_error: f64,
    /// The number n of draws.
    pub draws: usize,
}

/// Estimates the Kullback–Leibler divergence KL(p ‖ q) = E_p\[ln p(X) − ln q(X)\], in nats, from `draws`
/// draws of p; the same seed gives the same draws.
///
/// Between mixtures it has no closed form. The estimate is unbiased, exactly 0 where p and q are the same
/// density, and may fall below 0 by its error elsewhere. Where a draw lies off the support of q the
/// divergence is infinite, and so are the estimate and its error.
///
/// ```
/// use distributions::Normal;
/// use em::{Mixture, kl_by_sampling};
///
/// let (p, q) = (Normal::new(0.0, 1.0)?, Normal::new(1.0, 1.0)?);
/// let found = kl_by_sampling(&p, &q, 10_000, 0)?;
/// assert!((found.estimate - 0.5).abs() < 4.0 * found.standard_error);
/// let mixture = Mixture::uniform(vec![p, q]);
/// assert_eq!(kl_by_sampling(&mixture, &mixture, 100, 0)?.estimate, 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When there are fewer than two draws, of which no error can be estimated.
pub fn kl_by_sampling<P, Q>(p: &P, q: &Q, draws: usize, seed: u64) -> Result<MonteCarlo, FitError>
where
    P: Sample,
    Q: Density<Space = P::Space>,
{
    if draws < 2 {
        let message = format!("{draws} draws: a standard error needs at least 2");
        return Err(FitError::Shape(message));
    }
    let mut rng = stream(seed, 0);
    let mut scratch = Scratch::default();
    let (mut ours, mut theirs) = ([0.0; BLOCK_ROWS], [0.0; BLOCK_ROWS]);
    // Welford's running mean and sum of squares.
    let (mut mean, mut squares, mut done) = (0.0, 0.0, 0usize);
    let mut infinite = false;
    while done < draws {
        let size = BLOCK_ROWS.min(draws - done);
        let buffer = p.sample(&mut rng, size);
        let block = <P::Space as Space>::view(&buffer);
        log_densities(p, block, &mut ours[..size], &mut scratch);
        log_densities(q, block, &mut theirs[..size], &mut scratch);
        for (ours, theirs) in ours[..size].iter().zip(&theirs[..size]) {
            done += 1;
            infinite |= *theirs == f64::NEG_INFINITY;
            let value = ours - theirs;
            let before = value - mean;
            mean += before / done as f64;
            squares += before * (value - mean);
        }
    }
    if infinite {
        return Ok(MonteCarlo {
            estimate: f64::INFINITY,
            standard_error: f64::INFINITY,
            draws,
        });
    }
    let n = draws as f64;
    Ok(MonteCarlo {
        estimate: mean,
        standard_error: (squares / (n - 1.0) / n).sqrt(),
        draws,
    })
}

fn log_densities<D: Density>(
    density: &D,
    block: distributions::Batch<'_, D::Space>,
    out: &mut [f64],
    scratch: &mut Scratch,
) {
    let mut prepared = scratch.take(density.prepared_width() * block.len());
    density.prepare(block, &mut prepared);
    density.log_density_batch(block, &prepared, out, scratch);
    scratch.give(prepared);
}

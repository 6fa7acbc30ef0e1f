//! What a second thread gives, one EM iteration at a time: `cargo bench -p mixture-benches --bench threads`
//!
//! No criterion: everything that is compared takes turns, so that a busy machine hurts all alike, and the least
//! of the repetitions counts. Ratios are of wall time. The control is what two threads of this machine can give at
//! best: two iterations at once, each on one thread with rows and buffers of its own, and nothing to wait for.

use distributions::{Batch, RowsView};
use em::{Data, LatentModel, Mixture, Soft, TabledColumns, Workspace, e_step, stream};
use gmm::{CovarianceStructure, Gaussians};
use mixture_benches::{latent_classes, poissons};
use rand::RngExt;
use std::hint::black_box;
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::Instant;

const REPETITIONS: usize = 40;

/// Seconds of an iteration, and of its M-step.
fn iteration<M: LatentModel>(
    model: &M,
    xs: Batch<'_, M::Space>,
    workspace: &mut Workspace<M::Statistics>,
) -> [f64; 2] {
    let begin = Instant::now();
    black_box(e_step(model, Data::new(xs), 0, &Soft, workspace));
    let middle = Instant::now();
    let _ = black_box(model.maximize(workspace.statistics()));
    [begin, middle].map(|since| since.elapsed().as_secs_f64())
}

/// The least of `best` and `times`, one by one.
fn keep_least<const N: usize>(best: &mut [f64; N], times: [f64; N]) {
    for (best, time) in best.iter_mut().zip(times) {
        *best = best.min(time);
    }
}

/// `others` are the same rows at another place, for the second of two iterations at once.
fn measure<M: LatentModel>(
    name: &str,
    model: &M,
    xs: Batch<'_, M::Space>,
    others: Batch<'_, M::Space>,
) {
    let workspace = |threads| Workspace::new(xs, &model.empty_statistics(), threads);
    let (mut one, mut two, mut beside) = (workspace(1), workspace(2), workspace(1));
    // Iteration and M-step on one thread, an iteration on two, two iterations at once.
    let (mut alone, mut shared, mut pair) = ([f64::INFINITY; 2], [f64::INFINITY; 1], f64::INFINITY);
    let barrier = Barrier::new(2);
    let of_other = Mutex::new(0.0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..REPETITIONS {
                barrier.wait();
                let [time, _] = iteration(model, others, &mut beside);
                *of_other.lock().unwrap_or_else(PoisonError::into_inner) = time;
                barrier.wait();
            }
        });
        for _ in 0..REPETITIONS {
            keep_least(&mut alone, iteration(model, xs, &mut one));
            let [time, _] = iteration(model, xs, &mut two);
            keep_least(&mut shared, [time]);
            barrier.wait();
            let [time, _] = iteration(model, xs, &mut one);
            barrier.wait();
            let other = *of_other.lock().unwrap_or_else(PoisonError::into_inner);
            pair = pair.min(time.max(other));
        }
    });
    let ([one, maximize], [two]) = (alone, shared);
    let (ratio, best) = (one / two, 2.0 * one / pair);
    println!(
        "{name:<28} {:8.2} ms   {:8.2} ms   {ratio:5.2}     {best:5.2}   {:4.0} %   {:6.2} %",
        1e3 * one,
        1e3 * two,
        100.0 * ratio / best,
        100.0 * maximize / one
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{:<28} {:>8}      {:>8}      ratio   control   share   M-step of one",
        "one iteration", "1 thread", "2"
    );
    let counts = poissons(2_000_000)?;
    let others = counts.rows.clone();
    measure(
        "3 Poissons, 2e6 rows",
        &counts.mixture,
        &counts.rows[..],
        &others[..],
    );
    let (classes, answers) = latent_classes(200_000, 64, 10)?;
    let bytes: Vec<u8> = answers.values.iter().map(|&x| x as u8).collect();
    let others = bytes.clone();
    let set = TabledColumns::new(classes, RowsView::new(&bytes, 64))?;
    measure(
        "10 latent classes, 2e5 × 64",
        &Mixture::uniform(set),
        RowsView::new(&bytes, 64),
        RowsView::new(&others, 64),
    );
    let rng = &mut stream(0, 0);
    let values: Vec<f64> = (0..4_000_000)
        .map(|i| rng.random::<f64>() + f64::from(i % 80 / 8))
        .collect();
    let others = values.clone();
    let set = Gaussians::standard(CovarianceStructure::Full, 5, 8);
    measure(
        "5 Gaussians, 5e5 × 8",
        &Mixture::uniform(set),
        RowsView::new(&values, 8),
        RowsView::new(&others, 8),
    );
    Ok(())
}

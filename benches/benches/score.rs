//! Log-densities of a column of a million values, beside a loop written by hand over the vectorised
//! kernels; and what a component with nothing but the scalar methods pays for the framework:
//! `cargo bench -p mixture-benches --bench score`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use distributions::simd::{ln_1p_slice, ln_into};
use distributions::{
    BLOCK_ROWS, Component, Density, EstimateError, MeanStatistics, Scalars, Scratch, Statistics,
    View,
};
use em::{Data, LatentModel, Mixture, Soft, Workspace, e_step};
use mixture_benches::{gammas, normals, poissons, student_ts};
use std::hint::black_box;

const ROWS: usize = 1_000_000;

/// Scores all rows in blocks, as an E-step does.
fn score<T: Copy + Send + Sync + 'static>(
    family: &impl Density<Space = Scalars<T>>,
    xs: &[T],
    out: &mut [f64],
) {
    let mut scratch = Scratch::default();
    for start in (0..xs.len()).step_by(BLOCK_ROWS) {
        let end = (start + BLOCK_ROWS).min(xs.len());
        let block = xs.block(start..end);
        let mut prepared = scratch.take(family.prepared_width() * block.len());
        family.prepare(block, &mut prepared);
        family.log_density_batch(block, &prepared, &mut out[start..end], &mut scratch);
        scratch.give(prepared);
    }
}

fn columns(criterion: &mut Criterion) {
    let (Ok(normal), Ok(poisson), Ok(gamma), Ok(student)) = (
        normals(ROWS),
        poissons(ROWS),
        gammas(ROWS),
        student_ts(ROWS),
    ) else {
        return;
    };
    let mut out = vec![0.0; ROWS];
    let mut group = criterion.benchmark_group("score a column");
    group
        .throughput(Throughput::Elements(ROWS as u64))
        .sample_size(20);

    let family = normal.mixture.components()[1].clone();
    group.bench_function("normal", |b| {
        b.iter(|| score(&family, &normal.rows, &mut out))
    });
    let (mean, precision) = (black_box(2.0), black_box(1.0));
    group.bench_function("normal by hand", |b| {
        b.iter(|| {
            for (value, &x) in out.iter_mut().zip(&normal.rows) {
                let z: f64 = (x - mean) * precision;
                *value = -0.918_938_533_204_672_7 - 0.5 * (z * z);
            }
        });
    });

    let family = poisson.mixture.components()[1].clone();
    group.bench_function("poisson", |b| {
        b.iter(|| score(&family, &poisson.rows, &mut out))
    });
    let table: Vec<f64> = (0..256).map(distributions::special::ln_factorial).collect();
    let (rate, log_rate) = (black_box(5.0), black_box(5.0_f64.ln()));
    group.bench_function("poisson by hand", |b| {
        b.iter(|| {
            for (value, &x) in out.iter_mut().zip(&poisson.rows) {
                *value = x as f64 * log_rate - rate - table[x as usize];
            }
        });
    });

    let family = gamma.mixture.components()[1].clone();
    group.bench_function("gamma", |b| {
        b.iter(|| score(&family, &gamma.rows, &mut out))
    });
    let (shape, rate, constant) = (black_box(5.0), black_box(2.0), black_box(0.3));
    group.bench_function("gamma by hand", |b| {
        b.iter(|| {
            let blocks = gamma
                .rows
                .chunks(BLOCK_ROWS)
                .zip(out.chunks_mut(BLOCK_ROWS));
            for (xs, out) in blocks {
                ln_into(xs, out);
                for (value, &x) in out.iter_mut().zip(xs) {
                    *value = constant + (shape - 1.0) * *value - rate * x;
                }
            }
        });
    });

    let family = student.mixture.components()[1].clone();
    group.bench_function("student_t", |b| {
        b.iter(|| score(&family, &student.rows, &mut out))
    });
    let (location, inverse, half) = (black_box(3.0), black_box(0.5), black_box(2.5));
    group.bench_function("student_t by hand", |b| {
        b.iter(|| {
            let blocks = student
                .rows
                .chunks(BLOCK_ROWS)
                .zip(out.chunks_mut(BLOCK_ROWS));
            for (xs, out) in blocks {
                for (value, &x) in out.iter_mut().zip(xs) {
                    let z = (x - location) * inverse;
                    *value = z * z;
                }
                ln_1p_slice(out);
                for value in out {
                    *value = constant - half * *value;
                }
            }
        });
    });
    group.finish();
}

/// The Rayleigh distribution as a user writes it: the scalar methods, and nothing else.
#[derive(Clone, Debug)]
struct Own {
    scale: f64,
}

impl Density for Own {
    type Space = Scalars<f64>;
    fn log_density(&self, x: f64) -> f64 {
        let square = self.scale * self.scale;
        (x / square).ln() - x * x / (2.0 * square)
    }
}

impl Component for Own {
    type Statistics = MeanStatistics<[f64; 1]>;
    fn empty_statistics(&self) -> Self::Statistics {
        MeanStatistics::new([0.0])
    }
    fn accumulate(&self, into: &mut Self::Statistics, x: f64, weight: f64) {
        into.add(&[x * x], weight);
    }
    fn maximize(&self, from: &Self::Statistics) -> Result<Self, EstimateError> {
        if !(from.weight() > 0.0) {
            return Err(EstimateError::empty());
        }
        let scale = (from.mean()[0] / 2.0).sqrt();
        Ok(Own { scale })
    }
    fn parameter_count(&self) -> usize {
        1
    }
}

fn own_component(criterion: &mut Criterion) {
    let Ok(problem) = gammas(ROWS) else {
        return;
    };
    let xs = &problem.rows[..];
    let components: Vec<Own> = [0.5, 2.0, 6.0].map(|scale| Own { scale }).into();
    let mixture = Mixture::uniform(components.clone());
    let mut group = criterion.benchmark_group("a component of your own");
    group
        .throughput(Throughput::Elements(3 * ROWS as u64))
        .sample_size(20);
    let mut workspace = Workspace::new(xs, &Component::empty_statistics(&mixture), 1);
    group.bench_function("E-step", |b| {
        b.iter(|| e_step(&mixture, Data::new(xs), 0, &Soft, &mut workspace));
    });
    // The same arithmetic in a loop over the rows: three scores, their normalisation, three sums.
    group.bench_function("its own arithmetic", |b| {
        b.iter(|| {
            let mut statistics = [(); 3].map(|()| components[0].empty_statistics());
            let mut log_likelihood = 0.0;
            for &x in xs {
                let joint = [0, 1, 2].map(|k| components[k].log_density(x) - 3.0_f64.ln());
                let largest = joint[0].max(joint[1]).max(joint[2]);
                let powers = joint.map(|value| (value - largest).exp());
                let total: f64 = powers.iter().sum();
                log_likelihood += largest + total.ln();
                for ((component, statistics), power) in
                    components.iter().zip(&mut statistics).zip(powers)
                {
                    component.accumulate(statistics, x, power / total);
                }
            }
            black_box((statistics, log_likelihood))
        });
    });
    group.finish();
    assert_eq!(LatentModel::<Soft>::classes(&mixture), 3);
}

criterion_group!(benches, columns, own_component);
criterion_main!(benches);

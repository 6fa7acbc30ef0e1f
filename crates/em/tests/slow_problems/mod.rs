//! Problems on which the passes of EM over the data are counted, most of them slow under plain EM.
//!
//! `cargo run --release -p mixture-em --example passes` prints the table of docs/em.md; the test
//! `acceleration` asserts its limits.
#![allow(dead_code)]

mod tables;

use crate::regression_data::{NPREG, npreg_labels, trypanosome};
use distributions::combine::Columns;
use distributions::regression::{BernoulliResponse, LinearRegression, PoissonRegression};
use distributions::{Batch, Categorical, Coordinates, Normal, Poisson, RowsView, Sample, StudentT};
use em::{
    Acceleration, CommonSlopes, Data, Driver, LatentModel, Mixture, Options, Progress, Start,
    Weights, Workspace, starting_model, stream,
};
use std::ops::ControlFlow;
use tables::{LSAT, LSAT_SHARES, TITANIC, TITANIC_SHARES};

/// The schemes, in the order of the columns of the table.
pub const SCHEMES: [Acceleration; 3] = [
    Acceleration::None,
    Acceleration::Squarem,
    Acceleration::Daarem,
];

/// The passes over the data of each scheme on one problem, all of them counted, until the objective
/// was within [`NEAR`] of the maximum that plain EM ends in; where it never was, how much higher the
/// maximum is in which the scheme ended.
pub struct Measured {
    pub problem: String,
    pub passes: [Result<usize, f64>; 3],
}

/// As near as the default tolerance promises.
pub const NEAR: f64 = 1e-6;

/// More than any problem needs.
const MOST: usize = 200_000;

fn measure<M: LatentModel + Coordinates + 'static>(
    problem: impl Into<String>,
    start: &M,
    data: Data<'_, Batch<'_, M::Space>>,
) -> Measured {
    let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), 1);
    // Plain EM until nothing more can be measured is the oracle.
    let problem = problem.into();
    let exact = Options::default().tolerance(0.0).max_iterations(MOST);
    let converged = Driver::new(&exact).run(start.clone(), data, 0, &mut workspace);
    let maximum = converged.map_or(f64::NAN, |fit| fit.report.objective);
    let passes = SCHEMES.map(|scheme| {
        let mut stop = |progress: Progress<'_, M>| {
            if progress.objective >= maximum - NEAR {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let mut driver = Driver::new(&exact).accelerate(scheme).observe(&mut stop);
        let fit = driver.run(start.clone(), data, 0, &mut workspace);
        let report = fit.map_err(|_| f64::NAN)?.report;
        let higher = report.objective - maximum;
        if higher >= -NEAR {
            Ok(report.passes)
        } else {
            Err(higher)
        }
    });
    Measured { problem, passes }
}

/// Days with 0, 1, … death notices in The Times (Hasselblad 1969).
pub const DAYS: [f64; 10] = [162.0, 267.0, 271.0, 185.0, 111.0, 61.0, 27.0, 8.0, 3.0, 1.0];

/// Two Poissons from given weights and rates.
pub fn death_notices(weights: [f64; 2], rates: [f64; 2]) -> Mixture<Vec<Poisson>> {
    let weights = Weights::new(weights.to_vec()).unwrap();
    Mixture::new(
        weights,
        rates.map(|rate| Poisson::new(rate).unwrap()).to_vec(),
    )
    .unwrap()
}

fn poissons(into: &mut Vec<Measured>) {
    let counts: Vec<u64> = (0..10).collect();
    let data = Data::new(&counts[..]).weighted(&DAYS);
    for (weights, rates) in [
        ([0.3, 0.7], [1.0, 2.5]),
        ([0.5, 0.5], [1.0, 3.0]),
        ([0.9, 0.1], [1.0, 3.0]),
    ] {
        let name = format!("death notices, 2 Poissons from {weights:?} {rates:?}");
        into.push(measure(name, &death_notices(weights, rates), data));
    }
}

/// Normals one after the other at `means`, standard deviation 1.
fn normals(means: &[f64], variance: f64) -> Mixture<Vec<Normal>> {
    let normal = |&mean| Normal::new(mean, variance).unwrap();
    Mixture::uniform(means.iter().map(normal).collect())
}

fn gaussians(into: &mut Vec<Measured>) {
    for (name, means, rows) in [
        ("3 overlapping normals, 500 rows", &[0.0, 2.0, 4.0][..], 500),
        ("2 overlapping normals, 2000 rows", &[0.0, 2.0], 2000),
        ("2 separate normals, 500 rows", &[0.0, 8.0], 500),
        ("3 separate normals, 500 rows", &[0.0, 5.0, 10.0], 500),
    ] {
        let xs = normals(means, 1.0).sample(&mut stream(5, means.len()), rows);
        let data = Data::new(&xs[..]);
        let template = normals(means, 1.0);
        for which in 0..3 {
            let rng = &mut stream(1, which);
            let start = starting_model(&template, data, Start::Spread, rng).unwrap();
            into.push(measure(format!("{name}, start {which}"), &start, data));
        }
    }
}

/// Two Student t mixtures with free degrees of freedom: far tails, and components near each other.
fn students(into: &mut Vec<Measured>) {
    for (name, apart) in [("overlapping", 2.5), ("separate", 8.0)] {
        let student = |location| StudentT::new(location, 1.0, 4.0).unwrap();
        let template = Mixture::uniform(vec![student(0.0), student(apart)]);
        let xs = template.sample(&mut stream(6, 0), 1000);
        let data = Data::new(&xs[..]);
        for which in 0..2 {
            let rng = &mut stream(1, which);
            let start = starting_model(&template, data, Start::Spread, rng).unwrap();
            let name = format!("2 {name} Student t, 1000 rows, start {which}");
            into.push(measure(name, &start, data));
        }
    }
}

/// A latent class model of grouped answers, from the shares of the first of two classes, or from
/// random starts.
fn latent_classes<const D: usize>(
    name: &str,
    rows: &[([u32; D], f64)],
    shares: &[f64],
    levels: [usize; D],
    into: &mut Vec<Measured>,
) {
    let answers: Vec<u32> = rows.iter().flat_map(|row| row.0).collect();
    let counts: Vec<f64> = rows.iter().map(|row| row.1).collect();
    let data = Data::new(RowsView::new(&answers, D)).weighted(&counts);
    let class = Columns::new(
        levels
            .iter()
            .map(|&levels| Categorical::uniform(levels).unwrap())
            .collect(),
    )
    .unwrap();
    let template = Mixture::uniform(vec![class.clone(); 2]);
    let shares: Vec<f64> = shares.iter().flat_map(|&r| [r, 1.0 - r]).collect();
    let start = Start::Responsibilities(&shares);
    let start = starting_model(&template, data, start, &mut stream(0, 0)).unwrap();
    into.push(measure(format!("{name}, 2 classes"), &start, data));
    let template = Mixture::uniform(vec![class; 3]);
    for which in 0..3 {
        let rng = &mut stream(1, which);
        let start = starting_model(&template, data, Start::Random, rng).unwrap();
        into.push(measure(
            format!("{name}, 3 classes, start {which}"),
            &start,
            data,
        ));
    }
}

/// The answers of [`LSAT`] with a sixth, which is always 0, and how many of each.
pub fn lsat_with_a_constant_answer() -> (Vec<u32>, Vec<f64>) {
    let longer = |row: &([u32; 5], f64)| row.0.into_iter().chain([0]);
    let answers = LSAT.iter().flat_map(longer).collect();
    (answers, LSAT.iter().map(|row| row.1).collect())
}

/// The responsibilities from which the reference fit of [`LSAT`] starts.
pub fn lsat_shares() -> Vec<f64> {
    LSAT_SHARES.iter().flat_map(|&r| [r, 1.0 - r]).collect()
}

fn regressions(into: &mut Vec<Measured>) {
    let labels = npreg_labels();
    let rng = &mut stream(0, 0);
    let design: Vec<f64> = NPREG.iter().flat_map(|r| [1.0, r.0, r.0 * r.0]).collect();
    let ys: Vec<f64> = NPREG.iter().map(|r| r.1).collect();
    let data = Data::new((RowsView::new(&design, 3), &ys[..]));
    let template = Mixture::uniform(vec![LinearRegression::new(vec![0.0; 3], 1.0).unwrap(); 2]);
    let start = starting_model(&template, data, Start::Labels(&labels), rng).unwrap();
    into.push(measure("npreg, 2 normal regressions", &start, data));
    let template = Mixture::uniform(vec![LinearRegression::new(vec![0.0; 3], 1.0).unwrap(); 3]);
    let start = starting_model(&template, data, Start::Spread, rng).unwrap();
    into.push(measure("npreg, 3 normal regressions", &start, data));

    let design: Vec<f64> = NPREG.iter().flat_map(|r| [1.0, r.0]).collect();
    let ys: Vec<u64> = NPREG.iter().map(|r| r.2).collect();
    let data = Data::new((RowsView::new(&design, 2), &ys[..]));
    let template = Mixture::uniform(vec![PoissonRegression::new(vec![0.0; 2]).unwrap(); 2]);
    let start = starting_model(&template, data, Start::Labels(&labels), rng).unwrap();
    into.push(measure("npreg, 2 Poisson regressions", &start, data));

    let (design, ys, counts, labels) = trypanosome();
    let set = CommonSlopes::<BernoulliResponse>::new(vec![vec![0.0]; 2], vec![0.0]).unwrap();
    let data = Data::new((RowsView::new(&design, 2), &ys[..])).weighted(&counts);
    let start = Start::Labels(&labels);
    let start = starting_model(&Mixture::uniform(set), data, start, rng).unwrap();
    into.push(measure("trypanosome, 2 logistic regressions", &start, data));
}

/// Every problem, measured.
pub fn all() -> Vec<Measured> {
    let mut measured = Vec::new();
    poissons(&mut measured);
    gaussians(&mut measured);
    students(&mut measured);
    latent_classes(
        "Titanic",
        &TITANIC,
        &TITANIC_SHARES,
        [4, 2, 2, 2],
        &mut measured,
    );
    latent_classes("LSAT", &LSAT, &LSAT_SHARES, [2; 5], &mut measured);
    regressions(&mut measured);
    measured
}

//! The same bits on 1, 2, 3 and 8 threads, for every algorithm, acceleration and kind of set.

use distributions::combine::Columns;
use distributions::regression::PoissonResponse;
use distributions::{
    Bernoulli, Coordinates, Gamma, Normal, Poisson, RowsBuffer, RowsView, Sample, StudentT,
};
use em::{
    Acceleration, CommonSlopes, ComponentSet, Data, Driver, Hard, Mixture, Options,
    Responsibilities, RowSource, SharedVariance, Soft, Start, TabledColumns, Weights,
    fit_from_with, stream,
};

/// More than 64 blocks of 256 rows, so that chunks hold several, and a last block that is not full.
const ROWS: usize = 20_000;

/// Row weights, a few of them 0, whose sums depend on their order.
fn weights() -> Vec<f64> {
    let weight = |i: usize| {
        if i.is_multiple_of(41) {
            0.0
        } else {
            0.1 + (i % 7) as f64 / 3.0
        }
    };
    (0..ROWS).map(weight).collect()
}

/// Fits by every rule and acceleration, whose report and model must be the same, bit for bit, for
/// every number of threads.
fn check<S, D>(name: &str, template: &Mixture<S>, rows: &D, start: Start<'_>)
where
    S: ComponentSet + Coordinates + std::fmt::Debug + 'static,
    D: RowSource<Space = S::Space>,
{
    let weights = weights();
    let rules: [(&str, &dyn Responsibilities); 2] = [("em", &Soft), ("hard", &Hard)];
    for (algorithm, rule) in rules {
        for acceleration in [
            Acceleration::None,
            Acceleration::Squarem,
            Acceleration::Daarem,
        ] {
            let fit = |threads: usize| {
                let options = Options::default()
                    .max_iterations(6)
                    .restarts(2)
                    .threads(threads);
                let mut driver = Driver::new(&options).accelerate(acceleration).rule(rule);
                let data = Data::of(rows).weighted(&weights);
                let fitted = fit_from_with(template, data, start, &mut driver);
                // As text, every double with all its digits.
                let fitted = fitted.map(|fit| format!("{:?} {:?}", fit.report, fit.model));
                fitted.unwrap_or_else(|error| panic!("{name} {algorithm}: {error}"))
            };
            let one = fit(1);
            for threads in [2, 3, 8] {
                assert!(
                    one == fit(threads),
                    "{name}, {algorithm}, {acceleration:?}, {threads} threads"
                );
            }
        }
    }
}

fn drawn<M: Sample>(model: &M) -> distributions::Buffer<M::Space> {
    model.sample(&mut stream(3, 0), ROWS)
}

#[test]
fn vectors_of_components() {
    let normals = Mixture::uniform(vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(2.0, 1.5).unwrap(),
        Normal::new(5.0, 0.7).unwrap(),
    ]);
    check("normal", &normals, &drawn(&normals), Start::Spread);
    let poissons = Mixture::uniform(
        [1.0, 4.0, 9.0]
            .map(|rate| Poisson::new(rate).unwrap())
            .into(),
    );
    let poissons: Mixture<Vec<Poisson>> = poissons;
    check("poisson", &poissons, &drawn(&poissons), Start::Random);
    let gammas = Mixture::uniform(vec![
        Gamma::new(2.0, 2.0).unwrap(),
        Gamma::new(6.0, 1.0).unwrap(),
    ]);
    check("gamma", &gammas, &drawn(&gammas), Start::Model);
    let students = Mixture::uniform(vec![
        StudentT::new(-2.0, 1.0, 4.0).unwrap(),
        StudentT::new(2.0, 0.5, 9.0).unwrap(),
    ]);
    check("student_t", &students, &drawn(&students), Start::Model);
}

#[test]
fn coupled_sets() {
    let rows = drawn(&Mixture::uniform(vec![
        Normal::new(0.0, 1.0).unwrap(),
        Normal::new(3.0, 1.0).unwrap(),
    ]));
    let shared = SharedVariance::new(vec![-1.0, 4.0], 2.0).unwrap();
    check(
        "shared variance",
        &Mixture::uniform(shared),
        &rows,
        Start::Model,
    );
    // One-step M-steps, which are shortened where they overshoot.
    let xs: Vec<f64> = (0..ROWS)
        .flat_map(|i| [1.0, (i % 97) as f64 / 50.0])
        .collect();
    let mut rng = stream(4, 0);
    let rate = |i: usize| (if i.is_multiple_of(3) { 1.5 } else { 0.2 } + 0.4 * xs[2 * i + 1]).exp();
    let ys: Vec<u64> = (0..ROWS)
        .map(|i| Poisson::new(rate(i)).unwrap().sample(&mut rng, 1)[0])
        .collect();
    let slopes = CommonSlopes::<PoissonResponse>::new(vec![vec![0.0], vec![1.0]], vec![0.1]);
    let model = Mixture::uniform(slopes.unwrap());
    let rows = (
        RowsBuffer {
            values: xs,
            width: 2,
        },
        ys,
    );
    check("common slopes", &model, &rows, Start::Model);
}

#[test]
fn latent_classes() {
    let probability = |k: usize, j: usize| 0.15 + 0.7 * ((3 * k + j) % 5) as f64 / 4.0;
    let class = |k: usize| {
        let columns = (0..9).map(|j| Bernoulli::new(probability(k, j)).unwrap());
        Columns::new(columns.collect()).unwrap()
    };
    let classes: Vec<Columns<Bernoulli>> = (0..3).map(class).collect();
    let weights = Weights::new(vec![0.5, 0.3, 0.2]).unwrap();
    let rows = drawn(&Mixture::new(weights, classes.clone()).unwrap());
    let bytes: Vec<u8> = rows.values.iter().map(|&x| x as u8).collect();
    let bytes = RowsBuffer {
        values: bytes,
        width: 9,
    };
    let set = TabledColumns::new(classes, RowsView::new(&bytes.values, 9)).unwrap();
    check(
        "latent classes",
        &Mixture::uniform(set),
        &bytes,
        Start::Spread,
    );
}

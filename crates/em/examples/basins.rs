//! How often an accelerated fit ends in another maximum than plain EM from the same start, the table of
//! docs/em.md: `cargo run --release -p mixture-em --example basins`

use distributions::combine::Columns;
use distributions::{Batch, Categorical, Coordinates, Gamma, Normal, Poisson, RowsView, Sample};
use em::{
    Acceleration, Data, Driver, LatentModel, Mixture, Options, Start, Workspace, starting_model,
    stream,
};
use rand::{Rng, RngExt};

/// Starts of each kind of problem.
const STARTS: usize = 400;
/// Iterations within which plain EM must converge for a start to be compared.
const MOST: usize = 20_000;
/// The schemes that are compared with plain EM.
const SCHEMES: [Acceleration; 2] = [Acceleration::Squarem, Acceleration::Daarem];
/// Objectives that differ by more belong to two maxima: fits end within 1e-6 nats of theirs.
const APART: f64 = 1e-3;

/// What became of many starts under one scheme.
#[derive(Clone, Copy, Default)]
struct Outcome {
    lower: usize,
    same: usize,
    higher: usize,
    /// The sum of the differences of the objectives.
    difference: f64,
    passes: usize,
}

/// What happened from many starts.
#[derive(Default)]
struct Tally {
    outcomes: [Outcome; SCHEMES.len()],
    /// Passes of plain EM.
    passes: usize,
}

impl Tally {
    fn add<M: LatentModel + Coordinates + 'static>(
        &mut self,
        start: &M,
        data: Data<'_, Batch<'_, M::Space>>,
    ) {
        let mut workspace = Workspace::new(data.xs, &start.empty_statistics(), 1);
        let options = Options::default().max_iterations(MOST);
        let mut run = |scheme| {
            let mut driver = Driver::new(&options).accelerate(scheme);
            let fit = driver.run(start.clone(), data, 0, &mut workspace);
            fit.ok().map(|fit| fit.report)
        };
        // Where plain EM ends at no maximum there is nothing to compare.
        let Some(plain) = run(Acceleration::None).filter(|plain| plain.stop_reason.is_converged())
        else {
            return;
        };
        self.passes += plain.passes;
        for (outcome, scheme) in self.outcomes.iter_mut().zip(SCHEMES) {
            let Some(accelerated) = run(scheme) else {
                outcome.lower += 1;
                continue;
            };
            let difference = accelerated.objective - plain.objective;
            match difference {
                d if d < -APART => outcome.lower += 1,
                d if d > APART => outcome.higher += 1,
                _ => outcome.same += 1,
            }
            outcome.difference += difference;
            outcome.passes += accelerated.passes;
        }
    }
    fn print(&self, name: &str) {
        for (outcome, scheme) in self.outcomes.iter().zip(SCHEMES) {
            let (lower, same, higher) = (outcome.lower, outcome.same, outcome.higher);
            let all = (lower + same + higher) as f64;
            println!(
                "| {name} | {scheme:?} | {lower} | {same} | {higher} | {:+.3} | {:.0} | {:.0} |",
                outcome.difference / all,
                self.passes as f64 / all,
                outcome.passes as f64 / all,
            );
        }
    }
}

fn random_start(which: usize) -> Start<'static> {
    match which % 2 {
        0 => Start::Spread,
        _ => Start::Random,
    }
}

/// `make` draws a data set of `rows` rows and gives its template.
fn scalars<C, T>(name: &str, make: impl Fn(usize, &mut dyn Rng) -> (Mixture<Vec<C>>, usize))
where
    C: distributions::Component<Space = distributions::Scalars<T>> + Coordinates + Sample + 'static,
    T: distributions::combine::Number,
{
    let mut tally = Tally::default();
    for which in 0..STARTS {
        let mut rng = stream(40, which);
        let (truth, rows) = make(which, &mut rng);
        let xs = truth.sample(&mut rng, rows);
        let data = Data::new(&xs[..]);
        if let Ok(start) = starting_model(&truth, data, random_start(which), &mut rng) {
            tally.add(&start, data);
        }
    }
    tally.print(name);
}

fn latent_classes(name: &str) {
    let mut tally = Tally::default();
    for which in 0..STARTS {
        let mut rng = stream(41, which);
        let class = |rng: &mut dyn Rng| {
            let columns = (0..5).map(|_| {
                let p = rng.random_range(0.1..0.9);
                Categorical::new(vec![p, 1.0 - p]).expect("probabilities")
            });
            Columns::new(columns.collect()).expect("columns")
        };
        let truth = Mixture::uniform((0..3).map(|_| class(&mut rng)).collect::<Vec<_>>());
        let drawn = truth.sample(&mut rng, 300);
        let data = Data::new(RowsView::new(&drawn.values, 5));
        if let Ok(start) = starting_model(&truth, data, random_start(which), &mut rng) {
            tally.add(&start, data);
        }
    }
    tally.print(name);
}

fn main() {
    println!(
        "| problem | scheme | lower | same | higher | mean difference | plain | accelerated |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    scalars("3 normals", |_, rng| {
        let apart = rng.random_range(1.5..4.0);
        let normal = |k| Normal::new(apart * f64::from(k), 1.0).expect("a normal");
        (Mixture::uniform((0..3).map(normal).collect()), 200)
    });
    scalars("4 normals of different width", |_, rng| {
        let normal = |k| {
            let variance = rng.random_range(0.1..2.0);
            Normal::new(2.0 * f64::from(k), variance).expect("a normal")
        };
        (Mixture::uniform((0..4).map(normal).collect()), 300)
    });
    scalars("3 Poissons", |_, rng| {
        let factor = rng.random_range(1.5..3.0);
        let poisson = |k| Poisson::new(2.0 * f64::powi(factor, k)).expect("a Poisson");
        (Mixture::uniform((0..3).map(poisson).collect()), 300)
    });
    scalars("3 gammas", |_, rng| {
        let gamma = |k| {
            let shape = rng.random_range(2.0..10.0);
            Gamma::new(shape, shape / f64::powi(2.5, k)).expect("a gamma")
        };
        (Mixture::uniform((0..3).map(gamma).collect()), 300)
    });
    latent_classes("3 classes of 5 answers");
}

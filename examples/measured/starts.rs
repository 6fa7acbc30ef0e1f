//! How often a fit reaches the best maximum, by the kind of its starts, the table of docs/em.md:
//! `cargo run --release -p mixture-examples --example starts`

#[path = "../../crates/em/tests/regression_data/mod.rs"]
mod regression_data;

use distributions::combine::Columns;
use distributions::{Batch, Categorical, Coordinates, LinearRegression, Poisson, RowsView, Sample};
use em::{
    Acceleration, ComponentSet, Data, Driver, Growth, Mixture, Options, SmallEm, Start,
    fit_from_with, stream,
};
use gmm::{CovarianceStructure, Gaussians};
use mixture_examples::{column, numbers};

type Failure = Box<dyn std::error::Error>;

/// Fits with seeds of their own, of which the share is taken.
const SEEDS: u64 = 40;

/// A kind of start, its restarts, and the moves tried after it.
const KINDS: [(&str, Kind, usize, usize); 8] = [
    ("1 spread", Kind::Spread, 1, 0),
    ("1 random", Kind::Random, 1, 0),
    ("10 spread", Kind::Spread, 10, 0),
    ("10 random", Kind::Random, 10, 0),
    ("10 alternating", Kind::Alternating, 10, 0),
    ("small-em", Kind::SmallEm, 0, 0),
    ("grown", Kind::Grown, 0, 0),
    ("1 spread, 5 moves", Kind::Spread, 1, 5),
];

#[derive(Clone, Copy)]
enum Kind {
    Spread,
    Random,
    Alternating,
    SmallEm,
    Grown,
}

/// Prints the line of one problem: for each kind the share of fits within 1e-4 nats of the best
/// maximum that any of them found, and the passes a fit took.
fn line<S>(problem: &str, template: &Mixture<S>, data: Data<'_, Batch<'_, S::Space>>)
where
    S: ComponentSet + Coordinates + 'static,
{
    let mut ends: Vec<Vec<(f64, usize)>> = Vec::new();
    for (_, kind, restarts, moves) in KINDS {
        let start = match kind {
            Kind::Spread => Start::Spread,
            Kind::Random => Start::Random,
            Kind::Alternating => Start::Alternating,
            Kind::Grown => Start::Grown(Growth::default()),
            Kind::SmallEm => Start::SmallEm(SmallEm::default()),
        };
        let fits = (0..SEEDS).filter_map(|seed| {
            let options = Options::default().seed(seed).restarts(restarts);
            let options = options.split_merge(moves);
            let mut driver = Driver::new(&options).accelerate(Acceleration::default());
            let fit = fit_from_with(template, data, start, &mut driver).ok()?;
            Some((fit.report.objective, fit.report.passes))
        });
        ends.push(fits.collect());
    }
    let best = ends
        .iter()
        .flatten()
        .fold(f64::NEG_INFINITY, |best, end| best.max(end.0));
    let cells = ends.iter().map(|ends| {
        let reached = ends
            .iter()
            .filter(|end| best - end.0 <= em::SAME_MAXIMUM)
            .count();
        let passes: usize = ends.iter().map(|end| end.1).sum();
        let share = 100.0 * reached as f64 / SEEDS as f64;
        format!("{share:.0} % ({})", passes / ends.len().max(1))
    });
    println!(
        "| {problem} | {best:.4} | {} |",
        cells.collect::<Vec<_>>().join(" | ")
    );
}

fn poissons() -> Result<(), Failure> {
    let mut truth = Vec::new();
    for rate in [2.0, 5.0, 10.0] {
        truth.push(Poisson::new(rate)?);
    }
    let template = Mixture::uniform(truth);
    let drawn = template.sample(&mut stream(3, 0), 20_000);
    // Equal counts are one row of their weight.
    let counts: Vec<u64> = (0..=drawn.iter().copied().max().unwrap_or(0)).collect();
    let often = |&count: &u64| drawn.iter().filter(|&&x| x == count).count() as f64;
    let weights: Vec<f64> = counts.iter().map(often).collect();
    let data = Data::new(&counts[..]).weighted(&weights);
    line("3 overlapping Poissons, 20 000 rows", &template, data);
    Ok(())
}

fn titanic() -> Result<(), Failure> {
    let (mut columns, mut classes) = (Vec::new(), Vec::new());
    for name in ["Class", "Sex", "Age", "Survived"] {
        let cells = column("titanic.csv", name)?;
        let mut levels = cells.clone();
        levels.sort();
        levels.dedup();
        let code = |cell| levels.iter().position(|level| level == cell).unwrap_or(0) as u32;
        columns.push(cells.iter().map(code).collect::<Vec<u32>>());
        classes.push(Categorical::uniform(levels.len())?);
    }
    let weights: Vec<f64> = numbers("titanic.csv", "Freq")?;
    let rows = 0..weights.len();
    let cells: Vec<u32> = rows
        .flat_map(|i| columns.iter().map(move |c| c[i]))
        .collect();
    let data = Data::new(RowsView::new(&cells, 4)).weighted(&weights);
    let template = Mixture::uniform(vec![Columns::new(classes)?; 3]);
    line("Titanic, 3 classes", &template, data);
    Ok(())
}

fn iris() -> Result<(), Failure> {
    let names = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for name in names {
        columns.push(numbers("iris.csv", name)?);
    }
    let rows = 0..columns[0].len();
    let xs: Vec<f64> = rows
        .flat_map(|i| columns.iter().map(move |c| c[i]))
        .collect();
    let template = Mixture::uniform(Gaussians::standard(CovarianceStructure::VEV, 3, 4));
    line(
        "iris, 3 Gaussians (VEV)",
        &template,
        Data::new(RowsView::new(&xs, 4)),
    );
    Ok(())
}

fn regressions() -> Result<(), Failure> {
    let rows = &regression_data::NPREG;
    let design: Vec<f64> = rows.iter().flat_map(|r| [1.0, r.0, r.0 * r.0]).collect();
    let ys: Vec<f64> = rows.iter().map(|r| r.1).collect();
    for count in [2, 3] {
        let template = vec![LinearRegression::new(vec![0.0; 3], 1.0)?; count];
        let data = Data::new((RowsView::new(&design, 3), &ys[..]));
        line(
            &format!("npreg, {count} regressions"),
            &Mixture::uniform(template),
            data,
        );
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let names = KINDS.map(|kind| kind.0);
    println!("| problem | best | {} |", names.join(" | "));
    println!("|---|---|{}", "---|".repeat(names.len()));
    poissons()?;
    titanic()?;
    iris()?;
    regressions()
}

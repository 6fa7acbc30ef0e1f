//! An E-step and an M-step of Gaussian mixtures in single and in double precision, one thread: milliseconds of CPU time,
//! their ratio, and how far the estimates are apart. Prints a table; the arguments are a share of the rows (0.1), how many
//! deviations means are apart (3), and a number of columns where not all of the grid is wanted.
//!
//!     cargo run --release -p mixture-benches --bin gaussian_precision 0.1

use distributions::{Component, RowsView};
use em::{Data, Mixture, Soft, Workspace, e_step};
use gmm::{CovarianceStructure, Gaussians, MatrixView, OverMatrix};
use mixture_benches::{Clumps, GRID, cpu_seconds};

/// An iteration timed again and again.
struct Timed<'a> {
    model: Mixture<OverMatrix<Gaussians, f32>>,
    rows: MatrixView<'a, f32>,
    workspace: Workspace<<Mixture<OverMatrix<Gaussians, f32>> as Component>::Statistics>,
    next: Option<Mixture<OverMatrix<Gaussians, f32>>>,
    least: f64,
}

impl<'a> Timed<'a> {
    fn new(model: &Mixture<Gaussians>, rows: MatrixView<'a, f32>, single: bool) -> Self {
        let model = model.clone().with_components(|set| {
            let set = set.with_single_precision(single);
            assert_eq!(set.is_in_single_precision(), single);
            OverMatrix::new(set)
        });
        Timed {
            workspace: Workspace::new(rows, &model.empty_statistics(), 1),
            model,
            rows,
            next: None,
            least: f64::INFINITY,
        }
    }
    fn iterate(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let begin = cpu_seconds();
        e_step(
            &self.model,
            Data::new(self.rows),
            0,
            &Soft,
            &mut self.workspace,
        );
        self.next = Some(self.model.maximize(self.workspace.statistics())?);
        self.least = self.least.min(cpu_seconds() - begin);
        Ok(())
    }
    fn set(&self) -> &Gaussians {
        let next = self.next.as_ref().unwrap_or(&self.model);
        next.components().set()
    }
}

/// The largest difference of means, in deviations, and of covariances, in products of deviations.
fn apart(a: &Gaussians, b: &Gaussians) -> (f64, f64) {
    let (mut means, mut covariances) = (0.0f64, 0.0f64);
    for (a, b) in a.components().iter().zip(b.components()) {
        let d = a.dimension();
        let (left, right) = (a.covariance(), b.covariance());
        for i in 0..d {
            let deviation = |j: usize| b.variance(j).sqrt();
            means = means.max((a.mean()[i] - b.mean()[i]).abs() / deviation(i));
            for j in 0..d {
                let scale = deviation(i) * deviation(j);
                covariances = covariances.max((left[i * d + j] - right[i * d + j]).abs() / scale);
            }
        }
    }
    (means, covariances)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = |place: usize, or: f64| {
        let argument = std::env::args().nth(place);
        argument.map_or(Ok(or), |text| text.parse())
    };
    let (share, separation) = (number(1, 0.1)?, number(2, 3.0)?);
    println!(
        "| N, D, K | structure | double, ms | single, ms | ratio | means apart | covariances apart |"
    );
    println!("|---|---|---|---|---|---|---|");
    let only: Option<usize> = std::env::args()
        .nth(3)
        .map(|text| text.parse())
        .transpose()?;
    for (n, d, k) in GRID
        .into_iter()
        .filter(|point| only.is_none_or(|d| d == point.1))
    {
        let n = (share * n as f64) as usize;
        let clumps = Clumps::new(n, d, k, separation);
        let floats: Vec<f32> = clumps.values.iter().map(|&x| x as f32).collect();
        let rows = MatrixView::from(RowsView::new(&floats, d));
        for structure in [CovarianceStructure::Full, CovarianceStructure::Diagonal] {
            let start = clumps.start(structure)?;
            let mut double = Timed::new(&start, rows, false);
            let mut single = Timed::new(&start, rows, true);
            for _ in 0..15 {
                double.iterate()?;
                single.iterate()?;
            }
            let (means, covariances) = apart(single.set(), double.set());
            println!(
                "| {n}, {d}, {k} | {structure} | {:.2} | {:.2} | {:.2} | {means:.0e} | {covariances:.0e} |",
                1e3 * double.least,
                1e3 * single.least,
                double.least / single.least
            );
        }
    }
    Ok(())
}

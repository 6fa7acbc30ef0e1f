//! Rows of overlapping Gaussian clumps, and the mixture that an M-step from them makes.

use distributions::RowsView;
use em::{ComponentSet, Data, FitError, Mixture, Options, Start, fit_from, stream};
use gmm::{CovarianceStructure, Gaussians};
use rand::RngExt;

/// The points N, D, K at which Gaussian mixtures are timed.
pub const GRID: [(usize, usize, usize); 5] = [
    (1_000_000, 2, 5),
    (1_000_000, 8, 16),
    (200_000, 32, 16),
    (100_000, 64, 32),
    (50_000, 128, 16),
];

/// Rows with the clump that each comes from.
pub struct Clumps {
    /// Row after row.
    pub values: Vec<f64>,
    /// The number of columns.
    pub width: usize,
    labels: Vec<Option<u32>>,
    count: usize,
}

impl Clumps {
    /// `count` clumps, any two about `separation` deviations apart, correlated along neighbouring columns.
    pub fn new(rows: usize, width: usize, count: usize, separation: f64) -> Self {
        let mut rng = stream(width as u64, 6);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let scale = separation / (2.0 * width as f64).sqrt();
        let means: Vec<f64> = (0..count * width).map(|_| scale * normal()).collect();
        let mut values = Vec::with_capacity(rows * width);
        for i in 0..rows {
            let mut before = 0.0;
            for mean in &means[i % count * width..(i % count + 1) * width] {
                let step = normal();
                values.push(mean + step + 0.5 * before);
                before = step;
            }
        }
        Clumps {
            values,
            width,
            labels: (0..rows).map(|i| Some((i % count) as u32)).collect(),
            count,
        }
    }
    /// The rows.
    pub fn rows(&self) -> RowsView<'_, f64> {
        RowsView::new(&self.values, self.width)
    }
    /// The first M-step under a structure, from the clumps that some of the rows come from.
    ///
    /// # Errors
    /// When it has no estimate.
    pub fn start(&self, structure: CovarianceStructure) -> Result<Mixture<Gaussians>, FitError> {
        let rows = self.labels.len().min(2_000 + 100 * self.count);
        let values = RowsView::new(&self.values[..rows * self.width], self.width);
        let options = Options::default().max_iterations(0).threads(1);
        let set = Gaussians::standard(structure, self.count, self.width);
        let template = Mixture::uniform(set);
        let start = Start::Labels(&self.labels[..rows]);
        let model = fit_from(&template, Data::new(values), start, &options)?.model;
        debug_assert_eq!(model.components().len(), self.count);
        Ok(model)
    }
}

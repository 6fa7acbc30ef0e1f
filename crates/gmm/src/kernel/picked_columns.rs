//! The columns that tell components of diagonal covariances apart best.

use crate::gaussian::Gaussian;

/// A column, and how components differ in it.
pub(super) struct PickedColumn {
    pub column: usize,
    /// The mean of the means.
    pub centre: f64,
    /// The mean of the variances.
    pub within: f64,
    /// The variance of the means, in units of the mean of the variances.
    between: f64,
}

/// At most so many columns: those of the largest variance of the means, in units of the mean of the variances, the largest first.
pub(super) fn pick_columns(gaussians: &[Gaussian], most: usize) -> Vec<PickedColumn> {
    let share = 1.0 / gaussians.len() as f64;
    let mut columns: Vec<PickedColumn> = (0..gaussians[0].dimension())
        .map(|column| {
            let (mut centre, mut within, mut between) = (0.0, 0.0, 0.0);
            for gaussian in gaussians {
                centre += share * gaussian.mean()[column];
                within += share * gaussian.variance(column);
            }
            for gaussian in gaussians {
                between += share * (gaussian.mean()[column] - centre).powi(2);
            }
            PickedColumn {
                column,
                centre,
                within,
                between: between / within,
            }
        })
        .collect();
    columns.sort_by(|a, b| b.between.total_cmp(&a.between));
    columns.truncate(most);
    columns
}

/// Whether half of the means or more lie at least so far (squared, in units of the mean variances) from every other in these columns.
pub(super) fn most_are_apart(
    gaussians: &[Gaussian],
    columns: &[PickedColumn],
    distance: f64,
) -> bool {
    let apart = |a: &Gaussian, b: &Gaussian| {
        let squares = columns.iter().map(|own| {
            let way = a.mean()[own.column] - b.mean()[own.column];
            way * way / own.within
        });
        squares.sum::<f64>() >= distance
    };
    let alone = (gaussians.iter().enumerate()).filter(|&(k, gaussian)| {
        let mut others = gaussians.iter().enumerate();
        others.all(|(other, of)| other == k || apart(gaussian, of))
    });
    2 * alone.count() >= gaussians.len()
}

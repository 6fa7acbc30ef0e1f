//! Components that become two.

use crate::data::Data;
use crate::error::FitError;
use crate::init::{MixtureData, Shares, first_m_step, random_shares, spread};
use crate::mixture::Mixture;
use crate::posterior::Posterior;
use crate::set::ComponentSet;
use crate::trim::Trimming;
use crate::weights::WeightModel;
use distributions::{Obs, View};
use rand::Rng;

/// The divergence Σ f ln(f/p_k) of the rows of component k, f = w r_k / N_k, from its density.
pub(crate) fn misfit<S: ComponentSet, W: WeightModel>(
    model: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    posterior: &Posterior,
    k: usize,
) -> f64 {
    let share = |row: usize| data.row_weight(row) * posterior.row(row)[k];
    let total: f64 = (0..data.rows()).map(share).sum();
    let of_row = |row: usize| {
        let f = share(row) / total;
        let x: Obs<'_, S::Space> = W::component_observation::<S::Space>(data.xs.at(row));
        if f > 0.0 {
            f * (f.ln() - model.components().log_density(k, x))
        } else {
            0.0
        }
    };
    (0..data.rows()).map(of_row).sum()
}

/// How the rows of a component are divided among two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Division {
    /// Each row to the nearer of two spread-out seeds.
    Spread,
    /// To each of the two a row drawn by chance, smoothed by the whole, and half of the weight.
    Random,
}

/// The 2 × n matrix of weights that divides rows of weights `own` among the components of `two`.
pub(crate) fn halves<S: ComponentSet, W: WeightModel, R: Rng + ?Sized>(
    two: &Mixture<S, W>,
    data: MixtureData<'_, '_, S, W>,
    own: &[f64],
    division: Division,
    rng: &mut R,
) -> Result<Vec<f64>, FitError> {
    let its_rows = Data::new(data.xs).weighted(own);
    let (shares, scale) = match division {
        Division::Spread => (spread::shares(two, its_rows, 0.0, rng)?, 1.0),
        // Each line of shares is the weight of two observations.
        Division::Random => (
            random_shares(&its_rows, 2, rng),
            its_rows.observations() / 4.0,
        ),
    };
    let mut halves = shares.to_matrix().into_owned();
    for line in halves.chunks_exact_mut(own.len()) {
        for (share, &weight) in line.iter_mut().zip(own) {
            *share *= weight * scale;
        }
    }
    Ok(halves)
}

/// The splits of the components of a model, those first that explain their rows worst.
pub(crate) struct Splits<'a, 'b, 'x, S: ComponentSet, W: WeightModel> {
    data: MixtureData<'b, 'x, S, W>,
    posterior: Posterior,
    /// The weights of the rows that count.
    weights: Vec<f64>,
    /// Components of the model.
    worst: Vec<usize>,
    /// What one more component makes of the model.
    template: &'a Mixture<S, W>,
    /// The place of that component.
    place: usize,
}

impl<'a, 'b, 'x, S: ComponentSet, W: WeightModel> Splits<'a, 'b, 'x, S, W> {
    /// Of the components of `model` to those of `template`, the component at `place` being the one that `model` lacks.
    pub(crate) fn new(
        model: &Mixture<S, W>,
        data: MixtureData<'b, 'x, S, W>,
        trim: f64,
        template: &'a Mixture<S, W>,
        place: usize,
    ) -> Self {
        let posterior = model.posterior(data.xs);
        // Rows that are trimmed have no part in the choice.
        let mut trimming = Trimming::asked(trim).ok().flatten();
        let counted = match &mut trimming {
            Some(trimming) => trimming.by(&posterior.log_density, data),
            None => data,
        };
        let mut worst: Vec<(usize, f64)> = (0..model.len())
            .filter(|&k| !model.components().is_given(k))
            .map(|k| (k, misfit(model, counted, &posterior, k)))
            .collect();
        // A component of no row has no misfit, and nothing to divide.
        worst.retain(|(_, misfit)| !misfit.is_nan());
        worst.sort_by(|a, b| b.1.total_cmp(&a.1));
        Splits {
            data,
            weights: (0..data.rows()).map(|i| counted.row_weight(i)).collect(),
            posterior,
            worst: worst.into_iter().map(|(k, _)| k).collect(),
            template,
            place,
        }
    }

    /// Split number `which`, after an M-step: each component by spread seeds, then by rows drawn by chance, the
    /// next component, and at the end the first one again.
    pub(crate) fn model<R: Rng + ?Sized>(
        &self,
        which: usize,
        rng: &mut R,
    ) -> Result<Mixture<S, W>, FitError> {
        let Some(&split) = self.worst.get(which / 2 % self.worst.len().max(1)) else {
            return Err(FitError::Shape("no component can be split".into()));
        };
        let division = match which.is_multiple_of(2) {
            true => Division::Spread,
            false => Division::Random,
        };
        let (rows, count) = (self.data.rows(), self.template.len());
        let place = |k: usize| k + usize::from(k >= self.place);
        let share = |row: usize, k: usize| self.weights[row] * self.posterior.row(row)[k];
        let own: Vec<f64> = (0..rows).map(|row| share(row, split)).collect();
        let two = self.template.subset(&[place(split), self.place]);
        let halves = match halves(&two, self.data, &own, division, rng) {
            // All of its rows are alike.
            Err(FitError::TooFewDistinctRows { .. }) => {
                halves(&two, self.data, &own, Division::Random, rng)
            }
            halves => halves,
        }?;
        let mut shares = vec![0.0; rows * count];
        for k in (0..self.posterior.components).filter(|&k| k != split) {
            let line = &mut shares[place(k) * rows..(place(k) + 1) * rows];
            for (row, entry) in line.iter_mut().enumerate() {
                *entry = share(row, k);
            }
        }
        let (first, second) = halves.split_at(rows);
        for (k, half) in [(place(split), first), (self.place, second)] {
            shares[k * rows..(k + 1) * rows].copy_from_slice(half);
        }
        first_m_step(self.template, self.data, &Shares::of_matrix(shares, rows))
    }
}

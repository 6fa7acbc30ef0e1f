//! Unconstrained coordinates: those of the Gaussian, and ln ν where it is free.

use super::{DegreesOfFreedom, LEAST_DF, MOST_DF, MultivariateT, MultivariateTs, Tail};
use distributions::{Coordinates, EstimateError, next_coordinate};

/// A coordinate of degrees of freedom; beyond the bounds of their estimates, the nearer bound.
fn unpack_df(tail: &Tail, from: &mut &[f64]) -> Result<Tail, EstimateError> {
    let df = next_coordinate(from)?.exp();
    // What was set outside the bounds may be kept, not left further behind.
    let (least, most) = (LEAST_DF.min(tail.df()), MOST_DF.max(tail.df()));
    Ok(tail.with_df(df.clamp(least, most)))
}

impl Coordinates for MultivariateT {
    fn pack(&self, into: &mut Vec<f64>) {
        self.gaussian.pack(into);
        if !self.has_fixed_df() {
            into.push(self.df().ln());
        }
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        Ok(MultivariateT {
            gaussian: self.gaussian.unpack(from)?,
            tail: match self.degrees {
                DegreesOfFreedom::Fixed => self.tail,
                _ => unpack_df(&self.tail, from)?,
            },
            degrees: self.degrees,
        })
    }
}

/// As [`Gaussians`](crate::Gaussians), then the logarithms of the degrees of freedom that are estimated.
impl Coordinates for MultivariateTs {
    fn pack(&self, into: &mut Vec<f64>) {
        self.gaussians.pack(into);
        let count = self.degrees.parameter_count(self.tails.len());
        into.extend(self.tails.iter().take(count).map(|tail| tail.df().ln()));
    }
    fn unpack(&self, from: &mut &[f64]) -> Result<Self, EstimateError> {
        let gaussians = self.gaussians.unpack(from)?;
        let tails = match self.degrees {
            DegreesOfFreedom::Fixed => self.tails.clone(),
            DegreesOfFreedom::Free => (self.tails.iter())
                .map(|tail| unpack_df(tail, from))
                .collect::<Result<_, _>>()?,
            DegreesOfFreedom::Common => vec![unpack_df(&self.tails[0], from)?; self.tails.len()],
        };
        Ok(MultivariateTs {
            gaussians,
            tails,
            degrees: self.degrees,
        })
    }
}

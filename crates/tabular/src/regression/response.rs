//! Regressions as components of a part: what a file holds of one, and draws of its response.

use distributions::regression::{
    BernoulliResponse, BinomialResponse, GeneralizedRegression, LinearRegression, PoissonResponse,
    Response,
};
use distributions::{Buffer, Component, Obs, RowsBuffer};
use rand::Rng;

/// A regression, whatever its response.
pub(crate) trait Regression: Component {
    /// The coefficients, in the order of the matrix.
    fn coefficients(&self) -> &[f64];
    /// The variance, where the family has one.
    fn variance(&self) -> Option<f64>;
    /// E\[y | x\], x a row of the design; of binomial responses the probability of success.
    fn mean(&self, x: &[f64]) -> f64;
    /// No row of a design of `width` columns.
    fn empty_buffer(&self, width: usize) -> Buffer<Self::Space>;
    /// Draws a response to the predictors of `given`, and appends both.
    fn draw_response(
        &self,
        given: Obs<'_, Self::Space>,
        rng: &mut dyn Rng,
        into: &mut Buffer<Self::Space>,
    );
}

impl Regression for LinearRegression {
    fn coefficients(&self) -> &[f64] {
        self.coefficients()
    }
    fn variance(&self) -> Option<f64> {
        Some(self.variance())
    }
    fn mean(&self, x: &[f64]) -> f64 {
        self.mean(x)
    }
    fn empty_buffer(&self, width: usize) -> Buffer<Self::Space> {
        (RowsBuffer::new(width), Vec::new())
    }
    fn draw_response(
        &self,
        (x, _): Obs<'_, Self::Space>,
        rng: &mut dyn Rng,
        into: &mut Buffer<Self::Space>,
    ) {
        into.0.values.extend_from_slice(x);
        into.1.push(LinearRegression::draw_response(self, x, rng));
    }
}

/// A response with a canonical link that can be drawn.
pub(crate) trait DrawnResponse:
    Response<Space: distributions::Space<Buffer: Default>>
{
    /// Draws a response to x, and appends it; `given` says how many trials there are.
    fn draw(
        regression: &GeneralizedRegression<Self>,
        x: &[f64],
        given: Obs<'_, Self::Space>,
        rng: &mut dyn Rng,
        into: &mut Buffer<Self::Space>,
    );
}

impl<R: DrawnResponse> Regression for GeneralizedRegression<R> {
    fn coefficients(&self) -> &[f64] {
        self.coefficients()
    }
    fn variance(&self) -> Option<f64> {
        None
    }
    fn mean(&self, x: &[f64]) -> f64 {
        self.mean(x)
    }
    fn empty_buffer(&self, width: usize) -> Buffer<Self::Space> {
        (RowsBuffer::new(width), Default::default())
    }
    fn draw_response(
        &self,
        (x, given): Obs<'_, Self::Space>,
        rng: &mut dyn Rng,
        into: &mut Buffer<Self::Space>,
    ) {
        into.0.values.extend_from_slice(x);
        R::draw(self, x, given, rng, &mut into.1);
    }
}

impl DrawnResponse for PoissonResponse {
    fn draw(
        regression: &GeneralizedRegression<Self>,
        x: &[f64],
        _given: u64,
        rng: &mut dyn Rng,
        into: &mut Vec<u64>,
    ) {
        into.push(regression.draw_response(x, rng));
    }
}

impl DrawnResponse for BernoulliResponse {
    fn draw(
        regression: &GeneralizedRegression<Self>,
        x: &[f64],
        _given: u64,
        rng: &mut dyn Rng,
        into: &mut Vec<u64>,
    ) {
        into.push(regression.draw_response(x, rng));
    }
}

impl DrawnResponse for BinomialResponse {
    fn draw(
        regression: &GeneralizedRegression<Self>,
        x: &[f64],
        (_, trials): (u64, u64),
        rng: &mut dyn Rng,
        into: &mut (Vec<u64>, Vec<u64>),
    ) {
        into.0.push(regression.draw_response(x, trials, rng));
        into.1.push(trials);
    }
}

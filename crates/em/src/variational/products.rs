//! Posteriors of products: those of the parts, which are independent.

use super::ParameterPosterior;
use distributions::combine::{Columns, Product};
use distributions::{EstimateError, Scalars};

impl<A: ParameterPosterior, B: ParameterPosterior> ParameterPosterior for Product<A, B> {
    type Predictive = Product<A::Predictive, B::Predictive>;
    fn predictive(&self) -> Result<Self::Predictive, EstimateError> {
        let first = (self.first.predictive()).map_err(|error| error.in_part(0))?;
        let second = self.second.predictive().map_err(|mut error| {
            error.part = Some(1 + error.part.unwrap_or(0));
            error
        })?;
        Ok(Product::new(first, second))
    }
}

impl<T, P> ParameterPosterior for Columns<P>
where
    T: Copy + Send + Sync + 'static,
    P: ParameterPosterior<Space = Scalars<T>>,
{
    type Predictive = Columns<P::Predictive>;
    fn predictive(&self) -> Result<Self::Predictive, EstimateError> {
        let columns = self.columns().iter().enumerate();
        let columns =
            columns.map(|(j, column)| column.predictive().map_err(|error| error.in_column(j)));
        Ok(Columns::new(columns.collect::<Result<_, _>>()?)?)
    }
}

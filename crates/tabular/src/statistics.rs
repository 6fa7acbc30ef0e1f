//! Statistics behind a box.

use distributions::Statistics;
use em::CodeWeights;
use std::any::Any;
use std::fmt;

/// The object-safe form of [`Statistics`].
trait AnyStatistics: Send + Sync {
    fn weight(&self) -> f64;
    fn clear(&mut self);
    fn merge(&mut self, other: &dyn AnyStatistics);
    fn scale(&mut self, factor: f64);
    fn boxed(&self) -> Box<dyn AnyStatistics>;
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

impl<T: Statistics> AnyStatistics for T {
    fn weight(&self) -> f64 {
        Statistics::weight(self)
    }
    fn clear(&mut self) {
        Statistics::clear(self);
    }
    fn merge(&mut self, other: &dyn AnyStatistics) {
        Statistics::merge(self, expect_type(other.as_any()));
    }
    fn scale(&mut self, factor: f64) {
        Statistics::scale(self, factor);
    }
    fn boxed(&self) -> Box<dyn AnyStatistics> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

fn expect_type<T: 'static>(any: &dyn Any) -> &T {
    match any.downcast_ref() {
        Some(value) => value,
        None => panic!("a statistic of another part"),
    }
}

/// The statistics of one part, of any type.
pub struct BoxStatistics(Box<dyn AnyStatistics>);

impl BoxStatistics {
    /// Boxes a statistic.
    pub fn new<T: Statistics>(statistics: T) -> Self {
        BoxStatistics(Box::new(statistics))
    }
    /// The statistic inside.
    ///
    /// # Panics
    /// When it is of another type: statistics belong to the part that made them.
    pub(crate) fn get<T: Statistics>(&self) -> &T {
        expect_type((*self.0).as_any())
    }
    /// The statistic inside, to add to.
    ///
    /// # Panics
    /// As [`get`](BoxStatistics::get).
    pub(crate) fn get_mut<T: Statistics>(&mut self) -> &mut T {
        match (*self.0).as_any_mut().downcast_mut() {
            Some(value) => value,
            None => panic!("a statistic of another part"),
        }
    }
}

impl Clone for BoxStatistics {
    fn clone(&self) -> Self {
        // Through the deref: `AnyStatistics` is also implemented for the box itself.
        BoxStatistics((*self.0).boxed())
    }
}

impl fmt::Debug for BoxStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxStatistics(weight {})", (*self.0).weight())
    }
}

impl Statistics for BoxStatistics {
    fn weight(&self) -> f64 {
        (*self.0).weight()
    }
    fn clear(&mut self) {
        (*self.0).clear();
    }
    fn merge(&mut self, other: &Self) {
        (*self.0).merge(&*other.0);
    }
    fn scale(&mut self, factor: f64) {
        (*self.0).scale(factor);
    }
}

/// The statistics of all parts, and the total weight of the rows, which parts with missing cells
/// see only in part.
#[derive(Clone, Debug)]
pub struct TableStatistics {
    pub(crate) weight: f64,
    pub(crate) parts: Vec<BoxStatistics>,
    /// What the tabled parts see, until the M-step hands it to them.
    pub(crate) codes: Option<CodeWeights>,
}

impl Statistics for TableStatistics {
    fn weight(&self) -> f64 {
        self.weight
    }
    fn clear(&mut self) {
        self.weight = 0.0;
        self.parts.iter_mut().for_each(Statistics::clear);
        self.codes.iter_mut().for_each(Statistics::clear);
    }
    fn merge(&mut self, other: &Self) {
        self.weight += other.weight;
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            Statistics::merge(mine, theirs);
        }
        for (mine, theirs) in self.codes.iter_mut().zip(&other.codes) {
            Statistics::merge(mine, theirs);
        }
    }
    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.codes
            .iter_mut()
            .for_each(|codes| Statistics::scale(codes, factor));
        self.parts
            .iter_mut()
            .for_each(|part| Statistics::scale(part, factor));
    }
}

//! What a wrapper hands on to the component that it holds, in a field or in a method without arguments.

/// All of [`Density`](crate::Density) but its `impl` line: `forward_density!(F; family)` for a wrapper whose field
/// `family` is an `F`.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_density {
    ($inner:ty; $field:tt) => {
        type Space = <$inner as $crate::Density>::Space;

        fn log_density(&self, x: $crate::Obs<'_, Self::Space>) -> f64 {
            $crate::Density::log_density(&self.$field, x)
        }
        fn check_observation(&self, x: $crate::Obs<'_, Self::Space>) -> Result<(), &'static str> {
            $crate::Density::check_observation(&self.$field, x)
        }
        fn has_atoms(&self) -> bool {
            $crate::Density::has_atoms(&self.$field)
        }
        fn is_atom(&self, x: $crate::Obs<'_, Self::Space>) -> bool {
            $crate::Density::is_atom(&self.$field, x)
        }
        fn prepared_width(&self) -> usize {
            $crate::Density::prepared_width(&self.$field)
        }
        fn shares_preparation(&self, other: &Self) -> bool {
            $crate::Density::shares_preparation(&self.$field, &other.$field)
        }
        fn prepare(&self, xs: $crate::Batch<'_, Self::Space>, into: &mut [f64]) {
            $crate::Density::prepare(&self.$field, xs, into);
        }
        fn log_density_batch(
            &self,
            xs: $crate::Batch<'_, Self::Space>,
            prepared: &[f64],
            out: &mut [f64],
            scratch: &mut $crate::Scratch,
        ) {
            $crate::Density::log_density_batch(&self.$field, xs, prepared, out, scratch);
        }
    };
}

/// The statistics of a [`Component`](crate::Component) and how rows are added to them, as those of the field.
#[doc(hidden)]
#[macro_export]
macro_rules! forward_statistics {
    ($inner:ty; $field:tt) => {
        type Statistics = <$inner as $crate::Component>::Statistics;

        fn empty_statistics(&self) -> Self::Statistics {
            $crate::Component::empty_statistics(&self.$field)
        }
        fn accumulate(
            &self,
            into: &mut Self::Statistics,
            x: $crate::Obs<'_, Self::Space>,
            weight: f64,
        ) {
            $crate::Component::accumulate(&self.$field, into, x, weight);
        }
        fn accumulate_batch(
            &self,
            into: &mut Self::Statistics,
            xs: $crate::Batch<'_, Self::Space>,
            prepared: &[f64],
            weights: &[f64],
            scratch: &mut $crate::Scratch,
        ) {
            $crate::Component::accumulate_batch(&self.$field, into, xs, prepared, weights, scratch);
        }
    };
}

/// [`Sample`](crate::Sample), [`Univariate`](crate::Univariate) and [`Entropy`](crate::Entropy) of a wrapper
/// `W<F>`, as those of its field.
macro_rules! forward_distribution {
    ($wrapper:ident; $field:tt $(; $bound:path)?) => {
        impl<F: $crate::Sample $(+ $bound)?> $crate::Sample for $wrapper<F> {
            fn empty_buffer(&self) -> $crate::Buffer<F::Space> {
                self.$field.empty_buffer()
            }
            fn draw<R: rand::Rng + ?Sized>(&self, rng: &mut R, into: &mut $crate::Buffer<F::Space>) {
                self.$field.draw(rng, into);
            }
        }

        impl<F: $crate::Univariate> $crate::Univariate for $wrapper<F> {
            fn cdf(&self, x: f64) -> f64 {
                self.$field.cdf(x)
            }
            fn sf(&self, x: f64) -> f64 {
                self.$field.sf(x)
            }
            fn quantile(&self, p: f64) -> f64 {
                self.$field.quantile(p)
            }
            fn mean(&self) -> f64 {
                self.$field.mean()
            }
            fn variance(&self) -> f64 {
                self.$field.variance()
            }
            fn probability(&self, low: f64, high: f64) -> f64 {
                self.$field.probability(low, high)
            }
            fn log_probability(&self, low: f64, high: f64) -> f64 {
                self.$field.log_probability(low, high)
            }
        }

        impl<F: $crate::Entropy> $crate::Entropy for $wrapper<F> {
            fn entropy(&self) -> f64 {
                self.$field.entropy()
            }
        }
    };
}
pub(super) use forward_distribution;

//! The one list of families that the contract and identity tests run over.

/// Calls `$run!(name, make, observations, outside, measure)` for every family, once each:
/// - `make(u, v)`: a member for u and v in (0, 1), over a wide but integrable range;
/// - `observations`: rows that every member allows, and that have an interior estimate;
/// - `outside`: rows off the support;
/// - `measure(&member)`: how to integrate over the support.
macro_rules! for_each_family {
    ($run:ident) => {
        $run!(
            normal,
            |u: f64, v: f64| Normal::new(10.0 * u - 5.0, log_range(v, 0.1, 10.0)).unwrap(),
            [-1.0, 2.5, 0.3, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &Normal| Reals {
                centre: c.mean(),
                scale: c.variance().sqrt(),
            }
        );
        $run!(
            log_normal,
            |u: f64, v: f64| LogNormal::new(4.0 * u - 2.0, log_range(v, 0.05, 3.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, 0.0, f64::INFINITY],
            |c: &LogNormal| Positive {
                scale: c.log_mean().exp(),
            }
        );
        $run!(
            exponential,
            |u: f64, _: f64| Exponential::new(log_range(u, 0.01, 100.0)).unwrap(),
            [0.1, 2.5, 0.0, 4.0, 0.9],
            [-1.0, f64::NEG_INFINITY],
            |c: &Exponential| Positive {
                scale: 1.0 / c.rate(),
            }
        );
        $run!(
            gamma,
            |u: f64, v: f64| {
                Gamma::new(log_range(u, 0.3, 50.0), log_range(v, 0.1, 10.0)).unwrap()
            },
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, f64::INFINITY, f64::NEG_INFINITY],
            |c: &Gamma| Positive {
                scale: c.shape() / c.rate(),
            }
        );
        $run!(
            beta,
            |u: f64, v: f64| {
                Beta::new(log_range(u, 0.8, 30.0), log_range(v, 0.8, 30.0)).unwrap()
            },
            [0.1, 0.25, 0.3, 0.9, 0.6],
            [-1.0, 1.5, f64::INFINITY],
            |_: &Beta| UnitInterval
        );
        $run!(
            poisson,
            |u: f64, _: f64| Poisson::new(log_range(u, 0.01, 60.0)).unwrap(),
            [0, 3, 1, 7, 2],
            [],
            |_: &Poisson| Counts { last: 200 }
        );
        $run!(
            bernoulli,
            |u: f64, _: f64| Bernoulli::new(u).unwrap(),
            [0, 1, 1, 0, 1],
            [2, u64::MAX],
            |_: &Bernoulli| Counts { last: 2 }
        );
        $run!(
            binomial,
            |u: f64, v: f64| Binomial::new(10 + (150.0 * v) as u64, u).unwrap(),
            [0, 3, 1, 7, 10],
            [161, u64::MAX],
            |c: &Binomial| Counts {
                last: c.trials() + 1,
            }
        );
        $run!(
            geometric,
            |u: f64, v: f64| {
                let support = if v < 0.5 {
                    GeometricSupport::Failures
                } else {
                    GeometricSupport::Trials
                };
                Geometric::with_support(log_range(u, 0.03, 0.99), support).unwrap()
            },
            [1, 3, 1, 7, 2],
            [],
            |_: &Geometric| Counts { last: 2000 }
        );
        $run!(
            categorical,
            |u: f64, v: f64| { Categorical::new(vec![u * v, u * (1.0 - v), 1.0 - u]).unwrap() },
            [0, 2, 1, 2, 1],
            [3, u32::MAX],
            |_: &Categorical| Codes { categories: 3 }
        );
        $run!(
            von_mises,
            |u: f64, v: f64| VonMises::new(6.0 * u - 3.0, log_range(v, 0.01, 200.0)).unwrap(),
            [0.1, 2.5, -3.0, 4.0, 0.9],
            [f64::INFINITY, f64::NAN],
            |_: &VonMises| Circle
        );
        $run!(
            inverse_gamma,
            |u: f64, v: f64| {
                InverseGamma::new(log_range(u, 0.5, 50.0), log_range(v, 0.1, 10.0)).unwrap()
            },
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, 0.0, f64::INFINITY],
            |c: &InverseGamma| Positive {
                scale: c.scale() / c.shape(),
            }
        );
        $run!(
            rayleigh,
            |u: f64, _: f64| Rayleigh::new(log_range(u, 0.01, 100.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, 0.0, f64::INFINITY],
            |c: &Rayleigh| Positive { scale: c.scale() }
        );
        $run!(
            maxwell,
            |u: f64, _: f64| Maxwell::new(log_range(u, 0.01, 100.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, 0.0, f64::INFINITY],
            |c: &Maxwell| Positive { scale: c.scale() }
        );
        $run!(
            half_normal,
            |u: f64, _: f64| HalfNormal::new(log_range(u, 0.01, 100.0)).unwrap(),
            [0.1, 2.5, 0.0, 4.0, 0.9],
            [-1.0, f64::INFINITY],
            |c: &HalfNormal| Positive { scale: c.scale() }
        );
        $run!(
            laplace,
            |u: f64, v: f64| Laplace::new(2.0 * v, log_range(u, 0.1, 10.0)).unwrap(),
            [0.1, 2.5, -3.0, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &Laplace| TwoSided {
                centre: c.location(),
                scale: c.scale(),
            }
        );
        $run!(
            pareto,
            |u: f64, v: f64| Pareto::new(log_range(v, 0.01, 0.1), log_range(u, 0.3, 30.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, 0.001, f64::INFINITY],
            |c: &Pareto| Above {
                low: c.minimum(),
                scale: c.minimum() / c.shape(),
            }
        );
        $run!(
            inverse_gaussian,
            |u: f64, v: f64| {
                InverseGaussian::new(log_range(u, 0.1, 10.0), log_range(v, 0.1, 50.0)).unwrap()
            },
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, 0.0, f64::INFINITY],
            |c: &InverseGaussian| Positive { scale: c.mean() }
        );
        $run!(
            normal_with_known_mean,
            |u: f64, v: f64| {
                NormalWithKnownMean::new(4.0 * v - 2.0, log_range(u, 0.1, 10.0)).unwrap()
            },
            [-1.0, 2.5, 0.3, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &NormalWithKnownMean| Reals {
                centre: c.mean(),
                scale: c.variance().sqrt(),
            }
        );
        $run!(
            normal_with_known_variance,
            |u: f64, v: f64| {
                NormalWithKnownVariance::new(4.0 * u - 2.0, log_range(v, 0.1, 10.0)).unwrap()
            },
            [-1.0, 2.5, 0.3, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &NormalWithKnownVariance| Reals {
                centre: c.mean(),
                scale: c.variance().sqrt(),
            }
        );
        $run!(
            chi_squared,
            |u: f64, _: f64| ChiSquared::new(log_range(u, 0.6, 80.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, f64::INFINITY, f64::NEG_INFINITY],
            |c: &ChiSquared| Positive { scale: c.df() }
        );
    };
}

/// The families that are not exponential: the contract, without the identities.
#[allow(unused_macros)]
macro_rules! for_each_other_family {
    ($run:ident) => {
        $run!(
            negative_binomial,
            |u: f64, v: f64| {
                NegativeBinomial::new(log_range(u, 0.1, 20.0), log_range(v, 0.3, 30.0)).unwrap()
            },
            [0, 3, 1, 19, 2],
            [],
            |_: &NegativeBinomial| Counts { last: 2000 }
        );
        $run!(
            weibull,
            |u: f64, v: f64| {
                Weibull::new(log_range(u, 0.4, 8.0), log_range(v, 0.1, 10.0)).unwrap()
            },
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [-1.0, f64::INFINITY],
            |c: &Weibull| Positive { scale: c.scale() }
        );
        $run!(
            beta_binomial,
            |u: f64, v: f64| {
                BetaBinomial::new(10, log_range(u, 0.2, 30.0), log_range(v, 0.2, 30.0)).unwrap()
            },
            [0, 3, 1, 10, 9],
            [11, u64::MAX],
            |c: &BetaBinomial| Counts {
                last: c.trials() + 1,
            }
        );
        $run!(
            discrete_uniform,
            |u: f64, v: f64| DiscreteUniform::new((3.0 * u) as u64, 10 + (9.0 * v) as u64).unwrap(),
            [3, 5, 9, 4, 10],
            [20, u64::MAX],
            |_: &DiscreteUniform| Counts { last: 21 }
        );
        $run!(
            uniform,
            |u: f64, v: f64| Uniform::new(-1.0 - u, 4.0 + v).unwrap(),
            [0.1, 2.5, -0.3, 4.0, 0.9],
            [-2.5, 5.5, f64::INFINITY],
            |c: &Uniform| Between {
                low: c.low(),
                high: c.high(),
            }
        );
        $run!(
            point_mass,
            |_: f64, _: f64| PointMass::new(2_u64).unwrap(),
            [2, 2, 2, 2],
            [0, 1, u64::MAX],
            |_: &PointMass<u64>| Counts { last: 4 }
        );
        $run!(
            student_t,
            |u: f64, v: f64| {
                StudentT::new(
                    2.0 * u - 1.0,
                    log_range(v, 0.3, 3.0),
                    log_range(u, 0.5, 30.0),
                )
                .unwrap()
            },
            [0.1, 2.5, 0.3, 4.0, 0.9, -0.2, 1.3, -9.0, 0.7, 1.1],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &StudentT| TwoSided {
                centre: c.location(),
                scale: c.scale(),
            }
        );
        $run!(
            cauchy,
            |u: f64, v: f64| Cauchy::new(2.0 * u - 1.0, log_range(v, 0.1, 10.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &Cauchy| TwoSided {
                centre: c.location(),
                scale: c.scale(),
            }
        );
        $run!(
            logistic,
            |u: f64, v: f64| Logistic::new(2.0 * u - 1.0, log_range(v, 0.1, 10.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &Logistic| TwoSided {
                centre: c.location(),
                scale: c.scale(),
            }
        );
        $run!(
            gumbel,
            |u: f64, v: f64| Gumbel::new(2.0 * u - 1.0, log_range(v, 0.1, 10.0)).unwrap(),
            [0.1, 2.5, 0.3, 4.0, 0.9],
            [f64::INFINITY, f64::NEG_INFINITY],
            |c: &Gumbel| TwoSided {
                centre: c.location(),
                scale: c.scale(),
            }
        );
    };
}

/// The exponential families over rows of numbers: as above, with observations and outside as matrices.
#[allow(unused_macros)]
macro_rules! for_each_vector_family {
    ($run:ident) => {
        $run!(
            multinomial,
            |u: f64, v: f64| {
                Multinomial::new(vec![u * v, u * (1.0 - v), 1.0 - u])
                    .unwrap()
                    .with_trials(Trials::Fixed(5))
            },
            matrix(3, &[5, 0, 0, 1, 2, 2, 0, 1, 4, 3, 1, 1, 2, 2, 1]),
            matrix(3, &[1, 1, 1, 9, 0, 0]),
            |_: &Multinomial| Points::of_total(3, 5)
        );
        $run!(
            dirichlet,
            |u: f64, v: f64| {
                let concentrations = [u, v, u * v].map(|t| log_range(t, 0.8, 20.0));
                Dirichlet::new(concentrations.to_vec()).unwrap()
            },
            matrix(
                3,
                &[0.2, 0.3, 0.5, 0.1, 0.1, 0.8, 0.25, 0.25, 0.5, 0.6, 0.3, 0.1]
            ),
            matrix(3, &[0.2, 0.3, 0.6, -0.1, 0.6, 0.5, f64::NAN, 0.5, 0.5]),
            |_: &Dirichlet| Points::triangle()
        );
        $run!(
            von_mises_fisher,
            |u: f64, v: f64| {
                let (polar, azimuth) = (3.0 * u, 5.0 * u - 2.0);
                let (sine, cosine) = polar.sin_cos();
                let mean = vec![sine * azimuth.cos(), sine * azimuth.sin(), cosine];
                VonMisesFisher::new(mean, log_range(v, 0.01, 40.0)).unwrap()
            },
            matrix(
                3,
                &[
                    0.6, 0.8, 0.0, 0.0, 0.6, -0.8, 1.0, 0.0, 0.0, 0.36, 0.48, 0.8
                ]
            ),
            matrix(3, &[0.2, 0.3, 0.6, 0.0, 0.0, 0.0, f64::NAN, 0.5, 0.5]),
            |_: &VonMisesFisher| Points::sphere()
        );
    };
}

/// The families over rows of numbers that are not exponential.
#[allow(unused_macros)]
macro_rules! for_each_other_vector_family {
    ($run:ident) => {
        $run!(
            dirichlet_multinomial,
            |u: f64, v: f64| {
                let concentrations = [log_range(u, 0.1, 20.0), log_range(v, 0.2, 10.0), 1.5];
                DirichletMultinomial::new(concentrations.to_vec())
                    .unwrap()
                    .with_trials(Trials::Fixed(5))
            },
            matrix(3, &[5, 0, 0, 1, 2, 2, 0, 1, 4, 3, 1, 1, 0, 5, 0]),
            matrix(3, &[1, 1, 1, 9, 0, 0]),
            |_: &DirichletMultinomial| Points::of_total(3, 5)
        );
    };
}

/// Rows of `width` numbers.
#[allow(dead_code)]
pub fn matrix<T: Clone>(width: usize, values: &[T]) -> distributions::RowsBuffer<T> {
    distributions::RowsBuffer {
        values: values.to_vec(),
        width,
    }
}

/// From (0, 1) to (low, high), evenly in the logarithm.
pub fn log_range(u: f64, low: f64, high: f64) -> f64 {
    (low.ln() + u * (high / low).ln()).exp()
}
